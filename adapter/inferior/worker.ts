/**
 * The inferior's thread: loads the compiled stack, makes the `Host` it is given to, and calls `main`. Its `workerData`
 * is a `WorkerData`; it posts `WorkerMessage`s and waits for the message 'go'.
 */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { Change, ChangePosition } from '../mailbox/change.ts';
import type { CheckpointRef } from '../mailbox/checkpoint-ref.ts';
import type { Reader } from '../mailbox/codec.ts';
import { enteredBytes, takeEntered } from '../mailbox/entered.ts';
import { CTL, type MailboxBuffers } from '../mailbox/mailbox.ts';
import { writeNote } from '../mailbox/note.ts';
import type { ProbeTables } from '../mailbox/probes.ts';
import type { Recording, RecordingHeader } from '../mailbox/recorded.ts';
import { TICK } from '../mailbox/ticks.ts';
import { TurnWriter } from '../mailbox/turn-index.ts';
import { PacketIndex } from '../packets/capture-index.ts';
import { FileSource } from '../replay/file-source.ts';
import type { KnownPackets } from '../replay/known-packets.ts';
import { mergedSource } from '../replay/merge.ts';
import { readNumbers } from '../replay/recorded-numbers.ts';
import { PacketBlocks, type PacketsFile } from '../saved/packet-blocks.ts';
import type { FrameDirection, Host, Input } from '../stack/util/host.ts';
import type { QueryOrder, QueryResult, Rows } from './asked.ts';
import { type Call, StackLeft } from './call-stack.ts';
import { restoreCheckpoint } from './checkpoint-restore.ts';
import { CheckpointTaker } from './checkpoint-take.ts';
import { Checkpoints } from './checkpoints.ts';
import { type Dissection, dissection, dissectWith } from './dissection.ts';
import { ForkHost, type OpenSocket } from './fork-host.ts';
import { type LightAnswer, LightStops } from './light-stop.ts';
import { LiveHost } from './live-host.ts';
import { NamedMemory } from './named-memory.ts';
import type { Note } from './notes.ts';
import { RecordedHost, type RecordedHostHooks, type RecordedStart } from './recorded-host.ts';
import { RecordingHost, type TurnWatch } from './recording.ts';
import type { ReplayData } from './replay-data.ts';
import { Runtime } from './runtime.ts';
import { loadStack } from './stack-modules.ts';
import type { TraceHost } from './trace-host.ts';
import type { TravelOrder } from './travel.ts';

/** What the engine starts the thread with. */
export interface WorkerData {
  /** Absolute path of the folder of the compiled stack (debug or release). */
  readonly stackDir: string;
  /** V8's code of them (stack-modules.ts), which need not exist; '' for none. */
  readonly codeCache: string;
  /** Modules to load, relative to `stackDir`, without extension. */
  readonly modules: readonly string[];
  readonly tables: ProbeTables;
  readonly armed: SharedArrayBuffer;
  readonly ticks: SharedArrayBuffer;
  /** Which functions have been entered (mailbox/entered.ts). */
  readonly entered: SharedArrayBuffer;
  readonly mailbox: MailboxBuffers;
  /** Where the description of a stop is left: a note with the JSON of a `StopReport`. */
  readonly stop: SharedArrayBuffer;
  readonly header: RecordingHeader;
  /** A capture to replay. */
  readonly replay: ReplayData | null;
  /** A recording to execute again instead of live input. */
  readonly recording: Recording | null;
  /** What of it was done before: it is executed from here on. */
  readonly checkpoint: CheckpointRef | null;
  /** Where chunks of the log go as they are begun, and where requests at a light stop come from. */
  readonly chunks: MessagePort;
  /** Bound of the recording to make (see `LogLimit`); null: none is made. */
  readonly logLimit: SharedArrayBuffer | null;
  /** Milliseconds that the machine runs between checkpoints of what it records; 0: one at each turn. Null: none. */
  readonly checkpointMs: number | null;
  /** Where turns of what is recorded are noted; null: nowhere. */
  readonly turns: SharedArrayBuffer | null;
  readonly stopOnEntry: boolean;
  /** Wait for orders to execute stretches of recordings (`TravelMessage`), instead of running once. */
  readonly past: boolean;
  /** The stack is the release build, which counts no ticks. */
  readonly release: boolean;
  /** Keep a hash over all frames (costs time per packet). */
  readonly hashFrames: boolean;
  /** In a re-execution: where its packets are written to. */
  readonly packets: PacketsFile | null;
  /** Compare a hash of the whole state before each turn (takes milliseconds each). */
  readonly hashTurns: boolean;
  /** Have V8 describe each stop at once. */
  readonly hardStops: boolean;
}

