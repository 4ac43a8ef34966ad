/**
 * What had happened by the end of each turn, in shared memory: the inferior writes a record where a turn brought
 * something, and the main thread reads it for the timeline. Both ends live as long as the run.
 */

/** Numbers of a record. */
export const TURN = {
  /** The machine's clock and its ticks. */
  NS: 0,
  TICK: 1,
  /** So far: frames to the guest and from it at the user network's edge, drops, interrupts that the guest took. */
  TO_GUEST: 2,
  FROM_GUEST: 3,
  DROPS: 4,
  INTERRUPTS: 5,
  /** In a replay: how far the capture's numbers have come; 0 otherwise. */
  CAPTURED: 6,
} as const;

const WIDTH = 7;

/** Records that are kept: when there are as many, every second one leaves, and the index knows less of when. */
export const MAX_TURNS = 1 << 17;

/** In front of the records: a version, which is odd while records move, and their count; then the clock and ticks. */
const VERSION = 0;
const COUNT = 1;
const LATEST = 8;
const HEADER = 24;

/** Room for an index. Memory that is never written to costs nothing. */
export function createTurnIndex(max = MAX_TURNS): SharedArrayBuffer {
  return new SharedArrayBuffer(HEADER + 8 * WIDTH * max);
}

/** The inferior's end. */
export class TurnWriter {
  readonly #ctl: Int32Array;
  readonly #latest: Float64Array;
  readonly #records: Float64Array;
  readonly #max: number;
  #count = 0;

  constructor(memory: SharedArrayBuffer) {
    this.#ctl = new Int32Array(memory, 0, 2);
    this.#latest = new Float64Array(memory, LATEST, 2);
    this.#records = new Float64Array(memory, HEADER);
    this.#max = this.#records.length / WIDTH;
  }

  /** A turn ends. Nothing but the clock is kept of one that brought nothing. */
  note(
    ns: number,
    tick: number,
    toGuest: number,
    fromGuest: number,
    drops: number,
    interrupts: number,
    captured: number,
  ): void {
    this.#latest[TURN.NS] = ns;
    this.#latest[TURN.TICK] = tick;
    const r = this.#records;
    const last = (this.#count - 1) * WIDTH;
    if (
      this.#count > 0 &&
      r[last + TURN.TO_GUEST] === toGuest &&
      r[last + TURN.FROM_GUEST] === fromGuest &&
      r[last + TURN.DROPS] === drops &&
      r[last + TURN.INTERRUPTS] === interrupts
    ) {
      return;
    }
    if (this.#count === this.#max) {
      this.#thin();
    }
    const at = this.#count * WIDTH;
    r[at + TURN.NS] = ns;
    r[at + TURN.TICK] = tick;
    r[at + TURN.TO_GUEST] = toGuest;
    r[at + TURN.FROM_GUEST] = fromGuest;
    r[at + TURN.DROPS] = drops;
    r[at + TURN.INTERRUPTS] = interrupts;
    r[at + TURN.CAPTURED] = Math.max(captured, at > 0 ? (r[at - WIDTH + TURN.CAPTURED] ?? 0) : 0);
    Atomics.store(this.#ctl, COUNT, ++this.#count);
  }

  /** Leaves out every second record; each of the others now tells of two turns, or more. */
  #thin(): void {
    Atomics.add(this.#ctl, VERSION, 1);
    const r = this.#records;
    const half = this.#count >> 1;
    for (let i = 0; i < half; i++) {
      r.copyWithin(i * WIDTH, (2 * i + 1) * WIDTH, (2 * i + 2) * WIDTH);
    }
    this.#count = half;
    Atomics.store(this.#ctl, COUNT, half);
    Atomics.add(this.#ctl, VERSION, 1);
  }
}

/** What a timeline runs along: the machine's clock, or packets at the user network's edge. */
export type TurnAxis = 'ns' | 'packets';

/** What had happened by some moment, in the order of `TURN`. */
export type Totals = readonly [
  ns: number,
  tick: number,
  toGuest: number,
  fromGuest: number,
  drops: number,
  irqs: number,
  captured: number,
];

const NONE: Totals = [0, 0, 0, 0, 0, 0, 0];

/** The main thread's end. */
export class TurnReader {
  readonly #ctl: Int32Array;
  readonly #latest: Float64Array;
  readonly #records: Float64Array;

  constructor(memory: SharedArrayBuffer) {
    this.#ctl = new Int32Array(memory, 0, 2);
    this.#latest = new Float64Array(memory, LATEST, 2);
    this.#records = new Float64Array(memory, HEADER);
  }

  /** Everything so far. */
  get end(): Totals {
    const [, , ...counters] = this.#totals(this.#count - 1);
    return [this.#latest[TURN.NS] ?? 0, this.#latest[TURN.TICK] ?? 0, ...counters];
  }

  /**
   * What had happened by each of `places` on an axis, which are in order: all before a time, or the first so many
   * packets. Of a turn that is cut through, its parts in proportion.
   */
  by(axis: TurnAxis, places: readonly number[]): Totals[] {
    for (;;) {
      const version = Atomics.load(this.#ctl, VERSION);
      const found = places.map((place) => (axis === 'ns' ? this.#before(place) : this.#after(place)));
      if (version % 2 === 0 && Atomics.load(this.#ctl, VERSION) === version) {
        return found;
      }
    }
  }

  get #count(): number {
    return Atomics.load(this.#ctl, COUNT);
  }

  #totals(i: number): Totals {
    const at = (k: number): number => this.#records[i * WIDTH + k] ?? 0;
    const { NS, TICK, TO_GUEST, FROM_GUEST, DROPS, INTERRUPTS, CAPTURED } = TURN;
    const counters = [at(TO_GUEST), at(FROM_GUEST), at(DROPS), at(INTERRUPTS), at(CAPTURED)] as const;
    return i < 0 ? NONE : [at(NS), at(TICK), ...counters];
  }

  #packets(i: number): number {
    const at = i * WIDTH;
    return (this.#records[at + TURN.TO_GUEST] ?? 0) + (this.#records[at + TURN.FROM_GUEST] ?? 0);
  }

  /** How many records are below a value that grows along them. */
  #below(value: (i: number) => number, limit: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (value(middle) < limit) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** Before a time. All of a turn has one. */
  #before(ns: number): Totals {
    const i = this.#below((k) => this.#records[k * WIDTH + TURN.NS] ?? 0, ns) - 1;
    const [, tick, ...counters] = this.#totals(i);
    return [ns, tick, ...counters];
  }

  /** After so many packets. */
  #after(packets: number): Totals {
    const i = this.#below((k) => this.#packets(k), packets);
    const after = this.#totals(Math.min(i, this.#count - 1));
    const before = this.#totals(i - 1);
    const from = i > 0 ? this.#packets(i - 1) : 0;
    const brought = this.#packets(i) - from;
    const share = i >= this.#count ? 1 : brought > 0 ? (packets - from) / brought : 0;
    const part = (k: number): number => Math.floor((before[k] ?? 0) + share * ((after[k] ?? 0) - (before[k] ?? 0)));
    const toGuest = part(TURN.TO_GUEST);
    const fromGuest = Math.min(packets - toGuest, after[TURN.FROM_GUEST]);
    const more = [part(TURN.DROPS), part(TURN.INTERRUPTS), part(TURN.CAPTURED)] as const;
    return [after[TURN.NS], part(TURN.TICK), toGuest, fromGuest, ...more];
  }
}
