/** Classic pcap files (draft-ietf-opsawg-pcap): a 24-byte header, then packets with 16-byte headers. */
import type { ByteSource } from './byte-source.ts';
import type { CaptureIndex } from './capture-index.ts';
import { CaptureError, LINKTYPE_ETHERNET, MAX_PACKET_SIZE } from './types.ts';

/** Magic numbers as the first four bytes in big-endian order -> how the rest is written. */
export const PCAP_MAGICS: ReadonlyMap<number, { readonly little: boolean; readonly nano: boolean }> = new Map([
  [0xd4c3b2a1, { little: true, nano: false }],
  [0xa1b2c3d4, { little: false, nano: false }],
  [0x4d3cb2a1, { little: true, nano: true }],
  [0xa1b23c4d, { little: false, nano: true }],
]);

const FILE_HEADER = 24;
const PACKET_HEADER = 16;

/**
 * What a reader calls for each packet, after it is in the index: its number from 0, and its captured bytes (valid
 * during the call).
 */
export type PacketSeen = (i: number, data: Uint8Array, index: CaptureIndex) => void;

/** Packets between two looks at whether somebody waits. */
export const PACKETS_A_SLICE = 2048;

/**
 * Reads a classic pcap into an index; yields now and then how far it is, in bytes. See `readCapture` for how damage is
 * treated.
 */
export function* scanPcap(source: ByteSource, index: CaptureIndex, seen?: PacketSeen): Generator<number, void> {
  const head = source.read(0, FILE_HEADER);
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const magic = PCAP_MAGICS.get(head.length < 4 ? -1 : view.getUint32(0, false));
  if (!magic) {
    throw new CaptureError('not a pcap file: the magic number is wrong');
  }
  if (head.length < FILE_HEADER) {
    throw new CaptureError(
      `truncated pcap file: ${head.length} bytes, ${FILE_HEADER - head.length} bytes of the ` +
        `${FILE_HEADER}-byte file header are missing`,
    );
  }
  const { little, nano } = magic;
  const major = view.getUint16(4, little);
  if (major !== 2) {
    index.warnings.push(`pcap version ${major}.${view.getUint16(6, little)}, expected 2.4`);
  }
  index.format = 'pcap';
  index.bigEndian = !little;
  index.interfaces.push({
    // The upper bits hold the length of a frame check sequence, if packets have one.
    linktype: view.getUint32(20, little) & 0xffff,
    name: '',
    snaplen: view.getUint32(16, little),
    ticksPerSecond: nano ? 1e9 : 1e6,
    tsOffset: 0,
  });
  const damage = yield* scanPackets(source, index, little, nano ? 1 : 1000, seen);
  if (damage !== '') {
    if (index.count === 0) {
      throw new CaptureError(damage);
    }
    index.truncated = true;
    index.warnings.push(damage);
  }
}

/** Bytes that are read ahead; a window of `FileSource` has them wherever they begin. */
const BLOCK = 1 << 16;

/** Reads packets up to the end, or to the first that cannot be read: then says why, else returns ''. */
function* scanPackets(
  source: ByteSource,
  index: CaptureIndex,
  little: boolean,
  ns: number,
  seen?: PacketSeen,
): Generator<number, string> {
  // A view for each packet costs more than what is read of most.
  let block: Uint8Array = new Uint8Array(0);
  let blockAt = 0;
  const there = (at: number, length: number): boolean => at + length <= blockAt + block.length;
  const want = (at: number, length: number): void => {
    if (!there(at, length)) {
      block = source.read(at, Math.max(length, BLOCK));
      blockAt = at;
    }
  };
  let off = FILE_HEADER;
  while (off < source.size) {
    const number = index.count + 1;
    want(off, PACKET_HEADER);
    if (!there(off, PACKET_HEADER)) {
      return truncated(number, off, source.size - off, PACKET_HEADER, 'header');
    }
    const at = off - blockAt;
    const caplen = u32(block, at + 8, little);
    const len = u32(block, at + 12, little);
    const sec = u32(block, at, little);
    // A damaged fraction of a second is kept as it is, in 32 bits with a sign, as Wireshark reads it.
    const nanoseconds = Math.imul(u32(block, at + 4, little), ns);
    if (caplen > MAX_PACKET_SIZE) {
      const claim = `${caplen} captured bytes, more than ${MAX_PACKET_SIZE}`;
      return `damaged capture: packet ${number} at byte ${off} claims ${claim}`;
    }
    const start = off + PACKET_HEADER;
    if (source.size - start < caplen) {
      return truncated(number, start, source.size - start, caplen, 'data');
    }
    index.add(start, caplen, Math.max(len, caplen), sec, nanoseconds, 0, 0);
    if (seen) {
      want(start, caplen);
      seen(index.count - 1, block.subarray(start - blockAt, start - blockAt + caplen), index);
    }
    off = start + caplen;
    if (index.count % PACKETS_A_SLICE === 0) {
      yield off;
      // Who had the turn may have read something else.
      block = block.subarray(0, 0);
    }
  }
  return '';
}

function u32(b: Uint8Array, at: number, little: boolean): number {
  const x = b[at] ?? 0;
  const y = b[at + 1] ?? 0;
  const z = b[at + 2] ?? 0;
  const w = b[at + 3] ?? 0;
  return (little ? x | (y << 8) | (z << 16) | (w << 24) : (x << 24) | (y << 16) | (z << 8) | w) >>> 0;
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
