/**
 * What our stack sends in a replay, held against what the capture has for the other side: segments by their place in
 * the stream, other packets by what they answer. It also says which packet of the capture a frame is.
 */
import type { ByteSource } from '../packets/byte-source.ts';
import type { PacketIndex } from '../packets/capture-index.ts';
import { LinkLayer } from '../packets/link-layer.ts';
import { TcpIpView } from '../packets/tcp-ip-view.ts';
import { KIND_MASK, KIND_PART, KIND_TCP } from './analysis.ts';
import { TH_RST } from './connections.ts';
import { type Datagram, datagramOf } from './datagrams.ts';
import type { Flow } from './flow.ts';
import { firstOverlap, KINDS, PlacedSegment, placeFrame, segmentDifferences, segmentText } from './placed-segment.ts';
import { type ReplayPlan, ROLE_HOST } from './plan.ts';
import { Segments } from './segments.ts';

/** How a packet of the capture and what was sent for it compare. */
export const GRADES = ['same', 'same bytes, other form', 'different answer', 'missing', 'extra'] as const;
export type Grade = (typeof GRADES)[number];

/** Places in `GRADES`, from 1. */
export const SAME = 1;
export const OTHER_FORM = 2;
export const DIFFERENT = 3;
export const MISSING = 4;
export const EXTRA = 5;

/** A difference between the two. */
export interface FieldDifference {
  /** A field by Wireshark's name, or a word such as `segmentation`. */
  readonly field: string;
  readonly captured: string;
  readonly sent: string;
}

/** A pair that is not the same, or one half of one. */
export interface Divergence {
  readonly grade: Grade;
  /** Packet of the capture, 0 for what was sent besides. */
  readonly packet: number;
  /** Time in the machine at which it was sent, in nanoseconds; -1 if it never was. */
  readonly time: number;
  /** `tcp.stream`, or -1. */
  readonly stream: number;
  /** What both are, in a few words. */
  readonly summary: string;
  readonly fields: readonly FieldDifference[];
}

/** How a replay compares with its capture so far. */
export interface DivergenceReport {
  readonly counts: Readonly<Record<Grade, number>>;
  /** The first ones, in the order of sending. */
  readonly divergences: readonly Divergence[];
}

/** Divergences that are kept; all are counted. */
const MAX_KEPT = 10_000;
/** Captured segments of a connection that wait for their like; the oldest are given up. */
const MAX_WAITING = 1024;
/** Groups of other packets that are remembered. */
const MAX_GROUPS = 8192;

/** The captured segments of a connection's host side that have not been sent yet. */
interface FlowState {
  /** Index + 1 of the next packet of the connection to look at; 0: all have been. */
  next: number;
  readonly waiting: PlacedSegment[];
  /** How far the captured side, and ours, have sent. */
  capturedTo: number;
  sentTo: number;
}

/** Counts before anything has been compared. */
export function noDivergences(): Record<Grade, number> {
  return { same: 0, 'same bytes, other form': 0, 'different answer': 0, missing: 0, extra: 0 };
}

/** How many pairs a replay has of each grade; `count` says it by place in `GRADES`. */
export function gradeCounts(count: (grade: number) => number): Record<Grade, number> {
  const counts = noDivergences();
  for (const [i, grade] of GRADES.entries()) {
    counts[grade] = count(i);
  }
  return counts;
}

/** How far ahead of what is played its like is looked for, in packets. */
const AHEAD = 64;
/** Acknowledgments that go so much further are of later segments, in bytes. */
const MAX_AHEAD_BYTES = 65536;

export class Comparison {
  readonly divergences: Divergence[] = [];
  /** What was sent, by divergence. */
  readonly #frames: (Uint8Array | null)[] = [];
  readonly #source: ByteSource;
  readonly #index: PacketIndex;
  readonly #plan: ReplayPlan;
  readonly #flows = new Map<Flow, FlowState>();
  readonly #groups = new Map<string, { packet: number; datagram: Datagram }[]>();
  readonly #captured: Segments;
  readonly #ours = new PlacedSegment();
  readonly #link = new LinkLayer();
  readonly #view = new TcpIpView();
  /** The next packet to look at for other packets than segments. */
  #other = 0;

  constructor(source: ByteSource, index: PacketIndex, plan: ReplayPlan) {
    this.#source = source;
    this.#index = index;
    this.#plan = plan;
    this.#captured = new Segments(source, index, plan);
  }

