/** Scatter-gather lists (util/iov.c): a frame in pieces. */

/** One piece: the first `iov_len` bytes of `iov_base`. */
export class iovec {
  iov_base: Uint8Array;
  iov_len: number;
  constructor(base: Uint8Array, len: number) {
    this.iov_base = base;
    this.iov_len = len;
  }
}

/**
 * Bytes in the first `iovcnt` pieces.
 * @nodebug @pure
 */
export function iov_size(iov: readonly iovec[], iovcnt: number): number {
  let len = 0;
  for (let i = 0; i < iovcnt; i++) {
    len += iov[i]!.iov_len;
  }
  return len;
}

/** Up to this a loop costs less than a view. */
const COPY_LOOP_MAX = 64;

/**
 * Copies up to `bytes` bytes, from `offset` of the list on, to `buf` at `off`. Returns how many there were.
 * @nodebug
 */
export function iov_to_buf(
  iov: readonly iovec[],
  iovcnt: number,
  offset: number,
  buf: Uint8Array,
  off: number,
  bytes: number,
): number {
  let done = 0;
  let skip = offset;
  for (let i = 0; i < iovcnt && done < bytes; i++) {
    const v = iov[i]!;
    if (skip >= v.iov_len) {
      skip -= v.iov_len;
      continue;
    }
    const n = Math.min(v.iov_len - skip, bytes - done);
    if (n <= COPY_LOOP_MAX) {
      for (let j = 0; j < n; j++) {
        buf[off + done + j] = v.iov_base[skip + j]!;
      }
    } else {
      buf.set(v.iov_base.subarray(skip, skip + n), off + done);
    }
    done += n;
    skip = 0;
  }
  return done;
}
