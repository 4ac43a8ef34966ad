/**
 * The `Host` of a replay: plays a capture. The guest's frames become 'frame' inputs; what slirp sent in the capture is
 * turned back into what the host's sockets must have brought, so that slirp does it all again. Time is the capture's,
 * nothing waits, and the same capture gives the same inputs at the same turns. Only what the user types is not in it.
 */
import type { Writer } from '../mailbox/codec.ts';
import type { ByteSource } from '../packets/byte-source.ts';
import type { PacketIndex } from '../packets/capture-index.ts';
import { visible } from '../packets/format.ts';
import { TcpIpView } from '../packets/tcp-ip-view.ts';
import { describeGaps, gapsOf } from '../replay/account.ts';
import { TH_ACK, TH_FIN, TH_RST, TH_SYN } from '../replay/connections.ts';
import { announcements, describePlan } from '../replay/describe.ts';
import { Comparison } from '../replay/divergence.ts';
import type { Flow } from '../replay/flow.ts';
import { bareAck } from '../replay/frames.ts';
import { KnownPackets } from '../replay/known-packets.ts';
import { ReplayNumbers } from '../replay/numbers.ts';
import { AT_END, AT_GRADE, AT_PACKET, AT_SENT, AT_TIME } from '../replay/places.ts';
import type { ReplayPlan } from '../replay/plan.ts';
import { References } from '../replay/references.ts';
import { Script } from '../replay/script.ts';
import type { ScriptOptions } from '../replay/script-context.ts';
import type { Step } from '../replay/step.ts';
import type { FrameDirection, Host, Input, sockaddr } from '../stack/util/host.ts';
import type { ServedPiece } from './served-files.ts';
import { TracePlayer } from './trace-player.ts';
import { wordsSum } from './words-sum.ts';

/** Machine time of the first packet: the NIC refuses frames for a second after its driver has started it. */
export const LEAD_NS = 2e9;
/** The guests that slirp knew before the capture announce themselves this long before the first packet. */
const ANNOUNCE_NS = 1e8;
/** Longest wait (machine time) for slirp to send what a frame of the guest acknowledges. */
const WAIT_NS = 1e8;
/** The same when there is something to acknowledge already: slirp may be waiting for just that to send more. */
const SHORT_WAIT_NS = 1e6;
/** The machine runs on for this long after the last packet, so that what is under way arrives. */
const SETTLE_NS = 1e9;
/** A gap in the capture that is longer than that is skipped: no timer fires within it. */
const LONG_GAP_NS = 60e9;

/** Where what comes out of a replay goes, besides the machine. */
export interface ReplaySink {
  /** Bytes that the stack handed to the host's socket of a connection. */
  toHost?(flow: Flow, bytes: Uint8Array): void;
  /** Bytes of slirp's stream that reached the guest's ring; `from` is their place in it, the first one is 1. */
  toGuest?(flow: Flow, from: number, bytes: Uint8Array): void;
}

export interface TraceHostOptions {
  readonly source: ByteSource;
  readonly index: PacketIndex;
  readonly plan: ReplayPlan;
  /** Where reports, the console and the monitor go. */
  readonly outside: Host;
  /** The machine's options (see `replayArgs`), which say what the forwarded ports mean. */
  readonly argv: readonly string[];
  readonly script?: ScriptOptions;
  readonly sink?: ReplaySink;
  /** Called when everything has been played, before the machine is switched off. */
  readonly atEnd?: () => void;
}

