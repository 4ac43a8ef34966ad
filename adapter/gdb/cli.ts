/** The terminal around the interpreter: prompt, history, Tab, Ctrl-C, scripts and `-ex`, the guest's console. */
import type { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { WriteStream } from 'node:tty';
import type { ReplaySettings } from '../commands/settings.ts';
import type { EngineApi, RealGuests } from '../engine/api.ts';
import { positionText } from '../inspect/replay.ts';
import { GuestConsoleFilter } from './guest-console.ts';
import { type Executed, GdbInterpreter, type Write } from './interpreter.ts';
import { MORE, Pager, type PageSize } from './pager.ts';
import { ProgressLine } from './progress.ts';
import { Terminal } from './terminal.ts';
import { WholeLines } from './whole-lines.ts';

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
  /** Guests of other programs. */
  readonly guests?: () => RealGuests;
  readonly version: string;
  /** Printed before the first prompt. */
  readonly hint?: string;
  /** What is said before anything is executed: how guests find the machine that a command may start. */
  readonly words?: string;
  readonly input?: Readable & { readonly isTTY?: boolean };
  readonly output?: Writable & { readonly isTTY?: boolean };
  readonly errors?: Writable & { readonly isTTY?: boolean };
  /** Where the history is kept; empty: nowhere. */
  readonly historyFile?: string;
  /** The machine runs already, in this process; who types sits elsewhere. */
  readonly attached?: Attached;
  /** The terminal shows colours; without it what the environment says. */
  readonly styled?: boolean;
}

/** A prompt at a machine that runs already. */
export interface Attached {
  readonly pid: number;
  /** The program that has started it. */
  readonly owner: string;
  /** Closes when nobody types any more. */
  readonly gone: EventEmitter;
  /** Is told what to call at a Ctrl-C that is no key. */
  readonly onInterrupt: (interrupt: () => void) => void;
}

