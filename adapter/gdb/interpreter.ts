/**
 * The gdb command language over an engine: one line in, text out. It knows no terminal and no DAP. The prompt and the
 * Debug Console both feed it lines.
 */

import { splitOpener } from '../commands/blocks.ts';
import { type Command, CommandError, findCommand } from '../commands/command.ts';
import { beginning, type Completions, complete } from '../commands/complete.ts';
import { defaultSettings, type ReplaySettings, type Settings } from '../commands/settings.ts';
import { COMMANDS } from '../commands/table/index.ts';
import {
  type Breakpoint,
  type EngineApi,
  EngineError,
  type Frame,
  type LinkFaults,
  type QueryRow,
  type RealGuests,
  type SavedMarks,
  type Stop,
} from '../engine/api.ts';
import { Evaluator } from '../inspect/evaluator.ts';
import { ExpressionError } from '../inspect/expression/ast.ts';
import { type KeptMoments, momentsOf, noMoments } from '../inspect/history.ts';
import type { ValueReader } from '../inspect/values.ts';
import { visibleLines } from '../packets/format.ts';
import { errorText } from '../packets/span.ts';
import type { Block } from './block.ts';
import { runDisplays } from './display.ts';
import { handlerOf } from './handlers.ts';
import { Interrupts } from './interrupts.ts';
import { endJavascript } from './javascript.ts';
import type { ExamineState } from './memory.ts';
import { Output } from './output.ts';
import { HostPeers } from './peers.ts';
import type { DivergenceList } from './replay.ts';
import { Resumed, unlessResumed } from './resumed.ts';
import { blockOpener } from './script.ts';
import { nestedCommand } from './scripting.ts';
import { settingValue } from './settings.ts';
import type { Skip } from './skip.ts';
import { SourceView } from './source.ts';
import { printAccount, printStop, type StartedFrom } from './stops.ts';
import { Styles } from './styles.ts';
import { surroundings } from './surroundings.ts';
import { THREAD } from './threads.ts';
import {
  type Alias,
  entryOf,
  fillArguments,
  runHook,
  runUserCommand,
  type UserCommand,
  withHooks,
} from './user-commands.ts';

/** Where output goes: results, errors, or log lines of the machine. */
export type Write = (text: string, kind: 'stdout' | 'stderr' | 'log') => void;

export interface InterpreterOptions {
  readonly write: Write;
  /**
   * `continue`, `step` and the like return when the machine has stopped, and print that (CLI). Else they return at once
   * (DAP).
   */
  readonly waitForStops: boolean;
  /** Asks the user; without it every question is answered with yes. */
  readonly confirm?: (question: string) => Promise<boolean>;
  /** Takes a row of a query, where it is not just printed. */
  readonly row?: (text: string, row: QueryRow) => void;
  /** Hears how far a command is that takes long. */
  readonly progress?: (what: string, done: number, total: number) => void;
  /** Scripts may be JavaScript: they can do what the user can. */
  readonly javascript?: boolean;
  /** Output goes to a terminal, which shows colours. */
  readonly styled?: boolean;
  /** Version of the program. */
  readonly version?: string;
  /** The machine runs already, in this process, which is one of a program of that name. */
  readonly attached?: { readonly pid: number; readonly owner: string };
  /** What `run` starts; can be changed with `set args`. */
  readonly launch?: {
    readonly args: readonly string[];
    /** Captures to replay, merged by time. */
    readonly traces?: readonly string[];
    readonly replay?: ReplaySettings;
    /** Guests of other programs, for each machine that is started. */
    readonly guests?: () => RealGuests;
  };
}

/** Outcome of a line. `quit` is set by `quit`. */
export interface Executed {
  readonly ok: boolean;
  readonly quit?: number;
}

