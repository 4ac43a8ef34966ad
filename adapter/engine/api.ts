/**
 * What the engine offers its front ends (gdb command language, DAP). Neither V8 nor DAP shows through here.
 * `Engine` (engine.ts) implements it.
 */
import type { DebugInfo, FunctionInfo, SourceLocation, Variable } from '../compiler/debug-info.ts';
import type { Edit, Note } from '../inferior/notes.ts';
import type { EdgePacket, HitCondition, Stop, TimePosition, WatchChange } from '../inferior/stop.ts';
import type { TravelTarget } from '../inferior/travel.ts';
import type { NamedValue, Value } from '../inferior/value.ts';
import type { Totals, TurnAxis } from '../mailbox/turn-index.ts';
import type { TcpRelative } from '../packets/conversations.ts';
import type { FrameRecord } from '../packets/packet-view.ts';
import type { Account, ConnectionAccount } from '../replay/account.ts';
import type { Divergence, DivergenceReport, Grade } from '../replay/divergence.ts';
import type { ReplayPlan } from '../replay/plan.ts';
import type { SavedMarks } from '../saved/saved.ts';
import type { CatchEvent, PacketLayer } from './catch-events.ts';
import type { QueryEnd, QueryOptions, QueryRequest } from './query.ts';

export { IN_TICK } from '../mailbox/probes.ts';
export { DIFFERENT, GRADES } from '../replay/divergence.ts';
export {
  type CatchEvent,
  type CatchKind,
  eventText,
  PACKET_LAYERS,
  type PacketLayer,
  type SocketEnd,
  TCP_STATE_NAMES,
} from './catch-events.ts';
export type * from './query.ts';
export type {
  Account,
  Divergence,
  DivergenceReport,
  Edit,
  Grade,
  NamedValue,
  Note,
  SavedMarks,
  Stop,
  TimePosition,
  Value,
  Variable,
  WatchChange,
};
/** Bytes that a recording keeps, unless it is told otherwise. */

/** What was saved. */
export interface SaveSummary {
  readonly packets: number;
  readonly checkpoints: number;
  /** Of the file, but for what comes at its end. */
  readonly bytes: number;
}

export const DEFAULT_HISTORY_SIZE = 2 ** 31;

/** What to run. */
export interface LaunchOptions {
  /** QEMU options, one word an element, such as `['-netdev', 'user,id=user.0', '-device', 'e1000,netdev=user.0']`. */
  readonly args: readonly string[];
  /**
   * Captures (pcap or pcapng, also packed) to replay instead of live sockets and the built-in guest; several are merged
   * by time. `-` is standard input. A saved recording is opened, and stands at its end.
   */
  readonly trace?: string | readonly string[];
  readonly replay?: ReplayOptions;
  /**
   * Asked when a saved recording is of another build of the stack: its packets can be played as a capture. Without it
   * they are.
   */
  readonly otherBuild?: (question: string) => Promise<boolean>;
  /** Lines typed on the guest's console once the machine runs (the guest's shell reads them when it is up). */
  readonly guestCommands?: readonly string[];
  /** Bound of the recording in bytes (default 2 GiB); 0 turns it off. */
  readonly historySize?: number;
  /** Stop at the first statement of `main`. */
  readonly stopOnEntry?: boolean;
  /** Guests of other programs, at the other end of links. */
  readonly guests?: RealGuests;
}

/** Where the words of guests go that run elsewhere. */
export interface GuestOutput {
  console(text: string): void;
  report(level: 'info' | 'warning' | 'error', text: string): void;
}

/** Guests that run elsewhere, such as in QEMU: they are told when the machine stands still and when it goes on. */
export interface RealGuests {
  /** The machine waits for them from now on. */
  up(out: GuestOutput): void;
  /** Types on a guest's console; false if none is at hand. */
  type(text: string): boolean;
  stops(): void;
  goesOn(): void;
  /** The machine is gone. */
  end(): void;
  /** How many of them go on while the machine stands still, as they cannot be told. */
  running(): Promise<number>;
}

