/**
 * Keys of the table `ethertype` beyond 16 bits, for what is found by other numbers: the SAPs of LLC, the organisations
 * of SNAP, and LLC itself in a frame that has a length where others have a type.
 */
export const LLC_FRAME = 0x1ffff;
/** Ethernet frames in other protocols (RFC 1701's Transparent Ethernet Bridging). */
export const ETHERTYPE_BRIDGED = 0x6558;
export const ETHERTYPE_MPLS = 0x8847;
export const ETHERTYPE_MPLS_MULTICAST = 0x8848;
/** Larger ones are types; lengths are at most this. */
export const MAX_LENGTH_802_3 = 1500;

/** What an LLC header with a destination SAP carries. */
export function sapKey(dsap: number): number {
  return 0x10000 + dsap;
}

/** What a SNAP header of an organisation other than 0 carries. */
export function snapKey(organisation: number, pid: number): number {
  return organisation * 0x20000 + pid;
}

export const OUI_CISCO = 0x00000c;
