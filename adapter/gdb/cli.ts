/** The terminal around the interpreter: prompt, history, Tab, Ctrl-C, scripts and `-ex`, the guest's console. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { ReplaySettings } from '../commands/settings.ts';
import type { EngineApi } from '../engine/api.ts';
import { positionText } from '../inspect/replay.ts';
import { GdbInterpreter, type Write } from './interpreter.ts';
import { ProgressLine } from './progress.ts';

/** Commands from the command line, in its order. */
export type Action =
  | { readonly kind: 'file'; readonly name: string }
  | { readonly kind: 'command'; readonly text: string };

export interface CliOptions {
  /** Leave out the introduction. */
  readonly quiet: boolean;
  /** Run the actions and exit: 1 if one failed, or something of a capture could not be played. */
  readonly batch: boolean;
  readonly actions: readonly Action[];
  /** Executed before the init files. */
  readonly early?: readonly Action[];
  /** Which init files are read. */
  readonly init?: { readonly home: boolean; readonly folder: boolean };
  /** Print nothing but errors. */
  readonly silent?: boolean;
  /** QEMU options of the machine. */
  readonly args: readonly string[];
  /** Captures to replay, merged by time. */
  readonly traces?: readonly string[];
  /** How they are replayed. */
  readonly replay?: ReplaySettings;
  readonly version: string;
  /** Printed before the first prompt. */
  readonly hint?: string;
  readonly input?: Readable & { readonly isTTY?: boolean };
  readonly output?: Writable & { readonly isTTY?: boolean };
  readonly errors?: Writable & { readonly isTTY?: boolean };
  /** Where the history is kept; empty: nowhere. */
  readonly historyFile?: string;
}

const INIT_FILE = '.pktgdbinit';
const HISTORY_SIZE = 1000;
/** Signals that end the debugger, and the status that a shell gives them. */
const ENDING = [
  ['SIGHUP', 129],
  ['SIGTERM', 143],
] as const;
/** The status of a program whose output nobody reads any more. */
const NO_READER = 141;
/** A second Ctrl-C within this time asks whether to quit. */
const DOUBLE_INTERRUPT_MS = 1000;
/** How often a replay is asked how far it is. */
const WATCH_MS = 250;

/** Runs the command line until `quit` or end of input. Resolves to the exit code; the engine is disposed of. */
export async function runCli(engine: EngineApi, options: CliOptions): Promise<number> {
  const cli = new Cli(engine, options);
  try {
    return await cli.run();
  } finally {
    cli.gdb.dispose();
    await engine.dispose();
  }
}

class Cli {
  readonly gdb: GdbInterpreter;
  readonly #engine: EngineApi;
  readonly #options: CliOptions;
  readonly #input: NonNullable<CliOptions['input']>;
  readonly #output: NonNullable<CliOptions['output']>;
  readonly #errors: Writable;
  readonly #progress: ProgressLine;
  #watch: NodeJS.Timeout | undefined;
  /** A replay went wrong: the machine complained, threw, or ended with an error. */
  #replayFailed = false;
  #terminal: Interface | undefined;
  /** History is being searched, and it is said how far. */
  #searching = false;
  /** A prompt is on the screen and nothing runs. */
  #prompting = false;
  /** The last output ended in the middle of a line. */
  #column = false;
  #lastInterrupt = Number.NEGATIVE_INFINITY;
  #answer: ((line: string) => void) | undefined;
  /** Lines that were read and not yet executed. */
  readonly #lines: string[] = [];
  /** Nobody reads the output any more. */
  #unread = false;
  /** The input has ended. */
  #closed = false;
  #wake: () => void = () => {};

