/** Positions in the machine's time at which something is to happen: a recorded change, or the end of a journey. */
import type { ChangePosition } from '../mailbox/change.ts';
import { TICK } from '../mailbox/ticks.ts';

interface Appointment {
  readonly at: ChangePosition;
  readonly call: () => void;
}

export class Appointments {
  readonly #ticks: Float64Array;
  /** Makes a probe call `probe`, or ends that. */
  readonly #arm: (probe: number, on: boolean) => void;
  /** Told when `next` has changed. */
  readonly #moved: () => void;
  /** The count of ticks at which `tick` has to be called. */
  next = Number.POSITIVE_INFINITY;
  /** The soonest first. */
  readonly #list: Appointment[] = [];
  /** Probes that are armed, for this tick. */
  readonly #armed = new Set<number>();

  constructor(ticks: Float64Array, arm: (probe: number, on: boolean) => void, moved: () => void) {
    this.#moved = moved;
    this.#ticks = ticks;
    this.#arm = arm;
  }

  get #now(): number {
    return this.#ticks[TICK.COUNT] ?? 0;
  }

  /** Calls `call` once when the machine is at a position that is outside `poll`, and still to come. */
  make(at: ChangePosition, call: () => void): void {
    const later = this.#list.findIndex((a) => a.at.tick > at.tick);
    this.#list.splice(later < 0 ? this.#list.length : later, 0, { at, call });
    this.#prepare();
  }

  /** The count of ticks has been set back to what it was when others were made. */
  renew(): void {
    this.#prepare();
  }

  /** Nothing is due any more. */
  cancel(): void {
    this.#list.length = 0;
    for (const probe of this.#armed) {
      this.#arm(probe, false);
    }
    this.#armed.clear();
    this.#prepare();
  }

  /** Arms the probes of this tick, and has the runtime called at the next one that matters. */
  #prepare(): void {
    const now = this.#now;
    for (const { at } of this.#list) {
      if (at.tick === now && at.probe >= 0) {
        this.#armed.add(at.probe);
        this.#arm(at.probe, true);
      }
    }
    const next = this.#list.find((a) => a.at.tick > now)?.at.tick ?? Number.POSITIVE_INFINITY;
    this.next = this.#armed.size > 0 ? now + 1 : next;
    this.#moved();
  }

  /** The limit of ticks is reached. */
  tick(): void {
    const now = this.#now;
    for (const probe of this.#armed) {
      this.#arm(probe, false);
    }
    this.#armed.clear();
    while (this.#list[0] && this.#list[0].at.tick < now) {
      // The execution is another one than that which the position is of.
      this.#list.shift();
    }
    this.#prepare();
    this.#keep(-1);
  }

  /** An armed probe was passed. */
  probe(probe: number): void {
    this.#keep(probe);
  }

  #keep(probe: number): void {
    for (;;) {
      const due = this.#list.findIndex((a) => a.at.tick === this.#now && a.at.probe === probe);
      const [appointment] = due < 0 ? [] : this.#list.splice(due, 1);
      if (!appointment) {
        return;
      }
      if (this.#armed.delete(probe)) {
        this.#arm(probe, false);
      }
      this.#prepare();
      appointment.call();
    }
  }
}
