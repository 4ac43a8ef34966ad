/**
 * How far the log may grow: a place in it, in shared memory. The inferior asks for more when it is there and waits for
 * the answer; the main thread raises the limit when old chunks have left, or refuses.
 */

const VALUE = 1;

export class LogLimit {
  /** For the other thread. */
  readonly buffer: SharedArrayBuffer;
  readonly #answers: Int32Array;
  readonly #value: Float64Array;

  /** A limit of `bytes`, or the other thread's. */
  constructor(from: number | SharedArrayBuffer) {
    this.buffer = typeof from === 'number' ? new SharedArrayBuffer(16) : from;
    this.#answers = new Int32Array(this.buffer, 0, 1);
    this.#value = new Float64Array(this.buffer);
    if (typeof from === 'number') {
      this.#value[VALUE] = from;
    }
  }

  /** Place in the log at which the inferior has to ask. */
  get at(): number {
    return this.#value[VALUE] ?? 0;
  }

  /** The main thread's answer, also unasked. */
  set(at: number): void {
    this.#value[VALUE] = at;
    Atomics.add(this.#answers, 0, 1);
    Atomics.notify(this.#answers, 0);
  }

  /** In the inferior: calls `ask`, and waits for the answer. */
  wait(ask: () => void): void {
    const answers = Atomics.load(this.#answers, 0);
    ask();
    Atomics.wait(this.#answers, 0, answers);
  }
}
