/** The TCP header (RFC 9293, section 3.1): names of BSD's `struct tcphdr`. */

export const TH_SPORT = 0;
export const TH_DPORT = 2;
export const TH_SEQ = 4;
/** The acknowledgment number, BSD's th_ack: TH_ACK is the flag. */
export const TH_ACKNO = 8;
/** Data offset, in words of four bytes, in the upper half of the byte; see `th_off`. */
export const TH_OFFX2 = 12;
export const TH_FLAGS = 13;
export const TH_WIN = 14;
export const TH_SUM = 16;
/** Urgent pointer. */
export const TH_URP = 18;
/** Length of a header without options. */
export const TCP_HLEN = 20;

/** Flags. */
export const TH_FIN = 0x01;
export const TH_SYN = 0x02;
export const TH_RST = 0x04;
export const TH_PUSH = 0x08;
export const TH_ACK = 0x10;
export const TH_URG = 0x20;
/** The flags that RFC 793 knew: without those of congestion notification. */
export const TH_FLAGMASK = 0x3f;

/** An option (section 3.1): its kind, its length with both bytes, and its value. */
export const TCPOPT_KIND = 0;
export const TCPOPT_LEN = 1;
export const TCPOPT_DATA = 2;
/** Kinds. */
export const TCPOPT_EOL = 0;
export const TCPOPT_NOP = 1;
export const TCPOPT_MAXSEG = 2;
/** Length of the option with the maximum segment size. */
export const TCPOLEN_MAXSEG = 4;

/**
 * The length in bytes of the TCP header at `th`, options included.
 * @nodebug
 */
export function th_off(b: Uint8Array, th: number): number {
  return (b[th + TH_OFFX2]! >> 4) << 2;
}

/**
 * Stores the length in bytes of the TCP header at `th`, a multiple of four.
 * @nodebug
 */
export function set_th_off(b: Uint8Array, th: number, bytes: number): void {
  b[th + TH_OFFX2] = (bytes >> 2) << 4;
}