/** What an execution came to: equal for a live session and its re-execution. */
export interface ExecutionSummary {
  readonly ticks: number;
  readonly turns: number;
  readonly frames: number;
  readonly frameHash: string;
  readonly stateHash: string;
  /** In a re-execution: what differs first from when it was recorded; absent if nothing does. */
  readonly differs?: string;
}

export type WorkerMessage =
  | { readonly type: 'ready' }
  /** The machine is set up; it has taken `tick` ticks. */
  | { readonly type: 'started'; readonly tick: number }
  | { readonly type: 'shared'; readonly name: string; readonly buffer: SharedArrayBuffer }
  | { readonly type: 'ring' }
  /** A past inferior has left the stack. */
  | { readonly type: 'left' }
  /** It stands still, lightly. */
  | { readonly type: 'light'; readonly calls: readonly Call[]; readonly evaluates: boolean }
  /** What was asked of it meanwhile. */
  | { readonly type: 'evaluated'; readonly answer: LightAnswer }
  /** Answers to a query, and its end. */
  | { readonly type: 'rows'; readonly rows: Rows }
  | { readonly type: 'answered'; readonly result: QueryResult }
  | { readonly type: 'checkpoint'; readonly checkpoint: CheckpointRef }
  /** The log is at its limit, and the inferior waits for an answer. */
  | { readonly type: 'log-full' }
  /** What an execution of history has noted. */
  | { readonly type: 'notes'; readonly notes: readonly Note[] }
  | { readonly type: 'exit'; readonly code: number; readonly summary: ExecutionSummary };

const data = workerData as WorkerData;
dissectWith(() => createRequire(import.meta.url)('./dissected.cjs') as Dissection);
const port = parentPort;
if (!port) {
  throw new Error('worker.js is the inferior of pktgdb and runs in a worker thread only');
}
const messages = port;
const post = (m: WorkerMessage): void => port.postMessage(m);

const ctl = new Int32Array(data.mailbox.ctl);
let live: LiveHost | undefined;
let recorded: RecordedHost | undefined;

const stackUrl = pathToFileURL(data.stackDir).href;
const light = new LightStops(ctl, stackUrl, data.chunks, {
  stands: (calls, evaluates) => post({ type: 'light', calls, evaluates }),
  answer: (answer) => post({ type: 'evaluated', answer }),
});

/** Bundles of notes that may be on their way: whoever writes faster than the main thread reads fills the memory. */
const NOTES_ON_WAY = 32;
let notesSent = 0;

function sendNotes(notes: readonly Note[]): void {
  post({ type: 'notes', notes });
  notesSent++;
  for (;;) {
    const taken = Atomics.load(ctl, CTL.NOTES_TAKEN);
    if (notesSent - taken < NOTES_ON_WAY) {
      return;
    }
    Atomics.wait(ctl, CTL.NOTES_TAKEN, taken);
  }
}

const runtime = new Runtime({
  A: new Uint8Array(data.armed),
  T: new Float64Array(data.ticks),
  E: enteredBytes(data.entered),
  tables: data.tables,
  stackUrl,
  takePause: () => Atomics.exchange(ctl, CTL.PAUSE, 0) === 1,
  pausePending: () => Atomics.load(ctl, CTL.PAUSE) === 1,
  sendLog: (breakpoint, probe, text) => live?.log(breakpoint, probe, text),
  tellStop: (stop) => {
    noteTurn();
    writeNote(data.stop, JSON.stringify(stop));
  },
  // In the past V8 pauses at all exceptions, also at those of an evaluation that it does not do itself.
  ...(data.past || data.hardStops ? {} : { light }),
  sendNotes,
});
Object.defineProperty(globalThis, '__pktgdb', { value: runtime });
const { edge } = runtime;

let frameHash = 0x811c9dc5;

function hashFrame(dir: FrameDirection, buf: Uint8Array, size: number): void {
  edge.passes(dir, buf, size);
  let h = Math.imul(frameHash ^ dir, 0x01000193);
  for (let i = 0; i < size; i++) {
    h = Math.imul(h ^ (buf[i] as number), 0x01000193);
  }
  frameHash = Math.imul(h ^ size, 0x01000193);
}

function countFrame(dir: FrameDirection, buf: Uint8Array, size: number): void {
  edge.passes(dir, buf, size);
}

const memory = new NamedMemory(runtime.changes.shared, (name, buffer) => post({ type: 'shared', name, buffer }));

const countingFrame = data.hashFrames ? hashFrame : countFrame;
let traceHost: TraceHost | undefined;

