/** ICMPv6 (RFC 4443, section 2.1) and neighbor discovery (RFC 4861, section 4): names of BSD's `netinet/icmp6.h`. */

export const ICMP6_TYPE = 0;
export const ICMP6_CODE = 1;
export const ICMP6_CKSUM = 2;
/** The first four bytes of the body: unused in errors, but for the MTU of "packet too big". */
export const ICMP6_DATA = 4;
export const ICMP6_MTU = 4;
/** Length of the header that every message has, and of an error's up to the packet that it is about. */
export const ICMP6_MINLEN = 4;
export const ICMP6_ERROR_HLEN = 8;

/** Types. */
export const ICMP6_UNREACH = 1;
export const ICMP6_TOOBIG = 2;
export const ICMP6_TIMXCEED = 3;
export const ICMP6_ECHO_REQUEST = 128;
export const ICMP6_ECHO_REPLY = 129;
export const ICMP6_NDP_RS = 133;
export const ICMP6_NDP_RA = 134;
export const ICMP6_NDP_NS = 135;
export const ICMP6_NDP_NA = 136;

/** Codes of "destination unreachable". */
export const ICMP6_UNREACH_NO_ROUTE = 0;
export const ICMP6_UNREACH_ADDRESS = 3;
export const ICMP6_UNREACH_PORT = 4;

/** Router solicitation (RFC 4861, section 4.1): its length without options. */
export const ND_RS_HLEN = 8;

/** Router advertisement (section 4.2). */
export const ND_RA_CURHOPLIMIT = 4;
export const ND_RA_FLAGS = 5;
export const ND_RA_ROUTER_LIFETIME = 6;
export const ND_RA_REACHABLE = 8;
export const ND_RA_RETRANSMIT = 12;
export const ND_RA_HLEN = 16;

/** Neighbor solicitation (section 4.3): the address that is asked for. */
export const ND_NS_TARGET = 8;
export const ND_NS_HLEN = 24;

/** Neighbor advertisement (section 4.4): flags, and the address that is told of. */
export const ND_NA_FLAGS = 4;
export const ND_NA_TARGET = 8;
export const ND_NA_HLEN = 24;
export const ND_NA_FLAG_ROUTER = 0x80;
export const ND_NA_FLAG_SOLICITED = 0x40;
export const ND_NA_FLAG_OVERRIDE = 0x20;

/** Every option (section 4.6): its type, and its length in units of eight bytes. */
export const ND_OPT_TYPE = 0;
export const ND_OPT_LEN = 1;
export const ND_OPT_UNIT = 8;
/** Types of options. */
export const ND_OPT_SOURCE_LINKADDR = 1;
export const ND_OPT_TARGET_LINKADDR = 2;
export const ND_OPT_PREFIX_INFORMATION = 3;
export const ND_OPT_RDNSS = 25;

/**
 * Writes the first two bytes of the option at `o` that is `len` bytes long.
 * @nodebug
 */
export function ndp_option(b: Uint8Array, o: number, type: number, len: number): void {
  b[o + ND_OPT_TYPE] = type;
  b[o + ND_OPT_LEN] = len / ND_OPT_UNIT;
}

/** Source and target link-layer address (section 4.6.1): where an Ethernet address stands. */
export const ND_OPT_LINKADDR = 2;
export const ND_OPT_LINKADDR_HLEN = 8;

/** Prefix information (section 4.6.2). */
export const ND_OPT_PI_PREFIX_LEN = 2;
export const ND_OPT_PI_FLAGS = 3;
export const ND_OPT_PI_VALID_TIME = 4;
export const ND_OPT_PI_PREFERRED_TIME = 8;
export const ND_OPT_PI_PREFIX = 16;
export const ND_OPT_PI_HLEN = 32;
export const ND_OPT_PI_FLAG_ONLINK = 0x80;
export const ND_OPT_PI_FLAG_AUTO = 0x40;

/** Recursive DNS server (RFC 8106, section 5.1), with one address. */
export const ND_OPT_RDNSS_LIFETIME = 4;
export const ND_OPT_RDNSS_ADDR = 8;
export const ND_OPT_RDNSS_HLEN = 24;
