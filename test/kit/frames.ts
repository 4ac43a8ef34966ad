/**
 * Ethernet frames for tests. Without options they go from the guest to the gateway with right lengths and checksums;
 * an option changes a field, or makes it wrong. Every function returns the whole frame.
 */
import { addr6, bytes, checksum, type Data, join, mac, u16, u32 } from './bytes.ts';

export { addr6, bytes, checksum, type Data, hex, ip, join, mac, pattern, u16, u32 } from './bytes.ts';

/** The guest and the gateway. */
export const GUEST_MAC: readonly number[] = mac(0x56);
export const HOST_MAC: readonly number[] = [0x52, 0x55, 10, 0, 2, 2];
export const GUEST_IP = 0x0a00020f;
export const HOST_IP = 0x0a000202;
export const DNS_IP = 0x0a000203;
export const LOOPBACK = 0x7f000001;
export const BROADCAST = 0xffffffff;
export const BROADCAST_MAC: readonly number[] = [255, 255, 255, 255, 255, 255];
export const GUEST6 = addr6(0xfec0, 0x15);
export const HOST6 = addr6(0xfec0, 2);
/** What the gateway's MAC address is made of its IPv6 one. */
export const HOST6_MAC: readonly number[] = [0x52, 0x56, 0, 0, 0, 2];

/** TCP flags. */
export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const PSH = 8;
export const ACK = 16;
export const URG = 32;

/** Options of the Ethernet header, and bytes behind the packet. */
export interface Link {
  /** MAC address of the sender, and of the receiver. */
  readonly mac?: readonly number[];
  readonly to?: readonly number[];
  /** A VLAN tag with this priority and identifier (IEEE 802.1Q). */
  readonly vlan?: number;
  /** Bytes behind the packet. */
  readonly pad?: Data;
  /** Length that a shorter frame is filled up to with zeroes. */
  readonly min?: number;
}

/** An Ethernet frame of any type. */
export function eth(type: number, payload: Data, o: Link = {}): Uint8Array {
  const tag = o.vlan === undefined ? [] : [...u16(0x8100), ...u16(o.vlan)];
  const f = join(o.to ?? HOST_MAC, o.mac ?? GUEST_MAC, tag, u16(type), payload, o.pad ?? []);
  return f.length < (o.min ?? 0) ? join(f, new Uint8Array(o.min! - f.length)) : f;
}

/** Offset of the checksum in the header of a protocol, or -1. */
const checksumAt = (proto: number): number =>
  [-1, 2, -1, -1, -1, -1, 16][proto] ?? (proto === 17 ? 6 : proto === 58 ? 2 : -1);

/** Makes the checksums of an IPv4 or IPv6 packet right as far as its lengths make sense. */
function fixPacket(p: Uint8Array, v6: boolean): void {
  if (p.length < (v6 ? 40 : 20)) {
    return;
  }
  const hlen = v6 ? 40 : (p[0]! & 15) * 4;
  const total = v6 ? 40 + p[4]! * 256 + p[5]! : p[2]! * 256 + p[3]!;
  if (hlen < 20 || total > p.length || total < hlen) {
    return;
  }
  if (!v6) {
    p.set([0, 0], 10);
    p.set(u16(checksum(p.subarray(0, hlen))), 10);
    if ((p[6]! & 0x3f) !== 0 || p[7] !== 0) {
      return;
    }
  }
  const proto = p[v6 ? 6 : 9]!;
  const at = hlen + checksumAt(proto);
  if (checksumAt(proto) < 0 || at + 2 > total) {
    return;
  }
  const addresses = p.subarray(v6 ? 8 : 12, v6 ? 40 : 20);
  const pseudo = proto === 1 ? [] : join(addresses, u32(total - hlen), [0, proto]);
  p.set([0, 0], at);
  p.set(u16(checksum(pseudo, p.subarray(hlen, total)) || 0xffff), at);
}

/** Makes the checksums of an IPv4 or IPv6 frame right as far as its lengths make sense. Returns it. */
export function fixChecksums(f: Uint8Array): Uint8Array {
  const at = f[12] === 0x81 && f[13] === 0 ? 18 : 14;
  const type = f[at - 2]! * 256 + f[at - 1]!;
  if (f.length > at && (type === 0x0800 || type === 0x86dd)) {
    fixPacket(f.subarray(at), type === 0x86dd);
  }
  return f;
}

