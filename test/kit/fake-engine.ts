/**
 * An engine without a machine: breakpoints, values and state as front ends see them, over real objects. Tests give it a
 * program (debug info, a call stack, what variables hold) and say what happens when it runs.
 */
import { EventEmitter } from 'node:events';
import type { DebugInfo, FunctionInfo, Variable } from '../../adapter/compiler/debug-info.ts';
import {
  type Breakpoint,
  type BreakpointSpec,
  type EngineApi,
  EngineError,
  type EngineEvents,
  type Frame,
  type GuestMemory,
  type HistoryState,
  type InferiorState,
  type LaunchOptions,
  type NamedValue,
  type PacketBytes,
  type Position,
  type QueryEnd,
  type QueryOptions,
  type QueryRequest,
  type QueryRow,
  type RealGuests,
  type ReplayState,
  type ReverseKind,
  type RunTimeline,
  type StepKind,
  type SymbolScope,
  type Value,
} from '../../adapter/engine/api.ts';
import type { DivergenceReport } from '../../adapter/replay/divergence.ts';

/** Why it stopped. */
export type Reason = NonNullable<EngineApi['stop']>;

/** A function of the debug info. */
export function fakeFunction(
  given: Pick<FunctionInfo, 'id' | 'name' | 'file' | 'line' | 'params' | 'probes'> & Partial<FunctionInfo>,
): FunctionInfo {
  return { returnType: 'void', doc: '', exported: true, nodebug: false, endLine: given.line + 9, ...given };
}

/** A statement's probe of the debug info. */
export function fakeProbe(id: number, fn: number, line: number, locals: Variable[]): DebugInfo['probes'][number] {
  return { id, kind: 'statement', fn, line, column: 3, locals };
}

/** Pseudo addresses of objects start here, one for each object. */
const ADDRESSES = 0x7f0000001000;

export abstract class FakeEngine extends EventEmitter<EngineEvents> implements EngineApi {
  abstract readonly info: DebugInfo;
  abstract readonly sourceRoot: string;
  abstract readonly memory: GuestMemory;
  state: InferiorState = 'none';
  stop: Reason | undefined;
  guests: RealGuests | undefined;
  breakpoints: Breakpoint[] = [];
  shared: ReadonlyMap<string, ArrayBufferLike> = new Map();
  disposed = false;
  /** Message of a breakpoint that is nowhere. */
  protected readonly undefinedFunction: string | undefined = undefined;
  /** Whether aggregates have pseudo addresses. */
  protected readonly addressed: boolean = false;
  #last = 0;
  readonly #objects: object[] = [];
  readonly #addresses = new Map<object, number>();

  /** Starts the program. */
  abstract launch(options: LaunchOptions): Promise<void>;
  abstract resume(): Promise<void>;
  abstract interrupt(): Promise<void>;
  abstract step(kind: StepKind, options?: { frame?: number; count?: number }): Promise<void>;
  abstract runTo(location: BreakpointSpec['location']): Promise<void>;
  readonly history: HistoryState | undefined = undefined;
  /** What every query finds. */
  found: readonly QueryRow[] = [];
  readonly timeline: RunTimeline | undefined = undefined;

  async reverse(kind: ReverseKind): Promise<void> {
    throw new EngineError(`Target native does not support reverse ${kind}.`);
  }

  async returnFrom(): Promise<never> {
    throw new EngineError('A fake machine cannot be changed.');
  }

  async effect(): Promise<never> {
    throw new EngineError('A fake machine cannot be changed.');
  }

  inject(): void {}

  setLink(): void {}

  async trace(): Promise<never> {
    throw new EngineError('Target native has no history.');
  }

  async query(_request: QueryRequest, { rows }: QueryOptions): Promise<QueryEnd> {
    rows(this.found);
    return { rows: this.found.length, complete: true, failure: '' };
  }

  readonly savedMarks = undefined;
  askWhatIf: (() => Promise<boolean>) | undefined;

  async compareWhatIf(): Promise<never> {
    throw new EngineError('Target native has no history.');
  }

  async endWhatIf(): Promise<void> {
    throw new EngineError('Target native has no history.');
  }

