/**
 * What a replay knows of packets beyond their bytes: their numbers in the capture, and how their connections count.
 * `TraceHost` tells it while it plays; when a recording of that is executed again, the recording does.
 */
import type { Reader, Writer } from '../mailbox/codec.ts';
import type { PacketIndex } from '../packets/capture-index.ts';
import type { TcpRelative } from '../packets/conversations.ts';
import type { Layer } from '../packets/layer.ts';
import type { FrameRecord, PacketKnowledge, PacketView } from '../packets/packet-view.ts';
import { TcpIpView } from '../packets/tcp-ip-view.ts';
import type { Input } from '../stack/util/host.ts';
import { TH_ACK, TH_SYN } from './connections.ts';
import { type Flow, FlowTable, type PlannedConnections, plannedFlow } from './flow.ts';
import { FrameNumbers, keyOf } from './frame-numbers.ts';
import { NUMBERS } from './places.ts';
import { readNumbers, toldNothing, writeNumbers } from './recorded-numbers.ts';

export class KnownPackets implements PacketKnowledge {
  readonly #index: PacketIndex;
  readonly #connections: PlannedConnections;
  readonly #numbers = new FrameNumbers();
  readonly #flows = new FlowTable();
  /** Those in the table, in the order in which they came into it. */
  readonly #followed = new Map<number, Flow>();
  readonly #view = new TcpIpView();
  /** For questions about packets. */
  readonly #asked = new TcpIpView();
  /** What the inputs of this turn changed: twice the number of a connection, and 1 more if it is forgotten. */
  readonly changes: number[] = [];
  /** The highest number of a packet so far: later ones have not passed yet. */
  highest = 0;
  /** The account (see numbers.ts); in a re-execution as the recording has told it. */
  readonly numbers: Float64Array;

  constructor(index: PacketIndex, connections: PlannedConnections, numbers: Float64Array = new Float64Array(NUMBERS)) {
    this.#index = index;
    this.#connections = connections;
    this.numbers = numbers;
  }

  // ---- what happens

  /** A turn begins, whose inputs are still to be made. */
  turn(): void {
    // Setting the length of an empty array takes its time.
    if (this.changes.length > 0) {
      this.changes.length = 0;
    }
  }

  /** From now on the connection is the one that its addresses and ports mean. */
  follow(flow: Flow): void {
    this.#flows.add(flow);
    this.#followed.set(flow.id, flow);
    this.changes.push(2 * flow.id);
  }

  forget(flow: Flow): void {
    this.#flows.remove(flow);
    if (this.#followed.delete(flow.id)) {
      this.changes.push(2 * flow.id + 1);
    }
  }

  /** Does again what `changes` tells. */
  redo(change: number): void {
    const id = Math.floor(change / 2);
    const flow = this.#followed.get(id) ?? plannedFlow(this.#connections, id);
    if (change % 2 === 0) {
      this.follow(flow);
    } else {
      this.forget(flow);
    }
  }

  /** Frames come to the guest's NIC to be sent. */
  inputs(inputs: readonly Input[]): void {
    for (const input of inputs) {
      if (input.type === 'frame') {
        const { data, number } = input;
        this.#add(this.#view.set(data, 0, data.length, 'ethernet').find(), number);
      }
    }
  }

  /** The connection of a frame that the user network sends, if it is known; a SYN tells where its numbers begin. */
  sender(p: TcpIpView): Flow | null {
    const flow = this.flowTo(p);
    if (flow && p.u8(p.tcp + 13) & TH_SYN) {
      flow.iss = p.u32(p.tcp + 4);
    }
    return flow;
  }

  /** The frame in `p`, which the user network sends, is packet `number`. */
  sent(p: TcpIpView, number: number): void {
    this.#add(p, number);
  }

  /** The same in a re-execution, which is told the number. */
  sentAgain(buf: Uint8Array, size: number, number: number): void {
    const p = this.#view.set(buf, 0, size, 'ethernet').find();
    this.sender(p);
    this.sent(p, number);
  }

  #add(p: TcpIpView, number: number): void {
    this.#numbers.add(p, number);
    this.highest = Math.max(this.highest, number);
  }

  // ---- questions

  /** The connection of a frame that goes to the guest, if it is known. */
  flowTo(p: TcpIpView): Flow | null {
    return p.tcp < 0 || p.fragment ? null : this.#flows.find(p, false);
  }

  /** Another connection with the same addresses and ports. */
  earlier(flow: Flow): Flow | null {
    return this.#flows.earlier(flow);
  }

  /** By which `numberOfKey` finds a frame's number. */
  keyOf(buf: Uint8Array, size: number): number {
    return keyOf(this.#asked.set(buf, 0, size, 'ethernet').find());
  }

  numberOfKey(key: number): number {
    return this.#numbers.ofKey(key);
  }

  numberOf(p: PacketView): number {
    return this.#numbers.of(p);
  }

  secondsOf(number: number): number {
    return this.#index.secondsOf(number - 1);
  }

  recordOf(number: number): FrameRecord | null {
    return this.#index.recordOf(number - 1);
  }

  /** The numbers of a segment of the guest's or of slirp's, counted from the SYNs that there are here. */
  relative(packet: PacketView, l: Layer | null = null): TcpRelative | undefined {
    const p = this.#asked.set(packet.buf, packet.off, packet.len, packet.linktype).find();
    if (p.tcp < 0 || p.fragment || (l !== null && l.at !== p.tcp)) {
      return undefined;
    }
    const ofGuest = this.#flows.find(p, true);
    const flow = ofGuest ?? this.#flows.find(p, false);
    if (!flow) {
      return undefined;
    }
    const [iss, peer] = ofGuest ? [flow.guestIss, flow.iss] : [flow.iss, flow.guestIss];
    const [seq, ack] = [p.u32(p.tcp + 4), p.u32(p.tcp + 8)];
    return {
      stream: flow.id,
      seq: (seq - Math.max(0, iss)) >>> 0,
      ack: p.u8(p.tcp + 13) & TH_ACK ? (ack - Math.max(0, peer)) >>> 0 : ack,
      // slirp offers no window scaling.
      window: p.u16(p.tcp + 14),
    };
  }

  // ---- beside a checkpoint

  save(w: Writer): void {
    w.u32(this.highest).u32(this.#followed.size);
    for (const { id, iss } of this.#followed.values()) {
      w.u32(id).f64(iss);
    }
    this.#numbers.save(w);
    writeNumbers(w, this.numbers, toldNothing());
  }

  /** Makes one that knows nothing yet know what another one did. */
  restore(r: Reader): void {
    this.highest = r.u32();
    for (let n = r.u32(); n > 0; n--) {
      const flow = plannedFlow(this.#connections, r.u32());
      flow.iss = r.f64();
      this.follow(flow);
    }
    this.#numbers.restore(r);
    readNumbers(r, this.numbers);
  }
}
