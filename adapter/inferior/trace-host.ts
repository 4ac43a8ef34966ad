/**
 * The `Host` of a replay: plays a capture. The guest's frames become 'frame' inputs; what slirp sent in the capture is
 * turned back into what the host's sockets must have brought, so that slirp does it all again. Time is the capture's,
 * nothing waits, and the same capture gives the same inputs at the same turns. Only what the user types (monitor,
 * console, quit) comes from outside.
 */
import { type Capture, readCapture } from '../packets/capture.ts';
import { concat } from '../packets/pcap.ts';
import { TcpIpView } from '../packets/tcp-ip-view.ts';
import { dhcpStartOf, type Forward, findForward, parseForwards } from '../replay/args.ts';
import { arpAnnouncement, bareAck, segment, setAck } from '../replay/frames.ts';
import { describeTrace, flowKeyOf, readTrace, type Step, type TcpFlow, type Trace } from '../replay/trace.ts';
import { AF_INET6, type FrameDirection, type Host, type Input, type sockaddr } from '../stack/util/host.ts';
import type { ServedPiece } from './served-files.ts';

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
/** First descriptor of accepted connections; they are odd. */
const FIRST_ACCEPTED_FD = 11;
const LOOPBACK = 0x7f000001;
const TH_ACK = 16;

/** One connection as it goes in the replay. */
class LiveFlow {
  fd = -1;
  /** slirp's initial sequence number here, -1 until its SYN has been seen. */
  iss = -1;
  /** How far slirp has sent, relative to `iss`. */
  sent = 0;
  /** The guest acknowledged this much in the capture, more than has been sent here: owed when it comes. */
  owed = 0;
  /** The last acknowledgment given. */
  acked = 0;
  /** What the guest has sent: the next sequence number, and its last frame as a template. */
  guestNext = 0;
  lastFrame: Uint8Array | null = null;
}

/** A `listen` of the stack. */
interface Listener {
  readonly fd: number;
  readonly forward: Forward | undefined;
}

export class TraceHost implements Host {
  now_ns = 0;
  readonly seed: number;
  readonly nameservers: readonly sockaddr[];
  readonly trace: Trace;
  readonly #outside: Host;
  readonly #forwards: readonly Forward[];
  readonly #dhcpStart: number;
  readonly #listeners: Listener[] = [];
  readonly #live = new Map<TcpFlow, LiveFlow>();
  /** The flow that a pair of addresses belongs to at this point of the capture. */
  readonly #active = new Map<string, TcpFlow>();
  /** Descriptors of UDP and ping sessions of the guest. */
  readonly #sessions = new Map<string, number>();
  readonly #openFds = new Set<number>();
  readonly #view = new TcpIpView();
  readonly #inputs: Input[] = [];
  /** Inputs for the next turn that answer calls of the stack. */
  readonly #answers: Input[] = [];
  #next = 0;
  /** The frame the guest has sent last: sockets that the stack opens now are for it. */
  #current: Extract<Step, { type: 'frame' }> | null = null;
  #waitingSince = -1;
  /** How much later than in the capture things happen, from the waits so far. */
  #delay = 0;
  #nextFd = FIRST_ACCEPTED_FD;
  #phase: 'boot' | 'play' | 'settle' | 'done' = 'boot';
  #unmatched = 0;

  /**
   * `capture` is a capture or the bytes of one, `outside` is where reports, the console and the monitor go, `argv` the
   * machine's options (see `replayArgs`), which say what the forwarded ports mean.
   */
  constructor(capture: Capture | Uint8Array, outside: Host, argv: readonly string[]) {
    this.trace = readTrace(capture instanceof Uint8Array ? readCapture(capture) : capture);
    this.#outside = outside;
    this.seed = outside.seed;
    this.nameservers = outside.nameservers;
    this.#forwards = parseForwards(argv);
    this.#dhcpStart = dhcpStartOf(argv, this.trace.gateway || 0x0a000202);
    for (const flow of this.trace.flows) {
      this.#live.set(flow, new LiveFlow());
    }
  }

