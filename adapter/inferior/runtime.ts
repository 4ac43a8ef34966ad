/**
 * In the inferior: what the inserted probes call. Everything that decides whether to stop happens here, in compiled
 * functions of the locals that the probe hands over; V8's inspector only shows the frames of a stop.
 */
import type { PacketKind } from '../compiler/debug-info.ts';
import type { Change, FramedChange } from '../mailbox/change.ts';
import { ARMED, IN_POLL, IN_TICK, PROBE_KIND, type ProbeTables } from '../mailbox/probes.ts';
import { TICK } from '../mailbox/ticks.ts';
import type { FIELDS, PacketView } from '../packets/fields.ts';
import type { Filter } from '../packets/filter/filter.ts';
import type { DivergenceReport } from '../replay/divergence.ts';
import type { KnownPackets } from '../replay/known-packets.ts';
import { Appointments } from './appointments.ts';
import { Asked, type QueryOrder, type QueryResult, type Rows } from './asked.ts';
import { furtherBack } from './back-walk.ts';
import { Births } from './births.ts';
import { Callers, functionNames, StackLeft, stackDepth } from './call-stack.ts';
import type { CallTrace } from './call-trace.ts';
import { Changes } from './changes.ts';
import { type Registration, SymbolTable } from './checkpoint-symbols.ts';
import { Describer, type FieldTypes } from './describe.ts';
import { Edge } from './edge.ts';
import { Globals, type RunningMachine } from './globals.ts';
import { HandDrops } from './hand-drops.ts';
import { HitCounts } from './hit-counts.ts';
import { type Here, type LightStops, type Standing, standStill } from './light-stop.ts';
import { LogTexts, reason } from './log-text.ts';
import { type Note, Notes } from './notes.ts';
import { packetBytes } from './packet-bytes.ts';
import { type PacketCopy, patch } from './packet-copy.ts';
import { PacketViews } from './packet-views.ts';
import { hashState } from './state-hash.ts';
import { Step, type StepStart } from './step.ts';
import type { Counting, StepRequest, Stop, StopReport } from './stop.ts';
import { NO_NOTES, Travel, type TravelOrder } from './travel.ts';
import type { NamedValue, Value } from './value.ts';
import { WatchStops } from './watch-stops.ts';
import type { Captured, Captures, WatchOrder } from './watches.ts';

/**
 * What an armed probe calls, with its locals; at a `return` the value comes first. True makes the probe's function
 * return the runtime's `returned`.
 */
type Decider = (...locals: never[]) => boolean;

/** Stands at probes that nobody has armed. */
const notArmed: Decider = () => false;

/** How a replay compares with its capture, and the frames that differ. */
export type ReplayComparison = DivergenceReport & { frame(i: number): Uint8Array | null };

