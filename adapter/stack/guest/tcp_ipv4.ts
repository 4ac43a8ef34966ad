/**
 * TCP over IPv4: finding the connection of a segment, opening connections, resets (net/ipv4/tcp_ipv4.c,
 * tcp_minisocks.c).
 */

import { cpu_get_ns } from '../softmmu/cpus.ts';
import { qemu_random_u32 } from '../util/random.ts';
import { rd16, rd32 } from '../wire/bytes.ts';
import { IP_DST, IP_SRC, IPPROTO_TCP } from '../wire/ip.ts';
import {
  TCP_HLEN,
  TH_ACK,
  TH_ACKNO,
  TH_DPORT,
  TH_FIN,
  TH_FLAGS,
  TH_RST,
  TH_SEQ,
  TH_SPORT,
  TH_SYN,
  th_off,
} from '../wire/tcp.ts';
import { EADDRINUSE, ENETUNREACH, ENOBUFS } from './errno.ts';
import { guest_os } from './kernel.ts';
import { after, csum_fold_partial, csum_partial, csum_tcpudp_nofold } from './lib.ts';
import { inet_addr_type_local, inet_select_addr, ip_route_output } from './route.ts';
import { PACKET_HOST, type sk_buff } from './sk_buff.ts';
import { kfree_skb, kfree_skb_reason, skb_pull } from './skbuff.ts';
import { __inet_lookup_established, inet_ehash_insert, inet_hash_connect, sk_error_report } from './sock.ts';
import { tcp_done } from './tcp.ts';
import { tcp_parse_mss, tcp_rcv_established, tcp_rcv_state_process } from './tcp_input.ts';
import { tcp_v4_send_reset } from './tcp_minisocks.ts';
import { tcp_send_ack, tcp_send_syn } from './tcp_output.ts';
import {
  TCP_ESTABLISHED,
  TCP_LISTEN,
  TCP_SYN_RECV,
  TCP_SYN_SENT,
  TCP_TIME_WAIT,
  TCP_TIMEWAIT_LEN,
  type tcp_sock,
  tcp_window_field,
} from './tcp_sock.ts';
import { tcp_set_state } from './tcp_state.ts';
import { tcp_sk_alloc } from './tcp_timer.ts';
import { mod_timer } from './timer.ts';

/**
 * A TCP segment arrived: checks it, finds its connection.
 * @packet skb
 */
export function tcp_v4_rcv(skb: sk_buff): void {
  const b = skb.head;
  const th = skb.data;
  const doff = skb.len >= TCP_HLEN ? th_off(b, th) : 0;
  if (doff < TCP_HLEN || doff > skb.len) {
    kfree_skb_reason(skb, 'TCP_SHORT');
    return;
  }
  const pseudo = csum_tcpudp_nofold(skb.saddr, skb.daddr, skb.len, IPPROTO_TCP);
  if (csum_fold_partial(csum_partial(b, guest_os().ram32, th, skb.len, pseudo)) !== 0xffff) {
    kfree_skb_reason(skb, 'TCP_CSUM');
    return;
  }
  if (skb.pkt_type !== PACKET_HOST || !inet_addr_type_local(skb.daddr)) {
    kfree_skb_reason(skb, 'GUEST_NOT_OURS');
    return;
  }
  tcp_v4_fill_cb(skb, doff);
  const sk = __inet_lookup_skb(skb);
  if (!sk) {
    if (!(skb.tcp_flags & TH_RST)) {
      tcp_v4_send_reset(skb);
    }
    kfree_skb_reason(skb, skb.tcp_flags & TH_SYN ? 'GUEST_NO_LISTENER' : 'TCP_NO_CONN');
    return;
  }
  skb_pull(skb, doff);
  if (sk.sk_state === TCP_TIME_WAIT) {
    tcp_timewait_state_process(sk, skb);
    return;
  }
  tcp_v4_do_rcv(sk, skb);
}

/**
 * Takes sequence numbers and flags out of the header.
 * @nodebug
 */
function tcp_v4_fill_cb(skb: sk_buff, doff: number): void {
  const b = skb.head;
  const th = skb.transport_header;
  const flags = b[th + TH_FLAGS]!;
  skb.sport = rd16(b, th + TH_SPORT);
  skb.seq = rd32(b, th + TH_SEQ);
  skb.ack_seq = rd32(b, th + TH_ACKNO);
  skb.tcp_flags = flags;
  const control = (flags & TH_SYN ? 1 : 0) + (flags & TH_FIN ? 1 : 0);
  skb.end_seq = (skb.seq + skb.len - doff + control) >>> 0;
}

/**
 * The connection of a segment, or else who listens on its port.
 * @packet skb
 */
export function __inet_lookup_skb(skb: sk_buff): tcp_sock | null {
  const dport = rd16(skb.head, skb.transport_header + TH_DPORT);
  const sk = __inet_lookup_established(skb.saddr, skb.sport, skb.daddr, dport);
  return sk ?? guest_os().net.inet.lhash.get(dport) ?? null;
}

/**
 * Hands a segment to the code for its connection's state.
 * @packet skb
 */
export function tcp_v4_do_rcv(sk: tcp_sock, skb: sk_buff): void {
  if (sk.sk_state === TCP_ESTABLISHED) {
    tcp_rcv_established(sk, skb);
  } else if (sk.sk_state === TCP_LISTEN) {
    tcp_v4_conn_request(sk, skb);
  } else {
    tcp_rcv_state_process(sk, skb);
  }
}

/**
 * A segment for a listening socket: a SYN opens a connection, if the backlog has room (RFC 9293 3.10.7.2).
 * @packet skb
 */
