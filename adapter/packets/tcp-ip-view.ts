/** A packet for code that works on the headers of TCP/IP alone: where they are, as plain offsets. */
import { LATER_FRAGMENT, type Layer } from './layer.ts';
import { type LinkType, PacketView } from './packet-view.ts';
import type { Protocol } from './protocol.ts';
import { arp } from './protocols/arp.ts';
import { ethernet } from './protocols/ethernet.ts';
import { icmp } from './protocols/icmp.ts';
import { icmpv6 } from './protocols/icmpv6.ts';
import { ip } from './protocols/ip.ts';
import { ipv6 } from './protocols/ipv6.ts';
import { tcp } from './protocols/tcp.ts';
import { udp } from './protocols/udp.ts';
import { vlan } from './protocols/vlan.ts';

/** Offsets are into `buf`; -1 says that the header is not there. They are those of the outermost layers. */
export class TcpIpView {
  /** Not a base class: V8 would make slower code of what conditions of breakpoints run, for two kinds of views. */
  readonly packet: PacketView;

  constructor(buf?: Uint8Array, linktype: LinkType = 'ethernet') {
    this.packet = new PacketView(buf, linktype);
  }

  /** Aims the view at `len` bytes of `buf` at `off`. */
  set(buf: Uint8Array, off: number, len: number, linktype: LinkType): this {
    this.packet.set(buf, off, len, linktype);
    return this;
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

  get eth(): number {
    return this.#at(ethernet);
  }
  get arp(): number {
    return this.#at(arp);
  }
  get ip(): number {
    return this.#at(ip);
  }
  get ipv6(): number {
    return this.#at(ipv6);
  }
  get icmp(): number {
    return this.#at(icmp);
  }
  get icmpv6(): number {
    return this.#at(icmpv6);
  }
  get udp(): number {
    return this.#at(udp);
  }
  get tcp(): number {
    return this.#at(tcp);
  }

  /** The innermost Ethernet type; -1 without an Ethernet header. */
  get etherType(): number {
    const tags = this.packet.layers().filter((l) => l.protocol === vlan || l.protocol === ethernet);
    return tags.at(-1)?.key ?? -1;
  }
  /** What IP carries, also when it is a later fragment or of an unknown protocol. */
  get l4(): number {
    const l = this.#network();
    return l === null || this.proto < 0 ? -1 : l.body;
  }
  /** First byte after the IP packet, without Ethernet's padding. */
  get l3End(): number {
    return this.#network()?.end ?? this.limit;
  }
  /** Protocol number of what IP carries (after IPv6's extension headers), or -1. */
  get proto(): number {
    const l = this.#network();
    return l === null ? -1 : l.protocol === ip ? this.u8(l.at + 9) : l.key;
  }
  /** True for any fragment: checksums of what it carries cannot be checked. */
  get fragment(): boolean {
    const l = this.#network();
    return l?.protocol.declaration.isFragment?.(this.packet, l) ?? false;
  }
  /** True if it is a fragment that does not start its datagram. */
  get laterFragment(): boolean {
    return this.#network()?.key === LATER_FRAGMENT;
  }
  /** What UDP or TCP carries, `[payload, payloadEnd)`. */
  get payload(): number {
    return this.#transport()?.body ?? -1;
  }
  get payloadEnd(): number {
    return this.#transport()?.end ?? -1;
  }

  #at(protocol: Protocol): number {
    return this.packet.first(protocol)?.at ?? -1;
  }

  #network(): Layer | null {
    return this.packet.first(ip) ?? this.packet.first(ipv6);
  }

  #transport(): Layer | null {
    return this.packet.first(tcp) ?? this.packet.first(udp);
  }
}
