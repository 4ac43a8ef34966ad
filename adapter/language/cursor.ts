/** What stands at a position of a script. */

import { type Found, kindsOf } from '../commands/command.ts';
import type { ArgumentKind } from '../commands/takes.ts';
import { type Analysis, isUserError } from './analysis.ts';
import type { Position, Script, ScriptLine } from './script.ts';

/** A name in a line. */
export interface Word {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/** A line with its command, if it has one that is known. */
export interface Line {
  readonly line: ScriptLine;
  /** Offset of the position. */
  readonly offset: number;
  readonly found: Found | undefined;
  /** What its arguments are; of several, the last. */
  readonly kind: ArgumentKind;
  /** Offset of the arguments; of the whole line's end without a known command. */
  readonly args: number;
}

/** The line at a position; undefined for comments, free text and beyond the end. */
export function lineAt(analysis: Analysis, script: Script, position: Position): Line | undefined {
  const at = script.at(position);
  if (!at || at.line.kind === 'comment' || at.line.kind === 'text') {
    return undefined;
  }
  const { line, offset } = at;
  let found: Found | undefined;
  try {
    found = line.kind === 'command' ? analysis.find(script, line.text.trimEnd()) : undefined;
  } catch (error) {
    if (!isUserError(error)) {
      throw error;
    }
  }
  const kind = (found && kindsOf(found.command).at(-1)) ?? 'nothing';
  return { line, offset, found, kind, args: found ? found.at : line.text.length };
}

/** `$pkt.tcp.dstport`, `$RDH`, `hw/net/e1000.ts:31`, a name, an option. */
const WORD =
  /\$pkt(?:\.\w+)+|\$\$?\w*|--?[A-Za-z][\w-]*|[A-Za-z_][\w/-]*\.(?:ts|pktgdb|c|h)(?::\d+)?|[A-Za-z_][\w.-]*|\d[\w.]*/g;

/** The word at an offset of a text. */
export function nameAt(text: string, offset: number): Word | undefined {
  for (const m of text.matchAll(WORD)) {
    if (m.index <= offset && offset <= m.index + m[0].length) {
      return { text: m[0], from: m.index, to: m.index + m[0].length };
    }
  }
  return undefined;
}