  // ---- time and inputs ----

  poll(timeoutNs: number): readonly Input[] {
    this.#inputs.length = 0;
    this.#inputs.push(...this.#outside.poll(0), ...this.#answers.splice(0));
    if (this.#inputs.length > 0) {
      return this.#inputs;
    }
    const deadline = timeoutNs < 0 ? Number.POSITIVE_INFINITY : this.now_ns + timeoutNs;
    const at = this.#nextTime();
    if (at > deadline) {
      this.now_ns = deadline;
      return this.#inputs;
    }
    this.now_ns = Math.max(this.now_ns, at);
    this.#advance();
    return this.#inputs;
  }

  /** When the next thing happens, in machine time. */
  #nextTime(): number {
    switch (this.#phase) {
      case 'boot':
        return LEAD_NS - ANNOUNCE_NS;
      case 'play':
        return this.#waitingSince >= 0 ? this.#waitTime() : this.#stepTime(this.#next);
      case 'settle':
        return this.#stepTime(this.trace.steps.length - 1) + SETTLE_NS;
      case 'done':
        return 0;
    }
  }

  /** Machine time of a step. */
  #stepTime(index: number): number {
    return LEAD_NS + this.#delay + (this.trace.steps[index]?.time ?? 0);
  }

  /** A frame that waits for slirp goes as soon as slirp has sent, or at the end of the wait. */
  #waitTime(): number {
    const step = this.trace.steps[this.#next];
    if (!step || !this.#mustWait(step)) {
      return this.now_ns;
    }
    const live = step.type === 'frame' && step.flow ? this.#live.get(step.flow) : undefined;
    return this.#waitingSince + (live && live.sent > live.acked && live.acked > 0 ? SHORT_WAIT_NS : WAIT_NS);
  }

  #advance(): void {
    if (this.#phase === 'boot') {
      this.#phase = 'play';
      this.#outside.report('info', describeTrace(this.trace));
      for (const w of this.trace.warnings) {
        this.#outside.report('warning', `replay: ${w}`);
      }
      for (const { mac, ip } of this.trace.known) {
        this.#inputs.push({ type: 'frame', data: arpAnnouncement(mac, ip), number: 0 });
      }
    } else if (this.#phase === 'play') {
      this.#playStep();
    } else {
      this.#finish();
    }
  }

  #playStep(): void {
    const step = this.trace.steps[this.#next];
    if (!step) {
      this.#phase = 'settle';
      return;
    }
    if (this.#waitingSince < 0 && this.#mustWait(step)) {
      this.#waitingSince = this.now_ns;
      return;
    }
    if (this.#waitingSince >= 0) {
      this.#delay = Math.max(this.#delay, this.now_ns - LEAD_NS - step.time);
      this.#waitingSince = -1;
    }
    this.#next++;
    this.#play(step);
  }

  #finish(): void {
    if (this.#phase === 'settle') {
      this.#phase = 'done';
      const { guestFrames, slirpFrames } = this.trace;
      this.#outside.report('info', `replay finished: ${guestFrames + slirpFrames} frames`);
      if (this.#unmatched > 0) {
        this.#outside.report(
          'warning',
          `replay: ${this.#unmatched} events of the host found no socket of the machine and were left out`,
        );
      }
    }
    this.#inputs.push({ type: 'quit' });
  }

  /** True if the guest acknowledges more than slirp has sent so far, or answers a SYN that is still to come. */
  #mustWait(step: Step): boolean {
    if (step.type === 'frame' && step.flow && step.needAck >= 0) {
      return this.#live.get(step.flow)!.sent < step.needAck;
    }
    return (
      (step.type === 'connected' || (step.type === 'error' && step.flow.initiator === 'guest')) &&
      this.#live.get(step.flow)!.fd < 0
    );
  }

  // ---- steps ----

  #play(step: Step): void {
    switch (step.type) {
      case 'frame':
        this.#playFrame(step);
        break;
      case 'accept':
        this.#playAccept(step.flow);
        break;
      case 'datagram':
      case 'datagram-error':
        this.#playDatagram(step);
        break;
      default:
        this.#playStream(step);
    }
  }

  #playFrame(step: Extract<Step, { type: 'frame' }>): void {
    this.#current = step;
    if (!step.flow) {
      this.#inputs.push({ type: 'frame', data: step.data, number: step.number });
      return;
    }
    const data = step.data.slice();
    const p = this.#view.set(data, 0, data.length, 'ethernet');
    this.#active.set(flowKeyOf(p, true), step.flow);
    const live = this.#live.get(step.flow)!;
    const flags = p.u8(p.tcp + 13);
    if (step.ack >= 0) {
      if (live.iss < 0) {
        // slirp never sent its SYN here, so there is nothing that the segment could be an answer to.
        this.#unmatched++;
        return;
      }
      const ack = step.needAck >= 0 ? Math.min(step.needAck, live.sent) : step.ack;
      if (step.needAck >= 0) {
        live.owed = Math.max(live.owed, step.needAck);
        live.acked = Math.max(live.acked, ack);
      }
      setAck(p, (live.iss + ack) >>> 0);
    }
    const length = p.payloadEnd - p.payload + (flags & 2 ? 1 : 0) + (flags & 1);
    const after = (p.u32(p.tcp + 4) + length) >>> 0;
    if (live.lastFrame === null || ((after - live.guestNext) | 0) > 0) {
      live.guestNext = after;
    }
    live.lastFrame = data;
    for (const frame of segment(data)) {
      this.#inputs.push({ type: 'frame', data: frame, number: step.number });
    }
  }

  #playAccept(flow: TcpFlow): void {
    const { sin_addr: sinAddr, sin_port: sinPort } = flow.guest;
    const wanted = findForward(this.#forwards, 'tcp', sinAddr, sinPort, this.#dhcpStart);
    const listener = this.#listeners.find((l) => wanted >= 0 && l.forward === this.#forwards[wanted]);
    if (!listener) {
      this.#unmatched++;
      return;
    }
    const live = this.#live.get(flow)!;
    live.fd = this.#nextFd;
    this.#nextFd += 2;
    this.#openFds.add(live.fd);
    this.#active.set(flow.name, flow);
    this.#inputs.push({
      type: 'accepted',
      fd: live.fd,
      listener: listener.fd,
      peer: this.#outsideAddress(flow.remote),
    });
  }

  #playStream(step: Extract<Step, { type: 'connected' | 'data' | 'eof' | 'error' }>): void {
    const { fd } = this.#live.get(step.flow)!;
    if (!this.#openFds.has(fd)) {
      this.#unmatched += step.type === 'data' ? 1 : 0;
      return;
    }
    switch (step.type) {
      case 'connected':
        this.#inputs.push({
          type: 'connected',
          fd,
          local: { ...this.#outsideAddress(step.flow.guest), sin_port: 40000 + (fd % 20000) },
        });
        break;
      case 'data':
        this.#inputs.push({ type: 'data', fd, data: concat(step.chunks) });
        if (step.eof) {
          this.#inputs.push({ type: 'eof', fd });
        }
        break;
      case 'eof':
        this.#inputs.push({ type: 'eof', fd });
        break;
      case 'error':
        this.#inputs.push({ type: 'error', fd, errno: step.errno, from: null });
        break;
    }
  }

  #playDatagram(step: Extract<Step, { type: 'datagram' | 'datagram-error' }>): void {
    const fd = this.#sessions.get(step.session);
    if (step.type === 'datagram-error') {
      if (fd !== undefined) {
        this.#inputs.push({ type: 'error', fd, errno: step.errno, from: this.#outsideAddress(step.from) });
      }
      return;
    }
    const from = this.#outsideAddress(step.from);
    if (fd !== undefined) {
      this.#inputs.push({ type: 'datagram', fd, data: step.data, from });
      return;
    }
    const { sin_addr: sinAddr, sin_port: sinPort } = step.guest;
    const wanted = step.session.startsWith('udp')
      ? findForward(this.#forwards, 'udp', sinAddr, sinPort, this.#dhcpStart)
      : -1;
    const listener = this.#listeners.find((l) => wanted >= 0 && l.forward === this.#forwards[wanted]);
    if (listener) {
      this.#inputs.push({ type: 'datagram', fd: listener.fd, data: step.data, from });
    } else if (step.session.startsWith('udp')) {
      this.#unmatched++;
    }
  }

  /** Where the host sees what the guest knows as `a`: the user network's own addresses are the host's loopback. */
  #outsideAddress(a: sockaddr): sockaddr {
    if (a.sa_family === AF_INET6) {
      return a;
    }
    const gateway = this.trace.gateway || 0x0a000202;
    const inside = (a.sin_addr & 0xffffff00) === (gateway & 0xffffff00);
    return inside ? { ...a, sin_addr: LOOPBACK } : a;
  }

  // ---- what the stack does ----

  frame(dir: FrameDirection, buf: Uint8Array, size: number): void {
    if (dir === 1) {
      this.#follow(buf, size);
    }
    this.#outside.frame(dir, buf, size);
  }

  /** Follows slirp's streams: where they start and how far they are; pays the acknowledgments that are owed. */
  #follow(buf: Uint8Array, size: number): void {
    const p = this.#view.set(buf, 0, size, 'ethernet');
    if (p.tcp < 0 || p.fragment) {
      return;
    }
    const flow = this.#active.get(flowKeyOf(p, false));
    const live = flow && this.#live.get(flow);
    if (!live) {
      return;
    }
    const flags = p.u8(p.tcp + 13);
    const seq = p.u32(p.tcp + 4);
    if (flags & 2) {
      live.iss = seq;
    }
    if (live.iss < 0 || flags & 4) {
      return;
    }
    const end = (seq - live.iss + (p.payloadEnd - p.payload) + (flags & 2 ? 1 : 0) + (flags & 1)) >>> 0;
    live.sent = Math.max(live.sent, end);
    if (live.owed > live.acked && live.sent > live.acked && live.lastFrame && flags & TH_ACK) {
      live.acked = Math.min(live.owed, live.sent);
      this.#answers.push({
        type: 'frame',
        data: bareAck(live.lastFrame, live.guestNext, (live.iss + live.acked) >>> 0),
        number: 0,
      });
    }
  }

  listen(fd: number, type: number, addr: sockaddr): { errno: string; port: number } {
    const proto = type === 2 ? 'udp' : 'tcp';
    const taken = new Set(this.#listeners.map((l) => l.forward));
    const forward = this.#forwards.find((f) => f.proto === proto && f.hostPort === addr.sin_port && !taken.has(f));
    this.#listeners.push({ fd, forward });
    this.#openFds.add(fd);
    return { errno: '', port: addr.sin_port || 49152 + (fd % 16384) };
  }

  connect(fd: number): void {
    this.#openFds.add(fd);
    const flow = this.#current?.flow;
    if (flow && flow.initiator === 'guest' && this.#live.get(flow)!.fd < 0) {
      this.#live.get(flow)!.fd = fd;
    }
  }

  open(fd: number): void {
    this.#openFds.add(fd);
    if (this.#current && this.#current.session !== '') {
      this.#sessions.set(this.#current.session, fd);
    }
  }

  send(fd: number, _buf: Uint8Array, _off: number, len: number): void {
    this.#answers.push({ type: 'written', fd, bytes: len });
  }

  sendto(): void {}

  consumed(): void {}

  shutdown(): void {}

  close(fd: number): void {
    this.#openFds.delete(fd);
    for (const [session, other] of this.#sessions) {
      if (other === fd) {
        this.#sessions.delete(session);
      }
    }
  }

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
