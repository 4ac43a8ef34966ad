/** TCP in: states, acknowledgements, data (net/ipv4/tcp_input.c; RFC 9293 3.10). */

import { cpu_get_ns } from '../softmmu/cpus.ts';
import { rd16 } from '../wire/bytes.ts';
import {
  TCP_HLEN,
  TCPOLEN_MAXSEG,
  TCPOPT_DATA,
  TCPOPT_EOL,
  TCPOPT_KIND,
  TCPOPT_LEN,
  TCPOPT_MAXSEG,
  TCPOPT_NOP,
  TH_ACK,
  TH_FIN,
  TH_RST,
  TH_SYN,
} from '../wire/tcp.ts';
import { ECONNREFUSED, ECONNRESET, EPIPE } from './errno.ts';
import { after, before } from './lib.ts';
import type { sk_buff } from './sk_buff.ts';
import { skb_dequeue, skb_queue_after, skb_queue_tail } from './skb_queue.ts';
import { kfree_skb, kfree_skb_reason, skb_cloned, skb_pull, skb_put, skb_tailroom } from './skbuff.ts';
import { RCV_SHUTDOWN, SEND_SHUTDOWN, sk_error_report, sock_def_readable, sock_def_write_space } from './sock.ts';
import { tcp_done } from './tcp.ts';
import { tcp_ack, tcp_ack_update_window } from './tcp_ack.ts';
import { tcp_time_wait, tcp_v4_send_reset } from './tcp_minisocks.ts';
import { __tcp_push_pending_frames, tcp_send_ack } from './tcp_output.ts';
import {
  TCP_ADVMSS,
  TCP_CLOSE,
  TCP_CLOSE_WAIT,
  TCP_CLOSING,
  TCP_ESTABLISHED,
  TCP_FIN_TIMEOUT,
  TCP_FIN_WAIT1,
  TCP_FIN_WAIT2,
  TCP_LAST_ACK,
  TCP_MIN_MSS,
  TCP_RCVBUF,
  TCP_SYN_RECV,
  TCP_SYN_SENT,
  TCP_TIME_WAIT,
  tcp_all_acked,
  tcp_receive_window,
  type tcp_sock,
} from './tcp_sock.ts';
import { tcp_set_state } from './tcp_state.ts';
import { tcp_send_delayed_ack } from './tcp_timer.ts';
import { mod_timer } from './timer.ts';

/** Out of order segments that a connection holds. */
const OFO_QUEUE_LEN = 128;

/**
 * A segment for an established connection.
 * @packet skb
 */
export function tcp_rcv_established(sk: tcp_sock, skb: sk_buff): void {
  if (!tcp_validate_incoming(sk, skb)) {
    return;
  }
  // Fifth, the ACK field.
  if (!(skb.tcp_flags & TH_ACK)) {
    kfree_skb_reason(skb, 'TCP_NO_ACK');
    return;
  }
  if (tcp_ack(sk, skb) < 0) {
    kfree_skb_reason(skb, 'TCP_ACK_UNSENT');
    return;
  }
  // Seventh, the segment text; eighth, FIN.
  tcp_data_queue(sk, skb);
  tcp_data_snd_check(sk);
  tcp_ack_snd_check(sk);
}

/**
 * A segment for a connection in any other state than ESTABLISHED, LISTEN and TIME_WAIT: the checks of RFC 9293
 * 3.10.7.4, in its order. Its third, security, and its sixth, urgent data, are not for us.
 * @packet skb
 */
export function tcp_rcv_state_process(sk: tcp_sock, skb: sk_buff): void {
  if (sk.sk_state === TCP_SYN_SENT) {
    tcp_rcv_synsent_state_process(sk, skb);
    return;
  }
  if (!tcp_validate_incoming(sk, skb)) {
    return;
  }
  // Fifth, the ACK field.
  if (!(skb.tcp_flags & TH_ACK)) {
    kfree_skb_reason(skb, 'TCP_NO_ACK');
    return;
  }
  if (sk.sk_state === TCP_SYN_RECV && (!after(skb.ack_seq, sk.snd_una) || after(skb.ack_seq, sk.snd_nxt))) {
    tcp_v4_send_reset(skb);
    kfree_skb_reason(skb, 'TCP_BAD_ACK');
    return;
  }
  if (tcp_ack(sk, skb) < 0) {
    kfree_skb_reason(skb, 'TCP_ACK_UNSENT');
    return;
  }
  if (!tcp_rcv_acked_fin(sk)) {
    kfree_skb(skb);
    return;
  }
  // Seventh, the segment text; eighth, FIN.
  if (skb.seq !== skb.end_seq && sk.sk_state !== TCP_ESTABLISHED && tcp_data_after_close(sk, skb)) {
    return;
  }
  tcp_data_queue(sk, skb);
  tcp_data_snd_check(sk);
  tcp_ack_snd_check(sk);
}

