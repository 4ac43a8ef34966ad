/**
 * Slirp's own MAC addresses: each of its IP addresses has one, two fixed bytes and then the last four of the address.
 */
import { rd32, wr16, wr32 } from '../wire/bytes.ts';
import { ETH_ALEN } from '../wire/ethernet.ts';
import { IN_ADDR_LEN } from '../wire/ip.ts';
import { IN6_ADDR_LEN } from '../wire/ip6.ts';

/** The fixed bytes, for IPv4 and for IPv6 addresses, and their length. */
const SPECIAL_ETHADDR = 0x5255;
const SPECIAL_ETHADDR6 = 0x5256;
const SPECIAL_LEN = ETH_ALEN - IN_ADDR_LEN;

/**
 * Writes slirp's MAC address for an IPv4 address.
 * @nodebug
 */
export function slirp_ethaddr(b: Uint8Array, o: number, ip_addr: number): void {
  wr16(b, o, SPECIAL_ETHADDR);
  wr32(b, o + SPECIAL_LEN, ip_addr);
}

/**
 * Writes slirp's MAC address for the IPv6 address at `at` of `addr`.
 * @nodebug
 */
export function slirp_ethaddr6(b: Uint8Array, o: number, addr: Uint8Array, at: number): void {
  wr16(b, o, SPECIAL_ETHADDR6);
  wr32(b, o + SPECIAL_LEN, rd32(addr, at + IN6_ADDR_LEN - IN_ADDR_LEN));
}
