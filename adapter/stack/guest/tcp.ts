/** TCP: the connection's state and the calls of programs (net/ipv4/tcp.c; RFC 9293). */

import { cpu_get_ns } from '../softmmu/cpus.ts';
import { EAGAIN, ENOBUFS, ENOTCONN, EPIPE } from './errno.ts';
import { sock } from './inet_sock.ts';
import { guest_os } from './kernel.ts';
import { before } from './lib.ts';
import { sk_buff_head, skb_dequeue, skb_queue_tail } from './skb_queue.ts';
import { alloc_skb, kfree_skb, type sk_buff, skb_pull, skb_put, skb_queue_purge } from './skbuff.ts';
import { IPPROTO_TCP, inet_unhash, RCV_SHUTDOWN, SEND_SHUTDOWN, skb_copy_datagram, sock_error } from './sock.ts';
import {
  __tcp_push_pending_frames,
  __tcp_select_window,
  tcp_send_ack,
  tcp_send_active_reset,
  tcp_send_fin,
} from './tcp_output.ts';
import { TCP_FIN_TIMEOUT, tcp_delack_timer, tcp_keepalive_timer, tcp_write_timer } from './tcp_timer.ts';
import { del_timer, mod_timer, type timer_list, timer_setup } from './timer.ts';

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

export const TCPHDR_FIN = 0x01;
export const TCPHDR_SYN = 0x02;
export const TCPHDR_RST = 0x04;
export const TCPHDR_PSH = 0x08;
export const TCPHDR_ACK = 0x10;

export const TCP_HLEN = 20;
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
  constructor() {
    super(IPPROTO_TCP);
    this.icsk_retransmit_timer = timer_setup(tcp_write_timer, this as tcp_sock);
    this.icsk_delack_timer = timer_setup(tcp_delack_timer, this as tcp_sock);
    this.sk_timer = timer_setup(tcp_keepalive_timer, this as tcp_sock);
  }
}

/** Appends up to `len` bytes of `buf` at `off` to what is to be sent. Returns how many there was room for, or a negative error. */
export function tcp_sendmsg(sk: tcp_sock, buf: Uint8Array, off: number, len: number): number {
  if (sk.sk_err) {
    return -sock_error(sk);
  }
  if (sk.sk_state === TCP_SYN_SENT || sk.sk_state === TCP_SYN_RECV) {
    return -EAGAIN;
  }
  if ((sk.sk_state !== TCP_ESTABLISHED && sk.sk_state !== TCP_CLOSE_WAIT) || sk.sk_shutdown & SEND_SHUTDOWN) {
    return -EPIPE;
  }
  let copied = 0;
  while (copied < len && sk.sk_wmem < TCP_SNDBUF) {
    let skb = sk.sk_send_head ? sk.sk_write_queue.last : null;
    if (!skb || skb.len >= sk.mss_cache) {
      skb = alloc_skb(sk.mss_cache);
      if (!skb) {
        break;
      }
      tcp_add_write_queue_tail(sk, skb, TCPHDR_ACK);
    }
    const n = Math.min(sk.mss_cache - skb.len, len - copied);
    skb.head.set(buf.subarray(off + copied, off + copied + n), skb_put(skb, n));
    skb.end_seq = (skb.end_seq + n) >>> 0;
    sk.write_seq = skb.end_seq;
    sk.sk_wmem += n;
    copied += n;
  }
  const last = sk.sk_write_queue.last;
  if (last && copied > 0) {
    last.tcp_flags |= TCPHDR_PSH;
  }
  sk.sk_nospace = copied < len;
  __tcp_push_pending_frames(sk);
  return copied > 0 || len === 0 ? copied : sk.sk_write_queue.qlen > 0 ? -EAGAIN : -ENOBUFS;
}

/**
 * Appends a segment to the write queue; it starts at `write_seq`.
 * @nodebug
 */
export function tcp_add_write_queue_tail(sk: tcp_sock, skb: sk_buff, flags: number): void {
  skb.seq = sk.write_seq;
  skb.end_seq = (sk.write_seq + (flags & (TCPHDR_SYN | TCPHDR_FIN) ? 1 : 0)) >>> 0;
  skb.tcp_flags = flags;
  skb.tstamp = 0;
  skb_queue_tail(sk.sk_write_queue, skb);
  sk.write_seq = skb.end_seq;
  sk.sk_send_head ??= skb;
}

/** Reads up to `len` bytes to `buf` at `off`. Returns how many, 0 at the end of the stream, or a negative error (-EAGAIN: none yet). */
export function tcp_recvmsg(sk: tcp_sock, buf: Uint8Array, off: number, len: number): number {
  let copied = 0;
  while (copied < len) {
    const skb = sk.sk_receive_queue.first;
    if (!skb) {
      break;
    }
    const n = skb_copy_datagram(skb, 0, buf, off + copied, len - copied);
    copied += n;
    skb_pull(skb, n);
    if (skb.len === 0) {
      kfree_skb(skb_dequeue(sk.sk_receive_queue)!);
    }
  }
  if (copied > 0) {
    sk.sk_rmem -= copied;
    sk.bytes_received += copied;
    tcp_cleanup_rbuf(sk);
    return copied;
  }
  if (sk.sk_err) {
    return -sock_error(sk);
  }
  if (sk.sk_shutdown & RCV_SHUTDOWN || sk.sk_state === TCP_TIME_WAIT || len === 0) {
    return 0;
  }
  return sk.sk_state === TCP_CLOSE || sk.sk_state === TCP_LISTEN ? -ENOTCONN : -EAGAIN;
}

