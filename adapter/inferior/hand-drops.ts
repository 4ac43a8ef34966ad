/**
 * Packets that the user dropped by hand, when history is executed again: no function `drop` is called for them, yet
 * catchpoints there are hit where he did it.
 */
import { ARMED } from '../mailbox/probes.ts';
import type { Note } from './notes.ts';

/** What is called at a probe, with the locals there. */
type Probe = (...locals: never[]) => boolean;
type DropProbe = (buf: Uint8Array, size: number, reason: string, link: string) => boolean;

export class HandDrops {
  readonly #A: Uint8Array;
  readonly #D: readonly Probe[];
  #redoing = false;
  /** Breakpoints of `drop` have their say: who stops says so, but nothing stands still there. */
  asking = false;

  constructor(A: Uint8Array, D: readonly Probe[]) {
    this.#A = A;
    this.#D = D;
  }

  /** What the user did at a probe is done again. */
  redo(what: () => void): void {
    this.#redoing = true;
    try {
      what();
    } finally {
      this.#redoing = false;
    }
  }

  /** The user has dropped a packet: asks what is armed at the first probe of `drop`. */
  ask(drop: number, packet: Note['packet']): void {
    if (this.#redoing && packet !== null && ((this.#A[drop] ?? 0) & ARMED.BREAKPOINT) !== 0) {
      this.asking = true;
      (this.#D[drop] as DropProbe)(packet.bytes, packet.bytes.length, 'DEBUGGER', packet.link);
      this.asking = false;
    }
  }
}
