/** Acknowledgements: round trip time, congestion window, recovery (net/ipv4/tcp_input.c; RFC 5681, 6298, 6582). */

import { cpu_get_ns } from '../softmmu/cpus.ts';
import { TH_SYN } from '../wire/tcp.ts';
import { after, before } from './lib.ts';
import type { sk_buff } from './sk_buff.ts';
import { skb_dequeue } from './skb_queue.ts';
import { kfree_skb } from './skbuff.ts';
import {
  tcp_check_probe_timer,
  tcp_rearm_rto,
  tcp_retransmit_skb,
  tcp_send_ack,
  tcp_trim_head,
  tcp_xmit_retransmit_queue,
} from './tcp_output.ts';
import {
  ICSK_TIME_NONE,
  ICSK_TIME_PROBE0,
  TCP_CA_Loss,
  TCP_CA_Open,
  TCP_CA_Recovery,
  TCP_RTO_MAX,
  TCP_RTO_MIN,
  type tcp_sock,
  tcp_window_field,
  tcp_wnd_end,
} from './tcp_sock.ts';
import { del_timer } from './timer.ts';

/** Duplicate acknowledgements that mean a loss. */
const TCP_FASTRETRANS_THRESH = 3;

/**
 * Processes the acknowledgement of a segment. Returns 1 when it is good, 0 when it is old, -1 when it acknowledges what
 * was never sent.
 * @packet skb
 */
export function tcp_ack(sk: tcp_sock, skb: sk_buff): number {
  const ack = skb.ack_seq;
  if (before(ack, sk.snd_una)) {
    return 0;
  }
  if (after(ack, sk.snd_nxt)) {
    tcp_send_ack(sk);
    return -1;
  }
  const prior_una = sk.snd_una;
  const prior_out = sk.packets_out;
  const window_changed = tcp_ack_update_window(sk, skb);
  sk.icsk_probes_out = 0;
  if (ack !== prior_una) {
    sk.snd_una = ack;
    tcp_clean_rtx_queue(sk);
    tcp_ack_advanced(sk, prior_out - sk.packets_out);
  } else if (prior_out > 0 && skb.seq === skb.end_seq && !window_changed) {
    tcp_dup_ack(sk);
  }
  if (sk.packets_out === 0) {
    tcp_ack_probe(sk);
  }
  return 1;
}

/**
 * Takes the peer's window over, unless the segment is older than the one it came with. Returns true when it has
 * changed.
 * @packet skb
 */
export function tcp_ack_update_window(sk: tcp_sock, skb: sk_buff): boolean {
  const window = tcp_window_field(skb);
  const newer = after(skb.ack_seq, sk.snd_una) || after(skb.seq, sk.snd_wl1);
  if (!newer && !(skb.seq === sk.snd_wl1 && window > sk.snd_wnd) && sk.max_window > 0) {
    return false;
  }
  const changed = window !== sk.snd_wnd;
  sk.snd_wnd = window;
  sk.snd_wl1 = skb.seq;
  sk.max_window = Math.max(sk.max_window, window);
  return changed;
}

/**
 * Frees the segments that are acknowledged, and takes the round trip time of those that were sent once.
 * @packet skb
 */
export function tcp_clean_rtx_queue(sk: tcp_sock): void {
  let sent_at = -1;
  let ambiguous = false;
  for (;;) {
    const skb = sk.sk_write_queue.first;
    if (!skb || skb === sk.sk_send_head) {
      break;
    }
    if (after(skb.end_seq, sk.snd_una)) {
      if (before(skb.seq, sk.snd_una) && skb.len > 0) {
        tcp_trim_head(sk, skb);
      }
      break;
    }
    ambiguous ||= skb.lost || skb.retransmitted;
    sent_at = skb.tstamp;
    if (skb.lost && !skb.retransmitted) {
      sk.lost_out--;
    }
    sk.packets_out--;
    sk.sk_wmem -= skb.tcp_flags & TH_SYN ? 0 : skb.len;
    kfree_skb(skb_dequeue(sk.sk_write_queue)!);
  }
  if (sent_at >= 0 && !ambiguous) {
    tcp_rtt_estimator(sk, cpu_get_ns() - sent_at);
  }
}

