/** Constants of the Ethernet, IP, ICMP and UDP headers, and big-endian access to packet bytes (libslirp's ip.h, ip_icmp.h, udp.h). */

/** Length of an Ethernet header and of a MAC address. */
export const ETH_HLEN = 14;
export const ETH_ALEN = 6;

export const ETH_P_IP = 0x0800;
export const ETH_P_ARP = 0x0806;
export const ETH_P_IPV6 = 0x86dd;
export const ETH_P_NCSI = 0x88f8;

export const IPPROTO_ICMP = 1;
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;
export const IPPROTO_ICMPV6 = 58;

/** Length of an IPv4 header without options, of an IPv6, a UDP and a TCP header. */
export const IP_HLEN = 20;
export const IP6_HLEN = 40;
export const UDP_HLEN = 8;
export const TCP_HLEN = 20;

/** Flags in the fragment offset field (RFC 791, section 3.1). */
export const IP_DF = 0x4000;
export const IP_MF = 0x2000;
export const IP_OFFMASK = 0x1fff;

export const IPTOS_LOWDELAY = 0x10;
export const IPTOS_THROUGHPUT = 0x08;

/** Time to live of what slirp sends (RFC 1340), and the largest one, which ICMP and resets have. */
export const IPDEFTTL = 64;
export const MAXTTL = 255;
/** Half-second ticks that an incomplete datagram is kept: 30 s. */
export const IPFRAGTTL = 60;

export const ICMP_ECHOREPLY = 0;
export const ICMP_UNREACH = 3;
export const ICMP_ECHO = 8;
export const ICMP_TIMXCEED = 11;
export const ICMP_UNREACH_NET = 0;
export const ICMP_UNREACH_HOST = 1;
export const ICMP_UNREACH_PORT = 3;
/** Length of an ICMP header with its identifier and sequence number. */
export const ICMP_MINLEN = 8;

/** 127.0.0.1, 255.255.255.255. */
export const INADDR_LOOPBACK = 0x7f000001;
export const INADDR_BROADCAST = 0xffffffff;

/**
 * A 16-bit big-endian number.
 * @nodebug
 */
export function rd16(b: Uint8Array, o: number): number {
  return (b[o]! << 8) | b[o + 1]!;
}

/**
 * A 32-bit big-endian number, unsigned.
 * @nodebug
 */
export function rd32(b: Uint8Array, o: number): number {
  return ((b[o]! << 24) | (b[o + 1]! << 16) | (b[o + 2]! << 8) | b[o + 3]!) >>> 0;
}

/**
 * Stores a 16-bit number, big-endian.
 * @nodebug
 */
export function wr16(b: Uint8Array, o: number, v: number): void {
  b[o] = v >>> 8;
  b[o + 1] = v;
}

/**
 * Stores a 32-bit number, big-endian.
 * @nodebug
 */
export function wr32(b: Uint8Array, o: number, v: number): void {
  b[o] = v >>> 24;
  b[o + 1] = v >>> 16;
  b[o + 2] = v >>> 8;
  b[o + 3] = v;
}

/**
 * An IPv4 address in dotted notation (`inet_ntoa`).
 * @nodebug
 */
export function inet_ntoa(addr: number): string {
  return `${addr >>> 24}.${(addr >>> 16) & 255}.${(addr >>> 8) & 255}.${addr & 255}`;
}
