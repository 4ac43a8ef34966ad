/**
 * The first look at a capture: which hosts there are, which connections, and what each packet belongs to. It does not
 * know yet who the guest will be, so that another guest can be chosen without reading the file again.
 */
import { type CaptureIndex, DIRECTION_IN, DIRECTION_OUT, mostPackets } from '../packets/capture-index.ts';
import { type Columns, GrowingTable } from '../packets/columns.ts';
import { LinkLayer } from '../packets/link-layer.ts';
import {
  ETHERTYPE_ARP,
  ETHERTYPE_IP,
  ETHERTYPE_IPV6,
  IPPROTO_ICMPV6,
  IPPROTO_TCP,
  IPPROTO_UDP,
} from '../packets/protocols/numbers.ts';
import { TcpIpView } from '../packets/tcp-ip-view.ts';
import { ConnectionTable, TH_ACK, TH_SYN } from './connections.ts';
import { uncut } from './frames.ts';
import { HostTable, isGroup } from './hosts.ts';
import { Leases } from './leases.ts';
import { PairTable } from './pair-table.ts';
import { IN_FRAGMENTS, IN_OTHER_FRAGMENTS, PartTable } from './part-table.ts';
import { fragmentOf, Reassembly } from './reassembly.ts';

/** What a packet is: the low bits of `what`. */
export const KIND_TCP = 0;
export const KIND_UDP = 1;
/** IP with something else, or a fragment. */
export const KIND_IP = 2;
export const KIND_ARP = 3;
/** A link type that carries IP in no known way. */
export const KIND_LINK_TYPE = 4;
export const KIND_NOT_IP = 5;
export const KIND_BAD_IP = 6;
/** The capture cut it within its headers. */
export const KIND_CUT = 7;
/** ICMP or ICMPv6. */
export const KIND_ICMP = 8;
/** A fragment of a TCP segment, which another packet completes. */
export const KIND_PART = 9;
export const KIND_MASK = 15;
/** The second side of the conversation sent it; for ICMP: it is an answer. */
export const SIDE_1 = 16;
/** From a MAC address of libslirp's. */
export const FROM_SLIRP = 32;
/** It has an Ethernet header of its own. */
export const ETHERNET = 64;
/** A DHCP server's. */
export const DHCP_REPLY = 128;

const SPEC = {
  /** Ids of hosts, 0 without IP. */
  src: Uint32Array,
  dst: Uint32Array,
  /** TCP connection or UDP conversation + 1. */
  conv: Uint32Array,
  /** The connection's next packet + 1, for TCP; the segment + 1, for one of its parts. */
  next: Uint32Array,
  what: Uint8Array,
  /**
   * For TCP: where its header is in the captured bytes, or how it is in fragments (part-table.ts), and its payload on
   * the wire.
   */
  tcp: Uint16Array,
  payload: Uint32Array,
  /** Its flags, numbers and window, and the time to live: who looks ahead, or compares, need not read the file. */
  flags: Uint8Array,
  seq: Uint32Array,
  ack: Uint32Array,
  window: Uint16Array,
  ttl: Uint8Array,
} as const;

/** The first packet of each UDP conversation: whether it came from the pair's higher end, and where it went. */
const UDP_SPEC = { swapped: Uint8Array, first: Uint32Array, host: Uint32Array, port: Uint16Array } as const;

export type PacketColumns = Columns<typeof SPEC>;

const SLIRP_MAC_IPV4 = 0x5255;
const SLIRP_MAC_IPV6 = 0x5256;
/** slirp answers NC-SI from this address; no station has it. */
const BROADCAST = 0xffffffffffff;

/** What has to be there of a transport header: TCP options that a capture has cut are played as if there were none. */
const TCP_HEADER = 20;
const UDP_HEADER = 8;

export const DHCP_SERVER = 67;
const DHCPV6_SERVER = 547;

/** True for packets that have IP addresses. */
export function isIp(what: number): boolean {
  const kind = what & KIND_MASK;
  return kind <= KIND_IP || kind === KIND_ICMP || kind === KIND_CUT || kind === KIND_PART;
}

