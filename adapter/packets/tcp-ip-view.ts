/** A packet for code that works on the headers of TCP/IP alone: where they are, as plain offsets. */
import { LATER_FRAGMENT, type Layer } from './layer.ts';
import { type LinkType, PacketView } from './packet-view.ts';
import { arp } from './protocols/arp.ts';
import { ethernet } from './protocols/ethernet.ts';
import { icmp } from './protocols/icmp.ts';
import { icmpv6 } from './protocols/icmpv6.ts';
import { ip } from './protocols/ip.ts';
import { ipv6 } from './protocols/ipv6.ts';
import { ETHERTYPE_IP, IPPROTO_TCP } from './protocols/numbers.ts';
import { raw } from './protocols/raw.ts';
import { tcp } from './protocols/tcp.ts';
import { udp } from './protocols/udp.ts';
import { vlan } from './protocols/vlan.ts';

const ETH_HLEN = 14;
const IP_HLEN = 20;
const TCP_HLEN = 20;
/** Version 4 and a header of five words. */
const PLAIN_IP = 0x45;
/** The bits at 6 that tell a fragment. */
const FRAGMENT = 0x3fff;

/**
 * Offsets are into `buf`; -1 says that the header is not there. They are those of the outermost layers, found once for
 * a packet by `find`.
 */
export class TcpIpView {
  /** Not a base class: V8 would make slower code of what conditions of breakpoints run, for two kinds of views. */
  readonly packet: PacketView;
  eth = -1;
  /** The innermost Ethernet type; -1 without an Ethernet header. */
  etherType = -1;
  arp = -1;
  ip = -1;
  ipv6 = -1;
  /** Protocol number of what IP carries (after IPv6's extension headers), or -1. */
  proto = -1;
  /** What IP carries, also when it is a later fragment or of an unknown protocol; -1 without IP. */
  l4 = -1;
  /** First byte after the IP packet, without Ethernet's padding. */
  l3End = 0;
  /** True for any fragment: checksums of what it carries cannot be checked. */
  fragment = false;
  /** True if it is a fragment that does not start its datagram. */
  laterFragment = false;
  icmp = -1;
  icmpv6 = -1;
  udp = -1;
  tcp = -1;
  /** What UDP or TCP carries, `[payload, payloadEnd)`; -1 without. */
  payload = -1;
  payloadEnd = -1;

  constructor(buf?: Uint8Array, linktype: LinkType = 'ethernet') {
    this.packet = new PacketView(buf, linktype);
  }

  /** Aims the view at `len` bytes of `buf` at `off`; its offsets are those of the packet before until `find`. */
  set(buf: Uint8Array, off: number, len: number, linktype: LinkType): this {
    this.packet.set(buf, off, len, linktype);
    return this;
  }

  /** Finds the headers. */
  find(): this {
    this.eth = this.etherType = this.arp = this.ip = this.ipv6 = this.proto = this.l4 = -1;
    this.icmp = this.icmpv6 = this.udp = this.tcp = this.payload = this.payloadEnd = -1;
    this.fragment = this.laterFragment = false;
    const { packet } = this;
    this.l3End = packet.limit;
    if (this.#findPlainTcp(packet.buf, packet.linktype === 'ethernet' ? packet.off + ETH_HLEN : packet.off)) {
      return this;
    }
    let l = packet.first(packet.linktype === 'ethernet' ? ethernet : raw);
    while (l !== null && this.#take(l)) {
      l = packet.above(l);
    }
    return this;
  }

  /**
   * What nearly all packets are, TCP over IPv4 without options, tags or fragments, is found without its layers. `at` is
   * where IP's header would be; false leaves everything as it was.
   */
  #findPlainTcp(b: Uint8Array, at: number): boolean {
    const { off, limit } = this.packet;
    const tcpAt = at + IP_HLEN;
    if (tcpAt + TCP_HLEN > limit || b[at] !== PLAIN_IP || b[at + 9] !== IPPROTO_TCP) {
      return false;
    }
    const ethernetType = at === off ? ETHERTYPE_IP : this.u16(at - 2);
    const end = at + this.u16(at + 2);
    const header = (this.u8(tcpAt + 12) >> 4) * 4;
    const plain = ethernetType === ETHERTYPE_IP && (this.u16(at + 6) & FRAGMENT) === 0;
    if (!plain || header < TCP_HLEN || tcpAt + header > end || end > limit) {
      return false;
    }
    if (at !== off) {
      this.eth = off;
      this.etherType = ETHERTYPE_IP;
    }
    this.ip = at;
    this.proto = IPPROTO_TCP;
    this.l3End = this.payloadEnd = end;
    this.l4 = this.tcp = tcpAt;
    this.payload = tcpAt + header;
    return true;
  }

  /** Notes where a layer is; false for the last one that matters. */
  #take(l: Layer): boolean {
    switch (l.protocol) {
      case ethernet:
        this.eth = l.at;
        this.etherType = l.key;
        return true;
      case vlan:
        this.etherType = l.key;
        return true;
      case raw:
        return true;
      case ip:
      case ipv6:
        return this.#network(l);
      case arp:
        this.arp = l.at;
        return false;
      case icmp:
        this.icmp = l.at;
        return false;
      case icmpv6:
        this.icmpv6 = l.at;
        return false;
      case udp:
      case tcp:
        this[l.protocol === tcp ? 'tcp' : 'udp'] = l.at;
        this.payload = l.body;
        this.payloadEnd = l.end;
        return false;
      default:
        return false;
    }
  }

  #network(l: Layer): boolean {
    this[l.protocol === ip ? 'ip' : 'ipv6'] = l.at;
    this.l3End = l.end;
    this.proto = l.protocol === ip ? this.u8(l.at + 9) : l.key;
    this.l4 = this.proto < 0 ? -1 : l.body;
    this.fragment = l.protocol.declaration.isFragment?.(this.packet, l) ?? false;
    this.laterFragment = l.key === LATER_FRAGMENT;
    return true;
  }

  get buf(): Uint8Array {
    return this.packet.buf;
  }
  get off(): number {
    return this.packet.off;
  }
  /** First byte after the packet. */
  get limit(): number {
    return this.packet.limit;
  }
  u8(at: number): number {
    return this.packet.u8(at);
  }
  u16(at: number): number {
    return this.packet.u16(at);
  }
  u32(at: number): number {
    return this.packet.u32(at);
  }
  /** A MAC address as a 48-bit number. */
  mac(at: number): number {
    return this.packet.mac(at);
  }
  /** A view of `[from, to)`, cut to the packet. */
  bytes(from: number, to: number): Uint8Array {
    return this.packet.bytes(from, to);
  }
}