/** How a capture is replayed. */
export interface ReplayOptions {
  /** Address or MAC address of the host that plays the guest; the likeliest one without it. */
  readonly guest?: string;
  /** Wrong checksums are put right (default), or kept. */
  readonly checksums?: 'repair' | 'keep';
  /** What happens when everything has been played: the machine stays, stopped (default), or is switched off. */
  readonly atEnd?: 'stop' | 'exit';
  /**
   * Asked when `guest` is absent and the capture leaves open who it is. Resolves to an address, or to undefined for the
   * likeliest host; rejects to give up.
   */
  readonly choose?: (hosts: readonly ReplayHost[], connections: number) => Promise<string | undefined>;
}

/** A host of a capture, with what speaks for it being the guest. */
export interface ReplayHost {
  readonly address: string;
  /** TCP connections that it opens. */
  readonly opens: number;
  /** Packets that it sends or receives. */
  readonly packets: number;
}

/** A replay, for those who show it. All of it can be read while the machine runs. */
export interface ReplayState {
  readonly plan: ReplayPlan;
  /** Who the guest is, in words. */
  readonly guest: string;
  /** Hosts of the capture, the likeliest guest first. */
  readonly hosts: readonly ReplayHost[];
  account(): Account;
  connections(): Iterable<ConnectionAccount>;
  /** How many packets the capture has, and why packet `number` is not played; empty if it is. */
  packet(number: number): { readonly packets: number; readonly reason: string };
  /** The packet of the capture that the user network's last frame is, 0 if it is none, and its place in `GRADES`. */
  sent(): { readonly packet: number; readonly grade: number };
}

/** The bytes of a packet, and in a replay which packet of the capture it is. */
export interface PacketBytes {
  readonly bytes: Uint8Array;
  readonly linktype: 'ethernet' | 'ip';
  readonly known?: {
    /** Number in the capture, 0 if it is none of its packets. */
    readonly number: number;
    /** Since the capture's first packet. */
    readonly seconds: number;
    /** What the capture says of it; null if it is none of its packets. */
    readonly record: FrameRecord | null;
    /** What is known of its TCP connection. */
    readonly relative: TcpRelative | null;
  };
}

/** One frame, 0 is the innermost. Frames of `@nodebug` functions and of the debugger's own code are left out. */
export interface Frame {
  readonly index: number;
  readonly fn: FunctionInfo;
  readonly location: SourceLocation;
  /** Probe at which the innermost frame stands, or -1. */
  readonly probe: number;
}

/** Resolves names of an expression at one place of the program. */
export interface SymbolScope {
  /** A local or parameter in scope, with its declared type. */
  local(name: string): Variable | undefined;
  /** A module-level constant, variable, function or class: anything reachable as `$G.name`. */
  global(name: string): Variable | undefined;
  /** True if `$pkt` is available: the function handles a packet. */
  readonly hasPacket: boolean;
  /** The layer whose functions are asked about its packets: what filters remember of them is known to all of these. */
  readonly layer?: PacketLayer;
}

/**
 * A compiled expression: JavaScript source over the locals' names, `$G` (globals by name), `$pkt` (a `PacketView` of
 * packets/fields.ts or undefined), `$F` (field getters of packets/fields.ts by Wireshark name) and, with a packet,
 * `$R` (the runtime, whose `filter` gives display filters' functions).
 */
export type ExpressionCompiler = (scope: SymbolScope) => string;

/** What a watched expression depends on: the values that statements can change. */
export type WatchPlace =
  | { readonly kind: 'local'; readonly name: string; readonly type: string }
  /** A field of the struct `type`. */
  | { readonly kind: 'field'; readonly name: string; readonly type: string }
  /** An element of an array of that type, which the field `name` holds. */
  | { readonly kind: 'element'; readonly name: string; readonly type: string; readonly index?: number }
  /** So many bytes of guest RAM; `address` is JavaScript. */
  | { readonly kind: 'memory'; readonly address: string; readonly bytes: number };

/** The frame that a watch was set in: from the innermost and from the outermost one; `scoped`: it ends with it. */
export interface WatchFrame {
  readonly index: number;
  readonly depth: number;
  readonly fn: number;
  readonly scoped: boolean;
}