export class GdbInterpreter {
  readonly engine: EngineApi;
  readonly evaluator: Evaluator;
  readonly options: InterpreterOptions;
  readonly settings: Settings = defaultSettings();
  readonly style: Styles;
  readonly source: SourceView;
  readonly host = new HostPeers();
  readonly interrupts = new Interrupts();
  /** Arguments of the next `run`. */
  args: readonly string[];
  /** The selected frame. */
  frame = 0;
  readonly displays: { id: number; text: string; format: string; enabled: boolean }[] = [];
  lastDisplay = 0;
  /** Commands of breakpoints, by number. */
  /** Numbers of breakpoints on divergences: what differs is shown at their stops. */
  readonly onDivergence = new Set<number>();
  /** Where `info divergence` goes on. */
  divergenceList: DivergenceList | undefined;
  /** The command was typed, and long lists stop after a page. */
  atPrompt = false;
  /** What "set link" has set. */
  readonly links = new Map<string, LinkFaults>();
  /** Bookmarks and checkpoints. */
  moments: KeptMoments = noMoments();
  /** The marks of a saved recording that are among them. */
  #adopted: SavedMarks | undefined;
  /** Captures to replay. */
  readonly traces: readonly string[];
  readonly breakpointCommands = new Map<number, readonly string[]>();
  readonly userCommands = new Map<string, UserCommand>();
  /** Names that `define-prefix` made. */
  readonly userPrefixes = new Set<string>();
  readonly aliases = new Map<string, Alias>();
  /** Hooks that are being executed. */
  readonly runningHooks = new Set<string>();
  readonly output: Output;
  /** What `step` does not stop in. */
  readonly skips: Skip[] = [];
  /** Breakpoints that `detach` disabled. */
  readonly detached = new Set<number>();
  /** Lines that were typed. */
  readonly typed: string[] = [];
  /** The command that was executed last, for `pipe` and `with` without one. */
  lastCommand = '';
  /** What `thread name` called the machine's thread. */
  threadName = THREAD;
  /** Where `x` goes on, and how. */
  readonly examine: ExamineState = { address: 0, letter: 'x', size: 'w' };
  /** Set by `quit`. */
  quit: number | undefined;
  #collecting: Block | undefined;
  #lastLine = '';
  /** Words that the user's command was given that is being executed. */
  #arguments: readonly string[] | undefined;
  /** Blocks and commands of the user that are executed, in each other; and those that are calls of commands. */
  #nesting = 0;
  #calls = 0;
  /** Gives up what can be interrupted by itself. */
  #giveUp = new AbortController();
  /** Commands of breakpoints that were hit and have not been executed. */
  readonly #hitCommands: (readonly string[])[] = [];
  #inHitCommands = false;
  /** A command waits for the next stop. */
  #waiting = false;
  /** The line ended in `&`: let the machine run in the background. */
  #background = false;
  /** The machine has reported a forwarding rule. */
  #forwards = false;

