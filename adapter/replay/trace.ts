/**
 * What a capture of a user network says about both of its ends: the frames that the guest sent, and what must have
 * happened on the host's sockets for slirp to send what it sent.
 * The result is a list of steps in the order of the capture, for `TraceHost`.
 */
import { type Capture, CaptureError, type CapturePacket, linktypeKind, linktypeName } from '../packets/capture.ts';
import { formatEther, formatIpv4 } from '../packets/format.ts';
import { TcpIpView } from '../packets/tcp-ip-view.ts';
import { AF_INET, AF_INET6, type sockaddr } from '../stack/util/host.ts';
import { completeFrame } from './frames.ts';
import { addressKey, Reassembly, sessionOf } from './sessions.ts';

/** A TCP connection of the capture. Sequence numbers are relative to each side's SYN, which is 0. */
export class TcpFlow {
  readonly name: string;
  /** Who sent the first SYN: the guest, or slirp for a client of the host. */
  readonly initiator: 'guest' | 'host';
  /** Address and port of the guest, and of the other end as the guest knows it. */
  readonly guest: sockaddr;
  readonly remote: sockaddr;
  /** Initial sequence number of slirp's side in the capture, -1 until it has sent a SYN. */
  slirpIss = -1;
  guestIss = -1;
  /** How far slirp has sent. */
  slirpNext = 0;
  /** How far slirp's stream has been turned into steps. */
  hostNext = 1;
  /** The FIN of slirp's side has been seen. */
  hostClosed = false;
  reset = false;
  /** The last bytes from the host, while slirp's segments without PSH say that it holds more than it has sent. */
  held: Extract<Step, { type: 'data' }> | null = null;
  constructor(name: string, initiator: 'guest' | 'host', guest: sockaddr, remote: sockaddr) {
    this.name = name;
    this.initiator = initiator;
    this.guest = guest;
    this.remote = remote;
  }
}

/** Something to be done at `time` (nanoseconds since the first packet). */
export type Step = { readonly time: number } & (
  | {
      /**
       * The guest sends a frame. `ack` is its relative acknowledgment number, or -1.
       * `needAck` is how much of what slirp had sent it acknowledges, or -1 for nothing or what was never sent.
       */
      readonly type: 'frame';
      readonly number: number;
      readonly data: Uint8Array;
      readonly flow: TcpFlow | null;
      readonly ack: number;
      readonly needAck: number;
      /** The UDP or ping session it belongs to, or empty. */
      readonly session: string;
    }
  /** A client of the host connects to a forwarded port. */
  | { readonly type: 'accept'; readonly flow: TcpFlow }
  /** The host's kernel has established what the guest asked for. */
  | { readonly type: 'connected'; readonly flow: TcpFlow }
  /** The host sent bytes, and nothing more after them if `eof`. */
  | { readonly type: 'data'; readonly flow: TcpFlow; readonly chunks: Uint8Array[]; eof: boolean }
  | { readonly type: 'eof'; readonly flow: TcpFlow }
  | { readonly type: 'error'; readonly flow: TcpFlow; readonly errno: string }
  /** A datagram from outside for a session of the guest, or for a forwarded port. */
  | {
      readonly type: 'datagram';
      readonly session: string;
      readonly guest: sockaddr;
      readonly from: sockaddr;
      readonly data: Uint8Array;
    }
  /** An ICMP error made a datagram of the guest's session fail. */
  | { readonly type: 'datagram-error'; readonly session: string; readonly errno: string; readonly from: sockaddr }
);

/** A capture, understood. */
export interface Trace {
  readonly steps: readonly Step[];
  readonly flows: readonly TcpFlow[];
  readonly udpSessions: number;
  /** The user network's own address (`host=`), or 0 if the capture does not show it. */
  readonly gateway: number;
  /** Ports of the guest that clients of the host were connected to. */
  readonly forwards: readonly { readonly proto: 'tcp' | 'udp'; readonly addr: number; readonly port: number }[];
  /** Guests that slirp knew before the capture began: it sends to them before they have said who they are. */
  readonly known: readonly { readonly mac: number; readonly ip: number }[];
  readonly guestFrames: number;
  readonly slirpFrames: number;
  /** The frames of the user network, in order. */
  readonly sent: readonly { readonly number: number; readonly data: Uint8Array }[];
  readonly warnings: readonly string[];
}