/**
 * State changes that an acceptable acknowledgement brings. Returns false when the connection needs no data any more.
 */
function tcp_rcv_acked_fin(sk: tcp_sock): boolean {
  switch (sk.sk_state) {
    case TCP_SYN_RECV:
      tcp_finish_connect(sk);
      return true;
    case TCP_FIN_WAIT1:
      if (tcp_all_acked(sk)) {
        tcp_set_state(sk, TCP_FIN_WAIT2);
        if (sk.sk_dead) {
          mod_timer(sk.sk_timer, cpu_get_ns() + TCP_FIN_TIMEOUT);
        }
      }
      return true;
    case TCP_CLOSING:
      if (tcp_all_acked(sk)) {
        tcp_time_wait(sk);
        return false;
      }
      return true;
    case TCP_LAST_ACK:
      if (tcp_all_acked(sk)) {
        tcp_done(sk);
        sock_def_readable(sk);
        return false;
      }
      return true;
    default:
      return true;
  }
}

/**
 * Data that comes when no program reads any more: after the peer's FIN it makes no sense, before it the connection is
 * reset. Returns true when the segment has been dealt with.
 * @packet skb
 */
function tcp_data_after_close(sk: tcp_sock, skb: sk_buff): boolean {
  const half_open = sk.sk_state === TCP_FIN_WAIT1 || sk.sk_state === TCP_FIN_WAIT2;
  if (!half_open) {
    tcp_send_ack(sk);
    kfree_skb_reason(skb, 'TCP_AFTER_FIN');
    return true;
  }
  if (sk.sk_dead && skb.len > 0 && after((skb.seq + skb.len) >>> 0, sk.rcv_nxt)) {
    tcp_v4_send_reset(skb);
    tcp_reset(sk);
    kfree_skb_reason(skb, 'TCP_AFTER_CLOSE');
    return true;
  }
  return false;
}

/**
 * The answer to our SYN (RFC 9293 3.10.7.3).
 * @packet skb
 */
export function tcp_rcv_synsent_state_process(sk: tcp_sock, skb: sk_buff): void {
  const flags = skb.tcp_flags;
  // First, ACK.
  if (flags & TH_ACK && (!after(skb.ack_seq, sk.snd_una) || after(skb.ack_seq, sk.snd_nxt))) {
    if (flags & TH_RST) {
      kfree_skb_reason(skb, 'TCP_BAD_RST');
      return;
    }
    tcp_v4_send_reset(skb);
    kfree_skb_reason(skb, 'TCP_BAD_ACK');
    return;
  }
  // Second, RST.
  if (flags & TH_RST) {
    if (flags & TH_ACK) {
      tcp_reset(sk);
      kfree_skb(skb);
    } else {
      kfree_skb_reason(skb, 'TCP_BAD_RST');
    }
    return;
  }
  // Fourth, SYN; fifth, neither SYN nor RST.
  if (!(flags & TH_SYN)) {
    kfree_skb_reason(skb, 'TCP_NO_SYN');
    return;
  }
  tcp_parse_mss(sk, skb);
  sk.rcv_nxt = (skb.seq + 1) >>> 0;
  sk.rcv_wup = sk.rcv_nxt;
  tcp_ack_update_window(sk, skb);
  if (!(flags & TH_ACK)) {
    // Both sides have called at once (RFC 9293 figure 7): answer the SYN with ours, acknowledged.
    tcp_set_state(sk, TCP_SYN_RECV);
    const first = sk.sk_write_queue.first;
    if (first) {
      first.tcp_flags |= TH_ACK;
    }
    tcp_send_ack(sk);
    kfree_skb(skb);
    return;
  }
  tcp_ack(sk, skb);
  tcp_finish_connect(sk);
  tcp_send_ack(sk);
  kfree_skb(skb);
}

