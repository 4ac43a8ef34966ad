/** TCP's timers (net/ipv4/tcp_timer.c; RFC 6298). */

import { cpu_get_ns } from '../softmmu/cpus.ts';
import { ETIMEDOUT } from './errno.ts';
import { sk_error_report } from './sock.ts';
import { tcp_done } from './tcp.ts';
import {
  tcp_check_probe_timer,
  tcp_rearm_rto,
  tcp_retransmit_skb,
  tcp_send_ack,
  tcp_write_wakeup,
} from './tcp_output.ts';
import {
  ICSK_TIME_NONE,
  ICSK_TIME_PROBE0,
  ICSK_TIME_RETRANS,
  TCP_CA_Loss,
  TCP_CLOSE,
  TCP_DELACK_TIME,
  TCP_RTO_MAX,
  TCP_SYN_RECV,
  TCP_SYN_SENT,
  tcp_sock,
} from './tcp_sock.ts';
import { mod_timer } from './timer.ts';

/**
 * Retransmissions before a connection counts as dead: of a SYN, a SYN-ACK, data (`tcp_syn_retries`,
 * `tcp_synack_retries`, `tcp_retries2`).
 */
const TCP_SYN_RETRIES = 6;
const TCP_SYNACK_RETRIES = 5;
const TCP_RETR2 = 15;

/** The retransmission timer went off. */
export function tcp_write_timer(sk: tcp_sock): void {
  const event = sk.icsk_pending;
  sk.icsk_pending = ICSK_TIME_NONE;
  if (sk.sk_state === TCP_CLOSE) {
    return;
  }
  if (event === ICSK_TIME_RETRANS) {
    tcp_retransmit_timer(sk);
  } else if (event === ICSK_TIME_PROBE0) {
    tcp_probe_timer(sk);
  }
}

/**
 * No acknowledgement in time: takes all that is in flight for lost, starts again with one segment, doubles the
 * time-out.
 * @packet first
 */
export function tcp_retransmit_timer(sk: tcp_sock): void {
  const first = sk.sk_write_queue.first;
  if (!first || sk.packets_out === 0) {
    return;
  }
  if (tcp_write_timeout(sk)) {
    return;
  }
  tcp_enter_loss(sk);
  sk.icsk_retransmits++;
  sk.icsk_backoff++;
  tcp_retransmit_skb(sk, first);
  sk.icsk_rto = Math.min(sk.icsk_rto * 2, TCP_RTO_MAX);
  tcp_rearm_rto(sk);
}

/** Gives the connection up after too many tries. */
export function tcp_write_timeout(sk: tcp_sock): boolean {
  const limit =
    sk.sk_state === TCP_SYN_SENT ? TCP_SYN_RETRIES : sk.sk_state === TCP_SYN_RECV ? TCP_SYNACK_RETRIES : TCP_RETR2;
  if (Math.max(sk.icsk_retransmits, sk.icsk_probes_out) < limit) {
    return false;
  }
  tcp_write_err(sk);
  return true;
}

/** Ends a connection whose peer does not answer. */
export function tcp_write_err(sk: tcp_sock): void {
  sk.sk_err = ETIMEDOUT;
  tcp_done(sk);
  sk_error_report(sk);
}

/**
 * Marks all segments in flight lost (RFC 5681 3.1, equation 4).
 * @packet skb
 */
export function tcp_enter_loss(sk: tcp_sock): void {
  if (sk.icsk_ca_state !== TCP_CA_Loss) {
    sk.snd_ssthresh = Math.max(2, (sk.packets_out - sk.lost_out) >> 1);
  }
  sk.icsk_ca_state = TCP_CA_Loss;
  sk.high_seq = sk.snd_nxt;
  sk.snd_cwnd = 1;
  sk.snd_cwnd_cnt = 0;
  sk.dup_acks = 0;
  for (let skb = sk.sk_write_queue.first; skb && skb !== sk.sk_send_head; skb = skb.next) {
    skb.lost = true;
    skb.retransmitted = false;
  }
  sk.lost_out = sk.packets_out;
}

/** The peer's window is still closed. */
export function tcp_probe_timer(sk: tcp_sock): void {
  if (!sk.sk_send_head || sk.packets_out > 0) {
    return;
  }
  if (tcp_write_timeout(sk)) {
    return;
  }
  sk.icsk_probes_out++;
  sk.icsk_backoff++;
  tcp_write_wakeup(sk);
  if (sk.packets_out === 0 && sk.sk_send_head) {
    tcp_check_probe_timer(sk);
  }
}

/** An acknowledgement was held back long enough. */
export function tcp_delack_timer(sk: tcp_sock): void {
  if (sk.ack_pending && sk.sk_state !== TCP_CLOSE) {
    tcp_send_ack(sk);
  }
}

/** Holds an acknowledgement back for a while. */
export function tcp_send_delayed_ack(sk: tcp_sock): void {
  sk.ack_pending = true;
  if (!sk.icsk_delack_timer.pending) {
    mod_timer(sk.icsk_delack_timer, cpu_get_ns() + TCP_DELACK_TIME);
  }
}

/** FIN_WAIT2 without a program, or TIME_WAIT, has lasted long enough. */
export function tcp_keepalive_timer(sk: tcp_sock): void {
  tcp_done(sk);
}

/** A new socket, with its timers (`inet_csk_init_xmit_timers`). */
export function tcp_sk_alloc(): tcp_sock {
  return new tcp_sock(tcp_write_timer, tcp_delack_timer, tcp_keepalive_timer);
}
