/** Lines of a block as they are typed. */
import { type BlockKind, openAfter } from '../commands/blocks.ts';
import { CommandError } from '../commands/command.ts';
import type { GdbInterpreter } from './interpreter.ts';

type Done = (gdb: GdbInterpreter, lines: readonly string[]) => Promise<void> | void;

/** How deep blocks may be in each other, as in gdb: each of them is gone through again to be executed. */
const MOST_NESTED = 253;

/** Lines collected up to the `end` that belongs to the opening line. */
export class Block {
  readonly #lines: string[] = [];
  #open: readonly BlockKind[];
  readonly #done: Done;

  constructor(kind: BlockKind, done: Done) {
    this.#open = [kind];
    this.#done = done;
  }

  /** Takes a line; true when the block is complete. Throws `CommandError` if it is one too many in others. */
  add(line: string): boolean {
    const inJavascript = this.#open.at(-1) === 'js';
    this.#open = openAfter(line, this.#open);
    if (this.#open.length - Number(this.#open[0] === 'define') > MOST_NESTED) {
      throw new CommandError('Control nesting too deep!');
    }
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
