/** The TCP segments of a capture, as the analysis has found them: no header is looked for twice. */
import type { ByteSource } from '../packets/byte-source.ts';
import type { PacketIndex } from '../packets/capture-index.ts';
import type { PacketColumns } from './analysis.ts';
import { TH_SYN } from './connections.ts';
import { FragmentedSegments, isInFragments, type KnownParts } from './fragmented.ts';
import { NOWHERE } from './reference-sum.ts';

/** Bytes of a glance: the link layer, IP and TCP with their options. */
const HEADERS = 256;
const OPTIONS = 20;

/** One segment at a time; made to be reused. */
export class Segments {
  readonly #source: ByteSource;
  readonly #index: PacketIndex;
  readonly #known: KnownParts & { readonly packets: PacketColumns };
  readonly #fragmented: FragmentedSegments;
  flags = 0;
  seq = 0;
  ack = 0;
  window = 0;
  /** Time to live or hop limit of a plain IP header before it; 0 where there are options or extensions. */
  ttl = 0;
  /** Bytes of payload that it had on the wire. */
  length = 0;

  constructor(source: ByteSource, index: PacketIndex, known: KnownParts & { readonly packets: PacketColumns }) {
    this.#source = source;
    this.#index = index;
    this.#known = known;
    this.#fragmented = new FragmentedSegments(source, index, known);
  }

  /** Says of packet `i`, a TCP segment, what its place in the stream is: flags, sequence number and length. */
  place(i: number): this {
    const { flags, seq, payload } = this.#known.packets;
    this.flags = flags[i] ?? 0;
    this.seq = seq[i] ?? 0;
    this.length = payload[i] ?? 0;
    return this;
  }

  /** The same and what else its headers say. */
  headers(i: number): this {
    const { ack, window, ttl } = this.#known.packets;
    this.ack = ack[i] ?? 0;
    this.window = window[i] ?? 0;
    this.ttl = ttl[i] ?? 0;
    return this.place(i);
  }

  /** Copies `length` bytes of the payload of packet `i` from byte `skip` on to `out`; what the capture has cut is 0. */
  copy(i: number, skip: number, out: Uint8Array, to: number, length: number): void {
    const bytes = this.#bytes(i);
    const tcp = this.#tcpAt(i);
    const start = tcp + headerLength(bytes, tcp) + skip;
    const there = Math.min(length, Math.max(0, bytes.length - start));
    if (there > 0) {
      out.set(bytes.subarray(start, start + there), to);
    }
    if (there < length) {
      out.fill(0, to + there, to + length);
    }
  }

  /** Adds where in the capture the bytes are that `copy` copies; false if that cannot be said. */
  places(i: number, skip: number, length: number, places: number[]): boolean {
    if (isInFragments(this.#known, i)) {
      return false;
    }
    const { offset, caplen } = this.#index.columns;
    const tcp = this.#tcpAt(i);
    const at = offset[i] ?? 0;
    const start = tcp + headerLength(this.#source.read(at, caplen[i] ?? 0), tcp) + skip;
    const there = Math.min(length, Math.max(0, (caplen[i] ?? 0) - start));
    if (there > 0) {
      places.push(at + start, there);
    }
    if (there < length) {
      places.push(NOWHERE, length - there);
    }
    return true;
  }

  /** Bytes that hold segment `i`. */
  #bytes(i: number): Uint8Array {
    if (isInFragments(this.#known, i)) {
      const { buf, limit } = this.#fragmented.whole(i);
      return buf.subarray(0, limit);
    }
    return this.#index.bytes(this.#source, i);
  }

  /** Where in them its TCP header is. */
  #tcpAt(i: number): number {
    return isInFragments(this.#known, i) ? this.#fragmented.whole(i).tcp : (this.#known.packets.tcp[i] ?? 0);
  }

  /** The maximum segment size option of packet `i`, or 0 if it is none or no SYN. */
  mss(i: number): number {
    if (!((this.#known.packets.flags[i] ?? 0) & TH_SYN)) {
      return 0;
    }
    const { offset, caplen } = this.#index.columns;
    const tcp = this.#tcpAt(i);
    const bytes = isInFragments(this.#known, i)
      ? this.#bytes(i)
      : this.#source.glance(offset[i] ?? 0, Math.min(caplen[i] ?? 0, HEADERS));
    const end = Math.min(bytes.length, tcp + headerLength(bytes, tcp));
    for (let at = tcp + OPTIONS; at + 4 <= end && bytes[at] !== 0; ) {
      if (bytes[at] === 2) {
        return ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
      }
      at += bytes[at] === 1 ? 1 : Math.max(2, bytes[at + 1] ?? 0);
    }
    return 0;
  }
}

function headerLength(bytes: Uint8Array, tcp: number): number {
  return ((bytes[tcp + 12] ?? 0) >> 4) * 4;
}
