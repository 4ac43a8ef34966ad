/**
 * The streams of the host's side: bytes are handed over in order, with what their sender held already, and zeros for
 * what is nowhere in the capture.
 */
import { IN_PIECES, TH_FIN, TH_PSH, TH_RST, TH_SYN } from './connections.ts';
import { Coverage } from './coverage.ts';
import type { Flow } from './flow.ts';
import { AT_GAPS, AT_ZEROS, NOT_PLAYED } from './places.ts';
import { MAX_GAPS_NAMED, ROLE_GUEST, STATE_GAPS } from './plan.ts';
import { NOWHERE } from './reference-sum.ts';
import { LEAST_REFERRED, type Places } from './references.ts';
import type { ScriptContext } from './script-context.ts';

/** What slirp's buffer and the host kernel's together hold ahead of what has been sent. */
const MAX_HELD = 262144;
/**
 * Without PSH, what comes within this time (ns) was with the sender already: a real network's host does not tell
 * otherwise.
 */
const HELD_NS = 2e8;
/** Bytes of one gap, and of all gaps, that are played as zeros. */
const MAX_GAP = 1 << 20;
const MAX_ZEROS = 16 << 20;

/** New bytes of the host's stream in a packet: `length` of them after the first `skip` of its payload. */
interface Piece {
  readonly packet: number;
  readonly skip: number;
  readonly length: number;
}

export class HostStreams {
  readonly #c: ScriptContext;
  /** What is handed over next, packet by packet. */
  readonly #pieces: Piece[] = [];

  constructor(context: ScriptContext) {
    this.#c = context;
  }

  /**
   * Bytes `[from, from + length)` of the host's stream are in packet `i`: hands over what is new and has nothing
   * missing before it.
   */
  deliver(flow: Flow, i: number, from: number, length: number): void {
    if (flow.hostClosed) {
      return;
    }
    if (from > flow.hostNext && !this.#fill(flow, i, from)) {
      flow.waiting.push(i);
      return;
    }
    this.#handOver(flow, i, from, length);
    while (flow.waiting.length > 0 && !flow.hostClosed) {
      const at = flow.waiting.findIndex((w) => this.#reaches(flow, w));
      if (at < 0) {
        return;
      }
      const [w = 0] = flow.waiting.splice(at, 1);
      const { seq, length } = this.#c.segment.place(w);
      this.#handOver(flow, w, relativeTo(flow, seq), length);
    }
  }

  /** True if the packet's bytes can be handed over now: they follow what has been, or what is between is nowhere. */
  #reaches(flow: Flow, i: number): boolean {
    const from = relativeTo(flow, this.#c.segment.place(i).seq);
    return from <= flow.hostNext || this.#fill(flow, i, from);
  }

  /** Hands over zeros for bytes before `to` that are nowhere in the capture. True if nothing is missing then. */
  #fill(flow: Flow, i: number, to: number): boolean {
    const host = this.#c.hostColumns(flow);
    const key = 2 * flow.id + 2 - (this.#c.plan.guestSide[flow.id] ?? 1);
    const edges = (host.flags[flow.id] ?? 0) & IN_PIECES ? this.#c.plan.pieces.get(key) : undefined;
    if (!edges) {
      return false;
    }
    const there = new Coverage(edges);
    while (flow.hostNext < to) {
      if (there.reach(flow.hostNext) > flow.hostNext) {
        return false;
      }
      const next = there.next(flow.hostNext);
      if (next === Number.POSITIVE_INFINITY && (this.#c.guestColumns(flow).acked[flow.id] ?? 0) < to) {
        // A FIN behind bytes that the guest never acknowledged: in the capture it has not had them either.
        return false;
      }
      if (!this.#zeros(flow, i, Math.min(to, next))) {
        return false;
      }
    }
    return true;
  }

  /** Hands over zeros up to `end`; false if that would be too many. */
  #zeros(flow: Flow, i: number, end: number): boolean {
    const gap = end - flow.hostNext;
    if (gap > MAX_GAP || (this.#c.plan.position[AT_ZEROS] ?? 0) + gap > MAX_ZEROS) {
      return false;
    }
    this.#c.mark(flow, STATE_GAPS);
    this.#noteGap(flow, i, end);
    const data = new Uint8Array(gap);
    this.#c.push({ type: 'data', time: this.#c.time, number: 0, flow, data, eof: false, places: [NOWHERE, gap] });
    flow.hostNext = end;
    return true;
  }

  /**
   * The guest acknowledges up to `ack`, but the capture has the host's stream up to `most` only: the host has sent the
   * rest, which is nowhere. One place alone at the very end is taken for a FIN.
   */
  fillAcknowledged(flow: Flow, number: number, ack: number, most: number): void {
    const host = this.#c.hostColumns(flow);
    const broken = flow.reset || flow.hostClosed || (host.fin[flow.id] ?? 0) > 0 || !flow.opened;
    if (broken || this.#c.plan.slirp || ack <= most || flow.hostNext < most) {
      return;
    }
    if (ack === most + 1 && this.#c.guestColumns(flow).acked[flow.id] === ack) {
      flow.hostClosed = true;
      this.#c.mark(flow, STATE_GAPS);
      this.#c.push({ type: 'eof', time: this.#c.time, number: 0, flow });
    } else if (!this.#zeros(flow, number - 1, ack)) {
      return;
    }
    flow.hostSent = ack;
  }

  /** Packet `i` shows that the host's bytes up to `end` are nowhere. */
  #noteGap(flow: Flow, i: number, end: number): void {
    const { position, gaps } = this.#c.plan;
    const n = position[AT_GAPS] ?? 0;
    position[AT_GAPS] = n + 1;
    position[AT_ZEROS] = (position[AT_ZEROS] ?? 0) + end - flow.hostNext;
    if (n < MAX_GAPS_NAMED) {
      gaps.stream[n] = flow.id;
      gaps.packet[n] = i + 1;
      gaps.from[n] = flow.hostNext;
      gaps.to[n] = end - 1;
    }
  }

  /** Hands over what of packet `i` is new, with what its sender held already (see `#held`). */
  #handOver(flow: Flow, i: number, from: number, length: number): void {
    const { flags } = this.#c.segment.place(i);
    const end = from + length;
    if (end > flow.hostNext) {
      this.#pieces.length = 0;
      this.#addPiece(flow, i, from, end);
      const eof = flags & TH_FIN ? true : flags & TH_PSH ? false : this.#held(flow, i);
      flow.hostClosed = eof;
      const data = this.#bytesOfPieces();
      this.#c.push({ type: 'data', time: this.#c.time, number: i + 1, flow, data, eof, places: this.#placesOf(data) });
    } else if (flags & TH_FIN && end === flow.hostNext) {
      flow.hostClosed = true;
      this.#c.push({ type: 'eof', time: this.#c.time, number: i + 1, flow });
    }
  }

