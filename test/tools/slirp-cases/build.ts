/** Building the captures of replay cases: frames of a guest with any field wrong, at times in milliseconds. */
import { fixChecksums, GUEST_IP, GUEST_MAC, HOST_IP, HOST_MAC } from '../../slirp/frames.ts';
import { addr6, GUEST6, HOST6 } from '../../slirp/frames6.ts';

export { addr6, GUEST_IP, GUEST_MAC, GUEST6, HOST_IP, HOST_MAC, HOST6 };
export const DNS_IP = 0x0a000203;
export const LOOPBACK = 0x7f000001;
export const BROADCAST = 0xffffffff;

/** A case: the guest's frames with their times in milliseconds, and the options of the replay. */
export interface Case {
  readonly name: string;
  readonly opts: string;
  readonly desc: string;
  readonly frames: { ms: number; data: Uint8Array }[];
}

/** Collects the frames of one case. */
export class Capture {
  readonly frames: { ms: number; data: Uint8Array }[] = [];
  /** Time of the next frame, and how far each one moves it. */
  ms = 0;
  step = 1;

  /** Adds frames, one after the other. */
  send(...frames: Uint8Array[]): this {
    for (const data of frames) {
      this.frames.push({ ms: this.ms, data });
      this.ms += this.step;
    }
    return this;
  }
  /** Lets time pass. */
  wait(ms: number): this {
    this.ms += ms;
    return this;
  }
}

/** The cases of one file. */
export class Cases {
  readonly all: Case[] = [];
  add(name: string, opts: string, desc: string, fill: (c: Capture) => void): void {
    const c = new Capture();
    fill(c);
    this.all.push({ name, opts, desc, frames: c.frames });
  }
}

