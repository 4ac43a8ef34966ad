/** The UDP header (RFC 768): names of BSD's `struct udphdr`. */

export const UH_SPORT = 0;
export const UH_DPORT = 2;
/** Length of the datagram, header included. */
export const UH_ULEN = 4;
/** Checksum; 0 says that there is none (IPv4 only). */
export const UH_SUM = 6;
/** Length of the header. */
export const UDP_HLEN = 8;
/** What is sent when the checksum comes out as 0. */
export const UH_SUM_ZERO = 0xffff;