/** An expression whose value is watched. */
export interface WatchLocation {
  readonly kind: 'watch';
  readonly access: 'write' | 'read' | 'access';
  /** As the user wrote it. */
  readonly text: string;
  /** JavaScript for its value, over the captured names and `$G`. */
  readonly js: string;
  /** The struct or array that it is in, and the index of an element, where it is in one. */
  readonly target?: { readonly object: string; readonly index?: string };
  /** The place that it means in the frame where it is set: as a watch of its own, which outlives the frame. */
  readonly place?: Pick<WatchLocation, 'js' | 'captures'> & { readonly target: NonNullable<WatchLocation['target']> };
  readonly contents: boolean;
  /** Names, and JavaScript for them in the frame where it is set. */
  readonly captures: readonly (readonly [name: string, js: string])[];
  /** What it depends on, its own place first; null: on what cannot be followed. */
  readonly places: readonly WatchPlace[] | null;
  /** The frame that it belongs to; null: none. */
  readonly frame: WatchFrame | null;
  /** The file whose globals it sees first. */
  readonly file: string;
  /** Names for a condition that is given later. */
  readonly scope: SymbolScope;
  /** How its values are shown: what the evaluator of the front end made of it. */
  readonly code?: unknown;
}

/** `ignoreCount` skips that many hits first; `hitCondition` is DAP's (see `parseHitCondition`). */
export interface BreakpointSpec {
  readonly location:
    | { readonly kind: 'function'; readonly name: string }
    | {
        readonly kind: 'line';
        readonly file: string;
        readonly line: number;
        readonly column?: number;
        /** Other files that were meant too. */
        readonly also?: readonly string[];
      }
    /**
     * Where packet `number` of the replayed capture enters the machine: the guest transmits it, or the user network
     * sends it.
     */
    | { readonly kind: 'packet'; readonly number: number }
    /** Where something happens (see catch-events.ts); a condition may narrow it. */
    | { readonly kind: 'catch'; readonly event: CatchEvent }
    /** In a replay: where the user network sends what differs so much from the capture, or more (place in `GRADES`). */
    | { readonly kind: 'divergence'; readonly grade: number }
    | WatchLocation;
  readonly condition?: { readonly text: string; readonly compile: ExpressionCompiler };
  readonly hitCondition?: HitCondition;
  readonly ignoreCount?: number;
  readonly temporary?: boolean;
  /** It is disabled after so many stops. */
  readonly stopsLeft?: number;
  /** Places, by their index, where it is disabled. */
  readonly disabledAt?: readonly number[];
  /** It is an error if it can be nowhere, and no number is used up. */
  readonly required?: boolean;
  /** What is logged is all that is printed: no new line follows. */
  readonly exact?: boolean;
  /** What the user wrote, for those that have no better text: the format and arguments of `dprintf`. */
  readonly text?: string;
  /** A log message (DAP logpoint): parts are literal text or compiled expressions. It does not stop. */
  readonly log?: readonly (string | { readonly text: string; readonly compile: ExpressionCompiler })[];
}

export interface Breakpoint {
  readonly id: number;
  readonly spec: BreakpointSpec;
  readonly enabled: boolean;
  readonly verified: boolean;
  /** Why it is not verified, with near matches; or a remark (moved to another line). */
  readonly message?: string;
  /** Where it is; several when a name or line has more than one place. */
  readonly locations: readonly (SourceLocation & { readonly function: string; readonly probe: number })[];
  readonly hits: number;
}

/** A place to be noted when history is executed again (`EngineApi.trace`). */
export interface TracePoint {
  /** The function, and the statement's number in it (negative from its end), or where it returns. */
  readonly name: string;
  readonly at: number | 'return';
  /** JavaScript over the locals, `$G` and `$ret`, as for conditions; empty: always. */
  readonly test?: string;
  /** Copy the packet that the function handles. */
  readonly packet?: boolean;
  /** JavaScript of what else is noted. */
  readonly data?: string;
}

/** No function, but what the user edits: packets, with what was done to them (`inferior/notes.ts: Edit`). */
export const EDITS = { name: '(edit)', at: 0 } as const satisfies TracePoint;

/** Where a frame is put in: to the user network, from the NIC into the net, or from the net to the NIC. */
export type InjectEdge = 'slirp' | 'net' | 'nic';