/** A small generator with a fixed seed, so that every run makes the same captures. */
export class Random {
  #x: number;
  constructor(seed: number) {
    this.#x = (Math.imul(seed, 0x9e3779b1) | 1) ^ 0x5bd1e995;
  }
  next(n: number): number {
    this.#x ^= this.#x << 13;
    this.#x ^= this.#x >>> 17;
    this.#x ^= this.#x << 5;
    return (this.#x >>> 0) % n;
  }
  pick<T>(list: readonly T[]): T {
    return list[this.next(list.length)]!;
  }
}

/** Text, numbers of one byte each, or bytes as bytes. */
export type Data = string | readonly number[] | Uint8Array;
export const bytes = (d: Data): Uint8Array => (typeof d === 'string' ? Buffer.from(d, 'latin1') : Uint8Array.from(d));

/** `n` bytes of a pattern in which a missing or doubled piece shows. */
export const pattern = (n: number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => (i * 7 + (i >> 8)) & 255);

/** The parts one behind the other. */
export const join = (...parts: Data[]): Uint8Array => Uint8Array.from(Buffer.concat(parts.map(bytes)));

export const u16 = (v: number): number[] => [(v >>> 8) & 255, v & 255];
export const u32 = (v: number): number[] => [...u16(v >>> 16), ...u16(v & 0xffff)];

/** An IPv4 address from dotted notation. */
export const ip = (text: string): number => text.split('.').reduce((a, b) => a * 256 + Number(b), 0);

/** A MAC address of one of several guests. */
export const mac = (last: number): number[] => [0x52, 0x54, 0, 0x12, 0x34, last];

/** An Ethernet frame of any type. */
export const eth = (type: number, payload: Data, src: readonly number[] = GUEST_MAC): Uint8Array =>
  join(HOST_MAC, src, u16(type), payload);

/** Fields of an IPv4 header that may differ from the usual. */
export interface Ip4 {
  readonly src?: number;
  readonly dst?: number;
  readonly mac?: readonly number[];
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
  /** Bytes behind the packet. */
  readonly pad?: Data;
  /** True: the protocol's checksum is left as it is. */
  readonly raw?: boolean;
}

/** An IPv4 packet in its frame. */
export function ip4(proto: number, payload: Data, o: Ip4 = {}): Uint8Array {
  const options = bytes(o.options ?? []);
  const p = bytes(payload);
  const hlen = 20 + options.length;
  const head = join(
    [0x40 | (hlen >> 2), o.tos ?? 0],
    u16(hlen + p.length),
    u16(o.id ?? 0),
    u16(o.frag ?? 0),
    [o.ttl ?? 64, proto, 0, 0],
    u32(o.src ?? GUEST_IP),
    u32(o.dst ?? HOST_IP),
    options,
  );
  const kept = p.slice();
  const f = fixChecksums(eth(0x0800, join(head, p), o.mac));
  if (o.raw) {
    f.set(kept, 14 + hlen);
  }
  if (o.badSum) {
    const at = 14 + hlen + (proto === 6 ? 16 : proto === 17 ? 6 : 2);
    f[at]! ^= 0x55;
  }
  if (o.len !== undefined) {
    f.set(u16(o.len), 16);
  }
  if (o.vhl !== undefined) {
    f[14] = o.vhl;
  }
  if (o.len !== undefined || o.vhl !== undefined || o.badIp) {
    ipSum(f, o.badIp ? 0x1234 : 0);
  }
  return join(f, o.pad ?? []);
}

/** Fills in the IP checksum over the header length that the packet claims. */
function ipSum(f: Uint8Array, wrong: number): void {
  f.set([0, 0], 24);
  let s = 0;
  for (let i = 14; i < Math.min(f.length, 14 + (f[14]! & 15) * 4); i += 2) {
    s += f[i]! * 256 + (f[i + 1] ?? 0);
  }
  s = (s & 0xffff) + (s >>> 16);
  s = (s & 0xffff) + (s >>> 16);
  f.set(u16((~s & 0xffff) ^ wrong), 24);
}

/** A UDP datagram; `len` is its length field if it is to lie, `zero` leaves the checksum out. */
export function udp(
  sport: number,
  dport: number,
  data: Data,
  o: Ip4 & { ulen?: number; zero?: boolean } = {},
): Uint8Array {
  const d = bytes(data);
  const p = join(u16(sport), u16(dport), u16(o.ulen ?? 8 + d.length), [0, 0], d);
  return ip4(17, p, o.zero ? { ...o, raw: true } : o);
}

/** An ICMP message: type, code, the four bytes behind the checksum, data. */
export const icmp = (type: number, code: number, rest: Data, data: Data, o: Ip4 = {}): Uint8Array =>
  ip4(1, join([type, code, 0, 0], rest, data), o);

/** An echo request. */
export const ping = (dst: number, o: Ip4 & { seq?: number; data?: Data } = {}): Uint8Array =>
  icmp(8, 0, [0x12, 0x34, ...u16(o.seq ?? 1)], o.data ?? 'abcdefgh', { ...o, dst });

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

/** The payload of a UDP datagram to the gateway with its checksum, to be cut into fragments. */
export const udpPayload = (sport: number, dport: number, data: Data, o: Ip4 = {}): Uint8Array =>
  udp(sport, dport, data, o).subarray(34);

export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const PSH = 8;
export const ACK = 16;
export const URG = 32;

/** Fields of a TCP segment that may differ from the usual. */
export interface Tcp extends Ip4 {
  readonly win?: number;
  readonly urp?: number;
  readonly opt?: Data;
  readonly off?: number;
  readonly data?: Data;
}

/** A TCP segment. */
export function tcp(sport: number, dport: number, flags: number, seq: number, ack: number, o: Tcp = {}): Uint8Array {
  const opt = bytes(o.opt ?? []);
  const off = o.off ?? (20 + opt.length) / 4;
  const head = [...u16(sport), ...u16(dport), ...u32(seq), ...u32(ack), off << 4, flags, ...u16(o.win ?? 65535)];
  return ip4(6, join(head, [0, 0], u16(o.urp ?? 0), opt, o.data ?? []), o);
}

/** The option that offers a maximum segment size. */
export const mss = (n: number): number[] => [2, 4, ...u16(n)];

/** A guest's end of a connection: counts sequence numbers. Its first acknowledgement means slirp's initial number + 1. */
export class Conn {
  seq: number;
  ack = 5001;
  readonly c: Capture;
  readonly sport: number;
  readonly dport: number;
  readonly o: Tcp;
  constructor(c: Capture, sport: number, dport: number, o: Tcp = {}, isn = 1000) {
    this.c = c;
    this.sport = sport;
    this.dport = dport;
    this.o = o;
    this.seq = isn;
  }
  /** A segment at the next sequence number, or `by` behind it; counts nothing. */
  raw(flags: number, o: Tcp = {}, by = 0, ackBy = 0): this {
    const ack = flags & ACK ? this.ack + ackBy : 0;
    this.c.send(tcp(this.sport, this.dport, flags, (this.seq + by) >>> 0, ack >>> 0, { ...this.o, ...o }));
    return this;
  }
  /** SYN and the ACK of the SYN-ACK. */
  open(o: Tcp = {}): this {
    return this.syn(o).raw(ACK);
  }
  syn(o: Tcp = {}): this {
    this.raw(SYN, { opt: mss(1460), ...o });
    this.seq = (this.seq + 1) >>> 0;
    return this;
  }
  /** SYN-ACK of a forwarded connection whose SYN came. */
  accept(o: Tcp = {}): this {
    this.raw(SYN | ACK, { opt: mss(1460), ...o });
    this.seq = (this.seq + 1) >>> 0;
    return this;
  }
  data(d: Data, flags: number = PSH | ACK, o: Tcp = {}): this {
    this.raw(flags, { ...o, data: d });
    this.seq = (this.seq + bytes(d).length) >>> 0;
    return this;
  }
  fin(o: Tcp = {}): this {
    this.raw(FIN | ACK, o);
    this.seq = (this.seq + 1) >>> 0;
    return this;
  }
  /** Acknowledges `n` more bytes. */
  acks(n: number, o: Tcp = {}): this {
    this.ack = (this.ack + n) >>> 0;
    return this.raw(ACK, o);
  }
  /** Lets time pass. */
  wait(ms: number): this {
    this.c.wait(ms);
    return this;
  }
  /** Counts `n` bytes of slirp's as received, without a segment. */
  got(n: number): this {
    this.ack = (this.ack + n) >>> 0;
    return this;
  }
}

/** An ARP packet. */
export const arp = (
  op: number,
  sip: number,
  tip: number,
  o: { sha?: readonly number[]; tha?: readonly number[]; head?: Data } = {},
): Uint8Array =>
  join(
    [255, 255, 255, 255, 255, 255],
    o.sha ?? GUEST_MAC,
    u16(0x0806),
    o.head ?? [0, 1, 8, 0, 6, 4],
    u16(op),
    o.sha ?? GUEST_MAC,
    u32(sip),
    o.tha ?? [0, 0, 0, 0, 0, 0],
    u32(tip),
  );
/** The guest makes its address known. */
export const hello = (sip: number = GUEST_IP, m: readonly number[] = GUEST_MAC): Uint8Array =>
  arp(1, sip, HOST_IP, { sha: m });

/** Fields of an IPv6 header that may differ from the usual. */
export interface Ip6 {
  readonly src?: Uint8Array;
  readonly dst?: Uint8Array;
  readonly hops?: number;
  readonly len?: number;
  readonly head?: number;
  readonly badSum?: boolean;
  readonly mac?: readonly number[];
  readonly pad?: Data;
}

/** An IPv6 packet in its frame. */
export function ip6(next: number, payload: Data, o: Ip6 = {}): Uint8Array {
  const p = bytes(payload);
  const head = join(u32(o.head ?? 0x60000000), u16(p.length), [next, o.hops ?? 64], o.src ?? GUEST6, o.dst ?? HOST6);
  const f = fixChecksums(join([0x52, 0x56, 0, 0, 0, 2], o.mac ?? GUEST_MAC, u16(0x86dd), head, p));
  if (o.badSum) {
    f[54 + (next === 6 ? 16 : next === 17 ? 6 : 2)]! ^= 0x55;
  }
  if (o.len !== undefined) {
    f.set(u16(o.len), 18);
  }
  return join(f, o.pad ?? []);
}

/** An ICMPv6 message. */
export const icmp6 = (type: number, code: number, body: Data, o: Ip6 = {}): Uint8Array =>
  ip6(58, join([type, code, 0, 0], body), o);

/** A UDP datagram over IPv6. */
export const udp6 = (sport: number, dport: number, data: Data, o: Ip6 & { ulen?: number } = {}): Uint8Array =>
  ip6(17, join(u16(sport), u16(dport), u16(o.ulen ?? 8 + bytes(data).length), [0, 0], data), o);

/** A TCP segment over IPv6. */
export const tcp6 = (
  sport: number,
  dport: number,
  flags: number,
  seq: number,
  ack: number,
  o: Ip6 & { win?: number; opt?: Data; data?: Data } = {},
): Uint8Array => {
  const opt = bytes(o.opt ?? []);
  const head = [...u16(sport), ...u16(dport), ...u32(seq), ...u32(ack), (5 + opt.length / 4) << 4, flags];
  return ip6(6, join(head, u16(o.win ?? 65535), [0, 0, 0, 0], opt, o.data ?? []), o);
};

/** An address whose last four bytes are the solicited-node multicast of another. */
export const solicitedNode = (a: Uint8Array): Uint8Array =>
  join([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff], a.subarray(13));

/** A neighbor solicitation. */
export const ns = (target: Uint8Array, o: Ip6 & { opt?: Data; code?: number } = {}): Uint8Array =>
  icmp6(135, o.code ?? 0, join([0, 0, 0, 0], target, o.opt ?? [1, 1, ...GUEST_MAC]), {
    dst: solicitedNode(target),
    hops: 255,
    ...o,
  });