/** Fields of an IPv4 header that may differ from the usual. */
export interface Ip4 extends Link {
  readonly src?: number;
  readonly dst?: number;
  readonly ttl?: number;
  readonly tos?: number;
  readonly id?: number;
  /** Flags and fragment offset in 8-byte units, as in the header. */
  readonly frag?: number;
  readonly options?: Data;
  /** Total length, version and header length, if they are to lie. */
  readonly len?: number;
  readonly vhl?: number;
  /** True: the IP checksum is wrong, or the one of the protocol. */
  readonly badIp?: boolean;
  readonly badSum?: boolean;
  /** True: the protocol's checksum is left as it is. */
  readonly raw?: boolean;
}

/** From the gateway to the guest. */
export const TO_GUEST: Ip4 = { src: HOST_IP, dst: GUEST_IP, mac: HOST_MAC, to: GUEST_MAC };

/** An IPv4 packet. */
function ip4Packet(proto: number, payload: Uint8Array, o: Ip4): Uint8Array {
  const options = bytes(o.options ?? []);
  const hlen = 20 + options.length;
  const p = join(
    [0x40 | (hlen >> 2), o.tos ?? 0],
    u16(hlen + payload.length),
    u16(o.id ?? 0),
    u16(o.frag ?? 0),
    [o.ttl ?? 64, proto, 0, 0],
    u32(o.src ?? GUEST_IP),
    u32(o.dst ?? HOST_IP),
    options,
    payload,
  );
  fixPacket(p, false);
  if (o.raw) {
    p.set(payload, hlen);
  }
  if (o.badSum) {
    p[hlen + Math.max(2, checksumAt(proto))]! ^= 0x55;
  }
  if (o.len !== undefined) {
    p.set(u16(o.len), 2);
  }
  p[0] = o.vhl ?? p[0]!;
  if (o.len !== undefined || o.vhl !== undefined || o.badIp) {
    // Over the header length that the packet claims, so that only what is asked for is wrong.
    p.set([0, 0], 10);
    p.set(u16(checksum(p.subarray(0, (p[0]! & 15) * 4)) ^ (o.badIp ? 0x1234 : 0)), 10);
  }
  return p;
}

/** An IPv4 packet in its frame. */
export const ip4 = (proto: number, payload: Data, o: Ip4 = {}): Uint8Array =>
  eth(0x0800, ip4Packet(proto, bytes(payload), o), o);

/** The fragments of a packet with `size` bytes of payload each (a multiple of 8), in order. */
export function fragments(proto: number, payload: Data, size: number, o: Ip4 = {}): Uint8Array[] {
  const p = bytes(payload);
  const out: Uint8Array[] = [];
  for (let at = 0; at < p.length; at += size) {
    const more = at + size < p.length ? 0x2000 : 0;
    out.push(ip4(proto, p.subarray(at, at + size), { ...o, frag: more | (at >> 3), raw: true }));
  }
  return out;
}

/** An ICMP message: type, code, the four bytes behind the checksum, data. */
export const icmp = (type: number, code: number, rest: Data, data: Data, o: Ip4 = {}): Uint8Array =>
  ip4(1, join([type, code, 0, 0], rest, data), o);

/** An echo request. */
export const ping = (dst: number, o: Ip4 & { seq?: number; data?: Data } = {}): Uint8Array =>
  icmp(8, 0, [0x12, 0x34, ...u16(o.seq ?? 1)], o.data ?? 'abcdefgh', { ...o, dst });

/**
 * Fields of a UDP header that may differ from the usual: `ulen` is a length that lies, `zero` leaves the checksum out.
 */
export interface Udp extends Ip4 {
  readonly ulen?: number;
  readonly zero?: boolean;
}

/** A UDP datagram. */
export function udp(sport: number, dport: number, data: Data, o: Udp = {}): Uint8Array {
  const d = bytes(data);
  const p = join(u16(sport), u16(dport), u16(o.ulen ?? 8 + d.length), [0, 0], d);
  return ip4(17, p, o.zero ? { ...o, raw: true } : o);
}

/** The payload of a UDP datagram with its checksum, to be cut into fragments. */
export const udpPayload = (sport: number, dport: number, data: Data, o: Udp = {}): Uint8Array =>
  udp(sport, dport, data, o).subarray(34);

/** Fields of a TCP segment that may differ from the usual. */
export interface Tcp extends Ip4 {
  readonly win?: number;
  readonly urp?: number;
  readonly opt?: Data;
  /** Length of the header in words, if it is to lie. */
  readonly off?: number;
  readonly data?: Data;
}

/** A TCP header and data, without a checksum. */
function tcpPacket(sport: number, dport: number, flags: number, seq: number, ack: number, o: Tcp): Uint8Array {
  const opt = bytes(o.opt ?? []);
  const off = o.off ?? (20 + opt.length) / 4;
  const head = [...u16(sport), ...u16(dport), ...u32(seq), ...u32(ack), off << 4, flags, ...u16(o.win ?? 65535)];
  return join(head, [0, 0], u16(o.urp ?? 0), opt, o.data ?? []);
}

