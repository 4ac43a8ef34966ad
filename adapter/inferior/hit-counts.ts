/** Hits of breakpoints and watchpoints. The runtime counts them, so that a hit that does not stop costs no message. */
import type { Counting, HitCondition } from './stop.ts';

/** A breakpoint's counting as it stands. */
interface State extends Counting {
  hits: number;
  ignore: number;
}

export class HitCounts {
  readonly #states = new Map<number, State>();

  /** Creates or changes the counting of a breakpoint; hits so far are kept. */
  set(id: number, counting: Counting): void {
    this.#states.set(id, { hits: this.#states.get(id)?.hits ?? 0, ...counting });
  }

  delete(id: number): void {
    this.#states.delete(id);
  }

  has(id: number): boolean {
    return this.#states.has(id);
  }

  isTemporary(id: number): boolean {
    return this.#states.get(id)?.temporary ?? false;
  }

  /** Sets how often breakpoints have been hit so far. */
  setHits(counts: Readonly<Record<string, number>>): void {
    for (const [id, hits] of Object.entries(counts)) {
      const state = this.#states.get(Number(id));
      if (state) {
        state.hits = hits;
      }
    }
  }

  /** Hits by number. */
  all(): Record<number, number> {
    return Object.fromEntries([...this.#states].map(([id, { hits }]) => [id, hits]));
  }

  /** Counts a hit; true if it stops. */
  count(id: number): boolean {
    const state = this.#states.get(id);
    if (!state) {
      return false;
    }
    state.hits++;
    if (state.ignore > 0) {
      state.ignore--;
      return false;
    }
    return state.hitCondition === null || holds(state.hitCondition, state.hits);
  }
}

function holds({ op, operand }: HitCondition, hits: number): boolean {
  switch (op) {
    case '==':
      return hits === operand;
    case '>':
      return hits > operand;
    case '>=':
      return hits >= operand;
    case '<':
      return hits < operand;
    case '<=':
      return hits <= operand;
    case '%':
      return hits % operand === 0;
  }
}
