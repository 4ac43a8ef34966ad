/**
 * One run of a machine: its thread, mailbox, inspector and recording. The engine makes a new one for each launch.
 *
 * Threads, and who wakes whom:
 * - The main thread runs the front end, the engine and all Node I/O. It never blocks: everything here is an event or a
 *   promise.
 * - The inferior, a worker, runs the stack. `main` never returns to the worker's event loop, so the worker takes no
 *   messages once it has had 'go'; from then on it is reached by shared memory and by the inspector alone. Spare
 *   chunks for the log are messages that it looks for itself.
 * - V8's inspector has a thread of its own for the worker. It carries evaluations both to a standing and to a running
 *   inferior: the latter takes them between two instructions, which is how breakpoints come to a machine that runs.
 *
 * | who waits | where | who wakes it |
 * |---|---|---|
 * | inferior, nothing to do | `Atomics.wait` on `CTL.DOORBELL`, in `LiveHost.poll` | the pump; `interrupt()` |
 * | inferior, output ring full | `Atomics.wait` in `RecordRing.waitForRoom` | the pump when it has drained |
 * | inferior, `listen` | `Atomics.wait` on `CTL.LISTEN_DONE` | the pump with the answer |
 * | inferior, stopped | the `debugger` statement of the runtime | `Debugger.resume` by the inspector |
 * | inferior, running | it looks at `TICK.LIMIT` at function entries and in loops | `interrupt()` sets the limit to 0 |
 * | main thread, outputs | its event loop; `CTL.OUT_IDLE` says if it listens | the message 'ring' of the worker |
 * | main thread, a stop | its event loop | 'paused' of the inspector; the note in `#stop` says why |
 */
import { EventEmitter } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { Pump } from '../host/pump.ts';
import type { QueryResult, RowData } from '../inferior/asked.ts';
import type { FieldTypes } from '../inferior/describe.ts';
import type { Note } from '../inferior/notes.ts';
import type { ReplayData } from '../inferior/replay-data.ts';
import type { StopReport } from '../inferior/stop.ts';
import type {
  ExecutionSummary,
  LeaveMessage,
  QueryMessage,
  TravelMessage,
  WorkerData,
  WorkerMessage,
} from '../inferior/worker.ts';
import { type Change, TELLING_COMMAND } from '../mailbox/change.ts';
import type { CheckpointRef } from '../mailbox/checkpoint-ref.ts';
import { createEntered, enteredBytes, takenCheckpoints } from '../mailbox/entered.ts';
import { CTL, createMailbox, LIGHT, type MailboxBuffers } from '../mailbox/mailbox.ts';
import { createNote, readNote } from '../mailbox/note.ts';
import type { Recording, RecordingHeader } from '../mailbox/recorded.ts';
import { createTicks, TICK } from '../mailbox/ticks.ts';
import { createTurnIndex, TurnReader } from '../mailbox/turn-index.ts';
import type { PacketsFile } from '../saved/packet-blocks.ts';
import type { Input } from '../stack/util/host.ts';
import { EngineError, type NamedValue, type RunTimeline } from './api.ts';
import { CheckpointStore } from './checkpoint-store.ts';
import { History } from './history.ts';
import type { HistorySource } from './history-source.ts';
import type { Image } from './image.ts';
import {
  attachInspector,
  EvaluationError,
  type InspectorChannel,
  type LightThread,
  type V8Paused,
} from './inspector.ts';
import { type RuntimeProxy, runtimeProxy } from './link.ts';
import { chunksBefore } from './log-file.ts';

