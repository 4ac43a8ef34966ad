/**
 * The custom requests of the VS Code extension, `pktgdb/...`: types of their arguments and answers.
 * All but `setRegister`, `guestInput` and `guest` only read, most of them shared memory.
 * So they are answered while the machine runs, and change nothing in it.
 */

import type { Account, DivergenceReport, HistoryMoment, QueryRow, ReplayHost, SaveSummary } from '../engine/api.ts';
import type { DroppedPacket } from '../inspect/drops.ts';
import type { Hop, Journey, JourneyGroup, JourneyPass } from '../inspect/journey/journey.ts';
import type { RegisterAccess } from '../inspect/mmio.ts';
import type { Conversation, FollowedStream } from '../packets/conversation-table.ts';
import type { PacketDetails } from '../packets/details.ts';

export type { HistoryMoment, QueryRow };

/** Answer to `pktgdb/history`; without a recording there are no moments. */
export interface HistoryBody {
  readonly recorded: boolean;
  /** What is shown is not the present. */
  readonly inPast: boolean;
  /** The moment that is shown, in words; empty while the machine runs. */
  readonly here: string;
  /** The packet that it comes after: `packet 12`; empty while the machine runs. */
  readonly after: string;
  /** In a what-if: the packet after which that left the past. */
  readonly whatIf?: string;
  readonly moments?: Readonly<Record<'start' | 'here' | 'present', HistoryMoment>>;
  /** Bookmarks, by their names, which `pktgdb/goTo` takes too. */
  readonly bookmarks?: readonly (readonly [name: string, moment: HistoryMoment])[];
}

/**
 * `pktgdb/query`: asks about all that has been recorded. It is answered when everything has been looked at; rows come
 * before that, in events `pktgdb/queryRows`. It has a progress bar, and `cancel` ends it by its request.
 */
export interface QueryArguments {
  /** The command that asks: `calls`, `packets`, `plot` and others of that kind. */
  readonly kind: string;
  /** What follows that command at the prompt, such as `tcp_output if $pkt.tcp.len > 0`. */
  readonly text: string;
  /** Goes with the rows, so that a client knows which query they answer. */
  readonly id?: number;
  /** It ends after so many rows; 100000 without. */
  readonly limit?: number;
}

/** Body of the event `pktgdb/queryRows`; `id` is 0 for what a command in the Debug Console asks. */
export interface QueryRowsEventBody {
  readonly id: number;
  readonly rows: readonly QueryRowView[];
}

/** A row with its line of text. `${tick}:${probe}` is a moment for `pktgdb/goTo`. */
export interface QueryRowView extends QueryRow {
  readonly text: string;
}

/** VS Code opens a path of this scheme by asking the extension: its query is a moment for `pktgdb/goTo`. */
export type MomentScheme = 'pktgdb-moment';

/** Body of the event `pktgdb/qemu`: words for the command line of each guest's QEMU. */
export interface QemuEventBody {
  readonly words: readonly string[];
}

/** Answer to `pktgdb/query`. */
export interface QueryBody {
  readonly rows: number;
  /** False if it was cancelled, or there are more rows than were wanted. */
  readonly complete: boolean;
  /** What went wrong first when an expression was evaluated; empty if nothing did. */
  readonly failure: string;
}
/** `pktgdb/saveRecording`: the session with its whole past goes to this file. */
export interface SaveArguments {
  readonly file: string;
}

/** Answer to `pktgdb/saveRecording`. */
export type SaveBody = SaveSummary;

/** What the timeline runs along: nanoseconds of the machine's clock, or packets at the user network's edge. */
export type TimelineAxis = 'ns' | 'packets';

/** `pktgdb/timeline`: what happened from `from` to `to` (default: all of it), in so many equal parts. */
export interface TimelineArguments {
  readonly axis?: TimelineAxis;
  readonly from?: number;
  readonly to?: number;
  /** 200 by default, 4000 at most. */
  readonly buckets?: number;
}

/** A place in history. */
export interface TimelinePoint {
  readonly ns: number;
  readonly packets: number;
  /** In a replay: the capture's number of the last packet, 0 if it is not in it. Of a bound: the highest so far. */
  readonly captured?: number;
}