/** In a replay, also notes which packet of the capture it is, for breakpoints on packets. */
function numberFrame(dir: FrameDirection, buf: Uint8Array, size: number): void {
  countingFrame(dir, buf, size);
  if (dir === 1 && traceHost) {
    edge.sent(traceHost.sentPacket, traceHost.sentGrade);
  }
}

/** What a recording keeps of each turn, so that a re-execution finds the first one that differs. */
const check = (): number =>
  ((data.hashFrames ? frameHash : 0) ^ (data.hashTurns ? Number.parseInt(runtime.stateHash().slice(-8), 16) : 0)) >>> 0;
const ticks = (): number => runtime.T[TICK.COUNT] ?? 0;

const turnIndex = data.turns && new TurnWriter(data.turns);

/** What has happened so far: as a turn ends, and where the machine stands still in one. */
function noteTurn(): void {
  const { machine } = runtime;
  if (turnIndex && machine?.host) {
    const { packets, toGuest } = edge;
    const { host, drops, cpu } = machine;
    const happened = [drops?.total ?? 0, cpu?.interrupts ?? 0, edge.number] as const;
    turnIndex.note(host.now_ns, ticks(), toGuest, packets - toGuest, ...happened);
  }
}

const hooks = {
  now: () => runtime.now(),
  ring: () => post({ type: 'ring' }),
  pause: () => runtime.pauseInPoll(),
  change: (id: number, change: Change) => runtime.changes.inPoll(id, change),
  frame: data.replay ? numberFrame : countingFrame,
  allocShared: (name: string, bytes: number) => memory.alloc(name, bytes),
};

/** Begins where a checkpoint was taken. */
function startOf(checkpoint: CheckpointRef): RecordedStart {
  const named = (name: string, size: number): ArrayBufferLike => memory.at(name, size);
  const restoreTree = (): void =>
    restoreCheckpoint(runtime.machine as object, checkpoint, runtime.symbols, named, runtime.births);
  const restore = (): void => {
    restoreTree();
    runtime.T[TICK.COUNT] = checkpoint.tick;
    ({ frameHash } = checkpoint);
    runtime.beginAtEdge(newKnowledge(), checkpoint.edge);
  };
  return { ...checkpoint, restoreTree, restore };
}

function makeHost(): Host {
  const { header } = data;
  if (data.recording) {
    recorded = recordedHost(data.recording, data.checkpoint && startOf(data.checkpoint), NOWHERE);
    return recorded;
  }
  live = new LiveHost(data.mailbox, header.seed, header.nameservers, hooks);
  traceHost = data.replay ? replayHost(data.replay, live) : undefined;
  const source = traceHost ?? live;
  if (!data.logLimit) {
    return source;
  }
  return recordingHost(source, data.logLimit);
}

const nameOf = (buffer: ArrayBufferLike): string => memory.nameOf(buffer);

/** What is kept beside the tree of a checkpoint. */
function beside(): Pick<CheckpointRef, 'frames' | 'frameHash' | 'edge' | 'captured'> {
  return { frames: edge.packets, frameHash, edge: edge.save(), captured: edge.known?.highest ?? 0 };
}

const newChunk = (chunk: SharedArrayBuffer, spare: boolean): void => data.chunks.postMessage({ chunk, spare });

/** The machine's thread has no event loop while the machine runs, so it looks for itself. */
function spareChunk(): SharedArrayBuffer | undefined {
  return (receiveMessageOnPort(messages) as { message: SharedArrayBuffer } | undefined)?.message;
}

function recordingHost(source: Host, logLimit: SharedArrayBuffer): RecordingHost {
  const { checkpointMs: everyMs } = data;
  const checkpoints: Checkpoints | null =
    everyMs === null
      ? null
      : new Checkpoints({
          runtime,
          host: () => host,
          idles: data.replay === null,
          everyMs,
          nameOf,
          beside: () => ({ ...beside(), entered: takeEntered(data.entered) }),
          post: (checkpoint) => post({ type: 'checkpoint', checkpoint }),
        });
  const recordingHooks = {
    ticks,
    check,
    newChunk,
    full: () => post({ type: 'log-full' }),
    spareChunk,
    keep: (bytes: Uint8Array, place: number) => live?.keep(bytes, place) ?? false,
  };
  const turns: TurnWatch = {
    turnEnds: (timeoutNs) => {
      noteTurn();
      checkpoints?.turnEnds(timeoutNs);
    },
    turnBegins: () => checkpoints?.turnBegins(),
  };
  const host: RecordingHost = new RecordingHost(source, logLimit, recordingHooks, turns, traceHost);
  runtime.changes.record = (probe, change) => host.change(probe, change);
  return host;
}

