/**
 * Copies between guest RAM and packets, and sums over packets. They go by words in a loop: a view of the bytes to copy
 * costs an object a packet, and the engine copies shared memory byte by byte unless both ends lie alike. Signed words,
 * since those are small integers in every tier.
 */

/** Memory of a packet, as bytes and as the same bytes in words of 32 bits. */
export class WordMemory {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  /** `size` is a multiple of 4. */
  constructor(size: number) {
    this.bytes = new Uint8Array(size);
    this.words = new Int32Array(this.bytes.buffer);
  }
}

/**
 * Copies `len` bytes from byte `s` of one memory to byte `d` of another. Each is given as bytes and as words that begin
 * at the same address; the two do not overlap.
 * @nodebug @reads from s len @writes to d len
 */
export function copy_words(
  to: Uint8Array,
  to_words: Int32Array,
  d: number,
  from: Uint8Array,
  from_words: Int32Array,
  s: number,
  len: number,
): void {
  const end = d + len;
  let at = d;
  let src = s;
  while ((at & 3) !== 0 && at < end) {
    to[at++] = from[src++]!;
  }
  if (at === end) {
    return;
  }
  const first = at >>> 2;
  const last = end >>> 2;
  const shift = (src & 3) << 3;
  if (shift === 0) {
    copy_aligned(to_words, first, last, from_words, src >>> 2);
  } else if (first < last) {
    copy_shifted(to_words, first, last, from_words, src >>> 2, shift);
  }
  src += (last << 2) - at;
  at = last << 2;
  while (at < end) {
    to[at++] = from[src++]!;
  }
}

/**
 * Words `first` to `last` of `to`, from word `j` of `from` on.
 * @nodebug
 */
function copy_aligned(to: Int32Array, first: number, last: number, from: Int32Array, j: number): void {
  let i = first;
  let k = j;
  for (const stop = last - 8; i <= stop; i += 8, k += 8) {
    to[i] = from[k]!;
    to[i + 1] = from[k + 1]!;
    to[i + 2] = from[k + 2]!;
    to[i + 3] = from[k + 3]!;
    to[i + 4] = from[k + 4]!;
    to[i + 5] = from[k + 5]!;
    to[i + 6] = from[k + 6]!;
    to[i + 7] = from[k + 7]!;
  }
  for (; i < last; i++, k++) {
    to[i] = from[k]!;
  }
}

/**
 * As `copy_aligned`, when each word is the end of one word of `from`, from bit `shift` on, and the beginning of the
 * next.
 * @nodebug
 */
function copy_shifted(to: Int32Array, first: number, last: number, from: Int32Array, j: number, shift: number): void {
  let k = j;
  let low = from[k]!;
  for (let i = first; i < last; i++) {
    const high = from[++k]!;
    to[i] = (low >>> shift) | (high << (32 - shift));
    low = high;
  }
}

/**
 * The sum of Internet checksums (RFC 1071), 16 bits: of bytes `from` to `end`, an odd one last standing for the high
 * half of a number.
 * @nodebug
 */
export function net_checksum_add(mem: WordMemory, from: number, end: number): number {
  const { bytes, words } = mem;
  let sum = 0;
  let at = from;
  // Within words the halves come low byte first; RFC 1071 lets the sum be swapped instead of each of them.
  if ((at & 1) === 0) {
    if ((at & 2) !== 0 && at + 2 <= end) {
      sum += bytes[at]! | (bytes[at + 1]! << 8);
      at += 2;
    }
    const last = end >>> 2;
    let i = at >>> 2;
    for (; i < last; i++) {
      const w = words[i]!;
      sum += (w & 0xffff) + (w >>> 16);
    }
    at = Math.max(at, i << 2);
    while (sum > 0xffff) {
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    sum *= 256;
  }
  for (; at + 1 < end; at += 2) {
    sum += (bytes[at]! << 8) | bytes[at + 1]!;
  }
  if (at < end) {
    sum += bytes[at]! << 8;
  }
  while (sum > 0xffff) {
    sum = (sum & 0xffff) + (sum >>> 16);
  }
  return sum;
}