/** Things that are counted: frames by their direction, drops, interrupts that the guest took. */
export type TimelineLane = 'toGuest' | 'fromGuest' | 'drops' | 'interrupts';

/**
 * A single moment: where the machine stood still, what the user keeps, where a re-execution can begin; `row` is one of
 * a query's, which the client knows.
 */
export interface TimelineMark extends TimelinePoint {
  readonly kind: 'stop' | 'bookmark' | 'checkpoint' | 'saved' | 'row';
  /** What it is called, or why the machine stood there; empty for `saved`. */
  readonly text: string;
  /** The moment in `pktgdb/goTo`'s words. */
  readonly moment: string;
}

/** Answer to `pktgdb/timeline`; without a recording there is nothing else. */
export interface TimelineBody {
  readonly recorded: boolean;
  readonly range?: TimelineRange;
}

export interface TimelineRange {
  readonly axis: TimelineAxis;
  readonly from: number;
  readonly to: number;
  /** Where the recording ends so far; it begins at 0 of both. */
  readonly end: TimelinePoint;
  /** Where the machine stands; absent while it runs. */
  readonly here?: TimelinePoint;
  readonly inPast: boolean;
  /** Where the parts begin, and where the last one ends. */
  readonly bounds: readonly TimelinePoint[];
  /** How many there are in each part. */
  readonly lanes: Readonly<Record<TimelineLane, readonly number[]>>;
  /** Those within the range, in order of time; stops and `saved` at most one a part. */
  readonly marks: readonly TimelineMark[];
}

export type { PacketDetails };

/**
 * `pktgdb/numbers`: how numbers are written from now on. `kind`: counts, ports and sizes are decimal; registers, flags,
 * addresses and bytes hexadecimal.
 */
export interface NumbersArguments {
  readonly notation: 'kind' | 'hex' | 'decimal';
}

/** Answer to `pktgdb/packet`: what the innermost frame that handles a packet has in its hands, while stopped. */
export interface PacketBody {
  readonly packet?: PacketDetails;
}

/** Answer to `pktgdb/registerLayout`: the registers of a NIC, which do not change during a session. */
export interface RegisterLayout {
  readonly groups: readonly { readonly name: string; readonly registers: readonly RegisterDescription[] }[];
}

/** A register or an array of them (`count` > 1); element `i` is at byte `offset + i * stride`. */
export interface RegisterDescription {
  readonly name: string;
  readonly description: string;
  readonly offset: number;
  readonly stride: number;
  readonly count: number;
  readonly access: 'ro' | 'rw' | 'wo' | 'rc' | 'none';
  readonly reset: number;
  readonly section: string;
  readonly fields: readonly FieldDescription[];
}

export interface FieldDescription {
  readonly name: string;
  readonly lsb: number;
  readonly width: number;
  readonly description: string;
  /** Meanings of values, by value. */
  readonly values?: Readonly<Record<string, string>>;
}

/** Elements of an array of registers that the client shows. */
export interface RegisterRange {
  readonly nic: string;
  readonly offset: number;
  readonly stride: number;
  readonly count: number;
}

/** `pktgdb/registers`: values of all single registers, in the order of the layout, and of the wanted ranges. */
export interface RegistersArguments {
  readonly ranges?: readonly RegisterRange[];
}

export interface RegistersBody {
  readonly nics: readonly { readonly name: string; readonly values: readonly number[] }[];
  /** In the order of the arguments; empty for a range that does not exist. */
  readonly ranges: readonly (readonly number[])[];
  /** Where the NIC is instead, a sentence. */
  readonly absent?: string;
}

/**
 * `pktgdb/setRegister`: stores into a register, or into `width` bits of it from `lsb`.
 * A guest's write would have side effects; this has none.
 */
export interface SetRegisterArguments {
  readonly nic: string;
  readonly offset: number;
  /** A number in C's notation. */
  readonly value: string;
  readonly lsb?: number;
  readonly width?: number;
}