export interface InferiorOptions {
  readonly header: RecordingHeader;
  readonly replay?: ReplayData;
  /** What to execute again. */
  readonly recording?: Recording | undefined;
  /** What of it was done before. */
  readonly checkpoint?: CheckpointRef | undefined;
  /** Executes stretches of recordings as it is told (`travel`). */
  readonly past?: boolean;
  /** Attach an inspector; without, one is attached where stops are possible. */
  readonly inspector?: boolean;
  /** Bytes that the recording may have; 0: none is made. */
  readonly historySize: number;
  /** Milliseconds between checkpoints of what is recorded; 0: one at each turn. Null: none. */
  readonly checkpointMs: number | null;
  readonly stopOnEntry: boolean;
  readonly hashFrames: boolean;
  readonly hashTurns?: boolean | undefined;
  readonly hardStops?: boolean;
  /** In a re-execution: where its packets are written to. */
  readonly packets?: PacketsFile | undefined;
  /** Run the release build: no probes, no inspector. */
  readonly release: boolean;
}

interface InferiorEvents {
  paused: [V8Paused];
  /** It goes on after it was paused. */
  resumed: [];
  /** A past inferior has left the stack. */
  left: [];
  /** The machine is set up and runs. */
  started: [];
  exited: [code: number, message: string, summary: ExecutionSummary | undefined];
  console: [string];
  qtest: [string];
  /** An execution of history has noted something. */
  notes: [readonly Note[]];
  report: ['info' | 'warning' | 'error', string];
  log: [breakpoint: number, probe: number, text: string];
  rows: [readonly RowData[]];
  checkpoint: [CheckpointRef];
  answered: [result: QueryResult];
}

/** Room for the description of a stop. */
const STOP_BYTES = 1 << 20;
/** Bytes that the log of a what-if may have, in memory. */
const WHAT_IF_BYTES = 512 << 20;
/** What lets the thread link the stack's modules itself (inferior/stack-modules.ts); Node would warn of each launch. */
const VM_MODULES = '--experimental-vm-modules';
/** What the stack allocates is soon dead: more memory for it would only be taken. */
const YOUNG_MB = 6;
const STACK_FLAGS = process.allowedNodeEnvironmentFlags.has(VM_MODULES) ? [VM_MODULES, '--no-warnings'] : [];
/** Spare chunks of the log that the thread is given ahead: one for each that it has filled, and no more than these. */
const SPARES = 4;

/** The thread has begun a chunk of the log. */
interface NewChunk {
  readonly chunk: SharedArrayBuffer;
  /** It is one of those that it was given ahead. */
  readonly spare: boolean;
}

/** Machines of this process so far, for their names. */
let created = 0;

/** What is wrong with a capture or the system is the user's to know; of anything else, where it was found helps. */
function failureText(e: unknown): string {
  if (!(e instanceof Error)) {
    return String(e);
  }
  const ofUser = e.name === 'CaptureError' || 'syscall' in e;
  return ofUser ? e.message : (e.stack ?? e.message);
}

export class Inferior extends EventEmitter<InferiorEvents> {
  readonly shared = new Map<string, ArrayBufferLike>();
  /** Those of a machine that is not recorded: none. */
  readonly #noCheckpoints = new CheckpointStore();
  /** It stands at the end of this, which was saved; nothing else makes it run. */
  opened: (HistorySource & { readonly bytes: number }) | undefined;
  readonly armed: Uint8Array;
  readonly #ticks: Float64Array;
  readonly #entered: SharedArrayBuffer;
  readonly #name = `inferior-${++created}`;
  /** Ticks that it took until the machine was set up. */
  startTick = 0;
  /** The log of the run; it outlives the machine, and has to be closed. */
  history: History | undefined;
  /** In a what-if: what comes before its own log. */
  #before: (Pick<Recording, 'chunks' | 'fd'> & Pick<HistorySource, 'oldest'>) | undefined;
  /** What its turns brought, if it is recorded. */
  readonly turns: TurnReader | undefined;
  readonly #header: RecordingHeader;
  /** The capture that it replays. */
  readonly replay: ReplayData | undefined;
  readonly #stop = createNote(STOP_BYTES);
  readonly #mailbox: MailboxBuffers = createMailbox();
  readonly #ctl = new Int32Array(this.#mailbox.ctl);
  readonly #pump: Pump;
  /** Changes that the running machine was asked for, by number. */
  readonly #changes = new Map<
    number,
    { readonly change: Change; readonly done: () => void; readonly failed: (e: EngineError) => void }
  >();
  #nextChange = 1;
  readonly #monitorWaiting = new Map<number, { readonly line: string; readonly reply: (text: string) => void }>();
  #nextMonitor = 1;
  readonly #onLeft: (() => void)[] = [];
  /**
   * Chunks of the log come here, apart from other messages: they are looked for where one is needed. Requests to a
   * thread that stands lightly go out here, for the same reason.
   */
  readonly #chunks: MessagePort;
  #worker: Worker;
  #channel: InspectorChannel | undefined;
  #runtime: RuntimeProxy | undefined;
  #ended = false;
  /** Spare chunks that the thread has. */
  #spares = 0;
  /** The recording has changes that need frames (see `Recording`). */
  framed = false;
  /** The thread stands still in the inspector. */
  #standing = false;
  /** Exceptions at which V8 pauses. */
  #pausesOn = 'none';
  #failure = '';

