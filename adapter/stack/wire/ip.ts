/** The IPv4 header (RFC 791, section 3.1): names of BSD's `struct ip`. */

/** Version, and header length in words of four bytes; see `ip_v` and `ip_hl`. */
export const IP_VHL = 0;
/** Type of service (RFC 1349). */
export const IP_TOS = 1;
/** Length of the datagram, header included. */
export const IP_LEN = 2;
export const IP_ID = 4;
/** Flags, and offset of the fragment in units of eight bytes. */
export const IP_OFF = 6;
export const IP_TTL = 8;
/** Protocol: IPPROTO_*. */
export const IP_P = 9;
/** Checksum of the header. */
export const IP_SUM = 10;
export const IP_SRC = 12;
export const IP_DST = 16;
/** Length of a header without options, and of an address. */
export const IP_HLEN = 20;
export const IN_ADDR_LEN = 4;
/** The first byte of a header without options: version 4, five words. */
export const IP_VHL_BASIC = 0x45;
/** Longest datagram, header included. */
export const IP_MAXPACKET = 65535;

/** Flags and mask of the fragment field. */
export const IP_DF = 0x4000;
export const IP_MF = 0x2000;
export const IP_OFFMASK = 0x1fff;

export const IPPROTO_ICMP = 1;
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;
export const IPPROTO_ICMPV6 = 58;

export const IPTOS_THROUGHPUT = 0x08;
export const IPTOS_LOWDELAY = 0x10;

/** Time to live of what is sent (RFC 1340), and the largest there is. */
export const IPDEFTTL = 64;
export const MAXTTL = 255;

/** 127.0.0.1 and 255.255.255.255. */
export const INADDR_LOOPBACK = 0x7f000001;
export const INADDR_BROADCAST = 0xffffffff;

/**
 * The version of the IP header at `ip`, 4 or 6.
 * @nodebug
 */
export function ip_v(b: Uint8Array, ip: number): number {
  return b[ip + IP_VHL]! >> 4;
}

/**
 * The length in bytes of the IPv4 header at `ip`, options included.
 * @nodebug
 */
export function ip_hl(b: Uint8Array, ip: number): number {
  return (b[ip + IP_VHL]! & 15) << 2;
}
