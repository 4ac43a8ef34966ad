/**
 * Stops of breakpoints whose commands go on at once. V8 takes milliseconds to describe a stop, as it parses each
 * function on the stack again. Here the thread just waits, and who evaluates something gets it from a closure that the
 * decider made in the place of the innermost frame. Whoever needs more has it become a stop as any other.
 */
import type { FramedChange } from '../mailbox/change.ts';
import { CTL, LIGHT } from '../mailbox/mailbox.ts';
import { type Call, callsOf } from './call-stack.ts';

/** Evaluates JavaScript with the locals of a probe. */
export type Here = (js: string) => unknown;

/** How the machine stands still. */
export interface Standing {
  /** What the engine has to do, which needs frames. */
  readonly change?: FramedChange | undefined;
  /** It may do so lightly. */
  readonly here?: Here | undefined;
  /** It only tells, and leaves the stack. */
  readonly quiet?: boolean | undefined;
}

/**
 * Stands still until the machine is to go on: lightly where that is possible, or in the inspector. Returns for how many
 * milliseconds.
 */
export function standStill(light: LightStops | undefined, here: Here | undefined): number {
  const since = performance.now();
  if (!light || !here || !light.wait(here)) {
    // biome-ignore lint/suspicious/noDebugger: this is how the inferior stops
    debugger;
  }
  return performance.now() - since;
}

/** Waits lightly, and says what to do next. Interrupts, and with them evaluations, are served meanwhile. */
export class LightStops {
  readonly #ctl: Int32Array;
  readonly #url: string;
  readonly #tell: (calls: readonly Call[]) => void;
  /** Of the stop which waits. */
  #here: Here | null = null;

  /** `tell` makes a stop known; `url` is where the code is whose calls are told. */
  constructor(ctl: Int32Array, url: string, tell: (calls: readonly Call[]) => void) {
    this.#ctl = ctl;
    this.#url = url;
    this.#tell = tell;
  }

  /** Evaluates in the innermost frame of the stop that waits. */
  evaluate(js: string): unknown {
    if (!this.#here) {
      throw new Error('the machine has gone on');
    }
    return this.#here(js);
  }

  /** True once the machine is to go on; false if it has to stand in the inspector. */
  wait(here: Here): boolean {
    this.#here = here;
    Atomics.store(this.#ctl, CTL.LIGHT, LIGHT.WAIT);
    this.#tell(callsOf(this.#url));
    Atomics.wait(this.#ctl, CTL.LIGHT, LIGHT.WAIT);
    this.#here = null;
    return Atomics.load(this.#ctl, CTL.LIGHT) === LIGHT.GO;
  }
}
