/** Doc comments. */
import ts from 'typescript';

/**
 * The doc comment right before a node, without stars, and whether it holds `@nodebug` (whose line is left out of the
 * text).
 */
export interface Doc {
  readonly text: string;
  readonly nodebug: boolean;
}

const NONE: Doc = { text: '', nodebug: false };

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
  const nodebug = lines.some((line) => /^\s*@nodebug\b/.test(line));
  const text = lines
    .filter((line) => !/^\s*@nodebug\b/.test(line))
    .join('\n')
    .trim();
  return { text, nodebug };
}