  readonly #fieldTypes: FieldTypes;
  #typesKnown: Promise<void> | undefined;

  private constructor(image: Image, options: InferiorOptions) {
    super();
    this.#fieldTypes = image.fieldTypes;
    this.#header = options.header;
    this.replay = options.replay;
    const warn = (text: string): void => {
      this.emit('report', 'warning', text);
    };
    this.history = options.historySize > 0 ? new History({ size: options.historySize, warn }) : undefined;
    const turns = this.history ? createTurnIndex() : null;
    this.turns = turns ? new TurnReader(turns) : undefined;
    const armed = new SharedArrayBuffer(Math.max(1, image.info.probes.length));
    const ticks = createTicks();
    this.#entered = createEntered(image.info.functions.length);
    this.armed = new Uint8Array(armed);
    this.#ticks = new Float64Array(ticks);
    this.#pump = new Pump(this.#mailbox, {
      console: (text) => this.emit('console', text),
      monitorReply: (id, text) => this.#monitorReply(id, text),
      report: (level, text) => this.emit('report', level, text),
      log: (breakpoint, probe, text) => this.emit('log', breakpoint, probe, text),
      qtest: (text) => this.emit('qtest', text),
      changed: (id) => this.#changed(id),
      keep: (bytes, place) => {
        this.#takeChunks();
        this.history?.fill(bytes, place);
      },
    });
    const { port1, port2 } = new MessageChannel();
    this.#chunks = port1;
    const data: WorkerData = {
      stackDir: options.release ? image.dist.releaseDir : image.dist.debugDir,
      codeCache: options.release ? '' : image.dist.codeCache,
      modules: image.info.files.map((f) => f.replace(/\.ts$/, '')),
      tables: image.probeTables(),
      armed,
      ticks,
      entered: this.#entered,
      mailbox: this.#mailbox,
      stop: this.#stop,
      header: options.header,
      replay: options.replay ?? null,
      recording: options.recording ?? null,
      checkpoint: options.checkpoint ?? null,
      checkpointMs: options.checkpointMs,
      chunks: port2,
      logLimit: this.history?.limit.buffer ?? null,
      turns,
      stopOnEntry: options.stopOnEntry,
      past: options.past ?? false,
      release: options.release,
      hashFrames: options.hashFrames,
      hashTurns: options.hashTurns ?? false,
      hardStops: options.hardStops ?? false,
      packets: options.packets ?? null,
    };
    this.#worker = new Worker(pathToFileURL(image.dist.worker), {
      workerData: data,
      transferList: [port2],
      execArgv: STACK_FLAGS,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
      name: this.#name,
    });
    port1.on('message', (begun: NewChunk) => {
      this.#addChunk(begun);
      this.#takeLog();
    });
    port1.unref();
    this.#worker.on('message', (m: WorkerMessage) => this.#message(m));
    this.#worker.on('error', (e) => {
      this.#failure = failureText(e);
    });
    this.#worker.on('exit', () => this.#end(1, this.#failure || 'the machine stopped', undefined));
  }

  /** Starts the thread, loads the stack and attaches the inspector; the machine does not run yet. */
  static async create(image: Image, options: InferiorOptions): Promise<Inferior> {
    const inferior = new Inferior(image, options);
    await new Promise<void>((resolve, reject) => {
      const failed = (_code: number, message: string): void => reject(new Error(message));
      inferior.once('exited', failed);
      inferior.#worker.on('message', (m: WorkerMessage) => {
        if (m.type === 'ready') {
          inferior.off('exited', failed);
          resolve();
        }
      });
    });
    const stops = options.past || !options.recording || options.recording.framed;
    if (!options.release && (options.inspector ?? stops)) {
      inferior.#channel = await attachInspector(inferior.#name);
      inferior.#channel.on('paused', (p) => {
        inferior.#standing = true;
        if (inferior.#ended) {
          // It was just stopping when it was told to end, and would stand there for ever.
          inferior.#channel?.send('Debugger.resume').catch(() => undefined);
          return;
        }
        inferior.emit('paused', p);
      });
      inferior.#channel.on('resumed', () => {
        inferior.#standing = false;
        inferior.emit('resumed');
      });
      // Each evaluation is a script: without a limit V8 keeps the text of all.
      await inferior.#channel.send('Debugger.enable', { maxScriptsCacheSize: 0 });
      const travels = options.past && options.inspector === undefined;
      await inferior.#pauseOnExceptions(travels ? 'all' : options.recording || options.past ? 'none' : 'uncaught');
    }
    return inferior;
  }

  async #pauseOnExceptions(state: 'all' | 'uncaught' | 'none'): Promise<void> {
    if (this.#pausesOn !== state) {
      this.#pausesOn = state;
      await this.#channel?.send('Debugger.setPauseOnExceptions', { state });
    }
  }

  /** Has a past inferior execute a stretch; 'paused' follows, or 'left' if that is quiet. It must not stand still. */
  async travel(message: TravelMessage): Promise<void> {
    Atomics.store(this.#ctl, CTL.PAUSE, 0);
    // Leaving the stack is an exception, and V8 takes as long for it as for any stop.
    await this.#pauseOnExceptions(message.order.quiet ? 'none' : 'all');
    this.#worker.postMessage(message);
  }

  /**
   * Asks a past inferior; 'rows' follow. Resolves, when it has answered or was interrupted.
   */
  ask(message: QueryMessage): Promise<QueryResult> {
    Atomics.store(this.#ctl, CTL.PAUSE, 0);
    return new Promise((resolve, reject) => {
      const exited = (_code: number, text: string): void => {
        this.off('answered', answered);
        reject(new Error(text || 'the query was given up'));
      };
      const answered = (result: QueryResult): void => {
        this.off('exited', exited);
        resolve(result);
      };
      this.once('exited', exited);
      this.once('answered', answered);
      this.#worker.postMessage(message);
    });
  }

  /** Takes a past inferior, which stands still, out of the stack. Throws `EngineError` if the thread ends there. */
  async leaveStack(): Promise<void> {
    await this.#pauseOnExceptions('none');
    const left = new Promise<void>((resolve, reject) => {
      const ended = (_code: number, text: string): void => reject(new EngineError(text));
      this.once('exited', ended);
      this.#onLeft.push(() => {
        this.off('exited', ended);
        resolve();
      });
    });
    left.catch(() => undefined);
    await this.runtime.leaveStack();
    await this.inspector.send('Debugger.resume').catch(() => undefined);
    await left;
  }

  /** Has a past inferior, which stands still, go on without what was recorded of `source`, up to `until` (ns). */
  async leaveRecording(source: HistorySource, until: number): Promise<void> {
    const warn = (text: string): void => void this.emit('report', 'warning', text);
    const { recording, checkpoints, startTick, oldest } = source;
    const before = checkpoints.all.filter((c) => c.tick <= this.ticks);
    const history = new History({ size: WHAT_IF_BYTES, memory: WHAT_IF_BYTES, warn }, before);
    const message: LeaveMessage = { limit: history.limit.buffer, until };
    this.#worker.postMessage(message);
    const at = await this.runtime.leave();
    this.history = history;
    this.#before = { chunks: chunksBefore(recording, at), fd: recording.fd, oldest };
    this.startTick = startTick;
    this.framed = true;
  }

  /** True while the thread stands still in the inspector. */
  get standing(): boolean {
    return this.#standing;
  }

  /** What the runtime says of the stop it stands in. */
  stopReport(): StopReport {
    this.#pump.drain();
    return JSON.parse(readNote(this.#stop)) as StopReport;
  }

  /** Lets `main` begin. */
  go(): void {
    this.#worker.postMessage('go');
  }

  get inspector(): InspectorChannel {
    if (!this.#channel) {
      throw new Error('this inferior has no inspector');
    }
    return this.#channel;
  }

  /** The runtime in the machine's thread. */
  get runtime(): RuntimeProxy {
    this.#runtime ??= runtimeProxy(this.inspector);
    return this.#runtime;
  }

  /** The fields or elements of a value that has been described, from `start` on. */
  async children(handle: string, start: number, count: number): Promise<readonly NamedValue[]> {
    this.#typesKnown ??= this.runtime.setFieldTypes(this.#fieldTypes);
    await this.#typesKnown;
    return this.runtime.children(handle, start, count);
  }

  /** What happened when, if it is recorded. */
  get timeline(): RunTimeline | undefined {
    const { turns, checkpoints } = this;
    return (
      turns && {
        end: turns.end,
        by: (axis, places) => turns.by(axis, places),
        checkpoints: checkpoints.all.map(({ nowNs: ns, frames: packets, captured }) => ({ ns, packets, captured })),
      }
    );
  }

  /** Ticks of the machine so far. */
  get ticks(): number {
    return this.#ticks[TICK.COUNT] ?? 0;
  }

  get checkpoints(): CheckpointStore {
    return this.opened?.checkpoints ?? this.history?.checkpoints ?? this.#noCheckpoints;
  }

  /** Where what is kept of the recording begins; null: with the machine. */
  get oldest(): CheckpointRef | null {
    return (this.opened ?? this.#before ?? this.history)?.oldest ?? null;
  }

  get recording(): Recording {
    if (this.opened) {
      return this.opened.recording;
    }
    const log = this.history?.log ?? { chunks: [], fd: -1 };
    const { chunks, fd } = this.#before ?? { chunks: [], fd: log.fd };
    const captures = this.replay?.files ?? [];
    const { framed } = this;
    const changed = framed || this.history?.limit.changed === true;
    return { ...this.#header, chunks: [...chunks, ...log.chunks], fd, captures, framed, changed };
  }

  /** Functions entered since the newest checkpoint, a byte each; undefined: unknown. */
  get entered(): Uint8Array | undefined {
    const known = (this.checkpoints.all.at(-1)?.number ?? -1) + 1;
    return known === takenCheckpoints(this.#entered) ? enteredBytes(this.#entered).slice() : undefined;
  }

  get exited(): boolean {
    return this.#ended;
  }

  /** What ended it, if something went wrong; else empty. */
  get failure(): string {
    return this.#failure;
  }

  /** All of the log that there is by now. */
  #takeLog(): void {
    this.#pump.drain();
    this.#takeChunks();
    if (!this.#ended) {
      this.history?.settle();
    }
  }

  /** Chunks that the machine has begun and that are not known yet. */
  #takeChunks(): void {
    for (let m = receiveMessageOnPort(this.#chunks); m; m = receiveMessageOnPort(this.#chunks)) {
      this.#addChunk(m.message as NewChunk);
    }
  }

  #message(m: WorkerMessage): void {
    switch (m.type) {
      case 'ring':
        this.#takeLog();
        break;
      case 'shared':
        this.shared.set(m.name, m.buffer);
        break;
      case 'notes':
        this.emit('notes', m.notes);
        Atomics.add(this.#ctl, CTL.NOTES_TAKEN, 1);
        Atomics.notify(this.#ctl, CTL.NOTES_TAKEN);
        break;
      case 'log-full':
        this.#takeLog();
        this.history?.full();
        break;
      case 'checkpoint':
        this.#takeLog();
        this.history?.addCheckpoint(m.checkpoint);
        this.emit('checkpoint', m.checkpoint);
        break;
      case 'started':
        this.startTick = m.tick;
        this.#pump.drain();
        this.emit('started');
        break;
      case 'exit':
        this.#pump.drain();
        this.#end(m.code, '', m.summary);
        break;
      case 'left':
        this.#onLeft.splice(0).forEach((done) => void done());
        this.emit('left');
        break;
      case 'light':
        this.#channel?.standsLightly(m, this.#light);
        break;
      case 'evaluated':
        this.#channel?.receiveLight(m.answer);
        break;
      case 'rows':
        this.emit('rows', typeof m.rows === 'string' ? (JSON.parse(m.rows) as RowData[]) : m.rows);
        break;
      case 'answered':
        this.emit('answered', m.result);
        break;
      case 'ready':
        break;
    }
  }

  /** What a thread that stands lightly is told. */
  readonly #light: LightThread = {
    leave: (goOn) => this.#tellLight(goOn ? LIGHT.GO : LIGHT.HARDEN),
    evaluate: (request) => {
      this.#chunks.postMessage(request);
      this.#tellLight(LIGHT.EVALUATE);
    },
  };

  #tellLight(what: number): void {
    Atomics.store(this.#ctl, CTL.LIGHT, what);
    Atomics.notify(this.#ctl, CTL.LIGHT);
  }

  /** Keeps a chunk, and gives memory for others, so that the machine never has to wait for the system's. */
  #addChunk({ chunk, spare }: NewChunk): void {
    const { history } = this;
    if (history && !this.#ended) {
      history.add(chunk);
      // One that it has made itself, as it was too fast or a record too long, leaves it what it has.
      this.#spares -= spare ? 1 : 0;
      const wanted = Math.min(SPARES, history.inMemory);
      while (this.#spares < wanted) {
        this.#worker.postMessage(history.spare());
        this.#spares++;
      }
    }
  }

  #end(code: number, message: string, summary: ExecutionSummary | undefined): void {
    if (this.#ended) {
      return;
    }
    this.#takeLog();
    this.#ended = true;
    this.#chunks.close();
    this.#pump.dispose();
    this.#giveUp();
    this.emit('exited', code, message, summary);
  }

  /** The thread is at its end: it answers nobody any more. */
  #giveUp(): void {
    for (const { reply } of this.#monitorWaiting.values()) {
      reply('');
    }
    this.#monitorWaiting.clear();
    for (const { failed } of this.#changes.values()) {
      failed(new EngineError('The machine has ended, and was not changed.'));
    }
    this.#changes.clear();
  }

  post(input: Input): void {
    this.#pump.post(input);
  }

  /** Resolves when the connections that the machine has asked for are made or refused, as far as that takes no time. */
  settled(): Promise<void> {
    return this.#pump.settled();
  }

  /** Asks a running machine to run a monitor command. */
  monitor(line: string): Promise<string> {
    const id = this.#nextMonitor++;
    return new Promise((resolve) => {
      this.#monitorWaiting.set(id, { line, reply: resolve });
      this.post({ type: 'monitor', id, line });
      if (this.#ended) {
        this.#giveUp();
      }
    });
  }

  #monitorReply(id: number, text: string): void {
    this.#monitorWaiting.get(id)?.reply(text);
    this.#monitorWaiting.delete(id);
  }

  /**
   * The machine stands still: whoever waits for the monitor is answered here, with what `inPlace` says of a command
   * that only tells something. The others are executed when the machine goes on.
   */
  async monitorNow(inPlace: (line: string) => Promise<string>): Promise<void> {
    for (const [id, { line }] of [...this.#monitorWaiting]) {
      const tells = TELLING_COMMAND.test(line);
      const text = tells ? await inPlace(line) : `The machine stands still; "${line}" is executed when it goes on.\n`;
      this.#monitorReply(id, text);
    }
  }

  /** Asks a running machine for a change that needs no frames. Throws `EngineError` if it ends before. */
  change(change: Change): Promise<void> {
    const id = this.#nextChange++;
    return new Promise((done, failed) => {
      this.#changes.set(id, { change, done, failed });
      this.#pump.change(id, change);
      if (this.#ended) {
        this.#giveUp();
      }
    });
  }

  #changed(id: number): void {
    this.#changes.get(id)?.done();
    this.#changes.delete(id);
  }

  /** The machine stands still: what it was asked for before is done here instead of in its next poll. */
  async changeNow(): Promise<void> {
    for (const [id, { change }] of [...this.#changes]) {
      await this.runtime.changeNow(id, change);
      this.#changed(id);
    }
  }

  /** Interrupts: in the poll by the doorbell, in running code by the tick limit. */
  interrupt(): void {
    Atomics.store(this.#ctl, CTL.PAUSE, 1);
    this.#ticks[TICK.LIMIT] = 0;
    this.#ring();
  }

  #ring(): void {
    Atomics.add(this.#ctl, CTL.DOORBELL, 1);
    Atomics.notify(this.#ctl, CTL.DOORBELL);
  }

  async terminate(): Promise<void> {
    const ended = this.#ended;
    if (!ended) {
      this.#takeLog();
    }
    this.#ended = true;
    this.#pump.dispose();
    this.#chunks.close();
    this.#giveUp();
    // A thread that is at its end must not be told anything: the inspector may then wait for it for ever.
    if (!ended) {
      await this.#letGo();
    }
    await this.#worker.terminate();
    if (!ended) {
      this.emit('exited', 0, '', undefined);
    }
  }

  /**
   * Has the thread stand nowhere any more: V8 aborts the whole process now and then if a thread is terminated while it
   * goes into the inspector or comes out of it, and waits for ever if it goes there afterwards. Without a debugger its
   * `debugger` statement does nothing.
   */
  async #letGo(): Promise<void> {
    if (!this.#channel) {
      return;
    }
    this.armed.fill(0);
    const left = this.#channel.send('Debugger.disable').catch(() => undefined);
    this.#ring();
    await Promise.race([left, setTimeout(LET_GO_MS)]);
    this.#standing = false;
  }
}

/** How many milliseconds a thread that is about to be ended has to leave the inspector; one that waits never hears. */
const LET_GO_MS = 50;

/** Bytes that a running machine is asked to write at a time. */
const WRITE_PIECE = 1 << 15;

/** Has a machine that runs write to its shared memory. */
export async function writeRunning(inferior: Inferior, name: string, offset: number, data: Uint8Array): Promise<void> {
  for (let at = 0; at < data.length; at += WRITE_PIECE) {
    const base64 = Buffer.from(data.subarray(at, at + WRITE_PIECE)).toString('base64');
    await inferior.change({ kind: 'memory', name, offset: offset + at, base64 });
  }
}

/** Runs a monitor command in a machine that stands still. */
export async function monitorInPlace({ runtime }: Inferior, line: string): Promise<string> {
  let said: string | null;
  try {
    said = await runtime.monitor(line);
  } catch (e) {
    // Stopped while the machine is built, the monitor's commands find half of it missing.
    throw e instanceof EvaluationError ? new EngineError(`The monitor cannot answer here: ${e.message}`) : e;
  }
  if (said === null) {
    throw new EngineError('The machine is not set up yet; continue first.');
  }
  return said;
}

/** Does what was asked of a machine that ran, and stands still now. */
export async function answerWaiting(inferior: Inferior): Promise<void> {
  await inferior.changeNow();
  await inferior.monitorNow((line) =>
    monitorInPlace(inferior, line).catch((e: unknown) => `${e instanceof Error ? e.message : String(e)}\n`),
  );
}
