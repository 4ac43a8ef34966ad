/** A TCP connection's state (include/linux/tcp.h, include/net/tcp.h), and what is read off it. */

import { rd16 } from '../wire/bytes.ts';
import { IPPROTO_TCP } from '../wire/ip.ts';
import { TH_WIN } from '../wire/tcp.ts';
import { sock } from './inet_sock.ts';
import { before } from './lib.ts';
import type { sk_buff } from './sk_buff.ts';
import { sk_buff_head } from './skb_queue.ts';
import { type timer_list, timer_setup } from './timer.ts';

export const TCP_ESTABLISHED = 1;
export const TCP_SYN_SENT = 2;
export const TCP_SYN_RECV = 3;
export const TCP_FIN_WAIT1 = 4;
export const TCP_FIN_WAIT2 = 5;
export const TCP_TIME_WAIT = 6;
export const TCP_CLOSE = 7;
export const TCP_CLOSE_WAIT = 8;
export const TCP_LAST_ACK = 9;
export const TCP_LISTEN = 10;
export const TCP_CLOSING = 11;

/** The states by number, by the names of RFC 9293 3.3.2 as netstat spells them. */
export const TCP_STATES: readonly string[] = [
  '',
  'ESTABLISHED',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT1',
  'FIN_WAIT2',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'CLOSING',
];
/** MSS assumed of a peer that names none (RFC 9293 3.7.1), and the least we go down to. */
export const TCP_MSS_DEFAULT = 536;
export const TCP_MIN_MSS = 48;
/** Bytes a socket holds for its reader, which is the largest window without scaling; and bytes for its peer. */
export const TCP_RCVBUF = 65535;
export const TCP_SNDBUF = 131072;
/** First congestion window, in segments (RFC 6928). */
export const TCP_INIT_CWND = 10;
/** First retransmission time-out (RFC 6298), in ns. */
export const TCP_TIMEOUT_INIT = 1e9;
/** Segments at the start of a connection that are acknowledged at once. */
export const TCP_MAX_QUICKACKS = 16;

/** Congestion states. */
export const TCP_CA_Open = 0;
export const TCP_CA_Recovery = 3;
export const TCP_CA_Loss = 4;

/** What the retransmission timer is set for. */
export const ICSK_TIME_NONE = 0;
export const ICSK_TIME_RETRANS = 1;
export const ICSK_TIME_PROBE0 = 3;

/** What a connection's timer calls. */
export type tcp_timer_handler = (sk: tcp_sock) => void;

/** A TCP connection, or a socket that listens for some. Sequence numbers are unsigned 32-bit, times nanoseconds. */
export class tcp_sock extends sock {
  /** Next in its hash chain. */
  hash_next: tcp_sock | null = null;
  rcv_nxt = 0;
  /** `rcv_nxt` when the window was last advertised, and that window. */
  rcv_wup = 0;
  rcv_wnd = TCP_RCVBUF;
  snd_una = 0;
  snd_nxt = 0;
  /** Peer's window, and the segment it came with. */
  snd_wnd = 0;
  snd_wl1 = 0;
  max_window = 0;
  /** Behind the last byte that the program has written. */
  write_seq = 0;
  mss_cache = TCP_MSS_DEFAULT;
  snd_cwnd = TCP_INIT_CWND;
  snd_cwnd_cnt = 0;
  snd_ssthresh = 0x7fffffff;
  icsk_ca_state = TCP_CA_Open;
  /** Recovery ends when this has been acknowledged. */
  high_seq = 0;
  dup_acks = 0;
  /** Segments sent and not acknowledged; those of them that are taken for lost and not sent again. */
  packets_out = 0;
  lost_out = 0;
  srtt = 0;
  rttvar = 0;
  icsk_rto = TCP_TIMEOUT_INIT;
  icsk_retransmits = 0;
  icsk_backoff = 0;
  icsk_probes_out = 0;
  icsk_pending = ICSK_TIME_NONE;
  quick_acks = TCP_MAX_QUICKACKS;
  /** An acknowledgement is owed. */
  ack_pending = false;
  /** Bytes in the receive queue, and in the write queue. */
  sk_rmem = 0;
  sk_wmem = 0;
  /** The program waits for room to write. */
  sk_nospace = false;
  /** Written and not acknowledged, in order; `sk_send_head` is the first that was never sent. */
  sk_write_queue: sk_buff_head = new sk_buff_head();
  sk_send_head: sk_buff | null = null;
  out_of_order_queue: sk_buff_head = new sk_buff_head();
  /** Segments that a program has read, for statistics. */
  bytes_received = 0;
  bytes_sent = 0;
  /** Listening: connections to accept, how many are on their way, how many may be. */
  icsk_accept_queue: tcp_sock[] = [];
  sk_ack_backlog = 0;
  sk_max_ack_backlog = 0;
  /** The listening socket of a connection that is not accepted yet. */
  rsk_listener: tcp_sock | null = null;
  icsk_retransmit_timer: timer_list;
  icsk_delack_timer: timer_list;
  sk_timer: timer_list;
  /** The handlers of its three timers, which `tcp_sk_alloc` knows. */
  constructor(retransmit: tcp_timer_handler, delack: tcp_timer_handler, keepalive: tcp_timer_handler) {
    super(IPPROTO_TCP);
    this.icsk_retransmit_timer = timer_setup(retransmit, this as tcp_sock);
    this.icsk_delack_timer = timer_setup(delack, this as tcp_sock);
    this.sk_timer = timer_setup(keepalive, this as tcp_sock);
  }
}

/**
 * The name of a state.
 * @nodebug @pure
 */
export function tcp_state_name(state: number): string {
  return TCP_STATES[state] ?? `state ${state}`;
}

/**
 * What is left of the window that the peer knows.
 * @nodebug
 */
export function tcp_receive_window(sk: tcp_sock): number {
  return Math.max(0, (sk.rcv_wup + sk.rcv_wnd - sk.rcv_nxt) | 0);
}

/**
 * End of the window that the peer grants.
 * @nodebug
 */
export function tcp_wnd_end(sk: tcp_sock): number {
  return (sk.snd_una + sk.snd_wnd) >>> 0;
}

/**
 * True when all that was sent, FIN included, is acknowledged.
 * @nodebug
 */
export function tcp_all_acked(sk: tcp_sock): boolean {
  return !before(sk.snd_una, sk.write_seq);
}

/**
 * Bounds of the retransmission time-out, time of a delayed acknowledgement, of FIN_WAIT2 without a program, of
 * TIME_WAIT (ns).
 */
export const TCP_RTO_MIN = 200e6;
export const TCP_RTO_MAX = 120e9;
export const TCP_DELACK_TIME = 40e6;
export const TCP_FIN_TIMEOUT = 60e9;
export const TCP_TIMEWAIT_LEN = 60e9;

/**
 * The window field of a segment.
 * @nodebug
 */
export function tcp_window_field(skb: sk_buff): number {
  return rd16(skb.head, skb.transport_header + TH_WIN);
}

/** MSS that we announce: Ethernet's MTU without the headers. */
export const TCP_ADVMSS = 1460;
