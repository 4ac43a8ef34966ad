/**
 * What the parts of a script share: the capture and its plan, the connections as far as they have been read, and the
 * steps that have been made.
 */
import type { ByteSource } from '../packets/byte-source.ts';
import type { PacketIndex } from '../packets/capture-index.ts';
import { LinkLayer } from '../packets/link-layer.ts';
import { TcpIpView } from '../packets/tcp-ip-view.ts';
import { KIND_MASK, KIND_TCP } from './analysis.ts';
import { RST_SEEN, type SideColumns, SYN_SEEN, sideOf, TH_ACK, TH_SYN } from './connections.ts';
import { type Flow, plannedFlow } from './flow.ts';
import { FragmentedSegments, isInFragments, partsOf } from './fragmented.ts';
import { completeFrame, type FrameMaker, frameOf, segmentLike, setChecksumOfWhole } from './frames.ts';
import type { Reason } from './places.ts';
import { giveUp, type ReplayPlan, ROLE_HOST, STATE_CUT, STATE_MADE_UP, STATE_PLAYED } from './plan.ts';
import { Reassembly } from './reassembly.ts';
import { Segments } from './segments.ts';
import { Sessions } from './sessions.ts';
import { Slab } from './slab.ts';
import type { Step } from './step.ts';
import type { StreamBuffers } from './stream-buffers.ts';

export interface ScriptOptions {
  /** Put wrong checksums right (default). */
  readonly repair: boolean;
}

/** A capture of a user network says what its guest sent: wrong checksums stay wrong. */
const AS_CAPTURED: ScriptOptions = { repair: false };

/** The longest time that a machine's clock can count in nanoseconds, with a microsecond's precision. */
const MAX_TIME = 2 ** 32 * 1e9;
/** MAC addresses where a capture has none: QEMU's default for a NIC, and libslirp's for 10.0.2.2. */
export const GUEST_MAC = 0x525400123456;
const SLIRP_MAC = 0x52550a000202;
export const TEMPLATE_WINDOW = 65535;

export class ScriptContext {
  readonly source: ByteSource;
  readonly index: PacketIndex;
  readonly plan: ReplayPlan;
  readonly options: ScriptOptions;
  /** Memory for what streams bring. */
  readonly buffers: StreamBuffers;
  readonly flows = new Map<number, Flow>();
  readonly reassembly = new Reassembly((i) => this.#refuseFragment(i));
  readonly sessions = new Sessions();
  readonly link = new LinkLayer();
  /** The packet that is looked at. */
  readonly p = new TcpIpView();
  readonly segment: Segments;
  readonly #fragmented: FragmentedSegments;
  /** Steps that have been made and not been taken. */
  queue: Step[] = [];
  /** Time of the last packet that was read. */
  time = 0;
  readonly #maker: FrameMaker;
  readonly #sides: readonly [SideColumns, SideColumns];

  constructor(
    source: ByteSource,
    index: PacketIndex,
    plan: ReplayPlan,
    options: ScriptOptions,
    buffers: StreamBuffers,
  ) {
    this.source = source;
    this.index = index;
    this.plan = plan;
    this.options = options;
    this.buffers = buffers;
    this.segment = new Segments(source, index, plan);
    this.#fragmented = new FragmentedSegments(source, index, plan);
    const slab = new Slab();
    this.#maker = { view: this.p, take: (length) => slab.take(length) };
    this.#sides = [sideOf(plan.connections, 0), sideOf(plan.connections, 1)];
  }

  /** Time of packet `i` since the first one, in nanoseconds; never backwards. */
  timeOf(i: number): number {
    const { sec, nsec } = this.index.columns;
    return Math.min(MAX_TIME, ((sec[i] ?? 0) - (sec[0] ?? 0)) * 1e9 + ((nsec[i] ?? 0) - (nsec[0] ?? 0)));
  }

  push(step: Step): void {
    this.queue.push(step);
  }

  refuse(i: number, reason: Reason): void {
    giveUp(this.plan, i, reason);
  }

  #refuseFragment(i: number): void {
    if (!this.plan.slirp) {
      this.refuse(i, 'fragment of an incomplete datagram');
    }
  }

  /** The flow of packet `i`, or null if it is played without: no TCP, or a connection that never was one. */
  flowOf(i: number): Flow | null {
    const { packets, guestSide } = this.plan;
    const id = (packets.conv[i] ?? 0) - 1;
    if (((packets.what[i] ?? 0) & KIND_MASK) !== KIND_TCP || id < 0) {
      return null;
    }
    let flow = this.flows.get(id);
    if (!flow) {
      const side = (guestSide[id] ?? 1) - 1;
      const [guest, host] = [this.#side(side), this.#side(1 - side)];
      if (this.#neverWas(guest, host, id)) {
        return null;
      }
      flow = plannedFlow(this.plan, id);
      this.flows.set(id, flow);
      this.mark(flow, STATE_PLAYED);
    }
    if ((packets.payload[i] ?? 0) > 0 && this.#isCut(i)) {
      this.mark(flow, STATE_CUT);
    }
    return flow;
  }

  /** True if the capture has not all of the packet, or of a segment in fragments. */
  #isCut(i: number): boolean {
    const { caplen, len } = this.index.columns;
    return isInFragments(this.plan, i)
      ? partsOf(this.plan, i).some((part) => (caplen[part] ?? 0) < (len[part] ?? 0))
      : (caplen[i] ?? 0) < (len[i] ?? 0);
  }

