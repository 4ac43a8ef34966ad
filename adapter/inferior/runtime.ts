/**
 * In the inferior: what the inserted probes call. Everything that decides whether to stop happens here, in compiled functions of
 * the locals that the probe hands over; V8's inspector only shows the frames of a stop.
 */
import type { PacketKind } from '../compiler/debug-info.ts';
import { FIELDS, PacketView } from '../packets/fields.ts';
import { Describer } from './describe.ts';
import { packetBytes } from './packet-bytes.ts';
import { hashState } from './state-hash.ts';

/** Bits of a probe's byte in `A`. */
export const ARMED_BREAKPOINT = 1;
export const ARMED_STEP = 2;

const KIND_RETURN = 1;

/** Tables of the debug info that the runtime needs, one element a probe. */
export interface ProbeTables {
  /** 0 statement, 1 return, 2 end. */
  readonly kind: Uint8Array;
  readonly fn: Uint32Array;
  readonly line: Uint32Array;
}

/** How a breakpoint counts: all in the inferior, so that a hit that does not stop costs no message. */
interface BreakpointState {
  hits: number;
  ignore: number;
  op: string;
  operand: number;
  temporary: boolean;
}

/** A step in progress. */
interface StepState {
  readonly kind: 'into' | 'over' | 'out' | 'to';
  /** Depth of the frame it started in (or that it leaves, for 'out'). */
  depth: number;
  fn: number;
  line: number;
  count: number;
  /** Functions whose probes are armed; null: all. */
  readonly fns: ReadonlySet<number> | null;
  /** Probes that 'to' runs to. */
  readonly targets: ReadonlySet<number>;
  /** Return value seen on the way out. */
  value: unknown;
  hasValue: boolean;
}

/** Why `debugger` was executed. */
export interface StopInfo {
  readonly kind: 'breakpoint' | 'step' | 'finish' | 'pause' | 'entry' | 'condition-error' | 'tick';
  readonly probe: number;
  readonly hits: readonly number[];
  readonly temporary: boolean;
  readonly message: string;
  readonly value: unknown;
  readonly hasValue: boolean;
}

const NO_STOP: Omit<StopInfo, 'kind' | 'probe'> = {
  hits: [],
  temporary: false,
  message: '',
  value: undefined,
  hasValue: false,
};

type Decider = (...locals: unknown[]) => boolean;
type Registration = Readonly<Record<string, readonly [() => unknown, ((v: unknown) => void) | null]>>;

export class Runtime {
  readonly A: Uint8Array;
  readonly T: Float64Array;
  readonly F = FIELDS;
  readonly describer = new Describer();
  readonly #tables: ProbeTables;
  readonly #stackUrl: string;
  readonly #deciders: (Decider | undefined)[] = [];
  readonly #breakpoints = new Map<number, BreakpointState>();
  readonly #globalsAll: object = Object.create(null) as object;
  readonly #globalsOf = new Map<string, object>();
  readonly #packetView = new PacketView();
  /** In a replay: number in the capture of what the user network has sent last, 0 if the capture has nothing like it. */
  packetNumber = 0;
  /** The packet that `packet` viewed last. */
  currentPacket: PacketView | undefined;
  /** Declared types of struct fields, set by the engine before the first look into one. */
  fieldTypes: Readonly<Record<string, Readonly<Record<string, string>>>> = {};
  #step: StepState | null = null;
  #hitList: number[] = [];
  #hitTemporary = false;
  #conditionError: { id: number; message: string } | null = null;
  #entryWanted = false;
  /** Milliseconds spent standing still. */
  #standing = 0;
  #stopDepth = 0;
  #takePause: () => boolean;
  readonly #sendLog: (breakpoint: number, probe: number, text: string) => void;
  readonly #tellStop: (stop: string) => void;

  constructor(options: {
    A: Uint8Array;
    T: Float64Array;
    tables: ProbeTables;
    stackUrl: string;
    takePause: () => boolean;
    sendLog: (breakpoint: number, probe: number, text: string) => void;
    /** Leaves the description of a stop (JSON of a `RuntimeStop`) where the main thread finds it. */
    tellStop: (stop: string) => void;
  }) {
    this.A = options.A;
    this.T = options.T;
    this.#tables = options.tables;
    this.#stackUrl = options.stackUrl;
    this.#takePause = options.takePause;
    this.#sendLog = options.sendLog;
    this.#tellStop = options.tellStop;
  }

  /** Steady clock in milliseconds that stands still while the inferior does. */
  now(): number {
    return performance.now() - this.#standing;
  }

  // ---- probes ----

  readonly hit = (id: number, ...locals: unknown[]): void => {
    let stop = this.#deciders[id]?.(...locals) ?? false;
    let stepped = false;
    if (((this.A[id] as number) & ARMED_STEP) !== 0 && this.#step !== null) {
      stepped = this.#stepHit(id, locals);
      stop ||= stepped;
    }
    if (stop) {
      this.#stopAt(id, stepped);
    }
  };

  readonly tick = (): void => {
    this.T[1] = Number.POSITIVE_INFINITY;
    if (this.#takePause()) {
      this.#stand({ kind: 'pause', probe: -1, ...NO_STOP });
    }
  };

