/**
 * Big-endian numbers in packets: the network's byte order (RFC
 * 1700). A field is read at the offset of its header plus its own.
 */

/**
 * Reads a byte.
 * @nodebug
 */
export function rd8(b: Uint8Array, o: number): number {
  return b[o]!;
}

/**
 * Reads a 16-bit number.
 * @nodebug @pure
 */
export function rd16(b: Uint8Array, o: number): number {
  return (b[o]! << 8) | b[o + 1]!;
}

/**
 * Reads a 32-bit number, unsigned.
 * @nodebug @pure
 */
export function rd32(b: Uint8Array, o: number): number {
  return ((b[o]! << 24) | (b[o + 1]! << 16) | (b[o + 2]! << 8) | b[o + 3]!) >>> 0;
}

/**
 * Stores a 16-bit number.
 * @nodebug
 */
export function wr16(b: Uint8Array, o: number, v: number): void {
  b[o] = v >>> 8;
  b[o + 1] = v;
}

/**
 * Stores a 32-bit number.
 * @nodebug
 */
export function wr32(b: Uint8Array, o: number, v: number): void {
  b[o] = v >>> 24;
  b[o + 1] = v >>> 16;
  b[o + 2] = v >>> 8;
  b[o + 3] = v;
}

/**
 * Writes text, one byte a character.
 * @nodebug
 */
export function put_string(b: Uint8Array, p: number, value: string): void {
  for (let i = 0; i < value.length; i++) {
    b[p + i] = value.charCodeAt(i);
  }
}

/**
 * Reads a 16-bit little-endian number, as devices on a PC keep them.
 * @nodebug
 */
export function rd16_le(b: Uint8Array, o: number): number {
  return b[o]! | (b[o + 1]! << 8);
}

/**
 * Reads a 32-bit little-endian number, unsigned.
 * @nodebug
 */
export function rd32_le(b: Uint8Array, o: number): number {
  return (b[o]! | (b[o + 1]! << 8) | (b[o + 2]! << 16) | (b[o + 3]! << 24)) >>> 0;
}

/**
 * Stores a 16-bit little-endian number.
 * @nodebug
 */
export function wr16_le(b: Uint8Array, o: number, v: number): void {
  b[o] = v;
  b[o + 1] = v >>> 8;
}
