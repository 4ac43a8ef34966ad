/** Slirp's own MAC addresses: each of its IP addresses has one. */
import { wr32 } from '../wire/bytes.ts';

/** Slirp's MAC addresses begin with this; the address's last four bytes follow. */
const special_ethaddr: readonly number[] = [0x52, 0x55];
const special_ethaddr6: readonly number[] = [0x52, 0x56];

/**
 * Writes slirp's MAC address for an IPv4 address.
 * @nodebug
 */
export function slirp_ethaddr(b: Uint8Array, o: number, ip_addr: number): void {
  b[o] = special_ethaddr[0]!;
  b[o + 1] = special_ethaddr[1]!;
  wr32(b, o + 2, ip_addr);
}

/**
 * Writes slirp's MAC address for an IPv6 address, whose last four bytes it has.
 * @nodebug
 */
export function slirp_ethaddr6(b: Uint8Array, o: number, addr: Uint8Array, at: number): void {
  b[o] = special_ethaddr6[0]!;
  b[o + 1] = special_ethaddr6[1]!;
  for (let i = 0; i < 4; i++) {
    b[o + 2 + i] = addr[at + 12 + i]!;
  }
}