  constructor(engine: EngineApi, options: CliOptions) {
    this.#engine = engine;
    this.#options = options;
    this.#input = options.input ?? process.stdin;
    this.#output = options.output ?? process.stdout;
    const errors = options.errors ?? process.stderr;
    this.#errors = errors;
    this.#progress = new ProgressLine(errors);
    const ask = !options.batch && this.#input.isTTY === true;
    this.gdb = new GdbInterpreter(engine, {
      javascript: true,
      write: this.#write,
      waitForStops: true,
      progress: (what, done, total) => this.#showPercent(what, done, total),
      version: options.version,
      launch: {
        args: options.args,
        ...(options.traces ? { traces: options.traces } : {}),
        ...(options.replay ? { replay: options.replay } : {}),
      },
      ...(ask ? { confirm: (question: string) => this.#ask(question) } : {}),
    });
    engine.on('console', (text) => this.#aside(text));
    engine.on('log', (text) => this.#aside(text));
    engine.on('report', (level, text) => {
      this.#replayFailed ||= level === 'error' && engine.replay !== undefined;
      this.#aside(`${level === 'info' ? '' : `${level}: `}${text}\n`);
    });
    this.#followReplays();
  }

  /** Says how far reading and replaying a capture is, and notes what goes wrong. */
  #followReplays(): void {
    const engine = this.#engine;
    engine.on('progress', (what, done, total, unit) => {
      if (unit === 'parts') {
        this.#searching = done < total;
        this.#showPercent(what, done, total);
        return;
      }
      const far = total > 0 ? `${Math.floor((done / total) * 100)} % of ${megabytes(total)}` : megabytes(done);
      this.#progress.show(`${what}: ${far} MB (Ctrl-C stops)`);
    });
    engine.on('stopped', (reason) => {
      this.#endWatch();
      // The next Ctrl-C is the first one again.
      this.#lastInterrupt = Number.NEGATIVE_INFINITY;
      this.#replayFailed ||= reason.kind === 'exception' && engine.replay !== undefined;
    });
    engine.on('exited', (code) => {
      this.#endWatch();
      this.#replayFailed ||= code !== 0 && engine.replay !== undefined;
    });
    this.#watch = setInterval(() => {
      if (engine.state === 'running' && engine.replay && !this.#searching && !this.#prompting && !this.#answer) {
        this.#progress.show(`Replaying: ${positionText(engine.replay.account())} (Ctrl-C stops)`);
      }
    }, WATCH_MS);
    this.#watch.unref();
  }

  #showPercent(what: string, done: number, total: number): void {
    if (done >= total) {
      this.#progress.end();
    } else {
      this.#progress.show(`${what}: ${Math.floor((done / total) * 100)} % (Ctrl-C stops)`);
    }
  }

