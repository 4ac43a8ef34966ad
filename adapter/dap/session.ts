/**
 * One debug session. It dispatches requests to the table in requests.ts and turns the engine's events into DAP's.
 * It keeps what lives as long as the session; what lives as long as a stop is in `stopped`.
 */
import {
  CapabilitiesEvent,
  ContinuedEvent,
  DebugSession,
  Event,
  InitializedEvent,
  InvalidatedEvent,
  OutputEvent,
  Response,
} from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { type EngineApi, GivenUpError, type Stop } from '../engine/api.ts';
import { conditionAdvice } from '../inspect/condition-advice.ts';
import type { Evaluator } from '../inspect/evaluator.ts';
import { runningGuestsText } from '../inspect/real-guests.ts';
import { accountLines } from '../inspect/replay.ts';
import { errorText } from '../packets/span.ts';
import { Arguments, describeType, isObject, RequestError } from './arguments.ts';
import { BreakpointBook } from './breakpoint-book.ts';
import { ClientConventions } from './client.ts';
import type { MemoryPlace } from './containers.ts';
import type { ConsoleEventBody } from './custom.ts';
import { HISTORY_CAPABILITIES } from './history.ts';
import { Lifecycle } from './lifecycle.ts';
import { type Ongoing, ongoing, startOngoing, within } from './ongoing.ts';
import { Progress } from './progress.ts';
import { printRow } from './queries.ts';
import { type CreateInterpreter, Repl } from './repl.ts';
import { ReplayProgress } from './replay-progress.ts';
import { findRequest } from './requests.ts';
import type { AttachedMachine } from './server.ts';
import { toSource } from './sources.ts';
import { StopState } from './stop-state.ts';
import { stoppedBody } from './stopped.ts';
import type { MessageEndpoint } from './streams.ts';
import { styledReport } from './styles.ts';
import { THREAD_ID } from './thread.ts';
import { StopList } from './timeline.ts';
import type { TokenLock } from './token.ts';

/** Errors whose message is meant for the user; others are bugs, and their stack goes to the log. */
/** Numbers of errors, by the word that the protocol has for them. */
const ERROR_IDS = { other: 1, cancelled: 2, notStopped: 3 } as const;

/** The button of VS Code's dialog for a launch that failed; its own one does nothing in an empty window. */
const CONFIGURE = { url: 'command:pktgdb.openConfiguration', urlLabel: 'Open Configuration' };

const USER_ERRORS = new Set(['RequestError', 'EngineError', 'ExpressionError']);

export interface SessionOptions {
  /** Makes the interpreter of the Debug Console's commands. */
  readonly createInterpreter: CreateInterpreter;
  /** Called once, after the session is over and its last message was handed out. */
  readonly ended: () => void;
  /** Messages for whoever runs the adapter (stderr). */
  readonly log: (text: string) => void;
  /** Keeps out whoever does not know the token. */
  readonly lock?: TokenLock;
  /** The machine runs already. */
  readonly attached?: AttachedMachine | undefined;
}

export class PacketSession extends DebugSession implements MessageEndpoint {
  readonly engine: EngineApi;
  readonly repl: Repl;
  readonly lifecycle: Lifecycle;
  readonly breakpoints: BreakpointBook;
  readonly progress = new Progress(this);
  readonly replayProgress: ReplayProgress;
  readonly stops = new StopList();
  /** How numbers are written where the client does not say: as it suits what they are, or all alike. */
  numbers: 'kind' | 'hex' | 'decimal' = 'kind';
  /** Frames and variables the client holds references to; replaced whenever the machine runs. */
  stopped: StopState;
  /** How often something in the machine has been changed. */
  changes = 0;
  client: ClientConventions = new ClientConventions(new Arguments('initialize', {}));
  /** The guest's console is a terminal of the client's. */
  guestTerminal = false;
  readonly #options: SessionOptions;
  #initialized = false;
  /** `initialize` has been answered. */
  #greeted = false;
  #ended = false;
  /** The client has been told that one can go back. */
  #recorded = false;
  /** Requests that hold stops back. */
  #holders = 0;
  /** The last thing the client was told of the machine is that it stands still. */
  #toldGuests = false;
  #showsStop = false;
  #restarted = false;
  /** While a request starts the machine: stops to report once it has been answered. */
  #held: { readonly reason: Stop; readonly ofScript: boolean }[] | undefined;

