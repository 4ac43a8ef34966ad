/**
 * The script of a replay: reads a capture packet by packet and says what is to be done, in order, for `TraceHost`. The
 * guest's packets become frames; of the host's, what their sender's sockets must have done. Nothing is kept of what has
 * been played.
 */
import type { ByteSource } from '../packets/byte-source.ts';
import type { PacketIndex } from '../packets/capture-index.ts';
import { LinkLayer } from '../packets/link-layer.ts';
import { TcpIpView } from '../packets/tcp-ip-view.ts';
import type { sockaddr } from '../stack/util/host.ts';
import { KIND_MASK, KIND_TCP } from './analysis.ts';
import {
  IN_PIECES,
  RST_SEEN,
  SHIFT_CUT,
  type SideColumns,
  SYN_SEEN,
  sideOf,
  TH_ACK,
  TH_FIN,
  TH_PSH,
  TH_RST,
  TH_SYN,
} from './connections.ts';
import { Coverage } from './coverage.ts';
import { type Flow, plannedFlow, socketAddress } from './flow.ts';
import {
  canSplit,
  completeFrame,
  type FrameMaker,
  frameOf,
  MAX_SENT,
  reversed,
  segmentLike,
  setWindow,
  uncut,
} from './frames.ts';
import {
  AT_GAPS,
  AT_ZEROS,
  MAX_GAPS_NAMED,
  NOT_PLAYED,
  type ReplayPlan,
  ROLE_GUEST,
  ROLE_HOST,
  roleFor,
  STATE_GAPS,
  STATE_MADE_UP,
  STATE_PLAYED,
} from './plan.ts';
import { Segments } from './segments.ts';
import { Reassembly, sessionOf } from './sessions.ts';
import { Slab } from './slab.ts';
import type { FrameStep, Step } from './step.ts';

export interface ScriptOptions {
  /** Put wrong checksums right (default). */
  readonly repair: boolean;
}

/** A capture of a user network says what its guest sent: wrong checksums stay wrong. */
const AS_CAPTURED: ScriptOptions = { repair: false };

/** What slirp's buffer and the host kernel's together hold ahead of what has been sent. */
const MAX_HELD = 262144;
/**
 * Without PSH, what comes within this time (ns) was with the sender already: a real network's host does not tell
 * otherwise.
 */
const HELD_NS = 2e8;
/** Bytes of one gap, and of all gaps, that are played as zeros. */
const MAX_GAP = 1 << 20;
const MAX_ZEROS = 16 << 20;
/** The longest time that a machine's clock can count in nanoseconds, with a microsecond's precision. */
const MAX_TIME = 2 ** 32 * 1e9;
/** MAC addresses where a capture has none: QEMU's default for a NIC, and libslirp's for 10.0.2.2. */
export const GUEST_MAC = 0x525400123456;
const SLIRP_MAC = 0x52550a000202;
const TEMPLATE_WINDOW = 65535;
/** Connections without further packets that are remembered. */
const MAX_FINISHED = 1024;

/** New bytes of the host's stream in a packet: `length` of them after the first `skip` of its payload. */
interface Piece {
  readonly packet: number;
  readonly skip: number;
  readonly length: number;
}

export class Script {
  /** Packets read so far. */
  packet = 0;
  readonly #source: ByteSource;
  readonly #index: PacketIndex;
  readonly #plan: ReplayPlan;
  readonly #options: ScriptOptions;
  #queue: Step[] = [];
  #head = 0;
  readonly #flows = new Map<number, Flow>();
  readonly #sessions = new Set<string>();
  readonly #reassembly = new Reassembly((i) => this.#refuseFragment(i));
  readonly #link = new LinkLayer();
  readonly #p = new TcpIpView();
  readonly #maker: FrameMaker;
  readonly #segment: Segments;
  /** What is handed over next, packet by packet. */
  readonly #pieces: Piece[] = [];
  readonly #sides: readonly [SideColumns, SideColumns];
  /** Connections whose last packet has been read; the oldest are forgotten. */
  readonly #finished: Flow[] = [];
  #time = 0;

