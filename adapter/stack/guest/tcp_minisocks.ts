/** TCP without a connection: TIME_WAIT, and resets (net/ipv4/tcp_minisocks.c, tcp_ipv4.c). */

import { cpu_get_ns } from '../softmmu/cpus.ts';
import { drop_nothing } from '../util/drop.ts';
import { rd16 } from '../wire/bytes.ts';
import { IPDEFTTL, IPPROTO_TCP } from '../wire/ip.ts';
import { TCP_HLEN, TH_ACK, TH_DPORT, TH_RST } from '../wire/tcp.ts';
import { ip_build_and_send_pkt } from './ip_output.ts';
import { guest_os } from './kernel.ts';
import type { sk_buff } from './sk_buff.ts';
import { alloc_skb, skb_put } from './skbuff.ts';
import { sock_def_readable } from './sock.ts';
import { tcp_clear_xmit, tcp_done } from './tcp.ts';
import { tcp_v4_send_check, tcp_write_header } from './tcp_output.ts';
import { TCP_TIME_WAIT, TCP_TIMEWAIT_LEN, type tcp_sock } from './tcp_sock.ts';
import { tcp_set_state } from './tcp_state.ts';
import { mod_timer } from './timer.ts';

/** Connections that may be in TIME_WAIT at a time (`tcp_max_tw_buckets`). */
const TCP_MAX_TW_BUCKETS = 512;

/** Both sides have closed: keeps the connection for late segments. */
export function tcp_time_wait(sk: tcp_sock): void {
  const { tw } = guest_os().net.inet;
  tcp_clear_xmit(sk);
  tcp_set_state(sk, TCP_TIME_WAIT);
  if (tw.length >= TCP_MAX_TW_BUCKETS) {
    tcp_done(tw[0]!);
  }
  tw.push(sk);
  mod_timer(sk.sk_timer, cpu_get_ns() + TCP_TIMEWAIT_LEN);
  sock_def_readable(sk);
}

/**
 * Answers a segment that no connection takes with a reset (RFC 9293 3.5.2). The segment stays the caller's.
 * @packet skb
 */
export function tcp_v4_send_reset(skb: sk_buff): void {
  const b = skb.head;
  const th = skb.transport_header;
  const rst = alloc_skb(TCP_HLEN);
  if (!rst) {
    drop_nothing('GUEST_NO_MEMORY');
    return;
  }
  const p = skb_put(rst, TCP_HLEN);
  const has_ack = (skb.tcp_flags & TH_ACK) !== 0;
  const dport = rd16(b, th + TH_DPORT);
  const flags = has_ack ? TH_RST : TH_RST | TH_ACK;
  tcp_write_header(b, p, dport, skb.sport, has_ack ? skb.ack_seq : 0, has_ack ? 0 : skb.end_seq, flags, TCP_HLEN);
  tcp_v4_send_check(rst, skb.daddr, skb.saddr);
  ip_build_and_send_pkt(rst, skb.daddr, skb.saddr, IPPROTO_TCP, IPDEFTTL, 0);
}
