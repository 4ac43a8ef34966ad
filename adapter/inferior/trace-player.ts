/**
 * Does the steps of a replay's script: they become inputs for the machine. Knows which sockets of the stack belong to
 * which connection or session of the capture.
 */
import { TcpIpView } from '../packets/tcp-ip-view.ts';
import { DEFAULT_GATEWAY, dhcpStartOf, type Forward, findForward, parseForwards } from '../replay/args.ts';
import { TH_FIN, TH_RST, TH_SYN } from '../replay/connections.ts';
import type { Comparison } from '../replay/divergence.ts';
import type { Flow } from '../replay/flow.ts';
import { MAX_FRAME, segment, segmentLike, setAck } from '../replay/frames.ts';
import type { KnownPackets } from '../replay/known-packets.ts';
import type { Reason } from '../replay/places.ts';
import { giveUp, MAX_FORWARDS, type ReplayPlan } from '../replay/plan.ts';
import type { Places } from '../replay/references.ts';
import type { FrameStep, Step } from '../replay/step.ts';
import { StreamBuffers } from '../replay/stream-buffers.ts';
import { AF_INET6, type Input, type sockaddr } from '../stack/util/host.ts';

/** First descriptor of accepted connections; they are odd. */
const FIRST_ACCEPTED_FD = 11;
const LOOPBACK = 0x7f000001;
const NO_SOCKET: Reason = 'no socket of the machine waits for it';
/** Connections whose frames are followed. */
const MAX_PLAYED = 16384;

/** A `listen` of the stack. */
interface Listener {
  readonly fd: number;
  readonly forward: Forward | undefined;
}

export class TracePlayer {
  /** What the machine gets this turn. */
  inputs: Input[] = [];
  readonly byFd = new Map<number, Flow>();
  readonly openFds = new Set<number>();
  readonly buffers = new StreamBuffers();
  /** Where in the capture the bytes of this turn's inputs are. */
  readonly places = new Map<Uint8Array, Places>();
  /** Connections that have been played, while something may still arrive. */
  readonly played: Flow[] = [];
  /** Packets that found nothing that they could be played to. */
  unmatched = 0;
  readonly #plan: ReplayPlan;
  readonly #comparison: Comparison;
  readonly #known: KnownPackets;
  readonly #forwards: readonly Forward[];
  readonly #dhcpStart: number;
  readonly #listeners: Listener[] = [];
  /** Descriptors of UDP and ping sessions of the guest, and back. */
  readonly #sessions = new Map<string, number>();
  readonly #sessionOf = new Map<number, string>();
  readonly #view = new TcpIpView();
  /** The frame the guest has sent last: sockets that the stack opens now are for it. */
  #current: FrameStep | null = null;
  #nextFd = FIRST_ACCEPTED_FD;

  /** `argv` are the machine's options, which say what the forwarded ports mean. */
  constructor(plan: ReplayPlan, comparison: Comparison, known: KnownPackets, argv: readonly string[]) {
    this.#plan = plan;
    this.#comparison = comparison;
    this.#known = known;
    this.#forwards = parseForwards(argv);
    this.#dhcpStart = dhcpStartOf(argv, plan.gateway || DEFAULT_GATEWAY);
  }

  play(step: Step): void {
    switch (step.type) {
      case 'frame':
        this.#playFrame(step);
        break;
      case 'accept':
        this.#playAccept(step.flow, step.number);
        break;
      case 'datagram':
      case 'datagram-error':
        this.#playDatagram(step);
        break;
      default:
        this.#playStream(step);
    }
  }