/** What slirp's buffer and the host kernel's together hold ahead of what has been sent. */
const MAX_HELD = 262144;
/** Bytes of a stream that may be missing in a capture and are played as zeros. */
const MAX_GAP = 1 << 20;
const SLIRP_MAC_IPV4 = 0x5255;
const SLIRP_MAC_IPV6 = 0x5256;
/** slirp answers NC-SI from this address; no station has it. */
const BROADCAST = 0xffffffffffff;
const TH_FIN = 1;
const TH_SYN = 2;
const TH_RST = 4;
const TH_PSH = 8;
const TH_ACK = 16;

/** Reads the steps out of a capture. Throws `CaptureError` if it is no capture of a user network. */
export function readTrace(capture: Capture): Trace {
  const ethernet = capture.packets.filter((p) => linktypeKind(capture.interfaces[p.iface]!.linktype) === 'ethernet');
  if (capture.packets.length === 0) {
    throw new CaptureError('nothing to replay: the capture has no packets');
  }
  if (ethernet.length === 0) {
    const type = linktypeName(capture.interfaces[capture.packets[0]!.iface]!.linktype);
    throw new CaptureError(
      `cannot replay packets of link type ${type}: a guest's frames are needed (link type 1 ETHERNET)`,
    );
  }
  const b = new TraceReader(ethernet);
  for (const packet of ethernet) {
    b.add(packet);
  }
  return b.finish(capture.warnings);
}

class TraceReader {
  readonly #steps: Step[] = [];
  readonly #flows: TcpFlow[] = [];
  readonly #active = new Map<string, TcpFlow>();
  readonly #sessions = new Set<string>();
  readonly #forwards = new Map<string, { proto: 'tcp' | 'udp'; addr: number; port: number }>();
  readonly #known = new Map<number, { mac: number; ip: number }>();
  /** IPv4 addresses whose MAC slirp has learnt within the capture. */
  readonly #learnt = new Set<number>();
  readonly #reassembly = new Reassembly();
  readonly #slirpMacs: ReadonlySet<number>;
  readonly #gateway: number;
  readonly #first: CapturePacket;
  readonly #p = new TcpIpView();
  #guestFrames = 0;
  #slirpFrames = 0;
  readonly #sent: { number: number; data: Uint8Array }[] = [];
  #time = 0;
  /** Frames of connections without a SYN in the capture, by connection: indices of steps. */
  readonly #midstream = new Map<string, number[]>();
  /** Such connections that slirp answered with a RST: they were never any, and are played. */
  readonly #refused = new Set<string>();
  #cut = 0;
  #gaps = 0;

  constructor(packets: readonly CapturePacket[]) {
    this.#first = packets[0]!;
    this.#slirpMacs = findSlirpMacs(packets);
    this.#gateway = findGateway(this.#slirpMacs);
  }