  /** True for segments without a beginning that the other side answered with a RST only. */
  #neverWas(guest: SideColumns, host: SideColumns, id: number): boolean {
    const [g, h] = [guest.flags[id] ?? 0, host.flags[id] ?? 0];
    return !((g | h) & SYN_SEEN) && (h & RST_SEEN) !== 0 && (host.end[id] ?? 0) === 0;
  }

  #side(side: number): SideColumns {
    return side === 0 ? this.#sides[0] : this.#sides[1];
  }

  guestColumns(flow: Flow): SideColumns {
    return this.#side((this.plan.guestSide[flow.id] ?? 1) - 1);
  }

  hostColumns(flow: Flow): SideColumns {
    return this.#side(2 - (this.plan.guestSide[flow.id] ?? 1));
  }

  /**
   * Before the first segment that is no SYN is played: what of the handshake the capture lacks, or has later, is made
   * up. `like` is a frame of the guest's of the same connection, for its addresses.
   */
  open(flow: Flow, number: number, like: () => Uint8Array): void {
    if (flow.opened) {
      return;
    }
    flow.opened = true;
    const guestSyn = ((this.guestColumns(flow).flags[flow.id] ?? 0) & SYN_SEEN) !== 0;
    const hostSyn = ((this.hostColumns(flow).flags[flow.id] ?? 0) & SYN_SEEN) !== 0;
    flow.madeUp = !guestSyn || !hostSyn;
    this.mark(flow, flow.madeUp ? STATE_MADE_UP : 0);
    const early = !flow.synPlayed;
    flow.synPlayed = true;
    if (flow.initiator === 'guest') {
      if (early) {
        this.#madeUp(flow, like(), TH_SYN, 0, -1);
      }
      if (!hostSyn || early) {
        this.connected(flow, number);
      }
      if (early) {
        this.#madeUp(flow, like(), TH_ACK, 1, 1);
      }
    } else {
      this.accept(flow, number);
      if (early) {
        this.#madeUp(flow, like(), TH_SYN | TH_ACK, 0, 1);
      }
    }
  }

  accept(flow: Flow, number: number): void {
    if (flow.hostSent === 0) {
      flow.hostSent = 1;
      this.push({ type: 'accept', time: this.time, number, flow });
    }
  }

  mark(flow: Flow, state: number): void {
    const { progress } = this.plan;
    progress.state[flow.id] = (progress.state[flow.id] ?? 0) | state;
  }

  connected(flow: Flow, number: number): void {
    if (!flow.connected) {
      flow.connected = true;
      flow.hostSent = Math.max(flow.hostSent, 1);
      this.push({ type: 'connected', time: this.time, number, flow });
    }
  }

  /** A segment of the guest's that the capture does not have. */
  #madeUp(flow: Flow, like: Uint8Array, flags: number, place: number, ack: number): void {
    const seq = (flow.guestIss + place) >>> 0;
    flow.hostSent = Math.max(flow.hostSent, ack);
    const data = segmentLike(like, {
      seq,
      ack: (flow.hostIss + Math.max(0, ack)) >>> 0,
      flags,
      window: TEMPLATE_WINDOW,
    });
    this.push({
      type: 'frame',
      time: this.time,
      number: 0,
      data,
      flow,
      ack,
      needAck: ack,
      owed: ack,
      rest: 0,
      session: '',
    });
  }

  /** The bytes of packet `i` as the guest's frame, which the view is aimed at then. */
  frame(i: number): Uint8Array {
    const data = this.index.bytes(this.source, i);
    const len = this.index.columns.len[i] ?? data.length;
    if (this.plan.slirp) {
      return completeFrame(data, len, AS_CAPTURED, this.#maker);
    }
    const link = this.link.find(this.index.linktype(i), data);
    return frameOf(data, link.l3, len, this.#ethernetOf(i), this.options, this.#maker);
  }

  /** Segment `i` as one frame, also if the capture has it in fragments; the view is aimed at it then. */
  wholeFrame(i: number): Uint8Array {
    if (!isInFragments(this.plan, i)) {
      return this.frame(i);
    }
    const { buf, limit } = this.#fragmented.whole(i);
    const cut = this.#isCut(i) ? { repair: true } : this.options;
    return frameOf(buf.subarray(0, limit), 0, limit, this.#ethernetOf(i), cut, this.#maker);
  }

  /**
   * The first fragment of segment `i` is in the view: its checksum is put right, as those of whole segments are.
   * Returns how many bytes of payload are in the others.
   */
  completeFirst(i: number): number {
    if (this.#isCut(i) || (this.options.repair && !this.plan.slirp)) {
      setChecksumOfWhole(this.p, this.#fragmented.whole(i));
    }
    return (this.plan.packets.payload[i] ?? 0) - (this.p.payloadEnd - this.p.payload);
  }

  #ethernetOf(i: number): { destination: number; source: number } {
    const { packets, macs, roles } = this.plan;
    const ofHost = roles[i] === ROLE_HOST;
    const destination = macs[packets.dst[i] ?? 0] ?? -1;
    const source = macs[packets.src[i] ?? 0] ?? -1;
    return {
      destination: destination > 0 ? destination : ofHost ? GUEST_MAC : SLIRP_MAC,
      source: source > 0 ? source : ofHost ? SLIRP_MAC : GUEST_MAC,
    };
  }
}

/** The user network takes no fragments of IPv6, and makes none. */
export function isFragment6(p: TcpIpView): boolean {
  return p.ipv6 >= 0 && p.fragment;
}
