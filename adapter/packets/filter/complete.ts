/** What may stand at the end of a filter that is being typed. */
import { FIELDS } from '../fields.ts';
import { FUNCTIONS } from './functions.ts';

export interface FilterCandidate {
  readonly text: string;
  readonly kind: 'field' | 'function' | 'operator';
  readonly detail: string;
}

/** Operators that are words. */
const OPERATORS: readonly (readonly [word: string, detail: string])[] = [
  ['and', 'both, also &&'],
  ['or', 'one or both, also ||'],
  ['xor', 'one of the two, also ^^'],
  ['not', 'also !'],
  ['contains', 'has the text or the bytes somewhere'],
  ['matches', 'a regular expression is somewhere in it, also ~'],
  ['in', 'one of a set: in {80, 443, 8000..8080}'],
  ['any', 'any occurrence: any ip.addr != 10.0.2.15'],
  ['all', 'all occurrences: all tcp.port > 1024'],
];

/** The candidates, and where the word begins that one of them replaces; which fit is for the asker to say. */
export function completeFilter(text: string): {
  readonly from: number;
  readonly candidates: readonly FilterCandidate[];
} {
  const word = /[A-Za-z0-9_.]*$/.exec(text)?.[0] ?? '';
  const from = text.length - word.length;
  const quotes = text.replace(/\\./g, '').split('"').length - 1;
  if (quotes % 2 === 1) {
    return { from: text.length, candidates: [] };
  }
  return { from, candidates: CANDIDATES };
}

const CANDIDATES: readonly FilterCandidate[] = [
  ...Object.values(FIELDS).map((f) => ({ text: f.name, kind: 'field' as const, detail: f.description })),
  ...[...FUNCTIONS].map(([text, f]) => ({ text, kind: 'function' as const, detail: `${f.usage}: ${f.doc}` })),
  ...OPERATORS.map(([text, detail]) => ({ text, kind: 'operator' as const, detail })),
];
