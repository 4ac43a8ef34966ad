/** Grades of divergence as they are typed. */

import { GRADES, type Grade } from '../engine/api.ts';
import { printable } from '../packets/format.ts';
import { CommandError } from './command.ts';

/** A word for each of `GRADES`, in their order: each is worse than the one before. */
export const GRADE_WORDS = ['same', 'form', 'different', 'missing', 'extra'] as const;

/** The grade that a word or a whole name means, as a place in `GRADES` from 1. Throws `CommandError`. */
export function parseGrade(text: string): number {
  const wanted = text.trim().toLowerCase();
  const exact = GRADES.indexOf(wanted as Grade);
  const at = exact >= 0 ? exact : wanted === '' ? -1 : GRADE_WORDS.findIndex((word) => word.startsWith(wanted));
  if (at < 0) {
    throw new CommandError(
      `"${printable(text.trim())}" is no grade of divergence; there are ${GRADE_WORDS.slice(1).join(', ')}.`,
    );
  }
  return at + 1;
}
