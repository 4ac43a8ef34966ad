/** The packets of the host's side, as what their sender's sockets must have done. */
import { TcpIpView } from '../packets/tcp-ip-view.ts';
import type { sockaddr } from '../stack/util/host.ts';
import { TH_ACK, TH_FIN, TH_RST, TH_SYN } from './connections.ts';
import { type Flow, socketAddress } from './flow.ts';
import { isInFragments, segmentOf } from './fragmented.ts';
import { reversed, uncut } from './frames.ts';
import { type HostStreams, relativeTo } from './host-streams.ts';
import { NOT_PLAYED } from './places.ts';
import { NOWHERE } from './reference-sum.ts';
import type { Places } from './references.ts';
import { isFragment6, type ScriptContext } from './script-context.ts';
import { sessionOf } from './sessions.ts';

export class HostPackets {
  readonly #c: ScriptContext;
  readonly #streams: HostStreams;

  constructor(context: ScriptContext, streams: HostStreams) {
    this.#c = context;
    this.#streams = streams;
  }

  fromHost(i: number): void {
    const { plan } = this.#c;
    if (segmentOf(plan, i) !== i) {
      // It is played with the segment that it is a part of.
      return;
    }
    const flow = this.#c.flowOf(i);
    if (flow) {
      this.#segmentOfHost(flow, i);
      return;
    }
    if (isInFragments(plan, i)) {
      return;
    }
    const p = this.#ipPacket(i);
    if (p.fragment) {
      this.#fragmentOfHost(i, p);
    } else if (p.proto === 17 || p.icmp >= 0 || p.icmpv6 >= 0) {
      this.#datagramOfHost(i, p);
    } else if (!plan.slirp && p.tcp < 0) {
      this.#c.refuse(i, 'no way in from outside');
    }
  }

  /** Aims the view at the IP packet of packet `i`; valid until the next read. */
  #ipPacket(i: number): TcpIpView {
    const data = uncut(this.#c.index.bytes(this.#c.source, i), this.#c.index.columns.len[i] ?? 0);
    const link = this.#c.link.find(this.#c.index.linktype(i), data);
    return this.#c.p.set(data, link.l3, data.length - link.l3, 'ip').find();
  }

