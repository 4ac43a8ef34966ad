/** The engine: breakpoints and runs of a machine, for the front ends. See api.ts for what each member does. */
import { EventEmitter } from 'node:events';
import { attachQtest } from '../host/qtest.ts';
import type { FieldTypes } from '../inferior/runtime.ts';
import type { StepRequest } from '../inferior/stop.ts';
import type { ExecutionSummary } from '../inferior/worker.ts';
import type { FramedChange } from '../mailbox/change.ts';
import { IN_TICK } from '../mailbox/probes.ts';
import type { Recording } from '../mailbox/recorded.ts';
import type { DivergenceReport } from '../replay/divergence.ts';
import {
  type Breakpoint,
  type BreakpointSpec,
  type EngineApi,
  EngineError,
  type EngineEvents,
  type Frame,
  GivenUpError,
  type HistoryState,
  type InferiorState,
  type InjectEdge,
  type LaunchOptions,
  type LinkFaults,
  type MomentTarget,
  type NamedValue,
  type Note,
  type PacketBytes,
  type Position,
  type QueryEnd,
  type QueryOptions,
  type QueryRequest,
  type ReplayState,
  type ReverseKind,
  type RunTimeline,
  type SavedMarks,
  type SaveSummary,
  type StepKind,
  type Stop,
  type SymbolScope,
  type TracePoint,
  type Value,
} from './api.ts';
import { BreakpointTable } from './breakpoints.ts';
import { CheckpointStore } from './checkpoint-store.ts';
import { evaluateStatic } from './evaluate-static.ts';
import { SharedGuestMemory } from './guest-memory.ts';
import type { History } from './history.ts';
import type { HistorySource } from './history-source.ts';
import { Image } from './image.ts';
import { Inferior, TELLING_COMMAND } from './inferior.ts';
import { EvaluationError, type V8Paused } from './inspector.ts';
import { Installer } from './installer.ts';
import { capturedPacket, type EngineInternals, inferiorOptions, type Replay, replayState } from './launch.ts';
import { Past } from './past.ts';
import { Queries } from './queries.ts';
import { type ReexecuteOptions, reexecute } from './reexecute.ts';
import { saveSession, type WritePackets } from './saving.ts';
import { runToRequest, stepRequest } from './step-request.ts';
import { exceptionStop, StoppedState, withResult } from './stopped.ts';
import { historyMoment, type Moment, momentOf, type PastStep, START, TimeTravel } from './time-travel.ts';
import { Tracer } from './tracer.ts';
import { engineError, Traces } from './traces.ts';
import { watchedBy } from './watched.ts';

/** Bytes that a running machine is asked to write at a time. */
const WRITE_PIECE = 1 << 15;
const NOT_RUNNING = 'The program is not being run.';
const RUNNING = 'Cannot execute this command while the machine is running.';

export class Engine extends EventEmitter<EngineEvents> implements EngineApi {
  readonly #image: Image;
  readonly #table: BreakpointTable;
  readonly #fieldTypes: FieldTypes;
  readonly #time: TimeTravel;
  readonly #tracer: Tracer;
  readonly #queries: Queries;
  readonly #traces: Traces;
  /** The live machine. */
  #inferior: Inferior | undefined;
  #installer: Installer | undefined;
  /** Where the inferior stands that is shown: the live one, or the past. */
  #moment: Moment | undefined;
  #inferiorState: InferiorState = 'none';
  /** Counts starts and ends, so that a start notices that it is out of date. */
  #run = 0;
  #lastShared: ReadonlyMap<string, ArrayBufferLike> = new Map();
  #lastSummary: ExecutionSummary | undefined;
  #lastCheckpoints = new CheckpointStore();
  #lastRecording: Recording | undefined;
  /** What the last recording lies in, until the next run. */
  #lastHistory: History | undefined;
  /** When the machine began, in milliseconds since the epoch. */
  #begun = 0;
  #materialisedAt = 0;
  internals: EngineInternals = {};

