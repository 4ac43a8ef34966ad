/**
 * Leaf helpers of the guest's kernel: byte order, checksums, addresses as text, numbers as text. All run at full speed.
 */
import { rd16 } from '../wire/bytes.ts';

/** Nanoseconds in a millisecond and in a second. */
export const NSEC_PER_MSEC = 1e6;
export const NSEC_PER_SEC = 1e9;

/**
 * True when sequence number `a` comes before `b` (modulo 2^32).
 * @nodebug @pure
 */
export function before(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}

/**
 * True when sequence number `a` comes after `b` (modulo 2^32).
 * @nodebug @pure
 */
export function after(a: number, b: number): boolean {
  return ((b - a) | 0) < 0;
}

/**
 * Unfolded ones' complement sum (RFC 1071) of `len` bytes of `b` at `off`, in network order, added to `sum`. `words` is
 * the same memory as 32-bit little-endian words: four bytes a step when `off` is a multiple of four.
 * @nodebug @reads b off len
 */
export function csum_partial(b: Uint8Array, words: Uint32Array, off: number, len: number, sum: number): number {
  let p = off;
  const end = off + len;
  let acc = 0;
  if ((p & 3) === 0) {
    // The sum of little-endian halves is the byte-swapped sum (RFC 1071, 2B), so swap once at the end.
    const last = end >> 2;
    let le = 0;
    for (let i = p >> 2; i < last; i++) {
      const w = words[i]!;
      le = (le + (w & 0xffff) + (w >>> 16)) | 0;
    }
    p = Math.max(p, last << 2);
    const folded = csum_fold_partial(le >>> 0);
    acc = ((folded & 0xff) << 8) | (folded >>> 8);
  }
  for (; p + 1 < end; p += 2) {
    acc += rd16(b, p);
  }
  if (p < end) {
    acc += b[p]! << 8;
  }
  return sum + csum_fold_partial(acc);
}

/**
 * Folds carries until the sum fits 16 bits; not complemented.
 * @nodebug
 */
export function csum_fold_partial(sum: number): number {
  let s = sum;
  while (s > 0xffff) {
    s = (s & 0xffff) + Math.floor(s / 0x10000);
  }
  return s;
}

/**
 * The checksum field for a sum: folded and complemented.
 * @nodebug
 */
export function csum_fold(sum: number): number {
  return ~csum_fold_partial(sum) & 0xffff;
}

/**
 * Sum of the TCP/UDP pseudo header (RFC 793 3.1).
 * @nodebug
 */
export function csum_tcpudp_nofold(saddr: number, daddr: number, len: number, proto: number): number {
  return (saddr >>> 16) + (saddr & 0xffff) + (daddr >>> 16) + (daddr & 0xffff) + len + proto;
}

/**
 * An IPv4 address as text.
 * @nodebug
 */
export function inet_ntoa(addr: number): string {
  return `${addr >>> 24}.${(addr >>> 16) & 255}.${(addr >>> 8) & 255}.${addr & 255}`;
}

/**
 * A dotted IPv4 address as a number, or -1 when `text` is not one.
 * @nodebug
 */
export function inet_aton(text: string): number {
  const m = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (!m) {
    return -1;
  }
  let addr = 0;
  for (let i = 1; i <= 4; i++) {
    const n = Number(m[i]);
    if (n > 255) {
      return -1;
    }
    addr = addr * 256 + n;
  }
  return addr;
}

/**
 * A MAC address as text, such as `52:54:00:12:34:56`.
 * @nodebug
 */
export function mac_ntoa(mac: Uint8Array): string {
  let s = '';
  for (let i = 0; i < 6; i++) {
    s += (i ? ':' : '') + (mac[i]! < 16 ? '0' : '') + mac[i]!.toString(16);
  }
  return s;
}

/**
 * A decimal number in `min..max`, or -1 when `text` is none.
 * @nodebug
 */
export function parse_number(text: string, min: number, max: number): number {
  const n = /^\d{1,10}$/.test(text) ? Number(text) : -1;
  return n >= min && n <= max ? n : -1;
}

/**
 * Text as bytes, one byte a character (Latin-1); characters beyond are encoded as UTF-8.
 * @nodebug
 */
export function text_to_bytes(text: string): Uint8Array {
  let extra = 0;
  for (let i = 0; i < text.length; i++) {
    extra += text.charCodeAt(i) > 0x7f ? 3 : 0;
  }
  const b = new Uint8Array(text.length + extra);
  let n = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.codePointAt(i)!;
    if (c < 0x80) {
      b[n++] = c;
    } else if (c < 0x800) {
      b[n++] = 0xc0 | (c >> 6);
      b[n++] = 0x80 | (c & 63);
    } else if (c < 0x10000) {
      b[n++] = 0xe0 | (c >> 12);
      b[n++] = 0x80 | ((c >> 6) & 63);
      b[n++] = 0x80 | (c & 63);
    } else {
      b[n++] = 0xf0 | (c >> 18);
      b[n++] = 0x80 | ((c >> 12) & 63);
      b[n++] = 0x80 | ((c >> 6) & 63);
      b[n++] = 0x80 | (c & 63);
      i++;
    }
  }
  return b.slice(0, n);
}

/**
 * Bytes as text: UTF-8, a byte that is none as the character of its own number.
 * @nodebug
 */
export function bytes_to_text(b: Uint8Array, off: number, len: number): string {
  let s = '';
  const end = off + len;
  for (let i = off; i < end; ) {
    const c = b[i]!;
    const more = c >= 0xf0 && c < 0xf8 ? 3 : c >= 0xe0 ? 2 : c >= 0xc2 ? 1 : 0;
    let code = c & (more ? 0x3f >> more : 0xff);
    let n = 1;
    for (; c >= 0xc2 && c < 0xf8 && n <= more && i + n < end && (b[i + n]! & 0xc0) === 0x80; n++) {
      code = (code << 6) | (b[i + n]! & 0x3f);
    }
    const whole = n === more + 1 && code <= 0x10ffff;
    s += whole ? String.fromCodePoint(code) : String.fromCharCode(c);
    i += whole ? n : 1;
  }
  return s;
}
