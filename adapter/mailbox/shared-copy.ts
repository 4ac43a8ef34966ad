/**
 * Copies between shared memory and memory of a thread's own. V8 copies shared memory by words only if both sides are at
 * the same offset in their word, else byte by byte at a sixth of the speed: then the bytes go by way of private memory
 * that has the right offset.
 */

/** Bytes of a word. */
export const WORD = 8;
/** Bytes up to which a loop is faster than `set` with a view made for it. */
const SMALL = 64;
const PIECE = 1 << 16;

/** The memory in between. */
const between = new Uint8Array(PIECE + WORD);

/** Copies `len` bytes of private memory from `off` into shared memory at `at`. */
export function copyShared(shared: Uint8Array, at: number, data: Uint8Array, off: number, len: number): void {
  if (len <= SMALL) {
    for (let i = 0; i < len; i++) {
      shared[at + i] = data[off + i] as number;
    }
    return;
  }
  const phase = (shared.byteOffset + at) % WORD;
  if (phase === (data.byteOffset + off) % WORD) {
    shared.set(off === 0 && len === data.length ? data : data.subarray(off, off + len), at);
    return;
  }
  for (let done = 0; done < len; done += PIECE) {
    const n = Math.min(PIECE, len - done);
    between.set(data.subarray(off + done, off + done + n), phase);
    shared.set(between.subarray(phase, phase + n), at + done);
  }
}

/** Copies `len` bytes of shared memory from `off` into private memory at `at`. */
export function copyOut(to: Uint8Array, at: number, shared: Uint8Array, off: number, len: number): void {
  const phase = (shared.byteOffset + off) % WORD;
  if (len <= SMALL || phase === (to.byteOffset + at) % WORD) {
    to.set(shared.subarray(off, off + len), at);
    return;
  }
  for (let done = 0; done < len; done += PIECE) {
    const n = Math.min(PIECE, len - done);
    between.set(shared.subarray(off + done, off + done + n), phase);
    to.set(between.subarray(phase, phase + n), at + done);
  }
}