  constructor(engine: EngineApi, options: InterpreterOptions) {
    this.engine = engine;
    this.options = options;
    this.style = new Styles(this.settings.style, options.styled === true);
    this.evaluator = new Evaluator(engine);
    this.evaluator.filters.expectedLayer = options.launch?.guests ? 'slirp' : 'nic';
    this.evaluator.setting = (name) => settingValue(this.settings, name);
    this.output = new Output(
      (text) => options.write(text, 'stdout'),
      (text) => options.write(text, 'stderr'),
      this.settings.logging,
    );
    this.source = new SourceView(engine, this.style);
    this.args = options.launch?.args ?? [];
    this.traces = options.launch?.traces ?? [];
    Object.assign(this.settings.replay, options.launch?.replay);
    engine.on('stopped', this.#stopped);
    engine.on('exited', this.#exited);
    engine.on('breakpoint', this.#breakpointChanged);
    engine.on('report', this.#reported);
    engine.askWhatIf = () =>
      this.confirm('Changing the past leaves it: what comes then is what would have been.\nChange it?');
  }

  /** Ends what goes on, lets go of the engine and closes the sockets of `host`. */
  dispose(): void {
    this.interrupts.end();
    endJavascript(this);
    this.engine.off('stopped', this.#stopped);
    this.engine.off('exited', this.#exited);
    this.engine.off('breakpoint', this.#breakpointChanged);
    this.engine.off('report', this.#reported);
    this.evaluator.dispose();
    this.output.close();
    this.host.close();
  }

  readonly #stopped = (reason: Stop): void => {
    this.frame = 0;
    const { savedMarks } = this.engine;
    if (savedMarks && savedMarks !== this.#adopted) {
      this.#adopted = savedMarks;
      this.moments = momentsOf(savedMarks);
    }
    if (this.options.waitForStops && !this.#waiting) {
      this.#reportEnd({ reason }).catch((e) => this.error(`${messageOf(e)}\n`));
    }
  };

  readonly #exited = (code: number): void => {
    this.frame = 0;
    this.#forwards = false;
    // A position says nothing about another run, of which the same tick is another moment.
    this.moments = noMoments();
    this.#adopted = undefined;
    this.evaluator.setVariable('_exitcode', code);
  };

  /** `$_hostfwd` is the port of the machine's first forwarding rule: the machine reports where it listens. */
  readonly #reported = (_level: string, text: string): void => {
    const port = /^hostfwd \S+ .*:(\d+) ->/.exec(text)?.[1];
    if (port !== undefined && !this.#forwards) {
      this.#forwards = true;
      this.evaluator.setVariable('_hostfwd', Number(port));
    }
  };

  readonly #breakpointChanged = (change: 'new' | 'changed' | 'removed', bp: Breakpoint): void => {
    if (change === 'removed') {
      this.breakpointCommands.delete(bp.id);
    } else if (change === 'new') {
      this.evaluator.setVariable('bpnum', bp.id);
      if (bp.spec.location.kind === 'divergence') {
        this.onDivergence.add(bp.id);
      }
    }
  };

  /**
   * Files that are being sourced. `continue` and the like wait for the stop then: the next line finds the machine
   * stopped.
   */
  sourcing = 0;

  /** Loops that are being executed. */
  looping = 0;

  /** How often a command has let the machine go on. */
  resumes = 0;

  /** A line of a script: as `execute`, but errors are thrown. */
  scriptLine(line: string): Promise<void> {
    return this.#line(line, false);
  }

  /** What `show version` prints. */
  get version(): string {
    return `pktgdb ${this.options.version ?? '(unknown version)'}`;
  }

  /** All commands: the table's and the user's. */
  get commands(): readonly Command[] {
    const own = [...this.userCommands.values(), ...this.aliases.values()];
    return [...COMMANDS, ...own.map((u) => u.command)];
  }

  /** True while lines are collected up to `end`; the prompt is then `>`. */
  get inBlock(): boolean {
    return this.#collecting !== undefined;
  }

  /** Forgets a block that was begun. */
  cancelBlock(): void {
    this.#collecting = undefined;
  }

  out(text: string): void {
    this.output.out(text);
  }

  /** Says how to go on, to one who types. */
  hint(text: string): void {
    if (this.atPrompt && this.options.confirm) {
      this.out(text);
    }
  }

  /** An answer to a query. */
  row(text: string, row: QueryRow): void {
    if (this.options.row) {
      this.options.row(text, row);
    } else {
      this.out(`${text}\n`);
    }
  }

  /** Begins something that Ctrl-C gives up. */
  interruptible(): AbortSignal {
    this.#giveUp = new AbortController();
    return this.#giveUp.signal;
  }

  error(text: string): void {
    this.options.write(text, 'stderr');
  }

  /** The engine for those who read long values: each piece can be interrupted. */
  get reader(): ValueReader {
    const { engine, interrupts } = this;
    const children: ValueReader['children'] = async (...wanted) => {
      await interrupts.breathe();
      return engine.children(...wanted);
    };
    return { info: engine.info, children };
  }

  async confirm(question: string): Promise<boolean> {
    return !this.settings.confirm || !this.options.confirm || (await this.options.confirm(question));
  }

  /**
   * What may stand at the end of a line instead of its last word and begins with that word, in the alphabet's order.
   */
  completions(line: string): Completions {
    const all = complete(surroundings(this), line);
    return { from: all.from, candidates: beginning(line, all) };
  }

  /** Completions of a line, as whole lines. */
  complete(line: string): string[] {
    const { from, candidates } = this.completions(line);
    return candidates.map((c) => line.slice(0, from) + c.text);
  }

  /**
   * Executes a line, or collects it while a block is open. Errors are printed, not thrown. With `interactive`, an empty
   * line repeats the last command where that makes sense.
   */
  async execute(line: string, interactive = false): Promise<Executed> {
    this.interrupts.clear();
    try {
      await this.#line(line, interactive);
      return this.quit === undefined ? { ok: true } : { ok: true, quit: this.quit };
    } catch (e) {
      this.error(`${messageOf(e)}\n`);
      return { ok: false };
    }
  }

  /** Executes lines in turn and throws at the first error, as gdb leaves a script there. */
  async executeLines(lines: readonly string[]): Promise<void> {
    this.#nesting++;
    try {
      for (const l of lines) {
        if (this.quit !== undefined) {
          break;
        }
        await this.#line(l, false);
      }
      if (this.#collecting) {
        throw new CommandError('A block is not closed: "end" is missing.');
      }
    } finally {
      this.#collecting = undefined;
      this.#nesting--;
    }
  }

  /** Ctrl-C while a line is executed: it is given up, and what still waits is left out. */
  interrupt(): void {
    this.interrupts.interrupt();
    this.#giveUp.abort();
  }

  /**
   * Executes the commands of breakpoints that were hit, one after the other. `continue` among them may hit the next.
   * What follows a command that lets the machine go on is left out, as gdb does.
   */
  async #runHitCommands(): Promise<void> {
    if (this.#inHitCommands) {
      return;
    }
    this.#inHitCommands = true;
    try {
      for (let lines = this.#hitCommands.shift(); lines; lines = this.#hitCommands.shift()) {
        await this.withArguments(undefined, () => this.executeLines(lines)).catch(unlessResumed);
      }
    } finally {
      this.#inHitCommands = false;
      this.#hitCommands.length = 0;
    }
  }

  async #line(line: string, interactive: boolean): Promise<void> {
    await this.interrupts.breathe();
    const block = this.#collecting;
    if (block) {
      // An error in it ends it.
      this.#collecting = undefined;
      if (block.add(line)) {
        await block.finish(this);
      } else {
        this.#collecting = block;
      }
      return;
    }
    let text = line.trim();
    if (text.startsWith('#')) {
      this.repeatAs('');
      return;
    }
    if (text === '') {
      if (!interactive || this.#lastLine === '') {
        return;
      }
      text = this.#lastLine;
    }
    if (this.#arguments) {
      text = fillArguments(text, this.#arguments);
    }
    if (this.settings.traceCommands) {
      this.out(`${'+'.repeat(this.#nesting + this.sourcing + 1)}${text}\n`);
    }
    this.atPrompt = interactive;
    if (interactive) {
      this.typed.push(text);
      this.#lastLine = this.#repeated(text);
    }
    const before = this.lastCommand;
    try {
      await this.command(text);
    } finally {
      this.lastCommand = this.#executed(text) || before;
    }
  }

  /** The command of a line, which `pipe` and `with` repeat: they have it executed, and are not repeated themselves. */
  #executed(text: string): string {
    try {
      const { path, args } = findCommand(COMMANDS, text);
      return nestedCommand(path, args) ?? text;
    } catch {
      return text;
    }
  }

  /** What an empty line is to repeat; nothing is nothing. */
  repeatAs(line: string): void {
    this.#lastLine = line;
  }

  /** What an empty line repeats after this one; what has failed may be tried again. */
  #repeated(text: string): string {
    if (splitOpener(text)) {
      return '';
    }
    if (entryOf(this.userCommands, text) ?? entryOf(this.aliases, text)) {
      return text;
    }
    try {
      const { command } = findCommand(COMMANDS, text);
      return typeof command.repeat === 'string' ? command.repeat : command.repeat === false ? '' : text;
    } catch {
      return text;
    }
  }

  /** Executes a call of the user's command, with `words` as `$arg0` and so on; undefined: it is no call. */
  async withArguments(words: readonly string[] | undefined, action: () => Promise<void>): Promise<void> {
    const before = this.#arguments;
    const calls = Number(words !== undefined);
    if (calls > 0 && this.#calls >= this.settings.maxCallDepth) {
      throw new CommandError('Max user call depth exceeded -- command aborted.');
    }
    this.#arguments = words;
    this.#calls += calls;
    try {
      await action();
    } finally {
      this.#arguments = before;
      this.#calls -= calls;
    }
  }

  /** A reference in a display filter, such as `${ip.src}`, is about the packet of the selected frame. */
  async #refer(text: string): Promise<void> {
    if (text.includes('${')) {
      const frame = this.engine.state === 'stopped' ? (await this.selected()).index : 0;
      await this.evaluator.filters.refer(this.engine, frame);
    }
  }

