/**
 * TCP segments that a capture has in fragments of IP. The packet that completes one is the segment; the others are its
 * parts.
 */
import type { ByteSource } from '../packets/byte-source.ts';
import type { PacketIndex } from '../packets/capture-index.ts';
import { LinkLayer } from '../packets/link-layer.ts';
import { TcpIpView } from '../packets/tcp-ip-view.ts';
import { KIND_MASK, KIND_PART, KIND_TCP, type PacketColumns } from './analysis.ts';
import { uncut } from './frames.ts';
import { IN_OTHER_FRAGMENTS, type PartColumns } from './part-table.ts';
import { Reassembly, type Whole } from './reassembly.ts';

/** What is known of the packets of a capture. */
export interface KnownParts {
  readonly packets: Pick<PacketColumns, 'what' | 'tcp' | 'next'>;
  readonly parts: PartColumns;
  readonly partCount: number;
}

/** True if packet `i` is a TCP segment that its capture has in fragments. */
export function isInFragments({ packets }: Pick<KnownParts, 'packets'>, i: number): boolean {
  return ((packets.what[i] ?? 0) & KIND_MASK) === KIND_TCP && (packets.tcp[i] ?? 0) <= IN_OTHER_FRAGMENTS;
}

/** The segment that packet `i` is, or is a part of; `i` if it is neither. */
export function segmentOf({ packets }: Pick<KnownParts, 'packets'>, i: number): number {
  return ((packets.what[i] ?? 0) & KIND_MASK) === KIND_PART ? (packets.next[i] ?? 0) - 1 : i;
}

/** The packets of a segment in fragments, itself among them. */
export function partsOf({ parts, partCount }: KnownParts, segment: number): number[] {
  let [from, to] = [0, partCount];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((parts.segment[middle] ?? 0) < segment) {
      from = middle + 1;
    } else {
      to = middle;
    }
  }
  const found: number[] = [];
  for (let row = from; row < partCount && parts.segment[row] === segment; row++) {
    found.push(parts.packet[row] ?? 0);
  }
  return found;
}

/** Puts segments together again, one at a time. */
export class FragmentedSegments {
  readonly #source: ByteSource;
  readonly #index: PacketIndex;
  readonly #known: KnownParts;
  readonly #link = new LinkLayer();
  readonly #view = new TcpIpView();
  #last = -1;
  #whole = new TcpIpView();

  constructor(source: ByteSource, index: PacketIndex, known: KnownParts) {
    this.#source = source;
    this.#index = index;
    this.#known = known;
  }

  /** The IP packet that packet `segment` completes, with zeros for what the capture has cut. */
  whole(segment: number): TcpIpView {
    if (this.#last !== segment) {
      const reassembly = new Reassembly();
      let whole: Whole | null = null;
      for (const i of partsOf(this.#known, segment)) {
        whole = reassembly.add(this.#ipPacket(i), i) ?? whole;
      }
      this.#whole = whole?.packet ?? new TcpIpView();
      this.#last = segment;
    }
    return this.#whole;
  }

  #ipPacket(i: number): TcpIpView {
    const data = uncut(this.#index.bytes(this.#source, i), this.#index.columns.len[i] ?? 0);
    const link = this.#link.find(this.#index.linktype(i), data);
    return this.#view.set(data, link.l3, data.length - link.l3, 'ip').find();
  }
}