/** True for echo replies and for errors. */
function isIcmpAnswer(p: TcpIpView): boolean {
  if (p.icmp >= 0) {
    return p.u8(p.icmp) !== 8;
  }
  return p.u8(p.icmpv6) < 128 || p.u8(p.icmpv6) === 129;
}

export class CaptureAnalysis {
  readonly hosts = new HostTable();
  readonly connections: ConnectionTable;
  readonly leases = new Leases();
  /** MAC addresses that are libslirp's by their prefix. */
  readonly slirpMacs = new Set<number>();
  /** Packets that are shorter than on the wire. */
  cut = 0;
  /** UDP conversations so far. */
  udpConversations = 0;
  readonly #tcp = new PairTable();
  readonly #udp = new PairTable();
  readonly #table: GrowingTable<typeof SPEC>;
  /** First sender of each UDP conversation: 1 if it is the pair's higher end. */
  readonly #udpFirst: GrowingTable<typeof UDP_SPEC>;
  readonly #link = new LinkLayer();
  readonly #view = new TcpIpView();
  /** TCP segments in fragments. */
  readonly parts: PartTable;
  readonly #reassembly = new Reassembly();

  /** The capture has `bytes` bytes. */
  constructor(bytes: number) {
    const most = mostPackets(bytes);
    this.connections = new ConnectionTable(most);
    this.#table = new GrowingTable(SPEC, most);
    this.#udpFirst = new GrowingTable(UDP_SPEC, most);
    this.parts = new PartTable(most);
  }

  get columns(): PacketColumns {
    return this.#table.columns;
  }

  get count(): number {
    return this.#table.count;
  }

  /** Takes note of the next packet of `index`, number `i` from 0. */
  add(index: CaptureIndex, i: number, data: Uint8Array): void {
    this.#table.append();
    const { columns } = this;
    const link = this.#link.find(index.linktype(i), data);
    const len = index.columns.len[i] ?? data.length;
    this.cut += data.length < len ? 1 : 0;
    let what = this.#kind(link, data, data.length < len);
    const p = this.#view;
    if (link.eth >= 0) {
      what |= ETHERNET | (this.#isSlirps(data) ? FROM_SLIRP : 0);
    }
    if (isIp(what)) {
      this.#hostsOf(i, index.columns.direction[i] || link.direction, link.eth >= 0 ? macAt(data, 6) : -1);
    }
    if ((what & KIND_MASK) === KIND_TCP) {
      what |= this.#segmentOf(i, p, p.tcp, len);
    } else if ((what & KIND_MASK) === KIND_UDP) {
      what |= this.#udpOf(i, p);
    } else if (p.fragment && (what & KIND_MASK) === KIND_IP) {
      what = this.#fragment(i, what, data, uncut(data, len), link.l3);
    }
    columns.what[i] = what;
  }

  /** Takes note of a TCP segment: of its header, which is at `at` (see `SPEC`), and of the connection. */
  #segmentOf(i: number, p: TcpIpView, at: number, len: number): number {
    const { columns } = this;
    const payload = wireLength(p, len);
    columns.tcp[i] = at;
    columns.payload[i] = payload;
    columns.flags[i] = p.u8(p.tcp + 13);
    columns.seq[i] = p.u32(p.tcp + 4);
    columns.ack[i] = p.u32(p.tcp + 8);
    columns.window[i] = p.u16(p.tcp + 14);
    columns.ttl[i] = plainTtl(p);
    return this.#tcpOf(i, p, payload);
  }