  /** A datagram is played when it is whole; all of its fragments come to the same. */
  #fragmentOfHost(i: number, p: TcpIpView): void {
    if (isFragment6(p)) {
      this.#c.refuse(i, 'IPv6 fragment');
      return;
    }
    const whole = this.#c.reassembly.add(p, i);
    if (whole) {
      this.#datagramOfHost(i, whole.packet);
      const role = this.#c.plan.roles[i] ?? 0;
      for (const part of role >= NOT_PLAYED ? whole.parts : []) {
        this.#c.plan.roles[part] = role;
      }
    }
  }

  #segmentOfHost(flow: Flow, i: number): void {
    const { flags, seq, length } = this.#c.segment.place(i);
    const number = i + 1;
    if ((flags & (TH_SYN | TH_ACK)) === TH_SYN && flow.initiator === 'host') {
      this.#c.accept(flow, number);
      return;
    }
    if (flags & TH_RST) {
      this.#resetByHost(flow, number);
      return;
    }
    if (!flow.opened && (!(flags & TH_SYN) || !flow.synPlayed)) {
      this.#c.open(flow, number, () => reversed(this.#c.wholeFrame(i)));
    }
    if (flow.initiator === 'guest') {
      this.#c.connected(flow, number);
    }
    if (flow.hostIss < 0) {
      return;
    }
    const from = relativeTo(flow, seq) + (flags & TH_SYN ? 1 : 0);
    flow.hostSent = Math.max(flow.hostSent, from + length + (flags & TH_FIN ? 1 : 0));
    if (length > 0 || flags & TH_FIN) {
      this.#streams.deliver(flow, i, from, length);
    }
  }

  /** A RST of the host's side: it refused, or broke the connection. */
  #resetByHost(flow: Flow, number: number): void {
    if (flow.reset) {
      return;
    }
    flow.reset = true;
    const refused = flow.initiator === 'guest' && !flow.connected;
    this.#c.push({ type: 'error', time: this.#c.time, number, flow, errno: refused ? 'ECONNREFUSED' : 'ECONNRESET' });
  }

  /** A whole UDP datagram or ICMP message (an IP packet) of the host's side, which packet `i` completes. */
  #datagramOfHost(i: number, p: TcpIpView): void {
    const guest = addressOf(p, 'dst');
    const from = addressOf(p, 'src');
    const common = { time: this.#c.time, number: i + 1, guest, from };
    if (p.udp >= 0) {
      if (isService(p, this.#c.plan.slirp)) {
        return;
      }
      this.#c.push({
        type: 'datagram',
        ...common,
        session: sessionOf(p, 'dst'),
        data: p.bytes(p.payload, p.payloadEnd).slice(),
        places: this.#placesOf(i, p, p.payload, p.payloadEnd),
      });
    } else if (p.icmp >= 0 && p.u8(p.icmp) === 0) {
      if (this.#answersItself(from.sin_addr)) {
        return;
      }
      this.#c.push({
        type: 'datagram',
        ...common,
        session: sessionOf(p, 'dst'),
        data: p.bytes(p.icmp, p.l3End).slice(),
        places: this.#placesOf(i, p, p.icmp, p.l3End),
      });
    } else if (p.icmp >= 0 && (p.u8(p.icmp) === 3 || p.u8(p.icmp) === 11)) {
      const code = p.u8(p.icmp) === 3 ? p.u8(p.icmp + 1) : -1;
      const errno = code === 0 ? 'ENETUNREACH' : code === 3 ? 'ECONNREFUSED' : 'EHOSTUNREACH';
      this.#errorOfHost(i, p.bytes(p.icmp + 8, p.l3End).slice(), errno, from);
    } else if (p.icmpv6 >= 0 && p.u8(p.icmpv6) === 1) {
      const code = p.u8(p.icmpv6 + 1);
      const errno = code === 0 ? 'ENETUNREACH' : code === 4 ? 'ECONNREFUSED' : 'EHOSTUNREACH';
      this.#errorOfHost(i, p.bytes(p.icmpv6 + 8, p.l3End).slice(), errno, from);
    } else if (!this.#c.plan.slirp) {
      const ndp = p.icmpv6 >= 0 && p.u8(p.icmpv6) >= 133 && p.u8(p.icmpv6) <= 137;
      this.#c.refuse(i, ndp ? 'neighbor discovery of another network' : 'no way in from outside');
    }
  }

  /** Where in the capture bytes of the IP packet `p` are, which packet `i` holds; null if only its last fragment. */
  #placesOf(i: number, p: TcpIpView, from: number, to: number): Places | null {
    const { offset, caplen } = this.#c.index.columns;
    const there = Math.min(to, caplen[i] ?? 0);
    if (p !== this.#c.p || there <= from) {
      return null;
    }
    const place = [(offset[i] ?? 0) + from, there - from];
    return there < to ? [...place, NOWHERE, to - there] : place;
  }

  /** In a capture of a user network: an address of its own, which answers pings without a socket. */
  #answersItself(address: number): boolean {
    const { slirp, gateway } = this.#c.plan;
    return slirp && gateway !== 0 && (address & 0xffffff00) === (gateway & 0xffffff00);
  }

  /** A destination unreachable or time exceeded message: the socket of the packet quoted in it failed. */
  #errorOfHost(i: number, packet: Uint8Array, errno: string, from: sockaddr): void {
    const quoted = new TcpIpView(packet, 'ip').find();
    if (quoted.proto === 6 && quoted.l4 >= 0 && quoted.l4 + 4 <= quoted.limit) {
      const flow = this.#flowOfQuoted(quoted);
      if (flow && !flow.connected && !flow.reset) {
        flow.reset = true;
        this.#c.push({ type: 'error', time: this.#c.time, number: i + 1, flow, errno });
      }
      return;
    }
    const session = sessionOf(quoted, 'src');
    if (session !== '') {
      this.#c.push({ type: 'datagram-error', time: this.#c.time, number: i + 1, session, errno, from });
    }
  }

  /** The guest's connection that a quoted segment of its belongs to (8 bytes of it are enough). */
  #flowOfQuoted(q: TcpIpView): Flow | undefined {
    const [sport, dport] = [q.u16(q.l4), q.u16(q.l4 + 2)];
    const address = addressOf(q, 'dst');
    return [...this.#c.flows.values()]
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
