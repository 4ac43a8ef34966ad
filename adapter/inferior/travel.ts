/**
 * In an inferior that executes a recording again: runs to a position, and notes on the way what a reverse command has
 * to know. Ticks count at function entries and in loops, so within one tick no probe is passed twice: a tick and a
 * probe are a position.
 */
import { ARMED, IN_POLL, IN_TICK, PROBE_KIND, type ProbeTables } from '../mailbox/probes.ts';
import { TICK } from '../mailbox/ticks.ts';
import { type CallNotes, CallTrace, type TraceOrder } from './call-trace.ts';
import type { TimePosition, WatchChange } from './stop.ts';
import type { CarriedWatch } from './watches.ts';

/** What a reverse step goes back to. */
export interface BackRequest {
  readonly kind: 'into' | 'over' | 'out' | 'instruction' | 'statement' | 'entry';
  /** How many frames outside the innermost one `out` leaves as well; for `entry`, the frame it is about. */
  readonly up: number;
  /** How many steps to go back. */
  readonly count: number;
  /** Functions whose probes count: those of the frames from the step's outwards; null: all. */
  readonly fns: readonly number[] | null;
}

/**
 * Where a run ends: at a position, at the turn in which the clock comes to `ns`, or when so many packets have passed
 * the user network's edge.
 */
export type TravelTarget = TimePosition | { readonly ns: number } | { readonly packets: number };

/** A run through a stretch of a recording that ends at a position. */
export interface TravelOrder {
  readonly target: TravelTarget;
  /** Hits of breakpoints on the way: passed without a word, noted, or stopped at as ever. */
  readonly breakpoints: 'silent' | 'note' | 'stop';
  /** The run also ends at the first hit of this breakpoint. */
  readonly until?: number;
  /** Hits of other breakpoints do not count. */
  readonly only?: number;
  /** From which tick on to note every probe, for `back`. */
  readonly noteFrom?: number;
  readonly back?: BackRequest;
  /** Watches over objects, which are not the same ones in every execution. */
  readonly watches?: readonly CarriedWatch[];
  /** What is known of captured values at the end: their origins are asked for. */
  readonly known?: readonly CarriedWatch[];
  /** Checkpoints to take on the way, for the next run: from a tick on, each so many ticks. */
  readonly save?: { readonly from: number; readonly every: number };
  /** Calls to note. */
  readonly trace?: TraceOrder;
  /** Only the notes are wanted: the stack is left at the end, where V8 would take milliseconds to describe it. */
  readonly quiet?: boolean;
}

/** A breakpoint that would have stopped. */
export interface NotedHit extends TimePosition {
  readonly breakpoints: readonly number[];
  /** What the first catchpoint of these caught. */
  readonly caught?: string;
  /** What a watchpoint saw; the position is then that of the statement that did it. */
  readonly changes?: readonly WatchChange[];
}

/** What a run has noted when it is at its end. */
export interface TravelNotes {
  /** The last hit of a breakpoint before the end. */
  readonly lastHit: NotedHit | null;
  readonly hits: number;
  /** The breakpoint `until` was hit. */
  readonly found: boolean;
  /** The probe of the target was not passed in its tick: the run ended elsewhere. */
  readonly missed: boolean;
  /** Of what the order knows at the end: captured values at the beginning. */
  readonly origins?: readonly CarriedWatch[];
  /** Where `back` leads; null when that is before the first tick that was noted. */
  readonly back: TimePosition | null;
  readonly calls: CallNotes | null;
}

const NEVER: TimePosition = { tick: Number.POSITIVE_INFINITY, probe: IN_TICK };

/** Probes that a run remembers; older ones are forgotten. */
const WINDOW = 1 << 20;

/** What a run has passed; runs come one after the other, and megabytes for each would be much to collect. */
interface Passed {
  readonly ticks: Float64Array;
  readonly probes: Int32Array;
}
let passed: Passed | undefined;