  private constructor(image: Image) {
    super();
    this.#image = image;
    this.#table = new BreakpointTable(image);
    this.#time = new TimeTravel(image, this.#table, {
      live: () => this.#live(),
      show: (moment) => this.#show(moment),
      goLive: (present, step) => void this.#goLive(present, step),
      complain: (text) => this.emit('report', 'error', text),
    });
    this.#tracer = new Tracer(
      image,
      () => this.#live(),
      (text) => this.emit('report', 'error', text),
    );
    this.#queries = new Queries(image);
    this.#traces = new Traces({
      progress: (what, done, total) => void this.emit('progress', what, done, total),
      warn: (text) => void this.emit('report', 'warning', text),
    });
    this.#fieldTypes = Object.fromEntries(
      image.info.structs.map((s) => [s.name, Object.fromEntries(s.fields.map((f) => [f.name, f.type]))]),
    );
  }

  /** Loads the build. Throws `EngineError` when there is none. */
  static async create(options: { readonly distDir?: string } = {}): Promise<Engine> {
    return new Engine(Image.load(options.distDir));
  }

  get info() {
    return this.#image.info;
  }

  get sourceRoot(): string {
    return this.#image.dist.sourceRoot;
  }

  get state(): InferiorState {
    return this.#inferiorState;
  }

  get stop(): Stop | undefined {
    return this.#inferiorState === 'stopped' ? this.#moment?.stop : undefined;
  }

  get shared(): ReadonlyMap<string, ArrayBufferLike> {
    return this.#moment?.inferior.shared ?? this.#inferior?.shared ?? this.#lastShared;
  }

  get memory(): SharedGuestMemory {
    return new SharedGuestMemory(this.shared, (name, offset, data) => this.writeShared(name, offset, data));
  }

  // ---- life ----

  async launch(options: LaunchOptions): Promise<void> {
    const run = ++this.#run;
    await this.#endRun();
    this.#checkRun(run);
    this.#forgetHistory();
    this.#inferiorState = 'starting';
    let replay: Replay | undefined;
    try {
      if (await this.#traces.isRecording(options, this.info.buildId)) {
        return await this.#open(options);
      }
      replay = await this.#traces.load(options);
    } catch (e) {
      this.#inferiorState = 'none';
      throw e;
    }
    this.#begun = Date.now();
    this.#checkRun(run);
    const settings = inferiorOptions(this.#image, options, this.internals, replay);
    let inferior: Inferior;
    try {
      inferior = await Inferior.create(this.#image, settings);
    } catch (e) {
      this.#inferiorState = 'none';
      throw new EngineError(`the machine cannot be loaded: ${e instanceof Error ? e.message : String(e)}`);
    }
    if (run !== this.#run) {
      await inferior.terminate();
      this.#checkRun(run);
    }
    this.#inferior = inferior;
    try {
      await attachQtest(inferior, settings.header.argv);
    } catch (e) {
      await this.kill();
      this.#inferiorState = 'none';
      throw new EngineError(e instanceof Error ? e.message : String(e));
    }
    const installer = new Installer(this.#table, inferior.runtime, (text) => {
      if (this.#inferior === inferior) {
        this.emit('report', 'error', text);
      }
    });
    this.#installer = installer;
    this.#forgetHits();
    try {
      await installer.all();
      this.#checkRun(run);
      await this.#start(inferior, options.guestCommands ?? []);
    } catch (e) {
      this.#checkRun(run);
      throw e;
    }
  }

  /** Throws if the run that is being started has been ended, or another one has been asked for. */
  #checkRun(run: number): void {
    if (run !== this.#run) {
      throw new GivenUpError('The start was given up: the machine was ended, or started again, meanwhile.');
    }
  }

  /** Opens a saved recording: the machine stands where it stood when that was saved. */
  async #open(options: LaunchOptions): Promise<void> {
    let past: Past | undefined;
    try {
      const opened = await this.#traces.open(options);
      this.#begun = opened.head.begun;
      this.#forgetHits();
      const complain = (text: string): void => void this.emit('report', 'error', text);
      past = await Past.create(
        this.#image,
        this.#table,
        () => opened,
        () => undefined,
        complain,
      );
      const { inferior, installer } = past;
      const arrival = await past.to(opened.head.end);
      inferior.opened = opened;
      this.#inferior = inferior;
      this.#installer = installer;
      inferior.once('exited', (code, message) => this.#ended(inferior, code, message, undefined));
      this.#show(momentOf(this.#image, arrival, inferior, { kind: 'recording-end' }));
    } catch (e) {
      await past?.dispose();
      this.#forgetHistory();
      this.#inferiorState = 'none';
      throw engineError(e);
    }
  }

  get savedMarks(): SavedMarks | undefined {
    return this.#traces.recording?.marks;
  }

  async saveRecording(path: string, marks: SavedMarks): Promise<SaveSummary> {
    const moment = this.#need();
    this.#needHistory();
    const { recording, checkpoints, startTick } = this.#live();
    const session = {
      recording,
      checkpoints: checkpoints.all,
      begun: this.#begun,
      startTick,
      end: historyMoment(this.#time.present ?? moment),
      replay: this.#traces.replay,
    };
    const release = !recording.framed;
    const write: WritePackets = (from, packets) =>
      reexecute(this.#image, recording, { ...(from ? { from } : {}), release, packets });
    return saveSession(path, session, marks, write, (done, total) =>
      this.emit('progress', 'Saving the recording', done, total),
    );
  }

  /** Runs the machine until it is set up. Throws what it complained about if it never is. */
  #start(inferior: Inferior, guestCommands: readonly string[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const errors: string[] = [];
      let up = false;
      inferior.on('report', (level, text) => {
        if (up || level !== 'error') {
          this.emit('report', level, text);
        } else {
          errors.push(text);
        }
      });
      inferior.on('console', (text) => this.emit('console', text));
      inferior.on('log', (bp, probe, text) => this.#emitLog(bp, probe, text));
      const running = (): void => {
        up = true;
        for (const line of guestCommands) {
          this.guestInput(`${line}\n`);
        }
        resolve();
      };
      inferior.once('started', running);
      inferior.on('paused', (p) => {
        this.#onPaused(inferior, p);
        if (!up) {
          running();
        }
      });
      inferior.once('exited', (code, message, summary) => {
        if (up) {
          this.#ended(inferior, code, message, summary);
        } else {
          this.#forgetInferior(inferior);
          this.#inferiorState = 'none';
          void inferior.terminate();
          reject(new EngineError(errors.join('\n') || message || 'the machine did not start'));
        }
      });
      this.#inferiorState = 'running';
      inferior.go();
    });
  }

  #emitLog(id: number, probe: number, text: string): void {
    const p = this.#image.probe(probe);
    if (p) {
      const whole = this.#table.get(id)?.bp.spec.exact || text.endsWith('\n');
      this.emit('log', whole ? text : `${text}\n`, this.#image.location(p));
    }
  }

  #forgetInferior(inferior: Inferior): void {
    this.#lastShared = inferior.shared;
    this.#lastRecording = inferior.recording;
    this.#lastCheckpoints = inferior.checkpoints;
    this.#lastHistory = inferior.history;
    this.#inferior = undefined;
    this.#installer = undefined;
    this.#moment = undefined;
    this.#forgetWatches();
    void this.#time.dispose();
    void this.#tracer.dispose();
    void this.#queries.dispose();
  }

  #forgetHistory(): void {
    if (this.#traces.recording) {
      this.#traces.close();
    }
    this.#lastHistory?.close();
    this.#lastHistory = undefined;
    this.#lastRecording = undefined;
  }

  #ended(inferior: Inferior, code: number, message: string, summary: ExecutionSummary | undefined): void {
    if (this.#inferior !== inferior) {
      return;
    }
    this.#lastSummary = summary;
    this.#forgetInferior(inferior);
    this.#inferiorState = 'exited';
    void inferior.terminate();
    this.emit('exited', code, message);
  }

  async kill(): Promise<void> {
    this.#run++;
    await this.#endRun();
  }

  async #endRun(): Promise<void> {
    this.#traces.abort();
    const inferior = this.#inferior;
    if (inferior) {
      this.#forgetInferior(inferior);
      this.#inferiorState = 'exited';
      await inferior.terminate();
      this.emit('exited', 0, '');
    } else if (this.#inferiorState === 'starting') {
      this.#inferiorState = 'none';
    }
  }

  async dispose(): Promise<void> {
    await this.kill();
    this.#forgetHistory();
    this.#traces.close();
    this.removeAllListeners();
  }

  // ---- stops ----

  #onPaused(inferior: Inferior, paused: V8Paused): void {
    if (this.#moment?.stopped.materialised || this.#inferior !== inferior) {
      return;
    }
    const exception = paused.reason === 'exception' || paused.reason === 'promiseRejection';
    if (exception) {
      this.#countExceptions();
    }
    const report = exception ? undefined : inferior.stopReport();
    void this.#answerWaiting(inferior).catch(() => undefined);
    this.#noteHits(report?.hitCounts ?? {});
    const position = report?.position ?? { tick: inferior.ticks, probe: IN_TICK };
    const stopped = new StoppedState(this.#image, inferior.inspector, paused, position.probe);
    const stop = report && report.stop.kind !== 'arrived' ? report.stop : exceptionStop(paused);
    this.#show({
      inferior,
      stopped,
      position,
      ns: report?.ns ?? 0,
      packets: report?.packets ?? 0,
      lastPacket: report?.lastPacket ?? null,
      stop,
    });
  }

  /** What the machine was asked for while it ran, and has not come to. */
  async #answerWaiting(inferior: Inferior): Promise<void> {
    await inferior.changeNow();
    await inferior.monitorNow((line) =>
      this.#monitorInPlace(inferior, line).catch((e: unknown) => `${e instanceof Error ? e.message : String(e)}\n`),
    );
  }

  #show(moment: Moment): void {
    const { stop } = moment;
    this.#moment = moment;
    this.#inferiorState = 'stopped';
    for (const id of stop.kind === 'watchpoint-scope' ? stop.breakpoints : []) {
      this.deleteBreakpoint(id);
    }
    for (const id of stop.kind === 'breakpoint' ? stop.breakpoints : []) {
      this.#spend(id);
    }
    this.emit('stopped', stop);
  }

  /** A breakpoint has stopped: it may have been the last time. */
  #spend(id: number): void {
    const spec = this.#table.get(id)?.bp.spec;
    if (spec?.temporary) {
      this.deleteBreakpoint(id);
    } else if (spec?.stopsLeft !== undefined) {
      const left = spec.stopsLeft - 1;
      this.updateBreakpoint(id, { stopsLeft: left > 0 ? left : null, ...(left > 0 ? {} : { enabled: false }) });
    }
  }

  /** A run begins. */
  #forgetHits(): void {
    for (const bp of this.#table.all) {
      this.#table.change(bp.id, { hits: 0 });
    }
  }

  #noteHits(counts: Readonly<Record<string, number>>): void {
    for (const [id, hits] of Object.entries(counts)) {
      this.#table.noteHits(Number(id), hits);
    }
  }

  /** Counts an exception for the catchpoints that are for them. */
  #countExceptions(): void {
    for (const { id, enabled, hits, spec } of this.#table.all) {
      if (enabled && spec.location.kind === 'catch' && spec.location.event.what === 'exception') {
        this.#table.change(id, { hits: hits + 1 });
      }
    }
  }

  #need(): Moment {
    if (!this.#inferior) {
      throw new EngineError(NOT_RUNNING);
    }
    if (!this.#moment || this.#inferiorState !== 'stopped') {
      throw new EngineError(RUNNING);
    }
    return this.#moment;
  }

  async resume(): Promise<void> {
    await this.#resume(undefined);
  }

  async #resume(step: PastStep | undefined): Promise<void> {
    const moment = this.#need();
    const { inferior, stopped } = moment;
    this.#leaveMoment();
    if (inferior.opened && !this.#time.inPast) {
      this.#show({ ...moment, stop: { kind: 'recording-end' } });
      return;
    }
    if (this.#time.inPast) {
      await this.#time.forward(step);
    }
    if (stopped.materialised) {
      await inferior.runtime.addStanding(performance.now() - this.#materialisedAt);
    }
    await inferior.inspector.send('Debugger.resume').catch(() => undefined);
  }

  #leaveMoment(): void {
    for (const installer of this.#installers) {
      installer.flush();
    }
    this.#moment = undefined;
    this.#inferiorState = 'running';
    this.emit('continued');
  }

  /** The past has come to the present: the live machine goes on, in the middle of a step perhaps. */
  async #goLive(present: Moment, step: PastStep | undefined): Promise<void> {
    this.#moment = present;
    this.#inferiorState = 'stopped';
    const frames = present.stopped.frames;
    const left = step ? frames.length - step.depth - 1 : -1;
    if (present.inferior.opened) {
      this.#show({ ...present, stop: { kind: 'recording-end' } });
    } else if (step && left < 0) {
      this.#show({ ...present, stop: { kind: 'step' } });
    } else {
      await (step ? this.step('out', { frame: left }) : this.resume());
    }
  }

  async reverse(
    kind: ReverseKind,
    { frame = 0, count = 1 }: { readonly frame?: number; readonly count?: number } = {},
  ): Promise<void> {
    const moment = this.#need();
    this.#needHistory();
    await this.#travel(() => this.#time.reverse(moment, kind, frame, count));
  }

  async goTo(target: MomentTarget): Promise<void> {
    const moment = this.#need();
    this.#needHistory();
    await this.#travel(() => this.#time.goTo(moment, target, { kind: target === 'present' ? 'history-end' : 'goto' }));
  }

  async trace(points: readonly TracePoint[]): Promise<readonly Note[]> {
    const moment = this.#need();
    this.#needHistory();
    return this.#tracer.notes(points, moment);
  }

  /** While it goes on the machine counts as running, so that it can be interrupted. */
  async #travel(go: () => Promise<void>): Promise<void> {
    const before = this.#moment;
    this.#leaveMoment();
    try {
      await go();
    } catch (e) {
      if (before && this.#inferior && !this.#moment) {
        this.#show(before);
      }
      throw e;
    }
  }

  #needHistory(): void {
    if (this.#inferior?.history === undefined && !this.#traces.recording) {
      throw new EngineError('Target native does not support this command: history is off (`set history size`).');
    }
  }

  async query(request: QueryRequest, options: QueryOptions): Promise<QueryEnd> {
    const here = this.#need();
    this.#needHistory();
    const until = (this.#time.present ?? here).position;
    const watched = await watchedBy(this.#image, request, here);
    return this.#queries.ask(this.#live(), request, until, options, watched);
  }

  get history(): HistoryState | undefined {
    const here = this.#moment;
    const log = this.#traces.recording ?? this.#inferior?.history;
    if (!here || !this.#inferior || log === undefined) {
      return undefined;
    }
    const { checkpoints } = this.#live();
    return {
      start: { ...START, tick: this.#live().startTick, ns: 0, packets: 0, lastPacket: null },
      present: historyMoment(this.#time.present ?? here),
      here: historyMoment(here),
      inPast: this.#time.inPast,
      replays: this.#inferior.replay !== undefined,
      checkpoints: { count: checkpoints.all.length, bytes: checkpoints.bytes },
      saved: this.#traces.recording !== undefined,
      bytes: log.bytes,
    };
  }

  get timeline(): RunTimeline | undefined {
    const { turns, checkpoints } = this.#inferior ?? {};
    if (!turns) {
      return undefined;
    }
    return {
      end: turns.end,
      by: (axis, places) => turns.by(axis, places),
      checkpoints: checkpoints?.all.map(({ nowNs: ns, frames: packets }) => ({ ns, packets })) ?? [],
    };
  }

  async interrupt(): Promise<void> {
    this.#traces.abort();
    if (this.#inferiorState === 'starting' && !this.#inferior) {
      return;
    }
    if (!this.#inferior) {
      throw new EngineError(NOT_RUNNING);
    }
    this.#tracer.running?.interrupt();
    if (this.#inferiorState === 'running') {
      (this.#time.running ?? this.#inferior).interrupt();
    }
  }

  async step(kind: StepKind, options: { readonly frame?: number; readonly count?: number } = {}): Promise<void> {
    const { inferior, stopped } = this.#need();
    const up = kind === 'out' ? (options.frame ?? 0) : 0;
    const depth = kind === 'into' ? Number.MAX_SAFE_INTEGER : stopped.frames.length - up - (kind === 'out' ? 1 : 0);
    const request = stepRequest(stopped.frames, kind, up, options.count ?? 1);
    await this.#startStep(inferior, request, { kind, depth });
  }

  /**
   * Makes the innermost function return the value of an expression (JavaScript) once the machine goes on, without
   * executing its rest.
   */
  async returnFrom(js: string): Promise<void> {
    await this.#change({ kind: 'return', js });
  }

  async effect(js: string, frame: number): Promise<Value> {
    return this.#change({ kind: 'evaluate', frame, js });
  }

  inject(edge: InjectEdge, frame: Uint8Array): void {
    this.#needPresent();
    this.#running().post({ type: 'inject', edge, hex: Buffer.from(frame).toString('hex') });
  }

  setLink(name: string, { loss, duplicate, reorder, delayNs }: LinkFaults): void {
    this.#needPresent();
    this.#running().post({ type: 'link', name, faults: [loss, duplicate, reorder, delayNs] });
  }

  #running(): Inferior {
    if (!this.#inferior) {
      throw new EngineError(NOT_RUNNING);
    }
    return this.#inferior;
  }

  async runTo(location: BreakpointSpec['location']): Promise<void> {
    const { inferior, stopped } = this.#need();
    const depth = stopped.frames.length - 1;
    const target = new BreakpointTable(this.#image).add({ location });
    if (!target.verified) {
      throw new EngineError(target.message ?? 'no such place');
    }
    const probes = target.locations.map((l) => l.probe);
    await this.#startStep(inferior, runToRequest(stopped.frames, probes), { kind: 'out', depth });
  }

  async #startStep(inferior: Inferior, request: StepRequest, step: PastStep): Promise<void> {
    if (!inferior.opened) {
      await inferior.runtime.startStep(request);
    }
    await this.#resume(step);
  }

  /** What installs breakpoints: in the live machine, and in the past if there is one. */
  get #installers(): Installer[] {
    return [this.#installer, this.#time.installer].filter((i) => i !== undefined);
  }

  // ---- breakpoints ----

  get breakpoints(): readonly Breakpoint[] {
    return this.#table.all;
  }

  setBreakpoint(spec: BreakpointSpec): Breakpoint {
    const bp = this.#table.add(spec);
    this.#capture(bp);
    this.#update(bp, this.#table.probesOf(bp));
    this.emit('breakpoint', 'new', bp);
    return bp;
  }

  /** A watchpoint of a frame gets its locals; those who do not stand in the frame do not know it. */
  #capture(bp: Breakpoint): void {
    const order = this.#table.watch(bp);
    const { location } = bp.spec;
    if (order && location.kind === 'watch' && location.frame && this.#moment) {
      const complain = (e: Error): boolean => this.emit('report', 'error', `Watchpoint ${bp.id}: ${e.message}`);
      this.#moment.stopped.watch(order, location.captures, location.frame.index).catch(complain);
    }
  }

  /** Watchpoints of frames end with the machine. */
  #forgetWatches(): void {
    for (const { id, spec } of this.#table.all) {
      if (spec.location.kind === 'watch' && spec.location.frame) {
        this.deleteBreakpoint(id);
      }
    }
  }

  #update(bp: Breakpoint, probes: readonly number[]): void {
    for (const installer of this.#installers) {
      installer.update(bp, probes);
    }
  }

  updateBreakpoint(id: number, change: Parameters<EngineApi['updateBreakpoint']>[1]): Breakpoint {
    const before = this.#table.get(id)?.bp;
    if (!before) {
      throw new EngineError(`No breakpoint number ${id}.`);
    }
    const { condition: oldCondition, ignoreCount: oldIgnore, stopsLeft: oldStops, ...rest } = before.spec;
    const stopsLeft = change.stopsLeft === undefined ? oldStops : (change.stopsLeft ?? undefined);
    const condition = change.condition === undefined ? oldCondition : (change.condition ?? undefined);
    const ignoreCount = change.ignoreCount ?? oldIgnore;
    const spec = {
      ...rest,
      ...(condition ? { condition } : {}),
      ...(ignoreCount === undefined ? {} : { ignoreCount }),
      ...(stopsLeft === undefined ? {} : { stopsLeft }),
      ...(change.temporary === undefined ? {} : { temporary: change.temporary }),
      ...(change.disabledAt === undefined ? {} : { disabledAt: change.disabledAt }),
    };
    const bp = this.#table.change(id, { spec, enabled: change.enabled ?? before.enabled });
    if (condition && !bp.verified && before.verified) {
      this.#table.change(id, { spec: before.spec, enabled: before.enabled });
      throw new EngineError(bp.message ?? 'the condition is wrong');
    }
    this.#update(bp, [...new Set([...this.#table.probesOf(before), ...this.#table.probesOf(bp)])]);
    this.emit('breakpoint', 'changed', bp);
    return bp;
  }

  deleteBreakpoint(id: number): boolean {
    const bp = this.#table.remove(id);
    if (!bp) {
      return false;
    }
    for (const installer of this.#installers) {
      installer.remove(bp);
    }
    this.emit('breakpoint', 'removed', bp);
    return true;
  }

  // ---- looking around ----

  async frames(): Promise<readonly Frame[]> {
    return this.#need().stopped.frames;
  }

  async args(frame: number): Promise<readonly NamedValue[]> {
    return this.#need().stopped.values(frame, 'args');
  }

  async locals(frame: number): Promise<readonly NamedValue[]> {
    return this.#need().stopped.values(frame, 'locals');
  }

  async children(handle: string, start = 0, count = 1000): Promise<readonly NamedValue[]> {
    const { inferior } = this.#need();
    await this.#installTypes(inferior);
    return inferior.runtime.children(handle, start, count);
  }

  async readBytes(handle: string, start: number, count: number): Promise<Uint8Array | undefined> {
    const base64 = await this.#need().inferior.runtime.bytes(handle, start, count);
    return base64 === null ? undefined : Uint8Array.from(Buffer.from(base64, 'base64'));
  }

  #typesInstalled: Inferior | undefined;

  async #installTypes(inferior: Inferior): Promise<void> {
    if (this.#typesInstalled !== inferior) {
      this.#typesInstalled = inferior;
      await inferior.runtime.setFieldTypes(this.#fieldTypes);
    }
  }

  scope(frame: number): SymbolScope {
    if (frame < 0 || !this.#moment || this.#inferiorState !== 'stopped') {
      return this.#image.scopeAt(undefined, []);
    }
    return this.#moment.stopped.scope(frame);
  }

  async evaluate(js: string, frame: number): Promise<Value> {
    if (!this.#inferior) {
      return evaluateStatic(js, this.info);
    }
    return this.#need().stopped.evaluate(js, frame);
  }

  async assign(js: string, valueJs: string, frame: number): Promise<Value> {
    const { stopped } = this.#need();
    return this.#change(await stopped.assignment(js, valueJs, frame));
  }

  /** Changes the program at this stop, and has that recorded. */
  async #change(change: FramedChange): Promise<Value> {
    const { inferior, stopped } = this.#need();
    this.#needPresent();
    const was = stopped.materialised;
    const value = await stopped.perform(change);
    if (!was && stopped.materialised) {
      this.#materialisedAt = performance.now();
    }
    if (this.#moment?.stop.kind !== 'exception') {
      inferior.framed = true;
      await inferior.runtime.changed(withResult(change, value));
    }
    return value;
  }

  async writeShared(name: string, offset: number, data: Uint8Array): Promise<void> {
    this.#needPresent();
    const inferior = this.#inferior;
    if (!inferior) {
      const memory = this.shared.get(name);
      if (memory) {
        new Uint8Array(memory).set(data, offset);
      }
      return;
    }
    if (this.#inferiorState === 'stopped') {
      return inferior.runtime.writeShared(name, offset, Buffer.from(data).toString('base64'));
    }
    for (let at = 0; at < data.length; at += WRITE_PIECE) {
      const base64 = Buffer.from(data.subarray(at, at + WRITE_PIECE)).toString('base64');
      await inferior.change({ kind: 'memory', name, offset: offset + at, base64 });
    }
  }

  async packet(frame: number): Promise<PacketBytes | undefined> {
    return this.#need().stopped.packet(frame);
  }

  get replay(): ReplayState | undefined {
    const { replay } = this.#traces;
    return replay && replayState(replay);
  }

  async divergences(start = 0, count = 1000): Promise<DivergenceReport> {
    const report = await this.#inferior?.runtime.divergenceReport(start, count);
    if (!report) {
      throw new EngineError('Nothing is being replayed.');
    }
    return report;
  }

  async divergentFrame(index: number): Promise<PacketBytes | undefined> {
    const hex = await this.#inferior?.runtime.divergentFrame(index);
    return hex ? { bytes: Uint8Array.from(Buffer.from(hex, 'hex')), linktype: 'ethernet' } : undefined;
  }

  capturedPacket(number: number): PacketBytes | undefined {
    const { replay } = this.#traces;
    return replay && capturedPacket(replay, number);
  }

  async position(): Promise<Position> {
    const { position, stopped } = this.#need();
    const frame = stopped.frames[0];
    return { tick: position.tick, probe: frame?.probe ?? -1, location: frame?.location };
  }

  /** Throws where the past is shown, which cannot be changed. */
  #needPresent(): void {
    if (this.#inferior?.opened) {
      throw new EngineError('This is a recording; what has happened cannot be changed.');
    }
    if (this.#time.inPast && this.#inferiorState === 'stopped') {
      throw new EngineError('This is the past; it cannot be changed. "goto end" leads to the present.');
    }
  }

  // ---- the machine ----

  guestInput(text: string): void {
    if (!this.#inferior) {
      throw new EngineError(NOT_RUNNING);
    }
    this.#needPresent();
    this.#inferior.post({ type: 'console', text });
  }

  async monitor(line: string): Promise<string> {
    const inferior = this.#moment?.inferior ?? this.#inferior;
    if (!inferior) {
      throw new EngineError(NOT_RUNNING);
    }
    if (!TELLING_COMMAND.test(line)) {
      this.#needPresent();
    }
    if (this.#inferiorState === 'stopped') {
      return this.#monitorInPlace(inferior, line);
    }
    return inferior.monitor(line);
  }

  async #monitorInPlace(inferior: Inferior, line: string): Promise<string> {
    let said: string | null;
    try {
      said = await inferior.runtime.monitor(line);
    } catch (e) {
      // Stopped while the machine is built, the monitor's commands find half of it missing.
      throw e instanceof EvaluationError ? new EngineError(`The monitor cannot answer here: ${e.message}`) : e;
    }
    if (said === null) {
      throw new EngineError('The machine is not set up yet; continue first.');
    }
    return said;
  }

  /** Tells the machine to power off; 'exited' follows. */
  quit(): void {
    this.#inferior?.post({ type: 'quit' });
  }

  // ---- recordings ----

  #live(): HistorySource {
    if (!this.#inferior) {
      throw new EngineError(NOT_RUNNING);
    }
    return this.#inferior.opened ?? this.#inferior;
  }

  /** The recording of the current or last run. */
  get recording(): Recording | undefined {
    return this.#inferior?.recording ?? this.#lastRecording;
  }

  /** The checkpoints of the current or last run. */
  get checkpoints(): CheckpointStore {
    return this.#inferior?.checkpoints ?? this.#lastCheckpoints;
  }

  /** What the last run came to, after an orderly end. */
  get summary(): ExecutionSummary | undefined {
    return this.#lastSummary;
  }

  /** Executes a recording again in a thread of its own, without stops, and says what it came to. */
  reexecute(recording: Recording, options: ReexecuteOptions = {}): Promise<ExecutionSummary> {
    return reexecute(this.#image, recording, { ...options, hashTurns: this.internals.hashTurns });
  }
}