  /** Executes one command, as it is typed. Throws what is wrong with it. */
  async command(text: string): Promise<void> {
    const [sign = ''] = /^[!|]/.exec(text) ?? [];
    if (sign !== '') {
      return this.command(`${sign === '!' ? 'shell' : 'pipe'} ${text.slice(1)}`);
    }
    const user = entryOf(this.userCommands, text);
    if (user) {
      const { entry, args } = user;
      return withHooks(this, entry.command.name, () => runUserCommand(this, entry, args));
    }
    const alias = entryOf(this.aliases, text);
    if (alias) {
      return this.command(`${alias.entry.text} ${alias.args}`.trim());
    }
    this.#collecting = await blockOpener(this, text);
    if (this.#collecting) {
      return;
    }
    const found = findCommand(COMMANDS, text);
    await this.#refer(text);
    const { command, args, path } = found;
    this.#background = command.class === 'running' && /(?:^|\s)&$/.test(args);
    const own = this.#background ? args.slice(0, -1).trimEnd() : args;
    await withHooks(this, path.replaceAll(' ', '-'), async () => handlerOf(found)?.(this, own));
  }

  /** Says that the machine goes on, unless the commands of a breakpoint let it. */
  announce(text: string): void {
    if (!this.#inHitCommands) {
      this.out(text);
    }
  }