  async saveRecording(): Promise<never> {
    throw new EngineError('Target native has no history.');
  }

  async goToPassed(): Promise<void> {
    throw new EngineError('Target native has no history.');
  }

  async goTo(): Promise<void> {
    throw new EngineError('Target native has no history.');
  }

  /** The call stack, innermost first. */
  protected abstract stack(): readonly { readonly fn: FunctionInfo; readonly line: number; readonly probe: number }[];
  /** What the parameters and locals of a frame hold. */
  protected abstract values(frame: number): Record<string, unknown>;
  abstract locals(frame: number): Promise<readonly NamedValue[]>;
  abstract scope(frame: number): SymbolScope;
  /** Runs compiled code. */
  abstract run(js: string, frame: number): unknown;
  abstract assign(js: string, valueJs: string, frame: number): Promise<Value>;
  /** The packet of the innermost frame. */
  protected abstract bytes(): Uint8Array;

  /** The machine stops. */
  stopHere(reason: Reason): void {
    this.state = 'stopped';
    this.stop = reason;
    this.emit('stopped', reason);
  }

  async kill(): Promise<void> {
    if (this.state !== 'none' && this.state !== 'exited') {
      this.state = 'exited';
      this.emit('exited', 0, '');
    }
  }

  async dispose(): Promise<void> {
    await this.kill();
    this.disposed = true;
  }

  setBreakpoint(spec: BreakpointSpec): Breakpoint {
    const at = spec.location;
    const { functions, probes } = this.info;
    const place = probes.find((p) => {
      const f = functions[p.fn]!;
      return at.kind === 'function'
        ? f.name === at.name && f.probes[0] === p.id
        : at.kind === 'line' && f.file === at.file && p.line >= at.line;
    });
    const message = place === undefined ? this.undefinedFunction : this.#conditionError(spec);
    const f = place && functions[place.fn]!;
    if (spec.required && (place === undefined || message !== undefined)) {
      throw new EngineError(message ?? 'nowhere');
    }
    const bp: Breakpoint = {
      id: ++this.#last,
      spec,
      enabled: true,
      verified: place !== undefined && message === undefined,
      ...(message === undefined ? {} : { message }),
      locations: f ? [{ file: f.file, line: place.line, column: 3, function: f.name, probe: place.id }] : [],
      hits: 0,
    };
    this.breakpoints.push(bp);
    this.emit('breakpoint', 'new', bp);
    return bp;
  }