function passedRoom(): Passed {
  passed ??= { ticks: new Float64Array(WINDOW), probes: new Int32Array(WINDOW) };
  return passed;
}

const NO_ROOM: Passed = { ticks: new Float64Array(0), probes: new Int32Array(0) };

export const NO_NOTES: TravelNotes = { lastHit: null, hits: 0, found: false, missed: false, back: null, calls: null };

export class Travel {
  readonly order: TravelOrder;
  /** The position that it ends at; one that never comes if it ends otherwise. */
  readonly #target: TimePosition;
  readonly #A: Uint8Array;
  readonly #T: Float64Array;
  readonly #tables: ProbeTables;
  readonly #arm: (probe: number, bit: number) => void;
  readonly #fns: ReadonlySet<number> | null;
  /** Probes whose breakpoints are silent. */
  readonly #muted: number[] = [];
  /** Is told of each call. */
  readonly trace: CallTrace | null;
  #noting = false;
  /** The next probe is the end. */
  #ending = false;
  readonly #passed: Passed;
  #noted = 0;
  #hits = 0;
  #found = false;
  #reached = false;
  #lastHit: NotedHit | null = null;

  constructor(
    order: TravelOrder,
    A: Uint8Array,
    T: Float64Array,
    tables: ProbeTables,
    arm: (probe: number, bit: number) => void,
  ) {
    this.#arm = arm;
    this.order = order;
    this.#target = 'tick' in order.target ? order.target : NEVER;
    this.#A = A;
    this.#T = T;
    this.#tables = tables;
    this.trace = order.trace ? new CallTrace(order.trace) : null;
    this.#fns = order.back?.fns ? new Set(order.back.fns) : null;
    this.#passed = order.back ? passedRoom() : NO_ROOM;
    if (order.breakpoints === 'silent') {
      this.#mute();
    }
  }