/** The handshake is complete: tells who waits for it, the program that connects or the one that accepts. */
export function tcp_finish_connect(sk: tcp_sock): void {
  tcp_set_state(sk, TCP_ESTABLISHED);
  sk.icsk_retransmits = 0;
  const listener = sk.rsk_listener;
  if (listener) {
    listener.icsk_accept_queue.push(sk);
    sock_def_readable(listener);
    return;
  }
  sock_def_write_space(sk);
}

/**
 * The checks of RFC 9293 3.10.7.4 and RFC 5961 on sequence number, RST and SYN. Returns false when the segment has been
 * dealt with.
 * @packet skb
 */
export function tcp_validate_incoming(sk: tcp_sock, skb: sk_buff): boolean {
  // First, the sequence number.
  if (!tcp_sequence(sk, skb.seq, skb.end_seq)) {
    if (!(skb.tcp_flags & TH_RST)) {
      tcp_send_ack(sk);
    }
    kfree_skb_reason(skb, before(skb.end_seq, sk.rcv_nxt) ? 'TCP_DUPLICATE' : 'TCP_OUT_OF_WINDOW');
    return false;
  }
  // Second, RST: the next number resets, any other is challenged (RFC 5961 3.2).
  if (skb.tcp_flags & TH_RST) {
    if (skb.seq === sk.rcv_nxt) {
      tcp_reset(sk);
      kfree_skb(skb);
      return false;
    }
    tcp_send_ack(sk);
    kfree_skb_reason(skb, 'TCP_BAD_RST');
    return false;
  }
  // Fourth, SYN: challenged (RFC 5961 4.2).
  if (skb.tcp_flags & TH_SYN) {
    tcp_send_ack(sk);
    kfree_skb_reason(skb, 'TCP_BAD_SYN');
    return false;
  }
  return true;
}

/**
 * True when some of `seq`..`end_seq` can be of use.
 * @nodebug
 */
export function tcp_sequence(sk: tcp_sock, seq: number, end_seq: number): boolean {
  return !before(end_seq, sk.rcv_wup) && !after(seq, (sk.rcv_nxt + tcp_receive_window(sk)) >>> 0);
}

/** The peer has reset the connection. */
export function tcp_reset(sk: tcp_sock): void {
  sk.sk_err = sk.sk_state === TCP_SYN_SENT ? ECONNREFUSED : sk.sk_state === TCP_CLOSE_WAIT ? EPIPE : ECONNRESET;
  tcp_done(sk);
  sk_error_report(sk);
}

/**
 * Takes the data of a segment in: in order to the reader, out of order to wait for what is missing.
 * @packet skb
 */
export function tcp_data_queue(sk: tcp_sock, skb: sk_buff): void {
  if (skb.seq === skb.end_seq) {
    kfree_skb(skb);
    return;
  }
  if (!after(skb.end_seq, sk.rcv_nxt)) {
    tcp_send_ack(sk);
    kfree_skb_reason(skb, 'TCP_DUPLICATE');
    return;
  }
  const window = tcp_receive_window(sk);
  if (window === 0 || !before(skb.seq, (sk.rcv_nxt + window) >>> 0)) {
    tcp_send_ack(sk);
    kfree_skb_reason(skb, window === 0 ? 'GUEST_RCVBUF' : 'TCP_OUT_OF_WINDOW');
    return;
  }
  if (after(skb.seq, sk.rcv_nxt)) {
    tcp_data_queue_ofo(sk, skb);
    return;
  }
  tcp_queue_rcv(sk, skb);
  tcp_ofo_queue(sk);
  sock_def_readable(sk);
}

/**
 * Appends a segment that continues the stream to the receive queue, without what is there already.
 * @packet skb
 */
export function tcp_queue_rcv(sk: tcp_sock, skb: sk_buff): void {
  const fin = (skb.tcp_flags & TH_FIN) !== 0;
  skb_pull(skb, Math.min(skb.len, (sk.rcv_nxt - skb.seq) | 0));
  sk.rcv_nxt = skb.end_seq;
  sk.sk_rmem += skb.len;
  const last = sk.sk_receive_queue.last;
  if (skb.len === 0) {
    kfree_skb(skb);
  } else if (last && skb_tailroom(last) >= skb.len && !skb_cloned(last)) {
    // Small segments share a buffer, so that a window of them cannot use up memory.
    const len = skb.len;
    last.head.copyWithin(skb_put(last, len), skb.data, skb.data + len);
    kfree_skb(skb);
  } else {
    skb_queue_tail(sk.sk_receive_queue, skb);
  }
  if (fin) {
    tcp_fin(sk);
  }
}