  /** What is wrong with a breakpoint's condition, as it is compiled in the innermost frame. */
  #conditionError(spec: BreakpointSpec): string | undefined {
    try {
      spec.condition?.compile(this.scope(0));
      return undefined;
    } catch (e) {
      return (e as Error).message;
    }
  }

  updateBreakpoint(id: number, change: Parameters<EngineApi['updateBreakpoint']>[1]): Breakpoint {
    const index = this.breakpoints.findIndex((b) => b.id === id);
    const b = this.breakpoints[index]!;
    const { condition: oldCondition, ignoreCount: oldIgnoreCount, ...rest } = b.spec;
    const condition = change.condition === undefined ? oldCondition : (change.condition ?? undefined);
    const ignoreCount = change.ignoreCount ?? oldIgnoreCount;
    const spec = {
      ...rest,
      ...(condition ? { condition } : {}),
      ...(ignoreCount === undefined ? {} : { ignoreCount }),
    };
    const next = { ...b, spec, enabled: change.enabled ?? b.enabled };
    this.breakpoints[index] = next;
    this.emit('breakpoint', 'changed', next);
    return next;
  }

  deleteBreakpoint(id: number): boolean {
    const bp = this.breakpoints.find((b) => b.id === id);
    this.breakpoints = this.breakpoints.filter((b) => b.id !== id);
    if (bp !== undefined) {
      this.emit('breakpoint', 'removed', bp);
    }
    return bp !== undefined;
  }

  async frames(): Promise<readonly Frame[]> {
    return this.stack().map(({ fn, line, probe }, index) => ({
      index,
      fn,
      location: { file: fn.file, line, column: 3 },
      probe: index === 0 ? probe : -1,
    }));
  }

  async args(frame: number): Promise<readonly NamedValue[]> {
    const values = this.values(frame);
    return this.stack()[frame]!.fn.params.map(({ name }) => ({ name, value: this.describe(values[name]) }));
  }

  async children(handle: string, start = 0, count = Number.POSITIVE_INFINITY): Promise<readonly NamedValue[]> {
    const o = this.#objects[Number(handle)]!;
    const entries: [string, unknown][] =
      o instanceof Map
        ? [...o].map(([k, x]) => [`[${k}]`, x])
        : ArrayBuffer.isView(o) || Array.isArray(o)
          ? Array.from(o as unknown as ArrayLike<unknown>, (x, i) => [`[${i}]`, x])
          : Object.entries(o);
    return entries.slice(start, start + count).map(([name, x]) => ({ name, value: this.describe(x) }));
  }

  async readBytes(handle: string, start: number, count: number): Promise<Uint8Array | undefined> {
    const o = this.#objects[Number(handle)];
    if (!ArrayBuffer.isView(o)) {
      return undefined;
    }
    const from = o.byteOffset + start;
    return new Uint8Array(o.buffer, from, Math.max(0, Math.min(count, o.byteLength - start)));
  }

  /** A value as the engine tells it. */
  protected describe(x: unknown): Value {
    if (x === null || x === undefined) {
      return { kind: x === null ? 'null' : 'undefined', type: '' };
    }
    if (typeof x === 'bigint') {
      return { kind: 'bigint', type: 'bigint', value: x };
    }
    if (typeof x === 'function') {
      return { kind: 'function', type: '', value: x.name };
    }
    if (typeof x !== 'object') {
      return { kind: typeof x as 'number', type: typeof x, value: x as number };
    }
    const handle = String(this.#objects.push(x) - 1);
    const base = { type: x.constructor.name, handle, ...(this.addressed ? { address: this.#addressOf(x) } : {}) };
    if (ArrayBuffer.isView(x)) {
      const { length, BYTES_PER_ELEMENT: size } = x as Uint8Array;
      return { kind: x instanceof Uint8Array ? 'bytes' : 'array', ...base, length, bits: size * 8 };
    }
    if (Array.isArray(x)) {
      return { kind: 'array', ...base, length: x.length };
    }
    if (x instanceof Map) {
      return { kind: 'map', ...base, length: x.size };
    }
    return { kind: 'struct', ...base, length: Object.keys(x).length };
  }

  #addressOf(x: object): number {
    const known = ArrayBuffer.isView(x) ? x.buffer : x;
    const address = this.#addresses.get(known) ?? ADDRESSES + this.#addresses.size * 0x40;
    this.#addresses.set(known, address);
    return ArrayBuffer.isView(x) ? address + x.byteOffset : address;
  }

  /** The object that was shown with an address. */
  protected objectAt(address: number): object | undefined {
    return [...this.#addresses].find(([, at]) => at === address)?.[0];
  }

  async evaluate(js: string, frame: number): Promise<Value> {
    try {
      return this.describe(this.run(js, frame));
    } catch (error) {
      throw new EngineError((error as Error).message);
    }
  }

  async packet(frame: number): Promise<{ readonly bytes: Uint8Array; readonly linktype: 'ethernet' } | undefined> {
    return frame === 0 ? { bytes: this.bytes(), linktype: 'ethernet' } : undefined;
  }

  guestInput(_text: string): void {}

  async monitor(_line: string): Promise<string> {
    return '';
  }

  replay: ReplayState | undefined;

  async divergences(): Promise<DivergenceReport> {
    throw new EngineError('Nothing is being replayed.');
  }

  async divergentFrame(): Promise<undefined> {}

  async writeShared(name: string, offset: number, data: Uint8Array): Promise<void> {
    new Uint8Array(this.shared.get(name) ?? new ArrayBuffer(0)).set(data, offset);
  }

  capturedPacket(_number: number): PacketBytes | undefined {
    return undefined;
  }

  async position(): Promise<Position> {
    return { tick: 0, probe: -1, location: undefined };
  }
}