  constructor(source: ByteSource, index: PacketIndex, plan: ReplayPlan, options: ScriptOptions = { repair: true }) {
    this.#source = source;
    this.#index = index;
    this.#plan = plan;
    this.#options = options;
    this.#segment = new Segments(source, index, plan.packets);
    const slab = new Slab();
    this.#maker = { view: this.#p, take: (length) => slab.take(length) };
    this.#sides = [sideOf(plan.connections, 0), sideOf(plan.connections, 1)];
  }

  /** The next step, without taking it; undefined at the end. */
  peek(): Step | undefined {
    while (this.#head === this.#queue.length && this.packet < this.#index.count) {
      if (this.#head > 0) {
        this.#queue = [];
        this.#head = 0;
      }
      this.#read(this.packet++);
      if (this.packet === this.#index.count) {
        this.#reassembly.finish();
      }
    }
    return this.#queue[this.#head];
  }

  /** Takes the next step. */
  shift(): Step | undefined {
    const step = this.peek();
    this.#head++;
    return step;
  }

  /** Time of packet `i` since the first one, in nanoseconds; never backwards. */
  #timeOf(i: number): number {
    const { sec, nsec } = this.#index.columns;
    return Math.min(MAX_TIME, ((sec[i] ?? 0) - (sec[0] ?? 0)) * 1e9 + ((nsec[i] ?? 0) - (nsec[0] ?? 0)));
  }

  /** Time of the last packet that was read. */
  get time(): number {
    return this.#time;
  }

  #push(step: Step): void {
    this.#queue.push(step);
  }

  #read(i: number): void {
    const role = this.#plan.roles[i] ?? 0;
    // Time stamps that run backwards (two interfaces, clock steps) are held at the latest.
    this.#time = Math.max(this.#time, this.#timeOf(i));
    if (role === ROLE_GUEST) {
      this.#fromGuest(i);
    } else if (role === ROLE_HOST) {
      this.#fromHost(i);
    }
    const id = (this.#plan.packets.conv[i] ?? 0) - 1;
    if (id >= 0 && this.#plan.connections.last[id] === i + 1) {
      this.#finish(id);
    }
  }

  /** The connection has no more packets; errors that quote it may still come. */
  #finish(id: number): void {
    const flow = this.#flows.get(id);
    if (flow) {
      this.#playLate(flow);
      this.#finished.push(flow);
      if (this.#finished.length > MAX_FINISHED) {
        for (const old of this.#finished.splice(0, MAX_FINISHED / 2)) {
          this.#flows.delete(old.id);
        }
      }
    }
  }

  #refuse(i: number, reason: Parameters<typeof roleFor>[0]): void {
    this.#plan.roles[i] = roleFor(reason);
  }

  #refuseFragment(i: number): void {
    if (!this.#plan.slirp) {
      this.#refuse(i, 'fragment of an incomplete datagram');
    }
  }

  // ---- connections ----

  /** The flow of packet `i`, or null if it is played without: no TCP, or a connection that never was one. */
  #flowOf(i: number): Flow | null {
    const { packets, guestSide } = this.#plan;
    const id = (packets.conv[i] ?? 0) - 1;
    if (((packets.what[i] ?? 0) & KIND_MASK) !== KIND_TCP || id < 0) {
      return null;
    }
    let flow = this.#flows.get(id);
    if (!flow) {
      const side = (guestSide[id] ?? 1) - 1;
      const [guest, host] = [this.#side(side), this.#side(1 - side)];
      if (this.#neverWas(guest, host, id)) {
        return null;
      }
      flow = plannedFlow(this.#plan, id);
      this.#flows.set(id, flow);
      this.#mark(flow, STATE_PLAYED);
    }
    return flow;
  }

  /** True for segments without a beginning that the other side answered with a RST only. */
  #neverWas(guest: SideColumns, host: SideColumns, id: number): boolean {
    const [g, h] = [guest.flags[id] ?? 0, host.flags[id] ?? 0];
    return !((g | h) & SYN_SEEN) && (h & RST_SEEN) !== 0 && (host.end[id] ?? 0) === 0;
  }

  #side(side: number): SideColumns {
    return side === 0 ? this.#sides[0] : this.#sides[1];
  }

  #guestColumns(flow: Flow): SideColumns {
    return this.#side((this.#plan.guestSide[flow.id] ?? 1) - 1);
  }

  #hostColumns(flow: Flow): SideColumns {
    return this.#side(2 - (this.#plan.guestSide[flow.id] ?? 1));
  }

  /**
   * Before the first segment that is no SYN is played: what of the handshake the capture lacks, or has later, is made
   * up. `like` is a frame of the guest's of the same connection, for its addresses.
   */
  #open(flow: Flow, number: number, like: () => Uint8Array): void {
    if (flow.opened) {
      return;
    }
    flow.opened = true;
    const guestSyn = ((this.#guestColumns(flow).flags[flow.id] ?? 0) & SYN_SEEN) !== 0;
    const hostSyn = ((this.#hostColumns(flow).flags[flow.id] ?? 0) & SYN_SEEN) !== 0;
    flow.madeUp = !guestSyn || !hostSyn;
    this.#mark(flow, flow.madeUp ? STATE_MADE_UP : 0);
    const early = !flow.synPlayed;
    flow.synPlayed = true;
    if (flow.initiator === 'guest') {
      if (early) {
        this.#madeUp(flow, like(), TH_SYN, 0, -1);
      }
      if (!hostSyn || early) {
        this.#connected(flow, number);
      }
      if (early) {
        this.#madeUp(flow, like(), TH_ACK, 1, 1);
      }
    } else {
      this.#accept(flow, number);
      if (early) {
        this.#madeUp(flow, like(), TH_SYN | TH_ACK, 0, 1);
      }
    }
  }

  #accept(flow: Flow, number: number): void {
    if (flow.hostSent === 0) {
      flow.hostSent = 1;
      this.#push({ type: 'accept', time: this.#time, number, flow });
    }
  }

  #mark(flow: Flow, state: number): void {
    const { progress } = this.#plan;
    progress.state[flow.id] = (progress.state[flow.id] ?? 0) | state;
  }

  #connected(flow: Flow, number: number): void {
    if (!flow.connected) {
      flow.connected = true;
      flow.hostSent = Math.max(flow.hostSent, 1);
      this.#push({ type: 'connected', time: this.#time, number, flow });
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
    this.#push({ type: 'frame', time: this.#time, number: 0, data, flow, ack, needAck: ack, owed: ack, session: '' });
  }

  // ---- the guest's packets ----

  /** The bytes of packet `i` as the guest's frame, which the view is aimed at then. */
  #frame(i: number): Uint8Array {
    const data = this.#index.bytes(this.#source, i);
    const len = this.#index.columns.len[i] ?? data.length;
    if (this.#plan.slirp) {
      return completeFrame(data, len, AS_CAPTURED, this.#maker);
    }
    const link = this.#link.find(this.#index.linktype(i), data);
    const { packets, macs, roles } = this.#plan;
    const ofHost = roles[i] === ROLE_HOST;
    const destination = macs[packets.dst[i] ?? 0] ?? -1;
    const source = macs[packets.src[i] ?? 0] ?? -1;
    const header = {
      destination: destination > 0 ? destination : ofHost ? GUEST_MAC : SLIRP_MAC,
      source: source > 0 ? source : ofHost ? SLIRP_MAC : GUEST_MAC,
    };
    return frameOf(data, link.l3, len, header, this.#options, this.#maker);
  }

  #fromGuest(i: number): void {
    const data = this.#frame(i);
    const p = this.#p;
    const number = i + 1;
    const flow = p.tcp >= 0 && !p.fragment ? this.#flowOf(i) : null;
    if (flow) {
      this.#segmentOfGuest(flow, number, data, p);
      return;
    }
    if (!this.#plan.slirp && (isFragment6(p) || (data.length > MAX_SENT && !canSplit(p)))) {
      this.#refuse(i, isFragment6(p) ? 'IPv6 fragment' : 'longer than a NIC sends');
      return;
    }
    const session = this.#reassembly.session(p);
    if (session !== '') {
      this.#sessions.add(session);
    }
    this.#push({ type: 'frame', time: this.#time, number, data, flow: null, ack: -1, needAck: -1, owed: -1, session });
  }

  #segmentOfGuest(flow: Flow, number: number, data: Uint8Array, p: TcpIpView): void {
    const flags = p.u8(p.tcp + 13);
    const isOpeningSyn = (flags & TH_SYN) !== 0 && (flow.initiator === 'guest' || (flags & TH_ACK) !== 0);
    flow.synPlayed ||= isOpeningSyn;
    if (!flow.opened && (!isOpeningSyn || flow.initiator === 'host')) {
      this.#open(flow, number, () => data);
      this.#p.set(data, 0, data.length, 'ethernet').find();
    }
    if (isOpeningSyn && flow.reset && !flow.connected) {
      // It was refused, and tries again.
      flow.reset = false;
    }
    this.#unscale(flow, p, flags);
    let ack = -1;
    let needAck = -1;
    let owed = -1;
    if (flags & TH_ACK && flow.hostIss >= 0) {
      ack = flow.acked + ((p.u32(p.tcp + 8) - ((flow.hostIss + flow.acked) % 0x100000000)) | 0);
      const host = this.#hostColumns(flow);
      const most = Math.max(1, host.end[flow.id] ?? 0, host.fin[flow.id] ?? 0, flow.hostSent);
      this.#fillAcknowledged(flow, number, ack, most);
      if (ack >= 0 && ack <= Math.max(most, flow.hostSent)) {
        owed = ack;
        needAck = Math.min(ack, flow.hostSent);
        flow.acked = Math.max(flow.acked, ack);
      }
    }
    const step: Step = { type: 'frame', time: this.#time, number, data, flow, ack, needAck, owed, session: '' };
    if (flags & TH_RST) {
      this.#resetByGuest(flow, step);
    } else {
      this.#push(step);
    }
  }

  /**
   * The guest breaks the connection off. What the host sends after that was under way already: here nothing takes time,
   * so the RST waits until all of it has been handed over and has arrived.
   */
  #resetByGuest(flow: Flow, step: FrameStep): void {
    flow.late = { ...step, data: step.data.slice(), needAck: 0, owed: 0 };
    const host = this.#hostColumns(flow);
    if (flow.hostNext >= Math.max(1, host.end[flow.id] ?? 0)) {
      this.#playLate(flow);
    }
  }

  #playLate(flow: Flow): void {
    if (flow.late) {
      const all = flow.hostNext > 1 ? flow.hostNext : flow.hostSent;
      this.#push({ ...flow.late, time: this.#time, needAck: all, owed: all });
      flow.late = null;
    }
  }

  /** slirp offers no window scaling, so the guest's windows have to say what they mean without. */
  #unscale(flow: Flow, p: TcpIpView, flags: number): void {
    if (flags & TH_SYN || this.#plan.slirp) {
      return;
    }
    const guest = this.#guestColumns(flow);
    const host = this.#hostColumns(flow);
    const known = ((guest.flags[flow.id] ?? 0) & SYN_SEEN) !== 0 && guest.shift[flow.id] !== SHIFT_CUT;
    const refused = ((host.flags[flow.id] ?? 0) & SYN_SEEN) !== 0 && host.shift[flow.id] === 0;
    const raw = p.u16(p.tcp + 14);
    // Without its SYN the scale is not known; a window that is open at all is taken for a wide one.
    const window = known ? raw * 2 ** Math.max(0, (guest.shift[flow.id] ?? 0) - 1) : raw > 0 ? TEMPLATE_WINDOW : 0;
    if (!refused && window !== raw) {
      setWindow(p, Math.min(TEMPLATE_WINDOW, window));
    }
  }

  // ---- the host's packets ----

  /** Aims the view at the IP packet of packet `i`; valid until the next read. */
  #ipPacket(i: number): TcpIpView {
    const data = uncut(this.#index.bytes(this.#source, i), this.#index.columns.len[i] ?? 0);
    const link = this.#link.find(this.#index.linktype(i), data);
    return this.#p.set(data, link.l3, data.length - link.l3, 'ip').find();
  }

  #fromHost(i: number): void {
    const flow = this.#flowOf(i);
    if (flow) {
      this.#segmentOfHost(flow, i);
      return;
    }
    const p = this.#ipPacket(i);
    if (p.fragment) {
      this.#fragmentOfHost(i, p);
    } else if (p.proto === 17 || p.icmp >= 0 || p.icmpv6 >= 0) {
      this.#datagramOfHost(i, p);
    } else if (!this.#plan.slirp && p.tcp < 0) {
      this.#refuse(i, 'no way in from outside');
    }
  }

  /** A datagram is played when it is whole; all of its fragments come to the same. */
  #fragmentOfHost(i: number, p: TcpIpView): void {
    if (isFragment6(p)) {
      this.#refuse(i, 'IPv6 fragment');
      return;
    }
    const whole = this.#reassembly.add(p, i);
    if (whole) {
      this.#datagramOfHost(i, whole.packet);
      const role = this.#plan.roles[i] ?? 0;
      for (const part of role >= NOT_PLAYED ? whole.parts : []) {
        this.#plan.roles[part] = role;
      }
    }
  }

  #segmentOfHost(flow: Flow, i: number): void {
    const { flags, seq, length } = this.#segment.place(i);
    const number = i + 1;
    if ((flags & (TH_SYN | TH_ACK)) === TH_SYN && flow.initiator === 'host') {
      this.#accept(flow, number);
      return;
    }
    if (flags & TH_RST) {
      this.#resetByHost(flow, number);
      return;
    }
    if (!flow.opened && (!(flags & TH_SYN) || !flow.synPlayed)) {
      this.#open(flow, number, () => reversed(this.#frame(i)));
    }
    if (flow.initiator === 'guest') {
      this.#connected(flow, number);
    }
    if (flow.hostIss < 0) {
      return;
    }
    const from = relativeTo(flow, seq) + (flags & TH_SYN ? 1 : 0);
    flow.hostSent = Math.max(flow.hostSent, from + length + (flags & TH_FIN ? 1 : 0));
    if (length > 0 || flags & TH_FIN) {
      this.#deliver(flow, i, from, length);
    }
  }

  /** A RST of the host's side: it refused, or broke the connection. */
  #resetByHost(flow: Flow, number: number): void {
    if (flow.reset) {
      return;
    }
    flow.reset = true;
    const refused = flow.initiator === 'guest' && !flow.connected;
    this.#push({ type: 'error', time: this.#time, number, flow, errno: refused ? 'ECONNREFUSED' : 'ECONNRESET' });
  }

  /**
   * Bytes `[from, from + length)` of the host's stream are in packet `i`: hands over what is new and has nothing
   * missing before it.
   */
  #deliver(flow: Flow, i: number, from: number, length: number): void {
    if (flow.hostClosed) {
      return;
    }
    if (from > flow.hostNext && !this.#fill(flow, i, from)) {
      flow.waiting.push(i);
      return;
    }
    this.#handOver(flow, i, from, length);
    while (flow.waiting.length > 0 && !flow.hostClosed) {
      const at = flow.waiting.findIndex((w) => this.#reaches(flow, w));
      if (at < 0) {
        return;
      }
      const [w = 0] = flow.waiting.splice(at, 1);
      const { seq, length } = this.#segment.place(w);
      this.#handOver(flow, w, relativeTo(flow, seq), length);
    }
  }

  /** True if the packet's bytes can be handed over now: they follow what has been, or what is between is nowhere. */
  #reaches(flow: Flow, i: number): boolean {
    const from = relativeTo(flow, this.#segment.place(i).seq);
    return from <= flow.hostNext || this.#fill(flow, i, from);
  }

  /** Hands over zeros for bytes before `to` that are nowhere in the capture. True if nothing is missing then. */
  #fill(flow: Flow, i: number, to: number): boolean {
    const host = this.#hostColumns(flow);
    const key = 2 * flow.id + 2 - (this.#plan.guestSide[flow.id] ?? 1);
    const edges = (host.flags[flow.id] ?? 0) & IN_PIECES ? this.#plan.pieces.get(key) : undefined;
    if (!edges) {
      return false;
    }
    const there = new Coverage(edges);
    while (flow.hostNext < to) {
      if (there.reach(flow.hostNext) > flow.hostNext) {
        return false;
      }
      const next = there.next(flow.hostNext);
      if (next === Number.POSITIVE_INFINITY && (this.#guestColumns(flow).acked[flow.id] ?? 0) < to) {
        // A FIN behind bytes that the guest never acknowledged: in the capture it has not had them either.
        return false;
      }
      if (!this.#zeros(flow, i, Math.min(to, next))) {
        return false;
      }
    }
    return true;
  }

  /** Hands over zeros up to `end`; false if that would be too many. */
  #zeros(flow: Flow, i: number, end: number): boolean {
    const gap = end - flow.hostNext;
    if (gap > MAX_GAP || (this.#plan.position[AT_ZEROS] ?? 0) + gap > MAX_ZEROS) {
      return false;
    }
    this.#mark(flow, STATE_GAPS);
    this.#noteGap(flow, i, end);
    this.#push({ type: 'data', time: this.#time, number: 0, flow, data: new Uint8Array(gap), eof: false });
    flow.hostNext = end;
    return true;
  }

  /**
   * The guest acknowledges up to `ack`, but the capture has the host's stream up to `most` only: the host has sent the
   * rest, which is nowhere. One place alone at the very end is taken for a FIN.
   */
  #fillAcknowledged(flow: Flow, number: number, ack: number, most: number): void {
    const host = this.#hostColumns(flow);
    const broken = flow.reset || flow.hostClosed || (host.fin[flow.id] ?? 0) > 0 || !flow.opened;
    if (broken || this.#plan.slirp || ack <= most || flow.hostNext < most) {
      return;
    }
    if (ack === most + 1 && this.#guestColumns(flow).acked[flow.id] === ack) {
      flow.hostClosed = true;
      this.#mark(flow, STATE_GAPS);
      this.#push({ type: 'eof', time: this.#time, number: 0, flow });
    } else if (!this.#zeros(flow, number - 1, ack)) {
      return;
    }
    flow.hostSent = ack;
  }

  /** Packet `i` shows that the host's bytes up to `end` are nowhere. */
  #noteGap(flow: Flow, i: number, end: number): void {
    const { position, gaps } = this.#plan;
    const n = position[AT_GAPS] ?? 0;
    position[AT_GAPS] = n + 1;
    position[AT_ZEROS] = (position[AT_ZEROS] ?? 0) + end - flow.hostNext;
    if (n < MAX_GAPS_NAMED) {
      gaps.stream[n] = flow.id;
      gaps.packet[n] = i + 1;
      gaps.from[n] = flow.hostNext;
      gaps.to[n] = end - 1;
    }
  }

  /** Hands over what of packet `i` is new, with what its sender held already (see `#held`). */
  #handOver(flow: Flow, i: number, from: number, length: number): void {
    const { flags } = this.#segment.place(i);
    const end = from + length;
    if (end > flow.hostNext) {
      this.#pieces.length = 0;
      this.#addPiece(flow, i, from, end);
      const eof = flags & TH_FIN ? true : flags & TH_PSH ? false : this.#held(flow, i);
      flow.hostClosed = eof;
      this.#push({ type: 'data', time: this.#time, number: i + 1, flow, data: this.#bytesOfPieces(), eof });
    } else if (flags & TH_FIN && end === flow.hostNext) {
      flow.hostClosed = true;
      this.#push({ type: 'eof', time: this.#time, number: i + 1, flow });
    }
  }

  /**
   * Segments without PSH say that their sender holds more than it has sent: what follows up to the next PSH was there
   * at the same time. Adds it to the pieces; true if the stream ends with it.
   */
  #held(flow: Flow, first: number): boolean {
    const { packets, roles, slirp } = this.#plan;
    let total = this.#pieces[0]?.length ?? 0;
    for (let i = (packets.next[first] ?? 0) - 1; i >= 0; i = (packets.next[i] ?? 0) - 1) {
      if (!slirp && this.#timeOf(i) > this.#time + HELD_NS) {
        return false;
      }
      const { flags, seq, length } = this.#segment.place(i);
      if (flags & (TH_SYN | TH_RST)) {
        return false;
      }
      if (roles[i] === ROLE_GUEST) {
        if (!slirp && (length > 0 || flags & TH_FIN)) {
          return false;
        }
        continue;
      }
      const from = relativeTo(flow, seq);
      if (from + length <= flow.hostNext && !(flags & TH_FIN)) {
        continue;
      }
      if (from > flow.hostNext || (roles[i] ?? 0) >= NOT_PLAYED || total + length > MAX_HELD || length === 0) {
        return false;
      }
      this.#addPiece(flow, i, from, from + length);
      total += length;
      if (flags & (TH_PSH | TH_FIN)) {
        return (flags & TH_FIN) !== 0;
      }
    }
    return false;
  }

  /** Bytes `[from, end)` of the host's stream are in packet `i`: what is new of them is to be handed over. */
  #addPiece(flow: Flow, packet: number, from: number, end: number): void {
    this.#pieces.push({ packet, skip: flow.hostNext - from, length: end - flow.hostNext });
    flow.hostNext = end;
  }

  /** The bytes of the pieces, zeros where the capture has cut them. */
  #bytesOfPieces(): Uint8Array {
    let total = 0;
    for (const { length } of this.#pieces) {
      total += length;
    }
    const out = new Uint8Array(total);
    let at = 0;
    for (const { packet, skip, length } of this.#pieces) {
      this.#segment.copy(packet, skip, out, at);
      at += length;
    }
    return out;
  }

  /** A whole UDP datagram or ICMP message (an IP packet) of the host's side, which packet `i` completes. */
  #datagramOfHost(i: number, p: TcpIpView): void {
    const guest = addressOf(p, 'dst');
    const from = addressOf(p, 'src');
    const common = { time: this.#time, number: i + 1, guest, from };
    if (p.udp >= 0) {
      if (isService(p, this.#plan.slirp)) {
        return;
      }
      this.#push({
        type: 'datagram',
        ...common,
        session: sessionOf(p, 'dst'),
        data: p.bytes(p.payload, p.payloadEnd).slice(),
      });
    } else if (p.icmp >= 0 && p.u8(p.icmp) === 0) {
      if (this.#answersItself(from.sin_addr)) {
        return;
      }
      this.#push({ type: 'datagram', ...common, session: sessionOf(p, 'dst'), data: p.bytes(p.icmp, p.l3End).slice() });
    } else if (p.icmp >= 0 && (p.u8(p.icmp) === 3 || p.u8(p.icmp) === 11)) {
      const code = p.u8(p.icmp) === 3 ? p.u8(p.icmp + 1) : -1;
      const errno = code === 0 ? 'ENETUNREACH' : code === 3 ? 'ECONNREFUSED' : 'EHOSTUNREACH';
      this.#errorOfHost(i, p.bytes(p.icmp + 8, p.l3End).slice(), errno, from);
    } else if (p.icmpv6 >= 0 && p.u8(p.icmpv6) === 1) {
      const code = p.u8(p.icmpv6 + 1);
      const errno = code === 0 ? 'ENETUNREACH' : code === 4 ? 'ECONNREFUSED' : 'EHOSTUNREACH';
      this.#errorOfHost(i, p.bytes(p.icmpv6 + 8, p.l3End).slice(), errno, from);
    } else if (!this.#plan.slirp) {
      const ndp = p.icmpv6 >= 0 && p.u8(p.icmpv6) >= 133 && p.u8(p.icmpv6) <= 137;
      this.#refuse(i, ndp ? 'neighbor discovery of another network' : 'no way in from outside');
    }
  }

  /** In a capture of a user network: an address of its own, which answers pings without a socket. */
  #answersItself(address: number): boolean {
    const { slirp, gateway } = this.#plan;
    return slirp && gateway !== 0 && (address & 0xffffff00) === (gateway & 0xffffff00);
  }

  /** A destination unreachable or time exceeded message: the socket of the packet quoted in it failed. */
  #errorOfHost(i: number, packet: Uint8Array, errno: string, from: sockaddr): void {
    const quoted = new TcpIpView(packet, 'ip').find();
    if (quoted.proto === 6 && quoted.l4 >= 0 && quoted.l4 + 4 <= quoted.limit) {
      const flow = this.#flowOfQuoted(quoted);
      if (flow && !flow.connected && !flow.reset) {
        flow.reset = true;
        this.#push({ type: 'error', time: this.#time, number: i + 1, flow, errno });
      }
      return;
    }
    const session = sessionOf(quoted, 'src');
    if (session !== '') {
      this.#push({ type: 'datagram-error', time: this.#time, number: i + 1, session, errno, from });
    }
  }

  /** The guest's connection that a quoted segment of its belongs to (8 bytes of it are enough). */
  #flowOfQuoted(q: TcpIpView): Flow | undefined {
    const [sport, dport] = [q.u16(q.l4), q.u16(q.l4 + 2)];
    const address = addressOf(q, 'dst');
    return [...this.#flows.values()]
      .reverse()
      .find(
        (f) =>
          f.initiator === 'guest' &&
          f.guest.sin_port === sport &&
          f.remote.sin_port === dport &&
          f.remote.sin_addr === address.sin_addr,
      );
  }
}

