/**
 * In the inferior: what the inserted probes call. Everything that decides whether to stop happens here, in compiled
 * functions of the locals that the probe hands over; V8's inspector only shows the frames of a stop.
 */
import type { PacketKind } from '../compiler/debug-info.ts';
import { ARMED, PROBE_KIND, type ProbeTables } from '../mailbox/probes.ts';
import { TICK } from '../mailbox/ticks.ts';
import type { TcpRelative } from '../packets/conversations.ts';
import { FIELDS, PacketView } from '../packets/fields.ts';
import { compileFilter, type Filter } from '../packets/filter/filter.ts';
import type { PacketKnowledge } from '../packets/packet-view.ts';
import type { DivergenceReport } from '../replay/divergence.ts';
import { Describer } from './describe.ts';
import { packetBytes } from './packet-bytes.ts';
import { hashState } from './state-hash.ts';
import { Step, type StepStart } from './step.ts';
import type { Counting, HitCondition, StepRequest, Stop, StopReport } from './stop.ts';
import type { NamedValue, Value } from './value.ts';

/** A breakpoint's counting as it stands. */
interface BreakpointState extends Counting {
  hits: number;
  ignore: number;
}

/** A packet for the front ends. `number` is that in the replayed capture, 0 if it is none or nothing is replayed. */
export interface PacketCopy {
  readonly hex: string;
  readonly linktype: 'ethernet' | 'ip';
  readonly number: number;
  /** Since the capture's first packet. */
  readonly seconds: number;
  /** What is known of its connection. */
  readonly relative: TcpRelative | null;
}

/** Declared types of fields by struct. */
export type FieldTypes = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * What an armed probe calls, with its locals; at a `return` the value comes first. True makes the probe's function
 * return the runtime's `returned`.
 */
type Decider = (...locals: never[]) => boolean;

/** Stands at probes that nobody has armed. */
const notArmed: Decider = () => false;

type Registration = Readonly<Record<string, readonly [() => unknown, ((v: unknown) => void) | null]>>;

/** How a replay compares with its capture, and the frames that differ. */
export type ReplayComparison = DivergenceReport & { frame(i: number): Uint8Array | null };

export class Runtime {
  readonly A: Uint8Array;
  /** What decides at each probe. */
  readonly D: Decider[];
  readonly T: Float64Array;
  /** What a probe that was told so makes its function return. */
  returned: unknown;
  readonly F = FIELDS;
  readonly #filters = new Map<string, Filter['matches']>();
  readonly #describer = new Describer();
  readonly #tables: ProbeTables;
  readonly #measureDepth: () => number;
  /** What decides at probes without a breakpoint while a step is on its way; made when first needed. */
  readonly #steppers: Decider[] = [];
  readonly #breakpoints = new Map<number, BreakpointState>();
  readonly #globalsAll: object = Object.create(null) as object;
  readonly #globalsOf = new Map<string, object>();
  readonly #packetView = new PacketView();
  /** The same for copies, so that a condition's packet stays what it is. */
  readonly #copied = new PacketView();
  /**
   * In a replay: number in the capture of what the user network has sent last, 0 if the capture has nothing like it.
   */
  packetNumber = 0;
  /** In a replay: how what the user network has sent last compares with the capture (see replay/divergence.ts). */
  divergence = 0;
  /** The packet that `packet` viewed last. */
  currentPacket: PacketView | undefined;
  #fieldTypes: FieldTypes = {};
  #step: Step | null = null;
  #returning = false;
  #hitList: number[] = [];
  #hitTemporary = false;
  #conditionError: { breakpoint: number; message: string } | null = null;
  #entryWanted = false;
  /** Milliseconds spent standing still. */
  #standing = 0;
  /** The stop that the inferior stands in. */
  #start: StepStart = { probe: -1, depth: 0 };
  #takePause: () => boolean;
  readonly #sendLog: (breakpoint: number, probe: number, text: string) => void;
  readonly #tellStop: (stop: StopReport) => void;

  constructor(options: {
    A: Uint8Array;
    T: Float64Array;
    tables: ProbeTables;
    stackUrl: string;
    takePause: () => boolean;
    sendLog: (breakpoint: number, probe: number, text: string) => void;
    /** Leaves the description of a stop where the main thread finds it. */
    tellStop: (stop: StopReport) => void;
  }) {
    this.A = options.A;
    this.T = options.T;
    this.#tables = options.tables;
    this.#measureDepth = () => stackDepth(options.stackUrl);
    this.D = Array.from(options.A, () => notArmed);
    this.#takePause = options.takePause;
    this.#sendLog = options.sendLog;
    this.#tellStop = options.tellStop;
  }

  /** Steady clock in milliseconds that stands still while the inferior does. */
  now(): number {
    return performance.now() - this.#standing;
  }

  // ---- probes ----

  /**
   * Called by deciders: the breakpoints at a probe have had their say. True if the function is to return `returned`.
   */
  decided(id: number, stop: boolean, ret: unknown): boolean {
    const stepped = this.#step !== null && ((this.A[id] ?? 0) & ARMED.STEP) !== 0 && this.#step.hit(id, ret);
    if (stop || stepped) {
      this.#stopAt(id, stepped);
    }
    if (!this.#returning) {
      return false;
    }
    this.#returning = false;
    this.#step?.returned(id, this.returned);
    return true;
  }

