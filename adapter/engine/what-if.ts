/**
 * What would have been: a machine that leaves the recorded past at a moment where somebody has changed it. The
 * original stays as it is, and is shown again when the other one is given up.
 */
import type { Stop } from '../inferior/stop.ts';
import { type CallDifference, EngineError } from './api.ts';
import { firstDifference } from './compare.ts';
import type { HistorySource } from './history-source.ts';
import type { Image } from './image.ts';
import type { Inferior } from './inferior.ts';
import type { Installer } from './installer.ts';
import type { Arrival } from './past.ts';
import { exceptionStop } from './stopped.ts';
import type { Moment, TimeTravel } from './time-travel.ts';

/** What is shown: a machine, and what moves in its history. */
export interface Shown {
  readonly inferior: Inferior;
  readonly installer: Installer;
  readonly time: TimeTravel;
  readonly moment: Moment;
}

/** What was shown before the past was changed; its moment is where it was left. */
export interface Original extends Shown {
  /** Where it stands. */
  readonly present: Moment;
  /** Up to where both are equal: the earliest change, as a what-if may be changed in its own past too. */
  readonly changed: Moment;
}

/** What the engine does for it. */
export interface WhatIfHooks {
  /** What is shown, while it stands still. */
  stands(): Shown | undefined;
  /** What its history is about. */
  source(): HistorySource;
  /** Whether the user wants it. */
  wanted(): Promise<boolean>;
  /** Moves in the history of a machine. */
  newTime(of: () => HistorySource): TimeTravel;
  /** Shows another machine from now on. */
  enter(shown: Shown): void;
  stopped(inferior: Inferior, arrival: Arrival): void;
  ended(inferior: Inferior, message: string): void;
}

export const NO_WHAT_IF = 'Nothing was changed in the past: there is no what-if.';

const RUNS = 'A what-if that runs cannot be told anything or changed; interrupt it first.';

export class WhatIf {
  readonly #hooks: WhatIfHooks;
  original: Original | undefined;
  /** What leaves the past, one after the other. */
  #leaving: Promise<unknown> = Promise.resolve();
  /** The what-if that is just beginning. */
  #beginning: Promise<unknown> = Promise.resolve();

  constructor(hooks: WhatIfHooks) {
    this.#hooks = hooks;
  }

  /**
   * Something is about to be changed: if it is the past, what is shown from now on is what would have been, and the
   * answer is true. Throws `EngineError` if that cannot be, or is not wanted.
   */
  leavePast(): Promise<boolean> {
    const left = this.#leaving.then(() => this.#leavePast());
    this.#leaving = left.catch(() => undefined);
    return left;
  }

  async #leavePast(): Promise<boolean> {
    const from = this.#hooks.stands();
    if (this.original && !from) {
      throw new EngineError(RUNS);
    }
    if (!from || !(from.time.inPast || from.inferior.opened)) {
      return false;
    }
    if (!(await this.#hooks.wanted())) {
      throw new EngineError('The past was not changed.');
    }
    const begun = this.#begin(from);
    this.#beginning = begun.catch(() => undefined);
    await begun;
    return true;
  }

  /** Leaves the past where it is shown. */
  async #begin(from: Shown): Promise<void> {
    this.#needShown(from);
    const { inferior, time } = from;
    const source = this.#hooks.source();
    const present = time.present ?? from.moment;
    const { past, moment } = await time.release(from.moment);
    try {
      await past.inferior.leaveRecording(source, present.ns);
      this.#needShown(from);
    } catch (e) {
      await past.dispose();
      throw e;
    }
    past.stopped = (arrival) => this.#hooks.stopped(past.inferior, arrival);
    past.inferior.once('exited', (_code, message) => this.#hooks.ended(past.inferior, message));
    if (this.original) {
      await time.dispose();
      void inferior.terminate();
    }
    const original = this.original ?? { ...from, moment, present, changed: moment };
    const earlier = moment.position.tick < original.changed.position.tick;
    this.original = earlier ? { ...original, changed: moment } : original;
    this.#hooks.enter({
      inferior: past.inferior,
      installer: past.installer,
      time: this.#hooks.newTime(() => past.inferior),
      moment,
    });
  }

  #needShown({ inferior }: Shown): void {
    if (this.#hooks.stands()?.inferior !== inferior) {
      throw new EngineError('The past was not changed: the machine was ended, or has gone on, meanwhile.');
    }
  }

  /** Throws `EngineError` unless what runs is the live machine, as nothing else takes what it is told. */
  needLive(time: TimeTravel): void {
    time.needLive();
    if (this.original) {
      throw new EngineError(RUNS);
    }
  }

  /** Resolves when none is just beginning. */
  async settled(): Promise<void> {
    await this.#beginning;
  }

  /** Where it differs first from what was. `here` is what is shown of it. Throws `EngineError` if there is none. */
  async compare(image: Image, { time, moment }: Pick<Shown, 'time' | 'moment'>): Promise<CallDifference> {
    const { original } = this;
    if (!original) {
      throw new EngineError(NO_WHAT_IF);
    }
    const was = await original.time.compared(original.present);
    if (this.original !== original) {
      throw new EngineError(NO_WHAT_IF);
    }
    return firstDifference(image, original.changed.position, was, await time.compared(moment));
  }

  /** Gives it up: `shown` is that which never was. Returns what is shown instead. */
  async end({ inferior, time }: Pick<Shown, 'inferior' | 'time'>): Promise<Original | undefined> {
    const { original } = this;
    if (original) {
      this.original = undefined;
      this.#hooks.enter({ ...original, moment: original.present });
      await time.dispose();
      await inferior.terminate();
    }
    return original;
  }
}

/** Why it has stopped there. */
export function stopOf({ paused, report: { stop } }: Arrival): Stop {
  if (paused.reason === 'exception' || paused.reason === 'promiseRejection') {
    return exceptionStop(paused);
  }
  return stop.kind === 'arrived' ? { kind: 'recording-end' } : stop;
}
