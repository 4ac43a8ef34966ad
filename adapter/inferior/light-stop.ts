/**
 * How a live machine stops. V8 takes milliseconds to describe a stop, as it parses each function on the stack again.
 * Here the thread just waits and tells its calls; who evaluates something in the innermost frame gets it from a closure
 * that the decider made in its place. Whoever needs more has it stop for V8 too.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { FramedChange } from '../mailbox/change.ts';
import { CTL, LIGHT } from '../mailbox/mailbox.ts';
import { type Call, callsOf } from './call-stack.ts';

/** Evaluates JavaScript with the locals of a probe. */
export type Here = (js: string) => unknown;

/** How the machine stands still. */
export interface Standing {
  /** What the engine has to do, which needs V8's frames. */
  readonly change?: FramedChange | undefined;
  readonly here?: Here | null;
  /** It only tells, and leaves the stack. */
  readonly quiet?: boolean | undefined;
}

/**
 * Stands still until the machine is to go on: lightly where that is possible, or in the inspector. Returns for how many
 * milliseconds.
 */
export function standStill(light: LightStops | undefined, here: Here | null): number {
  const since = performance.now();
  if (!light?.wait(here)) {
    // biome-ignore lint/suspicious/noDebugger: this is how the inferior stops
    debugger;
  }
  return performance.now() - since;
}

/** Something to evaluate at a light stop: in its innermost frame, or globally. */
export interface LightRequest {
  readonly id: number;
  readonly js: string;
  readonly inFrame: boolean;
}

/** What came of it: a value as JSON (absent for undefined), or the text of an error. */
export interface LightAnswer {
  readonly id: number;
  readonly json?: string | undefined;
  readonly error?: string;
}

/** What a thread that stands lightly says. */
export interface LightTold {
  /** It stands here, and evaluates in the innermost frame or not. */
  stands(calls: readonly Call[], evaluates: boolean): void;
  answer(answer: LightAnswer): void;
}

/**
 * Waits lightly, and says what to do next. Requests come by a port: the inspector would evaluate while the thread is in
 * `Atomics.wait`, where V8 does not bear another wait, such as that for the answer to a listen.
 */
export class LightStops {
  readonly #ctl: Int32Array;
  readonly #url: string;
  readonly #port: MessagePort;
  readonly #told: LightTold;

  /** `url` is where the code is whose calls are told. */
  constructor(ctl: Int32Array, url: string, port: MessagePort, told: LightTold) {
    this.#ctl = ctl;
    this.#url = url;
    this.#port = port;
    this.#told = told;
  }

  /** True once the machine is to go on; false if it has to stand in the inspector. */
  wait(here: Here | null): boolean {
    Atomics.store(this.#ctl, CTL.LIGHT, LIGHT.WAIT);
    this.#told.stands(callsOf(this.#url), here !== null);
    for (;;) {
      Atomics.wait(this.#ctl, CTL.LIGHT, LIGHT.WAIT);
      if (Atomics.compareExchange(this.#ctl, CTL.LIGHT, LIGHT.EVALUATE, LIGHT.WAIT) !== LIGHT.EVALUATE) {
        return Atomics.load(this.#ctl, CTL.LIGHT) === LIGHT.GO;
      }
      for (let m = receiveMessageOnPort(this.#port); m; m = receiveMessageOnPort(this.#port)) {
        this.#told.answer(evaluated(m.message as LightRequest, here));
      }
    }
  }
}

function evaluated({ id, js, inFrame }: LightRequest, here: Here | null): LightAnswer {
  try {
    // biome-ignore lint/security/noGlobalEval: the engine's own code, as the inspector would evaluate it
    return { id, json: JSON.stringify((inFrame && here ? here : globalThis.eval)(js)) };
  } catch (e) {
    return { id, error: e instanceof Error ? String(e.stack) : String(e) };
  }
}
