/** IPv6 addresses and constants (libslirp's ip6.h). Addresses are 16 bytes. */
import { rd8, rd16 } from '../wire/bytes.ts';
import { IN6_ADDR_LEN } from '../wire/ip6.ts';

/**
 * Where solicited-node addresses have the last three bytes of the
 * address they are for, and how many bits stand before these.
 */
const SOLICITED_OWN = 13;
const SOLICITED_BITS = 104;

/** `::`. */
export function in6_zero(): Uint8Array {
  return new Uint8Array(IN6_ADDR_LEN);
}

/** `::1`. */
export function in6_addr_loopback(): Uint8Array {
  return Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
}

/** `fe80::` with a last byte: slirp's own link-local addresses are fe80::2 and fe80::3. */
export function in6_linklocal(last: number): Uint8Array {
  return Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last);
}

/** `ff02::1`. */
export function in6_all_nodes(): Uint8Array {
  return Uint8Array.of(0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
}

/** The solicited-node multicast address of `a`: ff02::1:ffXX:XXXX (RFC 4291, section 2.7.1). */
export function in6_solicited_node(a: Uint8Array): Uint8Array {
  const r = Uint8Array.of(0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 0);
  r.set(a.subarray(SOLICITED_OWN), SOLICITED_OWN);
  return r;
}

/** True for addresses of ff02::1:ff00:0/104 (RFC 4291, section 2.7.1). @pure */
export function in6_is_solicited_node(a: Uint8Array): boolean {
  return in6_equal_net(a, in6_solicited_node(a), SOLICITED_BITS);
}

/** True for fe80::/10. @pure */
export function in6_is_linklocal(a: Uint8Array): boolean {
  return (rd16(a, 0) & 0xffc0) === 0xfe80;
}

/** True if the first `len` bits of two addresses are equal. */
export function in6_equal_net(a: Uint8Array, b: Uint8Array, len: number): boolean {
  for (let i = 0; i < len >> 3; i++) {
    if (a[i] !== b[i]) {
      return false;
    }
  }
  const rest = len & 7;
  return rest === 0 || (rd8(a, len >> 3) ^ rd8(b, len >> 3)) >> (8 - rest) === 0;
}

/** True for ff00::/8. */
export function in6_multicast(a: Uint8Array): boolean {
  return a[0] === 0xff;
}

/** True for `::`. */
export function in6_unspecified(a: Uint8Array): boolean {
  for (let i = 0; i < IN6_ADDR_LEN; i++) {
    if (a[i] !== 0) {
      return false;
    }
  }
  return true;
}
