/** The Ethernet header (IEEE 802.3; RFC 894): names of BSD's `struct ether_header`. */

/** Destination and source address. */
export const ETH_DHOST = 0;
export const ETH_SHOST = 6;
/** What the payload is: ETH_P_*. */
export const ETH_TYPE = 12;
/** Length of the header, and of an address. */
export const ETH_HLEN = 14;
export const ETH_ALEN = 6;
/** Length of the shortest frame without its check sequence, and of the longest payload. */
export const ETH_ZLEN = 60;
export const ETH_DATA_LEN = 1500;

/** Values of the type field. */
export const ETH_P_IP = 0x0800;
export const ETH_P_ARP = 0x0806;
export const ETH_P_VLAN = 0x8100;
export const ETH_P_IPV6 = 0x86dd;
export const ETH_P_NCSI = 0x88f8;

/** How the addresses of IPv6 multicast begin (RFC 2464, section 7), and how many bytes that are. */
export const ETH_MCAST_IP6 = 0x3333;
export const ETH_MCAST_IP6_LEN = 2;

/**
 * The tag of IEEE 802.1Q: it stands where the type would be,
 * with its own type, then 16 bits of tag control information.
 */
export const VLAN_TCI = 14;
export const VLAN_HLEN = 4;

/**
 * True for an address of a group, or of all, at `p`.
 * @nodebug @pure
 */
export function is_multicast_ether_addr(b: Uint8Array, p: number): boolean {
  return (b[p]! & 1) !== 0;
}

/**
 * True for the broadcast address, six bytes of ones, at `p`.
 * @nodebug @pure
 */
export function is_broadcast_ether_addr(b: Uint8Array, p: number): boolean {
  for (let i = 0; i < ETH_ALEN; i++) {
    if (b[p + i] !== 0xff) {
      return false;
    }
  }
  return true;
}

/**
 * True when the address at `p` is `mac`.
 * @nodebug @pure
 */
export function ether_addr_equal(b: Uint8Array, p: number, mac: Uint8Array): boolean {
  for (let i = 0; i < ETH_ALEN; i++) {
    if (b[p + i] !== mac[i]) {
      return false;
    }
  }
  return true;
}
