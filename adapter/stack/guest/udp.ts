/** UDP (net/ipv4/udp.c; RFC 768). */

import { rd16, wr16 } from '../wire/bytes.ts';
import { ICMP_UNREACH, ICMP_UNREACH_PORT } from '../wire/icmp.ts';
import { IP_HLEN, IP_MAXPACKET, IPDEFTTL, IPPROTO_UDP } from '../wire/ip.ts';
import { UDP_HLEN, UH_DPORT, UH_SPORT, UH_SUM, UH_SUM_ZERO, UH_ULEN } from '../wire/udp.ts';
import { EAGAIN, EMSGSIZE, ENETUNREACH, ENOBUFS } from './errno.ts';
import { __icmp_send } from './icmp.ts';
import type { sock } from './inet_sock.ts';
import { ip_build_and_send_pkt } from './ip_output.ts';
import { guest_os } from './kernel.ts';
import { csum_fold, csum_fold_partial, csum_partial, csum_tcpudp_nofold } from './lib.ts';
import { inet_select_addr, ip_route_output } from './route.ts';
import type { sk_buff } from './sk_buff.ts';
import { skb_dequeue, skb_queue_tail } from './skb_queue.ts';
import { alloc_skb, kfree_skb, kfree_skb_reason, skb_pull, skb_push, skb_put, skb_trim } from './skbuff.ts';
import { sk_error_report, sock_def_readable, sock_error } from './sock.ts';

/** Datagrams that a socket holds. */
const UDP_QUEUE_LEN = 128;

/**
 * A datagram arrived: checks it and finds its socket; a closed port is answered with an ICMP error.
 * @packet skb
 */
export function udp_rcv(skb: sk_buff): void {
  const b = skb.head;
  const p = skb.data;
  if (skb.len < UDP_HLEN) {
    kfree_skb_reason(skb, 'UDP_SHORT');
    return;
  }
  const ulen = rd16(b, p + UH_ULEN);
  if (ulen < UDP_HLEN || ulen > skb.len) {
    kfree_skb_reason(skb, 'UDP_SHORT');
    return;
  }
  skb_trim(skb, ulen);
  if (rd16(b, p + UH_SUM) !== 0 && !udp4_csum_ok(skb)) {
    kfree_skb_reason(skb, 'UDP_CSUM');
    return;
  }
  skb.sport = rd16(b, p + UH_SPORT);
  const sk = __udp4_lib_lookup(skb.saddr, skb.sport, rd16(b, p + UH_DPORT));
  if (!sk) {
    __icmp_send(skb, ICMP_UNREACH, ICMP_UNREACH_PORT);
    kfree_skb_reason(skb, 'GUEST_NO_LISTENER');
    return;
  }
  skb_pull(skb, UDP_HLEN);
  udp_queue_rcv_skb(sk, skb);
}

/**
 * True when the checksum over the datagram and its pseudo header is right.
 * @nodebug
 */
function udp4_csum_ok(skb: sk_buff): boolean {
  const pseudo = csum_tcpudp_nofold(skb.saddr, skb.daddr, skb.len, IPPROTO_UDP);
  return csum_fold_partial(csum_partial(skb.head, guest_os().ram32, skb.data, skb.len, pseudo)) === 0xffff;
}

/** The socket on port `dport`; one that is connected takes datagrams of its peer only. */
export function __udp4_lib_lookup(saddr: number, sport: number, dport: number): sock | null {
  const sk = guest_os().net.inet.udp.get(dport);
  if (!sk || (sk.inet_daddr !== 0 && (sk.inet_daddr !== saddr || sk.inet_dport !== sport))) {
    return null;
  }
  return sk;
}

/**
 * An ICMP error about a datagram of ours: its socket fails if it is connected.
 * @packet skb
 */
export function udp_err(skb: sk_buff, ip: number, th: number, err: number): void {
  const sk = guest_os().net.inet.udp.get(rd16(skb.head, th + UH_SPORT));
  if (sk && sk.inet_daddr !== 0) {
    sk.sk_err = err;
    sk_error_report(sk);
  }
}

/**
 * Queues a datagram on its socket and wakes the reader.
 * @packet skb
 */
export function udp_queue_rcv_skb(sk: sock, skb: sk_buff): void {
  if (sk.sk_receive_queue.qlen >= UDP_QUEUE_LEN) {
    kfree_skb_reason(skb, 'GUEST_RCVBUF');
    return;
  }
  skb_queue_tail(sk.sk_receive_queue, skb);
  sock_def_readable(sk);
}

/**
 * Sends `len` bytes of `buf` at `off` to `daddr:dport`. Returns `len` or a negative error.
 * @packet skb
 */
export function udp_sendmsg(sk: sock, buf: Uint8Array, off: number, len: number, daddr: number, dport: number): number {
  if (sk.sk_err) {
    return -sock_error(sk);
  }
  const dev = sk.sk_bound_dev ?? ip_route_output(daddr);
  if (!dev) {
    return -ENETUNREACH;
  }
  if (len > IP_MAXPACKET - IP_HLEN - UDP_HLEN) {
    return -EMSGSIZE;
  }
  const skb = alloc_skb(len);
  if (!skb) {
    return -ENOBUFS;
  }
  skb.dev = sk.sk_bound_dev;
  skb.head.set(buf.subarray(off, off + len), skb_put(skb, len));
  udp_send_skb(skb, sk, inet_select_addr(dev, daddr), daddr, dport);
  return len;
}

/**
 * Puts the UDP header on and sends.
 * @packet skb
 */
export function udp_send_skb(skb: sk_buff, sk: sock, saddr: number, daddr: number, dport: number): void {
  const p = skb_push(skb, UDP_HLEN);
  wr16(skb.head, p + UH_SPORT, sk.inet_num);
  wr16(skb.head, p + UH_DPORT, dport);
  wr16(skb.head, p + UH_ULEN, skb.len);
  wr16(skb.head, p + UH_SUM, 0);
  const pseudo = csum_tcpudp_nofold(saddr, daddr, skb.len, IPPROTO_UDP);
  const csum = csum_fold(csum_partial(skb.head, guest_os().ram32, p, skb.len, pseudo));
  wr16(skb.head, p + UH_SUM, csum === 0 ? UH_SUM_ZERO : csum);
  ip_build_and_send_pkt(skb, saddr, daddr, IPPROTO_UDP, IPDEFTTL, 0);
}

/**
 * Reads one datagram into `buf` (what does not fit is lost); `sk.msg_addr` and `sk.msg_port` tell the sender. Returns
 * the bytes stored, or a negative error.
 * @packet skb
 */
export function udp_recvmsg(sk: sock, buf: Uint8Array): number {
  if (sk.sk_err) {
    return -sock_error(sk);
  }
  const skb = skb_dequeue(sk.sk_receive_queue);
  if (!skb) {
    return -EAGAIN;
  }
  const n = Math.min(buf.length, skb.len);
  buf.set(skb.head.subarray(skb.data, skb.data + n));
  sk.msg_addr = skb.saddr;
  sk.msg_port = skb.sport;
  kfree_skb(skb);
  return n;
}
