/** The addresses that DHCP gives out: 16, each bound to a MAC address for good. */
import { BP_VEND } from '../wire/dhcp.ts';
import { ETH_ALEN } from '../wire/ethernet.ts';
import type { Slirp } from './instance.ts';

/** Addresses that are given out. */
export const NB_BOOTP_CLIENTS = 16;

/** One of the addresses: the MAC address that has it. */
export class bootpclient {
  allocated = false;
  macaddr: Uint8Array = new Uint8Array(ETH_ALEN);
}

/**
 * True if a lease is that of the MAC address at `mac` of `b`.
 * @nodebug
 */
function bootp_is_client(bc: bootpclient, b: Uint8Array, mac: number): boolean {
  const a = bc.macaddr;
  for (let i = 0; i < ETH_ALEN; i++) {
    if (a[i] !== b[mac + i]) {
      return false;
    }
  }
  return bc.allocated;
}

/** The address that the MAC address at `mac` of `b` has, or 0. */
export function find_addr(slirp: Slirp, b: Uint8Array, mac: number): number {
  for (let i = 0; i < NB_BOOTP_CLIENTS; i++) {
    if (bootp_is_client(slirp.bootp_clients[i]!, b, mac)) {
      return (slirp.vdhcp_startaddr + i) >>> 0;
    }
  }
  return 0;
}

/** The first address that is free or the client's own already, or 0 if all are taken. */
export function get_new_addr(slirp: Slirp, b: Uint8Array, mac: number): number {
  for (let i = 0; i < NB_BOOTP_CLIENTS; i++) {
    const bc = slirp.bootp_clients[i]!;
    if (!bc.allocated || bootp_is_client(bc, b, mac)) {
      return (slirp.vdhcp_startaddr + i) >>> 0;
    }
  }
  return 0;
}

/** The address `addr` if it is in the pool and free or the client's own, else 0. */
export function request_addr(slirp: Slirp, addr: number, b: Uint8Array, mac: number): number {
  const i = addr - slirp.vdhcp_startaddr;
  if (i < 0 || i >= NB_BOOTP_CLIENTS) {
    return 0;
  }
  const bc = slirp.bootp_clients[i]!;
  return !bc.allocated || bootp_is_client(bc, b, mac) ? addr : 0;
}

/** Room for options in a reply, and the length of a reply. */
const OPTIONS_ROOM = 312;
export const BOOTP_LEN = BP_VEND + OPTIONS_ROOM;