  /** By grade. */
  get counts(): Readonly<Record<Grade, number>> {
    return gradeCounts((grade) => this.#plan.tally[grade] ?? 0);
  }

  /**
   * A frame that the user network has sent at `time`, in `p`; `flow` if it is a segment of one; `played` packets have
   * been read so far. Returns the packet of the capture that it is, or 0, and its grade (`SAME`, ...).
   */
  sent(
    p: TcpIpView,
    flow: Flow | null,
    time: number,
    played: number,
  ): { readonly packet: number; readonly grade: number } {
    // A SYN that is refused gets a RST, and the connection never a number of its own.
    const placed = flow && (flow.iss >= 0 || p.u8(p.tcp + 13) & TH_RST);
    return placed ? this.#segment(p, flow, time) : this.#datagram(p, time, played);
  }

  // ---- segments ----

  #segment(p: TcpIpView, flow: Flow, time: number): { packet: number; grade: number } {
    const state = this.#state(flow);
    const s = placeFrame(this.#ours, p, flow);
    flow.sentHere = Math.max(flow.sentHere, s.to);
    if (state.waiting.length > AHEAD) {
      this.#passed(flow, state, s);
    }
    const again = s.to <= state.sentTo && s.to > s.from;
    state.sentTo = Math.max(state.sentTo, s.to);
    let at = this.#exact(flow, state, s);
    if (at < 0 && s.to > s.from) {
      at = firstOverlap(state.waiting, s, 0);
    }
    const captured = state.waiting[at];
    if (captured) {
      return this.#pair(p, flow, state, at, captured, s, time);
    }
    const grade: number = s.flags & TH_RST ? this.#resetInstead(state) : again || s.to === s.from ? OTHER_FORM : EXTRA;
    const what = s.to === s.from && !(s.flags & TH_RST) ? 'an ACK more' : again ? 'a retransmission' : 'a segment more';
    if (this.#noted(grade)) {
      const summary = grade === DIFFERENT ? 'RST where the capture goes on' : what;
      this.#note(grade, 0, time, flow.id, summary, [], frameOf(p, flow));
    }
    return { packet: 0, grade };
  }

  /** A RST of ours, while the capture has more to say. */
  #resetInstead(state: FlowState): number {
    return state.waiting.some((c) => c.to > c.from) ? DIFFERENT : OTHER_FORM;
  }

