/**
 * The Internet checksum (RFC 1071, libslirp's cksum.c). Sums run over native 32-bit
 * words: the ones' complement sum does not depend on the byte order as long as the result
 * is swapped with it, nor on the size of the words that are added (RFC 1071, section 2).
 */
import { machine } from '../softmmu/machine.ts';
import { IN_ADDR_LEN, IP_SRC } from '../wire/ip.ts';
import { IN6_ADDR_LEN, IP6_SRC } from '../wire/ip6.ts';
import type { mbuf } from './mbuf.ts';

/** True on little-endian machines: everything Node runs on but s390x. */
const LITTLE = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Bytes from which on the host's sum is quicker, and those of memory that it takes. */
const SUM_LEAST = 512;
const SUM_MOST = 1 << 17;

/**
 * Swaps the bytes of a 16-bit number where the machine's order is not the network's.
 * @nodebug @pure
 */
export function ntohs(v: number): number {
  return LITTLE ? ((v & 0xff) << 8) | (v >>> 8) : v;
}

/**
 * Adds `len` bytes from the even offset `off` of a packet's memory to a partial sum of native words.
 * @nodebug
 */
export function cksum_add(m: mbuf, off: number, len: number, sum: number): number {
  const end = off + len;
  let p = off;
  let s = sum;
  if ((p & 2) !== 0 && end - p >= 2) {
    s += m.m_u16[p >> 1]!;
    p += 2;
  }
  const bulk = (end - p) & ~31;
  if (LITTLE && bulk >= SUM_LEAST) {
    const { words_sum } = machine.host;
    // It takes all of the memory, so the packet has to fill most of it.
    if (words_sum !== undefined && m.m_dat.length <= Math.min(bulk + (bulk >> 1), SUM_MOST)) {
      const words = words_sum(m.m_dat, p, bulk);
      s += (words & 0xffff) + (words >>> 16);
      p += bulk;
    }
  }
  const w = m.m_u32;
  let i = p >> 2;
  const n = end >> 2;
  // Floating point numbers hold the sums exactly, and add faster than 32-bit ones whose halves would have to be taken
  // apart.
  let even = 0;
  let odd = 0;
  for (; i + 8 <= n; i += 8) {
    even += w[i]! + w[i + 1]! + (w[i + 2]! + w[i + 3]!);
    odd += w[i + 4]! + w[i + 5]! + (w[i + 6]! + w[i + 7]!);
  }
  for (; i < n; i++) {
    even += w[i]!;
  }
  const words = even + odd;
  const low = words >>> 0;
  s += (low & 0xffff) + (low >>> 16) + Math.floor(words / 0x100000000);
  p = Math.max(p, n << 2);
  if (end - p >= 2) {
    s += m.m_u16[p >> 1]!;
    p += 2;
  }
  if (p < end) {
    s += LITTLE ? m.m_dat[p]! : m.m_dat[p]! << 8;
  }
  return s;
}

/**
 * The checksum field, in host order, for a partial sum. Over data that holds a correct checksum it is 0.
 * @nodebug @pure
 */
export function cksum_fold(sum: number): number {
  let s = (sum & 0xffff) + (sum >>> 16);
  s = (s & 0xffff) + (s >>> 16);
  return ntohs(~s & 0xffff);
}

/**
 * Checksum of `len` bytes from offset `off` of a packet's memory.
 * @nodebug @pure
 */
export function cksum(m: mbuf, off: number, len: number): number {
  return cksum_fold(cksum_add(m, off, len, 0));
}

/**
 * Checksum of `len` bytes at `off` with the IPv4 pseudo header (RFC 793, section 3.1) of the IP header at `ip`.
 * @nodebug @pure
 */
export function ip_pseudo_cksum(m: mbuf, ip: number, proto: number, off: number, len: number): number {
  const sum = ntohs(proto) + ntohs(len & 0xffff);
  return cksum_fold(cksum_add(m, off, len, cksum_add(m, ip + IP_SRC, 2 * IN_ADDR_LEN, sum)));
}

/**
 * Checksum of `len` bytes at `off` with the IPv6 pseudo header (RFC 8200, section 8.1) of the IPv6 header at `ip`.
 * @nodebug @pure
 */
export function ip6_pseudo_cksum(m: mbuf, ip: number, proto: number, off: number, len: number): number {
  const sum = ntohs(proto) + ntohs(len & 0xffff) + ntohs(len >>> 16);
  return cksum_fold(cksum_add(m, off, len, cksum_add(m, ip + IP6_SRC, 2 * IN6_ADDR_LEN, sum)));
}
