/** TCP out: segments, windows, retransmission (net/ipv4/tcp_output.c; RFC 9293 3.8). */

import { cpu_get_ns } from '../softmmu/cpus.ts';
import { drop_nothing } from '../util/drop.ts';
import { wr16, wr32 } from '../wire/bytes.ts';
import { IPPROTO_TCP } from '../wire/ip.ts';
import {
  set_th_off,
  TCP_HLEN,
  TCPOLEN_MAXSEG,
  TCPOPT_DATA,
  TCPOPT_KIND,
  TCPOPT_LEN,
  TCPOPT_MAXSEG,
  TH_ACK,
  TH_ACKNO,
  TH_DPORT,
  TH_FIN,
  TH_FLAGS,
  TH_PUSH,
  TH_RST,
  TH_SEQ,
  TH_SPORT,
  TH_SUM,
  TH_SYN,
  TH_URP,
  TH_WIN,
} from '../wire/tcp.ts';
import { ip_queue_xmit } from './ip_output.ts';
import { guest_os } from './kernel.ts';
import { after, before, csum_fold, csum_partial, csum_tcpudp_nofold } from './lib.ts';
import type { sk_buff } from './sk_buff.ts';
import { skb_queue_after, skb_queue_tail } from './skb_queue.ts';
import { alloc_skb, skb_clone, skb_pull, skb_push, skb_put } from './skbuff.ts';
import {
  ICSK_TIME_NONE,
  ICSK_TIME_PROBE0,
  ICSK_TIME_RETRANS,
  TCP_ADVMSS,
  TCP_RCVBUF,
  TCP_RTO_MAX,
  TCP_SYN_RECV,
  TCP_SYN_SENT,
  tcp_receive_window,
  type tcp_sock,
  tcp_wnd_end,
} from './tcp_sock.ts';
import { del_timer, mod_timer } from './timer.ts';

/**
 * Sends a segment: `clone` when it stays in the write queue. Its header carries the state of the connection as it is
 * now.
 * @packet skb
 */
export function tcp_transmit_skb(sk: tcp_sock, skb: sk_buff, clone: boolean): void {
  skb.tstamp = cpu_get_ns();
  const out = clone ? skb_clone(skb) : skb;
  out.retransmitted = skb.retransmitted;
  const syn = (skb.tcp_flags & TH_SYN) !== 0;
  const doff = TCP_HLEN + (syn ? TCPOLEN_MAXSEG : 0);
  const data_len = out.len;
  const p = skb_push(out, doff);
  const b = out.head;
  const with_ack = (skb.tcp_flags & TH_ACK) !== 0;
  tcp_write_header(b, p, sk.inet_num, sk.inet_dport, skb.seq, with_ack ? sk.rcv_nxt : 0, skb.tcp_flags, doff);
  wr16(b, p + TH_WIN, syn ? Math.min(TCP_RCVBUF, 65535) : tcp_select_window(sk));
  if (syn) {
    b[p + TCP_HLEN + TCPOPT_KIND] = TCPOPT_MAXSEG;
    b[p + TCP_HLEN + TCPOPT_LEN] = TCPOLEN_MAXSEG;
    wr16(b, p + TCP_HLEN + TCPOPT_DATA, TCP_ADVMSS);
  }
  if (with_ack) {
    sk.ack_pending = false;
    if (sk.quick_acks > 0) {
      sk.quick_acks--;
    }
  }
  sk.bytes_sent += data_len;
  tcp_v4_send_check(out, sk.inet_saddr, sk.inet_daddr);
  ip_queue_xmit(sk, out);
}

/**
 * Writes a TCP header; window, checksum and options are the caller's.
 * @nodebug
 */
export function tcp_write_header(
  b: Uint8Array,
  p: number,
  sport: number,
  dport: number,
  seq: number,
  ack: number,
  flags: number,
  doff: number,
): void {
  wr16(b, p + TH_SPORT, sport);
  wr16(b, p + TH_DPORT, dport);
  wr32(b, p + TH_SEQ, seq);
  wr32(b, p + TH_ACKNO, ack);
  set_th_off(b, p, doff);
  b[p + TH_FLAGS] = flags;
  wr16(b, p + TH_WIN, 0);
  wr16(b, p + TH_SUM, 0);
  wr16(b, p + TH_URP, 0);
}

/**
 * Fills in the checksum of the segment at `skb.data`.
 * @nodebug
 */
export function tcp_v4_send_check(skb: sk_buff, saddr: number, daddr: number): void {
  const pseudo = csum_tcpudp_nofold(saddr, daddr, skb.len, IPPROTO_TCP);
  wr16(skb.head, skb.data + TH_SUM, csum_fold(csum_partial(skb.head, guest_os().ram32, skb.data, skb.len, pseudo)));
}

