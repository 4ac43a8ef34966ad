/**
 * The TCP connections of a capture, numbered as Wireshark's `tcp.stream`: who opened them, and which bytes are there.
 */
import { type Columns, GrowingTable } from '../packets/columns.ts';
import type { TcpIpView } from '../packets/tcp-ip-view.ts';
import { Coverage } from './coverage.ts';

export const TH_FIN = 1;
export const TH_SYN = 2;
export const TH_RST = 4;
export const TH_PSH = 8;
export const TH_ACK = 16;

/** Segments that begin further than this from what is known of their stream belong to no part of it (bytes). */
const MAX_DISTANCE = 1 << 26;

/** Side 0 sent the first packet; columns come in pairs, the side's bit last. */
const SPEC = {
  host0: Uint32Array,
  host1: Uint32Array,
  port0: Uint16Array,
  port1: Uint16Array,
  /** The side that opened it + 1; 0: not known. */
  opener: Uint8Array,
  /** Indices + 1 of its first and last packet. */
  first: Uint32Array,
  last: Uint32Array,
  /** Initial sequence number + 1 of each side, of its SYN or worked out from what came first; 0: nothing is known. */
  iss0: Float64Array,
  iss1: Float64Array,
  /** `SYN_SEEN` and the like of each side. */
  flags0: Uint8Array,
  flags1: Uint8Array,
  /** Window shift + 1 of each side's SYN; 0: no option; `SHIFT_CUT`: the capture has cut its options. */
  shift0: Uint8Array,
  shift1: Uint8Array,
  /**
   * How far the stream of each side has come, the SYN being 0 and the first byte 1; its place plus one with its FIN.
   */
  end0: Float64Array,
  end1: Float64Array,
  fin0: Float64Array,
  fin1: Float64Array,
  /** How much of the other's stream each side acknowledges. */
  acked0: Float64Array,
  acked1: Float64Array,
} as const;

export const SHIFT_CUT = 255;

export const SYN_SEEN = 1;
export const RST_SEEN = 2;
/** Bytes came in pieces: see `pieces`. */
export const IN_PIECES = 4;
/** Something of the stream came more than once, or late. */
export const DISORDERED = 8;

export type ConnectionColumns = Columns<typeof SPEC>;

/** The same column of one side. */
export type SideColumns = {
  readonly host: Uint32Array;
  readonly port: Uint16Array;
  readonly iss: Float64Array;
  readonly flags: Uint8Array;
  readonly shift: Uint8Array;
  readonly end: Float64Array;
  readonly fin: Float64Array;
  readonly acked: Float64Array;
};

/** The columns of side 0 or 1. */
export function sideOf(c: ConnectionColumns, side: number): SideColumns {
  return side === 0
    ? {
        host: c.host0,
        port: c.port0,
        iss: c.iss0,
        flags: c.flags0,
        shift: c.shift0,
        end: c.end0,
        fin: c.fin0,
        acked: c.acked0,
      }
    : {
        host: c.host1,
        port: c.port1,
        iss: c.iss1,
        flags: c.flags1,
        shift: c.shift1,
        end: c.end1,
        fin: c.fin1,
        acked: c.acked1,
      };
}

export class ConnectionTable {
  readonly #table: GrowingTable<typeof SPEC>;
  /** Streams that came in pieces, by 2 * connection + side. */
  readonly pieces = new Map<number, Coverage>();
  #sides: readonly [SideColumns, SideColumns];

  /** `most` is how many there can be. */
  constructor(most: number) {
    this.#table = new GrowingTable(SPEC, most);
    this.#sides = [sideOf(this.columns, 0), sideOf(this.columns, 1)];
  }

  get count(): number {
    return this.#table.count;
  }

  get columns(): ConnectionColumns {
    return this.#table.columns;
  }

  /** A new connection whose first packet, number `i`, goes from host 0 to host 1. */
  open(i: number, host0: number, port0: number, host1: number, port1: number): number {
    const id = this.#table.append();
    const c = this.columns;
    c.host0[id] = host0;
    c.port0[id] = port0;
    c.host1[id] = host1;
    c.port1[id] = port1;
    c.first[id] = i + 1;
    this.#sides = [sideOf(c, 0), sideOf(c, 1)];
    return id;
  }

  side(side: number): SideColumns {
    return side === 0 ? this.#sides[0] : this.#sides[1];
  }

  /** True if a SYN with `seq` from `side` belongs to a later connection of the same ports. */
  isLater(id: number, side: number, seq: number): boolean {
    const iss = this.side(side).iss[id] ?? 0;
    return iss !== 0 && iss !== seq + 1;
  }

