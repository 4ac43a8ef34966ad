/** Doc comments. */
import ts from 'typescript';

/** A tag and where it stands in the file. */
export interface Tag {
  readonly words: readonly string[];
  readonly pos: number;
}

/** The doc comment right before a node, without stars and without the lines of the compiler's tags. */
export interface Doc {
  readonly text: string;
  /** It holds `@nodebug`. */
  readonly nodebug: boolean;
  /** It holds `@pure`. */
  readonly pure: boolean;
  /** What follows each `@reads` and `@writes` behind `@nodebug`: an array, the first element and how many. */
  readonly reads: readonly (readonly string[])[];
  readonly writes: readonly (readonly string[])[];
  /** What follows `@packet`. */
  readonly packet?: Tag;
}

const PURE = /(?:^|\s)@pure\b/;

const NONE: Doc = { text: '', nodebug: false, pure: false, reads: [], writes: [] };

export function docOf(file: ts.SourceFile, node: ts.Node): Doc {
  const ranges = ts.getLeadingCommentRanges(file.text, node.pos) ?? [];
  const range = ranges.findLast((r) => file.text.startsWith('/**', r.pos) && r.end - r.pos > 4);
  if (!range) {
    return NONE;
  }
  const lines = file.text
    .slice(range.pos + 3, range.end - 2)
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trimEnd());
  const tagged = (tag: string): string | undefined =>
    lines.find((line) => new RegExp(`^\\s*@${tag}\\b`).test(line))?.trim();
  const nodebug = tagged('nodebug') !== undefined;
  const pure = lines.some((line) => PURE.test(line));
  const packet = tagged('packet');
  const words = (tag: string): string[][] =>
    lines.flatMap((line) => [...line.matchAll(new RegExp(`@${tag} (\\w+) (\\w+) (\\w+)`, 'g'))].map((m) => m.slice(1)));
  const text = lines
    .filter((line) => !/^\s*@(nodebug|packet)\b/.test(line))
    .map((line) => line.replace(PURE, ''))
    .join('\n')
    .trim();
  const doc = { text, nodebug, pure, reads: words('reads'), writes: words('writes') };
  if (packet === undefined) {
    return doc;
  }
  return { ...doc, packet: { words: packet.split(/\s+/).slice(1), pos: file.text.indexOf(packet, range.pos) } };
}
