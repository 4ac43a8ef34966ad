/** The engine: breakpoints and runs of a machine, for the front ends. See api.ts for what each member does. */
import { randomInt } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { readFile } from 'node:fs/promises';
import { hostNameservers } from '../host/addresses.ts';
import { attachQtest } from '../host/qtest.ts';
import { type Recording, recordedBytes } from '../inferior/recording.ts';
import { TRACE_NAMESERVERS } from '../inferior/trace-host.ts';
import type { ExecutionSummary } from '../inferior/worker.ts';
import { readCapture } from '../packets/capture.ts';
import { replayArgs } from '../replay/args.ts';
import { readTrace, type Trace } from '../replay/trace.ts';
import {
  type Breakpoint,
  type BreakpointSpec,
  type EngineApi,
  EngineError,
  type EngineEvents,
  type Frame,
  type InferiorState,
  type LaunchOptions,
  type NamedValue,
  type Position,
  type StepKind,
  type StopReason,
  type SymbolScope,
  type Value,
} from './api.ts';
import { BreakpointTable, parseHitCondition } from './breakpoints.ts';
import { evaluateStatic } from './evaluate-static.ts';
import { SharedGuestMemory } from './guest-memory.ts';
import { Image } from './image.ts';
import { Inferior } from './inferior.ts';
import { EvaluationError, type V8Paused } from './inspector.ts';
import { type RuntimeStop, StoppedState } from './stopped.ts';

/** Default bound of a recording in bytes. */
export const DEFAULT_RECORD_LIMIT = 64 << 20;

const NOT_RUNNING = 'The program is not being run.';
const RUNNING = 'Cannot execute this command while the machine is running.';

/** Options for tests and benchmarks that users have no need of. */
export interface EngineInternals {
  /** Keep a hash over all frames, for comparing executions. */
  readonly hashFrames?: boolean;
  /** Seed of the machine's random numbers (default: random). */
  readonly seed?: number;
}

export class Engine extends EventEmitter<EngineEvents> implements EngineApi {
  readonly #image: Image;
  readonly #table: BreakpointTable;
  readonly #fieldTypes: string;
  #inferior: Inferior | undefined;
  #stopped: StoppedState | undefined;
  #inferiorState: InferiorState = 'none';
  #reason: StopReason | undefined;
  #lastShared: ReadonlyMap<string, ArrayBufferLike> = new Map();
  #lastSummary: ExecutionSummary | undefined;
  #lastRecording: Recording | undefined;
  #materialisedAt = 0;
  internals: EngineInternals = {};

  private constructor(image: Image) {
    super();
    this.#image = image;
    this.#table = new BreakpointTable(image);
    const types = Object.fromEntries(
      image.info.structs.map((s) => [s.name, Object.fromEntries(s.fields.map((f) => [f.name, f.type]))]),
    );
    this.#fieldTypes = JSON.stringify(types);
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

  get stop(): StopReason | undefined {
    return this.#inferiorState === 'stopped' ? this.#reason : undefined;
  }

  get shared(): ReadonlyMap<string, ArrayBufferLike> {
    return this.#inferior?.shared ?? this.#lastShared;
  }

  get memory(): SharedGuestMemory {
    return new SharedGuestMemory(this.shared);
  }

  // ---- life ----

  async launch(options: LaunchOptions): Promise<void> {
    await this.kill();
    const trace = options.trace === undefined ? undefined : await loadTrace(options.trace);
    const args = trace ? replayArgs(trace.trace, options.args) : options.args;
    this.#inferiorState = 'starting';
    let inferior: Inferior;
    try {
      inferior = await Inferior.create(this.#image, {
        header: {
          buildId: this.info.buildId,
          argv: ['pktgdb', ...args],
          seed: this.internals.seed ?? (trace ? 1 : randomInt(1, 0xffffffff)),
          nameservers: trace ? TRACE_NAMESERVERS : hostNameservers(),
        },
        trace: trace?.bytes,
        recordLimit: options.recordLimit ?? DEFAULT_RECORD_LIMIT,
        stopOnEntry: options.stopOnEntry ?? false,
        hashFrames: this.internals.hashFrames ?? false,
        release: false,
      });
    } catch (e) {
      this.#inferiorState = 'none';
      throw new EngineError(`the machine cannot be loaded: ${e instanceof Error ? e.message : String(e)}`);
    }
    this.#inferior = inferior;
    try {
      await attachQtest(inferior, args);
    } catch (e) {
      await this.kill();
      this.#inferiorState = 'none';
      throw new EngineError(e instanceof Error ? e.message : String(e));
    }
    await this.#installBreakpoints(inferior);
    await this.#start(inferior, options.guestCommands ?? []);
  }