const INIT_FILE = '.pktgdbinit';
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
  readonly #console = new GuestConsoleFilter();
  /** What the guest prints while a prompt waits. */
  readonly #guestLines = new WholeLines((text) => this.#aside(text));
  #watch: NodeJS.Timeout | undefined;
  /** A replay went wrong: the machine complained, threw, or ended with an error. */
  #replayFailed = false;
  #terminal: Terminal | undefined;
  readonly #pager: Pager;
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
      ...(options.attached ? { attached: options.attached } : {}),
      styled: this.#output.isTTY === true && !options.batch,
      launch: {
        args: options.args,
        ...(options.traces ? { traces: options.traces } : {}),
        ...(options.replay ? { replay: options.replay } : {}),
        ...(options.guests ? { guests: options.guests } : {}),
      },
      ...(ask ? { confirm: (question: string) => this.#ask(question) } : {}),
    });
    this.#pager = new Pager(
      () => this.#pageSize(),
      () => this.#terminal?.ask(MORE, 'q') ?? Promise.resolve(undefined),
      () => this.gdb.interrupt(),
    );
    this.gdb.settings.style.enabled = options.styled ?? (!process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb');
    this.gdb.interrupts.held = () => this.#pager.held;
    engine.on('console', (text) => this.#guestPrints(this.#shown(text)));
    engine.on('log', (text) => this.#aside(text));
    engine.on('report', (level, text) => {
      this.#replayFailed ||= level === 'error' && engine.replay !== undefined;
      this.#aside(`${level === 'info' ? '' : `${level}: `}${text}\n`);
    });
    this.#followReplays();
  }

  /** Where nobody reads page by page there is one, without an end. */
  #pageSize(): PageSize {
    const { pagination, height, width } = this.gdb.settings;
    return { height: pagination && this.#terminal?.tty && !this.#options.batch ? height : 0, width };
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

  #shown(text: string): string {
    return this.gdb.settings.guestConsole === 'raw' ? text : this.#console.filter(text);
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
    const forget = this.#options.attached ? this.#hearClient(this.#options.attached) : this.#hearSignals();
    this.#endWithoutReader();
    try {
      if (!this.#options.quiet && !this.#options.batch) {
        this.#print(`${this.gdb.style.as('version', this.gdb.version)}: a GDB for packets.\nFor help, type "help".\n`);
      }
      this.#print(this.#options.words ?? '');
      if (!this.#options.batch) {
        this.#listen();
      }
      await this.#run(this.#options.early ?? []);
      await this.#readInitFiles();
      await this.#attach();
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
      forget();
      clearInterval(this.#watch);
      this.#progress.end();
      this.#guestLines.flush();
      this.#terminal?.close();
    }
  }

  /** Ctrl-C and what ends the process. Gives back what forgets them. */
  #hearSignals(): () => void {
    const interrupted = (): void => this.#interrupt();
    process.on('SIGINT', interrupted);
    const ended = ENDING.map(([signal, code]) => {
      const end = (): void => void this.#end(code);
      process.on(signal, end);
      return () => process.off(signal, end);
    });
    return () => {
      process.off('SIGINT', interrupted);
      ended.forEach((off) => void off());
    };
  }

  /** The same of somebody at the other end of a connection; when that is closed nothing goes on. */
  #hearClient({ gone, onInterrupt }: Attached): () => void {
    const left = (): void => {
      this.gdb.interrupts.end();
      this.#closed = true;
      this.#answer?.('n');
      this.#terminal?.interruptQuestion();
      this.#wake();
      if (this.#engine.state === 'running' && !this.#prompting) {
        // A command waits for a stop. It goes on when the machine is given back.
        this.#engine.interrupt().catch(() => undefined);
      }
    };
    gone.once('close', left);
    onInterrupt(() => this.#interrupt());
    return () => gone.off('close', left);
  }

  /** Stops the machine that runs already, as gdb's `-p`. */
  async #attach(): Promise<void> {
    const { attached } = this.#options;
    if (!attached) {
      return;
    }
    this.#print(`Attaching to process ${attached.pid}\n`);
    if (this.#engine.state === 'running') {
      await this.gdb.go(() => this.#engine.interrupt());
    } else {
      await this.#execute('frame', false);
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
    const paths = this.gdb.settings.autoLoad.safePath.split(':').filter((path) => path !== '');
    const trusted = paths.some((path) => here.startsWith(path.endsWith('/') ? path : `${path}/`));
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
      const { ok, quit } = await this.#execute(a.kind === 'file' ? `source ${a.name}` : a.text, false);
      all &&= ok;
      if (quit !== undefined) {
        break;
      }
    }
    return all;
  }

  /** Executes a line to the end of its output. */
  async #execute(line: string, typed: boolean): Promise<Executed> {
    this.#pager.begin();
    const executed = await this.gdb.execute(line, typed);
    this.#progress.end();
    await this.#pager.held;
    if (this.#pager.cut) {
      this.#errors.write('Quit\n');
    }
    return executed;
  }

  /** Collects the lines of the input; those that come while a command runs wait their turn. */
  #listen(): void {
    this.#terminal = new Terminal({
      input: this.#input,
      output: this.#output,
      historyFile: this.#options.historyFile ?? join(homedir(), '.pktgdb_history'),
      complete: (line) => tabCompletions(this.gdb, line),
      onLine: (line) => {
        if (this.#answer) {
          this.#answer(line);
        } else {
          this.#lines.push(line);
          this.#wake();
        }
      },
      onInterrupt: () => this.#interrupt(),
      onEnd: () => {
        this.#closed = true;
        this.#answer?.('n');
        this.#wake();
      },
      onTypedEnd: () => this.#typedEnd(),
    });
    this.#fitScreen();
  }

  /** The settings of the screen are the terminal's, as long as it keeps its size. */
  #fitScreen(): void {
    const output = this.#output as Partial<Pick<WriteStream, 'rows' | 'columns'>> & Writable;
    const measure = (): void => {
      this.gdb.settings.height = output.rows ?? 0;
      this.gdb.settings.width = output.columns ?? 0;
    };
    if (this.#terminal?.tty) {
      measure();
      output.on('resize', measure);
    }
  }

  /** Ctrl-D: ends a block; elsewhere it is `quit`, which asks where a machine is there. */
  #typedEnd(): void {
    const line = this.gdb.inBlock ? 'end' : 'quit';
    this.#output.write(`${line}\n`);
    this.#lines.push(line);
    this.#wake();
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
      const { ok, quit } = await this.#execute(next, true);
      failed ||= !ok;
      if (quit !== undefined) {
        return quit;
      }
    }
  }

  #prompt(): void {
    if (this.#column) {
      this.#output.write('\n');
      this.#column = false;
    }
    this.#pager.begin();
    this.#prompting = true;
    this.#terminal?.prompt(this.gdb.inBlock ? '>' : this.gdb.settings.prompt);
  }

  /** A question, answered y or n; the end of the input means no. */
  async #ask(question: string): Promise<boolean> {
    await this.#pager.held;
    while (!this.#closed) {
      const answer = await this.#answerTo(`${question} (y or n) `);
      this.#column = false;
      this.#pager.begin();
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

  /** The answers of one who types are none of the history's lines. */
  async #answerTo(question: string): Promise<string> {
    const typed = this.#lines.shift();
    if (typed !== undefined) {
      // It was there before the question, as where several lines are pasted.
      this.#output.write(`${question}${typed}\n`);
      return typed;
    }
    if (this.#terminal?.tty) {
      // As in gdb, Ctrl-D agrees.
      const answer = await this.#terminal.ask(question, 'EOF [assumed Y]');
      return answer === undefined ? 'n' : answer.replace(/^EOF.*/, 'y');
    }
    this.#output.write(question);
    const answer = await new Promise<string>((resolve) => {
      this.#answer = resolve;
    });
    this.#answer = undefined;
    return answer;
  }

  /** Ctrl-C: stops the machine; at the prompt drops the line; twice in a row asks to quit. */
  #interrupt(): void {
    const now = performance.now();
    const twice = now - this.#lastInterrupt < DOUBLE_INTERRUPT_MS;
    this.#lastInterrupt = now;
    const { state } = this.#engine;
    if (this.#terminal?.interruptQuestion()) {
      return;
    }
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
      this.#terminal?.dropLine();
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
      this.#paged(text, (part) => this.#errors.write(part));
    }
  };

  #print(text: string): void {
    if (text !== '' && !this.#options.silent) {
      this.#paged(text, (part) => {
        this.#output.write(part);
        this.#column = !part.endsWith('\n');
      });
    }
  }

  #paged(text: string, print: (text: string) => void): void {
    this.#pager.write(text, (part) => {
      this.#progress.hide();
      print(part);
    });
  }

  /** Above a prompt that waits there is room for lines only. */
  #guestPrints(text: string): void {
    if (this.#prompting && this.#terminal?.tty) {
      this.#guestLines.add(text);
    } else {
      this.#aside(text);
    }
  }

  /** Prints; what comes while a prompt waits goes above it. */
  #aside(text: string): void {
    this.#guestLines.flush();
    if (text !== '' && this.#prompting && this.#terminal?.tty) {
      this.#terminal.above(text);
    } else {
      this.#print(text);
    }
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
