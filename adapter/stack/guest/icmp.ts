/** ICMP (net/ipv4/icmp.c; RFC 792) and ping sockets (net/ipv4/ping.c). */

import { drop_nothing } from '../util/drop.ts';
import { rd16, wr16 } from '../wire/bytes.ts';
import {
  ICMP_CKSUM,
  ICMP_CODE,
  ICMP_ECHO,
  ICMP_ECHOREPLY,
  ICMP_ID,
  ICMP_MINLEN,
  ICMP_PARAMPROB,
  ICMP_SEQ,
  ICMP_TIMXCEED,
  ICMP_TYPE,
  ICMP_UNREACH,
  ICMP_UNREACH_PORT,
  ICMP_UNREACH_PROTOCOL,
} from '../wire/icmp.ts';
import { IP_HLEN, IP_LEN, IP_MAXPACKET, IP_OFF, IP_OFFMASK, IP_P, IPDEFTTL, IPPROTO_ICMP, ip_hl } from '../wire/ip.ts';
import { EAGAIN, ECONNREFUSED, EHOSTUNREACH, EMSGSIZE, ENETUNREACH, ENOBUFS } from './errno.ts';
import type { sock } from './inet_sock.ts';
import { ip_build_and_send_pkt } from './ip_output.ts';
import { guest_os } from './kernel.ts';
import { csum_fold, csum_fold_partial, csum_partial } from './lib.ts';
import { inet_addr_type_local, inet_select_addr, ip_route_output } from './route.ts';
import { PACKET_HOST, type sk_buff } from './sk_buff.ts';
import { skb_dequeue, skb_queue_tail } from './skb_queue.ts';
import { alloc_skb, kfree_skb, kfree_skb_reason, skb_put } from './skbuff.ts';
import { sk_error_report, sock_def_readable, sock_error } from './sock.ts';

/** Largest ICMP error (RFC 1812 4.3.2.3). */
const ICMP_ERROR_MAX = 576;
/** Replies that a ping socket holds. */
const PING_QUEUE_LEN = 64;

/**
 * An ICMP message arrived: checks it, and hands it on by its type.
 * @packet skb
 */
export function icmp_rcv(skb: sk_buff): void {
  if (skb.len < ICMP_MINLEN) {
    kfree_skb_reason(skb, 'ICMP_SHORT');
    return;
  }
  if (csum_fold_partial(csum_partial(skb.head, guest_os().ram32, skb.data, skb.len, 0)) !== 0xffff) {
    kfree_skb_reason(skb, 'ICMP_CSUM');
    return;
  }
  switch (skb.head[skb.data + ICMP_TYPE]) {
    case ICMP_ECHO:
      icmp_echo(skb);
      break;
    case ICMP_ECHOREPLY:
      ping_rcv(skb);
      break;
    case ICMP_UNREACH:
    case ICMP_TIMXCEED:
    case ICMP_PARAMPROB:
      icmp_unreach(skb);
      break;
    default:
      kfree_skb_reason(skb, 'ICMP_TYPE');
  }
}

/**
 * Somebody pings us. Pings to everybody are ignored, as Linux does.
 * @packet skb
 */
export function icmp_echo(skb: sk_buff): void {
  if (!inet_addr_type_local(skb.daddr)) {
    kfree_skb_reason(skb, 'ICMP_TYPE');
    return;
  }
  skb.head[skb.data + ICMP_TYPE] = ICMP_ECHOREPLY;
  icmp_reply(skb);
}

/**
 * Sends an ICMP message back to where it came from, in the same buffer.
 * @packet skb
 */
export function icmp_reply(skb: sk_buff): void {
  icmp_checksum(skb);
  ip_build_and_send_pkt(skb, skb.daddr, skb.saddr, IPPROTO_ICMP, IPDEFTTL, 0);
}

/**
 * Fills in the checksum of the message at `skb.data`.
 * @nodebug
 */
function icmp_checksum(skb: sk_buff): void {
  wr16(skb.head, skb.data + ICMP_CKSUM, 0);
  wr16(skb.head, skb.data + ICMP_CKSUM, csum_fold(csum_partial(skb.head, guest_os().ram32, skb.data, skb.len, 0)));
}

/**
 * Sends an ICMP error about a received packet, unless it is one that none may be sent about (RFC 1122 3.2.2). The
 * packet stays the caller's.
 * @packet skb_in
 */
export function __icmp_send(skb_in: sk_buff, type: number, code: number): void {
  const b = skb_in.head;
  const ip = skb_in.network_header;
  const ihl = ip_hl(b, ip);
  const about_error = b[ip + IP_P] === IPPROTO_ICMP && b[ip + ihl + ICMP_TYPE] !== ICMP_ECHO;
  const fragment = (rd16(b, ip + IP_OFF) & IP_OFFMASK) !== 0;
  if (about_error || fragment || skb_in.pkt_type !== PACKET_HOST || !inet_addr_type_local(skb_in.daddr)) {
    return;
  }
  const quoted = Math.min(rd16(b, ip + IP_LEN), ICMP_ERROR_MAX - IP_HLEN - ICMP_MINLEN);
  const skb = alloc_skb(ICMP_MINLEN + quoted);
  if (!skb) {
    drop_nothing('GUEST_NO_MEMORY');
    return;
  }
  const p = skb_put(skb, ICMP_MINLEN + quoted);
  b.fill(0, p, p + ICMP_MINLEN);
  b[p + ICMP_TYPE] = type;
  b[p + ICMP_CODE] = code;
  b.copyWithin(p + ICMP_MINLEN, ip, ip + quoted);
  icmp_checksum(skb);
  ip_build_and_send_pkt(skb, skb_in.daddr, skb_in.saddr, IPPROTO_ICMP, IPDEFTTL, 0);
}

