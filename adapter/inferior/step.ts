/** A step in progress: decides at the probes that it has armed whether it has come to its end. */
import { PROBE_KIND, type ProbeTables } from '../mailbox/probes.ts';
import type { StepRequest } from './stop.ts';

/** Where a step begins: the stop that the inferior stands in. */
export interface StepStart {
  /** The probe of the stop, or -1. */
  readonly probe: number;
  /** Frames of the stack at the stop. */
  readonly depth: number;
}

/**
 * To look how deep the call stack is takes microseconds, too long for each probe of a long call. So a step counts: the
 * first probe of a function says that it was entered, the one at a `return` or at the closing brace that it is left.
 * Only armed functions count, but these are all functions with a frame from that of the step outwards. The stack is
 * looked at only when a count says that the step has come to its end.
 *
 * Where the stack has `try`, which packet paths have not, two things escape the count. After an exception that is
 * caught it is too high. And a frame that goes on in `finally` has been counted as left; the look at the stack finds
 * that out.
 */
export class Step {
  readonly #request: StepRequest;
  readonly #start: StepStart;
  readonly #tables: ProbeTables;
  readonly #measureDepth: () => number;
  readonly #fns: ReadonlySet<number> | null;
  readonly #targets: ReadonlySet<number>;
  /** Depth of the frame that the step is in, or that it leaves. */
  #depth: number;
  #fn: number;
  #line: number;
  /** Steps still to take. */
  #count: number;
  /** Frames of armed functions inside the step's frame; below 0 the step's frame is left. */
  #inside: number;
  /** No probe has been passed since a stop that was not at one: the frame's first probe may still be to come. */
  #betweenProbes: boolean;
  /** What the frame returned, once it has. */
  value: unknown;

  constructor(request: StepRequest, start: StepStart, tables: ProbeTables, measureDepth: () => number) {
    this.#request = request;
    this.#start = start;
    this.#tables = tables;
    this.#measureDepth = measureDepth;
    this.#fns = request.fns && new Set(request.fns);
    this.#targets = new Set(request.targets);
    this.#depth = start.depth - request.up;
    this.#fn = request.fn;
    this.#line = request.line;
    this.#count = request.count;
    this.#inside = request.nested;
    this.#betweenProbes = start.probe < 0;
    if (start.probe >= 0 && this.#isExit(start.probe) && this.arms(start.probe)) {
      this.#inside--;
    }
  }

  /** True if `finish` asked for it. */
  get finishes(): boolean {
    return this.#request.kind === 'out';
  }

  /** Name of the function that `finish` leaves. */
  get from(): string {
    return this.#request.name;
  }

  /** True if the step has to see a probe. */
  arms(probe: number): boolean {
    return this.#fns === null || this.#fns.has(this.#tables.fn[probe] ?? -1) || this.#targets.has(probe);
  }

  #isExit(probe: number): boolean {
    return this.#tables.kind[probe] !== PROBE_KIND.statement;
  }

  /** At an armed probe: true if the step ends here. `ret` is the value at a return. */
  hit(probe: number, ret: unknown): boolean {
    if (this.#tables.entry[probe] === 1 && !(this.#betweenProbes && this.#measureDepth() <= this.#start.depth)) {
      this.#inside++;
    }
    this.#betweenProbes = false;
    const ends = this.#ends(probe, ret);
    if (this.#isExit(probe)) {
      this.#inside--;
    }
    return ends;
  }

  /** The function of an armed probe was made to return `value` there. */
  returned(probe: number, value: unknown): void {
    if (!this.#isExit(probe)) {
      this.#inside--;
    }
    if (this.#inside === -1) {
      this.value = value;
    }
  }

  #ends(probe: number, ret: unknown): boolean {
    const fn = this.#tables.fn[probe] ?? -1;
    const line = this.#tables.line[probe] ?? -1;
    const isReturn = this.#tables.kind[probe] === PROBE_KIND.return;
    const moved = !isReturn && (this.#request.statements === true || fn !== this.#fn || line !== this.#line);
    const { kind } = this.#request;
    if (this.#targets.has(probe)) {
      return true;
    }
    if (kind === 'into') {
      return (moved || this.#inside < 0) && this.#done(fn, line);
    }
    if (kind === 'out' && isReturn && this.#inside === 0 && this.#measureDepth() === this.#depth) {
      this.value = ret;
      return false;
    }
    const over = kind === 'over' && moved;
    if (this.#inside > 0 || (this.#inside === 0 && !over)) {
      return false;
    }
    const depth = this.#measureDepth();
    if (depth > this.#depth) {
      this.#inside = 1;
    }
    if (depth > this.#depth || (depth === this.#depth && !over)) {
      return false;
    }
    this.#depth = depth;
    return this.#done(fn, line);
  }

  /** One of the steps is done; true if it was the last. The next one begins here. */
  #done(fn: number, line: number): boolean {
    this.#fn = fn;
    this.#line = line;
    this.#inside = 0;
    return --this.#count <= 0;
  }
}
