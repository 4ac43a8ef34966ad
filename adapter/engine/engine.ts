/** The engine: breakpoints and runs of a machine, for the front ends. See api.ts for what each member does. */
import { EventEmitter } from 'node:events';
import type { StepRequest } from '../inferior/stop.ts';
import type { ExecutionSummary } from '../inferior/worker.ts';
import { type FramedChange, TELLING_COMMAND } from '../mailbox/change.ts';
import { IN_TICK } from '../mailbox/probes.ts';
import type { Recording } from '../mailbox/recorded.ts';
import type { DivergenceReport } from '../replay/divergence.ts';
import {
  type Breakpoint,
  type BreakpointSpec,
  type CallDifference,
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
  type RealGuests,
  type ReplayState,
  type ReverseKind,
  type RunTimeline,
  type SavedMarks,
  type SaveSummary,
  type StepKind,
  type StepOptions,
  type Stop,
  type SymbolScope,
  type TracePoint,
  type Value,
} from './api.ts';
import { BreakpointTable } from './breakpoints.ts';
import type { CheckpointStore } from './checkpoint-store.ts';
import { evaluateStatic } from './evaluate-static.ts';
import { SharedGuestMemory } from './guest-memory.ts';
import { type HistorySource, NOT_RUNNING, RUNNING, sourceOf } from './history-source.ts';
import { Image } from './image.ts';
import { answerWaiting, type Inferior, monitorInPlace, writeRunning } from './inferior.ts';
import type { V8Paused } from './inspector.ts';
import { Installer } from './installer.ts';
import { LastRun } from './last-run.ts';
import { capturedPacket, divergencesOf, divergentFrameOf, type EngineInternals, replayState } from './launch.ts';
import { type Arrival, pastAtEnd } from './past.ts';
import { Queries } from './queries.ts';
import { type ReexecuteOptions, reexecute } from './reexecute.ts';
import { saveSession } from './saving.ts';
import { loadMachine, type StartHooks, startMachine, typed } from './start.ts';
import { runToRequest, stepRequest } from './step-request.ts';
import { exceptionStop, StoppedState, withResult } from './stopped.ts';
import { historyMoment, historyState, type Moment, momentOf, type PastStep, TimeTravel } from './time-travel.ts';
import { engineError, Traces } from './traces.ts';
import { UserBreakpoints } from './user-breakpoints.ts';
import { watchedBy } from './watched.ts';
import { NO_WHAT_IF, type Original, type Shown, stopOf, WhatIf } from './what-if.ts';

export class Engine extends EventEmitter<EngineEvents> implements EngineApi {
  readonly #image: Image;
  readonly #table: BreakpointTable;
  readonly #breakpoints: UserBreakpoints;
  readonly #whatIf: WhatIf;
  askWhatIf: (() => Promise<boolean>) | undefined;
  #time: TimeTravel;
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
  #disposed = false;
  readonly #last = new LastRun();
  /** When the machine began, in milliseconds since the epoch. */
  #begun = 0;
  /** What is being ended beside the machine. */
  #leaving: Promise<unknown> = Promise.resolve();
  #materialisedAt = 0;
  guests: RealGuests | undefined;
  internals: EngineInternals = {};

