/** IPv6 addresses and constants (libslirp's ip6.h). Addresses are 16 bytes. */

/** `::`. */
export function in6_zero(): Uint8Array {
  return new Uint8Array(16);
}

/** `::1`. */
export function in6_addr_loopback(): Uint8Array {
  const a = new Uint8Array(16);
  a[15] = 1;
  return a;
}

/** `fe80::` with a last byte: slirp's own link-local addresses are fe80::2 and fe80::3. */
export function in6_linklocal(last: number): Uint8Array {
  const a = new Uint8Array(16);
  a[0] = 0xfe;
  a[1] = 0x80;
  a[15] = last;
  return a;
}

/** `ff02::1`. */
export function in6_all_nodes(): Uint8Array {
  const a = new Uint8Array(16);
  a[0] = 0xff;
  a[1] = 0x02;
  a[15] = 1;
  return a;
}

/** The solicited-node multicast address of `a`: ff02::1:ffXX:XXXX (RFC 4291, section 2.7.1). */
export function in6_solicited_node(a: Uint8Array): Uint8Array {
  const r = in6_all_nodes();
  r[11] = 1;
  r[12] = 0xff;
  r[13] = a[13]!;
  r[14] = a[14]!;
  r[15] = a[15]!;
  return r;
}

/** True if the first `len` bits of two addresses are equal. */
export function in6_equal_net(a: Uint8Array, b: Uint8Array, len: number): boolean {
  for (let i = 0; i < len >> 3; i++) {
    if (a[i] !== b[i]) {
      return false;
    }
  }
  const rest = len & 7;
  return rest === 0 || (a[len >> 3]! ^ b[len >> 3]!) >> (8 - rest) === 0;
}

/** True for ff00::/8. */
export function in6_multicast(a: Uint8Array): boolean {
  return a[0] === 0xff;
}

/** True for `::`. */
export function in6_unspecified(a: Uint8Array): boolean {
  for (let i = 0; i < 16; i++) {
    if (a[i] !== 0) {
      return false;
    }
  }
  return true;
}