  /** Throws unless there is a stopped machine. */
  requireStopped(message = 'The program is not being run.'): void {
    if (this.engine.state === 'running' || this.engine.state === 'starting') {
      throw new CommandError('Cannot execute this command while the machine is running; interrupt it first.');
    }
    if (this.engine.state !== 'stopped') {
      throw new CommandError(message);
    }
  }

  /** The call stack. Throws "No stack." without one. */
  async frames(): Promise<readonly Frame[]> {
    this.requireStopped('No stack.');
    return this.engine.frames();
  }

  /** The selected frame. */
  async selected(message = 'No frame selected.'): Promise<Frame> {
    this.requireStopped(message);
    const f = (await this.engine.frames())[this.frame];
    if (!f) {
      throw new CommandError(message);
    }
    return f;
  }

  /** The frame that expressions are evaluated in: -1 without a stopped machine. */
  expressionFrame(): number {
    return this.engine.state === 'stopped' ? this.frame : -1;
  }

  /**
   * Lets the machine run and, in the CLI or in a script, waits until it stops or is gone and says so. `before` is the
   * innermost frame and the depth it ran from: a step within one function prints only the line. After a step, `again`
   * may ask for another.
   */
  async go(action: () => Promise<void>, before?: StartedFrom, again?: () => Promise<boolean>): Promise<void> {
    this.resumes++;
    if (!(this.options.waitForStops || this.sourcing > 0 || this.looping > 0) || this.#background) {
      return action();
    }
    let end: End;
    this.#waiting = true;
    do {
      const next = this.#nextEnd();
      try {
        await action();
        end = await next.promise;
      } catch (e) {
        this.#waiting = false;
        throw e;
      } finally {
        next.cancel();
      }
    } while ('reason' in end && ['step', 'finish'].includes(end.reason.kind) && (await again?.()));
    this.#waiting = false;
    const how = 'reason' in end ? end.reason.kind : 'exited';
    // A loop would only go on with the next round.
    const leavesLoop = this.looping > 0 && (this.interrupts.wanted || how === 'pause');
    if (how !== 'breakpoint') {
      // Where the machine was interrupted, nothing else has to be. At a breakpoint its commands still are.
      this.interrupts.clear();
    }
    await this.#reportEnd(end, before);
    if (leavesLoop) {
      throw new CommandError('Quit');
    }
    if (this.#inHitCommands) {
      throw new Resumed();
    }
  }