/** Smooths a measured round trip time and derives the time-out (RFC 6298 section 2). */
export function tcp_rtt_estimator(sk: tcp_sock, rtt: number): void {
  if (sk.srtt === 0) {
    sk.srtt = Math.max(1, rtt);
    sk.rttvar = rtt / 2;
  } else {
    sk.rttvar += (Math.abs(sk.srtt - rtt) - sk.rttvar) / 4;
    sk.srtt += (rtt - sk.srtt) / 8;
  }
  sk.icsk_rto = Math.min(TCP_RTO_MAX, sk.srtt + Math.max(TCP_RTO_MIN, 4 * sk.rttvar));
}

/**
 * New data was acknowledged, `acked` segments: leaves or continues recovery, grows the congestion window.
 * @packet first
 */
export function tcp_ack_advanced(sk: tcp_sock, acked: number): void {
  sk.icsk_retransmits = 0;
  sk.icsk_backoff = 0;
  sk.dup_acks = 0;
  if (sk.srtt > 0) {
    sk.icsk_rto = Math.min(TCP_RTO_MAX, sk.srtt + Math.max(TCP_RTO_MIN, 4 * sk.rttvar));
  }
  if (sk.icsk_ca_state !== TCP_CA_Open && !before(sk.snd_una, sk.high_seq)) {
    if (sk.icsk_ca_state === TCP_CA_Recovery) {
      sk.snd_cwnd = Math.max(2, sk.snd_ssthresh);
    }
    sk.icsk_ca_state = TCP_CA_Open;
  }
  if (sk.icsk_ca_state === TCP_CA_Recovery) {
    // A partial acknowledgement shows the next hole (RFC 6582).
    sk.snd_cwnd = Math.max(1, sk.snd_cwnd - acked + 1);
    const first = sk.sk_write_queue.first;
    if (first && first !== sk.sk_send_head) {
      tcp_retransmit_skb(sk, first);
    }
  } else {
    tcp_cong_avoid(sk, acked);
  }
  if (sk.icsk_ca_state === TCP_CA_Loss) {
    tcp_xmit_retransmit_queue(sk);
  }
  tcp_rearm_rto(sk);
}

/** Slow start, then congestion avoidance (RFC 5681 3.1). */
export function tcp_cong_avoid(sk: tcp_sock, acked: number): void {
  if (sk.snd_cwnd < sk.snd_ssthresh) {
    sk.snd_cwnd = Math.min(sk.snd_cwnd + acked, 65535);
    return;
  }
  sk.snd_cwnd_cnt += acked;
  if (sk.snd_cwnd_cnt >= sk.snd_cwnd) {
    sk.snd_cwnd_cnt -= sk.snd_cwnd;
    sk.snd_cwnd = Math.min(sk.snd_cwnd + 1, 65535);
  }
}

/** The same acknowledgement again: three of them mean that the segment behind it is lost (RFC 5681 3.2). */
export function tcp_dup_ack(sk: tcp_sock): void {
  sk.dup_acks++;
  if (sk.icsk_ca_state === TCP_CA_Recovery) {
    sk.snd_cwnd++;
    return;
  }
  if (sk.icsk_ca_state === TCP_CA_Open && sk.dup_acks === TCP_FASTRETRANS_THRESH) {
    tcp_enter_recovery(sk);
  }
}

/** Fast retransmit. */
export function tcp_enter_recovery(sk: tcp_sock): void {
  sk.icsk_ca_state = TCP_CA_Recovery;
  sk.high_seq = sk.snd_nxt;
  sk.snd_ssthresh = Math.max(2, sk.packets_out >> 1);
  sk.snd_cwnd = sk.snd_ssthresh + TCP_FASTRETRANS_THRESH;
  tcp_retransmit_skb(sk, sk.sk_write_queue.first!);
  tcp_rearm_rto(sk);
}

/**
 * Nothing is in flight: the window is open again, or is to be probed.
 * @packet next
 */
export function tcp_ack_probe(sk: tcp_sock): void {
  const next = sk.sk_send_head;
  if (!next) {
    if (sk.icsk_pending === ICSK_TIME_PROBE0) {
      sk.icsk_pending = ICSK_TIME_NONE;
      del_timer(sk.icsk_retransmit_timer);
    }
    return;
  }
  if (!after(next.end_seq, tcp_wnd_end(sk))) {
    sk.icsk_backoff = 0;
    sk.icsk_pending = ICSK_TIME_NONE;
    del_timer(sk.icsk_retransmit_timer);
  } else if (sk.icsk_pending === ICSK_TIME_NONE) {
    tcp_check_probe_timer(sk);
  }
}
