/** Feeds the guest's frames of a capture to the user network under a virtual clock, and collects what it sends. */

import {
  type Slirp,
  SlirpConfig,
  slirp_add_exec,
  slirp_add_hostfwd,
  slirp_cleanup,
  slirp_connection_info,
  slirp_input,
  slirp_neighbor_info,
  slirp_new,
  slirp_pollfds_fill,
  slirp_pollfds_poll,
} from '../../adapter/stack/slirp/slirp.ts';
import { machine } from '../../adapter/stack/softmmu/machine.ts';
import { sockaddr_in, socket_input } from '../../adapter/stack/util/sockets.ts';
import { qemu_clock_deadline_ns_all, qemu_clock_run_all_timers } from '../../adapter/stack/util/timer.ts';
import { AckRebaser } from './ack-rebase.ts';
import { type PeerMode, resetMachine, SimHost } from './sim-host.ts';

/** A frame and its time in nanoseconds. */
export interface TimedFrame {
  readonly ns: number;
  readonly data: Uint8Array;
}

/** Something the host does at a time of the replay. */
export interface HostEvent {
  readonly at_ms: number;
  readonly port: number;
  readonly sport: number;
  readonly text: string;
  readonly udp: boolean;
}

/** What a replay is set up with. */
export class ReplayOptions {
  config: SlirpConfig = new SlirpConfig();
  hostfwd: { udp: boolean; port: number; guest: number; guestPort: number }[] = [];
  guestfwdCat: { addr: number; port: number } | null = null;
  udpEcho: number[] = [];
  tcpPeers: [number, PeerMode][] = [];
  events: HostEvent[] = [];
  tailMs = 3000;
  rebase = true;
  info = false;
  constructor() {
    this.config.in6_enabled = false;
    this.config.fixed_iss = true;
  }
}

/** Outcome of a replay. */
export class ReplayResult {
  frames: TimedFrame[] = [];
  framesIn = 0;
  skipped = 0;
  acksRebased = 0;
  virtualS = 0;
  info = '';
  drops: Map<string, number> = new Map();
}

/** Virtual time at which every replay begins, far from 0 so that the first slow tick comes at once as in libslirp. */
const BASE_NS = 10_000e9;
/** Rounds after which a network that does not come to rest is taken for broken. */
const SETTLE_MAX = 100000;

/** The user network with its host and its clock. */
export class Replayer {
  readonly host: SimHost = new SimHost();
  readonly slirp: Slirp;
  /** Frames to the guest. */
  readonly sent: TimedFrame[] = [];
  #timeoutMs = -1;
  #framesSeen = 0;
  #events: { event: HostEvent; done: boolean }[];

  constructor(options: ReplayOptions) {
    this.host.now_ns = BASE_NS;
    resetMachine(this.host);
    for (const port of options.udpEcho) {
      this.host.udpEcho.add(port);
    }
    for (const [port, mode] of options.tcpPeers) {
      this.host.tcpPeers.set(port, mode);
    }
    this.#events = options.events.map((event) => ({ event, done: false }));
    const slirp = slirp_new(options.config, { send_packet: sendPacket }, this);
    if (!slirp) {
      throw new Error(this.host.reports.join('; '));
    }
    this.slirp = slirp;
    machine.slirps.push(slirp);
    this.#forward(options);
  }

