/** Lines of a block as they are typed. */
import { splitOpener } from '../commands/blocks.ts';
import type { GdbInterpreter } from './interpreter.ts';

/** Lines collected up to the `end` that belongs to the opening line. */
export class Block {
  readonly #lines: string[] = [];
  #depth = 0;
  readonly #done: (gdb: GdbInterpreter, lines: readonly string[]) => Promise<void> | void;

  constructor(done: (gdb: GdbInterpreter, lines: readonly string[]) => Promise<void> | void) {
    this.#done = done;
  }

  /** Takes a line; true when the block is complete. */
  add(line: string): boolean {
    const text = line.trim();
    if (text === 'end') {
      if (this.#depth === 0) {
        return true;
      }
      this.#depth--;
    } else if (splitOpener(text)) {
      this.#depth++;
    }
    this.#lines.push(text);
    return false;
  }

  async finish(gdb: GdbInterpreter): Promise<void> {
    await this.#done(gdb, this.#lines);
  }
}
