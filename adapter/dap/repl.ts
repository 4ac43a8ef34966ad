/** The Debug Console's way to the gdb interpreter: one command at a time, with what it prints collected as the answer. */
import type { CompileContext } from '../gdb/expression/compile.ts';

/** What a session needs of the interpreter (gdb/interpreter.ts). */
export interface Interpreter {
  /** Runs one command line; resolves to false if it failed, after writing why. */
  execute(line: string): Promise<boolean>;
  /** Completions of the last word of `line`: whole words. */
  complete(line: string): Promise<readonly string[]> | readonly string[];
  /** Makes frame `index` the one that commands speak of. */
  selectFrame(index: number): void;
  /** Registers, packet fields and convenience variables for expressions. */
  readonly context: CompileContext;
}

export interface ReplResult {
  readonly output: string;
  readonly failed: boolean;
}

export class Repl {
  readonly interpreter: Interpreter;
  readonly #unasked: (text: string) => void;
  #collected: string | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /** `unasked` gets what the interpreter prints while no command runs. */
  constructor(create: (write: (text: string) => void) => Interpreter, unasked: (text: string) => void) {
    this.#unasked = unasked;
    this.interpreter = create((text) => this.#write(text));
  }

  /** Runs a command in a frame (-1: the one selected before), after those that were asked for earlier. */
  run(line: string, frame: number): Promise<ReplResult> {
    const result = this.#last.then(() => this.#run(line, frame));
    this.#last = result;
    return result;
  }

  async #run(line: string, frame: number): Promise<ReplResult> {
    this.#collected = '';
    let failed = false;
    try {
      if (frame >= 0) {
        this.interpreter.selectFrame(frame);
      }
      failed = !(await this.interpreter.execute(line));
    } catch (error) {
      failed = true;
      this.#write(`${error instanceof Error ? error.message : String(error)}\n`);
    }
    const output = this.#collected;
    this.#collected = undefined;
    return { output, failed };
  }

  #write(text: string): void {
    if (this.#collected === undefined) {
      this.#unasked(text);
    } else {
      this.#collected += text;
    }
  }
}
