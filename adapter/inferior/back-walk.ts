/** Reverse steps: what an execution of history has passed on its way, and the walk back over it. */
import { PROBE_KIND, type ProbeTables } from '../mailbox/probes.ts';
import type { TimePosition } from './stop.ts';

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

/** Probes that are remembered; older ones are forgotten. */
const WINDOW = 1 << 20;

/** Where a step back led: the index of what was passed there, and how deep the stack was. */
interface Standing {
  readonly at: number;
  readonly depth: number;
}

/** What a run has passed. It is kept until the next run that notes: a step back is often from where one led. */
export class PassedProbes {
  readonly #ticks = new Float64Array(WINDOW);
  readonly #probes = new Int32Array(WINDOW);
  #tables: ProbeTables | undefined;
  /** Functions whose probes are noted; null: all. */
  #fns: ReadonlySet<number> | null = null;
  /** Nothing came before what is noted. */
  #fromStart = false;
  #noted = 0;
  #standing: Standing | null = null;

  begin(tables: ProbeTables, fns: ReadonlySet<number> | null, fromStart: boolean): void {
    this.#tables = tables;
    this.#fns = fns;
    this.#fromStart = fromStart;
    this.forget();
  }

  forget(): void {
    this.#noted = 0;
    this.#standing = null;
  }

  note(tick: number, probe: number): void {
    const at = this.#noted++ % WINDOW;
    this.#ticks[at] = tick;
    this.#probes[at] = probe;
  }

  /** Where a step leads from the end of what was noted, which is at `probe`, with a stack of `depth` frames. */
  back(request: BackRequest, probe: number, depth: number): TimePosition | null {
    return this.#walk(request, this.#noted, probe, depth);
  }

  /** The same from `from`; null if that is not where the last one led, or what was noted does not say it. */
  further(request: BackRequest, from: TimePosition): TimePosition | null {
    const { fns } = request;
    const known = this.#fns;
    const enough = known === null || fns?.every((fn) => known.has(fn)) === true;
    const standing = this.#standing;
    if (!standing || !enough) {
      return null;
    }
    const { tick, probe } = this.#position(standing.at);
    return tick === from.tick && probe === from.probe ? this.#walk(request, standing.at, probe, standing.depth) : null;
  }

  #walk(request: BackRequest, from: number, probe: number, depth: number): TimePosition | null {
    const whole = this.#fromStart && this.#noted <= WINDOW;
    const tables = this.#tables as ProbeTables;
    const walk = new BackWalk(tables, probe, depth, (i) => this.#probeAt(i), from, whole);
    let at: number | null = from;
    for (let n = 0; n < request.count && at !== null; n++) {
      at = walk.step(request.kind, request.up);
    }
    if (at === null || at < Math.max(0, this.#noted - WINDOW)) {
      return null;
    }
    this.#standing = { at, depth: walk.depth };
    return this.#position(at);
  }

  #position(at: number): TimePosition {
    return { tick: this.#ticks[at % WINDOW] ?? 0, probe: this.#probes[at % WINDOW] ?? -1 };
  }

  #probeAt(i: number): number {
    return i < 0 || i < this.#noted - WINDOW ? -1 : (this.#probes[i % WINDOW] ?? -1);
  }
}

/** Runs come one after the other, and megabytes for each would be much to collect. */
let passed: PassedProbes | undefined;

/** A run begins to note what it passes. */
export function beginPassed(tables: ProbeTables, fns: ReadonlySet<number> | null, fromStart: boolean): PassedProbes {
  passed ??= new PassedProbes();
  passed.begin(tables, fns, fromStart);
  return passed;
}

/** Where a step back from where the last one led goes, by what was noted for that; null if that does not say it. */
export function furtherBack(request: BackRequest, from: TimePosition): TimePosition | null {
  return passed?.further(request, from) ?? null;
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

  /** Frames of the stack where it has come to. */
  get depth(): number {
    return this.#depth;
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