/** The user network takes no fragments of IPv6, and makes none. */
function isFragment6(p: TcpIpView): boolean {
  return p.ipv6 >= 0 && p.fragment;
}

/** Place of a sequence number in the host's stream, near to how far that has come. */
function relativeTo(flow: Flow, seq: number): number {
  return flow.hostNext + ((seq - ((flow.hostIss + flow.hostNext) % 0x100000000)) | 0);
}

/** True for what the user network answers itself over UDP: DHCP, and in a capture of one TFTP. */
function isService(p: TcpIpView, slirp: boolean): boolean {
  const src = p.u16(p.udp);
  return src === 67 || (p.ipv6 >= 0 && src === 547) || (slirp && (src === 69 || (p.ipv6 >= 0 && src === 8962)));
}

/** The address and port of one end of an IP packet. */
function addressOf(p: TcpIpView, end: 'src' | 'dst'): sockaddr {
  const l4 = Math.max(p.tcp, p.udp);
  const port = l4 < 0 ? 0 : p.u16(end === 'src' ? l4 : l4 + 2);
  const n = p.ip >= 0 ? 4 : 16;
  const at = (p.ip >= 0 ? p.ip + 12 : p.ipv6 + 8) + (end === 'src' ? 0 : n);
  return socketAddress(p.buf.slice(at, at + n), port);
}
