/** Routes (net/ipv4/fib_frontend.c, route.c): whose an address is, and which way packets leave. */

import { INADDR_BROADCAST } from '../wire/ip.ts';
import { guest_os } from './kernel.ts';
import { IFF_LOOPBACK, IFF_UP, type net_device } from './net_device.ts';

/**
 * True when `addr` is one of our own.
 * @nodebug @pure
 */
export function inet_addr_type_local(addr: number): boolean {
  if (addr >>> 24 === 127) {
    return true;
  }
  for (const dev of guest_os().net.devs) {
    if (dev.ifa_address !== 0 && dev.ifa_address === addr) {
      return true;
    }
  }
  return false;
}

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