/**
 * The window to advertise: never smaller than what the peer knows, and grown only by a full segment or half the buffer
 * (RFC 9293 3.8.6.2.2).
 * @nodebug
 */
export function __tcp_select_window(sk: tcp_sock): number {
  const free = TCP_RCVBUF - sk.sk_rmem;
  const now = tcp_receive_window(sk);
  return free - now >= Math.min(TCP_RCVBUF / 2, sk.mss_cache) ? free : Math.min(now, TCP_RCVBUF);
}

/**
 * Chooses the window for a segment that goes out now, and remembers it.
 * @nodebug
 */
export function tcp_select_window(sk: tcp_sock): number {
  sk.rcv_wnd = __tcp_select_window(sk);
  sk.rcv_wup = sk.rcv_nxt;
  return sk.rcv_wnd;
}

/** Sends what the windows allow. */
export function __tcp_push_pending_frames(sk: tcp_sock): void {
  if (sk.sk_send_head) {
    tcp_write_xmit(sk);
  }
}

/**
 * Sends segments of the write queue as far as the congestion window, the peer's window and Nagle's rule allow.
 * @packet skb
 */
export function tcp_write_xmit(sk: tcp_sock): void {
  while (sk.sk_send_head && sk.packets_out - sk.lost_out < sk.snd_cwnd) {
    const skb: sk_buff = sk.sk_send_head;
    const room = (tcp_wnd_end(sk) - skb.seq) | 0;
    if (skb.len > 0 && room < skb.len) {
      // Cut a segment for a small window only when nothing else will open it (RFC 9293 3.8.6.2.1).
      if (room <= 0 || sk.packets_out > 0 || !tcp_fragment(sk, skb, room)) {
        break;
      }
    }
    const small = skb.len < sk.mss_cache && skb.next === null && !(skb.tcp_flags & TH_FIN);
    if (small && sk.packets_out > 0 && skb.len > 0) {
      break;
    }
    tcp_transmit_skb(sk, skb, true);
    tcp_event_new_data_sent(sk, skb);
  }
  if (sk.sk_send_head && sk.packets_out === 0 && sk.icsk_pending === ICSK_TIME_NONE) {
    tcp_check_probe_timer(sk);
  }
}

/**
 * A segment went out for the first time.
 * @packet skb
 */
export function tcp_event_new_data_sent(sk: tcp_sock, skb: sk_buff): void {
  sk.sk_send_head = skb.next;
  sk.snd_nxt = skb.end_seq;
  sk.packets_out++;
  if (sk.icsk_pending !== ICSK_TIME_RETRANS) {
    tcp_rearm_rto(sk);
  }
}

/** Restarts the retransmission timer, or stops it when nothing is in flight. */
export function tcp_rearm_rto(sk: tcp_sock): void {
  if (sk.packets_out === 0) {
    if (sk.icsk_pending === ICSK_TIME_RETRANS) {
      sk.icsk_pending = ICSK_TIME_NONE;
      del_timer(sk.icsk_retransmit_timer);
    }
    return;
  }
  sk.icsk_pending = ICSK_TIME_RETRANS;
  mod_timer(sk.icsk_retransmit_timer, cpu_get_ns() + Math.min(TCP_RTO_MAX, sk.icsk_rto));
}

/** There is data, nothing in flight and no window: probes it from time to time. */
export function tcp_check_probe_timer(sk: tcp_sock): void {
  sk.icsk_pending = ICSK_TIME_PROBE0;
  const wait = Math.min(TCP_RTO_MAX, sk.icsk_rto * 2 ** sk.icsk_backoff);
  mod_timer(sk.icsk_retransmit_timer, cpu_get_ns() + wait);
}

/**
 * Cuts a segment of the write queue behind `len` bytes. Returns false when there is no memory for the rest.
 * @packet skb
 */
export function tcp_fragment(sk: tcp_sock, skb: sk_buff, len: number): boolean {
  const rest = alloc_skb(skb.len - len);
  if (!rest) {
    return false;
  }
  const n = skb.len - len;
  rest.head.copyWithin(skb_put(rest, n), skb.data + len, skb.data + skb.len);
  rest.seq = (skb.seq + len) >>> 0;
  rest.end_seq = skb.end_seq;
  rest.tcp_flags = skb.tcp_flags;
  rest.tstamp = 0;
  skb.tcp_flags &= ~(TH_FIN | TH_PUSH);
  skb.end_seq = rest.seq;
  skb.len = len;
  skb_queue_after(sk.sk_write_queue, skb, rest);
  return true;
}

/**
 * Takes bytes that were acknowledged off the front of a segment.
 * @packet skb
 */
export function tcp_trim_head(sk: tcp_sock, skb: sk_buff): void {
  const n = Math.min(skb.len, (sk.snd_una - skb.seq) | 0);
  skb_pull(skb, n);
  skb.seq = (skb.seq + n) >>> 0;
  sk.sk_wmem -= n;
}

