/**
 * The index of a capture: where each packet is, and when it came. About 30 bytes a packet, in shared memory, so that
 * other threads read the same index and take the packets themselves from the file.
 */
import type { ByteSource } from './byte-source.ts';
import { type Columns, GrowingTable } from './columns.ts';
import type { FrameRecord } from './packet-view.ts';
import { type CaptureInterface, CapturePacket, type CustomBlock } from './types.ts';

/** Which way a packet passed its interface, as pcapng's `epb_flags` say it. */
export const DIRECTION_UNKNOWN = 0;
export const DIRECTION_IN = 1;
export const DIRECTION_OUT = 2;

/** Columns of the index, one element a packet. */
const INDEX_SPEC = {
  /** Place of the captured bytes in the file. */
  offset: Float64Array,
  /** Captured bytes, and bytes on the wire. */
  caplen: Uint32Array,
  len: Uint32Array,
  /** Time since the epoch: whole seconds, and nanoseconds below one second. */
  sec: Float64Array,
  nsec: Int32Array,
  /** Index into `interfaces`. */
  iface: Uint32Array,
  /** `DIRECTION_`. */
  direction: Uint8Array,
} as const;

export type IndexColumns = Columns<typeof INDEX_SPEC>;

/** The index of a capture that has been read: all of it is plain data that other threads take as it is. */
export class PacketIndex {
  /** Packets. */
  readonly count: number;
  readonly columns: IndexColumns;
  readonly interfaces: readonly CaptureInterface[];
  readonly format: IndexParts['format'];
  readonly comments: IndexParts['comments'];
  #record: FrameRecord | null = null;

  constructor(parts: IndexParts) {
    this.count = parts.count;
    this.columns = parts.columns;
    this.interfaces = parts.interfaces;
    this.format = parts.format;
    this.comments = parts.comments;
  }

  /** The captured bytes of packet `i` (counted from 0), a view as `ByteSource.read` gives it. */
  bytes(source: ByteSource, i: number): Uint8Array {
    return source.read(this.columns.offset[i] ?? 0, this.columns.caplen[i] ?? 0);
  }

  /** Link type of packet `i`'s interface. */
  linktype(i: number): number {
    return this.interfaces[this.columns.iface[i] ?? 0]?.linktype ?? -1;
  }

  /** Seconds from the first packet to packet `i`. */
  secondsOf(i: number): number {
    const { sec, nsec } = this.columns;
    return (sec[i] ?? 0) - (sec[0] ?? 0) + ((nsec[i] ?? 0) - (nsec[0] ?? 0)) / 1e9;
  }

  /** What is said of packet `i` besides its bytes; of the one that was asked about last, the same object. */
  recordOf(i: number): FrameRecord | null {
    if (i < 0 || i >= this.count) {
      return null;
    }
    if (this.#record?.packet.number === i + 1) {
      return this.#record;
    }
    const packet = this.#bare(i);
    this.#record = {
      packet,
      first: this.#bare(0),
      before: this.#bare(Math.max(0, i - 1)),
      iface: this.interfaces[packet.iface],
      seconds: this.secondsOf(i),
      section: this.format === 'pcapng' ? 1 : undefined,
      comments: this.comments.get(i + 1) ?? [],
    };
    return this.#record;
  }

  #bare(i: number): CapturePacket {
    const { sec, nsec, len, iface } = this.columns;
    return new CapturePacket(i + 1, sec[i] ?? 0, nsec[i] ?? 0, NO_BYTES, len[i] ?? 0, iface[i] ?? 0);
  }
}

const NO_BYTES = new Uint8Array(0);

/** What a packet takes in a file at least: the header of a classic pcap's, or a simple packet block. */
const LEAST_PACKET = 16;

/** How many packets a capture of `bytes` bytes can have. */
export function mostPackets(bytes: number): number {
  return Math.ceil(bytes / LEAST_PACKET);
}

/** What an index consists of. */
export interface IndexParts {
  readonly count: number;
  readonly columns: IndexColumns;
  readonly interfaces: readonly CaptureInterface[];
  readonly format: 'pcap' | 'pcapng';
  /** Comments of packets, by their numbers. */
  readonly comments: ReadonlyMap<number, readonly string[]>;
}

/** The same while the capture is read. */
export class CaptureIndex implements IndexParts {
  format: 'pcap' | 'pcapng' = 'pcap';
  bigEndian = false;
  readonly interfaces: CaptureInterface[] = [];
  readonly customBlocks: CustomBlock[] = [];
  readonly comments = new Map<number, string[]>();
  /** Names from Name Resolution blocks: address as text -> name. */
  readonly names = new Map<string, string>();
  readonly warnings: string[] = [];
  /** The file ends in the middle of something, or is damaged from some point on. */
  truncated = false;
  readonly #table: GrowingTable<typeof INDEX_SPEC>;

  /** The capture has `bytes` bytes, so there is an end to how many packets it can have. */
  constructor(bytes: number) {
    this.#table = new GrowingTable(INDEX_SPEC, mostPackets(bytes));
  }

  /** Packets so far. */
  get count(): number {
    return this.#table.count;
  }

  get columns(): IndexColumns {
    return this.#table.columns;
  }

  /** Appends a packet. */
  add(offset: number, caplen: number, len: number, sec: number, nsec: number, iface: number, direction: number): void {
    const i = this.#table.append();
    const c = this.#table.columns;
    c.offset[i] = offset;
    c.caplen[i] = caplen;
    c.len[i] = len;
    c.sec[i] = sec;
    c.nsec[i] = nsec;
    c.iface[i] = iface;
    c.direction[i] = direction;
  }

  /** Link type of packet `i`'s interface. */
  linktype(i: number): number {
    return this.interfaces[this.columns.iface[i] ?? 0]?.linktype ?? -1;
  }

  /** Packet `i` as an object, its bytes from `source`. */
  packet(source: ByteSource, i: number): CapturePacket {
    const { sec, nsec, len, iface } = this.columns;
    const data = source.read(this.columns.offset[i] ?? 0, this.columns.caplen[i] ?? 0);
    return new CapturePacket(i + 1, sec[i] ?? 0, nsec[i] ?? 0, data, len[i] ?? 0, iface[i] ?? 0);
  }
}