  private constructor(image: Image) {
    super();
    this.#image = image;
    this.#table = new BreakpointTable(image);
    this.#breakpoints = new UserBreakpoints(this.#table, {
      installers: () => this.#installers,
      moment: () => this.#moment,
      watched: (bp, moment) => this.#time.watched(bp, moment),
      told: (what, bp) => void this.emit('breakpoint', what, bp),
      complain: (text) => void this.emit('report', 'error', text),
    });
    // Of the machine that runs, or has been saved, not of what would have been.
    this.#time = this.#newTime(() => sourceOf(this.#whatIf.original?.inferior ?? this.#inferior));
    this.#whatIf = new WhatIf({
      stands: () => this.#stands,
      source: () => this.#live(),
      wanted: async () => !this.askWhatIf || (await this.askWhatIf()),
      newTime: (of) => this.#newTime(of),
      enter: (shown) => this.#enter(shown),
      stopped: (inferior, arrival) => this.#whatIfStopped(inferior, arrival),
      ended: (inferior, message) => this.#whatIfEnded(inferior, message),
    });
    this.#queries = new Queries(image);
    this.#traces = new Traces({
      progress: (what, done, total) => void this.emit('progress', what, done, total),
      warn: (text) => void this.emit('report', 'warning', text),
    });
  }

  #newTime(live: () => HistorySource): TimeTravel {
    return new TimeTravel(this.#image, this.#table, {
      live,
      show: (moment) => this.#show(moment),
      goLive: (present, step) => void this.#goLive(present, step),
      complain: (text) => this.emit('report', 'error', text),
      searched: (done, total) => void this.emit('progress', 'Searching the history', done, total, 'parts'),
    });
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
    return this.#moment?.inferior.shared ?? this.#inferior?.shared ?? this.#last.shared;
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
    let inferior: Inferior;
    try {
      if (await this.#traces.isRecording(options, this.info.buildId)) {
        return await this.#open(options, run);
      }
      const replay = await this.#traces.load(options);
      this.#begun = Date.now();
      this.#checkRun(run);
      inferior = await loadMachine(this.#image, options, this.internals, replay);
    } catch (e) {
      this.#inferiorState = run === this.#run ? 'none' : this.#inferiorState;
      throw e;
    }
    if (run !== this.#run) {
      await inferior.terminate();
      this.#checkRun(run);
    }
    this.#inferior = inferior;
    const installer = new Installer(this.#table, inferior.runtime, (text) => {
      if (this.#inferior === inferior) {
        this.emit('report', 'error', text);
      }
    });
    this.#installer = installer;
    this.#breakpoints.forgetHits();
    try {
      await installer.all();
      this.#checkRun(run);
      await this.#start(inferior, options);
    } catch (e) {
      this.#checkRun(run);
      throw e;
    }
  }

  /** Throws if the run that is being started has been ended, or another one has been asked for. */
  #checkRun(run: number): void {
    if (this.#disposed || run !== this.#run) {
      throw new GivenUpError('The start was given up: the machine was ended, or started again, meanwhile.');
    }
  }

  /** Opens a saved recording: the machine stands where it stood when that was saved. */
  async #open(options: LaunchOptions, run: number): Promise<void> {
    try {
      const opened = await this.#traces.open(options);
      this.#begun = opened.head.begun;
      this.#breakpoints.forgetHits();
      const complain = (text: string): void => void this.emit('report', 'error', text);
      const wanted = (): void => this.#checkRun(run);
      const { past, arrival } = await pastAtEnd(this.#image, this.#table, opened, complain, wanted);
      const { inferior, installer } = past;
      this.#inferior = inferior;
      this.#installer = installer;
      inferior.once('exited', (code, message) => this.#ended(inferior, code, message, undefined));
      this.#show(momentOf(this.#image, arrival, inferior, { kind: 'recording-end' }));
    } catch (e) {
      if (run === this.#run) {
        this.#forgetHistory();
        this.#inferiorState = 'none';
      }
      throw engineError(e);
    }
  }

  get savedMarks(): SavedMarks | undefined {
    return this.#traces.recording?.marks;
  }

  async saveRecording(path: string, marks: SavedMarks): Promise<SaveSummary> {
    const moment = this.#needHistory();
    const end = historyMoment(this.#time.present ?? moment);
    const session = { source: this.#live(), begun: this.#begun, end, replay: this.#traces.replay };
    const told = (done: number, total: number): void => void this.emit('progress', 'Saving the recording', done, total);
    return saveSession(path, session, marks, (options) => this.reexecute(session.source.recording, options), told);
  }

  /** Runs the machine until it is set up. Throws what it complained about if it never is. */
  #start(inferior: Inferior, { guestCommands = [], guests }: LaunchOptions): Promise<void> {
    this.#inferiorState = 'running';
    this.guests = guests;
    const hooks: StartHooks = {
      console: (text) => void this.emit('console', text),
      report: (level, text) => void this.emit('report', level, text),
      log: (bp, probe, text) => this.#emitLog(bp, probe, text),
      paused: (paused) => this.#onPaused(inferior, paused),
      up: () => this.#inferior && guestCommands.forEach((line) => void this.guestInput(`${line}\n`)),
      ended: (code, message, summary) => this.#ended(inferior, code, message, summary),
      failed: () => this.#forgetInferior(inferior, 'none'),
    };
    return startMachine(inferior, hooks, guests);
  }

  #emitLog(id: number, probe: number, text: string): void {
    const p = this.#image.probe(probe);
    if (p) {
      const whole = this.#table.get(id)?.bp.spec.exact || text.endsWith('\n');
      this.emit('log', whole ? text : `${text}\n`, this.#image.location(p));
    }
  }

  #forgetInferior(inferior: Inferior, state: 'none' | 'exited'): void {
    this.#inferiorState = state;
    this.#last.keep(inferior);
    this.#inferior = undefined;
    this.guests = undefined;
    this.#installer = undefined;
    this.#moment = undefined;
    this.#breakpoints.forgetWatches();
    this.#leaving = Promise.all([this.#time, this.#queries].map((one) => one.dispose()));
  }

  #forgetHistory(): void {
    if (this.#traces.recording) {
      this.#traces.close();
    }
    this.#last.forgetRecording();
  }

  #ended(inferior: Inferior, code: number, message: string, summary: ExecutionSummary | undefined): void {
    if (this.#inferior !== inferior) {
      return;
    }
    this.#last.summary = summary;
    this.#forgetInferior(inferior, 'exited');
    void inferior.terminate();
    this.emit('exited', code, message);
  }

  async kill(): Promise<void> {
    this.#run++;
    await this.#endRun();
  }

  async #endRun(): Promise<void> {
    this.#traces.abort();
    await this.#dropWhatIf();
    const inferior = this.#inferior;
    if (inferior) {
      this.#forgetInferior(inferior, 'exited');
      await inferior.terminate();
      this.emit('exited', 0, '');
    } else if (this.#inferiorState === 'starting') {
      this.#inferiorState = 'none';
    }
    // A process that exits while a thread goes into the inspector waits for it for ever.
    await Promise.all([this.#leaving, this.#whatIf.settled()]);
  }

  /** Ends the machine for good: none is started any more. */
  async dispose(): Promise<void> {
    this.#disposed = true;
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
      this.#breakpoints.countExceptions();
    }
    const report = exception ? undefined : inferior.stopReport();
    void answerWaiting(inferior).catch(() => undefined);
    this.#breakpoints.noteHits(report?.hitCounts ?? {});
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

  #show(moment: Moment): void {
    const { stop } = moment;
    this.#moment = moment;
    this.#inferiorState = 'stopped';
    for (const id of stop.kind === 'watchpoint-scope' ? stop.breakpoints : []) {
      this.deleteBreakpoint(id);
    }
    for (const id of stop.kind === 'breakpoint' ? stop.breakpoints : []) {
      this.#breakpoints.spend(id);
    }
    this.emit('stopped', stop);
  }

  #need(): Moment {
    this.#running();
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
    if (this.#time.inPast && !(await this.#time.forward(moment, step))) {
      return;
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

  async reverse(kind: ReverseKind, { frame = 0, count = 1 }: StepOptions = {}): Promise<void> {
    const moment = this.#needHistory();
    await this.#travel(() => this.#time.reverse(moment, kind, frame, count));
  }

  async goToPassed(location: BreakpointSpec['location']): Promise<void> {
    const moment = this.#needHistory();
    await this.#travel(() => this.#time.toPassed(moment, location));
  }

  async goTo(target: MomentTarget): Promise<void> {
    const moment = this.#needHistory();
    await this.#travel(() => this.#time.goTo(moment, target, { kind: 'goto' }));
  }

  async trace(points: readonly TracePoint[], take?: (note: Note) => void): Promise<readonly Note[]> {
    const { position } = this.#needHistory();
    return this.#queries.trace(this.#live(), points, position, take);
  }

  /** While it goes on the machine counts as running, so that it can be interrupted. */
  async #travel(go: () => Promise<void>): Promise<void> {
    const before = this.#moment;
    this.#leaveMoment();
    try {
      await this.#time.during(go);
    } catch (e) {
      if (before && this.#inferior && !this.#moment) {
        this.#show(before);
      }
      throw e;
    }
  }

  #needHistory(): Moment {
    const moment = this.#need();
    if (this.#inferior?.history === undefined && !this.#traces.recording) {
      throw new EngineError('Target native does not support this command: history is off (`set history size`).');
    }
    return moment;
  }

  async query(request: QueryRequest, options: QueryOptions): Promise<QueryEnd> {
    const here = this.#needHistory();
    const until = (this.#time.present ?? here).position;
    const watched = await watchedBy(this.#image, request, here);
    this.#needHistory();
    return this.#queries.ask(this.#live(), request, until, options, watched);
  }

  get history(): HistoryState | undefined {
    const here = this.#moment;
    return here && this.#inferior && historyState(here, this.#time, this.#inferior, this.#whatIf.original?.changed);
  }

  get timeline(): RunTimeline | undefined {
    return this.#inferior?.timeline;
  }

  async interrupt(): Promise<void> {
    this.#traces.abort();
    if (this.#inferiorState === 'starting' && !this.#inferior) {
      return;
    }
    const inferior = this.#running();
    this.#queries.interruptTrace();
    if (this.#inferiorState === 'running') {
      this.#time.interrupt() || inferior.interrupt();
    }
  }

  async step(kind: StepKind, options: StepOptions = {}): Promise<void> {
    const { inferior, stopped } = this.#need();
    const up = kind === 'out' ? (options.frame ?? 0) : 0;
    const depth = kind === 'into' ? Number.MAX_SAFE_INTEGER : stopped.frames.length - up - (kind === 'out' ? 1 : 0);
    const request = stepRequest(stopped.frames, kind, up, options);
    await this.#startStep(inferior, request, { kind, depth });
  }

  /** Makes the innermost function return a value (JavaScript) once the machine goes on, without executing its rest. */
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

  /** What is there. It is about to be told something: breakpoints that were set before come first. */
  #running(): Inferior {
    if (!this.#inferior) {
      throw new EngineError(NOT_RUNNING);
    }
    for (const installer of this.#installers) {
      installer.flush();
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

  /** What installs breakpoints: in each machine, and in its past if there is one. */
  get #installers(): Installer[] {
    const { installer, time } = this.#whatIf.original ?? {};
    const all = [this.#installer, this.#time.installer, installer, time?.installer];
    return all.filter((i) => i !== undefined);
  }

  // ---- breakpoints ----

  get breakpoints(): readonly Breakpoint[] {
    return this.#table.all;
  }

  setBreakpoint(spec: BreakpointSpec): Breakpoint {
    return this.#breakpoints.add(spec);
  }

  updateBreakpoint(id: number, change: Parameters<EngineApi['updateBreakpoint']>[1]): Breakpoint {
    return this.#breakpoints.update(id, change);
  }

  deleteBreakpoint(id: number): boolean {
    return this.#breakpoints.remove(id);
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
    return this.#need().inferior.children(handle, start, count);
  }

  async readBytes(handle: string, start: number, count: number): Promise<Uint8Array | undefined> {
    const base64 = await this.#need().inferior.runtime.bytes(handle, start, count);
    return base64 === null ? undefined : Uint8Array.from(Buffer.from(base64, 'base64'));
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
    await this.#leavePast();
    const { inferior, stopped } = this.#need();
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
    await this.#leavePast();
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
    this.#whatIf.needLive(this.#time);
    await writeRunning(inferior, name, offset, data);
  }

  async packet(frame: number): Promise<PacketBytes | undefined> {
    return this.#need().stopped.packet(frame);
  }

  get replay(): ReplayState | undefined {
    const { replay } = this.#traces;
    return replay && replayState(replay, this.#moment?.account ?? undefined);
  }

  async divergences(start = 0, count = 1000): Promise<DivergenceReport> {
    return divergencesOf(this.#inferior, start, count);
  }

  async divergentFrame(index: number): Promise<PacketBytes | undefined> {
    return divergentFrameOf(this.#inferior, index);
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

  async #leavePast(): Promise<void> {
    this.emit('changing');
    if (await this.#whatIf.leavePast()) {
      this.emit('report', 'info', 'From here on it is what would have been; "what-if off" leads back to what was.');
    }
  }

  get #stands(): Shown | undefined {
    const [inferior, installer, moment] = [this.#inferior, this.#installer, this.#moment];
    const stands = inferior && installer && moment && this.#inferiorState === 'stopped';
    return stands ? { inferior, installer, time: this.#time, moment } : undefined;
  }

  #enter({ inferior, installer, time, moment }: Shown): void {
    this.#inferior = inferior;
    this.#installer = installer;
    this.#time = time;
    this.#moment = moment;
  }

  #whatIfStopped(inferior: Inferior, arrival: Arrival): void {
    if (this.#inferior === inferior && !this.#moment?.stopped.materialised) {
      this.#breakpoints.noteHits(arrival.report.hitCounts);
      this.#show(momentOf(this.#image, arrival, inferior, stopOf(arrival)));
    }
  }

  /** The machine of a what-if is gone. */
  #whatIfEnded(inferior: Inferior, message: string): void {
    if (this.#inferior === inferior && this.#whatIf.original) {
      this.emit('report', 'error', `The what-if has ended: ${message || 'the machine stopped'}`);
      this.#show(this.#whatIf.original.moment);
      this.endWhatIf().catch(() => undefined);
    }
  }

  async endWhatIf(): Promise<void> {
    this.#need();
    const original = await this.#dropWhatIf();
    if (!original) {
      throw new EngineError(NO_WHAT_IF);
    }
    const { present, moment } = original;
    await this.#travel(() => this.#time.goTo(present, moment.position, { kind: 'goto' }));
  }

  async compareWhatIf(): Promise<CallDifference> {
    const moment = this.#need();
    const difference = await this.#whatIf.compare(this.#image, { time: this.#time, moment });
    if (this.#time.inPast) {
      // Its past has been executed up to its end.
      await this.#travel(() => this.#time.goTo(moment, moment.position, { kind: 'goto' }));
    }
    return difference;
  }

  async #dropWhatIf(): Promise<Original | undefined> {
    const inferior = this.#inferior;
    return inferior && this.#whatIf.end({ inferior, time: this.#time });
  }

  // ---- the machine ----

  guestInput(text: string): void {
    const inferior = this.#running();
    this.#needPresent();
    if (!typed(this.guests, text)) {
      inferior.post({ type: 'console', text });
    }
  }

  #needPresent(): void {
    const past = this.#inferior?.opened || (this.#time.inPast && this.#inferiorState === 'stopped');
    if (past || this.#whatIf.original) {
      throw new EngineError('Nothing comes from the outside in the past, nor in what would have been.');
    }
  }

  async monitor(line: string): Promise<string> {
    if (!TELLING_COMMAND.test(line) || this.#inferiorState !== 'stopped') {
      await this.#leavePast();
    }
    const running = this.#running();
    const inferior = this.#moment?.inferior ?? running;
    if (this.#inferiorState === 'stopped') {
      return monitorInPlace(inferior, line);
    }
    this.#whatIf.needLive(this.#time);
    return inferior.monitor(line);
  }

  /** Tells the machine to power off; 'exited' follows. */
  quit(): void {
    this.#inferior?.post({ type: 'quit' });
  }

  // ---- recordings ----

  #live(): HistorySource {
    return sourceOf(this.#inferior);
  }

  /** The recording of the current or last run. */
  get recording(): Recording | undefined {
    return this.#inferior?.recording ?? this.#last.recording;
  }

  /** The checkpoints of the current or last run. */
  get checkpoints(): CheckpointStore {
    return this.#inferior?.checkpoints ?? this.#last.checkpoints;
  }

  /** What the last run came to, after an orderly end. */
  get summary(): ExecutionSummary | undefined {
    return this.#last.summary;
  }

  /** Executes a recording again in a thread of its own, without stops, and says what it came to. */
  reexecute(recording: Recording, options: ReexecuteOptions = {}): Promise<ExecutionSummary> {
    return reexecute(this.#image, recording, { ...options, hashTurns: this.internals.hashTurns });
  }
}
