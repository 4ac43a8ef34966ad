/**
 * MAC addresses of the guest by IPv6 address (libslirp's ndp_table.c): 16 entries, the oldest is replaced, none ages.
 */
import { rd32, wr16, wr32 } from '../wire/bytes.ts';
import { ETH_ALEN, ETH_MCAST_IP6, ETH_MCAST_IP6_LEN } from '../wire/ethernet.ts';
import { IN_ADDR_LEN } from '../wire/ip.ts';
import { IN6_ADDR_LEN } from '../wire/ip6.ts';
import type { Slirp } from './instance.ts';
import { in6_is_linklocal, in6_multicast, in6_unspecified } from './ip6.ts';
import { in6_equal } from './solist.ts';

export const NDP_TABLE_SIZE = 16;

/** An entry. */
export class ndpentry {
  used = false;
  eth_addr: Uint8Array = new Uint8Array(ETH_ALEN);
  ip_addr: Uint8Array = new Uint8Array(IN6_ADDR_LEN);
}

/** The table. */
export class NdpTable {
  table: ndpentry[] = Array.from({ length: NDP_TABLE_SIZE }, () => new ndpentry());
  next_victim = 0;
  /** First address of the guest that was seen and is no link-local one: where forwarded ports lead. */
  guest_in6_addr: Uint8Array | null = null;
}

/** Remembers that an IPv6 address (16 bytes) is at a MAC address. Multicast addresses and `::` are not stored. */
export function ndp_table_add(slirp: Slirp, ip_addr: Uint8Array, eth_addr: Uint8Array): void {
  const t = slirp.ndp_table;
  if (in6_multicast(ip_addr) || in6_unspecified(ip_addr)) {
    return;
  }
  const linklocal = in6_is_linklocal(ip_addr);
  if (t.guest_in6_addr === null && !linklocal) {
    t.guest_in6_addr = ip_addr.slice();
  }
  let e = t.table.find((entry) => entry.used && in6_equal(entry.ip_addr, ip_addr));
  if (!e) {
    e = t.table[t.next_victim]!;
    t.next_victim = (t.next_victim + 1) % NDP_TABLE_SIZE;
  }
  e.used = true;
  e.ip_addr.set(ip_addr);
  e.eth_addr.set(eth_addr);
}

/** Stores the MAC address of the IPv6 address at `at` of `b` at `off` of `out`. Returns false if it is not known. */
export function ndp_table_search(slirp: Slirp, b: Uint8Array, at: number, out: Uint8Array, off: number): boolean {
  if (b[at] === 0xff) {
    // Multicast: 33:33 and the last four bytes (RFC 2464, section 7).
    wr16(out, off, ETH_MCAST_IP6);
    wr32(out, off + ETH_MCAST_IP6_LEN, rd32(b, at + IN6_ADDR_LEN - IN_ADDR_LEN));
    return true;
  }
  const ip_addr = b.subarray(at, at + IN6_ADDR_LEN);
  if (in6_unspecified(ip_addr)) {
    out.fill(0xff, off, off + ETH_ALEN);
    return true;
  }
  const e = slirp.ndp_table.table.find((entry) => entry.used && in6_equal(entry.ip_addr, ip_addr));
  if (!e) {
    return false;
  }
  out.set(e.eth_addr, off);
  return true;
}

/** The guest's IPv6 address for forwarded ports, or null while none is known. */
export function ndp_first_guest(slirp: Slirp): Uint8Array | null {
  return slirp.ndp_table.guest_in6_addr;
}