export function tcp_v4_conn_request(sk: tcp_sock, skb: sk_buff): void {
  const flags = skb.tcp_flags;
  // First, RST; second, ACK; third, SYN.
  if (flags & TH_RST) {
    kfree_skb_reason(skb, 'TCP_BAD_RST');
    return;
  }
  if (flags & TH_ACK) {
    tcp_v4_send_reset(skb);
    kfree_skb_reason(skb, 'TCP_NO_CONN');
    return;
  }
  if (!(flags & TH_SYN)) {
    kfree_skb_reason(skb, 'TCP_NO_SYN');
    return;
  }
  if (flags & TH_FIN) {
    kfree_skb_reason(skb, 'TCP_SYN_FIN');
    return;
  }
  if (sk.sk_ack_backlog > sk.sk_max_ack_backlog) {
    kfree_skb_reason(skb, 'GUEST_BACKLOG');
    return;
  }
  tcp_v4_syn_recv_sock(sk, skb);
  kfree_skb(skb);
}

/**
 * Makes the connection that a SYN asks for, and answers it.
 * @packet skb
 */
export function tcp_v4_syn_recv_sock(listener: tcp_sock, skb: sk_buff): void {
  const sk = tcp_sk_alloc();
  tcp_set_state(sk, TCP_SYN_RECV);
  sk.inet_saddr = skb.daddr;
  sk.inet_num = listener.inet_num;
  sk.inet_daddr = skb.saddr;
  sk.inet_dport = skb.sport;
  sk.rsk_listener = listener;
  listener.sk_ack_backlog++;
  sk.rcv_nxt = (skb.seq + 1) >>> 0;
  sk.rcv_wup = sk.rcv_nxt;
  sk.snd_wnd = tcp_window_field(skb);
  sk.snd_wl1 = skb.seq;
  sk.max_window = sk.snd_wnd;
  tcp_parse_mss(sk, skb);
  tcp_init_sequence(sk);
  inet_ehash_insert(sk);
  if (!tcp_send_syn(sk)) {
    tcp_done(sk);
  }
}

/** Picks the first sequence number (RFC 6528 in spirit: a clock and a random part). */
function tcp_init_sequence(sk: tcp_sock): void {
  const isn = (qemu_random_u32() + Math.floor(cpu_get_ns() / 64)) >>> 0;
  sk.write_seq = isn;
  sk.snd_una = isn;
  sk.snd_nxt = isn;
}

/**
 * Starts to connect to `daddr:dport`; `sk.inet_num` may be bound. Returns 0 or a negative error; the answer wakes the
 * program.
 */
export function tcp_v4_connect(sk: tcp_sock, daddr: number, dport: number): number {
  const dev = ip_route_output(daddr);
  if (!dev) {
    return -ENETUNREACH;
  }
  sk.inet_saddr = inet_select_addr(dev, daddr);
  sk.inet_daddr = daddr;
  sk.inet_dport = dport;
  if (sk.inet_num === 0) {
    sk.inet_num = inet_hash_connect(sk.inet_saddr, daddr, dport);
  }
  if (sk.inet_num === 0 || __inet_lookup_established(daddr, dport, sk.inet_saddr, sk.inet_num)) {
    return -EADDRINUSE;
  }
  tcp_set_state(sk, TCP_SYN_SENT);
  tcp_init_sequence(sk);
  inet_ehash_insert(sk);
  if (!tcp_send_syn(sk)) {
    tcp_done(sk);
    return -ENOBUFS;
  }
  return 0;
}

/**
 * An ICMP error about a segment of ours: ends a connection that is not established yet.
 * @packet skb
 */
export function tcp_v4_err(skb: sk_buff, ip: number, th: number, err: number): void {
  const b = skb.head;
  const saddr = rd32(b, ip + IP_SRC);
  const daddr = rd32(b, ip + IP_DST);
  const dport = rd16(b, th + TH_DPORT);
  const sk = __inet_lookup_established(daddr, dport, saddr, rd16(b, th + TH_SPORT));
  const opening = sk?.sk_state === TCP_SYN_SENT || sk?.sk_state === TCP_SYN_RECV;
  if (sk && opening && rd32(b, th + TH_SEQ) === sk.snd_una) {
    sk.sk_err = err;
    tcp_done(sk);
    sk_error_report(sk);
  }
}

/**
 * A segment for a connection in TIME_WAIT (RFC 9293 3.10.7.4; RFC 1122 4.2.2.13 for a new SYN, RFC 1337 for RST).
 * @packet skb
 */
export function tcp_timewait_state_process(sk: tcp_sock, skb: sk_buff): void {
  const flags = skb.tcp_flags;
  const listener = guest_os().net.inet.lhash.get(sk.inet_num);
  if (flags & TH_SYN && !(flags & (TH_ACK | TH_RST)) && after(skb.seq, sk.rcv_nxt) && listener) {
    tcp_done(sk);
    tcp_v4_do_rcv(listener, skb);
    return;
  }
  if (flags & TH_RST) {
    kfree_skb_reason(skb, 'TCP_TIME_WAIT');
    return;
  }
  if (skb.seq !== skb.end_seq) {
    mod_timer(sk.sk_timer, cpu_get_ns() + TCP_TIMEWAIT_LEN);
    tcp_send_ack(sk);
    kfree_skb_reason(skb, after(skb.end_seq, sk.rcv_nxt) ? 'TCP_AFTER_FIN' : 'TCP_DUPLICATE');
    return;
  }
  kfree_skb(skb);
}
