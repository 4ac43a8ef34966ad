/** The IPv6 header (RFC 8200, section 3): names of BSD's `struct ip6_hdr`. */

/** Version, traffic class and flow label; see `ip_v` of ip.ts for the version. */
export const IP6_FLOW = 0;
/** Length of the payload, the header left out. */
export const IP6_PLEN = 4;
/** Next header: IPPROTO_*. */
export const IP6_NXT = 6;
/** Hop limit. */
export const IP6_HLIM = 7;
export const IP6_SRC = 8;
export const IP6_DST = 24;
/** Length of the header, and of an address. */
export const IP6_HLEN = 40;
export const IN6_ADDR_LEN = 16;
/** The first word of a header with traffic class and flow label 0. */
export const IP6_FLOW_BASIC = 0x60000000;
/** Position of the traffic class in that word. */
export const IP6_TCLASS_SHIFT = 20;