export class TraceHost implements Host {
  readonly words_sum = wordsSum;
  now_ns = 0;
  readonly seed: number;
  readonly nameservers: readonly sockaddr[];
  readonly comparison: Comparison;
  readonly known: KnownPackets;
  /** The packet of the capture that the user network's last frame is (0: none), and how they compare. */
  sentPacket = 0;
  sentGrade = 0;
  readonly #outside: Host;
  readonly #plan: ReplayPlan;
  readonly #script: Script;
  readonly #player: TracePlayer;
  readonly #numbers: ReplayNumbers;
  readonly #references: References;
  readonly #sink: ReplaySink;
  readonly #atEnd: () => void;
  readonly #view = new TcpIpView();
  /** Inputs for the next turn that answer calls of the stack. */
  #answers: Input[] = [];
  #waitingSince = -1;
  /** When something was played last. */
  #playedAt = 0;
  /** How much later than in the capture things happen, from the waits so far. */
  #delay = 0;
  #phase: 'boot' | 'play' | 'settle' | 'done' = 'boot';
  /** End of the settling, in machine time. */
  #settled = 0;

  constructor(options: TraceHostOptions) {
    const { plan, outside, argv } = options;
    this.#plan = plan;
    this.known = new KnownPackets(options.index, plan, plan.numbers);
    this.#numbers = new ReplayNumbers(plan);
    this.comparison = new Comparison(options.source, options.index, plan);
    this.#player = new TracePlayer(plan, this.comparison, this.known, argv);
    this.#script = new Script(options.source, options.index, plan, options.script, this.#player.buffers);
    this.#references = new References(options.source, options.index, plan);
    this.#sink = options.sink ?? {};
    this.#atEnd = options.atEnd ?? (() => {});
    this.#outside = outside;
    this.seed = outside.seed;
    this.nameservers = outside.nameservers;
  }

  // ---- time and inputs ----

  poll(timeoutNs: number): readonly Input[] {
    this.known.turn();
    this.#player.places.clear();
    const inputs = this.#nextInputs(timeoutNs);
    this.known.inputs(inputs);
    this.#numbers.tell();
    return inputs;
  }

  /** Writes where in the capture data of an input is; false if that cannot be said. */
  refer(w: Writer, data: Uint8Array, input: Input): boolean {
    const places = this.#player.places.get(data);
    return places
      ? this.#references.pieces(w, data, places)
      : input.type === 'frame' && this.#references.frame(w, data, input.number);
  }

