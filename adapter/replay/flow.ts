/**
 * A TCP connection of the guest while a capture is played. Places in a stream are relative to the side's SYN, which is
 * 0.
 */
import type { TcpIpView } from '../packets/tcp-ip-view.ts';
import { AF_INET, AF_INET6, type sockaddr } from '../stack/util/host.ts';
import { type SideColumns, sideOf } from './connections.ts';
import { Coverage } from './coverage.ts';
import { ipv4Number } from './hosts.ts';
import { openerOf, type ReplayPlan } from './plan.ts';
import type { FrameStep } from './step.ts';

export class Flow {
  /** Wireshark's `tcp.stream`. */
  readonly id: number;
  /** Who opened it: the guest, or a client of the host. */
  readonly initiator: 'guest' | 'host';
  /** Address and port of the guest, and of the other end as the guest knows it. */
  readonly guest: sockaddr;
  readonly remote: sockaddr;
  /** Initial sequence numbers of both sides in the capture, -1 where nothing tells them. */
  readonly guestIss: number;
  readonly hostIss: number;

  // As far as the capture has been read:
  /** It has begun: the handshake has been played, captured or made up. */
  opened = false;
  /** The guest's SYN has been played, captured or made up. */
  synPlayed = false;
  /** The capture has no beginning of it. */
  madeUp = false;
  /** The guest's connect has succeeded. */
  connected = false;
  /** How far the host's side has sent, how far its bytes have been handed over, and whether that was all. */
  hostSent = 0;
  hostNext = 1;
  hostClosed = false;
  reset = false;
  /** Packets of the host's side whose bytes wait for some before them, by index. */
  readonly waiting: number[] = [];
  /** A RST of the guest's that waits for the rest of the host's stream. */
  late: FrameStep | null = null;
  /** How far the guest has acknowledged, for unwrapping. */
  acked = 0;

  // As far as it has been played:
  fd = -1;
  /** Its frames are followed. */
  tracked = false;
  /** slirp's initial sequence number here, -1 until its SYN has been seen. */
  iss = -1;
  /** What has arrived at the guest of slirp's stream, and how far it is whole. */
  readonly arrived = new Coverage();
  sent = 0;
  /** How far slirp has sent. */
  sentHere = 0;
  /** The guest acknowledged this much in the capture, more than has arrived here: owed when it comes. */
  owed = 0;
  /** The last acknowledgment given, and the last one of slirp's, -1 until there is one. */
  ackedHere = 0;
  ackedBySlirp = -1;
  /** What the guest has sent: the next sequence number, and the headers of its last frame as a template. */
  guestNext = 0;
  lastFrame: Uint8Array | null = null;
  /** For `FlowTable`. */
  nextInBucket: Flow | null = null;

  constructor(id: number, initiator: 'guest' | 'host', ends: FlowEnds, iss: { guest: number; host: number }) {
    this.id = id;
    this.initiator = initiator;
    this.guest = ends.guest;
    this.remote = ends.remote;
    this.guestIss = iss.guest;
    this.hostIss = iss.host;
  }

  /** Keeps the first `length` bytes of the guest's last frame, its headers. */
  keepHeaders(frame: Uint8Array, length: number): void {
    if (this.lastFrame?.length !== length) {
      this.lastFrame = frame.slice(0, length);
      return;
    }
    for (let i = 0; i < length; i++) {
      this.lastFrame[i] = frame[i] ?? 0;
    }
  }
}

export interface FlowEnds {
  readonly guest: sockaddr;
  readonly remote: sockaddr;
}

/** An address of 4 or 16 bytes and a port, as the stack has them. */
export function socketAddress(address: Uint8Array, port: number): sockaddr {
  return address.length === 4
    ? { sa_family: AF_INET, sin_addr: ipv4Number(address), sin_port: port, sin6_addr: null, sun_path: '' }
    : { sa_family: AF_INET6, sin_addr: 0, sin_port: port, sin6_addr: address, sun_path: '' };
}

/** What a plan says of its connections. */
export type PlannedConnections = Pick<ReplayPlan, 'addresses' | 'connections' | 'guestSide'>;