  async #installBreakpoints(inferior: Inferior): Promise<void> {
    const probes = new Set<number>();
    for (const bp of this.#table.all) {
      this.#table.change(bp.id, { hits: 0 });
      this.#installCounting(inferior, bp);
      for (const p of this.#table.probesOf(bp)) {
        probes.add(p);
      }
    }
    await Promise.all([...probes].map((p) => this.#installDecider(inferior, p)));
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
      inferior.on('log', (_bp, probe, text) => this.#emitLog(probe, text));
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

  #emitLog(probe: number, text: string): void {
    const p = this.#image.probe(probe);
    if (p) {
      this.emit('log', text, this.#image.location(p));
    }
  }

  #forgetInferior(inferior: Inferior): void {
    this.#lastShared = inferior.shared;
    this.#lastRecording = inferior.recording;
    this.#inferior = undefined;
    this.#stopped = undefined;
    this.#reason = undefined;
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
    const inferior = this.#inferior;
    if (inferior) {
      this.#forgetInferior(inferior);
      this.#inferiorState = 'exited';
      await inferior.terminate();
      this.emit('exited', 0, '');
    }
  }

  async dispose(): Promise<void> {
    await this.kill();
    this.removeAllListeners();
  }

  // ---- stops ----

  #onPaused(inferior: Inferior, paused: V8Paused): void {
    if (this.#stopped?.materialised || this.#inferior !== inferior) {
      return;
    }
    const exception = paused.reason === 'exception' || paused.reason === 'promiseRejection';
    const info = exception ? undefined : inferior.stopInfo();
    this.#noteHits(info?.hitCounts ?? {});
    this.#stopped = new StoppedState(this.#image, inferior.inspector, paused, info);
    this.#reason = info ? this.#reasonOf(info) : exceptionReason(paused);
    this.#inferiorState = 'stopped';
    for (const id of info?.hits ?? []) {
      if (info?.kind === 'breakpoint' && this.#table.get(id)?.bp.spec.temporary) {
        this.deleteBreakpoint(id);
      }
    }
    this.emit('stopped', this.#reason);
  }

  #reasonOf(info: RuntimeStop): StopReason {
    switch (info.kind) {
      case 'breakpoint':
        return { kind: 'breakpoint', breakpoints: info.hits, hitTemporary: info.temporary };
      case 'finish':
        return { kind: 'finish', from: this.#finishing, ...(info.value ? { value: info.value } : {}) };
      case 'condition-error':
        return { kind: 'condition-error', breakpoint: info.hits[0] ?? 0, message: info.message };
      case 'tick':
        return { kind: 'pause' };
      default:
        return { kind: info.kind };
    }
  }

  #finishing = '';

  #noteHits(counts: Readonly<Record<string, number>>): void {
    for (const [id, hits] of Object.entries(counts)) {
      if (this.#table.get(Number(id))) {
        this.#table.change(Number(id), { hits });
      }
    }
  }

  #need(): { inferior: Inferior; stopped: StoppedState } {
    const inferior = this.#inferior;
    const stopped = this.#stopped;
    if (!inferior) {
      throw new EngineError(NOT_RUNNING);
    }
    if (!stopped || this.#inferiorState !== 'stopped') {
      throw new EngineError(RUNNING);
    }
    return { inferior, stopped };
  }

  async resume(): Promise<void> {
    const { inferior, stopped } = this.#need();
    this.#stopped = undefined;
    this.#reason = undefined;
    this.#inferiorState = 'running';
    this.emit('continued');
    if (stopped.materialised) {
      await inferior.inspector.evaluate(`__pktgdb.addStanding(${performance.now() - this.#materialisedAt})`);
    }
    await inferior.inspector.send('Debugger.resume').catch(() => undefined);
  }

  async interrupt(): Promise<void> {
    if (!this.#inferior) {
      throw new EngineError(NOT_RUNNING);
    }
    if (this.#inferiorState === 'running') {
      this.#inferior.interrupt();
    }
  }

  async step(kind: StepKind, options: { readonly frame?: number; readonly count?: number } = {}): Promise<void> {
    const { inferior, stopped } = this.#need();
    const up = kind === 'out' ? (options.frame ?? 0) : 0;
    const { frames } = stopped;
    const from = frames[up];
    if (!from) {
      throw new EngineError('No stack.');
    }
    if (kind === 'out' && up + 1 >= frames.length) {
      throw new EngineError('"finish" not meaningful in the outermost frame.');
    }
    this.#finishing = from.fn.name;
    const fns = kind === 'into' ? null : [...new Set(frames.slice(up).map((f) => f.fn.id))];
    await this.#startStep(inferior, [kind, up, from.fn.id, from.location.line, options.count ?? 1, fns, []]);
  }