  get #now(): number {
    return this.#T[TICK.COUNT] ?? 0;
  }

  #mute(): void {
    for (let id = 0; id < this.#A.length; id++) {
      const armed = this.#A[id] ?? 0;
      if (armed & ARMED.BREAKPOINT) {
        this.#muted.push(id);
        this.#A[id] = armed & ~ARMED.BREAKPOINT;
      }
    }
  }

  /** The count of ticks at which something is due. */
  next = Number.POSITIVE_INFINITY;

  /** The count of ticks has moved to a limit, or was set: arms what is due. True if the run ends here, in `tick`. */
  ticked(): boolean {
    const now = this.#now;
    const target = this.#target;
    const { noteFrom = Number.POSITIVE_INFINITY } = this.order;
    if (now >= noteFrom && !this.#noting) {
      this.#noteAll();
    }
    if (now >= target.tick && target.probe >= 0) {
      this.#arm(target.probe, ARMED.TRAVEL);
    }
    const due = [noteFrom, target.tick, target.tick + 1].filter((t) => t > now);
    this.next = Math.min(Number.POSITIVE_INFINITY, ...due);
    // A probe that was not passed in its tick is not there.
    return target.probe >= 0 ? now > target.tick : target.probe === IN_TICK && now === target.tick;
  }

  #noteAll(): void {
    this.#noting = true;
    for (let id = 0; id < this.#A.length; id++) {
      if (this.#fns === null || this.#fns.has(this.#tables.fn[id] ?? -1)) {
        this.#arm(id, ARMED.TRAVEL);
      }
    }
  }

  /** True if the run ends in this poll, whose turn is at `ns`. */
  polls(ns: number): boolean {
    const { target } = this.order;
    if ('tick' in target) {
      return target.probe === IN_POLL && this.#now >= target.tick;
    }
    return 'ns' in target && ns >= target.ns;
  }

  /** A packet has passed the user network's edge, the `packets`th. The run may end at the next probe. */
  packet(packets: number): void {
    const { target } = this.order;
    if (!('tick' in target) && 'packets' in target && packets === target.packets) {
      this.#noteAll();
      this.#ending = true;
    }
  }

  /** An armed probe is passed. True if the run ends there. */
  passes(probe: number): boolean {
    if (this.#ending || (probe === this.#target.probe && this.#now === this.#target.tick)) {
      this.#reached = true;
      return true;
    }
    if (this.#noting && (this.#fns === null || this.#fns.has(this.#tables.fn[probe] ?? -1))) {
      const at = this.#noted++ % WINDOW;
      this.#passed.ticks[at] = this.#now;
      this.#passed.probes[at] = probe;
    }
    return false;
  }

  /** Breakpoints would stop at a probe. */
  hit(probe: number, breakpoints: readonly number[], caught: string | null): void {
    const { only } = this.order;
    if (only !== undefined && !breakpoints.includes(only)) {
      return;
    }
    this.#hits++;
    this.#lastHit = { tick: this.#now, probe, breakpoints, ...(caught === null ? {} : { caught }) };
  }

  /** True if it ends at a probe. Where breakpoints stop, those there stop too, as they did in the present. */
  ends(probe: number, hits: readonly number[] | null, caught: string | null): boolean {
    const ends = (hits !== null && this.finds(hits)) || this.passes(probe);
    if (ends && hits !== null && this.order.breakpoints === 'stop') {
      this.hit(probe, hits, caught);
    }
    return ends;
  }

  /** A watchpoint would stop. */
  watched(change: WatchChange): void {
    this.#hits++;
    this.#lastHit = { ...change.by, breakpoints: [change.id], changes: [change] };
  }

  /** True if breakpoints that would stop have that among them which ends the run. */
  finds(breakpoints: readonly number[]): boolean {
    this.#found = this.order.until !== undefined && breakpoints.includes(this.order.until);
    return this.#found;
  }

  /** The run is over, or was interrupted and another one begins: breakpoints speak again. */
  letGo(): void {
    for (let id = 0; id < this.#A.length; id++) {
      this.#A[id] = (this.#A[id] ?? 0) & ~ARMED.TRAVEL;
    }
    for (const id of this.#muted) {
      this.#A[id] = (this.#A[id] ?? 0) | ARMED.BREAKPOINT;
    }
  }

  /** The run is over. `depth` is that of the stack. */
  end(depth: number): TravelNotes {
    this.letGo();
    const back = this.order.back ? this.#back(this.order.back, depth) : null;
    const calls = this.trace?.notes ?? null;
    const missed = this.#target.probe >= 0 && !this.#reached;
    return { lastHit: this.#lastHit, hits: this.#hits, found: this.#found, missed, back, calls };
  }

  /** Is a probe's breakpoint silent for the time being? Tells what is to become of it at the end. */
  mutes(probe: number, armed: boolean): boolean {
    if (this.order.breakpoints !== 'silent') {
      return false;
    }
    const at = this.#muted.indexOf(probe);
    if (at >= 0) {
      this.#muted.splice(at, 1);
    }
    if (armed) {
      this.#muted.push(probe);
    }
    return true;
  }

  // ---- reverse steps ----

  #back(request: BackRequest, depth: number): TimePosition | null {
    const whole = (this.order.noteFrom ?? 0) <= 0 && this.#noted <= WINDOW;
    const walk = new BackWalk(this.#tables, this.#target.probe, depth, (i) => this.#probeAt(i), this.#noted, whole);
    let at: number | null = this.#noted;
    for (let n = 0; n < request.count && at !== null; n++) {
      at = walk.step(request.kind, request.up);
    }
    if (at === null || at < Math.max(0, this.#noted - WINDOW)) {
      return null;
    }
    const { ticks, probes } = this.#passed;
    return { tick: ticks[at % WINDOW] ?? 0, probe: probes[at % WINDOW] ?? -1 };
  }

  #probeAt(i: number): number {
    return i < 0 || i < this.#noted - WINDOW ? -1 : (this.#passed.probes[i % WINDOW] ?? -1);
  }
}