  add(packet: CapturePacket): void {
    // Time stamps that run backwards (two interfaces, clock steps) are held at the latest.
    const first = this.#first;
    const time = (packet.tsSec - first.tsSec) * 1e9 + (packet.tsNsec - first.tsNsec);
    this.#time = Math.max(this.#time, time);
    this.#cut += packet.data.length < packet.len ? 1 : 0;
    const data = completeFrame(packet.data, packet.len);
    const p = this.#p.set(data, 0, data.length, 'ethernet');
    if (p.eth >= 0 && (p.mac(6) === BROADCAST || this.#slirpMacs.has(p.mac(6)))) {
      this.#slirpFrames++;
      this.#sent.push({ number: packet.number, data });
      this.#fromSlirp(p);
    } else if (p.eth >= 0) {
      this.#guestFrames++;
      this.#fromGuest(packet.number, data, p);
    }
  }

  finish(found: readonly string[]): Trace {
    const warnings = [...found];
    const leftOut = new Set([...this.#midstream].flatMap(([key, steps]) => (this.#refused.has(key) ? [] : steps)));
    if (leftOut.size > 0) {
      warnings.push(`${leftOut.size} segments of TCP connections that began before the capture are left out`);
    }
    if (this.#slirpFrames === 0) {
      warnings.push(
        'no frame in it is of a user network (MAC 52:55:... or 52:56:...): all are played as frames of the guest',
      );
    }
    if (this.#cut > 0) {
      warnings.push(`${this.#cut} packets were cut when they were captured; their missing bytes are played as zeros`);
    }
    if (this.#gaps > 0) {
      warnings.push(
        `${this.#gaps} gaps in what was sent to the guest (packets the capture has lost) are played as zeros`,
      );
    }
    return {
      steps: this.#steps.filter((_, i) => !leftOut.has(i)),
      flows: this.#flows,
      udpSessions: [...this.#sessions].filter((s) => s.startsWith('udp')).length,
      gateway: this.#gateway,
      forwards: [...this.#forwards.values()],
      known: [...this.#known.values()],
      guestFrames: this.#guestFrames,
      slirpFrames: this.#slirpFrames,
      sent: this.#sent,
      warnings,
    };
  }

  // ---- frames of the guest ----

  #fromGuest(number: number, data: Uint8Array, p: TcpIpView): void {
    if (p.arp >= 0 && p.arp + 28 <= p.limit) {
      this.#learnt.add(p.u32(p.arp + 14));
    }
    let flow: TcpFlow | null = null;
    let ack = -1;
    if (p.tcp >= 0 && !p.fragment) {
      flow = this.#guestFlow(p);
      if (flow && flow.slirpIss >= 0 && p.u8(p.tcp + 13) & TH_ACK) {
        ack = (p.u32(p.tcp + 8) - flow.slirpIss) >>> 0;
      }
    }
    const session = this.#reassembly.session(p);
    if (session !== '') {
      this.#sessions.add(session);
    }
    const needAck = flow && ack <= flow.slirpNext ? ack : -1;
    this.#steps.push({ type: 'frame', time: this.#time, number, data, flow, ack, needAck, session });
  }

  /** The connection of a segment that the guest sent, null if its beginning is not in the capture. */
  #guestFlow(p: TcpIpView): TcpFlow | null {
    const guest = addressOf(p, 'src');
    const remote = addressOf(p, 'dst');
    const key = flowKey(guest, remote);
    const seq = p.u32(p.tcp + 4);
    const flags = p.u8(p.tcp + 13);
    let flow = this.#active.get(key);
    if ((flags & (TH_SYN | TH_ACK)) === TH_SYN && (!flow || flow.guestIss !== seq)) {
      flow = this.#newFlow(key, 'guest', guest, remote);
    }
    if (!flow) {
      const steps = this.#midstream.get(key) ?? [];
      steps.push(this.#steps.length);
      this.#midstream.set(key, steps);
      return null;
    }
    if (flags & TH_SYN) {
      flow.guestIss = seq;
    }
    return flow;
  }

  #newFlow(key: string, initiator: 'guest' | 'host', guest: sockaddr, remote: sockaddr): TcpFlow {
    const flow = new TcpFlow(key, initiator, guest, remote);
    this.#active.set(key, flow);
    this.#flows.push(flow);
    return flow;
  }

  // ---- frames of slirp ----

  #fromSlirp(p: TcpIpView): void {
    this.#learn(p);
    if (p.tcp >= 0 && !p.fragment) {
      this.#slirpSegment(p);
    } else if (p.proto === 17 || p.icmp >= 0 || p.icmpv6 >= 0 || p.fragment) {
      const whole = this.#reassembly.add(p);
      if (whole) {
        this.#slirpDatagram(whole);
      }
    }
  }

  /** Notes how slirp may know the guest's MAC, or that it must have known it from before. */
  #learn(p: TcpIpView): void {
    if (p.ip < 0 || p.u8(p.eth) & 1) {
      if (p.udp >= 0 && p.u16(p.udp) === 67 && p.payload + 20 <= p.payloadEnd) {
        this.#learnt.add(p.u32(p.payload + 16));
      }
      return;
    }
    const ip = p.u32(p.ip + 16);
    if (!this.#learnt.has(ip)) {
      this.#learnt.add(ip);
      this.#known.set(ip, { mac: p.mac(p.eth), ip });
    }
  }

  #slirpSegment(p: TcpIpView): void {
    const remote = addressOf(p, 'src');
    const guest = addressOf(p, 'dst');
    const key = flowKey(guest, remote);
    const seq = p.u32(p.tcp + 4);
    const flags = p.u8(p.tcp + 13);
    let flow = this.#active.get(key);
    if ((flags & (TH_SYN | TH_ACK)) === TH_SYN && (!flow || flow.slirpIss !== seq)) {
      flow = this.#newFlow(key, 'host', guest, remote);
      flow.slirpIss = seq;
      this.#forwards.set(`tcp ${guest.sin_addr} ${guest.sin_port}`, {
        proto: 'tcp',
        addr: guest.sin_addr,
        port: guest.sin_port,
      });
      this.#steps.push({ type: 'accept', time: this.#time, flow });
    }
    if (!flow) {
      if (flags & TH_RST) {
        this.#refused.add(key);
      }
      return;
    }
    if (flags & TH_RST) {
      this.#slirpReset(flow);
      return;
    }
    if (flags & TH_SYN && flow.slirpIss < 0) {
      flow.slirpIss = seq;
      this.#steps.push({ type: 'connected', time: this.#time, flow });
    }
    this.#slirpData(flow, p, (seq - flow.slirpIss + (flags & TH_SYN ? 1 : 0)) >>> 0);
  }

  /** A RST of slirp: the host refused, or broke the connection. */
  #slirpReset(flow: TcpFlow): void {
    if (flow.reset) {
      return;
    }
    flow.reset = true;
    const refused = flow.initiator === 'guest' && flow.slirpIss < 0;
    this.#steps.push({ type: 'error', time: this.#time, flow, errno: refused ? 'ECONNREFUSED' : 'ECONNRESET' });
  }

  /** Payload at `from` of slirp's stream: what is new in it came from the host's socket. */
  #slirpData(flow: TcpFlow, p: TcpIpView, from: number): void {
    const length = p.payloadEnd - p.payload;
    const flags = p.u8(p.tcp + 13);
    if (flow.slirpIss < 0) {
      return;
    }
    flow.slirpNext = Math.max(flow.slirpNext, from + length + (flags & TH_FIN));
    if (flow.hostClosed) {
      return;
    }
    const gap = from - flow.hostNext;
    if (gap > 0 && gap <= MAX_GAP) {
      this.#gaps++;
      this.#fromHost(flow, new Uint8Array(gap));
      flow.hostNext = from;
    }
    if (from <= flow.hostNext && from + length > flow.hostNext) {
      this.#fromHost(flow, p.bytes(p.payload + flow.hostNext - from, p.payloadEnd));
      flow.hostNext = from + length;
    }
    if (flags & TH_FIN && from + length === flow.hostNext) {
      flow.hostClosed = true;
      if (length > 0 && flow.held) {
        flow.held.eof = true;
      } else {
        this.#steps.push({ type: 'eof', time: this.#time, flow });
      }
    }
    flow.held = flags & TH_PSH ? null : flow.held;
  }

  /** New bytes of slirp's stream: with the bytes before if slirp already held them then (see `TcpFlow.held`). */
  #fromHost(flow: TcpFlow, data: Uint8Array): void {
    if (flow.held && flow.held.chunks.reduce((n, c) => n + c.length, data.length) <= MAX_HELD) {
      flow.held.chunks.push(data);
      return;
    }
    flow.held = { type: 'data', time: this.#time, flow, chunks: [data], eof: false };
    this.#steps.push(flow.held);
  }

  /** A whole UDP datagram or ICMP message (an IP packet) that slirp sent. */
  #slirpDatagram(p: TcpIpView): void {
    const guest = addressOf(p, 'dst');
    const from = addressOf(p, 'src');
    const time = this.#time;
    if (p.udp >= 0) {
      if (isService(p)) {
        return;
      }
      const session = `udp ${addressKey(guest)}`;
      if (!this.#sessions.has(session) && guest.sa_family === AF_INET) {
        this.#forwards.set(`udp ${guest.sin_addr} ${guest.sin_port}`, {
          proto: 'udp',
          addr: guest.sin_addr,
          port: guest.sin_port,
        });
      }
      const data = p.bytes(p.payload, p.payloadEnd);
      this.#steps.push({ type: 'datagram', time, session, guest, from, data });
    } else if (p.icmp >= 0 && p.u8(p.icmp) === 0) {
      const session = sessionOf(p, 'dst');
      this.#steps.push({ type: 'datagram', time, session, guest, from, data: p.bytes(p.icmp, p.l3End) });
    } else if (p.icmp >= 0 && (p.u8(p.icmp) === 3 || p.u8(p.icmp) === 11)) {
      const code = p.u8(p.icmp) === 3 ? p.u8(p.icmp + 1) : -1;
      const errno = code === 0 ? 'ENETUNREACH' : code === 3 ? 'ECONNREFUSED' : 'EHOSTUNREACH';
      this.#slirpIcmpError(p.bytes(p.icmp + 8, p.l3End), errno, from);
    } else if (p.icmpv6 >= 0 && p.u8(p.icmpv6) === 1) {
      const code = p.u8(p.icmpv6 + 1);
      const errno = code === 0 ? 'ENETUNREACH' : code === 4 ? 'ECONNREFUSED' : 'EHOSTUNREACH';
      this.#slirpIcmpError(p.bytes(p.icmpv6 + 8, p.l3End), errno, from);
    }
  }

  /** A destination unreachable or time exceeded message: the socket of the packet quoted in it failed. */
  #slirpIcmpError(packet: Uint8Array, errno: string, from: sockaddr): void {
    const quoted = new TcpIpView(packet, 'ip');
    if (quoted.tcp >= 0) {
      const flow = this.#active.get(flowKey(addressOf(quoted, 'src'), addressOf(quoted, 'dst')));
      if (flow && flow.slirpIss < 0 && !flow.reset) {
        flow.reset = true;
        this.#steps.push({ type: 'error', time: this.#time, flow, errno });
      }
      return;
    }
    const session = sessionOf(quoted, 'src');
    if (session !== '') {
      this.#steps.push({ type: 'datagram-error', time: this.#time, session, errno, from });
    }
  }
}