  /**
   * Segments without PSH say that their sender holds more than it has sent: what follows up to the next PSH was there
   * at the same time. Adds it to the pieces; true if the stream ends with it.
   */
  #held(flow: Flow, first: number): boolean {
    const { packets, roles, slirp } = this.#c.plan;
    let total = this.#pieces[0]?.length ?? 0;
    for (let i = (packets.next[first] ?? 0) - 1; i >= 0; i = (packets.next[i] ?? 0) - 1) {
      if (!slirp && this.#c.timeOf(i) > this.#c.time + HELD_NS) {
        return false;
      }
      const { flags, seq, length } = this.#c.segment.place(i);
      if (flags & (TH_SYN | TH_RST)) {
        return false;
      }
      if (roles[i] === ROLE_GUEST) {
        if (!slirp && (length > 0 || flags & TH_FIN)) {
          return false;
        }
        continue;
      }
      const from = relativeTo(flow, seq);
      if (from + length <= flow.hostNext && !(flags & TH_FIN)) {
        continue;
      }
      if (from > flow.hostNext || (roles[i] ?? 0) >= NOT_PLAYED || total + length > MAX_HELD || length === 0) {
        return false;
      }
      this.#addPiece(flow, i, from, from + length);
      total += length;
      if (flags & (TH_PSH | TH_FIN)) {
        return (flags & TH_FIN) !== 0;
      }
    }
    return false;
  }

  /** Bytes `[from, end)` of the host's stream are in packet `i`: what is new of them is to be handed over. */
  #addPiece(flow: Flow, packet: number, from: number, end: number): void {
    this.#pieces.push({ packet, skip: flow.hostNext - from, length: end - flow.hostNext });
    flow.hostNext = end;
  }

  /** The bytes of the pieces, zeros where the capture has cut them. */
  #bytesOfPieces(): Uint8Array {
    let total = 0;
    for (const { length } of this.#pieces) {
      total += length;
    }
    const out = this.#c.buffers.take(total);
    let at = 0;
    for (const { packet, skip, length } of this.#pieces) {
      this.#c.segment.copy(packet, skip, out, at, length);
      at += length;
    }
    return out;
  }

  /** Where in the capture the bytes of the pieces are; null if they are few, or some of them come in fragments. */
  #placesOf({ length: total }: Uint8Array): Places | null {
    if (total < LEAST_REFERRED) {
      return null;
    }
    const places: number[] = [];
    for (const { packet, skip, length } of this.#pieces) {
      if (!this.#c.segment.places(packet, skip, length, places)) {
        return null;
      }
    }
    return places;
  }
}

/** Place of a sequence number in the host's stream, near to how far that has come. */
export function relativeTo(flow: Flow, seq: number): number {
  return flow.hostNext + ((seq - ((flow.hostIss + flow.hostNext) % 0x100000000)) | 0);
}