  constructor(engine: EngineApi, options: SessionOptions) {
    super();
    this.engine = engine;
    this.replayProgress = new ReplayProgress(engine, this.progress);
    this.#options = options;
    this.repl = new Repl(
      (write) => options.createInterpreter(engine, write, (text, row) => printRow(this, text, row)),
      (text) => this.output('stdout', text),
    );
    this.breakpoints = new BreakpointBook(this);
    this.lifecycle = new Lifecycle(this);
    this.stopped = new StopState(engine);
    this.#listen();
  }

  /** The machine that ran already before this session, if there is one. */
  get attached(): AttachedMachine | undefined {
    return this.#options.attached;
  }

  get evaluator(): Evaluator {
    return this.repl.interpreter.evaluator;
  }

  // ---- messages ----

  /** Takes whatever arrived; only requests are expected, everything else is answered or logged. */
  receive(message: unknown): void {
    if (this.#ended) {
      this.#refuse(message);
      return;
    }
    if (!isObject(message)) {
      this.malformed(`a message must be an object, not ${describeType(message)}`);
      return;
    }
    if (message['type'] === 'response') {
      this.#answered(message);
      return;
    }
    if (message['type'] !== 'request') {
      if (message['type'] !== 'event') {
        this.malformed(`a message with the type ${JSON.stringify(message['type'])}; "request" is expected`);
      }
      return;
    }
    if (typeof message['seq'] !== 'number') {
      this.malformed(`a request whose seq is ${describeType(message['seq'])} cannot be answered`);
      return;
    }
    const command = typeof message['command'] === 'string' ? message['command'] : '';
    const atStop = findRequest(command)?.atStop === true && this.engine.state === 'stopped';
    const request = startOngoing(atStop ? this.engine.stop : undefined);
    this.#ongoing.set(message['seq'], request);
    void within(request, () => this.#dispatch(request, message['seq'] as number, command, message['arguments']));
  }

  /** What the client was asked, by number: what is done if it refuses. */
  readonly #asked = new Map<number, (problem: string) => void>();

  /** Asks the client for something. */
  askClient(command: string, args: object, failed: (problem: string) => void): void {
    const request = { seq: 0, command, arguments: args };
    // `sendRequest` keeps the number to itself, and wants a time limit, but people take their time.
    (this as unknown as { _send(type: string, message: object): void })._send('request', request);
    this.#asked.set(request.seq, failed);
  }

  #answered({ request_seq: seq, success, message }: Readonly<Record<string, unknown>>): void {
    const failed = this.#asked.get(Number(seq));
    this.#asked.delete(Number(seq));
    if (success === false) {
      failed?.(typeof message === 'string' ? message : 'the client refused it');
    }
  }

  /** Requests that are being handled, by their numbers. */
  readonly #ongoing = new Map<number, Ongoing>();

  /** The client does not want the answer to request `seq` any more. */
  cancel(seq: number): void {
    this.#ongoing.get(seq)?.cancellation.abort();
  }

