/** Neighbours and the address resolution protocol (net/core/neighbour.c, net/ipv4/arp.c; RFC 826). */

import { cpu_get_ns } from '../softmmu/cpus.ts';
import { drop_nothing } from '../util/drop.ts';
import {
  AR_HLN,
  AR_HRD,
  AR_OP,
  AR_PLN,
  AR_PRO,
  AR_SHA,
  AR_SPA,
  AR_THA,
  AR_TPA,
  ARP_LEN,
  ARPHRD_ETHER,
  ARPOP_REPLY,
  ARPOP_REQUEST,
} from '../wire/arp.ts';
import { rd16, rd32, wr16, wr32 } from '../wire/bytes.ts';
import {
  ETH_ALEN,
  ETH_DHOST,
  ETH_HLEN,
  ETH_P_ARP,
  ETH_P_IP,
  ETH_SHOST,
  ETH_TYPE,
  ether_addr_equal,
} from '../wire/ethernet.ts';
import { IN_ADDR_LEN } from '../wire/ip.ts';
import { dev_queue_xmit } from './dev.ts';
import { guest_os } from './kernel.ts';
import { NSEC_PER_SEC } from './lib.ts';
import type { net_device } from './net_device.ts';
import type { sk_buff } from './sk_buff.ts';
import { sk_buff_head, skb_dequeue, skb_queue_tail } from './skb_queue.ts';
import { alloc_skb, kfree_skb, kfree_skb_reason, skb_push, skb_put } from './skbuff.ts';
import { del_timer, mod_timer, type timer_list, timer_setup } from './timer.ts';

/** States of a neighbour. */
export const NUD_INCOMPLETE = 0x01;
export const NUD_REACHABLE = 0x02;
export const NUD_FAILED = 0x20;
/**
 * Requests before a neighbour counts as unreachable, a second apart; packets that wait for the answer; neighbours known
 * at a time.
 */
const MCAST_PROBES = 3;
const RETRANS_TIME = NSEC_PER_SEC;
const QUEUE_LEN = 64;
const GC_THRESH = 128;

/** A host on the same link. */
export class neighbour {
  readonly dev: net_device;
  /** IPv4 address. */
  readonly primary_key: number;
  /** MAC address, once `nud_state` is NUD_REACHABLE. */
  ha: Uint8Array = new Uint8Array(ETH_ALEN);
  nud_state = NUD_FAILED;
  probes = 0;
  arp_queue: sk_buff_head = new sk_buff_head();
  timer: timer_list;
  constructor(dev: net_device, key: number) {
    this.dev = dev;
    this.primary_key = key;
    this.timer = timer_setup(neigh_timer_handler, this as neighbour);
  }
}

/**
 * Finds a neighbour, or null.
 * @nodebug
 */
export function neigh_lookup(dev: net_device, key: number): neighbour | null {
  for (const n of guest_os().net.neighbours) {
    if (n.primary_key === key && n.dev === dev) {
      return n;
    }
  }
  return null;
}

/** Finds or enters a neighbour; the oldest one that nothing waits for makes room. */
export function __neigh_create(dev: net_device, key: number): neighbour {
  const found = neigh_lookup(dev, key);
  if (found) {
    return found;
  }
  const table = guest_os().net.neighbours;
  if (table.length >= GC_THRESH) {
    const i = Math.max(
      0,
      table.findIndex((n) => n.arp_queue.qlen === 0),
    );
    const [old] = table.splice(i, 1);
    neigh_flush(old!);
  }
  const n = new neighbour(dev, key);
  table.push(n);
  return n;
}

/**
 * Sends an IP packet to the neighbour `skb.nexthop`: at once when its MAC address is known, else after asking for it.
 * @packet skb
 */
export function neigh_resolve_output(skb: sk_buff, dev: net_device): void {
  const neigh = __neigh_create(dev, skb.nexthop);
  if (neigh.nud_state === NUD_REACHABLE) {
    neigh_connected_output(neigh, skb);
    return;
  }
  if (neigh.arp_queue.qlen >= QUEUE_LEN) {
    kfree_skb_reason(skb_dequeue(neigh.arp_queue)!, 'QUEUE_FULL');
  }
  skb_queue_tail(neigh.arp_queue, skb);
  if (neigh.nud_state !== NUD_INCOMPLETE) {
    neigh.nud_state = NUD_INCOMPLETE;
    neigh.probes = 0;
    neigh_probe(neigh);
  }
}

/**
 * Puts the Ethernet header on and queues the frame.
 * @packet skb
 */
export function neigh_connected_output(neigh: neighbour, skb: sk_buff): void {
  eth_header(skb, neigh.dev, ETH_P_IP, neigh.ha);
  dev_queue_xmit(skb, neigh.dev);
}

/**
 * Pushes an Ethernet header.
 * @nodebug
 */
export function eth_header(skb: sk_buff, dev: net_device, type: number, dest: Uint8Array): void {
  const p = skb_push(skb, ETH_HLEN);
  const b = skb.head;
  skb.mac_header = p;
  for (let i = 0; i < ETH_ALEN; i++) {
    b[p + ETH_DHOST + i] = dest[i]!;
    b[p + ETH_SHOST + i] = dev.dev_addr[i]!;
  }
  wr16(b, p + ETH_TYPE, type);
}

/** Asks once more, and sets the timer for the next time. */
export function neigh_probe(neigh: neighbour): void {
  neigh.probes++;
  mod_timer(neigh.timer, cpu_get_ns() + RETRANS_TIME);
  arp_solicit(neigh);
}

