/**
 * MAC addresses of the guest by IPv4 address (libslirp's arp_table.c): 16 entries, the oldest is replaced, none ages.
 */
import { rd8 } from '../wire/bytes.ts';
import { ETH_ALEN } from '../wire/ethernet.ts';
import { INADDR_BROADCAST } from '../wire/ip.ts';
import type { Slirp } from './instance.ts';

export const ARP_TABLE_SIZE = 16;

/** An entry: `ar_sip` is 0 while it is free. */
export class slirp_arphdr {
  ar_sip = 0;
  ar_sha: Uint8Array = new Uint8Array(ETH_ALEN);
}

/** The table. */
export class ArpTable {
  table: slirp_arphdr[] = Array.from({ length: ARP_TABLE_SIZE }, () => new slirp_arphdr());
  next_victim = 0;
}

/** True for the addresses that always are the Ethernet broadcast: 0.0.0.0, 255.255.255.255 and the network's own. */
function arp_is_broadcast(slirp: Slirp, ip_addr: number): boolean {
  return (
    ip_addr === 0 || ip_addr === INADDR_BROADCAST || ip_addr === (slirp.vnetwork_addr | ~slirp.vnetwork_mask) >>> 0
  );
}

/** Remembers that `ip_addr` is at the MAC address at `off` of `buf`. */
export function arp_table_add(slirp: Slirp, ip_addr: number, buf: Uint8Array, off: number): void {
  const t = slirp.arp_table;
  if (arp_is_broadcast(slirp, ip_addr)) {
    return;
  }
  let e: slirp_arphdr | null = null;
  for (let i = 0; i < ARP_TABLE_SIZE && e === null; i++) {
    e = t.table[i]!.ar_sip === ip_addr ? t.table[i]! : null;
  }
  if (e === null) {
    e = t.table[t.next_victim]!;
    e.ar_sip = ip_addr;
    t.next_victim = (t.next_victim + 1) % ARP_TABLE_SIZE;
  }
  for (let i = 0; i < ETH_ALEN; i++) {
    e.ar_sha[i] = rd8(buf, off + i);
  }
}

/** Stores the MAC address of `ip_addr` at `off` of `out`. Returns false if it is not known. */
export function arp_table_search(slirp: Slirp, ip_addr: number, out: Uint8Array, off: number): boolean {
  if (arp_is_broadcast(slirp, ip_addr)) {
    for (let i = 0; i < ETH_ALEN; i++) {
      out[off + i] = 0xff;
    }
    return true;
  }
  const table = slirp.arp_table.table;
  for (let i = 0; i < ARP_TABLE_SIZE; i++) {
    const e = table[i]!;
    if (e.ar_sip === ip_addr) {
      const mac = e.ar_sha;
      for (let k = 0; k < ETH_ALEN; k++) {
        out[off + k] = mac[k]!;
      }
      return true;
    }
  }
  return false;
}
