/**
 * Socket buffers (net/core/skbuff.c). Packet memory is guest RAM, so that the NIC reads and writes it by DMA: `head` is
 * the whole RAM and `data`, `mac_header` and the rest are physical addresses, the pointers of this machine.
 */

import { machine } from '../softmmu/machine.ts';
import { drop } from '../util/drop.ts';
import type { DropReason } from '../util/drop_reasons.ts';
import { guest_os } from './kernel.ts';
import { PACKET_HOST, sk_buff, skb_shared_info } from './sk_buff.ts';
import { type sk_buff_head, skb_dequeue } from './skb_queue.ts';

/** Bytes of an ordinary packet buffer: headroom, an Ethernet frame, tailroom. */
export const SKB_SMALL = 2048;
/** Bytes of a buffer for a whole reassembled datagram. */
export const SKB_LARGE = 65536 + 512;
/** Headroom in front of a new packet: Ethernet, IP and TCP headers with options; a multiple of four. */
export const MAX_HEADER = 128;
/** What a driver leaves in front of a received frame, so that its IP header is on a multiple of four. */
export const NET_IP_ALIGN = 2;

/**
 * Takes `size` bytes of RAM for good, at a multiple of `align`. Returns the address, or -1 when RAM is used up.
 * @nodebug
 */
export function memblock_alloc(size: number, align: number): number {
  const os = guest_os();
  const pa = Math.ceil(os.memblock / align) * align;
  if (pa + size > machine.ram.length) {
    return -1;
  }
  os.memblock = pa + size;
  return pa;
}

/**
 * A packet with room for `size` bytes behind a headroom of `MAX_HEADER`, or null when memory is used up.
 * @nodebug
 */
export function alloc_skb(size: number): sk_buff | null {
  const cache = guest_os().skb_cache;
  const bytes = size + MAX_HEADER <= SKB_SMALL ? SKB_SMALL : SKB_LARGE;
  const pool = bytes === SKB_SMALL ? cache.small : cache.large;
  let sh = pool.pop();
  if (!sh) {
    const pa = size + MAX_HEADER <= bytes ? memblock_alloc(bytes, 64) : -1;
    if (pa < 0) {
      return null;
    }
    sh = new skb_shared_info(pa, bytes);
  }
  sh.dataref = 1;
  const skb = cache.skbs.pop() ?? new sk_buff();
  skb.shinfo = sh;
  skb.data = sh.pa + MAX_HEADER;
  skb.end = sh.pa + sh.size;
  return skb;
}

/**
 * Gives a packet back; its buffer becomes free with the last one that uses it.
 * @nodebug
 */
export function kfree_skb(skb: sk_buff): void {
  const cache = guest_os().skb_cache;
  const sh = skb.shinfo;
  if (!sh) {
    return;
  }
  if (--sh.dataref === 0) {
    (sh.size === SKB_SMALL ? cache.small : cache.large).push(sh);
  }
  skb.shinfo = null;
  skb.len = 0;
  skb.mac_header = -1;
  skb.network_header = -1;
  skb.transport_header = -1;
  skb.next = null;
  skb.dev = null;
  skb.lost = false;
  skb.retransmitted = false;
  skb.tcp_flags = 0;
  skb.nexthop = 0;
  skb.pkt_type = PACKET_HOST;
  cache.skbs.push(skb);
}

/**
 * Gives a packet up and says why: `drop`, with the bytes from its Ethernet or IP header on.
 * @packet skb
 */
export function kfree_skb_reason(skb: sk_buff, reason: DropReason): void {
  const mac = skb.mac_header;
  const from = mac >= 0 ? mac : skb.network_header >= 0 ? skb.network_header : skb.data;
  const end = skb.data + skb.len;
  drop(skb.head.subarray(from, end), end - from, reason, mac >= 0 ? 'ethernet' : 'ip');
  kfree_skb(skb);
}

/**
 * A second `sk_buff` for the same bytes.
 * @nodebug
 */
export function skb_clone(skb: sk_buff): sk_buff {
  const cache = guest_os().skb_cache;
  const n = cache.skbs.pop() ?? new sk_buff();
  n.shinfo = skb.shinfo;
  skb.shinfo!.dataref++;
  n.data = skb.data;
  n.len = skb.len;
  n.end = skb.end;
  n.mac_header = skb.mac_header;
  n.network_header = skb.network_header;
  n.transport_header = skb.transport_header;
  n.protocol = skb.protocol;
  n.saddr = skb.saddr;
  n.daddr = skb.daddr;
  n.seq = skb.seq;
  n.end_seq = skb.end_seq;
  n.tcp_flags = skb.tcp_flags;
  return n;
}

/**
 * A copy with a buffer of its own, or null when memory is used up. Header addresses move with the data.
 * @nodebug
 */
export function skb_copy(skb: sk_buff): sk_buff | null {
  const n = alloc_skb(skb.len);
  if (!n) {
    return null;
  }
  n.head.copyWithin(n.data, skb.data, skb.data + skb.len);
  n.len = skb.len;
  const moved = n.data - skb.data;
  n.mac_header = moved_header(skb.mac_header, moved);
  n.network_header = moved_header(skb.network_header, moved);
  n.transport_header = moved_header(skb.transport_header, moved);
  n.protocol = skb.protocol;
  return n;
}

/**
 * The address of a header whose packet moves by `moved` bytes.
 * @nodebug
 */
function moved_header(header: number, moved: number): number {
  return header < 0 ? header : header + moved;
}

/**
 * True when another `sk_buff` uses the same bytes.
 * @nodebug
 */
export function skb_cloned(skb: sk_buff): boolean {
  return skb.shinfo!.dataref > 1;
}

/**
 * Adds `len` bytes at the end; returns their address.
 * @nodebug
 */
export function skb_put(skb: sk_buff, len: number): number {
  const p = skb.data + skb.len;
  skb.len += len;
  return p;
}

/**
 * Adds `len` bytes in front; returns the new `data`.
 * @nodebug
 */
export function skb_push(skb: sk_buff, len: number): number {
  skb.data -= len;
  skb.len += len;
  return skb.data;
}

/**
 * Takes `len` bytes off the front; returns the new `data`.
 * @nodebug
 */
export function skb_pull(skb: sk_buff, len: number): number {
  skb.data += len;
  skb.len -= len;
  return skb.data;
}

/**
 * Cuts the packet to `len` bytes.
 * @nodebug
 */
export function skb_trim(skb: sk_buff, len: number): void {
  if (skb.len > len) {
    skb.len = len;
  }
}

/**
 * Bytes free behind the packet.
 * @nodebug
 */
export function skb_tailroom(skb: sk_buff): number {
  return skb.end - skb.data - skb.len;
}

/**
 * Frees all packets of a list.
 * @nodebug
 */
export function skb_queue_purge(list: sk_buff_head): void {
  for (let skb = skb_dequeue(list); skb; skb = skb_dequeue(list)) {
    kfree_skb(skb);
  }
}