  #nextInputs(timeoutNs: number): readonly Input[] {
    const outside = this.#outside.poll(0);
    if (outside.length > 0 || this.#answers.length > 0) {
      this.#player.inputs = outside.length > 0 ? [...outside, ...this.#answers] : this.#answers;
      this.#answers = [];
      return this.#player.inputs;
    }
    this.#player.inputs = [];
    const deadline = timeoutNs < 0 ? Number.POSITIVE_INFINITY : this.now_ns + timeoutNs;
    const at = this.#nextTime();
    if (at > deadline && !this.#skips(at)) {
      this.now_ns = deadline;
      return this.#player.inputs;
    }
    this.now_ns = Math.max(this.now_ns, at);
    this.#advance();
    return this.#player.inputs;
  }

  /** True in a long gap, once what was under way has settled: the clock goes to its end, where timers fire once. */
  #skips(at: number): boolean {
    return at - this.#playedAt > LONG_GAP_NS && this.now_ns - this.#playedAt >= SETTLE_NS;
  }

  /** When the next thing happens, in machine time. */
  #nextTime(): number {
    switch (this.#phase) {
      case 'boot':
        return LEAD_NS - ANNOUNCE_NS;
      case 'play': {
        const step = this.#script.peek();
        return this.#waitingSince >= 0 ? this.#waitTime(step) : this.#stepTime(step);
      }
      case 'settle':
        return this.#settled;
      case 'done':
        return 0;
    }
  }

  /** Machine time of a step. */
  #stepTime(step: Step | undefined): number {
    return LEAD_NS + this.#delay + (step?.time ?? this.#script.time);
  }

  /** A frame that waits for slirp goes as soon as slirp has sent, or at the end of the wait. */
  #waitTime(step: Step | undefined): number {
    if (!step || !this.#mustWait(step)) {
      return this.now_ns;
    }
    const flow = step.type === 'frame' ? step.flow : null;
    const short = flow !== null && flow.sent > flow.ackedHere && flow.ackedHere > 0;
    return this.#waitingSince + (short ? SHORT_WAIT_NS : WAIT_NS);
  }

  #advance(): void {
    if (this.#phase === 'boot') {
      this.#phase = 'play';
      this.#announce();
    } else if (this.#phase === 'play') {
      this.#playStep();
    } else {
      this.#finish();
    }
  }

  /** Tells the user what is coming, and the user network who the guest is. */
  #announce(): void {
    this.#outside.report('info', describePlan(this.#plan));
    for (const w of this.#plan.warnings) {
      this.#outside.report('warning', `replay: ${visible(w)}`);
    }
    for (const data of announcements(this.#plan)) {
      this.#player.inputs.push({ type: 'frame', data, number: 0 });
    }
  }

  #playStep(): void {
    const step = this.#script.peek();
    if (!step) {
      this.#settle();
      return;
    }
    if (this.#waitingSince < 0 && this.#mustWait(step)) {
      this.#waitingSince = this.now_ns;
      if (step.type === 'frame' && step.flow) {
        step.flow.owed = Math.max(step.flow.owed, step.owed);
        this.#payOwed(step.flow);
      }
      return;
    }
    if (this.#waitingSince >= 0) {
      this.#delay = Math.max(this.#delay, this.now_ns - LEAD_NS - step.time);
      this.#waitingSince = -1;
    }
    this.#playedAt = this.now_ns;
    this.#script.shift();
    this.#plan.position[AT_PACKET] = this.#script.packet;
    this.#plan.position[AT_TIME] = step.time;
    this.#player.play(step);
    if ('flow' in step && step.flow) {
      this.#numbers.connection(step.flow.id);
    }
  }

  /**
   * All packets have been played: what slirp still holds for the guest is acknowledged as it comes, until nothing comes
   * any more.
   */
  #settle(): void {
    this.#phase = 'settle';
    this.#settled = this.now_ns + SETTLE_NS;
    for (const flow of this.#player.played) {
      flow.owed = Math.max(flow.owed, flow.hostNext);
      this.#payOwed(flow);
    }
  }

  #finish(): void {
    if (this.#phase === 'settle') {
      this.#phase = 'done';
      this.comparison.finish();
      this.#plan.position[AT_PACKET] = this.#script.packet;
      this.#plan.position[AT_TIME] = this.#script.time;
      this.#plan.position[AT_END] = 1;
      this.#numbers.count();
      for (const text of describeGaps(gapsOf(this.#plan))) {
        this.#outside.report('warning', text);
      }
      this.#outside.report('info', `replay finished: ${this.#script.packet} packets`);
      if (this.#player.unmatched > 0) {
        this.#outside.report(
          'info',
          `replay: ${this.#player.unmatched} events of the host found no socket of the machine and were left out`,
        );
      }
      this.#atEnd();
    }
    this.#player.inputs.push({ type: 'quit' });
  }

  /** True if the guest acknowledges more than slirp has sent so far, or answers a SYN that is still to come. */
  #mustWait(step: Step): boolean {
    if (step.type === 'frame' && step.flow && step.needAck >= 0) {
      return step.flow.sent < step.needAck;
    }
    return (
      (step.type === 'connected' || (step.type === 'error' && step.flow.initiator === 'guest')) &&
      !this.#player.openFds.has(step.flow.fd)
    );
  }

  // ---- what the stack does ----

  frame(dir: FrameDirection, buf: Uint8Array, size: number): void {
    if (dir === 1) {
      const p = this.#view.set(buf, 0, size, 'ethernet').find();
      const flow = this.known.sender(p);
      const { packet, grade } = this.comparison.sent(p, flow, this.now_ns, this.#script.packet);
      this.sentPacket = packet;
      this.sentGrade = grade;
      this.#plan.position[AT_SENT] = packet;
      this.#plan.position[AT_GRADE] = grade;
      this.known.sent(p, packet);
      this.#numbers.tell();
    }
    this.#outside.frame(dir, buf, size);
  }

  /** Follows slirp's streams by what reaches the guest: where they start and how far they are; pays what is owed. */
  received(buf: Uint8Array, size: number): void {
    const p = this.#view.set(buf, 0, size, 'ethernet').find();
    const flow = this.known.flowTo(p);
    if (!flow) {
      return;
    }
    const flags = p.u8(p.tcp + 13);
    const seq = p.u32(p.tcp + 4);
    if (flow.iss < 0 || flags & TH_RST) {
      return;
    }
    if (flags & TH_ACK) {
      flow.ackedBySlirp = p.u32(p.tcp + 8);
    }
    const from = flow.sent + ((seq - ((flow.iss + flow.sent) % 0x100000000)) | 0);
    const length = p.payloadEnd - p.payload;
    const data = from + (flags & TH_SYN ? 1 : 0);
    if (length > 0 && flow.arrived.add(data, data + length)) {
      this.#numbers.bytes(flow.id, 0, length);
    }
    if (length > 0) {
      this.#sink.toGuest?.(flow, data, p.bytes(p.payload, p.payloadEnd));
    }
    const whole = flow.arrived.reach(1);
    const end = data + length;
    // SYN and FIN count once what is before them is there.
    flow.sent = Math.max(
      flow.sent,
      whole > 1 ? whole : Math.min(1, end),
      end === whole && flags & TH_FIN ? end + 1 : 0,
    );
    this.#settled = this.#phase === 'settle' ? this.now_ns + SETTLE_NS : this.#settled;
    if (flags & TH_ACK && !this.#acknowledgesNext(flow)) {
      this.#payOwed(flow);
    }
  }

  /** True if a frame of the capture has waited for what has come now, and acknowledges it at once. */
  #acknowledgesNext(flow: Flow): boolean {
    const step = this.#waitingSince < 0 ? undefined : this.#script.peek();
    return step?.type === 'frame' && step.flow === flow && !this.#mustWait(step);
  }

  /** Acknowledges what has arrived of what the guest had acknowledged in the capture by now. */
  #payOwed(flow: Flow): void {
    const ack = Math.min(flow.owed, flow.sent);
    if (ack > flow.ackedHere && flow.lastFrame) {
      flow.ackedHere = ack;
      const data = bareAck(flow.lastFrame, flow.guestNext, (flow.iss + ack) >>> 0);
      this.#answers.push({ type: 'frame', data, number: 0 });
    }
  }

  listen(fd: number, type: number, addr: sockaddr): { errno: string; port: number } {
    return this.#player.listen(fd, type, addr);
  }

  connect(fd: number): void {
    this.#player.connect(fd);
  }

  open(fd: number): void {
    this.#player.open(fd);
  }

  close(fd: number): void {
    this.#player.close(fd);
  }

  send(fd: number, buf: Uint8Array, off: number, len: number): void {
    const flow = this.#player.byFd.get(fd);
    if (flow) {
      this.#numbers.bytes(flow.id, len, 0);
      this.#sink.toHost?.(flow, buf.subarray(off, off + len));
    }
    this.#answers.push({ type: 'written', fd, bytes: len });
  }

  consumed(fd: number, bytes: number): void {
    this.#player.buffers.consumed(fd, bytes);
  }

  sendto(): void {}
  shutdown(): void {}

  alloc_shared(name: string, bytes: number): ArrayBufferLike {
    return this.#outside.alloc_shared(name, bytes);
  }

  console_write(text: string): void {
    this.#outside.console_write(text);
  }

  monitor_reply(id: number, text: string): void {
    this.#outside.monitor_reply(id, text);
  }

  read_file(dir: string, name: string, off: number, len: number): ServedPiece {
    return this.#outside.read_file?.(dir, name, off, len) ?? { errno: 'ENOENT', size: 0, data: new Uint8Array(0) };
  }

  write_file(path: string, create: boolean, buf: Uint8Array, off: number, len: number): void {
    this.#outside.write_file?.(path, create, buf, off, len);
  }

  report(level: 'info' | 'warning' | 'error', text: string): void {
    this.#outside.report(level, text);
  }
}