  #stepper(id: number): Decider {
    this.#steppers[id] ??=
      this.#tables.kind[id] === PROBE_KIND.return
        ? (ret: unknown) => this.decided(id, false, ret)
        : () => this.decided(id, false, undefined);
    return this.#steppers[id];
  }

  /** The limit of ticks is reached, or the poll of the main loop noticed the wish to interrupt. */
  readonly tick = (): void => {
    this.T[TICK.LIMIT] = Number.POSITIVE_INFINITY;
    if (this.#takePause()) {
      this.#stand({ kind: 'pause' }, -1);
    }
  };

  /** In a replay: how it compares with the capture. */
  #comparison: ReplayComparison | null = null;

  /** The machine replays a capture: where it is told how the two compare, and what packets are. */
  replays(comparison: ReplayComparison, known: PacketKnowledge): void {
    this.#comparison = comparison;
    for (const view of [this.#packetView, this.#copied]) {
      view.known = known;
    }
  }

  /** The first `count` divergences from `start` on, and how many there are of each grade; null without a replay. */
  divergenceReport(start: number, count: number): DivergenceReport | null {
    const all = this.#comparison;
    return all && { counts: all.counts, divergences: all.divergences.slice(start, start + count) };
  }

  /** The frame of the divergence at `index` in hexadecimal; null if there is none. */
  divergentFrame(index: number): string | null {
    const frame = this.#comparison?.frame(index);
    return frame ? Buffer.from(frame).toString('hex') : null;
  }

  /** A replay has come to its end: stands still in the poll of the main loop. */
  standAtEnd(): void {
    this.#stand({ kind: 'replay-end' }, -1);
  }

  #stopAt(id: number, stepped: boolean): void {
    const step = this.#step;
    const stop = this.#reasonOf(stepped ? step : null);
    this.#hitList = [];
    this.#hitTemporary = false;
    this.#conditionError = null;
    this.#endStep();
    if (stop) {
      this.#stand(stop, id);
    }
  }

  /** What a stop at a probe is for: the most special of what has come together. */
  #reasonOf(step: Step | null): Stop | null {
    if (this.#conditionError) {
      return { kind: 'condition-error', ...this.#conditionError };
    }
    if (this.#hitList.length > 0) {
      return { kind: 'breakpoint', breakpoints: this.#hitList, hitTemporary: this.#hitTemporary };
    }
    if (this.#entryWanted) {
      this.#entryWanted = false;
      return { kind: 'entry' };
    }
    if (step?.finishes) {
      const value = step.value === undefined ? {} : { value: this.#describer.describe(step.value) };
      return { kind: 'finish', from: step.from, ...value };
    }
    return step && { kind: 'step' };
  }

  /** Stands still: the inspector takes over at `debugger`. */
  #stand(stop: Stop, probe: number): void {
    this.#start = { probe, depth: this.#measureDepth() };
    this.#tellStop({ stop, probe, hitCounts: this.#hitCounts() });
    const since = performance.now();
    // biome-ignore lint/suspicious/noDebugger: this is how the inferior stops
    debugger;
    this.addStanding(performance.now() - since);
  }

  /** The stack now stands still outside `stand` (after its frame was left to write to optimised locals) for `ms`. */
  addStanding(ms: number): void {
    this.#standing += ms;
    this.#describer.forget();
  }

  /**
   * Makes the function that stands at the probe of this stop return `value` when the inferior goes on. Throws in a
   * constructor.
   */
  returnFrom(value: unknown): void {
    const { probe } = this.#start;
    if (this.#tables.canReturn[probe] !== 1) {
      throw new Error('a constructor cannot return another value');
    }
    this.returned = value;
    this.#returning = true;
  }

  // ---- breakpoints ----

  /** Called by compiled expressions: the function of a display filter, which is made once. Throws `FilterError`. */
  filter(text: string): Filter['matches'] {
    let matches = this.#filters.get(text);
    if (matches === undefined) {
      ({ matches } = compileFilter(text));
      this.#filters.set(text, matches);
    }
    return matches;
  }

  /**
   * Sets or clears what decides at a probe. `source` is a function expression of the probe's locals, with this runtime
   * as `$R`.
   */
  setDecider(id: number, source: string): void {
    const armed = this.A[id] ?? 0;
    if (source === '') {
      this.D[id] = this.#stepper(id);
      this.A[id] = armed & ~ARMED.BREAKPOINT;
    } else {
      this.D[id] = new Function('$R', '$F', '$A', `return ${source}`)(this, FIELDS, this.A) as Decider;
      this.A[id] = armed | ARMED.BREAKPOINT;
    }
  }

  /** Creates or changes the counting of a breakpoint; hits so far are kept. */
  setBreakpoint(id: number, state: Counting): void {
    this.#breakpoints.set(id, { hits: this.#breakpoints.get(id)?.hits ?? 0, ...state });
  }

  deleteBreakpoint(id: number): void {
    this.#breakpoints.delete(id);
  }

  #hitCounts(): Record<number, number> {
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
    return b.hitCondition === null || holds(b.hitCondition, b.hits);
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
    this.#conditionError ??= { breakpoint: id, message: isNull ? 'Cannot access memory at address 0x0' : message };
    return true;
  }

  /** Called by deciders: a logpoint speaks. */
  log(id: number, probe: number, parts: readonly unknown[]): false {
    this.#sendLog(id, probe, parts.map(logText).join(''));
    return false;
  }

  // ---- packets ----

  /**
   * Views the packet that a local holds, or undefined if there is none. `extra` and `link` are those of its
   * `PacketInfo`.
   */
  packet(kind: PacketKind, local: unknown, extra: unknown, link: unknown): PacketView | undefined {
    const at = packetBytes(kind, local, extra, link);
    this.currentPacket = at ? this.#packetView : undefined;
    if (at) {
      this.#packetView.set(at.buf, at.off, at.len, at.linktype);
    }
    return this.currentPacket;
  }

  /** The bytes of a packet, copied, for the front ends; in a replay also which packet of the capture it is. */
  packetCopy(kind: PacketKind, local: unknown, extra: unknown, link: unknown): PacketCopy | null {
    const at = packetBytes(kind, local, extra, link);
    if (!at) {
      return null;
    }
    const hex = Buffer.from(at.buf.buffer, at.buf.byteOffset + at.off, at.len).toString('hex');
    const view = this.#copied.set(at.buf, at.off, at.len, at.linktype);
    const number = view.known?.numberOf(view) ?? 0;
    const seconds = number > 0 ? (view.known?.secondsOf(number) ?? 0) : 0;
    return { hex, linktype: at.linktype, number, seconds, relative: view.known?.relative(view) ?? null };
  }

  // ---- steps ----

  /** Begins a step from the stop. */
  startStep(request: StepRequest): void {
    const step = new Step(request, this.#start, this.#tables, this.#measureDepth);
    this.#step = step;
    for (let id = 0; id < this.A.length; id++) {
      if (step.arms(id)) {
        const armed = this.A[id] ?? 0;
        if (armed === 0) {
          this.D[id] = this.#stepper(id);
        }
        this.A[id] = armed | ARMED.STEP;
      }
    }
  }

  /** Stops at the first probe. */
  wantEntry(): void {
    this.#entryWanted = true;
    const nowhere = { up: 0, nested: 0, fn: -1, name: '', line: -1 };
    this.startStep({ kind: 'into', ...nowhere, count: 1, fns: null, targets: [] });
  }

  #endStep(): void {
    if (this.#step) {
      this.#step = null;
      for (let id = 0; id < this.A.length; id++) {
        this.A[id] = (this.A[id] ?? 0) & ~ARMED.STEP;
      }
    }
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

  // ---- for the engine

  /** A value with the type known from the source, or '' to go by the value alone. */
  describe(v: unknown, declared = ''): Value {
    return this.#describer.describe(v, declared);
  }

  /** Tells the declared types of fields; until then fields go by their values. */
  setFieldTypes(types: FieldTypes): void {
    this.#fieldTypes = types;
  }

  /** Elements or fields `start` .. `start + count` of a handle's object. */
  children(handle: string, start: number, count: number): NamedValue[] {
    return this.#describer.children(handle, start, count, this.#fieldTypes);
  }

  /**
   * Runs a monitor command while the inferior stands still; null before the machine is set up. It is no part of the
   * machine's time.
   */
  monitor(line: string): string | null {
    const { machine, handle_hmp_command: command } = this.#globalsAll as {
      machine: { net?: object };
      handle_hmp_command: (line: string) => string;
    };
    const ticks = this.T[TICK.COUNT] ?? 0;
    try {
      return machine.net === undefined ? null : command(line);
    } finally {
      this.T[TICK.COUNT] = ticks;
    }
  }

  stateHash(): string {
    const { machine } = this.#globalsAll as { machine?: object };
    return machine ? hashState(machine, new Set(['host'])) : '';
  }
}

function holds({ op, operand }: HitCondition, hits: number): boolean {
  switch (op) {
    case '==':
      return hits === operand;
    case '>':
      return hits > operand;
    case '>=':
      return hits >= operand;
    case '<':
      return hits < operand;
    case '<=':
      return hits <= operand;
    case '%':
      return hits % operand === 0;
  }
}

/** Frames of the code under `url` on this thread's call stack. */
function stackDepth(url: string): number {
  const limit = Error.stackTraceLimit;
  const prepare = Error.prepareStackTrace;
  Error.stackTraceLimit = 1000;
  Error.prepareStackTrace = (_e, sites) => sites.filter((s) => s.getFileName()?.startsWith(url)).length;
  const n = new Error().stack as unknown as number;
  Error.prepareStackTrace = prepare;
  Error.stackTraceLimit = limit;
  return n;
}

function logText(v: unknown): string {
  if (typeof v === 'object' && v !== null) {
    return ArrayBuffer.isView(v) ? `<${v.byteLength} bytes>` : `<${v.constructor?.name ?? 'struct'}>`;
  }
  return String(v);
}
