/** Puts together what the segments of one direction carry, where a message of a protocol goes on in later segments. */
import { type Assembler, Layer, MORE, TO_END } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import type { Protocol } from '../protocol.ts';
import { seqDiff } from './connection.ts';

/** A longer message is not put together. */
const MAX_MESSAGE = 16 << 20;
/** Segments of a message at most. */
const MAX_SEGMENTS = 20000;

/** A message of which the rest is waited for. */
interface Pending {
  readonly protocol: Protocol;
  /** Sequence number of its first byte. */
  readonly seq: number;
  /** Its whole length, `MORE` or `TO_END`. */
  readonly length: number;
  bytes: Uint8Array;
  filled: number;
  /** Bytes behind a gap, by their place in the message: what is missing may come yet. */
  readonly later: { readonly at: number; readonly bytes: Uint8Array }[];
  readonly frames: number[];
}

/** What the segment at hand has to do with messages in several segments. */
export interface SegmentPart {
  /** True if it carries a part of a message that is not whole yet, and nothing else that could be shown. */
  readonly partOnly: boolean;
  /** Bytes of the segment that are parts of such messages, `[from, to)` of the view's buffer. */
  readonly parts: readonly (readonly [from: number, to: number])[];
  /** Packets of the message that it completes; empty if it completes none. */
  readonly frames: readonly number[];
  /** Where the whole message is in the view's buffer. */
  readonly whole: readonly [from: number, to: number];
  /** What the list says of the beginning of a message. */
  readonly info: string | undefined;
}

/** One direction of a connection. */
export class StreamAssembly {
  #pending: Pending | null = null;

  /**
   * Takes the payload of a segment, whose first byte has a sequence number. `ends` says that nothing comes after it,
   * `again` that its bytes were there before.
   */
  segment(p: PacketView, l: Layer, seq: number, ends: boolean, again: boolean): SegmentNote {
    const note = new SegmentNote(this, p, l, seq);
    const pending = this.#pending;
    if (l.end < l.wireEnd) {
      this.#pending = null;
      return note;
    }
    if (pending === null) {
      if (again) {
        p.swallow(l);
        return note;
      }
      l.noted = true;
      l.assembler = note;
      return note;
    }
    this.#continue(pending, note, ends);
    return note;
  }

  #continue(pending: Pending, note: SegmentNote, ends: boolean): void {
    const { p, l } = note;
    const expected = (pending.seq + pending.filled) >>> 0;
    const skip = seqDiff(expected, note.seq);
    const length = l.end - l.body;
    if (skip < 0 && keepsLater(pending, note, pending.filled - skip)) {
      note.partOnly = true;
      note.parts.push([l.body, l.end]);
      p.swallow(l);
      return;
    }
    if (skip < 0) {
      // Something is missing, and this is no part of the message: it is given up.
      this.#pending = null;
      l.noted = true;
      l.assembler = note;
      return;
    }
    if (skip >= length) {
      p.swallow(l);
      return;
    }
    append(pending, p.bytes(l.body + skip, l.end));
    absorb(pending);
    pending.frames.push(p.number);
    const whole = pending.length === TO_END ? ends && pending.later.length === 0 : pending.filled >= pending.length;
    if (!whole && pending.filled < MAX_MESSAGE && pending.frames.length < MAX_SEGMENTS) {
      note.partOnly = true;
      note.parts.push([l.body, l.end]);
      p.swallow(l);
      return;
    }
    this.#pending = null;
    const size = pending.length > 0 ? Math.min(pending.length, pending.filled) : pending.filled;
    p.graft(l, pending.bytes.subarray(0, size));
    l.restAt = Math.max(l.body, l.end - (pending.filled - size));
    note.parts.push([l.body, l.restAt]);
    note.whole = [l.wholeAt, l.wholeEnd];
    note.frames = pending.frames;
    note.wholeSeq = pending.seq;
    l.assembler = ends && pending.length === TO_END ? null : note;
  }

  /** Begins to wait for the rest of a message. */
  begin(note: SegmentNote, protocol: Protocol, from: number, length: number): boolean {
    const { p, l } = note;
    if (length > MAX_MESSAGE) {
      return false;
    }
    const grafted = l.wholeAt >= 0;
    const seq = grafted ? note.wholeSeq + (from - l.wholeAt) : note.seq + (from - l.body);
    const bytes = new Uint8Array(p.bytes(from, l.carriedEnd));
    const continues = grafted && from === l.wholeAt;
    const frames = continues ? [...note.frames] : [p.number];
    this.#pending = { protocol, seq: seq >>> 0, length, bytes, filled: bytes.length, later: [], frames };
    note.partOnly = grafted ? continues : from === l.body;
    note.info = note.partOnly ? partInfo(p, l, protocol, from) : undefined;
    if (continues) {
      note.frames = [];
    }
    note.parts.push([grafted ? l.body : from, l.end]);
    return true;
  }

  /** True if a message is waited for. */
  get waits(): boolean {
    return this.#pending !== null;
  }
}

