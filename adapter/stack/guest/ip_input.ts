/** IPv4 in (net/ipv4/ip_input.c; RFC 791). */

import { rd16, rd32 } from '../wire/bytes.ts';
import { ICMP_UNREACH, ICMP_UNREACH_PROTOCOL } from '../wire/icmp.ts';
import {
  INADDR_BROADCAST,
  IP_DST,
  IP_HLEN,
  IP_LEN,
  IP_MF,
  IP_OFF,
  IP_OFFMASK,
  IP_P,
  IP_SRC,
  IP_TTL,
  ip_hl,
  ip_v,
} from '../wire/ip.ts';
import { __icmp_send } from './icmp.ts';
import { ip_defrag } from './ip_fragment.ts';
import { guest_os } from './kernel.ts';
import { csum_fold_partial, csum_partial } from './lib.ts';
import { IFF_LOOPBACK, type net_device } from './net_device.ts';
import { inet_addr_type_local } from './route.ts';
import type { sk_buff } from './sk_buff.ts';
import { kfree_skb_reason, skb_pull, skb_trim } from './skbuff.ts';

/**
 * An IP packet arrived: checks its header, cuts the padding off.
 * @packet skb
 */
export function ip_rcv(skb: sk_buff): void {
  const b = skb.head;
  const p = skb.data;
  if (skb.len < IP_HLEN) {
    kfree_skb_reason(skb, 'IP_SHORT');
    return;
  }
  if (ip_v(b, p) !== 4) {
    kfree_skb_reason(skb, 'IP_VERSION');
    return;
  }
  const ihl = ip_hl(b, p);
  const tot_len = rd16(b, p + IP_LEN);
  if (ihl < IP_HLEN || ihl > skb.len) {
    kfree_skb_reason(skb, 'IP_HLEN');
    return;
  }
  if (tot_len < ihl || tot_len > skb.len) {
    kfree_skb_reason(skb, 'IP_SHORT');
    return;
  }
  if (csum_fold_partial(csum_partial(b, guest_os().ram32, p, ihl, 0)) !== 0xffff) {
    kfree_skb_reason(skb, 'IP_CSUM');
    return;
  }
  skb_trim(skb, tot_len);
  skb.saddr = rd32(b, p + IP_SRC);
  skb.daddr = rd32(b, p + IP_DST);
  skb.ttl = b[p + IP_TTL]!;
  ip_rcv_finish(skb);
}

/**
 * Routes a packet: it is for us, or given up, as we do not forward.
 * @packet skb
 */
export function ip_rcv_finish(skb: sk_buff): void {
  if (!ip_route_input_local(skb.dev!, skb.daddr)) {
    kfree_skb_reason(skb, 'GUEST_NOT_OURS');
    return;
  }
  ip_local_deliver(skb);
}

/**
 * True for the addresses that a packet for us can have. A device without an address takes everything, for DHCP's sake.
 * @nodebug
 */
export function ip_route_input_local(dev: net_device, daddr: number): boolean {
  if (daddr === INADDR_BROADCAST || dev.flags & IFF_LOOPBACK || dev.ifa_address === 0) {
    return true;
  }
  return daddr === dev.ifa_broadcast || inet_addr_type_local(daddr);
}

/**
 * Puts fragments together.
 * @packet skb
 */
export function ip_local_deliver(skb: sk_buff): void {
  const frag = rd16(skb.head, skb.network_header + IP_OFF);
  if (frag & (IP_MF | IP_OFFMASK)) {
    const whole = ip_defrag(skb);
    if (whole) {
      ip_local_deliver_finish(whole);
    }
    return;
  }
  ip_local_deliver_finish(skb);
}

/**
 * Takes the IP header off and hands the packet to its protocol.
 * @packet skb
 */
export function ip_local_deliver_finish(skb: sk_buff): void {
  const p = skb.network_header;
  skb_pull(skb, ip_hl(skb.head, p));
  skb.transport_header = skb.data;
  const ipprot = guest_os().net.inet_protos[skb.head[p + IP_P]!];
  if (ipprot) {
    ipprot.handler(skb);
    return;
  }
  __icmp_send(skb, ICMP_UNREACH, ICMP_UNREACH_PROTOCOL);
  kfree_skb_reason(skb, 'IP_PROTO');
}
