/** When checkpoints are taken. */

/** A checkpoint may cost one part in so many of the time that the inferior runs. */
const SHARE = 50;

export class CheckpointClock {
  readonly #now: () => number;
  readonly #everyMs: number;
  readonly #take: () => void;
  /** When the inferior was last given inputs, and how long it has run since the last checkpoint. */
  #since: number;
  #ran = 0;
  #wanted: number;

  /**
   * `now` is a clock in milliseconds that stands still while the inferior does. It takes a checkpoint when the inferior
   * has run for `everyMs`, or longer if that is too dear; at each turn if that is 0.
   */
  constructor(now: () => number, everyMs: number, take: () => void) {
    this.#now = now;
    this.#everyMs = everyMs;
    this.#take = take;
    this.#since = now();
    this.#wanted = everyMs;
  }

  /** The inferior has done a turn, and is about to wait. */
  turnEnds(): void {
    const begin = this.#now();
    this.#ran += begin - this.#since;
    if (this.#ran >= this.#wanted) {
      this.#take();
      this.#ran = 0;
      this.#wanted = this.#everyMs && Math.max(this.#everyMs, SHARE * (this.#now() - begin));
    }
  }

  /** It has its inputs. */
  turnBegins(): void {
    this.#since = this.#now();
  }
}