/** Parts of all packets (0 to 1), and nanoseconds. */
export interface LinkFaults {
  readonly loss: number;
  readonly duplicate: number;
  readonly reorder: number;
  readonly delayNs: number;
}

/** Memory as the guest's physical addresses see it: RAM and the NIC's MMIO window. Reads never have a side effect. */
export interface GuestMemory {
  /** Bytes from `address` as far as they are mapped (an empty array if the first one is not). */
  read(address: number, length: number): Uint8Array;
  /**
   * Writes to RAM, or raw to a device register; resolves to how many bytes were mapped when they are there (see
   * `EngineApi.writeShared`).
   */
  write(address: number, data: Uint8Array): Promise<number>;
  readonly regions: readonly { readonly name: string; readonly start: number; readonly length: number }[];
}

export interface Position {
  readonly tick: number;
  readonly probe: number;
  readonly location: SourceLocation | undefined;
}

export type InferiorState = 'none' | 'starting' | 'running' | 'stopped' | 'exited';

export interface EngineEvents {
  stopped: [reason: Stop];
  continued: [];
  /** The machine is gone: `code` 0 after an orderly quit; `message` says what went wrong otherwise. */
  exited: [code: number, message: string];
  /** The guest printed on its console. */
  console: [text: string];
  /** A line about the machine or the debugger, for the user. */
  report: [level: 'info' | 'warning' | 'error', text: string];
  /** The debugger is about to change something of the machine. */
  changing: [];
  /** Output of a logpoint. */
  log: [text: string, location: SourceLocation];
  breakpoint: [change: 'new' | 'changed' | 'removed', bp: Breakpoint];
  /** Something that takes a while: `done` of `total` of it, in bytes unless it says something else. */
  progress: [what: string, done: number, total: number, unit?: 'bytes' | 'parts'];
}

export type StepKind = 'into' | 'over' | 'out';

/** How far a step goes: `count` lines, or statements; 'out' leaves the frame `frame`. */
export interface StepOptions {
  readonly frame?: number;
  readonly count?: number;
  readonly statements?: boolean;
}

/**
 * How far a reverse command goes back: to the last breakpoint, line, call, statement (`statement` leaves calls out), or
 * to where a call began.
 */
export type ReverseKind = 'continue' | 'into' | 'over' | 'out' | 'instruction' | 'statement' | 'entry';

/**
 * A moment to go to: by position, by the machine's clock, by packets that have passed the user network's edge, or in a
 * replay where a packet of the capture enters, as for breakpoints on packets.
 */
export type MomentTarget = TravelTarget | { readonly captured: number } | 'start' | 'present';

/** A moment of history. */
export interface HistoryMoment extends TimePosition {
  /** The machine's clock in nanoseconds. */
  readonly ns: number;
  /** Packets that had passed the user network's edge. */
  readonly packets: number;
  /** The last of these; null: none. */
  readonly lastPacket: EdgePacket | null;
}

/** A call of the past, or of what would have been. */
export interface TracedPlace extends TimePosition {
  /** The function and its arguments, as far as they are plain. */
  readonly call: string;
  readonly location: SourceLocation | undefined;
}

/** Where what was and what would have been differ first: after so many calls; one of them may have ended there. */
export interface CallDifference {
  readonly equal: number;
  readonly original: TracedPlace | undefined;
  readonly whatIf: TracedPlace | undefined;
}

/** Where one is in what has been recorded. */
export interface HistoryState {
  readonly start: HistoryMoment;
  /** Where the live machine stands. */
  readonly present: HistoryMoment;
  readonly here: HistoryMoment;
  /** Bytes of inputs that are kept. */
  readonly bytes: number;
  readonly inPast: boolean;
  /** A capture is replayed: its packets have numbers. */
  readonly replays: boolean;
  /** Checkpoints that are kept, and the bytes that they take. */
  readonly checkpoints: { readonly count: number; readonly bytes: number };
  /** A saved recording, at whose end nothing goes on. */
  readonly saved: boolean;
  /** What is shown never was: somebody has changed the past here. */
  readonly whatIf: HistoryMoment | undefined;
}

export type { Totals, TurnAxis };