/** True for what slirp itself answers over UDP: DHCP and TFTP. */
function isService(p: TcpIpView): boolean {
  const src = p.u16(p.udp);
  return src === 67 || src === 69 || (p.ipv6 >= 0 && (src === 547 || src === 8962));
}

/** MAC addresses of the user network: its own scheme, or else who answers DHCP or is not whoever speaks first. */
function findSlirpMacs(packets: readonly CapturePacket[]): Set<number> {
  const macs = new Set<number>();
  const p = new TcpIpView();
  let dhcp = -1;
  for (const { data } of packets) {
    p.set(data, 0, data.length, 'ethernet');
    if (p.eth < 0) {
      continue;
    }
    const prefix = p.u16(6);
    if (prefix === SLIRP_MAC_IPV4 || prefix === SLIRP_MAC_IPV6) {
      macs.add(p.mac(6));
    }
    if (p.udp >= 0 && p.u16(p.udp) === 67) {
      dhcp = p.mac(6);
    }
  }
  if (macs.size === 0 && dhcp >= 0) {
    macs.add(dhcp);
  }
  return macs;
}

/** The address of the user network, which is in its MAC: 52:55:0a:00:02:02 is 10.0.2.2; alias addresses are higher. */
function findGateway(macs: ReadonlySet<number>): number {
  const ips = [...macs].filter((m) => Math.floor(m / 0x100000000) === SLIRP_MAC_IPV4).map((m) => m % 0x100000000);
  return ips.length === 0 ? 0 : Math.min(...ips);
}