/** Answer to `pktgdb/rings`. */
export interface RingsBody {
  readonly nics: readonly { readonly name: string; readonly rx: RingView; readonly tx: RingView }[];
  /** Where they are instead, a sentence. */
  readonly absent?: string;
}

export interface RingView {
  /** Guest physical address of descriptor 0. */
  readonly base: number;
  /** Descriptors; 0 while the driver has set up no ring. */
  readonly count: number;
  readonly head: number;
  readonly tail: number;
  /** RCTL.EN or TCTL.EN. */
  readonly enabled: boolean;
  /** Size of a receive buffer. */
  readonly bufferSize: number;
  /** What the driver got wrong, a sentence each. */
  readonly problems: readonly string[];
  /** A letter for each descriptor, see `DescriptorState`. */
  readonly states: string;
  /**
   * Descriptors that hold something: those with DD set and those that wait to be sent.
   * There are at most `MAX_PACKETS` of them, next to the head first.
   */
  readonly packets: readonly { readonly index: number; readonly length: number; readonly summary: string }[];
}

/**
 * What a descriptor is; `?` means that no memory is there.
 * Rx: `n` the NIC's, empty; `p` a packet for the driver (DD); `f` the driver's, not in use.
 * Tx: `w` the NIC's, waiting to be sent; `d` sent (DD); `f` free.
 */
export type DescriptorState = 'n' | 'p' | 'f' | 'w' | 'd' | '?';

/** `pktgdb/descriptor`: a descriptor and its buffer as text. */
export interface DescriptorArguments {
  readonly nic: string;
  readonly ring: 'rx' | 'tx';
  readonly index: number;
}

export interface DescriptorBody {
  readonly text: string;
}

/** Answer to `pktgdb/connections`: the tables of `info usernet` and `info neighbors`. */
export interface ConnectionsBody {
  readonly networks: readonly NetworkView[];
}

export interface NetworkView {
  /** `Hub 0 (user.0)`. */
  readonly name: string;
  readonly forwards: readonly ConnectionView[];
  readonly connections: readonly ConnectionView[];
  readonly neighbors: readonly { readonly table: string; readonly mac: string; readonly address: string }[];
}

/** A row of `info usernet`. */
export interface ConnectionView {
  readonly protocol: string;
  readonly state: string;
  readonly fd: number;
  readonly source: string;
  readonly destination: string;
  /** Bytes that wait: from the network for the guest, and the other way. */
  readonly receiveQueue: number;
  readonly sendQueue: number;
  /** The ends as its packets have them. */
  readonly ends?: { readonly guest: SocketEndView; readonly peer: SocketEndView };
}

export interface SocketEndView {
  readonly address: string;
  readonly port: number;
}

/** `pktgdb/guestInput`: keys typed on the guest's console. */
export interface GuestInputArguments {
  readonly text: string;
}

/**
 * Body of the event `pktgdb/console`: the guest printed.
 * It is sent instead of `output` when `console` is `integratedTerminal`.
 */
export interface ConsoleEventBody {
  readonly text: string;
}

/** Answer to `pktgdb/replay`: what is being replayed, and how far it has come. */
export interface ReplayBody {
  /** Address of the guest, and why it is the guest; empty for a capture of a user network. */
  readonly guest: string;
  readonly why: string;
  /** The capture was made of a user network: nobody has to be chosen. */
  readonly userNetwork: boolean;
  /** Hosts of the capture, the likeliest guest first. */
  readonly hosts: readonly ReplayHost[];
  readonly account: Account;
  /** Pairs of captured and sent packets that are not the same. */
  readonly divergences: number;
  /** The account in a few lines. */
  readonly text: string;
}

/** `pktgdb/divergences`: how the replay compares with its capture. */
export interface DivergencesArguments {
  readonly start?: number;
  /** 1000 at most, which is also the default. */
  readonly count?: number;
}

export type DivergencesBody = DivergenceReport;

/** `pktgdb/divergence`: the packets of one of them as text. */
export interface DivergenceArguments {
  /** Counted from 0, in the order of `pktgdb/divergences`. */
  readonly index: number;
}

export interface DivergenceBody {
  readonly captured: string;
  readonly sent: string;
}