/** What runs as each turn of a query ends. */
type EachTurn = ($R: Runtime, $G: object, $probe: number) => void;
export class Runtime {
  readonly A: Uint8Array;
  /** What decides at each probe. */
  readonly D: Decider[];
  readonly T: Float64Array;
  /** A byte for each function: it has been entered. */
  readonly E: Uint8Array;
  /** What a probe that was told so makes its function return. */
  returned: unknown;
  readonly symbols = new SymbolTable();
  /** What an execution of history notes for the debugger. */
  readonly notes: Notes;
  readonly births = new Births();
  /** Steps back from where the last one led (back-walk.ts). */
  readonly furtherBack = furtherBack;
  readonly #describer = new Describer(this.births, () => this.machine ?? null);
  readonly texts = new LogTexts(this.#describer, () => this.#machineTime());
  readonly #tables: ProbeTables;
  readonly #stackUrl: string;
  readonly #measureDepth: () => number;
  /** What decides at probes without a breakpoint while a step goes on; made when first needed. */
  readonly #steppers: Decider[] = [];
  /** What decides for breakpoints, by probe. */
  readonly #deciders = new Map<number, Decider>();
  readonly #counts = new HitCounts();
  readonly #globals = new Globals();
  readonly packetViews = new PacketViews(() => this.#machineTime() / 1e9);
  /** What has passed the user network's edge. Conditions of breakpoints on packets look there. */
  readonly edge = new Edge();
  /** The packet that `packet` viewed last. */
  currentPacket: PacketView | undefined;
  #fieldTypes: FieldTypes = {};
  #step: Step | null = null;
  /** Where an execution of a recording is going. */
  #travel: Travel | null = null;
  /** The query that is being answered. */
  asked: Asked | null = null;
  #eachTurn: EachTurn | null = null;
  /** The stack is to be left as soon as the inferior goes on. */
  #leaving = false;
  #returning = false;
  readonly #watches: WatchStops;
  #hitList: number[] = [];
  #hitTemporary = false;
  #caught: string | null = null;
  #conditionError: { breakpoint: number; message: string } | null = null;
  #entryWanted = false;
  /** A monitor command runs at a stop: it is no part of the machine's time, so nothing in it has a position. */
  #commanding = false;
  /** Milliseconds spent standing still. */
  #standing = 0;
  /** The stop that the inferior stands in. */
  #start: StepStart = { probe: -1, depth: 0 };
  readonly #light: LightStops | undefined;
  readonly #takePause: () => boolean;
  readonly #pausePending: () => boolean;
  readonly #sendLog: (breakpoint: number, probe: number, text: string) => void;
  readonly #tellStop: (stop: StopReport) => void;
  readonly #appointments: Appointments;
  /** What the debugger changes. */
  readonly changes: Changes;

  constructor(options: {
    A: Uint8Array;
    T: Float64Array;
    E: Uint8Array;
    tables: ProbeTables;
    stackUrl: string;
    takePause: () => boolean;
    /** Takes no pause, but says whether there is one to be taken. */
    pausePending: () => boolean;
    sendLog: (breakpoint: number, probe: number, text: string) => void;
    /** Leaves the description of a stop where the main thread finds it. */
    tellStop: (stop: StopReport) => void;
    /** Absent where V8 is to describe each stop at once. */
    light?: LightStops;
    /** Hands over what an execution of history has noted. */
    sendNotes?: (notes: readonly Note[]) => void;
  }) {
    this.A = options.A;
    this.T = options.T;
    this.E = options.E;
    this.#tables = options.tables;
    this.#stackUrl = options.stackUrl;
    this.#measureDepth = () => stackDepth(options.stackUrl);
    this.D = Array.from(options.A, () => notArmed);
    this.#takePause = options.takePause;
    this.#pausePending = options.pausePending;
    this.#sendLog = options.sendLog;
    this.#tellStop = options.tellStop;
    this.#light = options.light;
    const now = (probe: number) => ({ tick: this.T[TICK.COUNT] ?? 0, probe, ns: this.#machineTime() });
    this.notes = new Notes(options.sendNotes ?? (() => undefined), now, new HandDrops(this.A, this.D));
    const arm = (probe: number, on: boolean): void => this.#arm(probe, ARMED.APPOINTMENT, on);
    this.#watches = new WatchStops(options.A.length, options.T, this, {
      machine: () => this.machine ?? {},
      globals: (file) => this.globals(file),
      arm: (probe) => this.#armWatch(probe),
      left: (ids) => this.#leaveScope(ids),
      count: (id) => this.asked !== null || this.count(id),
      stopFor: (id) => this.stopFor(id, null),
      failed: (id, error) => this.failed(id, error),
      describe: (v) => (this.asked ? this.#describer.plain(v) : this.#describer.describe(v)),
      searching: () => this.#searching,
      debugged: (change) => this.asked?.written(change),
      noted: (change) => (this.asked ? this.asked.written(change) : this.#travel?.watched(change)),
    });
    this.#appointments = new Appointments(options.T, arm, this.#setLimit);
    this.changes = new Changes(this.#appointments, {
      ticks: () => this.T[TICK.COUNT] ?? 0,
      standsAt: () => this.#start.probe,
      command: (line) => this.aside(() => this.#globals.monitor(line)),
      tell: (line) => this.births.uncounted(() => this.aside(() => this.#globals.monitor(line))),
      stand: (probe, change) => this.#stand({ kind: 'pause' }, probe, { change }),
      debugged: (at) => this.#watches.debugged(at),
    });
  }

  /** Steady clock in milliseconds that stands still while the inferior does. */
  now(): number {
    return performance.now() - this.#standing;
  }

  // ---- probes ----

  /**
   * Called by deciders: the breakpoints at a probe have had their say. True if the function is to return `returned`.
   */
  decided(id: number, stop: boolean, ret: unknown, here: Here | null = null): boolean {
    const { hands } = this.notes;
    const armed = hands.asking ? 0 : (this.A[id] ?? 0);
    if ((armed & ARMED.APPOINTMENT) !== 0) {
      hands.redo(() => this.#appointments.probe(id));
    }
    const stepped = this.#step !== null && (armed & ARMED.STEP) !== 0 && this.#step.hit(id, ret);
    const scoped = (armed & ARMED.SCOPE) !== 0 && this.#disarm(ARMED.SCOPE);
    const stops = ((armed & ARMED.WATCH) !== 0 && this.#watch(id)) || stop || this.#hitList.length > 0;
    const live = this.#travel === null && !this.#settingUp;
    if (!hands.asking && (live || this.#passes(this.#travel, id, stops)) && (stops || stepped || scoped)) {
      this.#stopAt(id, stepped, here);
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

  #deciderOf(id: number): Decider {
    const decider = this.#deciders.get(id);
    const { watches } = this.#watches;
    const rest = decider ?? this.#stepper(id);
    return watches.looksAt(id) ? watches.decider(id, rest, !decider, this.A) : rest;
  }

  /** Takes a bit of `ARMED` from all probes. */
  #disarm(bit: number): true {
    for (let id = 0; id < this.A.length; id++) {
      this.A[id] = (this.A[id] ?? 0) & ~bit;
    }
    return true;
  }

  /** Makes a probe call what decides there, or not any more, on behalf of a bit of `ARMED`. */
  readonly #arm = (id: number, bit: number, on = true): void => {
    const armed = this.A[id] ?? 0;
    if (on && armed === 0) {
      this.D[id] = this.#deciderOf(id);
    }
    this.A[id] = on ? armed | bit : armed & ~bit;
  };

  /** Sets the count of ticks at which the code calls `tick`. */
  readonly #setLimit = (): void => {
    if (!this.#commanding) {
      const next = Math.min(this.#appointments.next, this.#travel?.next ?? Number.POSITIVE_INFINITY);
      this.T[TICK.LIMIT] = this.#pausePending() ? 0 : next;
    }
  };

  /** The limit of ticks is reached. */
  readonly tick = (): void => {
    this.#appointments.tick();
    // A machine that is being set up takes it later: nobody could leave that stack.
    if ((!this.#settingUp || this.asked) && this.#takePause()) {
      this.#leaveQuery();
      this.#stand({ kind: 'pause' }, IN_TICK);
    }
    const arrived = this.#travel?.ticked() ?? false;
    this.#setLimit();
    if (arrived) {
      this.#arrive(IN_TICK);
    }
  };

  /** The poll of the main loop noticed the wish to interrupt. */
  pauseInPoll(): void {
    if (this.#takePause()) {
      this.#stand({ kind: 'pause' }, IN_POLL);
    }
  }

  /** The machine is being set up in order to execute a recording: what happens until then is of no account. */
  #settingUp = false;

  /** A run that somebody has interrupted is over: its end may be near in the new one's time. */
  prepareTravel(): void {
    this.#settingUp = true;
    this.#travel?.letGo();
    this.#travel = null;
    this.#setLimit();
  }

  /** Begins a run to a position; the machine is at an earlier one. */
  startTravel(order: TravelOrder): void {
    this.#settingUp = false;
    this.#travel = new Travel(order, this.A, this.T, this.#tables, this.#arm);
    this.#watches.begin(order);
    this.#travel.ticked();
    this.#traceCalls(this.#travel.trace);
    this.#watches.watches.sync();
    this.#setLimit();
  }

  /** Probes that tell of calls, for the time being. */
  #traced: readonly number[] = [];

  #traceCalls(trace: CallTrace | null): void {
    this.#traced = trace?.arm(this.A, this.#tables, this.#arm) ?? [];
    for (const id of this.#traced) {
      this.D[id] = (...args: unknown[]) => {
        if (!this.#commanding) {
          trace?.call(this.T[TICK.COUNT] ?? 0, id, args);
        }
        return this.decided(id, false, undefined);
      };
    }
  }

  /** Answers a query up to where its order says, and leaves the stack there. The machine is at an earlier position. */
  startQuery(query: QueryOrder, post: (rows: Rows) => void): void {
    for (const [probe, source] of query.deciders) {
      this.setDecider(probe, source);
    }
    this.notes.byHand(query.byHand?.drops ?? -1, query.byHand?.edits ?? -1);
    this.#eachTurn = query.eachTurn === '' ? null : (new Function('$R', '$G', '$probe', query.eachTurn) as EachTurn);
    const callers = new Callers(this.#stackUrl);
    this.asked = new Asked(query, {
      now: () => {
        const { packets, captured } = this.edge;
        return { tick: this.T[TICK.COUNT] ?? 0, ns: this.#machineTime(), packets, captured };
      },
      callers: (probe) => callers.of(this.D[probe]),
      plain: (v, declared) => this.#describer.plain(v, declared),
      passed: () => this.currentPacket && this.packetViews.summary(this.currentPacket),
      post,
    });
    this.#describer.forgetAddresses();
    const { watches = [], known = [] } = query;
    this.startTravel({ target: query.until, breakpoints: 'note', watches, known });
  }

  /** The query has been answered, or given up; what went wrong first in its expressions. */
  endQuery(): QueryResult {
    const { asked } = this;
    asked?.flush();
    this.notes.flush();
    for (const [probe] of asked?.order.deciders ?? []) {
      this.setDecider(probe, '');
    }
    this.asked = this.#eachTurn = this.#travel = null;
    return { failure: asked?.failure ?? '', ...(asked && this.#watches.end(asked.order)) };
  }

  #leaveQuery(): void {
    if (this.asked) {
      this.#leave();
    }
  }

  #leave(): never {
    this.#leaving = this.#returning = false;
    throw new StackLeft();
  }

  /** A packet passed the user network's edge. */
  packetPassed(): void {
    this.#travel?.packet(this.edge.packets);
  }

  /** The machine polls for the inputs of its next turn, which is at `ns`; `first`: the first one of all. */
  polls(ns: number, first: boolean): void {
    this.asked?.turn();
    this.#eachTurn?.(this, this.#globals.all, IN_POLL);
    if (this.#travel?.polls(ns, first)) {
      this.#arrive(IN_POLL);
    }
  }

  /** The recording has no further turn. */
  endOfRecording(): void {
    this.#arrive(IN_POLL);
  }

  /** Leaves the stack, whatever it is in, when the inferior goes on; `main` can be called again then. */
  leaveStack(): void {
    this.#leaving = true;
  }

  /** A probe on a run to a position. False if what stops there is of no account. */
  #passes(travel: Travel | null, id: number, stop: boolean): boolean {
    if (travel === null || this.#commanding) {
      this.#forgetHits();
      return false;
    }
    if (travel.ends(id, stop ? this.#hitList : null, this.#caught)) {
      this.#forgetHits();
      this.#arrive(id);
      return false;
    }
    if (travel.order.breakpoints === 'stop') {
      return true;
    }
    if (stop) {
      travel.hit(id, this.#hitList, this.#caught);
      this.#forgetHits();
    }
    return false;
  }

  #arrive(probe: number): void {
    const travel = this.#travel;
    this.#travel = null;
    this.#endStep();
    this.#leaveQuery();
    for (const id of this.#traced) {
      this.D[id] = this.#deciderOf(id);
    }
    this.#traced = [];
    const notes = travel?.end(this.#measureDepth()) ?? NO_NOTES;
    const origins = this.#watches.origins(travel?.order.known);
    this.#stand({ kind: 'arrived', notes: { ...notes, ...origins } }, probe, { quiet: travel?.order.quiet });
  }

  /** In a replay: how it compares with the capture. */
  #comparison: ReplayComparison | null = null;

  /** The machine replays a capture: where it is told how the two compare, and what packets are. */
  replays(comparison: ReplayComparison, known: KnownPackets): void {
    this.#comparison = comparison;
    this.beginAtEdge(known);
  }

  /** Nothing has passed the user network's edge, or what had at a checkpoint. `known` knows nothing yet. */
  beginAtEdge(known: KnownPackets | null, saved?: Uint8Array): void {
    this.edge.begin(known, saved);
    this.packetViews.begin(known);
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
    this.#stand({ kind: 'replay-end' }, IN_POLL);
  }

  #stopAt(id: number, stepped: boolean, here: Here | null): void {
    const step = this.#step;
    const stop = this.#reasonOf(stepped ? step : null);
    this.#forgetHits();
    this.#endStep();
    if (stop && !this.#commanding) {
      this.#stand(stop, id, { here });
    }
  }

  #forgetHits(): void {
    this.#hitList = [];
    this.#watches.changes = [];
    this.#hitTemporary = false;
    this.#caught = null;
    this.#conditionError = null;
  }

  /** What a stop at a probe is for: the most special of what has come together. */
  #reasonOf(step: Step | null): Stop | null {
    if (this.#conditionError) {
      return { kind: 'condition-error', ...this.#conditionError };
    }
    const { changes: all, scopeLeft } = this.#watches;
    if (scopeLeft.length > 0) {
      return { kind: 'watchpoint-scope', breakpoints: scopeLeft.splice(0) };
    }
    if (this.#hitList.length > 0) {
      const changes = all.length > 0 ? { changes: all } : {};
      const more = { ...changes, ...(this.#caught === null ? {} : { caught: this.#caught }) };
      return { kind: 'breakpoint', breakpoints: this.#hitList, hitTemporary: this.#hitTemporary, ...more };
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

  /** Stands still, until it is told to go on. */
  #stand(stop: StopReport['stop'], probe: number, { change, here = null, quiet }: Standing = {}): void {
    this.#start = { probe: Math.max(probe, IN_TICK), depth: this.#measureDepth() };
    const position = { tick: this.T[TICK.COUNT] ?? 0, probe };
    const { packets, last: lastPacket, account } = this.edge;
    const more = { lastPacket, account, hitCounts: this.#counts.all(), ...(change ? { change } : {}) };
    this.#tellStop({ stop, position, ns: this.#machineTime(), packets, ...more });
    if (quiet) {
      this.#leave();
    }
    this.addStanding(standStill(change ? undefined : this.#light, here));
    this.#watches.debugged(position);
    if (this.#leaving) {
      this.#leave();
    }
  }

  #machineTime(): number {
    return this.machine?.host?.now_ns ?? 0;
  }

  /** The stack now stands still outside `stand` (after its frame was left to write to optimised locals) for `ms`. */
  addStanding(ms: number): void {
    this.#standing += ms;
    this.#describer.forget();
  }

  /** Makes the function that stands at this stop's probe return `value` when it goes on. Throws in a constructor. */
  returnFrom(value: unknown): void {
    const { probe } = this.#start;
    if (this.#tables.canReturn[probe] !== 1) {
      throw new Error('a constructor cannot return another value');
    }
    this.returned = value;
    this.#returning = true;
  }

  // ---- breakpoints ----

  /** Called by compiled expressions: the function of a display filter. Throws `FilterError`. */
  filter(text: string, reference?: string, place?: string): Filter['matches'] {
    return this.packetViews.filter(text, reference, place);
  }

  /**
   * Sets or clears what decides at a probe. `source` is a function expression of the probe's locals, with this runtime
   * as `$R`.
   */
  setDecider(id: number, source: string): void {
    if (source === '') {
      this.#deciders.delete(id);
    } else {
      const fields = source.includes('$F') ? this.F : undefined;
      const decider = new Function('$R', '$F', '$A', `return ${source}`)(this, fields, this.A) as Decider;
      this.#deciders.set(id, decider);
    }
    this.D[id] = this.#deciderOf(id);
    const muted = this.#travel?.mutes(id, source !== '') ?? false;
    const armed = (this.A[id] ?? 0) & ~ARMED.BREAKPOINT;
    this.A[id] = source === '' || muted ? armed : armed | ARMED.BREAKPOINT;
  }

  /** Creates or changes the counting of a breakpoint; hits so far are kept. */
  setBreakpoint(id: number, counting: Counting): void {
    this.#counts.set(id, counting);
  }

  /** Sets how often breakpoints have been hit so far. */
  setHits(counts: Readonly<Record<string, number>>): void {
    this.#counts.setHits(counts);
  }

  deleteBreakpoint(id: number): void {
    this.#counts.delete(id);
    this.#watches.remove(id);
  }

  // ---- watches ----

  /** Watches an expression; without `locals`, with those that a watch of this number has captured. */
  setWatch(order: WatchOrder, locals: Record<string, unknown> | null = null, captured?: Captures): void {
    this.#watches.set(order, locals, captured);
  }

  /** Disables a watch, which goes on following its call, or enables it again. */
  muteWatch(id: number, on: boolean): void {
    this.#watches.watches.mute(id, on);
  }

  /** See `WatchStops.carry`. */
  carry(of: number | Readonly<Record<string, unknown>>): Record<string, Captured> {
    return this.#watches.carry(of);
  }

  #armWatch(id: number): void {
    const armed = (this.A[id] ?? 0) & ~ARMED.WATCH;
    this.A[id] = this.#watches.watches.looksAt(id) ? armed | ARMED.WATCH : armed;
    this.D[id] = this.#deciderOf(id);
  }

  #leaveScope(ids: readonly number[]): void {
    for (const id of ids) {
      this.deleteBreakpoint(id);
    }
    for (let id = 0; id < this.A.length; id++) {
      this.#arm(id, ARMED.SCOPE);
    }
  }

  /** What watches say at a probe; true if one stops. */
  #watch(id: number): boolean {
    const silent = this.#settingUp || this.#commanding || this.#travel?.order.breakpoints === 'silent';
    return !silent && this.#watches.at(id);
  }

  /** Hits are noted and not counted. */
  get #searching(): boolean {
    return this.#settingUp || (this.#travel !== null && this.#travel.order.breakpoints !== 'stop');
  }

  /** Called by deciders: the condition holds. True if the breakpoint stops. */
  count(id: number): boolean {
    return this.#searching ? this.#counts.has(id) : this.#counts.count(id);
  }

  /** Called by deciders: breakpoint `id` stops; a catchpoint says what it has caught. */
  stopFor(id: number, caught: string | null): true {
    this.#hitList.push(id);
    this.#caught ??= caught;
    this.#hitTemporary ||= this.#counts.isTemporary(id);
    return true;
  }

  /** Called by deciders: the condition of breakpoint `id` threw. */
  failed(id: number, error: unknown): true {
    this.#conditionError ??= { breakpoint: id, message: reason(error) };
    return true;
  }

  /** Called by deciders: a logpoint speaks. */
  log(id: number, probe: number, parts: readonly unknown[]): false {
    if (!this.#searching) {
      this.#sendLog(id, probe, parts.map(this.texts.part).join(''));
    }
    return false;
  }

  // ---- packets ----

  /** Getters of the fields of packets, by Wireshark's names. */
  get F(): typeof FIELDS {
    return this.packetViews.fields;
  }

  /**
   * Views the packet that a local holds, or undefined if there is none. `extra` and `link` are those of its
   * `PacketInfo`.
   */
  packet(kind: PacketKind, local: unknown, extra: unknown, link: unknown): PacketView | undefined {
    const at = packetBytes(kind, local, extra, link);
    this.currentPacket = at ? this.packetViews.at(at) : undefined;
    return this.currentPacket;
  }

  /** The bytes of a packet, copied, for the front ends; in a replay also which packet of the capture it is. */
  packetCopy(kind: PacketKind, local: unknown, extra: unknown, link: unknown): PacketCopy | null {
    const at = packetBytes(kind, local, extra, link);
    return at && this.packetViews.copy(at);
  }

  /** Writes bytes, in hexadecimal, into the packet that a local holds. Throws if it is held in pieces. */
  patchPacket(
    kind: PacketKind,
    local: unknown,
    extra: unknown,
    link: unknown,
    patches: readonly [number, string][],
  ): void {
    const at = packetBytes(kind, local, extra, link);
    if (!at || (kind === 'iov' && typeof extra === 'number' && extra > 1)) {
      throw new Error('the packet is not in one piece here');
    }
    patch(at, patches);
  }

  // ---- steps ----

  /** Begins a step from the stop. */
  startStep(request: StepRequest): void {
    const step = new Step(request, this.#start, this.#tables, this.#measureDepth);
    this.#step = step;
    for (let id = 0; id < this.A.length; id++) {
      if (step.arms(id)) {
        this.#arm(id, ARMED.STEP);
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
    this.symbols.add(file, names);
    this.#globals.add(file, names);
  };

  /** Globals by name as seen from a file: its own ones first. */
  globals(file: string, names: readonly string[] = []): object {
    return this.#globals.of(file, names);
  }

  /** Bytes of an array of bytes in base64; null if the handle is of none. */
  bytes(handle: string, start: number, count: number): string | null {
    const bytes = this.#describer.bytes(handle, start, count);
    return bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
  }

  // ---- for the engine

  readonly functionNames = () => functionNames(this.#stackUrl);
  readonly objectAt = (address: number) => this.#describer.objectAt(address, this.#globals.machine);
  /** A value with the type known from the source, or '' to go by the value alone. */
  describe(v: unknown, declared = ''): Value {
    return this.#describer.standing.describe(v, declared);
  }

  /** Tells the declared types of fields; until then fields go by their values. */
  setFieldTypes(types: FieldTypes): void {
    this.#fieldTypes = types;
  }

  /** Elements or fields `start` .. `start + count` of a handle's object. */
  children(handle: string, start: number, count: number): NamedValue[] {
    return this.#describer.standing.children(handle, start, count, this.#fieldTypes);
  }

  // ---- what the debugger changes

  /** The engine is about to change something at this stop, or has just done so. */
  changed(change: Change): void {
    this.changes.made(change);
  }

  /** Runs a monitor command while the inferior stands still, outside the machine's time; null before it is set up. */
  monitor(line: string): string | null {
    if (this.machine?.net === undefined) {
      return null;
    }
    return this.changes.monitor(line);
  }

  /** Runs code of the stack that is no part of the machine's time: nothing in it has a position, and nothing stops. */
  aside<T>(act: () => T): T {
    const { [TICK.COUNT]: ticks = 0 } = this.T;
    // Its ticks do not count, so they must not reach an appointment either.
    this.T[TICK.LIMIT] = Number.POSITIVE_INFINITY;
    this.#commanding = true;
    try {
      return act();
    } finally {
      this.#commanding = false;
      this.T[TICK.COUNT] = ticks;
      // What it made known of later changes was held against ticks that do not count.
      this.#appointments.renew();
    }
  }

  /** Writes to shared memory while the inferior stands still. */
  writeShared(name: string, offset: number, base64: string): void {
    this.changes.writeShared(name, offset, base64);
  }

  /** Request `id`, which still waits for a poll, is met at this stop. */
  changeNow(id: number, change: Change): void {
    this.changes.meet(id, change);
  }

  /** The machine goes on without the recording from here. Returns where in the log that is. */
  leave(): number {
    return this.changes.leave();
  }

  /** The next recorded change of this position that the engine has to do; those before it are done. */
  nextChange(): FramedChange | null {
    return this.changes.next();
  }

  /** The root of the state; undefined before the stack is loaded. */
  get machine(): RunningMachine | undefined {
    return this.#globals.machine;
  }

  stateHash(): string {
    const { machine } = this;
    return machine ? hashState(machine, new Set(['host'])) : '';
  }
}
