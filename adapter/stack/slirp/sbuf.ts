/** Socket buffers (libslirp's sbuf.c): rings of bytes between a TCP connection and its host socket. */
import type { mbuf } from './mbuf.ts';

/** Bytes a buffer starts with; it grows up to `sb_datalen` as it fills. */
const SB_MIN = 4096;
const SB_WORD = 8;

/**
 * A ring of bytes. `sb_datalen` is its size as TCP sees it; memory is taken only
 * as it is needed. Each byte of the stream keeps its place in an aligned word of
 * `SB_WORD` bytes: what the host receives does too, and is then copied by words.
 */
export class sbuf {
  /** Bytes in the buffer. */
  sb_cc = 0;
  /** Most bytes it may hold. */
  sb_datalen = 0;
  /** Offset in `sb_data` of the oldest byte. */
  sb_rptr = 0;
  sb_data: Uint8Array = new Uint8Array(0);
}

/** Sets how much a buffer may hold; at least what it holds now. */
export function sbreserve(sb: sbuf, size: number): void {
  sb.sb_datalen = Math.max(size, sb.sb_cc);
}

/**
 * Bytes for which there is room.
 * @nodebug
 */
export function sbspace(sb: sbuf): number {
  return sb.sb_datalen - sb.sb_cc;
}

/** Forgets the buffer's contents and its memory. */
export function sbfree(sb: sbuf): void {
  sb.sb_cc = 0;
  sb.sb_rptr = 0;
  sb.sb_data = new Uint8Array(0);
}

/**
 * Removes the oldest `num` bytes. Returns true if the buffer fell
 * below half by that, so that the host socket is read again.
 */
export function sbdrop(sb: sbuf, num: number): boolean {
  const half = sb.sb_datalen >> 1;
  const was_full = sb.sb_cc >= half;
  const n = Math.min(num, sb.sb_cc);
  sb.sb_cc -= n;
  sb.sb_rptr += n;
  if (sb.sb_rptr >= sb.sb_data.length) {
    sb.sb_rptr -= sb.sb_data.length;
  }
  if (sb.sb_cc === 0) {
    sb.sb_rptr &= SB_WORD - 1;
  }
  return was_full && sb.sb_cc < half;
}

/**
 * Makes the memory hold at least `need` bytes.
 * @nodebug
 */
function sbgrow(sb: sbuf, need: number): void {
  let size = Math.max(SB_MIN, sb.sb_data.length);
  while (size < need + SB_WORD) {
    size *= 2;
  }
  size = Math.min(size, (Math.max(need, sb.sb_datalen) + 2 * SB_WORD) & -SB_WORD);
  const data = new Uint8Array(size);
  const at = sb.sb_rptr & (SB_WORD - 1);
  const first = Math.min(sb.sb_cc, sb.sb_data.length - sb.sb_rptr);
  data.set(sb.sb_data.subarray(sb.sb_rptr, sb.sb_rptr + first), at);
  if (first < sb.sb_cc) {
    data.set(sb.sb_data.subarray(0, sb.sb_cc - first), at + first);
  }
  sb.sb_data = data;
  sb.sb_rptr = at;
}

/**
 * Offset in `sb_data` where the next byte goes, with room for `need` more made before.
 * @nodebug
 */
export function sbwptr(sb: sbuf, need: number): number {
  if (sb.sb_cc + need > sb.sb_data.length) {
    sbgrow(sb, sb.sb_cc + need);
  }
  const w = sb.sb_rptr + sb.sb_cc;
  return w >= sb.sb_data.length ? w - sb.sb_data.length : w;
}

/**
 * Appends `len` bytes of `buf` from `off`; the caller has checked `sbspace`.
 * @nodebug
 */
export function sbappend_bytes(sb: sbuf, buf: Uint8Array, off: number, len: number): void {
  if (len === 0) {
    return;
  }
  const w = sbwptr(sb, len);
  const first = Math.min(len, sb.sb_data.length - w);
  sb.sb_data.set(buf.subarray(off, off + first), w);
  if (first < len) {
    sb.sb_data.set(buf.subarray(off + first, off + len), 0);
  }
  sb.sb_cc += len;
}

/**
 * Copies `len` bytes that are `off` bytes behind the oldest one into a packet's memory at `at`.
 * @nodebug
 */
export function sbcopy(sb: sbuf, off: number, len: number, m: mbuf, at: number): void {
  let r = sb.sb_rptr + off;
  if (r >= sb.sb_data.length) {
    r -= sb.sb_data.length;
  }
  const first = Math.min(len, sb.sb_data.length - r);
  m.m_dat.set(sb.sb_data.subarray(r, r + first), at);
  if (first < len) {
    m.m_dat.set(sb.sb_data.subarray(0, len - first), at + first);
  }
}