/** Connection `id` as the plan knows it, before anything of it has been played. */
export function plannedFlow({ addresses, connections, guestSide }: PlannedConnections, id: number): Flow {
  const side = (guestSide[id] ?? 1) - 1;
  const [guest, host] = [sideOf(connections, side), sideOf(connections, 1 - side)];
  const end = (s: SideColumns): sockaddr =>
    socketAddress(addresses[s.host[id] ?? 0] ?? new Uint8Array(4), s.port[id] ?? 0);
  return new Flow(
    id,
    openerOf(connections, id) === side ? 'guest' : 'host',
    { guest: end(guest), remote: end(host) },
    { guest: (guest.iss[id] ?? 0) - 1, host: (host.iss[id] ?? 0) - 1 },
  );
}

/** Finds the flow of a frame by its addresses and ports. The flow that was added last wins. */
export class FlowTable {
  readonly #buckets = new Map<number, Flow>();

  add(flow: Flow): void {
    const key = hashOf(flow.guest, flow.remote);
    this.remove(flow);
    flow.nextInBucket = this.#buckets.get(key) ?? null;
    this.#buckets.set(key, flow);
  }

  remove(flow: Flow): void {
    const key = hashOf(flow.guest, flow.remote);
    const first = this.#buckets.get(key);
    if (first === flow) {
      if (flow.nextInBucket) {
        this.#buckets.set(key, flow.nextInBucket);
      } else {
        this.#buckets.delete(key);
      }
    } else {
      for (let f = first ?? null; f; f = f.nextInBucket) {
        if (f.nextInBucket === flow) {
          f.nextInBucket = flow.nextInBucket;
        }
      }
    }
    flow.nextInBucket = null;
  }

  /** Another flow with the same addresses and ports. */
  earlier(flow: Flow): Flow | null {
    for (let f = this.#buckets.get(hashOf(flow.guest, flow.remote)) ?? null; f; f = f.nextInBucket) {
      if (f !== flow && sameEnd(f.guest, flow.guest) && sameEnd(f.remote, flow.remote)) {
        return f;
      }
    }
    return null;
  }

  /** The flow of a TCP segment; `fromGuest` says which way it goes. */
  find(p: TcpIpView, fromGuest: boolean): Flow | null {
    const at = p.ip >= 0 ? p.ip + 12 : p.ipv6 + 8;
    const n = p.ip >= 0 ? 4 : 16;
    const [guestAt, remoteAt] = fromGuest ? [at, at + n] : [at + n, at];
    const [src, dst] = [p.u16(p.tcp), p.u16(p.tcp + 2)];
    const [guestPort, remotePort] = fromGuest ? [src, dst] : [dst, src];
    const word = n === 4 ? 0 : 12;
    const key = mix(p.u32(guestAt + word), p.u32(remoteAt + word), guestPort, remotePort);
    for (let f = this.#buckets.get(key) ?? null; f; f = f.nextInBucket) {
      if (
        f.guest.sin_port === guestPort &&
        f.remote.sin_port === remotePort &&
        isAt(f.guest, p, guestAt, n) &&
        isAt(f.remote, p, remoteAt, n)
      ) {
        return f;
      }
    }
    return null;
  }
}

function sameEnd(a: sockaddr, b: sockaddr): boolean {
  return a.sin_port === b.sin_port && a.sin_addr === b.sin_addr && `${a.sin6_addr}` === `${b.sin6_addr}`;
}

function isAt(a: sockaddr, p: TcpIpView, at: number, n: number): boolean {
  if (n === 4) {
    return a.sa_family === AF_INET && a.sin_addr === p.u32(at);
  }
  const bytes = a.sin6_addr;
  if (a.sa_family !== AF_INET6 || !bytes) {
    return false;
  }
  for (let i = 0; i < 16; i++) {
    if (bytes[i] !== p.buf[at + i]) {
      return false;
    }
  }
  return true;
}

function hashOf(guest: sockaddr, remote: sockaddr): number {
  return mix(lastWord(guest), lastWord(remote), guest.sin_port, remote.sin_port);
}

function lastWord(a: sockaddr): number {
  const b = a.sin6_addr;
  return b ? ipv4Number(b.subarray(12)) : a.sin_addr;
}

function mix(a: number, b: number, c: number, d: number): number {
  return (Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ ((c << 16) | d)) >>> 0;
}
