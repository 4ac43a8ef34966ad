/**
 * A packet for field access: finds the headers once, then fields are plain reads. Made to be reused (`set`), since conditions
 * of breakpoints look at every packet that passes. A layer is there only if its whole fixed header is within the packet.
 */
import type { Conversations } from './conversations.ts';

/** Ethernet types. */
export const ETH_P_IP = 0x0800;
export const ETH_P_ARP = 0x0806;
export const ETH_P_8021Q = 0x8100;
export const ETH_P_IPV6 = 0x86dd;
export const ETH_P_8021AD = 0x88a8;

/** IP protocol numbers. */
export const IPPROTO_ICMP = 1;
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;
export const IPPROTO_FRAGMENT = 44;
export const IPPROTO_ICMPV6 = 58;

/** Where the bytes start: at an Ethernet header, or at an IP header. */
export type LinkType = 'ethernet' | 'ip';

/** IPv6 extension headers walked at most. */
const MAX_EXTENSION_HEADERS = 16;
/** VLAN tags walked at most. */
const MAX_VLAN_TAGS = 4;

/** Offsets are into `buf`; -1 says that the header is not there. */
export class PacketView {
  buf: Uint8Array = new Uint8Array(0);
  off = 0;
  len = 0;
  linktype: LinkType = 'ethernet';
  /** `frame.number`, if it is known. */
  number = 0;
  /** For relative sequence numbers; without it `tcp.seq` is the raw one. */
  conversations: Conversations | null = null;

  /** First byte after the packet. */
  limit = 0;
  eth = -1;
  /** The innermost Ethernet type; -1 without an Ethernet header, 0x0800 or 0x86dd then given by the IP version. */
  ethType = -1;
  /** First VLAN tag (its TCI), or -1. */
  vlan = -1;
  /** What follows the link layer. */
  l3 = 0;
  arp = -1;
  ip = -1;
  ipv6 = -1;
  /** First byte after the IP packet, without Ethernet's padding. */
  l3End = 0;
  /** Protocol number of what IP carries (after IPv6's extension headers), or -1. */
  proto = -1;
  /** What IP carries, also when it is a later fragment or of an unknown protocol; -1 without IP. */
  l4 = -1;
  /** True if it is a fragment that does not start its datagram. */
  laterFragment = false;
  /** True for any fragment: checksums of what it carries cannot be checked. */
  fragment = false;
  icmp = -1;
  icmpv6 = -1;
  udp = -1;
  tcp = -1;
  /** What UDP or TCP carries, `[payload, payload_end)`; -1 without. */
  payload = -1;
  payloadEnd = -1;

  #found = false;

  constructor(buf?: Uint8Array, linktype: LinkType = 'ethernet') {
    if (buf) {
      this.set(buf, 0, buf.length, linktype);
    }
  }

  /** Aims the view at `len` bytes of `buf` at `off`. */
  set(buf: Uint8Array, off: number, len: number, linktype: LinkType): this {
    this.buf = buf;
    this.off = Math.min(Math.max(0, off), buf.length);
    this.limit = Math.min(buf.length, this.off + Math.max(0, len));
    this.len = this.limit - this.off;
    this.linktype = linktype;
    this.#found = false;
    return this;
  }

  /** Finds the headers, if that has not been done yet. */
  find(): this {
    if (this.#found) {
      return this;
    }
    this.#found = true;
    this.eth = this.vlan = this.arp = this.ip = this.ipv6 = this.proto = this.l4 = -1;
    this.icmp = this.icmpv6 = this.udp = this.tcp = this.payload = this.payloadEnd = -1;
    this.laterFragment = this.fragment = false;
    this.l3End = this.limit;
    this.#findLink();
    if (this.ethType === ETH_P_IP) {
      this.#findIp();
    } else if (this.ethType === ETH_P_IPV6) {
      this.#findIpv6();
    } else if (this.ethType === ETH_P_ARP && this.l3 + 8 <= this.limit) {
      this.arp = this.l3;
    }
    if (this.l4 >= 0 && !this.laterFragment) {
      this.#findTransport();
    }
    return this;
  }

