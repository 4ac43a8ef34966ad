/** Bytes for tests: written as text, as numbers or as hex. */

/** Text, numbers of one byte each, or bytes as bytes. */
export type Data = string | readonly number[] | Uint8Array;

/** Bytes of any of these; bytes themselves are not copied. */
export const bytes = (d: Data): Uint8Array =>
  d instanceof Uint8Array ? d : typeof d === 'string' ? Buffer.from(d, 'latin1') : Uint8Array.from(d);

/** The parts one behind the other, in memory of their own. */
export function join(...parts: Data[]): Uint8Array {
  const all = parts.map(bytes);
  const joined = new Uint8Array(all.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of all) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Bytes from hexadecimal digits; white space does not matter. */
export const hex = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits.replace(/\s+/g, ''), 'hex'));

/** A number as two or four bytes, the highest first. */
export const u16 = (v: number): number[] => [(v >>> 8) & 255, v & 255];
export const u32 = (v: number): number[] => [...u16(v >>> 16), ...u16(v & 0xffff)];

/** An IPv4 address from dotted notation. */
export const ip = (text: string): number => text.split('.').reduce((a, b) => a * 256 + Number(b), 0);

/** An IPv6 address: its first two bytes and its last one. */
export const addr6 = (prefix: number, last: number): Uint8Array => join(u16(prefix), new Uint8Array(13), [last]);

/** A MAC address of one of several guests. */
export const mac = (last: number): number[] => [0x52, 0x54, 0, 0x12, 0x34, last];

/** `n` bytes of a pattern in which a missing or doubled piece shows. */
export const pattern = (n: number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => (i * 7 + (i >> 8)) & 255);

/** The Internet checksum (RFC 1071) of bytes; over bytes that hold their right checksum it is 0. */
export function checksum(...parts: Data[]): number {
  const b = parts.length === 1 ? bytes(parts[0]!) : join(...parts);
  let sum = 0;
  for (let i = 0; i < b.length; i += 2) {
    sum += b[i]! * 256 + (b[i + 1] ?? 0);
  }
  while (sum > 0xffff) {
    sum = (sum & 0xffff) + Math.floor(sum / 65536);
  }
  return ~sum & 0xffff;
}
