/** The text of a command script: logical lines, blocks, and the commands that it defines. */
import { type BlockKind, type JoinedLine, joinedLines, splitOpener } from '../commands/blocks.ts';

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

/** A line with what it is; blanks at its start are kept. */
export interface ScriptLine extends JoinedLine {
  readonly kind: LineKind;
  /** Blocks around it, outermost first. */
  readonly inside: readonly BlockKind[];
}

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

interface Open {
  readonly kind: BlockKind;
  readonly rest: string;
  readonly line: ScriptLine;
  readonly body: string[];
}

/** `$count =`, `$count +=`. */
const ASSIGNMENT = /\$([A-Za-z_]\w*)\s*(?:[-+*/%&|^]|<<|>>)?=(?!=)/g;

export class Script {
  readonly lines: readonly ScriptLine[];
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly problems: readonly BlockProblem[];
  #assigned: ReadonlySet<string> | undefined;

  constructor(text: string) {
    const lines: ScriptLine[] = [];
    const definitions = new Map<string, Definition>();
    const problems: BlockProblem[] = [];
    const open: Open[] = [];
    for (const raw of joinedLines(text)) {
      const words = raw.text.trim();
      const inside = open.map((o) => o.kind);
      const kind = kindOf(words, inside);
      const line = { ...raw, kind, inside };
      lines.push(line);
      const opener = kind === 'command' || (kind === 'text' && inside.at(-1) !== 'js') ? splitOpener(words) : undefined;
      if (kind === 'end') {
        const closed = open.pop();
        if (closed) {
          noteDefinition(definitions, closed, raw.line);
        } else {
          problems.push({
            line,
            message: '"end" without a block: if, while, commands, define, document or js begins one.',
          });
        }
      } else if (kind === 'else' && inside.at(-1) !== 'if') {
        problems.push({ line, message: '"else" without an "if".' });
      }
      open.at(-1)?.body.push(words);
      if (opener) {
        open.push({ ...opener, line, body: [] });
      }
    }
    for (const { kind, line } of open) {
      problems.push({ line, message: `The block of "${kind}" is not closed: "end" is missing.` });
    }
    this.lines = lines;
    this.definitions = definitions;
    this.problems = problems;
  }

  /** Convenience variables that the script assigns to. */
  get assigned(): ReadonlySet<string> {
    this.#assigned ??= new Set(
      this.lines.flatMap(({ text }) => Array.from(text.matchAll(ASSIGNMENT), (m) => m[1] ?? '')),
    );
    return this.#assigned;
  }

  /** The logical line that holds a line of the file, and the offset in its text that a position is. */
  at(position: Position): { readonly line: ScriptLine; readonly offset: number } | undefined {
    const line = this.lines.findLast((l) => l.line <= position.line);
    if (!line || position.line > line.line + line.joins.length) {
      return undefined;
    }
    const start = line.joins[position.line - line.line - 1] ?? 0;
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
  if (inside.includes('document') || inside.at(-1) === 'js') {
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
