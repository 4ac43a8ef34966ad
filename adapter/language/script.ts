/** The text of a command script: logical lines, blocks, and the commands that it defines. */

export interface Position {
  readonly line: number;
  readonly character: number;
}

export interface Range {
  readonly start: Position;
  readonly end: Position;
}

/** What a line is. `text`: free text inside `document`. */
export type LineKind = 'blank' | 'comment' | 'command' | 'text' | 'end' | 'else';

/** A line, with those joined to it that a backslash at its end continues. */
export interface ScriptLine {
  /** Index of the first line of the file. */
  readonly line: number;
  /** Blanks at its start are kept. */
  readonly text: string;
  readonly kind: LineKind;
  /** Blocks around it, outermost first. */
  readonly inside: readonly BlockKind[];
  /** Offsets in `text` at which the following lines of the file begin. */
  readonly joins: readonly number[];
}

export type BlockKind = 'if' | 'while' | 'commands' | 'define' | 'document';

/** A command defined in the script. */
export interface Definition {
  readonly name: string;
  readonly line: ScriptLine;
  /** Last line of the block. */
  readonly endLine: number;
  /** What `document` says of it; empty without. */
  readonly doc: string;
}

/** A block that is not closed, or an `end` or `else` that belongs to none. */
export interface BlockProblem {
  readonly line: ScriptLine;
  readonly message: string;
}

const OPENER = /^(if|while|commands|define|document)\b\s*(.*)$/s;

interface Open {
  readonly kind: BlockKind;
  readonly rest: string;
  readonly line: ScriptLine;
  readonly body: string[];
}

export class Script {
  readonly lines: readonly ScriptLine[];
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly problems: readonly BlockProblem[];

  constructor(text: string) {
    const lines: ScriptLine[] = [];
    const definitions = new Map<string, Definition>();
    const problems: BlockProblem[] = [];
    const open: Open[] = [];
    for (const raw of joinContinued(text)) {
      const words = raw.text.trim();
      const inside = open.map((o) => o.kind);
      const kind = kindOf(words, inside);
      const line = { ...raw, kind, inside };
      lines.push(line);
      const opener = kind === 'command' || kind === 'text' ? OPENER.exec(words) : null;
      if (kind === 'end') {
        const closed = open.pop();
        if (closed) {
          noteDefinition(definitions, closed, raw.line);
        } else {
          problems.push({
            line,
            message: '"end" without a block: if, while, commands, define or document begins one.',
          });
        }
      } else if (kind === 'else' && inside.at(-1) !== 'if') {
        problems.push({ line, message: '"else" without an "if".' });
      }
      open.at(-1)?.body.push(words);
      if (opener) {
        open.push({ kind: opener[1] as BlockKind, rest: opener[2]!.trim(), line, body: [] });
      }
    }
    for (const { kind, line } of open) {
      problems.push({ line, message: `The block of "${kind}" is not closed: "end" is missing.` });
    }
    this.lines = lines;
    this.definitions = definitions;
    this.problems = problems;
  }

  /** The logical line that holds a line of the file, and the offset in its text that a position is. */
  at(position: Position): { readonly line: ScriptLine; readonly offset: number } | undefined {
    const line = this.lines.findLast((l) => l.line <= position.line);
    if (!line || position.line > line.line + line.joins.length) {
      return undefined;
    }
    const start = position.line === line.line ? 0 : line.joins[position.line - line.line - 1]!;
    const end = line.joins[position.line - line.line] ?? line.text.length;
    return { line, offset: Math.min(start + position.character, end) };
  }
}

/** The range in the file of a part of a logical line. */
export function rangeOf(line: ScriptLine, from: number, to: number): Range {
  return { start: positionOf(line, from), end: positionOf(line, to) };
}

function positionOf(line: ScriptLine, offset: number): Position {
  const nth = line.joins.filter((j) => j <= offset).length;
  return { line: line.line + nth, character: offset - (line.joins[nth - 1] ?? 0) };
}

function kindOf(words: string, inside: readonly BlockKind[]): LineKind {
  if (words === 'end') {
    return 'end';
  }
  if (inside.includes('document')) {
    return 'text';
  }
  if (words === '') {
    return 'blank';
  }
  if (words.startsWith('#')) {
    return 'comment';
  }
  return words === 'else' ? 'else' : 'command';
}

function noteDefinition(definitions: Map<string, Definition>, block: Open, endLine: number): void {
  const name = block.rest;
  if (block.kind === 'define') {
    definitions.set(name, { name, line: block.line, endLine, doc: definitions.get(name)?.doc ?? '' });
  }
  const known = definitions.get(name);
  if (block.kind === 'document' && known) {
    definitions.set(name, { ...known, doc: block.body.join('\n') });
  }
}

/** Lines; one that ends in a backslash goes on in the next (the backslash is not part of the text). */
function* joinContinued(text: string): Generator<{ line: number; text: string; joins: number[] }> {
  const lines = text.split(/\r\n|\r|\n/);
  for (let i = 0; i < lines.length; i++) {
    const line = i;
    const joins: number[] = [];
    const parts: string[] = [];
    let length = 0;
    while (lines[i]!.endsWith('\\') && i + 1 < lines.length) {
      const part = lines[i++]!.slice(0, -1);
      parts.push(part);
      length += part.length;
      joins.push(length);
    }
    parts.push(lines[i]!);
    yield { line, text: parts.join(''), joins };
  }
}
