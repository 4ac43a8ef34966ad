/** Lines of a block as they are typed. */
import { type BlockKind, openAfter } from '../commands/blocks.ts';
import type { GdbInterpreter } from './interpreter.ts';

type Done = (gdb: GdbInterpreter, lines: readonly string[]) => Promise<void> | void;

/** Lines collected up to the `end` that belongs to the opening line. */
export class Block {
  readonly #lines: string[] = [];
  #open: readonly BlockKind[];
  readonly #done: Done;

  constructor(kind: BlockKind, done: Done) {
    this.#open = [kind];
    this.#done = done;
  }

  /** Takes a line; true when the block is complete. */
  add(line: string): boolean {
    const inJavascript = this.#open.at(-1) === 'js';
    this.#open = openAfter(line, this.#open);
    if (this.#open.length === 0) {
      return true;
    }
    this.#lines.push(inJavascript ? line : line.trim());
    return false;
  }

  async finish(gdb: GdbInterpreter): Promise<void> {
    await this.#done(gdb, this.#lines);
  }
}