/** After the program has read: tells the peer when the window has grown to at least twice what it knows. */
export function tcp_cleanup_rbuf(sk: tcp_sock): void {
  if (sk.sk_state === TCP_CLOSE || sk.sk_state === TCP_TIME_WAIT || sk.sk_shutdown & RCV_SHUTDOWN) {
    return;
  }
  const now = tcp_receive_window(sk);
  if (2 * now <= TCP_RCVBUF && __tcp_select_window(sk) >= 2 * now) {
    tcp_send_ack(sk);
  }
}

/**
 * What is left of the window that the peer knows.
 * @nodebug
 */
export function tcp_receive_window(sk: tcp_sock): number {
  return Math.max(0, (sk.rcv_wup + sk.rcv_wnd - sk.rcv_nxt) | 0);
}

/** Starts to listen on `sk.inet_num`, which the caller has bound. */
export function inet_csk_listen_start(sk: tcp_sock, backlog: number): void {
  sk.sk_max_ack_backlog = Math.max(1, backlog);
  sk.sk_state = TCP_LISTEN;
  guest_os().net.inet.lhash.set(sk.inet_num, sk);
}

/** Takes the first connection off the queue, or null. */
export function inet_csk_accept(sk: tcp_sock): tcp_sock | null {
  const child = sk.icsk_accept_queue.shift() ?? null;
  if (child) {
    child.rsk_listener = null;
    sk.sk_ack_backlog--;
  }
  return child;
}

/** Stops listening: connections that nobody accepted are reset. */
export function inet_csk_listen_stop(sk: tcp_sock): void {
  const { inet } = guest_os().net;
  inet.lhash.delete(sk.inet_num);
  const children: tcp_sock[] = [];
  for (const first of inet.ehash.values()) {
    for (let c: tcp_sock | null = first; c; c = c.hash_next) {
      if (c.rsk_listener === sk) {
        children.push(c);
      }
    }
  }
  for (const child of children) {
    child.sk_dead = true;
    tcp_send_active_reset(child);
    tcp_done(child);
  }
  sk.icsk_accept_queue = [];
  sk.sk_state = TCP_CLOSE;
}

/** No more will be written: sends a FIN after what is queued. */
export function tcp_shutdown(sk: tcp_sock): void {
  if (sk.sk_shutdown & SEND_SHUTDOWN) {
    return;
  }
  sk.sk_shutdown |= SEND_SHUTDOWN;
  if (tcp_close_state(sk)) {
    tcp_send_fin(sk);
  }
}

/** Moves to the state after sending a FIN. Returns true when one is to be sent. */
export function tcp_close_state(sk: tcp_sock): boolean {
  if (sk.sk_state === TCP_ESTABLISHED || sk.sk_state === TCP_SYN_RECV) {
    sk.sk_state = TCP_FIN_WAIT1;
    return true;
  }
  if (sk.sk_state === TCP_CLOSE_WAIT) {
    sk.sk_state = TCP_LAST_ACK;
    return true;
  }
  return false;
}

/** The program closes its socket. Data it has not read makes this a reset (RFC 2525 2.17). */
export function tcp_close(sk: tcp_sock): void {
  sk.sk_dead = true;
  sk.sk_wq = null;
  if (sk.sk_state === TCP_LISTEN) {
    inet_csk_listen_stop(sk);
    return;
  }
  const unread = sk.sk_rmem > 0;
  skb_queue_purge(sk.sk_receive_queue);
  sk.sk_rmem = 0;
  if (sk.sk_state === TCP_CLOSE || sk.sk_state === TCP_TIME_WAIT) {
    return;
  }
  if (sk.sk_state === TCP_SYN_SENT) {
    tcp_done(sk);
    return;
  }
  if (unread) {
    tcp_send_active_reset(sk);
    tcp_done(sk);
    return;
  }
  sk.sk_shutdown |= RCV_SHUTDOWN;
  tcp_shutdown(sk);
  if (sk.sk_state === TCP_FIN_WAIT2) {
    mod_timer(sk.sk_timer, cpu_get_ns() + TCP_FIN_TIMEOUT);
  }
}

/** The connection is over: leaves the table, stops its timers, frees what it holds but for data not read yet. */
export function tcp_done(sk: tcp_sock): void {
  const { inet } = guest_os().net;
  if (sk.rsk_listener) {
    const i = sk.rsk_listener.icsk_accept_queue.indexOf(sk);
    if (i >= 0) {
      sk.rsk_listener.icsk_accept_queue.splice(i, 1);
    }
    sk.rsk_listener.sk_ack_backlog--;
    sk.rsk_listener = null;
    sk.sk_dead = true;
  }
  inet_unhash(sk);
  const tw = inet.tw.indexOf(sk);
  if (tw >= 0) {
    inet.tw.splice(tw, 1);
  }
  sk.sk_state = TCP_CLOSE;
  sk.sk_shutdown = RCV_SHUTDOWN | SEND_SHUTDOWN;
  tcp_clear_xmit(sk);
  del_timer(sk.sk_timer);
  if (sk.sk_dead) {
    skb_queue_purge(sk.sk_receive_queue);
  }
}

/** Stops the sending half's timers and frees its queues. */
export function tcp_clear_xmit(sk: tcp_sock): void {
  del_timer(sk.icsk_retransmit_timer);
  del_timer(sk.icsk_delack_timer);
  sk.icsk_pending = ICSK_TIME_NONE;
  sk.ack_pending = false;
  skb_queue_purge(sk.sk_write_queue);
  skb_queue_purge(sk.out_of_order_queue);
  sk.sk_send_head = null;
  sk.sk_wmem = 0;
  sk.packets_out = 0;
  sk.lost_out = 0;
}

/**
 * True when a program could write now.
 * @nodebug
 */
export function sk_stream_is_writeable(sk: tcp_sock): boolean {
  return sk.sk_wmem < TCP_SNDBUF;
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
