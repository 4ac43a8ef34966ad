/** Bytes as text, for the test protocol: hexadecimal behind 0x, and base64 (RFC 4648). */

const HEX = '0123456789abcdef';
/** Characters of a piece that is put together at a time. */
const PIECE = 4096;

/**
 * Two digits a byte.
 * @nodebug
 */
export function hex_encode(data: Uint8Array): string {
  let out = '';
  for (let at = 0; at < data.length; at += PIECE) {
    let piece = '';
    for (let i = at; i < Math.min(at + PIECE, data.length); i++) {
      piece += HEX[data[i]! >> 4]! + HEX[data[i]! & 15]!;
    }
    out += piece;
  }
  return out;
}

/**
 * Value of a hexadecimal digit, or -1.
 * @nodebug
 */
function hex_digit(c: number): number {
  if (c >= 48 && c <= 57) {
    return c - 48;
  }
  const lower = c | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/**
 * Bytes of digits behind `0x`, or null when it is none. A digit left over at the end is ignored.
 * @nodebug
 */
export function hex_decode(text: string): Uint8Array | null {
  if (text.length < 3 || text[0] !== '0' || (text[1] !== 'x' && text[1] !== 'X')) {
    return null;
  }
  const data = new Uint8Array((text.length - 2) >> 1);
  for (let i = 0; i < data.length; i++) {
    const high = hex_digit(text.charCodeAt(2 + 2 * i));
    const low = hex_digit(text.charCodeAt(3 + 2 * i));
    if (high < 0 || low < 0) {
      return null;
    }
    data[i] = (high << 4) | low;
  }
  return data;
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/**
 * Base64 with padding.
 * @nodebug
 */
export function base64_encode(data: Uint8Array): string {
  let out = '';
  for (let i = 0; i < data.length; i += 3) {
    const n = (data[i]! << 16) | ((data[i + 1] ?? 0) << 8) | (data[i + 2] ?? 0);
    out += BASE64[n >> 18]! + BASE64[(n >> 12) & 63]!;
    out += i + 1 < data.length ? BASE64[(n >> 6) & 63]! : '=';
    out += i + 2 < data.length ? BASE64[n & 63]! : '=';
  }
  return out;
}

/**
 * Bytes of base64, or null when it is none.
 * @nodebug
 */
export function base64_decode(text: string): Uint8Array | null {
  const digits = text.replace(/={1,2}$/, '');
  const data = new Uint8Array((digits.length * 6) >> 3);
  let bits = 0;
  let n = 0;
  let at = 0;
  for (let i = 0; i < digits.length; i++) {
    const v = BASE64.indexOf(digits[i]!);
    if (v < 0) {
      return null;
    }
    n = ((n << 6) | v) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      data[at++] = (n >> bits) & 0xff;
    }
  }
  return data;
}
