/** TCP's header, states, timers and control block (libslirp's tcp.h, tcp_var.h, tcp_timer.h, which are BSD's). */
import type { mbuf } from './mbuf.ts';
import type { socket } from './so_state.ts';

/** States of a connection (RFC 793, section 3.2). */
export const TCPS_CLOSED = 0;
export const TCPS_LISTEN = 1;
export const TCPS_SYN_SENT = 2;
export const TCPS_SYN_RECEIVED = 3;
export const TCPS_ESTABLISHED = 4;
export const TCPS_CLOSE_WAIT = 5;
export const TCPS_FIN_WAIT_1 = 6;
export const TCPS_CLOSING = 7;
export const TCPS_LAST_ACK = 8;
export const TCPS_FIN_WAIT_2 = 9;
export const TCPS_TIME_WAIT = 10;

/** Names of the states, as `info usernet` prints them. */
export const tcpstates: readonly string[] = [
  'CLOSED',
  'LISTEN',
  'SYN_SENT',
  'SYN_RCVD',
  'ESTABLISHED',
  'CLOSE_WAIT',
  'FIN_WAIT_1',
  'CLOSING',
  'LAST_ACK',
  'FIN_WAIT_2',
  'TIME_WAIT',
];

/** True in the states in which the guest's SYN has come. */
export function TCPS_HAVERCVDSYN(s: number): boolean {
  return s >= TCPS_SYN_RECEIVED;
}

/** True in the states in which the guest's FIN has come. */
export function TCPS_HAVERCVDFIN(s: number): boolean {
  return s === TCPS_CLOSE_WAIT || (s >= TCPS_CLOSING && s !== TCPS_FIN_WAIT_2);
}

/** The timers of a connection: indices into `t_timer`. */
export const TCPT_REXMT = 0;
export const TCPT_PERSIST = 1;
export const TCPT_KEEP = 2;
export const TCPT_2MSL = 3;
export const TCPT_NTIMERS = 4;

/** Timer values count slow ticks of 499 ms, nominally two a second. */
export const PR_SLOWHZ = 2;
export const TCPTV_MSL = 5 * PR_SLOWHZ;
export const TCPTV_SRTTBASE = 0;
export const TCPTV_SRTTDFLT = 3 * PR_SLOWHZ;
export const TCPTV_PERSMIN = 5 * PR_SLOWHZ;
export const TCPTV_PERSMAX = 60 * PR_SLOWHZ;
export const TCPTV_KEEP_INIT = 75 * PR_SLOWHZ;
export const TCPTV_KEEP_IDLE = 120 * 60 * PR_SLOWHZ;
export const TCPTV_KEEPINTVL = 75 * PR_SLOWHZ;
export const TCPTV_KEEPCNT = 8;
export const TCP_MAXIDLE = TCPTV_KEEPCNT * TCPTV_KEEPINTVL;
export const TCPTV_MIN = 1 * PR_SLOWHZ;
export const TCPTV_REXMTMAX = 12 * PR_SLOWHZ;
export const TCP_MAXRXTSHIFT = 12;
/** Factors of the retransmission time-out, by how often it has expired. */
export const tcp_backoff: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 64, 64, 64, 64, 64, 64];

/** `t_srtt` is scaled by 8, `t_rttvar` by 4. */
export const TCP_RTT_SHIFT = 3;
export const TCP_RTTVAR_SHIFT = 2;

/** Largest window without scaling, which slirp does not do. */
export const TCP_MAXWIN = 65535;
export const TCP_MAX_WINSHIFT = 14;
/** Send and receive buffer of a connection. */
export const TCP_SNDSPACE = 131072;
export const TCP_RCVSPACE = 131072;
/** Smallest and largest segment size that is believed. */
export const TCP_MINMSS = 32;
export const TCP_MAXMSS = 32768;
/** Initial sequence numbers advance by this for each connection and each slow tick. */
export const TCP_ISSINCR = 64000;

export const TF_ACKNOW = 0x01;
export const TF_DELACK = 0x02;
export const TF_SENTFIN = 0x10;

/** A TCP header with what slirp needs of the IP header, as read from a packet. `ti_len` is the length of the data. */
export class tcpiphdr {
  ti_src = 0;
  ti_dst = 0;
  ti_sport = 0;
  ti_dport = 0;
  ti_seq = 0;
  ti_ack = 0;
  /** Length of the TCP header. */
  ti_off = 0;
  ti_flags = 0;
  ti_win = 0;
  ti_urp = 0;
  ti_len = 0;
  /** Offset of the data in the packet's memory, as it came. */
  ti_data = 0;
}

/** The control block of a connection (RFC 793, section 3.2, and BSD's additions). */
export class tcpcb {
  readonly t_socket: socket;
  t_state: number = TCPS_CLOSED;
  /** The segment that was made last holds what was sent before. */
  t_resent = false;
  /** Ticks left of each timer (TCPT_*), 0 when it is off. */
  t_timer: number[] = [0, 0, 0, 0];
  /** How often the retransmission timer has expired in a row. */
  t_rxtshift = 0;
  /** Current retransmission time-out, ticks. */
  t_rxtcur = 0;
  t_dupacks = 0;
  /** Maximum segment size, bytes. */
  t_maxseg = 0;
  /** Send even if the window is closed (a persist probe). */
  t_force = false;
  t_flags = 0;
  /** Send sequence: unacknowledged, next, urgent pointer, window update, initial, window, highest sent. */
  snd_una = 0;
  snd_nxt = 0;
  snd_up = 0;
  snd_wl1 = 0;
  snd_wl2 = 0;
  iss = 0;
  snd_wnd = 0;
  snd_max = 0;
  /** Receive sequence: window, next, urgent pointer, initial, highest advertised. */
  rcv_wnd = 0;
  rcv_nxt = 0;
  rcv_up = 0;
  irs = 0;
  rcv_adv = 0;
  /** Congestion window and slow start threshold, bytes. */
  snd_cwnd = 0;
  snd_ssthresh = 0;
  /** Ticks since the last segment from the guest. */
  t_idle = 0;
  /** Ticks that the timed segment `t_rtseq` has been under way, plus one; 0 when none is timed. */
  t_rtt = 0;
  t_rtseq = 0;
  /** Smoothed round-trip time and its variation, ticks, scaled. */
  t_srtt = 0;
  t_rttvar = 0;
  t_rttmin = 0;
  max_sndwnd = 0;
  /** `tcp_now` at which TIME_WAIT ends. */
  t_tw_expire = 0;
  /** Segments that came out of order, by sequence number, linked by `m_nextpkt`. */
  seg_next: mbuf | null = null;
  seg_bytes = 0;
  /** Position in the slirp's list of delayed acknowledgements, or -1. */
  t_delack = -1;
  constructor(so: socket) {
    this.t_socket = so;
  }
}

/**
 * Sequence numbers compare modulo 2^32.
 * @nodebug @pure
 */
export function SEQ_LT(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}
/**
 * `a` is not after `b`.
 * @nodebug @pure
 */
export function SEQ_LEQ(a: number, b: number): boolean {
  return ((a - b) | 0) <= 0;
}
/**
 * `a` is after `b`.
 * @nodebug @pure
 */
export function SEQ_GT(a: number, b: number): boolean {
  return ((a - b) | 0) > 0;
}

/** Clamps a timer value. */
export function TCPT_RANGESET(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}
