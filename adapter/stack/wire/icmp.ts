/** The ICMP header (RFC 792): names of BSD's `struct icmp`. */

export const ICMP_TYPE = 0;
export const ICMP_CODE = 1;
export const ICMP_CKSUM = 2;
/** Identifier and sequence number of an echo; errors leave these four bytes unused. */
export const ICMP_ID = 4;
export const ICMP_SEQ = 6;
/** The second half of those bytes in "fragmentation needed": the next hop's MTU (RFC 1191, section 4). */
export const ICMP_NEXTMTU = 6;
/** Length of the header; behind it stand the data of an echo, or the packet that an error is about. */
export const ICMP_MINLEN = 8;

/** Types. */
export const ICMP_ECHOREPLY = 0;
export const ICMP_UNREACH = 3;
export const ICMP_ECHO = 8;
export const ICMP_ROUTERSOLICIT = 10;
export const ICMP_TIMXCEED = 11;
export const ICMP_PARAMPROB = 12;
export const ICMP_TSTAMP = 13;
export const ICMP_TSTAMPREPLY = 14;
export const ICMP_IREQ = 15;
export const ICMP_IREQREPLY = 16;
export const ICMP_MASKREQ = 17;
export const ICMP_MASKREPLY = 18;

/** Codes of "destination unreachable". */
export const ICMP_UNREACH_NET = 0;
export const ICMP_UNREACH_HOST = 1;
export const ICMP_UNREACH_PROTOCOL = 2;
export const ICMP_UNREACH_PORT = 3;
export const ICMP_UNREACH_NEEDFRAG = 4;
/** Codes of "time exceeded". */
export const ICMP_TIMXCEED_INTRANS = 0;
export const ICMP_TIMXCEED_REASS = 1;
