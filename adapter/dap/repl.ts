/**
 * The Debug Console's way to the gdb interpreter: one command at a time.
 * What a command prints is collected as the answer.
 */
import type { Command } from '../commands/command.ts';
import type { Completions } from '../commands/complete.ts';
import type { EngineApi, QueryRow } from '../engine/api.ts';
import type { Evaluator } from '../inspect/evaluator.ts';
import type { KeptMoments } from '../inspect/history.ts';
import { errorText } from '../packets/span.ts';

/** What a session needs of `GdbInterpreter`. */
export interface Interpreter {
  /** Runs one line; errors are written, not thrown. `quit` is set by the command of that name. */
  execute(line: string): Promise<{ readonly ok: boolean; readonly quit?: number }>;
  /** Ends the line that is being run. */
  interrupt(): void;
  /** What may stand at the end of a line instead of its last word. */
  completions(line: string): Completions;
  /** The selected frame. */
  frame: number;
  /** Options that the command `run` starts the machine with. */
  args: readonly string[];
  /** All commands: the table's and the user's. */
  readonly commands: readonly Command[];
  /** Lines are collected up to `end`. */
  readonly inBlock: boolean;
  /** Bookmarks and checkpoints. */
  readonly moments: KeptMoments;
  /** How many scripts are being run: they deal with stops themselves. */
  readonly sourcing: number;
  /** How often a command has let the machine go on. */
  readonly resumes: number;
  /** Commands to run when a breakpoint stops, by its number. */
  readonly breakpointCommands: ReadonlyMap<number, readonly string[]>;
  /** Evaluates expressions, with the convenience variables that commands set. */
  readonly evaluator: Evaluator;
  dispose(): void;
}

/** Makes the interpreter: `write` gets what it prints, `row` the answers to queries. */
export type CreateInterpreter = (
  engine: EngineApi,
  write: (text: string) => void,
  row: (text: string, row: QueryRow) => void,
) => Interpreter;

export interface ReplResult {
  readonly output: string;
  readonly failed: boolean;
  readonly quit: boolean;
}

interface Run {
  readonly ended: boolean;
  readonly untilResumed: boolean;
}

export class Repl {
  readonly interpreter: Interpreter;
  readonly #unasked: (text: string) => void;
  #collected: string | undefined;
  /** Output is also passed on while it is collected. */
  #streaming = false;
  #last: Promise<unknown> = Promise.resolve();
  /** The frame that the client showed with the last command; `up` and `down` count until it shows another. */
  #shown = 0;

  /** `unasked` gets what the interpreter prints while no command runs. */
  constructor(create: (write: (text: string) => void) => Interpreter, unasked: (text: string) => void) {
    this.#unasked = unasked;
    this.interpreter = create((text) => this.#write(text));
  }

  /**
   * Runs the lines of `text` in a frame (-1: the one selected before), after what was asked for earlier.
   * With `stream`, what they print is passed on as it comes too. `signal` ends them. With `untilResumed`, what follows
   * a line that lets the machine go on is left out.
   */
  run(
    text: string,
    frame: number,
    {
      stream = false,
      untilResumed = false,
      signal,
    }: { readonly stream?: boolean; readonly untilResumed?: boolean; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<ReplResult> {
    const run = { ended: false, untilResumed };
    const end = (): void => {
      run.ended = true;
      if (this.#current === run) {
        this.interpreter.interrupt();
      }
    };
    signal?.addEventListener('abort', end);
    const result = this.#last.then(async () => {
      this.#streaming = stream;
      this.#current = run;
      try {
        return await this.#run(run, text.split('\n'), frame);
      } finally {
        this.#current = undefined;
        signal?.removeEventListener('abort', end);
      }
    });
    this.#last = result;
    return result;
  }

  /** Ends what is being run. */
  interrupt(): void {
    if (this.#current) {
      this.#current.ended = true;
      this.interpreter.interrupt();
    }
  }

  /** What is being run; `ended` once it has been given up. */
  #current: { ended: boolean } | undefined;

  /** The machine has stopped anew: the innermost frame is selected. */
  stopped(): void {
    this.#shown = 0;
  }

  /** Stops at the first line that fails. */
  async #run(run: Run, lines: readonly string[], frame: number): Promise<ReplResult> {
    this.#collected = '';
    const { resumes } = this.interpreter;
    let failed = false;
    let quit = false;
    try {
      if (frame >= 0 && frame !== this.#shown) {
        this.#shown = frame;
        this.interpreter.frame = frame;
      }
      for (const line of lines) {
        if (run.ended) {
          this.#write('Quit\n');
          failed = true;
          break;
        }
        const executed = await this.interpreter.execute(line);
        failed = !executed.ok;
        quit = executed.quit !== undefined;
        if (failed || quit || (run.untilResumed && this.interpreter.resumes !== resumes)) {
          break;
        }
      }
    } catch (error) {
      failed = true;
      this.#write(`${errorText(error)}\n`);
    }
    const output = this.#collected;
    this.#collected = undefined;
    return { output, failed, quit };
  }

  #write(text: string): void {
    if (this.#collected === undefined || this.#streaming) {
      this.#unasked(text);
    }
    if (this.#collected !== undefined) {
      this.#collected += text;
    }
  }
}