/**
 * Queues a segment that comes before its turn, ordered by its first byte, and repeats the acknowledgement.
 * @packet skb
 */
export function tcp_data_queue_ofo(sk: tcp_sock, skb: sk_buff): void {
  const q = sk.out_of_order_queue;
  let prev: sk_buff | null = null;
  for (let p = q.first; p && !after(p.seq, skb.seq); p = p.next) {
    prev = p;
  }
  tcp_send_ack(sk);
  if ((prev && !after(skb.end_seq, prev.end_seq)) || q.qlen >= OFO_QUEUE_LEN) {
    kfree_skb_reason(skb, q.qlen >= OFO_QUEUE_LEN ? 'TCP_REASS_FULL' : 'TCP_DUPLICATE');
    return;
  }
  skb_queue_after(q, prev, skb);
}

/**
 * Moves what now continues the stream from the out of order queue to the receive queue.
 * @packet skb
 */
export function tcp_ofo_queue(sk: tcp_sock): void {
  const q = sk.out_of_order_queue;
  while (q.first && !after(q.first.seq, sk.rcv_nxt)) {
    const skb = skb_dequeue(q)!;
    if (after(skb.end_seq, sk.rcv_nxt)) {
      tcp_queue_rcv(sk, skb);
      sk.ack_pending = true;
      sk.quick_acks = Math.max(sk.quick_acks, 1);
    } else {
      kfree_skb_reason(skb, 'TCP_DUPLICATE');
    }
  }
}

/** The peer will send no more. */
export function tcp_fin(sk: tcp_sock): void {
  sk.sk_shutdown |= RCV_SHUTDOWN;
  sk.quick_acks = Math.max(sk.quick_acks, 1);
  switch (sk.sk_state) {
    case TCP_SYN_RECV:
    case TCP_ESTABLISHED:
      tcp_set_state(sk, TCP_CLOSE_WAIT);
      break;
    case TCP_FIN_WAIT1:
      tcp_send_ack(sk);
      tcp_set_state(sk, TCP_CLOSING);
      break;
    case TCP_FIN_WAIT2:
      tcp_send_ack(sk);
      tcp_time_wait(sk);
      break;
    default:
  }
}

/** Sends what an acknowledgement or a window has made possible, and wakes a writer that waits for room. */
export function tcp_data_snd_check(sk: tcp_sock): void {
  if (sk.sk_send_head) {
    __tcp_push_pending_frames(sk);
  }
  if (sk.sk_nospace && sk.sk_wmem <= TCP_RCVBUF) {
    sk.sk_nospace = false;
    if (!(sk.sk_shutdown & SEND_SHUTDOWN)) {
      sock_def_write_space(sk);
    }
  }
}

/**
 * Acknowledges received data: at once for every second segment, at the start, and while segments are missing; else a
 * little later.
 */
export function tcp_ack_snd_check(sk: tcp_sock): void {
  const unacked = (sk.rcv_nxt - sk.rcv_wup) | 0;
  if (unacked === 0 || sk.sk_state === TCP_CLOSE || sk.sk_state === TCP_TIME_WAIT) {
    return;
  }
  if (unacked > sk.mss_cache || sk.quick_acks > 0 || sk.out_of_order_queue.qlen > 0) {
    tcp_send_ack(sk);
    return;
  }
  tcp_send_delayed_ack(sk);
}

/**
 * Takes the MSS option of a SYN, whose options lie between its header and `skb.data`.
 * @packet skb
 */
export function tcp_parse_mss(sk: tcp_sock, skb: sk_buff): void {
  const b = skb.head;
  const end = skb.data;
  for (let p = skb.transport_header + TCP_HLEN; p < end; ) {
    const kind = b[p + TCPOPT_KIND]!;
    if (kind === TCPOPT_EOL) {
      break;
    }
    if (kind === TCPOPT_NOP) {
      p++;
      continue;
    }
    const len = p + TCPOPT_LEN < end ? b[p + TCPOPT_LEN]! : 0;
    if (len < TCPOPT_DATA || p + len > end) {
      break;
    }
    if (kind === TCPOPT_MAXSEG && len === TCPOLEN_MAXSEG) {
      const mss = rd16(b, p + TCPOPT_DATA);
      sk.mss_cache = Math.max(TCP_MIN_MSS, Math.min(mss === 0 ? TCP_ADVMSS : mss, TCP_ADVMSS));
    }
    p += len;
  }
}