  /** Takes note of a segment of `length` bytes (on the wire) that `side` sent. */
  add(id: number, side: number, p: TcpIpView, length: number): void {
    const me = this.side(side);
    const peer = this.side(1 - side);
    const flags = p.u8(p.tcp + 13);
    const seq = p.u32(p.tcp + 4);
    if (flags & TH_SYN) {
      this.#syn(id, side, p, flags, seq);
    } else if (me.iss[id] === 0) {
      me.iss[id] = (flags & TH_RST ? seq : (seq - 1) >>> 0) + 1;
    }
    const ack = p.u32(p.tcp + 8);
    if (flags & TH_ACK && !(flags & TH_RST)) {
      if (peer.iss[id] === 0) {
        peer.iss[id] = ((ack - 1) >>> 0) + 1;
      }
      const acked = relative(peer, id, ack);
      me.acked[id] =
        Math.abs(acked - (me.acked[id] ?? 0)) < MAX_DISTANCE ? Math.max(me.acked[id] ?? 0, acked) : (me.acked[id] ?? 0);
    }
    if (flags & TH_RST) {
      me.flags[id] = (me.flags[id] ?? 0) | RST_SEEN;
      return;
    }
    this.#cover(id, side, relative(me, id, seq) + (flags & TH_SYN ? 1 : 0), length, (flags & TH_FIN) !== 0);
  }

  #syn(id: number, side: number, p: TcpIpView, flags: number, seq: number): void {
    const me = this.side(side);
    const c = this.columns;
    // A SYN amid the data of another connection of the same ports says nothing about this one.
    const known = (me.iss[id] ?? 0) !== 0 && (me.end[id] ?? 0) > 1;
    if (!((me.flags[id] ?? 0) & SYN_SEEN) && (!known || me.iss[id] === seq + 1)) {
      me.iss[id] = seq + 1;
      me.flags[id] = (me.flags[id] ?? 0) | SYN_SEEN;
      me.shift[id] = p.tcp + headerLength(p) > p.limit ? SHIFT_CUT : windowShift(p) + 1;
    }
    if (c.opener[id] === 0) {
      c.opener[id] = (flags & TH_ACK ? 1 - side : side) + 1;
    }
  }

  /** Bytes `[from, from + length)` of a side's stream are in the capture. */
  #cover(id: number, side: number, from: number, length: number, fin: boolean): void {
    const me = this.side(side);
    const end = Math.max(1, me.end[id] ?? 0);
    if (from < 1 - length || from > end + MAX_DISTANCE) {
      return;
    }
    const to = from + length;
    // A stream has one end: some senders count their first FIN and send another one behind it.
    const ends = fin && !((me.fin[id] ?? 0) > 0 && to >= (me.fin[id] ?? 0));
    if (ends) {
      me.fin[id] = to + 1;
    }
    if (length === 0 && !(ends && from > end)) {
      return;
    }
    if (!((me.flags[id] ?? 0) & IN_PIECES) && from <= end) {
      if (from < end) {
        me.flags[id] = (me.flags[id] ?? 0) | DISORDERED;
      }
      me.end[id] = Math.max(end, to);
      return;
    }
    const key = 2 * id + side;
    let pieces = this.pieces.get(key);
    if (!pieces) {
      pieces = new Coverage();
      pieces.add(1, end);
      this.pieces.set(key, pieces);
      me.flags[id] = (me.flags[id] ?? 0) | IN_PIECES | DISORDERED;
    }
    pieces.add(Math.max(1, from), to);
    me.end[id] = Math.max(end, to);
  }
}

/** Place in a side's stream of a sequence number, near to how far that has come; the SYN is 0. */
export function relative(me: SideColumns, id: number, seq: number): number {
  const end = me.end[id] ?? 0;
  const at = ((me.iss[id] ?? 1) - 1 + end) % 0x100000000;
  return end + ((seq - at) | 0);
}

function headerLength(p: TcpIpView): number {
  return (p.u8(p.tcp + 12) >> 4) * 4;
}

/** The window scale option of a SYN, or -1. */
function windowShift(p: TcpIpView): number {
  const end = Math.min(p.limit, p.tcp + headerLength(p));
  for (let at = p.tcp + 20; at < end; ) {
    const kind = p.u8(at);
    const length = kind === 1 ? 1 : at + 1 < end ? p.u8(at + 1) : 0;
    if (kind === 0 || length === 0 || (kind !== 1 && length < 2)) {
      return -1;
    }
    if (kind === 3 && length === 3 && at + 3 <= end) {
      return Math.min(14, p.u8(at + 2));
    }
    at += length;
  }
  return -1;
}