  /** The poll of the main loop noticed the wish to interrupt. */
  pausePoll(): void {
    this.T[1] = Number.POSITIVE_INFINITY;
    if (this.#takePause()) {
      this.#stand({ kind: 'pause', probe: -1, ...NO_STOP });
    }
  }

  #stopAt(id: number, stepped: boolean): void {
    const step = this.#step;
    const error = this.#conditionError;
    const hits = this.#hitList;
    const temporary = this.#hitTemporary;
    this.#hitList = [];
    this.#hitTemporary = false;
    this.#conditionError = null;
    this.#endStep();
    if (error) {
      this.#stand({ ...NO_STOP, kind: 'condition-error', probe: id, hits: [error.id], message: error.message });
    } else if (hits.length > 0) {
      this.#stand({ ...NO_STOP, kind: 'breakpoint', probe: id, hits, temporary });
    } else if (this.#entryWanted) {
      this.#entryWanted = false;
      this.#stand({ ...NO_STOP, kind: 'entry', probe: id });
    } else if (stepped && step) {
      const finish = step.kind === 'out';
      this.#stand({
        ...NO_STOP,
        kind: finish ? 'finish' : 'step',
        probe: id,
        value: step.value,
        hasValue: finish && step.hasValue,
      });
    }
  }

  /** Stands still: the inspector takes over at `debugger`. */
  #stand(info: StopInfo): void {
    this.#stopDepth = this.#depth();
    this.#tellStop(JSON.stringify(this.#describeStop(info)));
    const since = performance.now();
    // biome-ignore lint/suspicious/noDebugger: this is how the inferior stops
    debugger;
    this.#standing += performance.now() - since;
    this.describer.forget();
  }

  /** The stack now stands still outside `stand` (after its frame was left to write to optimised locals) for `ms`. */
  addStanding(ms: number): void {
    this.#standing += ms;
    this.describer.forget();
  }

  /** Frames of the stack's own code, counted from the inside. */
  #depth(): number {
    const limit = Error.stackTraceLimit;
    const prepare = Error.prepareStackTrace;
    Error.stackTraceLimit = 1000;
    Error.prepareStackTrace = (_e, sites) => sites.filter((s) => s.getFileName()?.startsWith(this.#stackUrl)).length;
    const n = new Error().stack as unknown as number;
    Error.prepareStackTrace = prepare;
    Error.stackTraceLimit = limit;
    return n;
  }

  // ---- breakpoints ----

  /** Sets or clears what decides at a probe. `source` is a function expression of the probe's locals, with this runtime as `$R`. */
  setDecider(id: number, source: string): void {
    if (source === '') {
      this.#deciders[id] = undefined;
      this.A[id] = (this.A[id] as number) & ~ARMED_BREAKPOINT;
    } else {
      this.#deciders[id] = new Function('$R', '$F', `return ${source}`)(this, FIELDS) as Decider;
      this.A[id] = (this.A[id] as number) | ARMED_BREAKPOINT;
    }
  }

  /** Creates or changes the counting of a breakpoint; hits so far are kept. */
  setBreakpoint(id: number, state: Omit<BreakpointState, 'hits'>): void {
    this.#breakpoints.set(id, { hits: this.#breakpoints.get(id)?.hits ?? 0, ...state });
  }

  deleteBreakpoint(id: number): void {
    this.#breakpoints.delete(id);
  }

  hitCounts(): Record<number, number> {
    return Object.fromEntries([...this.#breakpoints].map(([id, b]) => [id, b.hits]));
  }

  /** Called by deciders: the condition holds. True if the breakpoint stops. */
  count(id: number): boolean {
    const b = this.#breakpoints.get(id);
    if (!b) {
      return false;
    }
    b.hits++;
    if (b.ignore > 0) {
      b.ignore--;
      return false;
    }
    return hitConditionHolds(b);
  }

  /** Called by deciders: breakpoint `id` stops. */
  stopFor(id: number): true {
    this.#hitList.push(id);
    this.#hitTemporary ||= this.#breakpoints.get(id)?.temporary ?? false;
    return true;
  }

  /** Called by deciders: the condition of breakpoint `id` threw. */
  failed(id: number, error: unknown): true {
    const message = error instanceof Error ? error.message : String(error);
    const isNull = error instanceof TypeError && /^Cannot read properties of (null|undefined)/.test(message);
    this.#conditionError ??= { id, message: isNull ? 'Cannot access memory at address 0x0' : message };
    return true;
  }

  /** Called by deciders: a logpoint speaks. */
  log(id: number, probe: number, parts: readonly unknown[]): false {
    this.#sendLog(id, probe, parts.map(logText).join(''));
    return false;
  }

  // ---- packets ----

  /** Views the packet that a local holds, or undefined if there is none. `extra` and `link` are those of its `PacketInfo`. */
  packet(kind: PacketKind, local: unknown, extra: unknown, link: unknown): PacketView | undefined {
    const at = packetBytes(kind, local, extra, link);
    this.currentPacket = at ? this.#packetView : undefined;
    if (at) {
      this.#packetView.set(at.buf, at.off, at.len, at.linktype);
    }
    return this.currentPacket;
  }

  /** The bytes of a packet, copied, for the front ends. */
  packetCopy(
    kind: PacketKind,
    local: unknown,
    extra: unknown,
    link: unknown,
  ): { hex: string; linktype: string } | null {
    const at = packetBytes(kind, local, extra, link);
    return (
      at && {
        hex: Buffer.from(at.buf.buffer, at.buf.byteOffset + at.off, at.len).toString('hex'),
        linktype: at.linktype,
      }
    );
  }

  // ---- steps ----

  /** Begins a step from the stop; `up` frames above the innermost for 'out'. */
  startStep(
    kind: StepState['kind'],
    up: number,
    fn: number,
    line: number,
    count: number,
    fns: readonly number[] | null,
    targets: readonly number[],
  ): void {
    this.#step = {
      kind,
      depth: this.#stopDepth - up,
      fn,
      line,
      count,
      fns: fns && new Set(fns),
      targets: new Set(targets),
      value: undefined,
      hasValue: false,
    };
    this.#armStep();
  }

  /** Stops at the first probe. */
  wantEntry(): void {
    this.#entryWanted = true;
    this.#stopDepth = 0;
    this.startStep('into', 0, -1, -1, 1, null, []);
  }

  #armStep(): void {
    const step = this.#step as StepState;
    const { fn } = this.#tables;
    for (let id = 0; id < fn.length; id++) {
      if (step.fns === null || step.fns.has(fn[id] as number) || step.targets.has(id)) {
        this.A[id] = (this.A[id] as number) | ARMED_STEP;
      }
    }
  }

  #endStep(): void {
    if (this.#step) {
      this.#step = null;
      for (let id = 0; id < this.A.length; id++) {
        this.A[id] = (this.A[id] as number) & ~ARMED_STEP;
      }
    }
  }

  /** True if the step ends at this probe. */
  #stepHit(id: number, locals: readonly unknown[]): boolean {
    const step = this.#step as StepState;
    const isReturn = this.#tables.kind[id] === KIND_RETURN;
    const fn = this.#tables.fn[id] as number;
    const line = this.#tables.line[id] as number;
    if (step.kind === 'into' && !isReturn && (fn !== step.fn || line !== step.line)) {
      return this.#stepDone(fn, line);
    }
    if (step.targets.has(id)) {
      return true;
    }
    const depth = this.#depth();
    if (step.kind === 'out' && isReturn && depth === step.depth && fn === step.fn) {
      step.value = locals[locals.length - 1];
      step.hasValue = true;
      return false;
    }
    if (depth < step.depth) {
      return this.#stepDone(fn, line);
    }
    const moved = fn !== step.fn || line !== step.line;
    return step.kind === 'over' && depth === step.depth && !isReturn && moved ? this.#stepDone(fn, line) : false;
  }

  /** One of `count` steps is done; true if it was the last. */
  #stepDone(fn: number, line: number): boolean {
    const step = this.#step as StepState;
    if (--step.count <= 0) {
      return true;
    }
    step.fn = fn;
    step.line = line;
    step.depth = this.#depth();
    return false;
  }

  // ---- symbols and state ----

  /** Called on each module's last line with its top-level names. */
  readonly module = (file: string, names: Registration): void => {
    const own: object = Object.create(this.#globalsAll) as object;
    for (const [name, [get, set]] of Object.entries(names)) {
      const accessor: PropertyDescriptor = { get, enumerable: true, configurable: true, ...(set ? { set } : {}) };
      Object.defineProperty(own, name, accessor);
      if (!(name in this.#globalsAll)) {
        Object.defineProperty(this.#globalsAll, name, accessor);
      }
    }
    this.#globalsOf.set(file, own);
  };

  /** Globals by name as seen from a file: its own ones first. */
  globals(file: string): object {
    return this.#globalsOf.get(file) ?? this.#globalsAll;
  }

  /** What the front ends need to know of a stop. */
  #describeStop(info: StopInfo): object {
    const { value, hasValue, ...rest } = info;
    const returned = hasValue && value !== undefined ? this.describer.describe(value) : null;
    return { ...rest, tick: this.T[0], value: returned, hitCounts: this.hitCounts() };
  }

  stateHash(): string {
    const { machine } = this.#globalsAll as { machine?: object };
    return machine ? hashState(machine, new Set(['host'])) : '';
  }
}

function hitConditionHolds(b: BreakpointState): boolean {
  switch (b.op) {
    case '':
      return true;
    case '==':
      return b.hits === b.operand;
    case '>':
      return b.hits > b.operand;
    case '>=':
      return b.hits >= b.operand;
    case '<':
      return b.hits < b.operand;
    case '<=':
      return b.hits <= b.operand;
    default:
      return b.operand > 0 && b.hits % b.operand === 0;
  }
}

function logText(v: unknown): string {
  if (typeof v === 'object' && v !== null) {
    return ArrayBuffer.isView(v) ? `<${v.byteLength} bytes>` : `<${v.constructor?.name ?? 'struct'}>`;
  }
  return String(v);
}
