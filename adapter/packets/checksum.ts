/** The Internet checksum (RFC 1071). */
import type { PacketView } from './packet-view.ts';

/** Sum of the 16-bit words of `[from, to)`, an odd byte padded with zero, folded to 16 bits. */
export function onesSum(buf: Uint8Array, from: number, to: number, start = 0): number {
  let sum = start;
  let i = from;
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

/** Checks the IPv4 header checksum. */
export function checkIp(p: PacketView): ChecksumResult {
  const end = p.ip + (p.u8(p.ip) & 15) * 4;
  return result(p, onesSum(p.buf, p.ip, end), p.u16(p.ip + 10));
}

/**
 * Checks the checksum at `off` of what IP carries: TCP, UDP and ICMPv6 with a pseudo header, ICMP without. Fragments and packets
 * the capture has cut are not checked.
 */
export function checkTransport(p: PacketView, off: number): ChecksumResult {
  const claimed = p.ip >= 0 ? p.u16(p.ip + 2) - (p.l4 - p.ip) : p.u16(p.ipv6 + 4) - (p.l4 - p.ipv6 - 40);
  const length = p.proto === 17 && p.udp >= 0 ? p.u16(p.udp + 4) : claimed;
  if (p.fragment || length < 8 - (off === 2 ? 4 : 0) || p.l4 + length > p.l3End) {
    return UNCHECKED;
  }
  const there = p.u16(p.l4 + off);
  if (p.udp >= 0 && there === 0) {
    return UNCHECKED;
  }
  return result(p, onesSum(p.buf, p.l4, p.l4 + length, pseudoSum(p, length)), there);
}

/** Sum of the pseudo header (RFC 9293, 3.1; RFC 8200, 8.1); 0 for ICMP, which has none. */
function pseudoSum(p: PacketView, length: number): number {
  if (p.icmp >= 0) {
    return 0;
  }
  const [from, to] = p.ip >= 0 ? [p.ip + 12, p.ip + 20] : [p.ipv6 + 8, p.ipv6 + 40];
  return onesSum(p.buf, from!, to!, p.proto + length);
}

/** `sum` is over everything with the checksum `there` in place: right ones make it all ones. */
function result(p: PacketView, sum: number, there: number): ChecksumResult {
  let right = 0xffff - sum + there;
  right = (right & 0xffff) + (right >> 16);
  if (right === 0xffff && p.udp < 0) {
    right = 0;
  }
  return { state: sum === 0xffff ? 'good' : 'bad', right: sum === 0xffff ? there : right };
}
