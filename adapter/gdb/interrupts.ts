/**
 * What Ctrl-C, a client's `cancel` and the end of a session cut short. Commands that go on for long ask `breathe` now
 * and then. It lets the event loop turn, without which nobody could interrupt at all: awaiting what is there already
 * never leaves the queue of microtasks.
 */
import { CommandError } from '../commands/command.ts';

/** The event loop turns at least this often, in milliseconds. */
const SLICE_MS = 10;

export class Interrupts {
  #wanted = false;
  #ended = false;
  #turnedAt = performance.now();
  /** Set while nobody takes what has been printed. */
  held: () => Promise<void> | undefined = () => undefined;

  /** The user wants what goes on to stop. */
  interrupt(): void {
    this.#wanted = true;
  }

  /** Nothing is to go on any more. */
  end(): void {
    this.#ended = true;
  }

  /** Something new begins: what was interrupted before is forgotten. */
  clear(): void {
    this.#wanted = false;
  }

  get wanted(): boolean {
    return this.#wanted || this.#ended;
  }

  /** Throws gdb's "Quit" after an interrupt. */
  check(): void {
    if (this.wanted) {
      throw new CommandError('Quit');
    }
  }

  /** Lets signals and messages come in, if it is time, and throws "Quit" after an interrupt. */
  async breathe(): Promise<void> {
    if (performance.now() - this.#turnedAt >= SLICE_MS) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      this.#turnedAt = performance.now();
    }
    const held = this.held();
    if (held) {
      await held;
    }
    this.check();
  }
}
