/** IPv4 out: routes, headers, fragments (net/ipv4/ip_output.c, route.c). */

import { rd16, wr16, wr32 } from '../wire/bytes.ts';
import { ETH_P_IP } from '../wire/ethernet.ts';
import {
  INADDR_BROADCAST,
  IP_DF,
  IP_DST,
  IP_HLEN,
  IP_ID,
  IP_LEN,
  IP_MF,
  IP_OFF,
  IP_P,
  IP_SRC,
  IP_SUM,
  IP_TOS,
  IP_TTL,
  IP_VHL,
  IP_VHL_BASIC,
  IPDEFTTL,
  IPPROTO_TCP,
} from '../wire/ip.ts';
import { eth_header, neigh_resolve_output } from './arp.ts';
import { dev_queue_xmit } from './dev.ts';
import type { sock } from './inet_sock.ts';
import { guest_os } from './kernel.ts';
import { csum_fold, csum_partial } from './lib.ts';
import { IFF_LOOPBACK, type net_device } from './net_device.ts';
import { ip_route_output, rt_nexthop } from './route.ts';
import type { sk_buff } from './sk_buff.ts';
import { alloc_skb, kfree_skb, kfree_skb_reason, skb_push, skb_put } from './skbuff.ts';

/**
 * Sends a TCP segment of a socket.
 * @packet skb
 */
export function ip_queue_xmit(sk: sock, skb: sk_buff): void {
  ip_build_and_send_pkt(skb, sk.inet_saddr, sk.inet_daddr, IPPROTO_TCP, IPDEFTTL, IP_DF);
}

/**
 * Puts the IP header on a packet and sends it. `frag_off` is `IP_DF` or 0.
 * @packet skb
 */
export function ip_build_and_send_pkt(
  skb: sk_buff,
  saddr: number,
  daddr: number,
  protocol: number,
  ttl: number,
  frag_off: number,
): void {
  const { net } = guest_os();
  skb.transport_header = skb.data;
  const p = skb_push(skb, IP_HLEN);
  const b = skb.head;
  skb.network_header = p;
  // An answer in the buffer of the question still knows where that one's frame began.
  skb.mac_header = -1;
  b[p + IP_VHL] = IP_VHL_BASIC;
  b[p + IP_TOS] = 0;
  wr16(b, p + IP_LEN, skb.len);
  wr16(b, p + IP_ID, net.ip_ident);
  net.ip_ident = (net.ip_ident + 1) & 0xffff;
  wr16(b, p + IP_OFF, frag_off);
  b[p + IP_TTL] = ttl;
  b[p + IP_P] = protocol;
  wr16(b, p + IP_SUM, 0);
  wr32(b, p + IP_SRC, saddr);
  wr32(b, p + IP_DST, daddr);
  skb.saddr = saddr;
  skb.daddr = daddr;
  ip_local_out(skb);
}

/**
 * Finishes the header of a packet of our own and routes it, unless it is bound to a device.
 * @packet skb
 */
export function ip_local_out(skb: sk_buff): void {
  ip_send_check(skb);
  const dev = skb.dev ?? ip_route_output(skb.daddr);
  if (!dev) {
    kfree_skb_reason(skb, 'GUEST_UNREACHABLE');
    return;
  }
  ip_finish_output(skb, dev);
}

/**
 * Computes the header checksum.
 * @nodebug
 */
export function ip_send_check(skb: sk_buff): void {
  const p = skb.network_header;
  wr16(skb.head, p + IP_SUM, 0);
  wr16(skb.head, p + IP_SUM, csum_fold(csum_partial(skb.head, guest_os().ram32, p, IP_HLEN, 0)));
}

/**
 * Cuts a packet that is too long for the device into fragments.
 * @packet skb
 */
export function ip_finish_output(skb: sk_buff, dev: net_device): void {
  if (skb.len > dev.mtu) {
    ip_do_fragment(skb, dev);
    return;
  }
  ip_finish_output2(skb, dev);
}

/**
 * Hands a packet to the link layer.
 * @packet skb
 */
export function ip_finish_output2(skb: sk_buff, dev: net_device): void {
  skb.protocol = ETH_P_IP;
  if (dev.flags & IFF_LOOPBACK) {
    dev_queue_xmit(skb, dev);
    return;
  }
  skb.nexthop = rt_nexthop(dev, skb.daddr);
  if (skb.nexthop === INADDR_BROADCAST || skb.nexthop === dev.ifa_broadcast) {
    eth_header(skb, dev, ETH_P_IP, dev.broadcast);
    dev_queue_xmit(skb, dev);
    return;
  }
  neigh_resolve_output(skb, dev);
}

/**
 * Cuts a packet for a device's MTU and sends the parts. A packet that must not be cut is given up.
 * @packet skb
 */
export function ip_do_fragment(skb: sk_buff, dev: net_device): void {
  const b = skb.head;
  const p = skb.network_header;
  if (rd16(b, p + IP_OFF) & IP_DF) {
    kfree_skb_reason(skb, 'IP_FRAG');
    return;
  }
  const step = (dev.mtu - IP_HLEN) & ~7;
  const payload = skb.len - IP_HLEN;
  for (let off = 0; off < payload; off += step) {
    const n = Math.min(step, payload - off);
    const f = alloc_skb(n);
    if (!f) {
      kfree_skb_reason(skb, 'GUEST_NO_MEMORY');
      return;
    }
    b.copyWithin(skb_put(f, n), p + IP_HLEN + off, p + IP_HLEN + off + n);
    f.network_header = skb_push(f, IP_HLEN);
    b.copyWithin(f.network_header, p, p + IP_HLEN);
    wr16(b, f.network_header + IP_LEN, f.len);
    wr16(b, f.network_header + IP_OFF, (off >> 3) | (off + n < payload ? IP_MF : 0));
    ip_send_check(f);
    f.saddr = skb.saddr;
    f.daddr = skb.daddr;
    ip_finish_output2(f, dev);
  }
  kfree_skb(skb);
}
