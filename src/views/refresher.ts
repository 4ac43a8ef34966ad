/**
 * When a view reads the machine again: at every stop and change.
 * While the machine runs and the view is visible, it does so at a bounded rate.
 */
import type { SessionState } from '../session/session-state.ts';

/** What calls a function later, and forgets it. */
export interface Timers {
  set(callback: () => void, ms: number): unknown;
  clear(timer: unknown): void;
}

const systemTimers: Timers = {
  set: (callback, ms) => setTimeout(callback, ms),
  clear: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

/**
 * Runs `refresh`, one at a time. A call while one is under way leads to one more afterwards.
 * While the state is `running`, the next comes `interval` ms after the last one has ended.
 * A slow machine is not flooded that way.
 */
export class Refresher {
  readonly #refresh: () => Promise<void>;
  readonly #interval: number;
  readonly #timers: Timers;
  #visible = false;
  #state: SessionState = 'ended';
  #busy = false;
  #again = false;
  #timer: unknown;

  constructor(refresh: () => Promise<void>, interval: number, timers: Timers = systemTimers) {
    this.#refresh = refresh;
    this.#interval = interval;
    this.#timers = timers;
  }

  setVisible(visible: boolean): void {
    const shown = visible && !this.#visible;
    this.#visible = visible;
    if (shown) {
      this.request();
    } else if (!visible) {
      this.#stopTimer();
    }
  }

  setState(state: SessionState): void {
    this.#state = state;
    this.request();
  }

  /** Reads again now, if anybody looks. */
  request(): void {
    this.#stopTimer();
    if (!this.#visible) {
      return;
    }
    if (this.#busy) {
      this.#again = true;
    } else {
      void this.#run();
    }
  }

  dispose(): void {
    this.setVisible(false);
  }

  async #run(): Promise<void> {
    this.#busy = true;
    this.#again = false;
    try {
      await this.#refresh();
    } finally {
      this.#busy = false;
      if (this.#again) {
        this.request();
      } else if (this.#visible && this.#state === 'running') {
        this.#stopTimer();
        this.#timer = this.#timers.set(() => this.request(), this.#interval);
      }
    }
  }

  #stopTimer(): void {
    this.#timers.clear(this.#timer);
    this.#timer = undefined;
  }
}