  async #dispatch(ongoing: Ongoing, seq: number, command: string, raw: unknown): Promise<void> {
    const response: DebugProtocol.Response = new Response({ seq, command, type: 'request' });
    const request = findRequest(command);
    let ok = false;
    try {
      if (command === '') {
        throw new RequestError('a request needs a command');
      }
      if (request === undefined) {
        throw new RequestError(`unknown request: ${command}`);
      }
      if (!this.#initialized && command !== 'initialize' && command !== 'disconnect') {
        throw new RequestError(`${command}: the first request must be initialize`);
      }
      this.#initialized = true;
      const args = new Arguments(command, raw, seq);
      this.#admit(command, args);
      if (JSON.stringify(raw)?.includes('${') && this.engine.state === 'stopped') {
        // A reference in a display filter is about the packet at the stop.
        await this.evaluator.filters.refer(this.engine, 0);
      }
      if (request.resumes) {
        await this.#whatWasAskedHere(ongoing);
      }
      const answer = Promise.resolve(request.handle(this, args));
      const body = await (request.cancellable ? unlessCancelled(answer, ongoing.cancellation.signal) : answer);
      if (body !== undefined) {
        response.body = body;
      }
      ok = true;
    } catch (error) {
      this.#fail(response, error, request?.showErrors ?? false);
    }
    this.#ongoing.delete(seq);
    if (ok) {
      this.sendResponse(response);
    }
    ongoing.settle();
    if (this.#options.lock?.passes(command) !== false) {
      request?.after?.(this, ok);
    } else if (this.#options.lock?.exhausted) {
      this.log('a client was wrong about the token too often');
      void this.end();
    }
  }

  /** What was asked of this stop before `request` is answered before the machine goes on. */
  async #whatWasAskedHere(request: Ongoing): Promise<void> {
    const { state, stop } = this.engine;
    if (state !== 'stopped') {
      return;
    }
    const all = [...this.#ongoing.values()];
    const earlier = all.slice(0, all.indexOf(request)).filter(({ about }) => about !== undefined && about === stop);
    await Promise.all(earlier.map(({ settled }) => settled));
  }

  /** Every request is answered, also one that comes when all is over. */
  #refuse(message: unknown): void {
    if (!this.#locked && isObject(message) && message['type'] === 'request' && typeof message['seq'] === 'number') {
      const command = typeof message['command'] === 'string' ? message['command'] : '';
      const response: DebugProtocol.Response = new Response({ seq: message['seq'], command, type: 'request' });
      this.#fail(response, new RequestError('The session is over.'), false);
    }
  }

  /** Has the lock look at a request. When it opens, the client learns that it may configure. */
  #admit(command: string, args: Arguments): void {
    const wasLocked = this.#locked;
    this.#options.lock?.admit(command, args);
    if (wasLocked && !this.#locked && this.#greeted) {
      this.sendEvent(new InitializedEvent());
    }
  }

  /** `initialize` has been answered: the client may configure from here on, unless it has to show the token first. */
  greeted(): void {
    this.#greeted = true;
    if (!this.#locked) {
      this.sendEvent(new InitializedEvent());
    }
  }

  get #locked(): boolean {
    return this.#options.lock?.open === false;
  }

  /** Something came that is no request. Whoever has shown no token has no second try: it is no client of DAP's. */
  malformed(problem: string): void {
    this.log(`DAP input: ${problem}`);
    if (this.#locked) {
      void this.end();
    }
  }

  #fail(response: DebugProtocol.Response, error: unknown, showUser: boolean): void {
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof Error && !USER_ERRORS.has(error.name)) {
      this.log(`${response.command}: ${error.stack ?? message}`);
    }
    const shown = showUser && !(error instanceof GivenUpError);
    const code = error instanceof RequestError ? error.code : undefined;
    response.success = false;
    response.message = code ?? message;
    const link = shown && response.command === 'launch' && this.client.id === 'vscode' ? CONFIGURE : {};
    const id = ERROR_IDS[code ?? 'other'];
    response.body = { error: { id, format: errorText(error), variables: {}, showUser: shown, ...link } };
    this.sendResponse(response);
  }

  // ---- events ----

  /**
   * Text for the client's console. VS Code shows `console` in the colour of warnings, so what is none is `stdout`, and
   * what one has to see is `important`.
   */
  output(category: string, text: string, extra: Partial<DebugProtocol.OutputEvent['body']> = {}): void {
    const event: DebugProtocol.OutputEvent = new OutputEvent(text, category);
    Object.assign(event.body, extra);
    this.sendEvent(event);
  }

  /** Tells the client that memory it may show has changed. */
  memoryChanged(place: MemoryPlace | undefined): void {
    if (place !== undefined && this.client.supportsMemoryEvent) {
      this.sendEvent(new Event('memory', place));
    }
  }

  /** Tells the client that values it shows may have changed. */
  invalidate(...areas: DebugProtocol.InvalidatedAreas[]): void {
    if (this.client.supportsInvalidatedEvent) {
      this.sendEvent(new InvalidatedEvent(areas, THREAD_ID));
    }
  }

  /**
   * Runs `action`, which sets the machine going.
   * Stops are reported after `releaseStops`, so that the answer to the request comes first.
   */
  async running(action: () => Promise<void>): Promise<void> {
    const request = ongoing();
    if (request && !request.holdsStops) {
      request.holdsStops = true;
      this.#holders++;
      this.#held ??= [];
    }
    await action();
  }

  /** The request has been answered: stops that it held back are reported, unless another one holds them too. */
  releaseStops(): void {
    const request = ongoing();
    if (!request?.holdsStops) {
      return;
    }
    request.holdsStops = false;
    if (--this.#holders > 0) {
      return;
    }
    const held = this.#held ?? [];
    this.#held = undefined;
    if (this.#restarted) {
      this.#restarted = false;
      this.sendEvent(new ContinuedEvent(THREAD_ID, true));
    }
    for (const { reason, ofScript } of held) {
      this.#sendStopped(reason, ofScript);
    }
  }

  /** Another machine has taken the place of the one whose stop the client shows: that stop is over. */
  restarted(): void {
    this.#restarted ||= this.#showsStop;
    this.#showsStop = false;
  }

  log(text: string): void {
    this.#options.log(text);
  }

  #listen(): void {
    const engine = this.engine;
    engine.on('stopped', (reason) => this.stands(reason));
    engine.on('continued', () => {
      this.stopped = new StopState(engine);
      this.#showsStop = false;
      // A script ran on: the stop before is over.
      this.#held?.splice(0);
      if (this.#held === undefined) {
        this.sendEvent(new ContinuedEvent(THREAD_ID, true));
      }
    });
    engine.on('exited', (code, message) => {
      this.stops.clear();
      this.lifecycle.machineExited(code, message);
    });
    engine.on('console', (text) => this.#guestPrinted(text));
    engine.on('report', (level, text) =>
      this.output(
        level === 'info' ? 'stdout' : level === 'warning' ? 'console' : 'important',
        `${styledReport(this.client, level, text)}\n`,
      ),
    );
    engine.on('log', (text, location) =>
      this.output('stdout', text, {
        source: toSource(engine, this.client, location.file),
        line: this.client.lineToClient(location.line),
        column: this.client.columnToClient(location.column),
      }),
    );
    engine.on('changing', () => {
      this.changes++;
    });
    engine.on('progress', (what, done, total) => this.progress.told(what, done, total));
    engine.on('breakpoint', (change, breakpoint) => this.breakpoints.changed(change, breakpoint));
  }

  /** The machine stands still; that of an `attach` may do so already. */
  stands(reason: Stop): void {
    this.stopped = new StopState(this.engine);
    this.repl.stopped();
    this.stops.add(this, reason);
    const ofScript = this.repl.interpreter.sourcing > 0;
    if (this.#held !== undefined) {
      this.#held.push({ reason, ofScript });
    } else {
      this.#sendStopped(reason, ofScript);
    }
  }

  #guestPrinted(text: string): void {
    if (this.guestTerminal) {
      const body: ConsoleEventBody = { text };
      this.sendEvent(new Event('pktgdb/console', body));
    } else {
      this.output('stdout', text);
    }
  }

  /** Says whether one can go back, before the first stop and when that has changed. */
  #announceHistory(): void {
    const records = this.engine.history !== undefined;
    if (records !== this.#recorded) {
      this.#recorded = records;
      this.sendEvent(new CapabilitiesEvent({ ...HISTORY_CAPABILITIES, supportsStepBack: records }));
    }
  }

  /** A script runs the commands of the breakpoints it stops at itself. */
  #sendStopped(reason: Stop, ofScript: boolean): void {
    this.#announceHistory();
    this.#showsStop = true;
    const event: DebugProtocol.StoppedEvent = {
      seq: 0,
      type: 'event',
      event: 'stopped',
      body: stoppedBody(this, reason),
    };
    this.sendEvent(event);
    void this.#tellGuests();
    if (reason.kind === 'breakpoint' && !ofScript) {
      void this.#runBreakpointCommands(reason.breakpoints);
    } else if (reason.kind === 'replay-end') {
      void this.#tellAccount();
    } else if (reason.kind === 'condition-error') {
      void this.#adviseCondition(reason.breakpoint);
    }
  }

  /** Said once: at each stop it would be too much. */
  async #tellGuests(): Promise<void> {
    const text = this.#toldGuests ? '' : await runningGuestsText(this.engine);
    if (text !== '') {
      this.#toldGuests = true;
      this.output(
        'important',
        `While the machine stands still ${text}: say with qmp=unix:PATH where its QEMU answers.\n`,
      );
    }
  }

  async #adviseCondition(breakpoint: number): Promise<void> {
    const advice = await conditionAdvice(this.engine, breakpoint).catch(() => '');
    if (advice !== '') {
      this.output('important', `${advice}\n`);
    }
  }

  /** What a replay came to. The client may go on meanwhile. */
  async #tellAccount(): Promise<void> {
    const account = this.engine.replay?.account();
    if (account !== undefined) {
      this.output('stdout', `${(await accountLines(this.engine, account)).join('\n')}\n`);
    }
  }

  /** What the command `commands` attached to a breakpoint runs when it has stopped. */
  async #runBreakpointCommands(ids: readonly number[]): Promise<void> {
    for (const id of ids) {
      // `silent` asks for no report of the stop, which the client makes anyway.
      const all = this.repl.interpreter.breakpointCommands.get(id) ?? [];
      const commands = all[0]?.trim() === 'silent' ? all.slice(1) : all;
      if (commands.length > 0) {
        const { resumes } = this.repl.interpreter;
        const { output } = await this.repl.run(commands.join('\n'), -1, { untilResumed: true });
        this.output('stdout', output);
        if (this.repl.interpreter.resumes !== resumes) {
          return;
        }
      }
    }
  }

  // ---- end ----

  /** The stream is closed: the same as a disconnect. */
  clientClosed(): void {
    void this.end();
  }

  /** Ends the machine and the session; `ended` is called when all is freed. */
  async end(): Promise<void> {
    if (this.#ended) {
      return;
    }
    this.#ended = true;
    this.repl.interrupt();
    for (const { cancellation } of this.#ongoing.values()) {
      cancellation.abort();
    }
    this.lifecycle.silence();
    this.lifecycle.guests.answer(undefined);
    this.repl.interpreter.dispose();
    try {
      await this.engine.dispose();
    } catch (error) {
      this.log(`the machine did not end cleanly: ${(error as Error).message}`);
    }
    this.#options.ended();
  }
}

/** The answer, or at once an error when the client does not want it any more. */
async function unlessCancelled(answer: Promise<unknown>, signal: AbortSignal): Promise<unknown> {
  const cancelled = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new RequestError('The request was cancelled.', 'cancelled')));
  });
  // Who is not waited for any more may fail as it likes.
  answer.catch(() => undefined);
  cancelled.catch(() => undefined);
  return Promise.race([answer, cancelled]);
}