/** What happened when in a run that is recorded. It can be read while the machine runs. */
export interface RunTimeline {
  /** Everything so far. */
  readonly end: Totals;
  /**
   * What had happened by each of `places`, which are in order, on an axis: before a time in nanoseconds, or with so
   * many packets.
   */
  by(axis: TurnAxis, places: readonly number[]): readonly Totals[];
  /** Where history can be entered without executing what was before, the oldest first. */
  readonly checkpoints: readonly { readonly ns: number; readonly packets: number; readonly captured: number }[];
}

export interface EngineApi {
  readonly info: DebugInfo;
  /** Absolute folder of the stack's sources; `SourceLocation.file` is relative to it. */
  readonly sourceRoot: string;
  readonly state: InferiorState;
  /** The last stop, while stopped. */
  readonly stop: Stop | undefined;
  /** Guests of other programs that the machine was launched with. */
  readonly guests: RealGuests | undefined;
  on<K extends keyof EngineEvents>(event: K, listener: (...args: EngineEvents[K]) => void): this;
  off<K extends keyof EngineEvents>(event: K, listener: (...args: EngineEvents[K]) => void): this;
  once<K extends keyof EngineEvents>(event: K, listener: (...args: EngineEvents[K]) => void): this;

  /**
   * Starts the machine (kills a running one first). Throws `EngineError` when options or the trace are wrong. Runs at
   * once.
   */
  launch(options: LaunchOptions): Promise<void>;
  /** Ends the machine and its sockets. */
  kill(): Promise<void>;
  /** Frees everything; the engine cannot be used afterwards. */
  dispose(): Promise<void>;

  resume(): Promise<void>;
  /** Stops a running machine where it is; 'stopped' with 'pause' follows. */
  interrupt(): Promise<void>;
  /** Steps `count` statements; 'stopped' follows. 'out' leaves the frame `frame` (default 0). */
  step(kind: StepKind, options?: StepOptions): Promise<void>;
  /**
   * Goes back from here; 'stopped' follows, with 'history-start' where nothing was recorded before. An interrupt gives
   * it up. 'out' goes to the call of the frame `frame`.
   */
  reverse(kind: ReverseKind, options?: { readonly frame?: number; readonly count?: number }): Promise<void>;
  /** Goes to a moment of history, or to the present; 'stopped' follows. */
  goTo(target: MomentTarget): Promise<void>;
  /** Goes to where a place of the program was passed last before here. Throws `EngineError` if it was not. */
  goToPassed(location: BreakpointSpec['location']): Promise<void>;
  /**
   * All that passed some places from the beginning up to the moment that is shown, in order. Executes history again;
   * an interrupt gives it up. While stopped. With `take` each is handed over as it comes, and none is kept.
   */
  trace(points: readonly TracePoint[], take?: (note: Note) => void): Promise<readonly Note[]>;
  /**
   * Asks about all that has been recorded up to the present (see query.ts). What is shown stays as it is, and may go on
   * meanwhile. Rejects for a request that cannot be compiled.
   */
  query(request: QueryRequest, options: QueryOptions): Promise<QueryEnd>;
  /** What has been recorded, while stopped; undefined without a recording. */
  readonly history: HistoryState | undefined;
  /** Asked before the past is left because it is changed. Without it, it is. */
  askWhatIf: (() => Promise<boolean>) | undefined;
  /** Gives a what-if up, and shows the moment where it left the past. Throws `EngineError` if there is none. */
  endWhatIf(): Promise<void>;
  /** Where the what-if differs first from what was. Throws `EngineError` if there is none. */
  compareWhatIf(): Promise<CallDifference>;
  /** Saves the session with its whole past. */
  saveRecording(path: string, marks: SavedMarks): Promise<SaveSummary>;
  /** What was marked in the recording that was opened; undefined if none was. */
  readonly savedMarks: SavedMarks | undefined;
  /** What happened when in this run; undefined without a recording. */
  readonly timeline: RunTimeline | undefined;
  /** Runs to a line of the current function or a caller (gdb's `until` / `advance`). */
  runTo(location: BreakpointSpec['location']): Promise<void>;