/**
 * Body of the event `pktgdb/guests`, sent when a capture leaves open who the guest is and the launch has `asksGuest`.
 * The start of the machine waits for the request `pktgdb/guest`.
 */
export interface GuestsEventBody {
  /** The likeliest one first. */
  readonly hosts: readonly ReplayHost[];
  /** TCP connections of the capture. */
  readonly connections: number;
}

/** `pktgdb/guest`: the answer. Without an address the start is given up. */
export interface GuestArguments {
  readonly address?: string;
}

/**
 * `pktgdb/drops`: packets given up so far; `packets` are those of `reason`, or of all. With `countsOnly` nothing is
 * executed again for them.
 */
export interface DropsArguments {
  readonly countsOnly?: boolean;
  readonly reason?: string;
}

export interface DropsBody {
  readonly reasons: readonly {
    readonly reason: string;
    readonly count: number;
    readonly meaning: string;
    /** The section that is about it, and what to do. */
    readonly advice: string;
    readonly last?: DropsBody['packets'][number];
  }[];
  /** `${tick}:${probe}` is a moment for `pktgdb/goTo`. */
  readonly packets: readonly Pick<DroppedPacket, 'reason' | 'tick' | 'probe' | 'ns' | 'summary'>[];
}

/** `pktgdb/watch`: a watchpoint on an expression, which may be a register as `$RDT`. */
export interface WatchArguments {
  readonly expression: string;
  /** `write` without it. */
  readonly access?: 'write' | 'read' | 'readWrite';
  /** Whose locals are meant; without it none's. */
  readonly frameId?: number;
}

/** Answer to `pktgdb/watch`, and a row of `pktgdb/watchpoints`. */
export interface WatchpointView {
  readonly id: number;
  readonly expression: string;
  readonly access: 'write' | 'read' | 'readWrite';
  readonly condition: string;
  readonly hits: number;
  readonly enabled: boolean;
}

/** Answer to `pktgdb/watchpoints`: those of the Debug Console and of `pktgdb/watch`. */
export interface WatchpointsBody {
  readonly watchpoints: readonly WatchpointView[];
}

/** `pktgdb/unwatch`. */
export interface UnwatchArguments {
  readonly id: number;
}

/** `pktgdb/mmio`: the last accesses of the driver to registers; 1000 at most. */
export interface MmioArguments {
  readonly count?: number;
}

export interface MmioBody {
  readonly total: number;
  readonly accesses: readonly RegisterAccess[];
}

/** `pktgdb/conversations` and `pktgdb/stream` take the edge: `slirp` (without it), `net`, `nic` or `guest`. */
export interface ConversationsArguments {
  readonly edge?: string;
}

/** A conversation and the display filter that means its packets, for `catch packet FILTER in EDGE`. */
export interface ConversationView extends Conversation {
  readonly filter: string;
}

export interface ConversationsBody {
  readonly edge: string;
  readonly conversations: readonly ConversationView[];
}

export interface StreamArguments extends ConversationsArguments {
  /** `tcp` (without it) or `udp`. */
  readonly protocol?: string;
  readonly stream: number;
}

export interface StreamBody extends Pick<FollowedStream, 'nodes' | 'missing'> {
  readonly pieces: readonly { readonly side: 0 | 1; readonly packet: number; readonly base64: string }[];
}

/** `pktgdb/journeys`: the packets so far, and how they group by their ways. */
export interface JourneysBody {
  /** Lanes of a picture, from the host to the guest's programs: what `layer` of a pass can be. */
  readonly layers: readonly string[];
  readonly groups: readonly JourneyGroup[];
  readonly packets: readonly JourneyView[];
}

/** A packet with where it came into each layer; `${tick}:${probe}` of a pass is a moment for `pktgdb/goTo`. */
export interface JourneyView extends Omit<Journey, 'hops'> {
  readonly passes: readonly JourneyPass[];
}

/** `pktgdb/journey`: the way of one of them; a hop's position is one of history. */
export interface JourneyArguments {
  readonly packet: number;
}

export interface JourneyBody extends Omit<Journey, 'hops'> {
  readonly hops: readonly Omit<Hop, 'bytes' | 'link'>[];
}