  /**
   * The packet in `data` is a fragment. If it completes a TCP segment, it is that, and the others are its parts.
   * `captured` are those bytes of it that the capture has.
   */
  #fragment(i: number, what: number, captured: Uint8Array, data: Uint8Array, l3: number): number {
    const p = this.#view.set(data, l3, data.length - l3, 'ip').find();
    const { proto, off, at } = fragmentOf(p);
    if (p.ip >= 0 ? proto !== IPPROTO_TCP : proto === IPPROTO_UDP || proto === IPPROTO_ICMPV6) {
      return what;
    }
    if (captured.length < Math.min(p.l3End, at + TCP_HEADER - off)) {
      return (what & ~KIND_MASK) | KIND_CUT;
    }
    const whole = this.#reassembly.add(p, i);
    if (whole === null || whole.packet.tcp < 0) {
      return what;
    }
    const { packet, parts, first } = whole;
    const header = packet.tcp - packet.l4 + (packet.u8(packet.tcp + 12) >> 4) * 4;
    const place = packet.ip >= 0 && header <= first ? IN_FRAGMENTS : IN_OTHER_FRAGMENTS;
    const side = this.#segmentOf(i, packet, place, packet.limit);
    this.parts.add(i, parts);
    const { columns } = this;
    for (const part of parts) {
      if (part !== i) {
        columns.what[part] = ((columns.what[part] ?? 0) & ~KIND_MASK) | KIND_PART | side;
        columns.conv[part] = columns.conv[i] ?? 0;
        columns.next[part] = i + 1;
      }
    }
    return (what & ~KIND_MASK) | KIND_TCP | side;
  }

  /** Aims the view at the IP packet and says what it is. `cut`: the capture has not all of it. */
  #kind(link: LinkLayer, data: Uint8Array, cut: boolean): number {
    if (link.type === ETHERTYPE_ARP) {
      return KIND_ARP;
    }
    if (link.type !== ETHERTYPE_IP && link.type !== ETHERTYPE_IPV6) {
      return link.known ? KIND_NOT_IP : KIND_LINK_TYPE;
    }
    const p = this.#view.set(data, link.l3, data.length - link.l3, 'ip').find();
    if (p.ip < 0 && p.ipv6 < 0) {
      return KIND_BAD_IP;
    }
    if (p.fragment) {
      return KIND_IP;
    }
    if (p.tcp >= 0) {
      return KIND_TCP;
    }
    if (p.icmp >= 0 || p.icmpv6 >= 0) {
      return KIND_ICMP | (isIcmpAnswer(p) ? SIDE_1 : 0);
    }
    // IPv6 whose extension headers do not end says nothing of what it carries.
    const endless = cut && p.ipv6 >= 0 && p.proto < 0;
    const short =
      endless || (p.proto === 6 && p.l4 + TCP_HEADER > p.limit) || (p.proto === 17 && p.l4 + UDP_HEADER > p.limit);
    return p.udp >= 0 ? KIND_UDP : short ? KIND_CUT : KIND_IP;
  }

  #isSlirps(data: Uint8Array): boolean {
    const prefix = ((data[6] ?? 0) << 8) | (data[7] ?? 0);
    if (prefix === SLIRP_MAC_IPV4 || prefix === SLIRP_MAC_IPV6) {
      this.slirpMacs.add(macAt(data, 6));
      return true;
    }
    return prefix === 0xffff && macAt(data, 6) === BROADCAST;
  }

  /** Notes both ends of an IP packet. */
  #hostsOf(i: number, direction: number, mac: number): void {
    const p = this.#view;
    const at = p.ip >= 0 ? p.ip + 12 : p.ipv6 + 8;
    const { columns } = this;
    const src = this.hosts.idAt(p, at);
    const dst = this.hosts.idAt(p, at + (p.ip >= 0 ? 4 : 16));
    columns.src[i] = src;
    columns.dst[i] = dst;
    const from = this.hosts.get(src);
    const to = this.hosts.get(dst);
    from.sent++;
    from.mac = from.mac < 0 && mac > 0 ? mac : from.mac;
    to.received++;
    from.toItself += src === dst ? 1 : 0;
    if (direction === DIRECTION_OUT) {
      from.local++;
    } else if (direction === DIRECTION_IN && !isGroup(to.address)) {
      to.local++;
    }
  }

  /** The connection of a TCP segment of `length` bytes. */
  #tcpOf(i: number, p: TcpIpView, length: number): number {
    const { columns, connections } = this;
    const [src, dst] = [columns.src[i] ?? 0, columns.dst[i] ?? 0];
    const [sport, dport] = [p.u16(p.tcp), p.u16(p.tcp + 2)];
    const flags = p.u8(p.tcp + 13);
    let id = this.#tcp.get(src, sport, dst, dport);
    let side = id >= 0 ? sideOf(connections, id, src, sport) : 0;
    if (id < 0 || ((flags & (TH_SYN | TH_ACK)) === TH_SYN && connections.isLater(id, side, p.u32(p.tcp + 4)))) {
      id = connections.open(i, src, sport, dst, dport);
      side = 0;
      this.#tcp.set(src, sport, dst, dport, id);
      this.hosts.get(src).connections++;
      this.hosts.get(dst).connections++;
    }
    const c = connections.columns;
    const unopened = c.opener[id] === 0;
    connections.add(id, side, p, length);
    if (unopened && c.opener[id] !== 0) {
      this.hosts.get((c.opener[id] === 1 ? c.host0[id] : c.host1[id]) ?? 0).opens++;
    }
    const last = c.last[id] ?? 0;
    if (last > 0) {
      columns.next[last - 1] = i + 1;
    }
    c.last[id] = i + 1;
    columns.conv[i] = id + 1;
    return side === 1 ? SIDE_1 : 0;
  }

  /** Where the first packet of each UDP conversation went, and which packet that was. */
  *udpServers(): Generator<{ readonly host: number; readonly port: number; readonly first: number }> {
    const { host, port, first } = this.#udpFirst.columns;
    for (let id = 0; id < this.#udpFirst.count; id++) {
      yield { host: host[id] ?? 0, port: port[id] ?? 0, first: first[id] ?? 0 };
    }
  }

  #udpOf(i: number, p: TcpIpView): number {
    const { columns } = this;
    const [src, dst] = [columns.src[i] ?? 0, columns.dst[i] ?? 0];
    const [sport, dport] = [p.u16(p.udp), p.u16(p.udp + 2)];
    let id = this.#udp.get(src, sport, dst, dport);
    const { swapped } = this.#udp;
    if (id < 0) {
      id = this.#udpFirst.append();
      const u = this.#udpFirst.columns;
      u.swapped[id] = swapped ? 1 : 0;
      u.first[id] = i;
      u.host[id] = dst;
      u.port[id] = dport;
      this.#udp.set(src, sport, dst, dport, id);
      this.udpConversations++;
    }
    columns.conv[i] = id + 1;
    if (sport === DHCP_SERVER || dport === DHCP_SERVER) {
      this.leases.add(p);
    }
    if (sport === DHCP_SERVER || sport === DHCPV6_SERVER) {
      this.hosts.get(src).servesDhcp = true;
      return DHCP_REPLY | SIDE_1;
    }
    return this.#udpFirst.columns.swapped[id] === (swapped ? 1 : 0) ? 0 : SIDE_1;
  }
}

