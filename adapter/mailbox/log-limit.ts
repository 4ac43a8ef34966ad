/**
 * How far the log may grow: a place in it, in shared memory. The inferior asks for more when it is there and waits for
 * the answer; the main thread raises the limit when old chunks have left, or refuses.
 */

import { CHUNK_BYTES } from './recorded.ts';

/** Places of numbers. */
const VALUE = 1;
const WANTED = 2;
const CHUNK = 3;
const CHECKPOINT = 4;
const REFUSED = 5;
const CHANGED = 6;
const BYTES = 56;

export class LogLimit {
  /** For the other thread. */
  readonly buffer: SharedArrayBuffer;
  readonly #answers: Int32Array;
  readonly #value: Float64Array;

  /** A limit of `bytes` with what the inferior has to know besides, or the other thread's. */
  constructor(
    from: number | SharedArrayBuffer,
    chunkBytes = CHUNK_BYTES,
    checkpointBytes: number = Number.POSITIVE_INFINITY,
  ) {
    this.buffer = typeof from === 'number' ? new SharedArrayBuffer(BYTES) : from;
    this.#answers = new Int32Array(this.buffer, 0, 1);
    this.#value = new Float64Array(this.buffer);
    if (typeof from === 'number') {
      this.#value[VALUE] = from;
      this.#value[CHUNK] = chunkBytes;
      this.#value[CHECKPOINT] = checkpointBytes;
    }
  }

  /** Place in the log at which the inferior has to ask. */
  get at(): number {
    return this.#value[VALUE] ?? 0;
  }

  /** Where a record would end for which the inferior asks. */
  get wanted(): number {
    return this.#value[WANTED] ?? 0;
  }

  set wanted(at: number) {
    this.#value[WANTED] = at;
  }

  /** There will be no more: an answer that is not this and brings no more was none to the question. */
  get refused(): boolean {
    return this.#value[REFUSED] === 1;
  }

  /** The main thread's last answer. */
  refuse(): void {
    this.#value[REFUSED] = 1;
  }

  /** The log has a change by the debugger. */
  get changed(): boolean {
    return this.#value[CHANGED] === 1;
  }

  noteChange(): void {
    this.#value[CHANGED] = 1;
  }

  /** Bytes of records in a chunk. */
  get chunkBytes(): number {
    return this.#value[CHUNK] ?? 0;
  }

  /** Bytes of the log after which a checkpoint is due, so that what is older than that can leave. */
  get checkpointBytes(): number {
    return this.#value[CHECKPOINT] ?? 0;
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