/** The address and port of one end of a packet. */
function addressOf(p: TcpIpView, end: 'src' | 'dst'): sockaddr {
  const l4 = Math.max(p.tcp, p.udp);
  const port = l4 < 0 ? 0 : p.u16(end === 'src' ? l4 : l4 + 2);
  if (p.ip >= 0) {
    const addr = p.u32(p.ip + (end === 'src' ? 12 : 16));
    return { sa_family: AF_INET, sin_addr: addr, sin_port: port, sin6_addr: null, sun_path: '' };
  }
  const at = p.ipv6 + (end === 'src' ? 8 : 24);
  return { sa_family: AF_INET6, sin_addr: 0, sin_port: port, sin6_addr: p.bytes(at, at + 16).slice(), sun_path: '' };
}

/** Names a connection: the guest's end, then the other. */
export function flowKey(guest: sockaddr, remote: sockaddr): string {
  return `${addressKey(guest)} ${addressKey(remote)}`;
}

/** Connection of a frame that passes between the user network and the guest, by `flowKey`. */
export function flowKeyOf(p: TcpIpView, fromGuest: boolean): string {
  return fromGuest
    ? flowKey(addressOf(p, 'src'), addressOf(p, 'dst'))
    : flowKey(addressOf(p, 'dst'), addressOf(p, 'src'));
}

/** One line for the user about what will be played. */
export function describeTrace(trace: Trace): string {
  const toGuest = trace.flows.filter((f) => f.initiator === 'host').length;
  const parts = [
    `${trace.guestFrames} frames of the guest through the NIC`,
    `the host's side rebuilt from ${trace.slirpFrames} frames of the user network`,
    `TCP connections: ${toGuest} to the guest, ${trace.flows.length - toGuest} from it`,
    `UDP sessions: ${trace.udpSessions}`,
  ];
  const known = trace.known.map((k) => `${formatIpv4(k.ip)} at ${formatEther(k.mac)}`);
  const before = known.length > 0 ? `; known to the network from before: ${known.join(', ')}` : '';
  return `replay: ${parts.join('; ')}${before}`;
}
