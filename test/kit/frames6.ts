/**
 * IPv6 frames for tests: as `frames.ts`, from the guest to the gateway with right lengths and checksums unless options
 * say otherwise.
 */
import { bytes, type Data, join, u16, u32 } from './bytes.ts';
import { eth, fixChecksums, GUEST_MAC, GUEST6, HOST6, HOST6_MAC, type Link } from './frames.ts';

/** Fields of an IPv6 header that may differ from the usual. */
export interface Ip6 extends Link {
  readonly src?: Uint8Array;
  readonly dst?: Uint8Array;
  readonly hops?: number;
  /** Payload length, if it is to lie. */
  readonly len?: number;
  /** The first four bytes: version, traffic class, flow label. */
  readonly head?: number;
  readonly badSum?: boolean;
}

/** An IPv6 packet in its frame. */
export function ip6(next: number, payload: Data, o: Ip6 = {}): Uint8Array {
  const p = bytes(payload);
  const head = join(u32(o.head ?? 0x60000000), u16(p.length), [next, o.hops ?? 64], o.src ?? GUEST6, o.dst ?? HOST6);
  const { mac = GUEST_MAC, to = HOST6_MAC } = o;
  const f = fixChecksums(eth(0x86dd, join(head, p), { mac, to }));
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

/** A UDP datagram; `ulen` is a length that lies. */
export const udp6 = (sport: number, dport: number, data: Data, o: Ip6 & { ulen?: number } = {}): Uint8Array =>
  ip6(17, join(u16(sport), u16(dport), u16(o.ulen ?? 8 + bytes(data).length), [0, 0], data), o);

/** Fields of a TCP segment that may differ from the usual. */
export interface Tcp6 extends Ip6 {
  readonly win?: number;
  readonly opt?: Data;
  readonly data?: Data;
}

/** A TCP segment. */
export function tcp6(sport: number, dport: number, flags: number, seq: number, ack: number, o: Tcp6 = {}): Uint8Array {
  const opt = bytes(o.opt ?? []);
  const head = [...u16(sport), ...u16(dport), ...u32(seq), ...u32(ack), (5 + opt.length / 4) << 4, flags];
  return ip6(6, join(head, u16(o.win ?? 65535), [0, 0, 0, 0], opt, o.data ?? []), o);
}

/** The solicited-node multicast address of another (RFC 4291, section 2.7.1). */
export const solicitedNode = (a: Uint8Array): Uint8Array =>
  join([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff], a.subarray(13));

/** A neighbor solicitation. */
export const ns = (target: Uint8Array, o: Ip6 & { opt?: Data; code?: number } = {}): Uint8Array =>
  icmp6(135, o.code ?? 0, join([0, 0, 0, 0], target, o.opt ?? [1, 1, ...GUEST_MAC]), {
    dst: solicitedNode(target),
    hops: 255,
    ...o,
  });

/** The guest asks for the gateway, which makes its own address known. */
export const solicit = (): Uint8Array => ns(HOST6);