  /** Throws `EngineError` for one that is `required` and can be nowhere. */
  setBreakpoint(spec: BreakpointSpec): Breakpoint;
  /** Changes condition, ignore count or enabled state in place; keeps the number and hits. */
  updateBreakpoint(
    id: number,
    change: {
      readonly condition?: BreakpointSpec['condition'] | null;
      readonly ignoreCount?: number;
      readonly enabled?: boolean;
      readonly temporary?: boolean;
      readonly stopsLeft?: number | null;
      readonly disabledAt?: readonly number[];
    },
  ): Breakpoint;
  deleteBreakpoint(id: number): boolean;
  readonly breakpoints: readonly Breakpoint[];

  /** The call stack, innermost first. Only while stopped. */
  frames(): Promise<readonly Frame[]>;
  /** Parameters of a frame, in order. */
  args(frame: number): Promise<readonly NamedValue[]>;
  /** Locals in scope that are not parameters. Those not yet initialised are left out. */
  locals(frame: number): Promise<readonly NamedValue[]>;
  /** Elements or fields of an aggregate: `count` from `start`. */
  children(handle: string, start?: number, count?: number): Promise<readonly NamedValue[]>;
  /** Bytes of an array of bytes; undefined if the handle is of none, or of an earlier stop. */
  readBytes(handle: string, start: number, count: number): Promise<Uint8Array | undefined>;
  /** Names at a frame, for expression compilation. -1 or no inferior: globals only. */
  scope(frame: number): SymbolScope;
  /**
   * Evaluates a compiled expression in a frame (-1: no frame). Throws `EngineError` with the message of what went
   * wrong.
   */
  evaluate(js: string, frame: number): Promise<Value>;
  /** Assigns; `js` is an lvalue from the expression compiler, `valueJs` the value. Returns the new value. */
  assign(js: string, valueJs: string, frame: number): Promise<Value>;
  /**
   * Has the innermost function return the value of an expression (JavaScript) once the machine goes on, without its
   * rest. The expression may have effects; all of it is a part of the history.
   */
  returnFrom(js: string): Promise<void>;
  /** Evaluates an expression that changes something, as a part of the history. */
  effect(js: string, frame: number): Promise<Value>;
  /** Puts a frame in at an edge in the next turn. */
  inject(edge: InjectEdge, frame: Uint8Array): void;
  /** Has a link lose, repeat and reorder parts of its packets, and delay all; takes effect in the next turn. */
  setLink(name: string, faults: LinkFaults): void;
  /** The packet that the frame's function handles; undefined if it handles none. */
  packet(frame: number): Promise<PacketBytes | undefined>;

  readonly memory: GuestMemory;
  /**
   * Shared memory of the machine by name, such as `ram` and `e1000.0/mac_reg`; empty before launch. Readable while
   * running.
   */
  readonly shared: ReadonlyMap<string, ArrayBufferLike>;

  /**
   * Writes to shared memory of the machine; resolves when it is done. A running machine does it itself, in its next
   * turn, so that it is a part of its history.
   */
  writeShared(name: string, offset: number, data: Uint8Array): Promise<void>;

  /** Types a line on the guest's console. */
  guestInput(text: string): void;
  /** Runs a monitor command (`info usernet`); answered by the running machine, or in place while it is stopped. */
  monitor(line: string): Promise<string>;
  /** What is being replayed, or was last; undefined without a capture. */
  readonly replay: ReplayState | undefined;
  /** How the replay compares with its capture: `count` divergences from `start` on. While a machine is there. */
  divergences(start?: number, count?: number): Promise<DivergenceReport>;
  /**
   * The frame that divergence `index` is about, with the capture's sequence numbers so that both can be compared;
   * undefined if nothing was sent.
   */
  divergentFrame(index: number): Promise<PacketBytes | undefined>;
  /**
   * Packet `number` (from 1) of the capture that is or was replayed, as it was captured; undefined if there is none.
   */
  capturedPacket(number: number): PacketBytes | undefined;
  /** Where the inferior is in its own time. */
  position(): Promise<Position>;
}

/** Something the user asked for that cannot be done; the message is for the user. */
export class EngineError extends Error {
  override name = 'EngineError';
}

/** The user has given up what was going on: nobody has to be told. */
export class GivenUpError extends EngineError {}
