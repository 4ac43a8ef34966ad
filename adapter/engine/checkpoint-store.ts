/** The checkpoints of a run, fewer the older they are. */
import type { CheckpointRef } from '../mailbox/checkpoint-ref.ts';

/** So many of the newest are all kept. */
const ALL = 32;

/**
 * Whether checkpoint `number` is kept when `newest` is there: all of the last 32, every second one of the 32 before,
 * every fourth one of the 64 before these, and so on. One that is not kept never is again.
 */
export function isKept(number: number, newest: number): boolean {
  const age = newest - number;
  return age < ALL || number % 2 ** (Math.floor(Math.log2(age / ALL)) + 1) === 0;
}

/** A checkpoint behind others that have left: what was entered since the one before is what was in all of them. */
function joined({ entered: _, ...rest }: CheckpointRef, parts: readonly (Uint8Array | undefined)[]): CheckpointRef {
  const [first, ...others] = parts;
  if (!first || others.some((o) => o === undefined)) {
    return rest;
  }
  return { ...rest, entered: first.map((e, i) => others.reduce((any, o) => any | (o?.[i] ?? 0), e)) };
}

export class CheckpointStore {
  #kept: CheckpointRef[];

  constructor(checkpoints: readonly CheckpointRef[] = []) {
    this.#kept = [...checkpoints];
  }

  /** Oldest first. */
  get all(): readonly CheckpointRef[] {
    return this.#kept;
  }

  /** Adds the newest, and leaves out what that makes too old. */
  add(checkpoint: CheckpointRef): void {
    const kept: CheckpointRef[] = [];
    let left: (Uint8Array | undefined)[] = [];
    for (const c of [...this.#kept, checkpoint]) {
      left.push(c.entered);
      if (isKept(c.number, checkpoint.number)) {
        kept.push(left.length === 1 ? c : joined(c, left));
        left = [];
      }
    }
    this.#kept = kept;
  }

  /** The recording begins at `logAt` now: checkpoints before that lead nowhere. */
  dropBefore(logAt: number): void {
    this.#kept = this.#kept.filter((c) => c.logAt >= logAt);
  }

  /** The newest from which the start of turn `turn` can be reached. */
  beforeTurn(turn: number): CheckpointRef | undefined {
    return this.#kept.findLast((c) => c.turn <= turn);
  }

  /** The newest from which tick `tick` can be reached. */
  beforeTick(tick: number): CheckpointRef | undefined {
    return this.#kept.findLast((c) => c.tick <= tick);
  }

  /** Bytes of memory that all of them take together. */
  get bytes(): number {
    const buffers = new Set(this.#kept.flatMap((c) => [c.bytes, ...c.pages]));
    return [...buffers].reduce((n, b) => n + b.byteLength, 0);
  }
}
