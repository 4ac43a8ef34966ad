/**
 * Captures in memory: what the pcap and pcapng readers produce. Packets are views of the file's bytes, nothing is
 * copied. Formats: pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng).
 */

/** The bytes are not a capture, or one that cannot be used; the message is for the user. */
export class CaptureError extends Error {
  override name = 'CaptureError';
}

/** Link types (LINKTYPE_ of tcpdump.org/linktypes.html) that this project handles. */
export const LINKTYPE_ETHERNET = 1;
export const LINKTYPE_RAW = 101;
export const LINKTYPE_IPV4 = 228;
export const LINKTYPE_IPV6 = 229;

/** Names of link types that people meet, for error messages. */
const LINKTYPE_NAMES: ReadonlyMap<number, string> = new Map([
  [0, 'NULL (BSD loopback)'],
  [LINKTYPE_ETHERNET, 'ETHERNET'],
  [6, 'IEEE802_5 (token ring)'],
  [9, 'PPP'],
  [LINKTYPE_RAW, 'RAW (IP)'],
  [105, 'IEEE802_11 (Wi-Fi)'],
  [108, 'LOOP (OpenBSD loopback)'],
  [113, 'LINUX_SLL (Linux "any" device)'],
  [119, 'IEEE802_11_PRISM'],
  [127, 'IEEE802_11_RADIOTAP (Wi-Fi)'],
  [147, 'USER0'],
  [189, 'USB_LINUX'],
  [195, 'IEEE802_15_4'],
  [220, 'USB_LINUX_MMAPPED'],
  [LINKTYPE_IPV4, 'IPV4'],
  [LINKTYPE_IPV6, 'IPV6'],
  [253, 'NETLINK'],
  [276, 'LINUX_SLL2 (Linux "any" device)'],
]);

/** Largest packet believed; Wireshark's WTAP_MAX_PACKET_SIZE_STANDARD. */
export const MAX_PACKET_SIZE = 262144;

/** An interface of a capture; a classic pcap has one. */
export interface CaptureInterface {
  readonly linktype: number;
  /** `if_name`, or empty. */
  readonly name: string;
  /** `if_description`, or empty. */
  readonly description?: string;
  readonly snaplen: number;
  /** Units of a time stamp a second: 10^6 unless `if_tsresol` or the magic number says otherwise. */
  readonly ticksPerSecond: number;
  /** `if_tsoffset`: seconds added to every time stamp. */
  readonly tsOffset: number;
}

/** One packet of a capture. */
export class CapturePacket {
  /** Counts from 1, as Wireshark's `frame.number`. */
  readonly number: number;
  /** Time since the epoch: whole seconds, and nanoseconds: less than a second, unless the file is damaged. */
  readonly tsSec: number;
  readonly tsNsec: number;
  /** The captured bytes: a view of the file. */
  readonly data: Uint8Array;
  /** Length on the wire; larger than `data.length` when the capture cut it. */
  readonly len: number;
  /** Index into `Capture.interfaces`. */
  readonly iface: number;
  constructor(number: number, tsSec: number, tsNsec: number, data: Uint8Array, len: number, iface: number) {
    this.number = number;
    this.tsSec = tsSec;
    this.tsNsec = tsNsec;
    this.data = data;
    this.len = len;
    this.iface = iface;
  }
}

/** A custom block of a pcapng file (type 0x0bad, or 0x40000bad which must not be copied). */
export interface CustomBlock {
  /** Private Enterprise Number of its owner. */
  readonly pen: number;
  readonly copyable: boolean;
  readonly data: Uint8Array;
  /** How many packets came before it. */
  readonly afterPackets: number;
}

export interface Capture {
  readonly format: 'pcap' | 'pcapng';
  readonly bigEndian: boolean;
  readonly interfaces: readonly CaptureInterface[];
  readonly packets: readonly CapturePacket[];
  readonly customBlocks: readonly CustomBlock[];
  /** Comments of packets, by their numbers. */
  readonly comments: ReadonlyMap<number, readonly string[]>;
  /** Names from Name Resolution blocks: address as text -> name. */
  readonly names: ReadonlyMap<string, string>;
  /** The file ends in the middle of something, or is damaged from some point on; `warnings` says where. */
  readonly truncated: boolean;
  /** Oddities that did not prevent reading. */
  readonly warnings: readonly string[];
}

/** How a link type is called in messages: `113 LINUX_SLL (Linux "any" device)`. */
export function linktypeName(linktype: number): string {
  return `${linktype} ${LINKTYPE_NAMES.get(linktype) ?? '(unknown)'}`;
}

/** Where the packets of a link type start, or undefined if it is not handled. */
export function linktypeKind(linktype: number): 'ethernet' | 'ip' | undefined {
  switch (linktype) {
    case LINKTYPE_ETHERNET:
      return 'ethernet';
    case LINKTYPE_RAW:
    case LINKTYPE_IPV4:
    case LINKTYPE_IPV6:
    case 12: // DLT_RAW on most systems, which some writers put in the file
    case 14: // DLT_RAW on OpenBSD
      return 'ip';
    default:
      return undefined;
  }
}

/** Throws `CaptureError` for a link type that is not handled. */
export function requireLinktype(linktype: number, where: string): void {
  if (linktypeKind(linktype) === undefined) {
    throw new CaptureError(
      `${where} has link type ${linktypeName(linktype)}, which is not supported; ` +
        `supported are ${[LINKTYPE_ETHERNET, LINKTYPE_RAW, LINKTYPE_IPV4, LINKTYPE_IPV6].map(linktypeName).join(', ')}`,
    );
  }
}
