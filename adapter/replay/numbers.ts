/**
 * The account of a replay in numbers, one array of them: the inferior tells them when a turn begins and when a frame
 * has been sent, and a recording has what changed, so that a past moment has the account that it had.
 */

import { AT_COMPLETE, AT_PARTIAL, AT_TALLY, AT_TO_GUEST, AT_TO_HOST, GRADE_COUNT } from './places.ts';
import { countPackets, type ReplayPlan, STATE_CUT, STATE_GAPS, STATE_MADE_UP, STATE_PLAYED } from './plan.ts';

/** How a connection has been played so far. */
export const NOT_PLAYED_YET = 0;
export const PARTIAL = 1;
export const COMPLETE = 2;

/** Says it of connection `id`. */
export function statusOfConnection(plan: ReplayPlan, id: number): number {
  const side = (plan.guestSide[id] ?? 0) - 1;
  const { toHost, toGuest, state } = plan.progress;
  const known = state[id] ?? 0;
  if (side < 0 || !(known & STATE_PLAYED)) {
    return NOT_PLAYED_YET;
  }
  const { end0, end1 } = plan.connections;
  const [ofGuest, ofHost] = side === 0 ? [end0[id] ?? 0, end1[id] ?? 0] : [end1[id] ?? 0, end0[id] ?? 0];
  // The first byte of a stream is at place 1.
  const whole = (toHost[id] ?? 0) >= ofGuest - 1 && (toGuest[id] ?? 0) >= ofHost - 1;
  const lacks = known & (STATE_CUT | STATE_GAPS | STATE_MADE_UP) || isUnseen(plan.connections, id);
  return whole && !lacks ? COMPLETE : PARTIAL;
}

/** True if either side acknowledges bytes that the capture does not have; one place at the end may be that of a FIN. */
function isUnseen(c: ReplayPlan['connections'], id: number): boolean {
  const beyond = (acked = 0, end = 0, fin = 0): boolean =>
    acked > (fin > 0 ? Math.max(end, fin) : Math.max(end, 1) + 1);
  return beyond(c.acked1[id], c.end0[id], c.fin0[id]) || beyond(c.acked0[id], c.end1[id], c.fin1[id]);
}

/** Keeps the numbers of a plan that is played. */
export class ReplayNumbers {
  readonly #plan: ReplayPlan;
  /** Status of each connection, as it counts. */
  readonly #status: Uint8Array;
  readonly #counts = [0, 0, 0];
  #toHost = 0;
  #toGuest = 0;

  constructor(plan: ReplayPlan) {
    this.#plan = plan;
    this.#status = new Uint8Array(plan.connectionCount);
  }

  /** So many bytes more have come through on a connection. */
  bytes(id: number, toHost: number, toGuest: number): void {
    const { progress } = this.#plan;
    progress.toHost[id] = (progress.toHost[id] ?? 0) + toHost;
    progress.toGuest[id] = (progress.toGuest[id] ?? 0) + toGuest;
    this.#toHost += toHost;
    this.#toGuest += toGuest;
    this.connection(id);
  }

  /** What is known of a connection's progress has changed. */
  connection(id: number): void {
    const was = this.#status[id] ?? 0;
    const is = statusOfConnection(this.#plan, id);
    if (was !== is) {
      this.#status[id] = is;
      this.#counts[was] = (this.#counts[was] ?? 0) - 1;
      this.#counts[is] = (this.#counts[is] ?? 0) + 1;
    }
  }

  /** All that has been told so far is told anew, from what is known of each connection. */
  count(): void {
    const { progress, connectionCount, numbers, roles } = this.#plan;
    countPackets(numbers, roles);
    this.#toHost = this.#toGuest = 0;
    for (let id = 0; id < connectionCount; id++) {
      this.#toHost += progress.toHost[id] ?? 0;
      this.#toGuest += progress.toGuest[id] ?? 0;
      this.connection(id);
    }
    this.tell();
  }

  /** Tells them as they stand now. */
  tell(): void {
    const { numbers, position, tally } = this.#plan;
    for (let i = 0; i < AT_TALLY; i++) {
      numbers[i] = position[i] ?? 0;
    }
    for (let i = 0; i < GRADE_COUNT; i++) {
      numbers[AT_TALLY + i] = tally[i] ?? 0;
    }
    numbers[AT_COMPLETE] = this.#counts[COMPLETE] ?? 0;
    numbers[AT_PARTIAL] = this.#counts[PARTIAL] ?? 0;
    numbers[AT_TO_HOST] = this.#toHost;
    numbers[AT_TO_GUEST] = this.#toGuest;
  }
}
