/**
 * When checkpoints are taken, and what is noted beside the tree: as the inferior has run for some time, and where much
 * was recorded since the last one, so that what is older can leave the log.
 */
import type { CheckpointRef } from '../mailbox/checkpoint-ref.ts';
import { TICK } from '../mailbox/ticks.ts';
import { CheckpointError } from './checkpoint-symbols.ts';
import { CheckpointTaker } from './checkpoint-take.ts';
import type { RecordingHost, TurnWatch } from './recording.ts';
import type { Runtime } from './runtime.ts';

/** A checkpoint may cost one part in so many of the time that the inferior runs. */
const SHARE = 50;
/** A machine that wants to wait this long is idle: nobody minds if what wakes it is looked at a little later. */
const IDLE_NS = 20e6;
/** The field of `machine` that is no part of the state. */
const OUTSIDE = 'host';

export interface CheckpointsOptions {
  readonly runtime: Runtime;
  readonly host: () => RecordingHost;
  /** Milliseconds that the inferior runs between two checkpoints; 0: one at each turn. */
  readonly everyMs: number;
  /** It waits in real time where nothing is to be done, which no replay does. */
  readonly idles: boolean;
  /** What a buffer is called that was allocated by name, or nothing. */
  readonly nameOf: (buffer: ArrayBufferLike) => string;
  readonly beside: () => Pick<CheckpointRef, 'frames' | 'frameHash' | 'edge' | 'captured' | 'entered'>;
  readonly post: (checkpoint: CheckpointRef) => void;
}

/** Takes checkpoints while turns are recorded. Where one cannot be taken, it says so and takes no more. */
export class Checkpoints implements TurnWatch {
  readonly #options: CheckpointsOptions;
  /** Where in the log the last one is. */
  #logAt = 0;
  #taker: CheckpointTaker | undefined;
  #number = 0;
  #failed = false;
  /** When the inferior was last given inputs, how long it has run since the last checkpoint, and how long it is to. */
  #since: number;
  #ran = 0;
  #wanted: number;
  /** What the last checkpoint cost; the first one, which has to learn all names, does not count. */
  #cost = 0;

  constructor(options: CheckpointsOptions) {
    this.#options = options;
    this.#since = options.runtime.now();
    this.#wanted = options.everyMs;
  }

  /** The first one learns all names and looks at all of RAM for the first time, so an idle machine takes it at once. */
  turnEnds(timeoutNs: number): void {
    const { runtime, everyMs, idles } = this.#options;
    const begin = runtime.now();
    this.#ran += begin - this.#since;
    const first = idles && this.#number === 0 && (timeoutNs < 0 || timeoutNs >= IDLE_NS);
    if ((this.#ran >= this.#wanted || first || this.#isLong()) && !this.#failed && runtime.machine) {
      this.take(runtime.machine);
      this.#ran = 0;
      // The lesser of two: the thread may have had to wait for a core meanwhile.
      const cost = runtime.now() - begin;
      this.#wanted = everyMs && Math.max(everyMs, SHARE * Math.min(cost, this.#cost));
      this.#cost = cost;
    }
  }

  /** Much was recorded since the last one. */
  #isLong(): boolean {
    const { at, checkpointBytes } = this.#options.host();
    return at - this.#logAt >= checkpointBytes;
  }

  turnBegins(): void {
    this.#since = this.#options.runtime.now();
  }

  protected take(machine: { readonly turns: number }): void {
    const { runtime, host, nameOf, beside, post } = this.#options;
    this.#taker ??= new CheckpointTaker(machine, OUTSIDE, runtime.symbols, nameOf, runtime.births);
    const { now_ns: nowNs, at: logAt } = host();
    this.#logAt = logAt;
    try {
      const saved = this.#taker.take();
      const tick = runtime.T[TICK.COUNT] ?? 0;
      post({ ...saved, number: this.#number++, turn: machine.turns, tick, nowNs, logAt, ...beside() });
    } catch (e) {
      if (!(e instanceof CheckpointError)) {
        throw e;
      }
      this.#failed = true;
      host().report('error', e.message);
    }
  }
}