  #forward(options: ReplayOptions): void {
    for (const f of options.hostfwd) {
      const r = slirp_add_hostfwd(this.slirp, f.udp, sockaddr_in(0x7f000001, f.port), f.guest, f.guestPort);
      if (r.errno !== '') {
        throw new Error(`hostfwd of port ${f.port}: ${r.errno}`);
      }
    }
    if (options.guestfwdCat) {
      const wrong = slirp_add_exec(this.slirp, '/bin/cat', options.guestfwdCat.addr, options.guestfwdCat.port);
      if (wrong !== '') {
        throw new Error(`guestfwd: ${wrong}`);
      }
    }
  }

  /** Milliseconds of the virtual clock since the start. */
  get nowMs(): number {
    return (this.host.now_ns - BASE_NS) / 1e6;
  }

  /** One turn of the main loop, without waiting. Returns true if anything happened. */
  turn(): boolean {
    const ns = slirp_pollfds_fill(this.slirp);
    this.#timeoutMs = ns < 0 ? -1 : ns / 1e6;
    const inputs = this.host.poll();
    for (const input of inputs) {
      socket_input(machine.sockets, this.host, input);
    }
    slirp_pollfds_poll(this.slirp);
    this.host.activity = false;
    this.host.peerEvents();
    qemu_clock_run_all_timers();
    const busy = inputs.length > 0 || this.host.activity || this.sent.length !== this.#framesSeen;
    this.#framesSeen = this.sent.length;
    return busy || this.host.inputs.length > 0;
  }

  /** Turns until nothing happens any more. */
  settle(): void {
    for (let i = 0; i < SETTLE_MAX; i++) {
      if (!this.turn() && !this.turn()) {
        return;
      }
    }
    throw new Error('the network does not come to rest');
  }

  /** Hands a frame of the guest to the network and lets it settle. */
  input(frame: Uint8Array): void {
    slirp_input(this.slirp, frame, frame.length);
    this.settle();
  }

  /** Does what the host is to do by now. */
  runEvents(): void {
    for (const e of this.#events) {
      if (!e.done && this.nowMs >= e.event.at_ms) {
        e.done = true;
        if (e.event.udp) {
          this.host.udpSend(e.event.port, e.event.sport, e.event.text);
        } else {
          this.host.dial(e.event.port, e.event.sport || 50000, e.event.text);
        }
        this.settle();
      }
    }
  }

  /** Moves the clock to `target` ms, with a stop at each tick that the network asks for. */
  advance(target: number): void {
    while (this.nowMs < target) {
      this.turn();
      // Without a timer there is nothing to stop for.
      let step = this.#timeoutMs < 0 ? target - this.nowMs : Math.min(1000, Math.max(1, this.#timeoutMs));
      const timer = qemu_clock_deadline_ns_all();
      if (timer > 0) {
        step = Math.min(step, timer / 1e6);
      }
      for (const e of this.#events) {
        const wait = e.event.at_ms - this.nowMs;
        if (!e.done && wait > 0) {
          step = Math.min(step, wait);
        }
      }
      step = Math.min(step, target - this.nowMs);
      this.host.now_ns += Math.round(step * 1e6);
      this.runEvents();
      if (this.turn()) {
        this.settle();
      }
    }
  }

  /** Ends the network. */
  close(): void {
    slirp_cleanup(this.slirp);
  }
}

/** The network's callback: keeps a copy of the frame with its time. */
function sendPacket(opaque: object, buf: Uint8Array, size: number): void {
  const r = opaque as Replayer;
  r.sent.push({ ns: r.host.now_ns - BASE_NS, data: buf.slice(0, size) });
}

/** Replays the frames of a capture. Times of the result are relative to its first frame. */
export function replay(frames: readonly TimedFrame[], options: ReplayOptions): ReplayResult {
  const r = new Replayer(options);
  const rebaser = new AckRebaser();
  const result = new ReplayResult();
  const base = frames[0]?.ns ?? 0;
  r.turn();
  if (frames.length > 0) {
    r.runEvents();
  }
  let seen = 0;
  for (const f of frames) {
    // Slirp's own frames in a two-way capture.
    if (f.data.length >= 12 && f.data[6] === 0x52 && f.data[7] === 0x55) {
      result.skipped++;
      continue;
    }
    r.advance((f.ns - base) / 1e6);
    for (; seen < r.sent.length; seen++) {
      rebaser.sent(r.sent[seen]!.data);
    }
    const data = Uint8Array.from(f.data);
    if (options.rebase && rebaser.rebase(data)) {
      result.acksRebased++;
    }
    result.framesIn++;
    r.input(data);
  }
  r.advance(r.nowMs + options.tailMs);
  result.virtualS = r.nowMs / 1000;
  result.info = options.info ? slirp_connection_info(r.slirp) + slirp_neighbor_info(r.slirp) : '';
  result.frames = r.sent;
  result.drops = machine.drops.by_reason;
  r.close();
  return result;
}
