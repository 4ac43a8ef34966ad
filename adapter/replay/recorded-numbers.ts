/** The account of a replay in a recording: the numbers that have changed. */
import type { Reader, Writer } from '../mailbox/codec.ts';
import { NUMBERS } from './places.ts';

/** Bytes of all numbers, each with its place. */
export const NUMBERS_ROOM = 9 * NUMBERS;
/** With the place of a number: it takes 8 bytes, and 4 without. */
const WIDE = 0x80;

/** What is told before anything has been: `writeNumbers` then writes all. */
export function toldNothing(): Float64Array {
  return new Float64Array(NUMBERS).fill(Number.NaN);
}

/** Writes those of `numbers` that are others than `told`, which then has them. */
export function writeNumbers(w: Writer, numbers: Float64Array, told: Float64Array): void {
  for (let i = 0; i < numbers.length; i++) {
    const n = numbers[i] ?? 0;
    if (n !== told[i]) {
      told[i] = n;
      if (n >>> 0 === n) {
        w.u8(i).u32(n);
      } else {
        w.u8(i | WIDE).f64(n);
      }
    }
  }
}

/** Reads what `writeNumbers` has written to the end of a record. */
export function readNumbers(r: Reader, into: Float64Array): void {
  while (r.pos < r.end) {
    const place = r.u8();
    into[place & ~WIDE] = place & WIDE ? r.f64() : r.u32();
  }
}
