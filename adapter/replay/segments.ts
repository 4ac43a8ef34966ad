/** The TCP segments of a capture, read where the analysis has found them: no header is looked for twice. */
import type { ByteSource } from '../packets/byte-source.ts';
import type { PacketIndex } from '../packets/capture-index.ts';
import type { PacketColumns } from './analysis.ts';

/** Bytes of a glance: the link layer, IP and TCP with their options. */
const HEADERS = 256;

/** One segment at a time; made to be reused. */
export class Segments {
  readonly #source: ByteSource;
  readonly #index: PacketIndex;
  readonly #packets: PacketColumns;
  /** The packet's bytes as far as they were read, valid until the source's next read, and where its TCP header is. */
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  flags = 0;
  seq = 0;
  ack = 0;
  window = 0;
  /** Bytes of payload that it had on the wire. */
  length = 0;

  constructor(source: ByteSource, index: PacketIndex, packets: PacketColumns) {
    this.#source = source;
    this.#index = index;
    this.#packets = packets;
  }

  /** Says of packet `i`, a TCP segment, what its place in the stream is: flags, sequence number and length. */
  place(i: number): this {
    const { flags, seq, payload } = this.#packets;
    this.flags = flags[i] ?? 0;
    this.seq = seq[i] ?? 0;
    this.length = payload[i] ?? 0;
    return this;
  }

  /** Reads its headers as well, without reading what lies around them in the file. */
  glance(i: number): this {
    const { offset, caplen } = this.#index.columns;
    this.bytes = this.#source.glance(offset[i] ?? 0, Math.min(caplen[i] ?? 0, HEADERS));
    const at = this.#packets.tcp[i] ?? 0;
    this.at = at;
    this.ack = this.#u32(at + 8);
    this.window = this.#u16(at + 14);
    return this.place(i);
  }

  /** Copies the payload of packet `i` from byte `skip` on to `out`; what the capture has cut is left as it is. */
  copy(i: number, skip: number, out: Uint8Array, to: number): void {
    const { tcp, payload } = this.#packets;
    this.bytes = this.#index.bytes(this.#source, i);
    this.at = tcp[i] ?? 0;
    const start = this.at + this.#header;
    const end = Math.min(this.bytes.length, start + (payload[i] ?? 0));
    if (end > start + skip) {
      out.set(this.bytes.subarray(start + skip, end), to);
    }
  }

  /** Length of the TCP header. */
  get #header(): number {
    return ((this.bytes[this.at + 12] ?? 0) >> 4) * 4;
  }

  /** The maximum segment size option, or 0. */
  get mss(): number {
    const end = Math.min(this.bytes.length, this.at + this.#header);
    for (let at = this.at + 20; at + 4 <= end && this.bytes[at] !== 0; ) {
      if (this.bytes[at] === 2) {
        return this.#u16(at + 2);
      }
      at += this.bytes[at] === 1 ? 1 : Math.max(2, this.bytes[at + 1] ?? 0);
    }
    return 0;
  }

  /** Time to live or hop limit of a plain IP header before it; 0 where there are options or extensions. */
  get ttl(): number {
    const { bytes, at } = this;
    if (bytes[at - 20] === 0x45) {
      return bytes[at - 12] ?? 0;
    }
    return at >= 40 && (bytes[at - 40] ?? 0) >> 4 === 6 ? (bytes[at - 33] ?? 0) : 0;
  }

  #u16(at: number): number {
    return ((this.bytes[at] ?? 0) << 8) | (this.bytes[at + 1] ?? 0);
  }

  #u32(at: number): number {
    return this.#u16(at) * 65536 + this.#u16(at + 2);
  }
}