/** A segment among those of its direction. */
export class SegmentNote implements SegmentPart, Assembler {
  partOnly = false;
  readonly parts: (readonly [from: number, to: number])[] = [];
  frames: readonly number[] = [];
  whole: readonly [number, number] = [0, 0];
  wholeSeq = 0;
  info: string | undefined = undefined;
  readonly #assembly: StreamAssembly;
  readonly p: PacketView;
  readonly l: Layer;
  readonly seq: number;

  constructor(assembly: StreamAssembly, p: PacketView, l: Layer, seq: number) {
    this.#assembly = assembly;
    this.p = p;
    this.l = l;
    this.seq = seq;
  }

  wait(protocol: Protocol, from: number, length: number): boolean {
    return this.#assembly.begin(this, protocol, from, length);
  }

  beginsAt(from: number): boolean {
    return from === this.l.body || (this.whole[1] > 0 && from === this.l.restAt);
  }
}

/** True if a segment behind a gap begins within the message that is waited for, whose rest may come yet. */
function keepsLater(pending: Pending, { p, l }: SegmentNote, at: number): boolean {
  const end = pending.length === TO_END ? MAX_MESSAGE : pending.length;
  if (pending.length === MORE || at >= end || pending.frames.length >= MAX_SEGMENTS) {
    return false;
  }
  pending.later.push({ at, bytes: new Uint8Array(p.bytes(l.body, Math.min(l.end, l.body + end - at))) });
  pending.frames.push(p.number);
  return true;
}

/** Takes what came before the bytes that were missing. */
function absorb(pending: Pending): void {
  const fits = ({ at }: { readonly at: number }): boolean => at <= pending.filled;
  for (let i = pending.later.findIndex(fits); i >= 0; i = pending.later.findIndex(fits)) {
    const [piece] = pending.later.splice(i, 1);
    if (piece && piece.at + piece.bytes.length > pending.filled) {
      append(pending, piece.bytes.subarray(pending.filled - piece.at));
    }
  }
}

function append(pending: Pending, bytes: Uint8Array): void {
  const filled = pending.filled + bytes.length;
  if (filled > pending.bytes.length) {
    const room = new Uint8Array(Math.max(filled, Math.min(pending.length, MAX_MESSAGE), pending.bytes.length * 2));
    room.set(pending.bytes.subarray(0, pending.filled));
    pending.bytes = room;
  }
  pending.bytes.set(bytes, pending.filled);
  pending.filled = filled;
}

/** What the list says of the beginning of a message at `from`. */
function partInfo(p: PacketView, below: Layer, protocol: Protocol, from: number): string | undefined {
  const info = protocol.declaration.partInfo;
  if (info === undefined) {
    return undefined;
  }
  const l = new Layer(protocol, null);
  l.below = below;
  l.at = from;
  l.end = l.body = l.wireEnd = below.carriedEnd;
  return info(p, l);
}