/**
 * No answer within a second: asks again, or gives up with all that waits.
 * @packet skb
 */
export function neigh_timer_handler(neigh: neighbour): void {
  if (neigh.nud_state !== NUD_INCOMPLETE) {
    return;
  }
  if (neigh.probes < MCAST_PROBES) {
    neigh_probe(neigh);
    return;
  }
  neigh.nud_state = NUD_FAILED;
  for (let skb = skb_dequeue(neigh.arp_queue); skb; skb = skb_dequeue(neigh.arp_queue)) {
    arp_error_report(skb);
  }
}

/**
 * The neighbour of a waiting packet does not answer.
 * @packet skb
 */
export function arp_error_report(skb: sk_buff): void {
  kfree_skb_reason(skb, 'GUEST_UNREACHABLE');
}

/**
 * Forgets a neighbour and what waits for it.
 * @packet skb
 */
function neigh_flush(neigh: neighbour): void {
  del_timer(neigh.timer);
  for (let skb = skb_dequeue(neigh.arp_queue); skb; skb = skb_dequeue(neigh.arp_queue)) {
    kfree_skb_reason(skb, 'GUEST_UNREACHABLE');
  }
}

/**
 * Learns a neighbour's MAC address, the six bytes at `ha` of `b`, and sends what waited for it.
 * @packet skb
 */
export function neigh_update(neigh: neighbour, b: Uint8Array, ha: number): void {
  for (let i = 0; i < ETH_ALEN; i++) {
    neigh.ha[i] = b[ha + i]!;
  }
  neigh.nud_state = NUD_REACHABLE;
  del_timer(neigh.timer);
  for (let skb = skb_dequeue(neigh.arp_queue); skb; skb = skb_dequeue(neigh.arp_queue)) {
    neigh_connected_output(neigh, skb);
  }
}

/** Broadcasts a request for a neighbour's MAC address. */
export function arp_solicit(neigh: neighbour): void {
  const { dev } = neigh;
  arp_send(ARPOP_REQUEST, dev, dev.broadcast, neigh.primary_key, new Uint8Array(ETH_ALEN));
}

/**
 * Sends an ARP packet in a frame to `dest`; `target` is the hardware address asked for or answered to.
 * @packet skb
 */
export function arp_send(op: number, dev: net_device, dest: Uint8Array, ip: number, target: Uint8Array): void {
  const skb = alloc_skb(ARP_LEN);
  if (!skb) {
    drop_nothing('GUEST_NO_MEMORY');
    return;
  }
  const p = skb_put(skb, ARP_LEN);
  const b = skb.head;
  wr16(b, p + AR_HRD, ARPHRD_ETHER);
  wr16(b, p + AR_PRO, ETH_P_IP);
  b[p + AR_HLN] = ETH_ALEN;
  b[p + AR_PLN] = IN_ADDR_LEN;
  wr16(b, p + AR_OP, op);
  b.set(dev.dev_addr, p + AR_SHA);
  wr32(b, p + AR_SPA, dev.ifa_address);
  b.set(target, p + AR_THA);
  wr32(b, p + AR_TPA, ip);
  eth_header(skb, dev, ETH_P_ARP, dest);
  dev_queue_xmit(skb, dev);
}

/**
 * An ARP packet arrived: checks that it is one for IPv4 over Ethernet.
 * @packet skb
 */
export function arp_rcv(skb: sk_buff): void {
  const b = skb.head;
  const p = skb.data;
  if (skb.len < ARP_LEN) {
    kfree_skb_reason(skb, 'ARP_SHORT');
  } else if (
    rd16(b, p + AR_HRD) !== ARPHRD_ETHER ||
    rd16(b, p + AR_PRO) !== ETH_P_IP ||
    b[p + AR_HLN] !== ETH_ALEN ||
    b[p + AR_PLN] !== IN_ADDR_LEN
  ) {
    kfree_skb_reason(skb, 'GUEST_BAD');
  } else {
    arp_process(skb);
  }
}

/**
 * Answers requests for our address, and learns: from requests to us, and from replies we asked for.
 * @packet skb
 */
export function arp_process(skb: sk_buff): void {
  const b = skb.head;
  const p = skb.data;
  const dev = skb.dev!;
  const op = rd16(b, p + AR_OP);
  const sip = rd32(b, p + AR_SPA);
  const tip = rd32(b, p + AR_TPA);
  const ours = tip !== 0 && tip === dev.ifa_address;
  if (ether_addr_equal(b, p + AR_SHA, dev.dev_addr) || (op !== ARPOP_REQUEST && op !== ARPOP_REPLY)) {
    kfree_skb_reason(skb, 'GUEST_BAD');
    return;
  }
  const neigh = ours && sip !== 0 && sip !== tip ? __neigh_create(dev, sip) : neigh_lookup(dev, sip);
  if (neigh) {
    neigh_update(neigh, b, p + AR_SHA);
  }
  if (ours && op === ARPOP_REQUEST) {
    const sha = b.slice(p + AR_SHA, p + AR_SHA + ETH_ALEN);
    arp_send(ARPOP_REPLY, dev, sha, sip, sha);
  }
  if (ours || (neigh && op === ARPOP_REPLY)) {
    kfree_skb(skb);
  } else {
    kfree_skb_reason(skb, 'ARP_NOT_OURS');
  }
}