/** Who wants to know how far a re-execution is. */
type RecordedWatch = Pick<RecordedHostHooks, 'polls' | 'ends'>;
const NOWHERE: RecordedWatch = { polls: () => undefined, ends: () => undefined };

function recordedHost(recording: Recording, start: RecordedStart | null, watch: RecordedWatch): RecordedHost {
  const recordedHooks = {
    allocShared: hooks.allocShared,
    frame: frameAgain,
    replayed: (inputs: readonly Input[], changes: readonly number[]) => {
      const { known } = edge;
      if (known) {
        known.turn();
        for (const change of changes) {
          known.redo(change);
        }
        known.inputs(inputs);
      }
    },
    numbers: (r: Reader) => {
      if (edge.known) {
        readNumbers(r, edge.known.numbers);
      }
    },
    ...watch,
    ticks: () => (data.release ? -1 : ticks()),
    check,
    turn: (tick: number) => {
      if (data.release) {
        runtime.T[TICK.COUNT] = tick;
      }
    },
    changeAt: (at: ChangePosition) => runtime.changes.redoAt(at),
    changesInPoll: () => runtime.changes.redo(-1, true),
  };
  const host: RecordedHost = new RecordedHost(recording, recordedHooks, start);
  runtime.changes.nextRecorded = (here) => host.nextChange(here);
  runtime.changes.record = undefined;
  runtime.changes.leaveRecording = () => leaveRecording(host, recordedHooks);
  return host;
}

const packetBlocks = data.packets && new PacketBlocks(data.packets);

/** What a past inferior gets, as a message, before it is told to leave the recording. */
export interface LeaveMessage {
  /** Of the log of what comes. */
  readonly limit: SharedArrayBuffer;
  /** Where time ends, in nanoseconds. */
  readonly until: number;
}

/** The machine goes on from here on its own; what it does is recorded. Returns where in the log that begins. */
function leaveRecording(host: RecordedHost, forkHooks: RecordedHostHooks): number {
  const { message } = receiveMessageOnPort(messages) as { message: LeaveMessage };
  const sockets = (): ReadonlyMap<number, OpenSocket> =>
    (runtime.machine as unknown as { sockets: { fds: ReadonlyMap<number, OpenSocket> } }).sockets.fds;
  let at = 0;
  host.leave((log) => {
    at = log.at;
    const fork = new ForkHost(host, log, forkHooks, sockets, message.until);
    const recording = new RecordingHost(
      fork,
      message.limit,
      {
        ticks,
        check,
        newChunk,
        full: () => post({ type: 'log-full' }),
        spareChunk,
      },
      null,
      data.replay ? fork : null,
      at,
    );
    runtime.changes.record = (probe, change) => recording.change(probe, change, host.inPoll);
    runtime.changes.nextRecorded = undefined;
    return recording;
  });
  return at;
}

/** A frame of a re-execution; what a replay once said of it comes from the recording. */
function frameAgain(dir: FrameDirection, buf: Uint8Array, size: number, number: number, grade: number): void {
  countingFrame(dir, buf, size);
  packetBlocks?.add(dir, buf, size, recorded?.now_ns ?? 0);
  if (dir === 1 && edge.known) {
    edge.known.sentAgain(buf, size, number);
    edge.sent(number, grade);
  }
  runtime.packetPassed();
}

/** For an execution of a replay's recording: what is known of packets at its start. */
function newKnowledge(): KnownPackets | null {
  if (!data.past || !data.replay) {
    return null;
  }
  const { index, plan } = data.replay;
  const known = new (dissection().KnownPackets)(new PacketIndex(index), plan);
  dissection().countPackets(known.numbers, plan.roles);
  return known;
}

function replayHost({ files, index, plan, script, stopAtEnd }: ReplayData, outside: Host): TraceHost {
  const host = new (dissection().TraceHost)({
    source: mergedSource(files.map((file) => new FileSource(file))),
    index: new PacketIndex(index),
    plan,
    outside,
    argv: data.header.argv,
    script,
    atEnd: () => {
      if (stopAtEnd) {
        runtime.standAtEnd();
      }
    },
  });
  runtime.replays(host.comparison, host.known);
  return host;
}

/** Tells the engine when the machine is up: the first poll comes after everything is set up. */
function announceStart(host: Host): void {
  const poll = host.poll;
  host.poll = (timeoutNs: number) => {
    host.poll = poll;
    post({ type: 'started', tick: runtime.T[TICK.COUNT] ?? 0 });
    return poll.call(host, timeoutNs);
  };
}

