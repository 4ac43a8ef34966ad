/** Building guest frames for tests. */

/** The guest's MAC address and slirp's. */
export const GUEST_MAC: readonly number[] = [0x52, 0x54, 0, 0x12, 0x34, 0x56];
export const HOST_MAC: readonly number[] = [0x52, 0x55, 10, 0, 2, 2];
export const GUEST_IP = 0x0a00020f;
export const HOST_IP = 0x0a000202;

function sum(b: Uint8Array, from: number, to: number, start: number): number {
  let s = start;
  for (let i = from; i < to; i += 2) {
    s += b[i]! * 256 + (i + 1 < to ? b[i + 1]! : 0);
  }
  return s;
}

function fold(s: number): number {
  let v = s;
  while (v > 0xffff) {
    v = (v & 0xffff) + Math.floor(v / 65536);
  }
  return ~v & 0xffff;
}

function put16(b: Uint8Array, o: number, v: number): void {
  b[o] = v >>> 8;
  b[o + 1] = v;
}

function put32(b: Uint8Array, o: number, v: number): void {
  put16(b, o, v >>> 16);
  put16(b, o + 2, v & 0xffff);
}

/** Offset of the checksum in the header of a protocol, or -1. */
function checksumAt(proto: number): number {
  return proto === 6 ? 16 : proto === 17 ? 6 : proto === 1 || proto === 58 ? 2 : -1;
}

/** Makes the checksums of an IPv4 or IPv6 frame right as far as its lengths make sense. Returns it. */
export function fixChecksums(f: Uint8Array): Uint8Array {
  const v6 = f[12] === 0x86 && f[13] === 0xdd;
  if (f.length < (v6 ? 54 : 34) || (!v6 && (f[12] !== 8 || f[13] !== 0))) {
    return f;
  }
  const hl = v6 ? 40 : (f[14]! & 15) * 4;
  const total = v6 ? 40 + f[18]! * 256 + f[19]! : f[16]! * 256 + f[17]!;
  const end = 14 + total;
  if (hl < 20 || end > f.length || total < hl) {
    return f;
  }
  if (!v6) {
    put16(f, 24, 0);
    put16(f, 24, fold(sum(f, 14, 14 + hl, 0)));
    if ((f[20]! & 0x3f) !== 0 || f[21] !== 0) {
      return f;
    }
  }
  const proto = f[v6 ? 20 : 23]!;
  const at = 14 + hl + checksumAt(proto);
  if (checksumAt(proto) < 0 || at + 2 > end) {
    return f;
  }
  const pseudo = proto === 1 ? 0 : sum(f, v6 ? 22 : 26, v6 ? 54 : 34, proto + total - hl);
  put16(f, at, 0);
  put16(f, at, fold(sum(f, 14 + hl, end, pseudo)) || 0xffff);
  return f;
}

/** An IPv4 frame of the guest to `dst`. */
export function ipFrame(proto: number, payload: Uint8Array, dst: number = HOST_IP, src: number = GUEST_IP): Uint8Array {
  const f = new Uint8Array(34 + payload.length);
  f.set(HOST_MAC, 0);
  f.set(GUEST_MAC, 6);
  put16(f, 12, 0x0800);
  f[14] = 0x45;
  put16(f, 16, 20 + payload.length);
  f[22] = 64;
  f[23] = proto;
  put32(f, 26, src);
  put32(f, 30, dst);
  f.set(payload, 34);
  return fixChecksums(f);
}

/** A UDP frame of the guest. */
export function udpFrame(sport: number, dport: number, data: Uint8Array, dst: number = HOST_IP): Uint8Array {
  const p = new Uint8Array(8 + data.length);
  put16(p, 0, sport);
  put16(p, 2, dport);
  put16(p, 4, p.length);
  p.set(data, 8);
  return ipFrame(17, p, dst);
}

/** Fields of a TCP segment. */
export interface Segment {
  readonly sport: number;
  readonly dport: number;
  readonly seq: number;
  readonly ack?: number;
  readonly flags: number;
  readonly win?: number;
  readonly urp?: number;
  readonly options?: Uint8Array;
  readonly data?: Uint8Array;
  readonly dst?: number;
}

/** A TCP frame of the guest. */
export function tcpFrame(s: Segment): Uint8Array {
  const options = s.options ?? new Uint8Array(0);
  const data = s.data ?? new Uint8Array(0);
  const p = new Uint8Array(20 + options.length + data.length);
  put16(p, 0, s.sport);
  put16(p, 2, s.dport);
  put32(p, 4, s.seq);
  put32(p, 8, s.ack ?? 0);
  p[12] = ((20 + options.length) / 4) << 4;
  p[13] = s.flags;
  put16(p, 14, s.win ?? 65535);
  put16(p, 18, s.urp ?? 0);
  p.set(options, 20);
  p.set(data, 20 + options.length);
  return ipFrame(6, p, s.dst);
}

/** An ARP request of the guest for `target`. */
export function arpFrame(target: number, sender: number = GUEST_IP): Uint8Array {
  const f = new Uint8Array(42);
  f.fill(0xff, 0, 6);
  f.set(GUEST_MAC, 6);
  f.set([8, 6, 0, 1, 8, 0, 6, 4, 0, 1], 12);
  f.set(GUEST_MAC, 22);
  put32(f, 28, sender);
  put32(f, 38, target);
  return f;
}
