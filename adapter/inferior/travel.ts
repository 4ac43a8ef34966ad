/**
 * In an inferior that executes a recording again: runs to a position, and notes on the way what a reverse command has
 * to know. Ticks count at function entries and in loops, so within one tick no probe is passed twice: a tick and a
 * probe are a position.
 */
import { ARMED, IN_POLL, IN_TICK, type ProbeTables } from '../mailbox/probes.ts';
import { TICK } from '../mailbox/ticks.ts';
import { type BackRequest, beginPassed, type PassedProbes } from './back-walk.ts';
import { type CallNotes, CallTrace, type TraceOrder } from './call-trace.ts';
import type { TimePosition, WatchChange } from './stop.ts';
import type { CarriedWatch } from './watches.ts';

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
  /** What is noted for a reverse step. */
  readonly #passed: PassedProbes | null;
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
    this.#passed = order.back ? beginPassed(tables, this.#fns, (order.noteFrom ?? 0) <= 0) : null;
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

  /** True if the run ends in this poll, whose turn is at `ns`; `first`: that of the first turn of all. */
  polls(ns: number, first: boolean): boolean {
    if (first) {
      this.#forget();
    }
    const { target } = this.order;
    if ('tick' in target) {
      return target.probe === IN_POLL && this.#now >= target.tick;
    }
    return 'ns' in target && ns >= target.ns;
  }

  /** The machine is built, and history begins: what came before is none of it. */
  #forget(): void {
    this.#passed?.forget();
    this.#hits = 0;
    this.#lastHit = null;
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
      this.#passed?.note(this.#now, probe);
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
    const { back: request } = this.order;
    const back = (request && this.#passed?.back(request, this.#target.probe, depth)) ?? null;
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
}
