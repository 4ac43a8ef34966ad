/** Ranges of slices and layers: `[i:j]`, `[i-j]`, `[i]`, `[:j]`, `[i:]`, with commas between several. */
import type { Span } from '../span.ts';
import { FilterError, type Range } from './ast.ts';

const NUMBER = String.raw`-?(?:0[xX][0-9a-fA-F]+|\d+)`;
const ONE = new RegExp(`^(${NUMBER})$`);
const LENGTH = new RegExp(`^(${NUMBER})?\\s*:\\s*(${NUMBER})?$`);
const END = new RegExp(`^(${NUMBER})\\s*-\\s*(${NUMBER})$`);
/** Larger numbers mean nothing for a packet. */
const MAX = 0x7fffffff;

/** The ranges between a pair of brackets. Throws `FilterError`, which blames `span`. */
export function parseRanges(text: string, span: Span): Range[] {
  return text.split(',').map((part) => parseRange(part.trim(), span));
}

function parseRange(text: string, span: Span): Range {
  const one = ONE.exec(text);
  if (one) {
    return { start: number(one[1], span), length: 1 };
  }
  const byEnd = END.exec(text);
  if (byEnd) {
    return rangeToEnd(text, number(byEnd[1], span), number(byEnd[2], span), span);
  }
  const byLength = LENGTH.exec(text);
  if (!byLength || text === ':') {
    throw new FilterError(`"${text}" is not a valid range; ranges are [i:j], [i-j], [i], [:j] and [i:].`, span);
  }
  const length = byLength[2] === undefined ? null : number(byLength[2], span);
  if (length !== null && length <= 0) {
    throw new FilterError(`Range ${text} isn't valid because length ${length} isn't positive.`, span);
  }
  return { start: byLength[1] === undefined ? 0 : number(byLength[1], span), length };
}

function rangeToEnd(text: string, start: number, end: number, span: Span): Range {
  if (start < 0 !== end < 0) {
    throw new FilterError(`Range ${text} isn't valid because ${start} and ${end} have different signs.`, span);
  }
  if (start >= end) {
    throw new FilterError(`Range ${text} isn't valid because ${start} is greater or equal than ${end}.`, span);
  }
  return { start, end };
}

function number(text: string | undefined, span: Span): number {
  const negative = text?.startsWith('-') ?? false;
  const digits = text?.replace('-', '') ?? '';
  const value = /^0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
  if (value > MAX) {
    throw new FilterError(`"${digits}" causes an integer overflow.`, span);
  }
  return negative ? -value : value;
}

/** Whether a layer is in one of the ranges: layers count from 1, `count` is that of the last one. */
export function includesLayer(ranges: readonly Range[], layer: number, count: number): boolean {
  return ranges.some(({ start, length, end }) => {
    const from = start < 0 ? count + 1 + start : start;
    const to =
      end !== undefined ? (end < 0 ? count + 1 + end : end) : length === null ? count : from + (length ?? 1) - 1;
    return layer >= from && layer <= to;
  });
}

/** Whether it takes knowing how many layers there are to say which ones are meant. */
export function needsCount(ranges: readonly Range[]): boolean {
  return ranges.some(({ start, end }) => start < 0 || (end ?? 0) < 0);
}

/**
 * A slice of bytes: the ranges one after another, without those that reach beyond the bytes; undefined if none is left.
 */
export function sliceBytes(bytes: Uint8Array, ranges: readonly Range[]): Uint8Array | undefined {
  const [only] = ranges;
  if (ranges.length === 1 && only !== undefined) {
    const end = endOf(only, bytes.length);
    return end < 0 ? undefined : bytes.subarray(startOf(only, bytes.length), end);
  }
  const parts: number[] = [];
  for (const range of ranges) {
    const end = endOf(range, bytes.length);
    for (let i = startOf(range, bytes.length); i < end; i++) {
      parts.push(bytes[i] ?? 0);
    }
  }
  return parts.length === 0 ? undefined : Uint8Array.from(parts);
}

/** The first byte of a range in `size` bytes; -1 if it is not there. */
function startOf({ start }: Range, size: number): number {
  const from = start < 0 ? size + start : start;
  return from < 0 || from >= size ? -1 : from;
}

/** Where a range ends; -1 if that is beyond the bytes. */
function endOf(range: Range, size: number): number {
  const from = startOf(range, size);
  if (from < 0) {
    return -1;
  }
  const { length, end } = range;
  const to = end !== undefined ? (end < 0 ? size + end : end) + 1 : length === null ? size : from + (length ?? 1);
  return to > size || to <= from ? -1 : to;
}
