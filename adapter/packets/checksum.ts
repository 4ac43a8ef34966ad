/** The Internet checksum (RFC 1071). */
import type { Layer } from './layer.ts';
import type { PacketView } from './packet-view.ts';

/** Sum of the 16-bit words of `[from, to)`, an odd byte padded with zero, folded to 16 bits. */
export function onesSum(buf: Uint8Array, from: number, to: number, start = 0): number {
  let sum = start;
  let i = from;
  for (; i + 7 < to; i += 8) {
    sum += ((buf[i]! << 8) | buf[i + 1]!) + ((buf[i + 2]! << 8) | buf[i + 3]!);
    sum += ((buf[i + 4]! << 8) | buf[i + 5]!) + ((buf[i + 6]! << 8) | buf[i + 7]!);
  }
  for (; i + 1 < to; i += 2) {
    sum += (buf[i]! << 8) | buf[i + 1]!;
  }
  if (i < to) {
    sum += buf[i]! << 8;
  }
  while (sum > 0xffff) {
    sum = (sum & 0xffff) + Math.floor(sum / 65536);
  }
  return sum;
}

/** State of a checksum: 'unchecked' where the bytes it covers are not all there. */
export type ChecksumState = 'good' | 'bad' | 'unchecked';

/** What a checksum should be, and whether the one in the packet is that. */
export interface ChecksumResult {
  readonly state: ChecksumState;
  /** The right value, valid unless unchecked. */
  readonly right: number;
}

const UNCHECKED: ChecksumResult = { state: 'unchecked', right: 0 };

/** Checks the header checksum of an IPv4 layer. */
export function checkIp(p: PacketView, l: Layer): ChecksumResult {
  return result(onesSum(p.buf, l.at, l.body), p.u16(l.at + 10), false);
}

/** The checksum of a protocol above IP. */
export interface TransportChecksum {
  /** Where it is in the layer. */
  readonly off: number;
  /** Bytes that a message has at least. */
  readonly least: number;
  /** Bytes that it covers, if not all that IP says to carry. */
  readonly length?: number;
  /** True if 0 says that there is none. */
  readonly optional?: boolean;
  /** False if it does not cover IP's addresses. */
  readonly pseudo?: boolean;
}

/** Checks the checksum of what IP carries. Fragments and packets that the capture has cut are not checked. */
export function checkTransport(p: PacketView, l: Layer, c: TransportChecksum): ChecksumResult {
  const ip = l.below;
  const network = ip?.protocol.declaration;
  const whole = ip !== null && ip.wholeAt >= 0;
  if (ip === null || (!whole && network?.isFragment?.(p, ip) === true)) {
    return UNCHECKED;
  }
  const length = c.length ?? (whole ? ip.wholeEnd : (network?.claimedEnd?.(p, ip) ?? ip.end)) - l.at;
  const there = p.u16(l.at + c.off);
  if (length < c.least || l.at + length > ip.carriedEnd || (c.optional === true && there === 0)) {
    return UNCHECKED;
  }
  const pseudo = c.pseudo === false ? 0 : (network?.pseudoSum?.(p, ip) ?? 0) + length;
  return result(onesSum(p.buf, l.at, l.at + length, pseudo), there, c.optional === true);
}

/** `sum` is over everything with the checksum `there` in place: right ones make it all ones. */
function result(sum: number, there: number, optional: boolean): ChecksumResult {
  if (sum === 0xffff) {
    return { state: 'good', right: there };
  }
  let right = 0xffff - sum + there;
  right = (right & 0xffff) + (right >> 16);
  return { state: 'bad', right: right === 0xffff && !optional ? 0 : right };
}
