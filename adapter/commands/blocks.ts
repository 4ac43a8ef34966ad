/** Lines that belong together: blocks that end with `end`, and lines that a backslash joins. */

/** What begins a block: commands by these names. They cannot be abbreviated. */
export type BlockKind = 'if' | 'while' | 'commands' | 'define' | 'document' | 'js';

const OPENER = /^(if|while|commands|define|document)(?![\w.-])\s*(.*)$/s;

/** The kind of block that a line begins, and what follows on the line; undefined if it begins none. */
export function splitOpener(line: string): { readonly kind: BlockKind; readonly rest: string } | undefined {
  if (line.trim() === 'js') {
    return { kind: 'js', rest: '' };
  }
  const m = OPENER.exec(line);
  return m ? { kind: m[1] as BlockKind, rest: (m[2] ?? '').trim() } : undefined;
}

/** The blocks that are open after a line inside of them, outermost first; nothing but `end` counts in JavaScript. */
export function openAfter(line: string, open: readonly BlockKind[]): readonly BlockKind[] {
  const text = line.trim();
  if (text === 'end') {
    return open.slice(0, -1);
  }
  const opener = open.at(-1) === 'js' ? undefined : splitOpener(text);
  return opener ? [...open, opener.kind] : open;
}

/** A line, with those joined to it that a backslash at its end continues. */
export interface JoinedLine {
  /** Index of the first line of the file. */
  readonly line: number;
  readonly text: string;
  /** Offsets in `text` at which the following lines of the file begin. */
  readonly joins: readonly number[];
}

/** Lines; one that ends in a backslash goes on in the next (the backslash is not part of the text). */
export function* joinedLines(text: string): Generator<JoinedLine> {
  const lines = text.split(/\r\n|\r|\n/);
  for (let i = 0; i < lines.length; i++) {
    const line = i;
    const joins: number[] = [];
    let joined = '';
    let last = lines[i] ?? '';
    while (last.endsWith('\\') && i + 1 < lines.length) {
      joined += last.slice(0, -1);
      joins.push(joined.length);
      last = lines[++i] ?? '';
    }
    yield { line, text: joined + last, joins };
  }
}
