/** IPv4 out: routes, headers, fragments (net/ipv4/ip_output.c, route.c). */
import { eth_header, neigh_resolve_output } from './arp.ts';
import { dev_queue_xmit, ETH_P_IP, IFF_LOOPBACK, IFF_UP, type net_device } from './dev.ts';
import type { sock } from './inet_sock.ts';
import { ip_do_fragment } from './ip_fragment.ts';
import { INADDR_BROADCAST, IP_DF, IP_HLEN, inet_addr_type_local } from './ip_input.ts';
import { guest_os } from './kernel.ts';
import { csum_fold, csum_partial, put_unaligned_be16, put_unaligned_be32 } from './lib.ts';
import { kfree_skb_reason, type sk_buff, skb_push } from './skbuff.ts';
import { IPPROTO_TCP } from './sock.ts';

/** Time to live of what we send. */
export const IPDEFTTL = 64;

/**
 * The device that packets to `daddr` leave by, or null when there is no route.
 * @nodebug
 */
export function ip_route_output(daddr: number): net_device | null {
  const { lo, devs, gateway } = guest_os().net;
  if (inet_addr_type_local(daddr)) {
    return lo;
  }
  for (const dev of devs) {
    const on_link = dev.ifa_address !== 0 && ((daddr ^ dev.ifa_address) & dev.ifa_mask) === 0;
    if ((on_link || daddr === INADDR_BROADCAST) && dev.flags & IFF_UP) {
      return dev;
    }
  }
  if (gateway !== 0) {
    for (const dev of devs) {
      if (dev.ifa_address !== 0 && ((gateway ^ dev.ifa_address) & dev.ifa_mask) === 0) {
        return dev;
      }
    }
  }
  return null;
}

/**
 * The neighbour that a packet to `daddr` is handed to on `dev`.
 * @nodebug
 */
export function rt_nexthop(dev: net_device, daddr: number): number {
  const on_link = dev.ifa_address === 0 || ((daddr ^ dev.ifa_address) & dev.ifa_mask) === 0;
  return on_link || daddr === INADDR_BROADCAST ? daddr : guest_os().net.gateway;
}

/**
 * The address that packets to `daddr` come from.
 * @nodebug
 */
export function inet_select_addr(dev: net_device, daddr: number): number {
  return dev.flags & IFF_LOOPBACK ? daddr : dev.ifa_address;
}

/** Sends a TCP segment of a socket. */
export function ip_queue_xmit(sk: sock, skb: sk_buff): void {
  ip_build_and_send_pkt(skb, sk.inet_saddr, sk.inet_daddr, IPPROTO_TCP, IPDEFTTL, IP_DF);
}

/** Puts the IP header on a packet and sends it. `frag_off` is `IP_DF` or 0. */
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
  b[p] = 0x45;
  b[p + 1] = 0;
  put_unaligned_be16(skb.len, b, p + 2);
  put_unaligned_be16(net.ip_ident, b, p + 4);
  net.ip_ident = (net.ip_ident + 1) & 0xffff;
  put_unaligned_be16(frag_off, b, p + 6);
  b[p + 8] = ttl;
  b[p + 9] = protocol;
  put_unaligned_be16(0, b, p + 10);
  put_unaligned_be32(saddr, b, p + 12);
  put_unaligned_be32(daddr, b, p + 16);
  skb.saddr = saddr;
  skb.daddr = daddr;
  ip_local_out(skb);
}

/** Finishes the header of a packet of our own and routes it, unless it is bound to a device. */
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
  put_unaligned_be16(0, skb.head, p + 10);
  put_unaligned_be16(csum_fold(csum_partial(skb.head, guest_os().ram32, p, IP_HLEN, 0)), skb.head, p + 10);
}

/** Cuts a packet that is too long for the device into fragments. */
export function ip_finish_output(skb: sk_buff, dev: net_device): void {
  if (skb.len > dev.mtu) {
    ip_do_fragment(skb, dev);
    return;
  }
  ip_finish_output2(skb, dev);
}

/** Hands a packet to the link layer. */
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