  /**
   * Index of the captured segment with the same place, flags and acknowledgment, or else without the latter; -1 if
   * there is none.
   */
  #exact(flow: Flow, state: FlowState, s: PlacedSegment): number {
    const { waiting } = state;
    let loose = -1;
    for (let i = 0; ; i++) {
      while (i >= waiting.length) {
        if (!this.#extend(flow, state, s)) {
          return s.to > s.from || s.flags & KINDS ? loose : -1;
        }
      }
      const c = waiting[i];
      if (c && c.from === s.from && c.to === s.to && !((c.flags ^ s.flags) & KINDS)) {
        if (c.ack === s.ack) {
          return i;
        }
        loose = loose < 0 ? i : loose;
      }
    }
  }

  /**
   * Looks at the next packets of the connection until one of the host's side; false if it is beyond what `s` may be, or
   * there is none.
   */
  #extend(flow: Flow, state: FlowState, s: PlacedSegment): boolean {
    const last = state.waiting.at(-1);
    if (last && (last.from > s.to || last.ack > s.ack + MAX_AHEAD_BYTES || state.waiting.length > AHEAD)) {
      return false;
    }
    while (state.next > 0) {
      const i = state.next - 1;
      state.next = this.#plan.packets.next[i] ?? 0;
      if (this.#plan.roles[i] === ROLE_HOST) {
        this.#capture(flow, state, i);
        return true;
      }
    }
    return false;
  }

  /**
   * Gives up bare acknowledgments of the capture that ours have gone past: they would be in the way of what comes.
   */
  #passed(flow: Flow, state: FlowState, s: PlacedSegment): void {
    const { waiting } = state;
    let kept = 0;
    for (const c of waiting) {
      if (c.to === c.from && !(c.flags & KINDS) && c.ack < s.ack) {
        this.#giveUp(flow, state, [c]);
      } else {
        waiting[kept++] = c;
      }
    }
    waiting.length = kept;
  }

  #capture(flow: Flow, state: FlowState, i: number): void {
    const read = this.#captured.headers(i);
    const s = new PlacedSegment().place(read, read.length, state.capturedTo, flow.hostIss, flow.guestIss);
    s.mss = this.#captured.mss(i);
    s.ttl = read.ttl;
    s.packet = i + 1;
    if (s.to > s.from && s.to <= state.capturedTo) {
      // The capture has it twice: once is enough.
      this.#grade(i, OTHER_FORM);
      return;
    }
    state.capturedTo = Math.max(state.capturedTo, s.to);
    state.waiting.push(s);
    if (state.waiting.length > MAX_WAITING) {
      this.#giveUp(flow, state, state.waiting.splice(0, MAX_WAITING / 2));
    }
  }

  #pair(
    p: TcpIpView,
    flow: Flow,
    state: FlowState,
    at: number,
    c: PlacedSegment,
    s: PlacedSegment,
    time: number,
  ): { packet: number; grade: number } {
    const split = c.from !== s.from || c.to !== s.to;
    const same =
      !split && c.flags === s.flags && c.ack === s.ack && c.window === s.window && c.mss === s.mss && c.ttl === s.ttl;
    c.paired = true;
    if (split) {
      this.#cover(flow, state, at, s);
    } else {
      removeAt(state.waiting, at);
    }
    const grade = same ? SAME : OTHER_FORM;
    this.#grade(c.packet - 1, grade);
    if (same) {
      this.#count(SAME);
    } else if (this.#noted(grade)) {
      this.#note(grade, c.packet, time, flow.id, segmentText(c), segmentDifferences(c, s), frameOf(p, flow));
    }
    return { packet: c.packet, grade };
  }

  /** Bytes of ours are those of one or more captured segments, from place `at` on: some are complete now. */
  #cover(flow: Flow, state: FlowState, at: number, s: PlacedSegment): void {
    const { waiting } = state;
    for (let i = at; i >= 0; i = firstOverlap(waiting, s, i)) {
      const c = waiting[i];
      if (!c) {
        return;
      }
      c.covered += Math.min(c.to, s.to) - Math.max(c.from, s.from);
      if (c.covered < c.to - c.from) {
        i++;
      } else {
        removeAt(waiting, i);
        if (!c.paired) {
          this.#giveUp(flow, state, [c]);
        }
      }
    }
  }

  #state(flow: Flow): FlowState {
    let state = this.#flows.get(flow);
    if (!state) {
      state = { next: this.#plan.connections.first[flow.id] ?? 0, waiting: [], capturedTo: 0, sentTo: 0 };
      this.#flows.set(flow, state);
    }
    return state;
  }

  /** Captured segments that were never sent. */
  #giveUp(flow: Flow, state: FlowState, segments: readonly PlacedSegment[]): void {
    for (const c of segments) {
      const bytes = c.to - c.from;
      const sent = bytes > 0 && c.to <= state.sentTo;
      const grade = bytes === 0 || sent ? OTHER_FORM : MISSING;
      this.#grade(c.packet - 1, grade);
      if (this.#noted(grade)) {
        const ackOnly = bytes === 0 && !(c.flags & TH_RST);
        this.#note(grade, c.packet, -1, flow.id, ackOnly ? 'an ACK less' : sent ? 'segmentation' : segmentText(c), []);
      }
    }
  }

  /** A connection of which nothing more comes: what is left of the capture was not sent. */
  ended(flow: Flow): void {
    const state = this.#flows.get(flow);
    if (!state) {
      return;
    }
    while (state.next > 0) {
      const i = state.next - 1;
      state.next = this.#plan.packets.next[i] ?? 0;
      if (this.#plan.roles[i] === ROLE_HOST) {
        this.#capture(flow, state, i);
      }
    }
    this.#giveUp(flow, state, state.waiting.splice(0));
    this.#flows.delete(flow);
  }

  // ---- other packets ----

  #datagram(p: TcpIpView, time: number, played: number): { packet: number; grade: number } {
    for (; this.#other < Math.min(this.#index.count, played + AHEAD); this.#other++) {
      this.#captureOther(this.#other);
    }
    const d = datagramOf(p);
    const group = this.#groups.get(d.group);
    const captured = group?.shift();
    if (!captured) {
      if (this.#noted(EXTRA)) {
        this.#note(EXTRA, 0, time, -1, d.summary, [], frameOf(p, null));
      }
      return { packet: 0, grade: EXTRA };
    }
    const fields = Object.entries(captured.datagram.fields).flatMap(([field, value]) =>
      d.fields[field] === value ? [] : [{ field, captured: value, sent: d.fields[field] ?? 'absent' }],
    );
    const grade = captured.datagram.hash === d.hash ? SAME : fields.length > 0 ? DIFFERENT : OTHER_FORM;
    this.#grade(captured.packet - 1, grade);
    if (grade === SAME) {
      this.#count(SAME);
    } else if (this.#noted(grade)) {
      this.#note(grade, captured.packet, time, -1, captured.datagram.summary, fields, frameOf(p, null));
    }
    return { packet: captured.packet, grade };
  }

  #captureOther(i: number): void {
    const { packets, roles } = this.#plan;
    const kind = (packets.what[i] ?? 0) & KIND_MASK;
    if (roles[i] !== ROLE_HOST || kind === KIND_TCP || kind === KIND_PART) {
      return;
    }
    const data = this.#index.bytes(this.#source, i);
    const link = this.#link.find(this.#index.linktype(i), data);
    const ethernet = this.#plan.slirp && link.eth >= 0;
    const p = ethernet
      ? this.#view.set(data, 0, data.length, 'ethernet').find()
      : this.#view.set(data, link.l3, data.length - link.l3, 'ip').find();
    const datagram = datagramOf(p);
    const group = this.#groups.get(datagram.group);
    if (group) {
      group.push({ packet: i + 1, datagram });
    } else {
      if (this.#groups.size >= MAX_GROUPS) {
        this.#groups.delete(this.#groups.keys().next().value ?? '');
      }
      this.#groups.set(datagram.group, [{ packet: i + 1, datagram }]);
    }
  }

  /** What was sent at divergence `i`, with the capture's sequence numbers; null if nothing was. */
  frame(i: number): Uint8Array | null {
    return this.#frames[i] ?? null;
  }

  /** The replay is over: what has not been sent is missing. */
  finish(): void {
    for (const flow of [...this.#flows.keys()]) {
      this.ended(flow);
    }
    for (const group of this.#groups.values()) {
      for (const { packet, datagram } of group) {
        if (this.#plan.roles[packet - 1] === ROLE_HOST) {
          this.#grade(packet - 1, MISSING);
          if (this.#noted(MISSING)) {
            this.#note(MISSING, packet, -1, -1, datagram.summary, []);
          }
        }
      }
    }
    this.#groups.clear();
  }

  #grade(i: number, grade: number): void {
    this.#plan.grades[i] = Math.max(this.#plan.grades[i] ?? 0, grade);
  }

  #note(
    grade: number,
    packet: number,
    time: number,
    stream: number,
    summary: string,
    fields: readonly FieldDifference[],
    frame: Uint8Array | null = null,
  ): void {
    this.#frames.push(frame);
    this.divergences.push({ grade: gradeName(grade), packet, time, stream, summary, fields });
  }

  #count(grade: number): void {
    const { tally } = this.#plan;
    tally[grade - 1] = (tally[grade - 1] ?? 0) + 1;
  }

  /** Counts a pair that is not the same; true if it is also to be kept. */
  #noted(grade: number): boolean {
    this.#count(grade);
    return this.divergences.length < MAX_KEPT;
  }
}