/** A TCP segment. */
export const tcp = (sport: number, dport: number, flags: number, seq: number, ack: number, o: Tcp = {}): Uint8Array =>
  ip4(6, tcpPacket(sport, dport, flags, seq, ack, o), o);

/** A TCP segment's ports and numbers by name. */
export interface Segment extends Tcp {
  readonly sport: number;
  readonly dport: number;
  readonly seq: number;
  readonly ack?: number;
  readonly flags: number;
}

/** A TCP segment, its fields by name. */
export const tcpFrame = (s: Segment): Uint8Array => tcp(s.sport, s.dport, s.flags, s.seq, s.ack ?? 0, s);

/** The option that offers a maximum segment size. */
export const mss = (n: number): number[] => [2, 4, ...u16(n)];

/** Fields of an ARP packet that may differ from the usual. */
export interface Arp {
  readonly sha?: readonly number[];
  readonly tha?: readonly number[];
  readonly to?: readonly number[];
  /** Hardware and protocol types and lengths. */
  readonly head?: Data;
  readonly min?: number;
}

/** An ARP packet, to all unless `to` says to whom: operation, addresses of sender and target. */
export function arp(op: number, sip: number, tip: number, o: Arp = {}): Uint8Array {
  const sha = o.sha ?? GUEST_MAC;
  const p = join(o.head ?? [0, 1, 8, 0, 6, 4], u16(op), sha, u32(sip), o.tha ?? new Uint8Array(6), u32(tip));
  return eth(0x0806, p, { mac: sha, to: o.to ?? BROADCAST_MAC, min: o.min ?? 0 });
}

/** The guest makes its address known, and is answered by nobody. */
export const announce = (): Uint8Array => arp(1, GUEST_IP, GUEST_IP);

/** The guest makes its address known by asking for the gateway's. */
export const hello = (sip: number = GUEST_IP, m: readonly number[] = GUEST_MAC): Uint8Array =>
  arp(1, sip, HOST_IP, { sha: m });

/** Fields of a DHCP message that may differ from a plain request's. */
export interface Bootp {
  readonly op?: number;
  readonly htype?: number;
  readonly hlen?: number;
  readonly hops?: number;
  readonly xid?: number;
  readonly flags?: number;
  readonly ciaddr?: number;
  readonly yiaddr?: number;
  readonly siaddr?: number;
  readonly giaddr?: number;
  readonly mac?: readonly number[];
  readonly dst?: number;
  readonly src?: number;
  readonly sport?: number;
  readonly cookie?: Data;
  /** Length at which it is cut. */
  readonly cut?: number;
}

/** A BOOTP message with options behind the cookie. */
export function bootp(options: Data, o: Bootp = {}): Uint8Array {
  const m = o.mac ?? GUEST_MAC;
  const fixed = join(
    [o.op ?? 1, o.htype ?? 1, o.hlen ?? 6, o.hops ?? 0],
    u32(o.xid ?? 0x11223344),
    [0, 3],
    u16(o.flags ?? 0x8000),
    u32(o.ciaddr ?? 0),
    u32(o.yiaddr ?? 0),
    u32(o.siaddr ?? 0),
    u32(o.giaddr ?? 0),
    m,
    new Uint8Array(10 + 64 + 128),
  );
  const all = join(fixed, o.cookie ?? [0x63, 0x82, 0x53, 0x63], options);
  const { src = 0, dst = BROADCAST } = o;
  return udp(o.sport ?? 68, 67, all.subarray(0, o.cut ?? all.length), { src, dst, mac: m });
}

/** A DHCP message of a type, with more options and an end. */
export const dhcp = (type: number, more: Data = [], o: Bootp = {}): Uint8Array =>
  bootp(join([53, 1, type], more, [255]), o);

/** A DNS question's payload: one name, class IN. */
export function dnsQuestion(name: string, type = 1, id = 0x1234): Uint8Array {
  const labels = name.split('.').map((label) => join([label.length], label));
  return join(u16(id), [1, 0, 0, 1, 0, 0, 0, 0, 0, 0], ...labels, [0], u16(type), [0, 1]);
}

/** A DNS question to the name server. */
export const dns = (name: string, type = 1, o: Udp & { sport?: number; id?: number } = {}): Uint8Array =>
  udp(o.sport ?? 40000, 53, dnsQuestion(name, type, o.id), { dst: DNS_IP, ...o });