  async runTo(location: BreakpointSpec['location']): Promise<void> {
    const { inferior, stopped } = this.#need();
    const target = new BreakpointTable(this.#image).add({ location });
    if (!target.verified) {
      throw new EngineError(target.message ?? 'no such place');
    }
    const { frames } = stopped;
    const fns = [...new Set(frames.slice(1).map((f) => f.fn.id))];
    const from = frames[0];
    await this.#startStep(inferior, [
      'to',
      0,
      from?.fn.id ?? -1,
      from?.location.line ?? -1,
      1,
      fns,
      target.locations.map((l) => l.probe),
    ]);
  }

  async #startStep(inferior: Inferior, args: readonly unknown[]): Promise<void> {
    await inferior.inspector.evaluate(`__pktgdb.startStep(${args.map((a) => JSON.stringify(a)).join(',')})`);
    await this.resume();
  }

  // ---- breakpoints ----

  get breakpoints(): readonly Breakpoint[] {
    return this.#table.all;
  }

  setBreakpoint(spec: BreakpointSpec): Breakpoint {
    const bp = this.#table.add(spec);
    this.#install(bp, this.#table.probesOf(bp));
    this.emit('breakpoint', 'new', bp);
    return bp;
  }

  updateBreakpoint(id: number, change: Parameters<EngineApi['updateBreakpoint']>[1]): Breakpoint {
    const before = this.#table.get(id)?.bp;
    if (!before) {
      throw new EngineError(`No breakpoint number ${id}.`);
    }
    const { condition: oldCondition, ignoreCount: oldIgnore, ...rest } = before.spec;
    const condition = change.condition === undefined ? oldCondition : (change.condition ?? undefined);
    const ignoreCount = change.ignoreCount ?? oldIgnore;
    const spec = {
      ...rest,
      ...(condition ? { condition } : {}),
      ...(ignoreCount === undefined ? {} : { ignoreCount }),
    };
    const bp = this.#table.change(id, { spec, enabled: change.enabled ?? before.enabled });
    if (condition && !bp.verified && before.verified) {
      this.#table.change(id, { spec: before.spec, enabled: before.enabled });
      throw new EngineError(bp.message ?? 'the condition is wrong');
    }
    this.#install(bp, [...new Set([...this.#table.probesOf(before), ...this.#table.probesOf(bp)])]);
    this.emit('breakpoint', 'changed', bp);
    return bp;
  }

  deleteBreakpoint(id: number): boolean {
    const bp = this.#table.remove(id);
    if (!bp) {
      return false;
    }
    this.#evaluateQuietly(`__pktgdb.deleteBreakpoint(${id})`);
    this.#install(undefined, this.#table.probesOf(bp));
    this.emit('breakpoint', 'removed', bp);
    return true;
  }

  #install(bp: Breakpoint | undefined, probes: readonly number[]): void {
    const inferior = this.#inferior;
    if (inferior) {
      if (bp) {
        this.#installCounting(inferior, bp);
      }
      for (const p of probes) {
        void this.#installDecider(inferior, p);
      }
    }
  }

  #installCounting(inferior: Inferior, bp: Breakpoint): void {
    const { op, operand } = bp.verified ? parseHitCondition(bp.spec.hitCondition) : { op: '', operand: 0 };
    const state = { ignore: bp.spec.ignoreCount ?? 0, op, operand, temporary: bp.spec.temporary ?? false };
    void inferior.inspector
      .evaluate(`__pktgdb.setBreakpoint(${bp.id},${JSON.stringify(state)})`)
      .catch(() => undefined);
  }

  async #installDecider(inferior: Inferior, probe: number): Promise<void> {
    const source = this.#table.decider(probe);
    await inferior.inspector.evaluate(`__pktgdb.setDecider(${probe},${JSON.stringify(source)})`).catch((e: unknown) => {
      if (this.#inferior === inferior) {
        this.emit('report', 'error', `a breakpoint cannot be installed: ${e instanceof Error ? e.message : String(e)}`);
      }
    });
  }

  #evaluateQuietly(js: string): void {
    this.#inferior?.inspector.evaluate(js).catch(() => undefined);
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
    return inferior.inspector.evaluate(
      `__pktgdb.describer.children(${JSON.stringify(handle)},${start},${count},__pktgdb.fieldTypes)`,
    );
  }

  #typesInstalled: Inferior | undefined;

  async #installTypes(inferior: Inferior): Promise<void> {
    if (this.#typesInstalled !== inferior) {
      this.#typesInstalled = inferior;
      await inferior.inspector.evaluate(`void(__pktgdb.fieldTypes=${this.#fieldTypes})`);
    }
  }

  scope(frame: number): SymbolScope {
    if (frame < 0 || !this.#stopped || this.#inferiorState !== 'stopped') {
      return this.#image.scopeAt(undefined, []);
    }
    return this.#stopped.scope(frame);
  }

  async evaluate(js: string, frame: number): Promise<Value> {
    if (!this.#inferior) {
      return evaluateStatic(js, this.info);
    }
    return this.#need().stopped.evaluate(js, frame);
  }

  async assign(js: string, valueJs: string, frame: number): Promise<Value> {
    const { stopped } = this.#need();
    const was = stopped.materialised;
    const value = await stopped.assign(js, valueJs, frame);
    if (!was && stopped.materialised) {
      this.#materialisedAt = performance.now();
    }
    return value;
  }

  async packet(
    frame: number,
  ): Promise<{ readonly bytes: Uint8Array; readonly linktype: 'ethernet' | 'ip' } | undefined> {
    return this.#need().stopped.packet(frame);
  }

  async position(): Promise<Position> {
    const { inferior, stopped } = this.#need();
    const frame = stopped.frames[0];
    return { tick: inferior.ticks[0] ?? 0, probe: frame?.probe ?? -1, location: frame?.location };
  }

  // ---- the machine ----

  guestInput(text: string): void {
    if (!this.#inferior) {
      throw new EngineError(NOT_RUNNING);
    }
    this.#inferior.post({ type: 'console', text });
  }

  async monitor(line: string): Promise<string> {
    const inferior = this.#inferior;
    if (!inferior) {
      throw new EngineError(NOT_RUNNING);
    }
    if (this.#inferiorState === 'stopped') {
      // The command is no part of the machine's own time.
      const tick = inferior.ticks[0] ?? 0;
      try {
        const said = await inferior.inspector.evaluate<string | null>(
          `(($G)=>$G.machine.net===undefined?null:$G.handle_hmp_command(${JSON.stringify(line)}))(__pktgdb.globals(''))`,
        );
        if (said === null) {
          throw new EngineError('The machine is not set up yet; continue first.');
        }
        return said;
      } catch (e) {
        // Stopped while the machine is built, the monitor's commands find half of it missing.
        throw e instanceof EvaluationError ? new EngineError(`The monitor cannot answer here: ${e.message}`) : e;
      } finally {
        inferior.ticks[0] = tick;
      }
    }
    return inferior.monitor(line);
  }

  /** Tells the machine to power off; 'exited' follows. */
  quit(): void {
    this.#inferior?.post({ type: 'quit' });
  }

  // ---- recordings ----

  /** The recording of the current or last run. */
  get recording(): Recording | undefined {
    return this.#inferior?.recording ?? this.#lastRecording;
  }

  /** What the last run came to, after an orderly end. */
  get summary(): ExecutionSummary | undefined {
    return this.#lastSummary;
  }

  /** Executes a recording again in a thread of its own, without stops, and says what it came to. */
  async reexecute(recording: Recording): Promise<ExecutionSummary> {
    if (recording.buildId !== this.info.buildId) {
      throw new EngineError('the recording was made with another build of the stack');
    }
    const again = await Inferior.create(this.#image, {
      header: recording,
      recording: recordedBytes(recording),
      recordLimit: 0,
      stopOnEntry: false,
      hashFrames: true,
      release: false,
    });
    return new Promise((resolve, reject) => {
      again.once('exited', (_code, message, summary) => {
        void again.terminate();
        if (summary) {
          resolve(summary);
        } else {
          reject(new EngineError(`the recording cannot be executed again: ${message}`));
        }
      });
      again.go();
    });
  }
}

/** Reads a capture to replay. Throws `EngineError` when it is none, or none of a guest's frames. */
async function loadTrace(path: string): Promise<{ bytes: Uint8Array; trace: Trace }> {
  try {
    const bytes = new Uint8Array(await readFile(path));
    return { bytes, trace: readTrace(readCapture(bytes)) };
  } catch (e) {
    throw new EngineError(`${path}: ${e instanceof Error ? e.message : String(e)}`);
  }
}

function exceptionReason(paused: V8Paused): StopReason {
  const description = paused.data?.description ?? 'unknown';
  const [first = ''] = description.split('\n');
  const m = /^(\w+): (.*)$/.exec(first);
  return {
    kind: 'exception',
    name: m?.[1] ?? paused.data?.className ?? 'Error',
    message: m?.[2] ?? first,
    stack: description,
  };
}
