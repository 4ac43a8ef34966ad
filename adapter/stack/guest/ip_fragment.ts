/** Fragments: reassembly with bounded memory, and cutting (net/ipv4/ip_fragment.c; RFC 791 3.2, RFC 815). */

import { cpu_get_ns } from '../softmmu/cpus.ts';
import { rd16, wr16 } from '../wire/bytes.ts';
import {
  IP_HLEN,
  IP_ID,
  IP_LEN,
  IP_MAXPACKET,
  IP_MF,
  IP_OFF,
  IP_OFFMASK,
  IP_P,
  IP_VHL,
  IP_VHL_BASIC,
  ip_hl,
} from '../wire/ip.ts';
import { guest_os } from './kernel.ts';
import { NSEC_PER_SEC } from './lib.ts';
import type { sk_buff } from './sk_buff.ts';
import { sk_buff_head, skb_dequeue, skb_queue_after } from './skb_queue.ts';
import { alloc_skb, kfree_skb, kfree_skb_reason, skb_pull, skb_put } from './skbuff.ts';
import { del_timer, mod_timer, type timer_list, timer_setup } from './timer.ts';

/** How long the fragments of a datagram wait for each other; how many datagrams, and fragments of one, may. */
const IP_FRAG_TIME = 30 * NSEC_PER_SEC;
const MAX_QUEUES = 64;
const MAX_FRAGS = 64;

/** The fragments of one datagram, in order of their offset; `seq`..`end_seq` of each is the range it covers. */
export class ipq {
  readonly saddr: number;
  readonly daddr: number;
  readonly id: number;
  readonly protocol: number;
  frags: sk_buff_head = new sk_buff_head();
  /** Bytes of the datagram's payload once the last fragment is there, else -1. */
  len = -1;
  timer: timer_list;
  constructor(saddr: number, daddr: number, id: number, protocol: number) {
    this.saddr = saddr;
    this.daddr = daddr;
    this.id = id;
    this.protocol = protocol;
    this.timer = timer_setup(ip_expire, this as ipq);
  }
}

/**
 * Takes a fragment in. Returns the whole datagram (its `network_header` is an IP header), or null while parts are
 * missing.
 * @packet skb
 */
export function ip_defrag(skb: sk_buff): sk_buff | null {
  const { queues } = guest_os().net.frags;
  const p = skb.network_header;
  const id = rd16(skb.head, p + IP_ID);
  const protocol = skb.head[p + IP_P]!;
  let q = queues.find((x) => x.id === id && x.saddr === skb.saddr && x.daddr === skb.daddr && x.protocol === protocol);
  if (!q) {
    if (queues.length >= MAX_QUEUES) {
      ip_expire(queues[0]!);
    }
    q = new ipq(skb.saddr, skb.daddr, id, protocol);
    queues.push(q);
    mod_timer(q.timer, cpu_get_ns() + IP_FRAG_TIME);
  }
  return ip_frag_queue(q, skb) ? ip_frag_reasm(q) : null;
}

/**
 * Enters a fragment in its queue. A fragment that overlaps another is refused. Returns true when the datagram is
 * complete.
 * @packet skb
 */
export function ip_frag_queue(q: ipq, skb: sk_buff): boolean {
  const p = skb.network_header;
  const ihl = ip_hl(skb.head, p);
  const frag_off = rd16(skb.head, p + IP_OFF);
  skb.seq = (frag_off & IP_OFFMASK) * 8;
  skb.end_seq = skb.seq + skb.len - ihl;
  const last = (frag_off & IP_MF) === 0;
  const bad_length = skb.end_seq === skb.seq || (!last && (skb.end_seq & 7) !== 0) || skb.end_seq + ihl > IP_MAXPACKET;
  const bad_end = q.len >= 0 && (skb.end_seq > q.len || (last && skb.end_seq !== q.len));
  if (bad_length || bad_end || q.frags.qlen >= MAX_FRAGS) {
    kfree_skb_reason(skb, 'IP_FRAG');
    return false;
  }
  let prev: sk_buff | null = null;
  for (let f = q.frags.first; f && f.seq < skb.seq; f = f.next) {
    prev = f;
  }
  const next = prev ? prev.next : q.frags.first;
  const beyond = last && q.frags.last && q.frags.last.end_seq > skb.end_seq;
  if ((prev && prev.end_seq > skb.seq) || (next && next.seq < skb.end_seq) || beyond) {
    kfree_skb_reason(skb, 'IP_FRAG');
    return false;
  }
  skb_queue_after(q.frags, prev, skb);
  if (last) {
    q.len = skb.end_seq;
  }
  let have = 0;
  for (let f = q.frags.first; f; f = f.next) {
    have += f.end_seq - f.seq;
  }
  return have === q.len;
}

/**
 * Makes one packet of a complete queue.
 * @packet first
 */
export function ip_frag_reasm(q: ipq): sk_buff | null {
  const first = q.frags.first!;
  const whole = alloc_skb(q.len + IP_HLEN);
  if (!whole) {
    ip_expire(q);
    return null;
  }
  whole.dev = first.dev;
  whole.pkt_type = first.pkt_type;
  whole.saddr = q.saddr;
  whole.daddr = q.daddr;
  whole.ttl = first.ttl;
  whole.protocol = first.protocol;
  whole.network_header = whole.data;
  const b = whole.head;
  b.copyWithin(skb_put(whole, IP_HLEN), first.network_header, first.network_header + IP_HLEN);
  for (let f = skb_dequeue(q.frags); f; f = skb_dequeue(q.frags)) {
    skb_pull(f, ip_hl(b, f.network_header));
    b.copyWithin(skb_put(whole, f.len), f.data, f.data + f.len);
    kfree_skb(f);
  }
  b[whole.network_header + IP_VHL] = IP_VHL_BASIC;
  wr16(b, whole.network_header + IP_LEN, whole.len);
  wr16(b, whole.network_header + IP_OFF, 0);
  ip_frag_remove(q);
  return whole;
}

/**
 * The parts of a datagram did not come in time, or there is no room for them.
 * @packet f
 */
export function ip_expire(q: ipq): void {
  for (let f = skb_dequeue(q.frags); f; f = skb_dequeue(q.frags)) {
    kfree_skb_reason(f, 'IP_FRAG');
  }
  ip_frag_remove(q);
}

/** Forgets a queue. */
function ip_frag_remove(q: ipq): void {
  const { queues } = guest_os().net.frags;
  del_timer(q.timer);
  const i = queues.indexOf(q);
  if (i >= 0) {
    queues.splice(i, 1);
  }
}