/** The Internet checksum `sum` once a word of 32 bits is another (RFC 1624). */
function updatedChecksum(sum: number, was: number, is: number): number {
  let s = (~sum & 0xffff) + (~(was >>> 16) & 0xffff) + (~was & 0xffff) + (is >>> 16) + (is & 0xffff);
  s = (s & 0xffff) + (s >>> 16);
  s = (s & 0xffff) + (s >>> 16);
  return ~s & 0xffff;
}

/**
 * A copy of a frame that was sent. Its sequence number becomes the one that the capture's side would have had there.
 */
function frameOf(p: TcpIpView, flow: Flow | null): Uint8Array {
  const copy = p.buf.slice(p.off, p.limit);
  if (flow && p.tcp >= 0 && flow.hostIss >= 0) {
    const view = new DataView(copy.buffer);
    const at = p.tcp - p.off;
    const seq = view.getUint32(at + 4);
    const wanted = (seq + flow.hostIss - Math.max(0, flow.iss)) >>> 0;
    view.setUint32(at + 4, wanted);
    view.setUint16(at + 16, updatedChecksum(view.getUint16(at + 16), seq, wanted));
  }
  return copy;
}

/** Removes an element, most often the first one. */
function removeAt(waiting: PlacedSegment[], at: number): void {
  if (at === 0) {
    waiting.shift();
  } else {
    waiting.splice(at, 1);
  }
}

function gradeName(grade: number): Grade {
  return GRADES[grade - 1] ?? 'extra';
}