  #findLink(): void {
    this.ethType = -1;
    this.l3 = this.off;
    if (this.linktype === 'ip') {
      const version = this.len > 0 ? this.buf[this.off]! >> 4 : 0;
      this.ethType = version === 4 ? ETH_P_IP : version === 6 ? ETH_P_IPV6 : -1;
      return;
    }
    if (this.len < 14) {
      this.l3 = this.limit;
      return;
    }
    this.eth = this.off;
    let type = this.u16(this.off + 12);
    let at = this.off + 14;
    for (let i = 0; i < MAX_VLAN_TAGS && (type === ETH_P_8021Q || type === ETH_P_8021AD) && at + 4 <= this.limit; i++) {
      this.vlan = this.vlan < 0 ? at : this.vlan;
      type = this.u16(at + 2);
      at += 4;
    }
    this.ethType = type;
    this.l3 = at;
  }

  #findIp(): void {
    const ip = this.l3;
    if (ip + 20 > this.limit || this.buf[ip]! >> 4 !== 4) {
      return;
    }
    const hlen = (this.buf[ip]! & 15) * 4;
    if (hlen < 20 || ip + hlen > this.limit) {
      return;
    }
    this.ip = ip;
    const total = this.u16(ip + 2);
    // 0 is what a NIC with TSO puts there: the length of the frame counts.
    this.l3End = total === 0 ? this.limit : Math.min(this.limit, Math.max(ip + hlen, ip + total));
    const frag = this.u16(ip + 6);
    this.fragment = (frag & 0x3fff) !== 0;
    this.laterFragment = (frag & 0x1fff) !== 0;
    this.proto = this.buf[ip + 9]!;
    this.l4 = ip + hlen;
  }

  #findIpv6(): void {
    const ip = this.l3;
    if (ip + 40 > this.limit || this.buf[ip]! >> 4 !== 6) {
      return;
    }
    this.ipv6 = ip;
    const plen = this.u16(ip + 4);
    this.l3End = plen === 0 ? this.limit : Math.min(this.limit, ip + 40 + plen);
    let next = this.buf[ip + 6]!;
    let at = ip + 40;
    for (let i = 0; i < MAX_EXTENSION_HEADERS && isExtension(next); i++) {
      if (at + 8 > this.l3End) {
        return;
      }
      if (next === IPPROTO_FRAGMENT) {
        this.fragment = true;
        this.laterFragment = (this.u16(at + 2) & 0xfff8) !== 0;
      }
      const size =
        next === IPPROTO_FRAGMENT ? 8 : next === 51 ? (this.buf[at + 1]! + 2) * 4 : (this.buf[at + 1]! + 1) * 8;
      next = this.buf[at]!;
      at += size;
      if (at > this.l3End || this.laterFragment) {
        break;
      }
    }
    if (at <= this.l3End) {
      this.proto = next;
      this.l4 = at;
    }
  }

  #findTransport(): void {
    const at = this.l4;
    const room = this.l3End - at;
    if (this.proto === IPPROTO_TCP && room >= 20) {
      const hlen = (this.buf[at + 12]! >> 4) * 4;
      this.tcp = at;
      this.payload = hlen >= 20 && hlen <= room ? at + hlen : this.l3End;
      this.payloadEnd = this.l3End;
    } else if (this.proto === IPPROTO_UDP && room >= 8) {
      const ulen = this.u16(at + 4);
      this.udp = at;
      this.payload = at + 8;
      this.payloadEnd = ulen >= 8 ? Math.min(this.l3End, at + ulen) : this.l3End;
    } else if (this.proto === IPPROTO_ICMP && this.ip >= 0 && room >= 4) {
      this.icmp = at;
    } else if (this.proto === IPPROTO_ICMPV6 && this.ipv6 >= 0 && room >= 4) {
      this.icmpv6 = at;
    }
  }

  u8(at: number): number {
    return this.buf[at]!;
  }
  u16(at: number): number {
    return (this.buf[at]! << 8) | this.buf[at + 1]!;
  }
  u32(at: number): number {
    return this.u16(at) * 65536 + this.u16(at + 2);
  }
  /** A MAC address as a 48-bit number. */
  mac(at: number): number {
    return this.u16(at) * 0x100000000 + this.u32(at + 2);
  }
  /** A view of `[from, to)`, cut to the packet. */
  bytes(from: number, to: number): Uint8Array {
    return this.buf.subarray(Math.min(from, this.limit), Math.min(Math.max(from, to), this.limit));
  }
  /** Text of `[from, to)`, one character a byte, up to a NUL. */
  ascii(from: number, to: number): string {
    let s = '';
    for (let i = from; i < Math.min(to, this.limit) && this.buf[i] !== 0; i++) {
      s += String.fromCharCode(this.buf[i]!);
    }
    return s;
  }
}

/** IPv6 extension headers: hop-by-hop, routing, fragment, authentication, destination options, mobility. */
export function isExtension(proto: number): boolean {
  return proto === 0 || proto === 43 || proto === IPPROTO_FRAGMENT || proto === 51 || proto === 60 || proto === 135;
}
