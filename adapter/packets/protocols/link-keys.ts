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

export const LINKTYPE_PPP = 9;
export const LINKTYPE_PPP_HDLC = 50;
export const LINKTYPE_CISCO_HDLC = 104;
export const LINKTYPE_IEEE802_11 = 105;
export const LINKTYPE_FRAME_RELAY = 107;
export const LINKTYPE_RADIOTAP = 127;
export const LINKTYPE_PPP_WITH_DIRECTION = 204;
export const LINKTYPE_IPNET = 226;
export const LINKTYPE_NFLOG = 239;
export const LINKTYPE_IPOIB = 242;

/** A header of a link type (tcpdump.org/linktypes.html). */
export function linkKey(linktype: number): number {
  return 0x18000 + linktype;
}

/** Link types with a protocol of their own, which begins with the packet. */
export const LINK_PROTOCOLS: readonly number[] = [
  LINKTYPE_PPP,
  LINKTYPE_PPP_HDLC,
  LINKTYPE_CISCO_HDLC,
  LINKTYPE_IEEE802_11,
  LINKTYPE_FRAME_RELAY,
  LINKTYPE_RADIOTAP,
  LINKTYPE_PPP_WITH_DIRECTION,
  LINKTYPE_IPNET,
  LINKTYPE_NFLOG,
  LINKTYPE_IPOIB,
];

/** HDLC where PPP is expected. */
export const PPP_HDLC = 0x10000;
/** Cisco's keep-alives in HDLC, whose number means something else in Ethernet. */
export const HDLC_SLARP = 0x1fffe;
/** The ISO's protocols behind their first byte. */
export const SAP_OSI = 0xfe;