/**
 * Sends a segment again. Returns false when the peer's window no longer takes it.
 * @packet skb
 */
export function tcp_retransmit_skb(sk: tcp_sock, skb: sk_buff): boolean {
  if (before(skb.seq, sk.snd_una) && skb.len > 0) {
    tcp_trim_head(sk, skb);
  }
  if (skb !== sk.sk_write_queue.first && after(skb.end_seq, tcp_wnd_end(sk))) {
    return false;
  }
  if (skb.lost && !skb.retransmitted) {
    sk.lost_out--;
  }
  skb.retransmitted = true;
  tcp_transmit_skb(sk, skb, true);
  return true;
}

/**
 * Sends lost segments again, as far as the congestion window allows.
 * @packet skb
 */
export function tcp_xmit_retransmit_queue(sk: tcp_sock): void {
  for (let skb = sk.sk_write_queue.first; skb && skb !== sk.sk_send_head; skb = skb.next) {
    if (sk.packets_out - sk.lost_out >= sk.snd_cwnd) {
      return;
    }
    if (skb.lost && !skb.retransmitted && !tcp_retransmit_skb(sk, skb)) {
      return;
    }
  }
}

/**
 * Acknowledges at once.
 * @packet skb
 */
export function tcp_send_ack(sk: tcp_sock): void {
  const skb = alloc_skb(0);
  del_timer(sk.icsk_delack_timer);
  if (!skb) {
    drop_nothing('GUEST_NO_MEMORY');
    return;
  }
  skb.seq = sk.snd_nxt;
  skb.tcp_flags = TH_ACK;
  tcp_transmit_skb(sk, skb, false);
}

/**
 * Sends a FIN: with the last segment if that is still here, else alone.
 * @packet last
 */
export function tcp_send_fin(sk: tcp_sock): void {
  const last = sk.sk_send_head ? sk.sk_write_queue.last : null;
  if (last) {
    last.tcp_flags |= TH_FIN;
    last.end_seq = (last.end_seq + 1) >>> 0;
    sk.write_seq = last.end_seq;
  } else {
    const skb = alloc_skb(0);
    if (!skb) {
      tcp_send_active_reset(sk);
      return;
    }
    tcp_add_write_queue_tail(sk, skb, TH_ACK | TH_FIN);
  }
  __tcp_push_pending_frames(sk);
}

/**
 * Resets the connection towards the peer.
 * @packet skb
 */
export function tcp_send_active_reset(sk: tcp_sock): void {
  const skb = alloc_skb(0);
  if (!skb) {
    drop_nothing('GUEST_NO_MEMORY');
    return;
  }
  skb.seq = sk.snd_nxt;
  skb.tcp_flags = TH_ACK | TH_RST;
  tcp_transmit_skb(sk, skb, false);
}

/**
 * Sends our SYN, or SYN-ACK in state SYN_RECV, and sets the timer. Returns false when there is no memory.
 * @packet skb
 */
export function tcp_send_syn(sk: tcp_sock): boolean {
  const skb = alloc_skb(0);
  if (!skb) {
    return false;
  }
  tcp_add_write_queue_tail(sk, skb, sk.sk_state === TCP_SYN_SENT ? TH_SYN : TH_SYN | TH_ACK);
  tcp_transmit_skb(sk, skb, true);
  tcp_event_new_data_sent(sk, skb);
  return sk.sk_state === TCP_SYN_SENT || sk.sk_state === TCP_SYN_RECV;
}

/**
 * Probes a closed window: a segment that the peer has seen makes it answer (or the next one, once there is room).
 * @packet next
 */
export function tcp_write_wakeup(sk: tcp_sock): void {
  const next = sk.sk_send_head;
  const room = next ? (tcp_wnd_end(sk) - next.seq) | 0 : 0;
  if (next && room > 0) {
    tcp_write_xmit(sk);
    return;
  }
  const skb = alloc_skb(0);
  if (!skb) {
    drop_nothing('GUEST_NO_MEMORY');
    return;
  }
  skb.seq = (sk.snd_una - 1) >>> 0;
  skb.tcp_flags = TH_ACK;
  tcp_transmit_skb(sk, skb, false);
}

/**
 * Appends a segment to the write queue; it starts at `write_seq`.
 * @nodebug
 */
export function tcp_add_write_queue_tail(sk: tcp_sock, skb: sk_buff, flags: number): void {
  skb.seq = sk.write_seq;
  skb.end_seq = (sk.write_seq + (flags & (TH_SYN | TH_FIN) ? 1 : 0)) >>> 0;
  skb.tcp_flags = flags;
  skb.tstamp = 0;
  skb_queue_tail(sk.sk_write_queue, skb);
  sk.write_seq = skb.end_seq;
  sk.sk_send_head ??= skb;
}