/**
 * Walks back over the probes that were passed. A function's first probe says that one frame less was there before it,
 * the one at a return or at the closing brace that one frame more was there at it than after it.
 */
class BackWalk {
  readonly #tables: ProbeTables;
  readonly #probeAt: (i: number) => number;
  /** Nothing came before what was noted. */
  readonly #whole: boolean;
  #at: number;
  #probe: number;
  #depth: number;

  constructor(
    tables: ProbeTables,
    probe: number,
    depth: number,
    probeAt: (i: number) => number,
    end: number,
    whole: boolean,
  ) {
    this.#whole = whole;
    this.#tables = tables;
    this.#probe = probe;
    this.#depth = depth;
    this.#probeAt = probeAt;
    this.#at = end;
  }

  /** One probe back. False at the end of what was noted. */
  #previous(): boolean {
    const before = this.#probeAt(this.#at - 1);
    if (before < 0) {
      return false;
    }
    this.#at--;
    const entered = this.#probe >= 0 && this.#tables.entry[this.#probe] === 1;
    const left = this.#tables.kind[before] !== PROBE_KIND.statement;
    this.#depth += (left ? 1 : 0) - (entered ? 1 : 0);
    this.#probe = before;
    return true;
  }

  #line(): string {
    return `${this.#tables.fn[this.#probe] ?? -1}:${this.#tables.line[this.#probe] ?? -1}`;
  }

  /** Index of the probe to which one reverse step leads; null when it is before what was noted. */
  step(kind: BackRequest['kind'], up: number): number | null {
    switch (kind) {
      case 'instruction':
        return this.#previous() ? this.#at : null;
      case 'statement':
        return this.#statement(this.#depth);
      case 'out':
        return this.#out(this.#depth - up);
      case 'entry':
        return this.#entry(this.#depth - up);
      default:
        return this.#toLineStart(kind === 'over' ? this.#depth : Number.POSITIVE_INFINITY);
    }
  }

  /** The last statement that is no deeper than this one. */
  #statement(deepest: number): number | null {
    while (this.#previous()) {
      if (this.#depth <= deepest && this.#isStop()) {
        return this.#at;
      }
    }
    return null;
  }

  /** The last statement of the caller before it called the frame at `depth`. */
  #out(depth: number): number | null {
    while (this.#previous()) {
      if (this.#depth < depth && this.#isStop()) {
        return this.#at;
      }
    }
    return null;
  }

  /** The first statement of the frame at `depth`. */
  #entry(depth: number): number | null {
    while (this.#previous()) {
      if (this.#depth === depth && this.#tables.entry[this.#probe] === 1) {
        return this.#at;
      }
    }
    return null;
  }

  /** A probe at a `return` comes after its statement's own one, with the value. */
  #isStop(): boolean {
    return this.#tables.kind[this.#probe] !== PROBE_KIND.return;
  }

  /**
   * The start of the line before this one, or of this one if we are in its middle; frames deeper than `deepest` do not
   * count.
   */
  #toLineStart(deepest: number): number | null {
    let line = this.#probe >= 0 ? this.#line() : '';
    let depth = this.#depth;
    let found: { at: number; probe: number; depth: number } | null = null;
    let limit = deepest;
    while (this.#previous()) {
      if (this.#depth > limit || !this.#isStop()) {
        continue;
      }
      const same = this.#line() === line && this.#depth === depth;
      if (found && !same) {
        return this.#goTo(found);
      }
      if (!same) {
        line = this.#line();
        depth = this.#depth;
      }
      limit = Math.min(limit, this.#depth);
      found = { at: this.#at, probe: this.#probe, depth: this.#depth };
    }
    return found && this.#whole ? this.#goTo(found) : null;
  }

  #goTo(place: { readonly at: number; readonly probe: number; readonly depth: number }): number {
    this.#at = place.at;
    this.#probe = place.probe;
    this.#depth = place.depth;
    return place.at;
  }
}