/**
 * An ICMP error arrived: tells the socket whose packet it quotes.
 * @packet skb
 */
export function icmp_unreach(skb: sk_buff): void {
  const b = skb.head;
  const inner = skb.data + ICMP_MINLEN;
  const ihl = skb.len >= ICMP_MINLEN + IP_HLEN ? ip_hl(b, inner) : 0;
  if (ihl < IP_HLEN || skb.len < ICMP_MINLEN + ihl + 8) {
    kfree_skb_reason(skb, 'ICMP_SHORT');
    return;
  }
  const type = b[skb.data + ICMP_TYPE]!;
  const code = b[skb.data + ICMP_CODE]!;
  icmp_socket_deliver(skb, inner, inner + ihl, type === ICMP_UNREACH ? unreach_errno(code) : EHOSTUNREACH);
  kfree_skb(skb);
}

/**
 * The error number for a code of "destination unreachable".
 * @nodebug
 */
function unreach_errno(code: number): number {
  if (code === ICMP_UNREACH_PROTOCOL || code === ICMP_UNREACH_PORT) {
    return ECONNREFUSED;
  }
  return code === 0 || code === 6 ? ENETUNREACH : EHOSTUNREACH;
}

/**
 * Finds the socket that sent the packet whose IP header is at `ip` and transport header at `th`, and reports `err` to
 * it.
 * @packet skb
 */
export function icmp_socket_deliver(skb: sk_buff, ip: number, th: number, err: number): void {
  guest_os().net.inet_protos[skb.head[ip + IP_P]!]?.err_handler(skb, ip, th, err);
}

/**
 * An ICMP error about an echo request of ours.
 * @packet skb
 */
export function ping_v4_err(skb: sk_buff, ip: number, th: number, err: number): void {
  const sk = guest_os().net.inet.ping.get(rd16(skb.head, th + ICMP_ID));
  if (sk) {
    sk.sk_err = err;
    sk.msg_addr = skb.saddr;
    sk_error_report(sk);
  }
}

/**
 * An echo reply arrived: gives it to the ping socket with its identifier.
 * @packet skb
 */
export function ping_rcv(skb: sk_buff): void {
  const sk = guest_os().net.inet.ping.get(rd16(skb.head, skb.data + ICMP_ID));
  if (!sk) {
    kfree_skb_reason(skb, 'GUEST_NO_LISTENER');
    return;
  }
  if (sk.sk_receive_queue.qlen >= PING_QUEUE_LEN) {
    kfree_skb_reason(skb, 'GUEST_RCVBUF');
    return;
  }
  skb_queue_tail(sk.sk_receive_queue, skb);
  sock_def_readable(sk);
}

/**
 * Sends an echo request with sequence number `seq` and `payload`. Returns 0 or a negative error.
 * @packet skb
 */
export function ping_v4_sendmsg(sk: sock, daddr: number, seq: number, payload: Uint8Array, ttl: number): number {
  const dev = ip_route_output(daddr);
  if (!dev) {
    return -ENETUNREACH;
  }
  if (payload.length > IP_MAXPACKET - IP_HLEN - ICMP_MINLEN) {
    return -EMSGSIZE;
  }
  const skb = alloc_skb(ICMP_MINLEN + payload.length);
  if (!skb) {
    return -ENOBUFS;
  }
  const p = skb_put(skb, ICMP_MINLEN + payload.length);
  skb.head[p + ICMP_TYPE] = ICMP_ECHO;
  skb.head[p + ICMP_CODE] = 0;
  wr16(skb.head, p + ICMP_ID, sk.inet_num);
  wr16(skb.head, p + ICMP_SEQ, seq);
  skb.head.set(payload, p + ICMP_MINLEN);
  icmp_checksum(skb);
  ip_build_and_send_pkt(skb, inet_select_addr(dev, daddr), daddr, IPPROTO_ICMP, ttl, 0);
  return 0;
}

/**
 * Reads one reply into `buf`, header included; `sk.msg_addr` and `sk.msg_ttl` tell whose. Returns its length or a
 * negative error.
 * @packet skb
 */
export function ping_recvmsg(sk: sock, buf: Uint8Array): number {
  if (sk.sk_err) {
    return -sock_error(sk);
  }
  const skb = skb_dequeue(sk.sk_receive_queue);
  if (!skb) {
    return -EAGAIN;
  }
  const n = Math.min(buf.length, skb.len);
  buf.set(skb.head.subarray(skb.data, skb.data + n));
  const len = skb.len;
  sk.msg_addr = skb.saddr;
  sk.msg_ttl = skb.ttl;
  kfree_skb(skb);
  return len;
}