  #playFrame(step: FrameStep): void {
    this.#current = step;
    const { flow, data } = step;
    const p = this.#view.set(data, 0, data.length, 'ethernet').find();
    if (!flow) {
      this.#pushFrames(this.#plan.slirp ? [data] : segment(data), step.number);
      return;
    }
    this.#track(flow);
    const flags = p.u8(p.tcp + 13);
    if (step.ack >= 0) {
      if (flow.iss < 0) {
        // slirp never sent its SYN here, so there is nothing that the segment could be an answer to.
        this.#miss(step.number);
        return;
      }
      const ack = step.owed >= 0 ? Math.min(step.owed, flow.sent) : step.ack;
      if (step.owed >= 0) {
        flow.owed = Math.max(flow.owed, step.owed);
        flow.ackedHere = Math.max(flow.ackedHere, ack);
      }
      setAck(p, (flow.iss + ack) >>> 0);
    }
    const length = p.payloadEnd - p.payload + step.rest + (flags & TH_SYN ? 1 : 0) + (flags & TH_FIN);
    const after = (p.u32(p.tcp + 4) + length) >>> 0;
    if (flow.lastFrame === null || ((after - flow.guestNext) | 0) > 0) {
      flow.guestNext = after;
    }
    flow.keepHeaders(data, p.payload);
    if (data.length <= MAX_FRAME) {
      this.inputs.push({ type: 'frame', data, number: step.number });
    } else {
      this.#pushFrames(segment(data), step.number);
    }
  }

  /** The frames that packet `number` has become go to the guest. */
  #pushFrames(frames: readonly Uint8Array[], number: number): void {
    for (const data of frames) {
      this.inputs.push({ type: 'frame', data, number });
    }
  }

  /** The connection is the one that its addresses and ports mean from now on. */
  #track(flow: Flow): void {
    if (!flow.tracked) {
      flow.tracked = true;
      this.#endEarlier(flow);
      this.#known.follow(flow);
      this.played.push(flow);
      if (this.played.length > MAX_PLAYED) {
        for (const old of this.played.splice(0, MAX_PLAYED / 2)) {
          this.#known.forget(old);
          this.#comparison.ended(old);
        }
      }
    }
  }

  /**
   * The ports are used again: whatever the stack still knows of their last connection ends, as its host had forgotten
   * it.
   */
  #endEarlier(flow: Flow): void {
    const old = this.#known.earlier(flow);
    if (old) {
      if (old.lastFrame) {
        // A RST beyond slirp's window, behind bytes that it never got, would not count.
        const seq = old.ackedBySlirp >= 0 ? old.ackedBySlirp : old.guestNext;
        const reset = { seq, ack: 0, flags: TH_RST, window: 0 };
        this.inputs.push({ type: 'frame', data: segmentLike(old.lastFrame, reset), number: 0 });
      }
      this.#known.forget(old);
      this.#comparison.ended(old);
    }
  }

  /** A packet found nothing that it could be played to. */
  #miss(number: number, reason: Reason = NO_SOCKET): void {
    this.unmatched++;
    if (number > 0) {
      giveUp(this.#plan, number - 1, reason);
    }
  }

  #playAccept(flow: Flow, number: number): void {
    const listener = this.#listenerFor('tcp', flow.guest);
    if (!listener) {
      this.#miss(number, this.#noListener);
      this.#plan.progress.state[flow.id] = 0;
      return;
    }
    flow.fd = this.#nextFd;
    this.#nextFd += 2;
    this.openFds.add(flow.fd);
    this.byFd.set(flow.fd, flow);
    this.#track(flow);
    this.inputs.push({
      type: 'accepted',
      fd: flow.fd,
      listener: listener.fd,
      peer: flow.remote,
    });
  }

  /** The forwarding rule's socket that brings clients to an address and port of the guest. */
  #listenerFor(proto: 'tcp' | 'udp', guest: sockaddr): Listener | undefined {
    const wanted = findForward(this.#forwards, proto, guest, this.#dhcpStart);
    return wanted < 0 ? undefined : this.#listeners.find((l) => l.forward === this.#forwards[wanted]);
  }

  #playStream(step: Extract<Step, { type: 'connected' | 'data' | 'eof' | 'error' }>): void {
    const { fd } = step.flow;
    if (!this.openFds.has(fd)) {
      if (step.type === 'data') {
        this.#miss(step.number);
      }
      return;
    }
    switch (step.type) {
      case 'connected':
        this.inputs.push({
          type: 'connected',
          fd,
          local: { ...this.#outsideAddress(step.flow.guest), sin_port: 40000 + (fd % 20000) },
        });
        break;
      case 'data':
        this.#place(step);
        this.buffers.lend(fd, step.data);
        this.inputs.push({ type: 'data', fd, data: step.data });
        if (step.eof) {
          this.inputs.push({ type: 'eof', fd });
        }
        break;
      case 'eof':
        this.inputs.push({ type: 'eof', fd });
        break;
      case 'error':
        this.inputs.push({ type: 'error', fd, errno: step.errno, from: null });
        break;
    }
  }

  #place({ data, places }: Extract<Step, { type: 'data' | 'datagram' }>): void {
    if (places) {
      this.places.set(data, places);
    }
  }

  #playDatagram(step: Extract<Step, { type: 'datagram' | 'datagram-error' }>): void {
    const fd = this.#sessions.get(step.session);
    if (step.type === 'datagram-error') {
      if (fd !== undefined) {
        this.inputs.push({ type: 'error', fd, errno: step.errno, from: this.#outsideAddress(step.from) });
      }
      return;
    }
    const from = this.#outsideAddress(step.from);
    this.#place(step);
    if (fd !== undefined) {
      this.inputs.push({ type: 'datagram', fd, data: step.data, from });
      return;
    }
    const listener = step.session.startsWith('udp') ? this.#listenerFor('udp', step.guest) : undefined;
    if (listener) {
      this.inputs.push({ type: 'datagram', fd: listener.fd, data: step.data, from });
    } else {
      this.#miss(step.number, step.session.startsWith('udp') ? this.#noListener : NO_SOCKET);
    }
  }

  /** Why nobody waits for what comes to a port of the guest. */
  get #noListener(): Reason {
    return this.#plan.forwards.length >= MAX_FORWARDS ? 'too many servers' : NO_SOCKET;
  }

  /** Where the host sees what the guest knows as `a`: the user network's own addresses are the host's loopback. */
  #outsideAddress(a: sockaddr): sockaddr {
    if (a.sa_family === AF_INET6 || !this.#plan.slirp) {
      return a;
    }
    const gateway = this.#plan.gateway || DEFAULT_GATEWAY;
    const inside = (a.sin_addr & 0xffffff00) === (gateway & 0xffffff00);
    return inside ? { ...a, sin_addr: LOOPBACK } : a;
  }

  // ---- sockets that the stack opens and closes ----

  listen(fd: number, type: number, addr: sockaddr): { errno: string; port: number } {
    const proto = type === 2 ? 'udp' : 'tcp';
    const taken = new Set(this.#listeners.map((l) => l.forward));
    const forward = this.#forwards.find((f) => f.proto === proto && f.hostPort === addr.sin_port && !taken.has(f));
    this.#listeners.push({ fd, forward });
    this.openFds.add(fd);
    return { errno: '', port: addr.sin_port || 49152 + (fd % 16384) };
  }

  connect(fd: number): void {
    const flow = this.#current?.flow;
    if (flow && flow.initiator === 'guest' && !this.openFds.has(flow.fd)) {
      flow.fd = fd;
      this.byFd.set(fd, flow);
    }
    this.openFds.add(fd);
  }

  open(fd: number): void {
    this.openFds.add(fd);
    if (this.#current && this.#current.session !== '') {
      this.#sessions.set(this.#current.session, fd);
      this.#sessionOf.set(fd, this.#current.session);
    }
  }

  close(fd: number): void {
    this.openFds.delete(fd);
    this.buffers.closed(fd);
    this.byFd.delete(fd);
    const session = this.#sessionOf.get(fd);
    if (session !== undefined) {
      this.#sessionOf.delete(fd);
      this.#sessions.delete(session);
    }
  }
}
