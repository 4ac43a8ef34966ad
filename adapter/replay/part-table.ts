/** Which packets hold the TCP segments that a capture has in fragments of IP. */
import { type Columns, GrowingTable } from '../packets/columns.ts';

/** In place of where a segment's TCP header is: it is in fragments, of which the first one has all of the header. */
export const IN_FRAGMENTS = 0;
/** In fragments that the user network does not put together: of IPv6, or without a whole header in the first one. */
export const IN_OTHER_FRAGMENTS = 1;

/** A fragment a row, those of a segment together: the packet that completes the segment, and that of the fragment. */
const SPEC = { segment: Uint32Array, packet: Uint32Array } as const;

export type PartColumns = Columns<typeof SPEC>;

/** The parts of all segments, in the order of their completion. */
export class PartTable {
  readonly #table: GrowingTable<typeof SPEC>;

  /** `most` is how many there can be. */
  constructor(most: number) {
    this.#table = new GrowingTable(SPEC, most);
  }

  /** Packet `segment` completes what the packets `parts` are of. */
  add(segment: number, parts: readonly number[]): void {
    for (const packet of parts) {
      const row = this.#table.append();
      this.#table.columns.segment[row] = segment;
      this.#table.columns.packet[row] = packet;
    }
  }

  get columns(): PartColumns {
    return this.#table.columns;
  }

  get count(): number {
    return this.#table.count;
  }
}
