/** Classic pcap files (draft-ietf-opsawg-pcap): a 24-byte header, then packets with 16-byte headers. */
import {
  type Capture,
  CaptureError,
  CapturePacket,
  LINKTYPE_ETHERNET,
  MAX_PACKET_SIZE,
  requireLinktype,
} from './types.ts';

/** Magic numbers as the first four bytes in big-endian order -> how the rest is written. */
export const PCAP_MAGICS: ReadonlyMap<number, { readonly little: boolean; readonly nano: boolean }> = new Map([
  [0xd4c3b2a1, { little: true, nano: false }],
  [0xa1b2c3d4, { little: false, nano: false }],
  [0x4d3cb2a1, { little: true, nano: true }],
  [0xa1b23c4d, { little: false, nano: true }],
]);

const FILE_HEADER = 24;
const PACKET_HEADER = 16;

/** Reads a classic pcap. See `read_capture` for how damage is treated. */
export function readPcap(bytes: Uint8Array): Capture {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const magic = PCAP_MAGICS.get(bytes.length < 4 ? -1 : view.getUint32(0, false));
  if (!magic) {
    throw new CaptureError('not a pcap file: the magic number is wrong');
  }
  if (bytes.length < FILE_HEADER) {
    throw new CaptureError(
      `truncated pcap file: ${bytes.length} bytes, ${FILE_HEADER - bytes.length} bytes ` +
        `of the ${FILE_HEADER}-byte file header are missing`,
    );
  }
  const { little, nano } = magic;
  const major = view.getUint16(4, little);
  const warnings: string[] = [];
  if (major !== 2) {
    warnings.push(`pcap version ${major}.${view.getUint16(6, little)}, expected 2.4`);
  }
  // The upper bits hold the length of a frame check sequence, if packets have one.
  const linktype = view.getUint32(20, little) & 0xffff;
  requireLinktype(linktype, 'the capture');
  const packets: CapturePacket[] = [];
  const damage = readPackets(bytes, view, little, nano ? 1 : 1000, packets);
  if (damage !== '') {
    if (packets.length === 0) {
      throw new CaptureError(damage);
    }
    warnings.push(damage);
  }
  return {
    format: 'pcap',
    bigEndian: !little,
    interfaces: [
      {
        linktype,
        name: '',
        snaplen: view.getUint32(16, little),
        ticksPerSecond: nano ? 1e9 : 1e6,
        tsOffset: 0,
      },
    ],
    packets,
    customBlocks: [],
    names: new Map(),
    truncated: damage !== '',
    warnings,
  };
}

/** Reads packets up to the end, or to the first that cannot be read: then says why, else returns ''. */
function readPackets(bytes: Uint8Array, view: DataView, little: boolean, ns: number, out: CapturePacket[]): string {
  let off = FILE_HEADER;
  while (off < bytes.length) {
    const number = out.length + 1;
    if (bytes.length - off < PACKET_HEADER) {
      return truncated(number, off, bytes.length - off, PACKET_HEADER, 'header');
    }
    const caplen = view.getUint32(off + 8, little);
    const len = view.getUint32(off + 12, little);
    if (caplen > MAX_PACKET_SIZE) {
      const claim = `${caplen} captured bytes, more than ${MAX_PACKET_SIZE}`;
      return `damaged capture: packet ${number} at byte ${off} claims ${claim}`;
    }
    const start = off + PACKET_HEADER;
    if (bytes.length - start < caplen) {
      return truncated(number, start, bytes.length - start, caplen, 'data');
    }
    const sec = view.getUint32(off, little);
    const frac = view.getUint32(off + 4, little) * ns;
    const carry = Math.floor(frac / 1e9);
    const data = bytes.subarray(start, start + caplen);
    out.push(new CapturePacket(number, sec + carry, frac - carry * 1e9, data, Math.max(len, caplen), 0));
    off = start + caplen;
  }
  return '';
}

/** The message for a file that ends inside packet `number`. */
function truncated(number: number, off: number, have: number, want: number, what: string): string {
  return (
    `truncated capture: it ends at byte ${off + have}, in the ${what} of packet ${number} ` +
    `(which starts at byte ${off} and has ${want} bytes): ${want - have} bytes are missing`
  );
}

/** What the writers take for a packet. */
export interface PacketToWrite {
  readonly tsSec: number;
  readonly tsNsec: number;
  readonly data: Uint8Array;
  /** Length on the wire if it differs from `data.length`. */
  readonly len?: number;
}

export interface PcapOptions {
  readonly linktype?: number;
  readonly bigEndian?: boolean;
  /** Nanosecond time stamps instead of microseconds. */
  readonly nano?: boolean;
  readonly snaplen?: number;
}

/** The 24-byte header of a classic pcap file, to be followed by `pcap_packet`s. */
export function pcapHeader(options: PcapOptions = {}): Uint8Array {
  const out = new Uint8Array(FILE_HEADER);
  const view = new DataView(out.buffer);
  const little = !options.bigEndian;
  view.setUint32(0, options.nano ? 0xa1b23c4d : 0xa1b2c3d4, little);
  view.setUint16(4, 2, little);
  view.setUint16(6, 4, little);
  view.setUint32(16, options.snaplen ?? MAX_PACKET_SIZE, little);
  view.setUint32(20, options.linktype ?? LINKTYPE_ETHERNET, little);
  return out;
}

/** One packet with its header, as bytes of a classic pcap file. */
export function pcapPacket(p: PacketToWrite, options: PcapOptions = {}): Uint8Array {
  const out = new Uint8Array(PACKET_HEADER + p.data.length);
  const view = new DataView(out.buffer);
  const little = !options.bigEndian;
  view.setUint32(0, p.tsSec, little);
  view.setUint32(4, options.nano ? p.tsNsec : Math.floor(p.tsNsec / 1000), little);
  view.setUint32(8, p.data.length, little);
  view.setUint32(12, p.len ?? p.data.length, little);
  out.set(p.data, PACKET_HEADER);
  return out;
}

/** A whole classic pcap file. */
export function writePcap(packets: Iterable<PacketToWrite>, options: PcapOptions = {}): Uint8Array {
  const parts = [pcapHeader(options)];
  for (const p of packets) {
    parts.push(pcapPacket(p, options));
  }
  return concat(parts);
}

/** Joins byte arrays. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let off = 0;
  for (const p of parts) {
    out.set(p, off);
    off += p.length;
  }
  return out;
}