  /** Resolves at the next stop or exit. */
  #nextEnd(): { promise: Promise<End>; cancel: () => void } {
    let cancel = (): void => {};
    const promise = new Promise<End>((resolve) => {
      const stopped = (reason: Stop): void => {
        cancel();
        resolve({ reason });
      };
      const exited = (code: number, message: string): void => {
        cancel();
        resolve({ code, message });
      };
      cancel = () => {
        this.engine.off('stopped', stopped);
        this.engine.off('exited', exited);
      };
      this.engine.on('stopped', stopped);
      this.engine.on('exited', exited);
    });
    return { promise, cancel };
  }

  async #reportEnd(end: End, before?: StartedFrom): Promise<void> {
    if (!('reason' in end)) {
      if (this.settings.replay.atEnd === 'exit' && this.engine.replay?.account().finished) {
        await printAccount(this);
      }
      const how = end.code === 0 ? 'exited normally' : `exited with code ${end.code.toString(8).padStart(2, '0')}`;
      this.out(`[Inferior 1 (pktgdb) ${how}]\n`);
      if (end.message !== '') {
        throw new CommandError(end.message);
      }
      return;
    }
    await runHook(this, 'hook-stop');
    const hit = end.reason.kind === 'breakpoint' ? end.reason.breakpoints : [];
    const ofEach = hit.map((id) => this.breakpointCommands.get(id) ?? []);
    // `silent` is for its own breakpoint: another one that has been hit too is reported.
    const silent = ofEach.length > 0 && ofEach.every(([first]) => first === 'silent');
    const commands = ofEach.flatMap((lines) => (lines[0] === 'silent' ? lines.slice(1) : lines));
    if (!silent) {
      await printStop(this, end.reason, before);
      await runDisplays(this);
    }
    this.#hitCommands.push(commands);
    await this.#runHitCommands();
  }
}

type End = { readonly reason: Stop } | { readonly code: number; readonly message: string };

/** Characters that are printed of an error: a line of a file that is no script may be all of it. */
const LONGEST_ERROR = 8192;

/** What to print for an error. Errors that are none of the user's keep their stack: they are bugs. */
export function messageOf(e: unknown): string {
  if (e instanceof CommandError || e instanceof ExpressionError || e instanceof EngineError) {
    const text = visibleLines(errorText(e));
    return text.length > LONGEST_ERROR ? `${text.slice(0, LONGEST_ERROR)}...` : text;
  }
  return e instanceof Error ? (e.stack ?? e.message) : String(e);
}