type Main = (argc: number, argv: readonly string[], host: Host) => number;
const { main } = (await loadStack(data.stackDir, ['softmmu/main', ...data.modules], data.codeCache)) as {
  readonly main?: Main;
};
if (!main) {
  throw new Error(`${data.stackDir}/softmmu/main.js has no main`);
}

function run(entry: Main): void {
  const host = makeHost();
  announceStart(host);
  if (data.stopOnEntry) {
    runtime.wantEntry();
  }
  const argv = data.header.argv;
  const code = entry(argv.length, argv, host);
  packetBlocks?.flush();
  const turns = runtime.machine?.turns ?? 0;
  const { packets: frames } = edge;
  const summary = {
    ticks: runtime.T[TICK.COUNT] ?? 0,
    turns,
    frames,
    frameHash: (frameHash >>> 0).toString(16),
    stateHash: data.hashFrames ? runtime.stateHash() : '',
    ...(recorded && recorded.differs !== '' ? { differs: recorded.differs } : {}),
  };
  post({ type: 'exit', code, summary });
}

interface PastMessage {
  readonly recording: Recording;
  /** Where to begin; null: at the start. */
  readonly checkpoint: CheckpointRef | null;
}

/** What a past inferior is told to do. */
export interface TravelMessage extends PastMessage {
  readonly order: TravelOrder;
}

/** What it is asked. */
export interface QueryMessage extends PastMessage {
  readonly query: QueryOrder;
}

const NEVER = { from: Number.POSITIVE_INFINITY, every: 0 };
/** When the past takes a checkpoint on its way (see `TravelOrder.save`). */
let saving: NonNullable<TravelOrder['save']> = NEVER;
let saver: CheckpointTaker | undefined;
let saved = 0;

/** Takes a checkpoint of the past, which is about to poll. */
function save(host: RecordedHost): void {
  const { machine } = runtime;
  const tick = ticks();
  saving = { ...saving, from: tick + saving.every };
  if (machine && host.turns > 0) {
    saver ??= new CheckpointTaker(machine, 'host', runtime.symbols, nameOf, runtime.births);
    const { turns: turn, now_ns: nowNs, at: logAt } = host;
    post({
      type: 'checkpoint',
      checkpoint: { ...saver.take(), number: saved++, turn, tick, nowNs, logAt, ...beside() },
    });
  }
}

/** Executes the recording until the stack is left; `begin` is called where that begins. */
function again(entry: Main, { recording, checkpoint }: PastMessage, begin: () => void): void {
  const { machine } = runtime.globals('softmmu/machine.ts') as { machine: { constructor: new () => object } };
  runtime.prepareTravel();
  memory.restart();
  runtime.births.again(machine, () => new machine.constructor(), bornAtLoad);
  live ??= new LiveHost(data.mailbox, data.header.seed, data.header.nameservers, hooks);
  runtime.T[TICK.COUNT] = loadedAt;
  runtime.beginAtEdge(newKnowledge());
  runtime.notes.restart();
  runtime.packetViews.restartFilters();
  const start = checkpoint && startOf(checkpoint);
  const restore = (): void => {
    start?.restore();
    begin();
  };
  const host: RecordedHost = recordedHost(recording, start && { ...start, restore }, {
    polls: (ns) => {
      if (ticks() >= saving.from) {
        save(host);
      }
      runtime.polls(ns, host.turns === 0);
    },
    ends: () => runtime.endOfRecording(),
  });
  if (!start) {
    begin();
  }
  try {
    entry(data.header.argv.length, data.header.argv, host);
  } catch (e) {
    if (!(e instanceof StackLeft)) {
      throw e;
    }
  }
}

function travel(entry: Main, message: TravelMessage): void {
  saving = message.order.save ?? NEVER;
  again(entry, message, () => runtime.startTravel(message.order));
  saving = NEVER;
  post({ type: 'left' });
}

function answer(entry: Main, message: QueryMessage): void {
  again(entry, message, () => runtime.startQuery(message.query, (rows) => post({ type: 'rows', rows })));
  post({ type: 'answered', result: runtime.endQuery() });
}

// `main` is called from an immediate, outside any promise or event dispatch: an exception in the stack is then seen as
// uncaught where it is thrown.
/** Loading the stack's modules takes ticks too. */
const loadedAt = runtime.T[TICK.COUNT] ?? 0;
const { count: bornAtLoad } = runtime.births;

if (data.past) {
  port.on('message', (m: TravelMessage | QueryMessage) =>
    'query' in m ? setImmediate(answer, main, m) : setImmediate(travel, main, m),
  );
} else {
  port.once('message', () => setImmediate(run, main));
}
post({ type: 'ready' });