/** Time to live or hop limit; 0 where there are options or extensions before TCP. */
function plainTtl(p: TcpIpView): number {
  if (p.ip >= 0) {
    return p.tcp - p.ip === 20 ? p.u8(p.ip + 8) : 0;
  }
  return p.tcp - p.ipv6 === 40 ? p.u8(p.ipv6 + 7) : 0;
}

/** Which side of connection `id` an endpoint is. */
function sideOf(connections: ConnectionTable, id: number, host: number, port: number): number {
  const c = connections.columns;
  return c.host0[id] === host && c.port0[id] === port ? 0 : 1;
}

function macAt(b: Uint8Array, at: number): number {
  const u16 = (o: number): number => ((b[at + o] ?? 0) << 8) | (b[at + o + 1] ?? 0);
  return u16(0) * 0x100000000 + u16(2) * 65536 + u16(4);
}

/** Bytes of payload that a TCP segment had on the wire, whatever the capture has kept of a packet of `len` bytes. */
function wireLength(p: TcpIpView, len: number): number {
  const start = p.ip >= 0 ? p.ip : p.ipv6;
  const claimed = p.ip >= 0 ? p.u16(p.ip + 2) : p.u16(p.ipv6 + 4);
  // 0 is what a NIC with segmentation offload puts there, or a jumbogram: the length of the packet counts.
  const end = claimed === 0 ? len : Math.min(len, start + claimed + (p.ip >= 0 ? 0 : 40));
  return Math.max(0, end - (p.tcp + (p.u8(p.tcp + 12) >> 4) * 4));
}