  #endWatch(): void {
    this.#progress.end();
  }

  async run(): Promise<number> {
    const interrupted = (): void => this.#interrupt();
    process.on('SIGINT', interrupted);
    const ended = ENDING.map(([signal, code]) => {
      const end = (): void => void this.#end(code);
      process.on(signal, end);
      return () => process.off(signal, end);
    });
    this.#endWithoutReader();
    try {
      if (!this.#options.quiet && !this.#options.batch) {
        this.#print(`${this.gdb.version}: a GDB for packets.\nFor help, type "help".\n`);
      }
      if (!this.#options.batch) {
        this.#listen();
      }
      await this.#run(this.#options.early ?? []);
      await this.#readInitFiles();
      const ok = await this.#run(this.#options.actions);
      if (this.gdb.quit !== undefined) {
        return this.gdb.quit;
      }
      if (this.#options.batch) {
        const { replay } = this.#engine;
        return ok && !this.#replayFailed && (replay?.account().faults ?? 0) === 0 ? 0 : 1;
      }
      this.#print(this.#options.hint ?? '');
      return await this.#interact();
    } finally {
      process.off('SIGINT', interrupted);
      ended.forEach((off) => void off());
      clearInterval(this.#watch);
      this.#progress.end();
      this.#terminal?.close();
    }
  }

  /** `pktgdb ... | head`: whoever reads the output has gone. The handler stays, as later writes fail too. */
  #endWithoutReader(): void {
    for (const stream of [this.#output, this.#errors]) {
      stream.on('error', () => {
        if (!this.#unread) {
          this.#unread = true;
          void this.#end(NO_READER);
        }
      });
    }
  }

  /** The terminal is gone, or somebody ends the process: the machine and its sockets go first. */
  async #end(code: number): Promise<void> {
    this.gdb.interrupts.end();
    await this.#engine.dispose();
    process.exit(code);
  }

  /** The user's `.pktgdbinit`, and that of this folder if it is trusted. */
  async #readInitFiles(): Promise<void> {
    const { home = false, folder = false } = this.#options.init ?? {};
    const own = join(homedir(), INIT_FILE);
    const here = join(process.cwd(), INIT_FILE);
    if (home && existsSync(own)) {
      await this.#run([{ kind: 'file', name: own }]);
    }
    if (!folder || here === own || !existsSync(here)) {
      return;
    }
    const trusted = this.gdb.safePaths.some((path) => here.startsWith(path.endsWith('/') ? path : `${path}/`));
    if (trusted) {
      await this.#run([{ kind: 'file', name: here }]);
    } else {
      this.#write(
        `warning: File "${here}" auto-loading has been declined: its folder is not trusted.\n` +
          `To trust it, add "add-auto-load-safe-path ${process.cwd()}" to ${own}.\n`,
        'stderr',
      );
    }
  }

  /** The commands of the command line. As in gdb, those after one that failed are still executed. */
  async #run(actions: readonly Action[]): Promise<boolean> {
    let all = true;
    for (const a of actions) {
      if (this.gdb.quit !== undefined) {
        break;
      }
      const { ok, quit } = await this.gdb.execute(a.kind === 'file' ? `source ${a.name}` : a.text);
      this.#progress.end();
      all &&= ok;
      if (quit !== undefined) {
        break;
      }
    }
    return all;
  }

  /** Collects the lines of the input; those that come while a command runs wait their turn. */
  #listen(): void {
    const terminal = this.#openTerminal();
    terminal.on('line', (line) => {
      if (this.#answer) {
        this.#answer(line);
      } else {
        this.#lines.push(line);
        this.#wake();
      }
    });
    // After Ctrl-Z and `fg` readline has stopped reading.
    terminal.on('SIGCONT', () => (this.#prompting ? terminal.prompt(true) : terminal.resume()));
    terminal.on('close', () => {
      if (terminal.terminal && this.#typedEnd()) {
        return;
      }
      this.#closed = true;
      this.#answer?.('n');
      this.#wake();
    });
    terminal.on('SIGINT', () => this.#interrupt());
  }

  /** Ctrl-D: ends a block; where a machine is there, it is `quit`, which asks. False if it is the end. */
  #typedEnd(): boolean {
    const { state } = this.#engine;
    const ends = this.gdb.inBlock ? 'end' : state === 'stopped' || state === 'running' ? 'quit' : '';
    if (ends === '' || this.gdb.quit !== undefined || this.#answer) {
      return false;
    }
    this.#output.write(`${ends}\n`);
    this.#listen();
    this.#lines.push(ends);
    this.#wake();
    return true;
  }

  /** Executes lines until `quit` or the end of the input. */
  async #interact(): Promise<number> {
    let failed = false;
    for (;;) {
      const next = this.#lines.shift();
      if (next === undefined) {
        if (this.#closed) {
          return failed && this.#input.isTTY !== true ? 1 : 0;
        }
        this.#prompt();
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      this.#prompting = false;
      this.#column = false;
      const { ok, quit } = await this.gdb.execute(next, true);
      this.#progress.end();
      failed ||= !ok;
      if (quit !== undefined) {
        return quit;
      }
    }
  }

  #openTerminal(): Interface {
    const tty = this.#input.isTTY === true && this.#output.isTTY === true;
    const file = this.#historyFile();
    const terminal = createInterface({
      input: this.#input,
      output: this.#output,
      terminal: tty,
      history: tty ? readHistory(file) : [],
      historySize: HISTORY_SIZE,
      removeHistoryDuplicates: true,
      prompt: this.gdb.settings.prompt,
      completer: (line: string) => tabCompletions(this.gdb, line),
    });
    if (tty && file !== '') {
      terminal.on('history', (history: string[]) => writeHistory(file, history));
    }
    this.#terminal = terminal;
    return terminal;
  }

  #historyFile(): string {
    return this.#options.historyFile ?? join(homedir(), '.pktgdb_history');
  }

  #prompt(): void {
    if (this.#column) {
      this.#output.write('\n');
      this.#column = false;
    }
    this.#terminal?.setPrompt(this.gdb.inBlock ? '>' : this.gdb.settings.prompt);
    this.#terminal?.prompt();
    this.#prompting = true;
  }

  /** A question, answered y or n; the end of the input means no. */
  async #ask(question: string): Promise<boolean> {
    while (!this.#closed) {
      this.#output.write(`${question} (y or n) `);
      const answer = await new Promise<string>((resolve) => {
        this.#answer = resolve;
      });
      this.#answer = undefined;
      this.#column = false;
      if (/^\s*y/i.test(answer)) {
        return true;
      }
      if (/^\s*n/i.test(answer)) {
        return false;
      }
      this.#output.write('Please answer y or n.\n');
    }
    return false;
  }

  /** Ctrl-C: stops the machine; at the prompt drops the line; twice in a row asks to quit. */
  #interrupt(): void {
    const now = performance.now();
    const twice = now - this.#lastInterrupt < DOUBLE_INTERRUPT_MS;
    this.#lastInterrupt = now;
    const { state } = this.#engine;
    if (!this.#prompting) {
      // The machine may stand still just now, for commands of a breakpoint that let it go on.
      this.gdb.interrupt();
    }
    if (state === 'starting' || (state === 'running' && !twice)) {
      this.#engine.interrupt().catch((e: Error) => this.#write(`${e.message}\n`, 'stderr'));
      return;
    }
    if (this.#prompting) {
      this.gdb.cancelBlock();
      this.#output.write('Quit\n');
      this.#terminal?.write(null, { ctrl: true, name: 'u' });
      this.#prompt();
      return;
    }
    if (twice && state === 'running') {
      void this.#giveUp();
    }
  }

  /** The machine does not stop: end it, if the user says so. */
  async #giveUp(): Promise<void> {
    const question = 'The machine has not stopped. Kill it?';
    if (this.#input.isTTY !== true || this.#options.batch || (await this.#ask(question))) {
      await this.#engine.kill();
    }
  }

  readonly #write: Write = (text, kind) => {
    if (kind !== 'stderr') {
      this.#aside(text);
    } else if (!this.#unread) {
      this.#progress.hide();
      this.#errors.write(text);
    }
  };

  #print(text: string): void {
    if (text !== '' && !this.#options.silent) {
      this.#progress.hide();
      this.#output.write(text);
      this.#column = !text.endsWith('\n');
    }
  }

  /** Prints; what comes while a prompt waits goes above it. */
  #aside(text: string): void {
    if (text === '') {
      return;
    }
    if (!this.#prompting || !this.#terminal?.terminal) {
      this.#print(text);
      return;
    }
    this.#output.write('\r\x1b[K');
    this.#output.write(text.endsWith('\n') ? text : `${text}\n`);
    this.#terminal.prompt(true);
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
}

/**
 * The words that Tab offers, and what is there of them. A blank follows the only one, unless it goes on: `hostfwd=`,
 * `examples/`.
 */
export function tabCompletions(gdb: GdbInterpreter, line: string): [words: string[], begun: string] {
  const { from, candidates } = gdb.completions(line);
  const [only, ...others] = candidates.map((c) => c.text);
  const words =
    only === undefined ? [] : others.length > 0 ? [only, ...others] : [/[=/]$/.test(only) ? only : `${only} `];
  return [words, line.slice(from)];
}

/** Lines of the history file, newest first. */
function readHistory(file: string): string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((l) => l !== '')
      .slice(-HISTORY_SIZE)
      .reverse();
  } catch {
    return [];
  }
}

function writeHistory(file: string, history: readonly string[]): void {
  try {
    writeFileSync(file, `${[...history].slice(0, HISTORY_SIZE).reverse().join('\n')}\n`, { mode: 0o600 });
  } catch {
    // A home directory that cannot be written to is no reason to stop debugging.
  }
}
