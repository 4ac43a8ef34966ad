/**
 * What a frame holds, for assertions. It stands on RFCs alone and shares no code with `adapter`, so that it can be an
 * oracle for it; nor with `frames.ts`, but for the checksum's arithmetic.
 */
import { checksum } from './bytes.ts';

export interface Arp {
  readonly op: number;
  readonly sha: Buffer;
  readonly sip: Buffer;
  readonly tha: Buffer;
  readonly tip: Buffer;
}

/** An IPv4 or IPv6 header. */
export interface Ip {
  readonly version: 4 | 6;
  readonly src: Buffer;
  readonly dst: Buffer;
  readonly tos: number;
  /** Length of header and payload. */
  readonly len: number;
  readonly id: number;
  /** IPv4's flags and fragment offset, as in the header. */
  readonly frag: number;
  /** Time to live, or hop limit. */
  readonly ttl: number;
  readonly proto: number;
  /** The header's checksum is right; IPv6 has none. */
  readonly ok: boolean;
  /** Neither fragmented nor the first of fragments: the transport header is there. */
  readonly first: boolean;
  /** Not fragmented: the transport checksum can be looked at. */
  readonly whole: boolean;
  readonly payload: Buffer;
}

/** A transport header: `ok` says that its checksum is right, or absent where it may be. */
interface Transport {
  readonly ok: boolean;
  readonly data: Buffer;
}

export interface Icmp extends Transport {
  readonly type: number;
  readonly code: number;
  /** The four bytes behind the checksum. */
  readonly rest: Buffer;
}

export interface Udp extends Transport {
  readonly sport: number;
  readonly dport: number;
  readonly len: number;
  readonly sum: number;
}

export interface Tcp extends Transport {
  readonly sport: number;
  readonly dport: number;
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  readonly win: number;
  readonly urp: number;
  readonly options: Buffer;
}

/** A frame's layers; those that it does not have are absent. */
export interface Decoded {
  readonly dst: Buffer;
  readonly src: Buffer;
  /** The EtherType, behind a VLAN tag if there is one. */
  readonly type: number;
  readonly vlan?: number;
  /** What is behind the Ethernet header. */
  readonly payload: Buffer;
  readonly arp?: Arp;
  readonly ip?: Ip;
  readonly icmp?: Icmp;
  readonly udp?: Udp;
  readonly tcp?: Tcp;
  /** All checksums that are there are right. */
  readonly ok: boolean;
}

const FLAGS = 'FSRPAU';

/** The letters of TCP flags, such as `SA`. */
export const flagNames = (flags: number): string => [...FLAGS].filter((_, i) => (flags >> i) & 1).join('');

/** TCP flags of their letters. */
export const flagBits = (names: string): number => [...names].reduce((n, f) => n | (1 << FLAGS.indexOf(f)), 0);

/** Notations of addresses. */
export const dotted = (b: Uint8Array): string => b.join('.');
export const colons = (b: Uint8Array): string =>
  Buffer.from(b)
    .toString('hex')
    .replace(/..(?!$)/g, '$&:');

function arpOf(b: Buffer): Arp {
  const [sha, sip, tha, tip] = [b.subarray(8, 14), b.subarray(14, 18), b.subarray(18, 24), b.subarray(24, 28)];
  return { op: b.readUInt16BE(6), sha, sip, tha, tip };
}

function ip4Of(b: Buffer): Ip {
  const hlen = (b[0]! & 15) * 4;
  const frag = b.readUInt16BE(6);
  const len = b.readUInt16BE(2);
  return {
    version: 4,
    src: b.subarray(12, 16),
    dst: b.subarray(16, 20),
    tos: b[1]!,
    len,
    id: b.readUInt16BE(4),
    frag,
    ttl: b[8]!,
    proto: b[9]!,
    ok: checksum(b.subarray(0, hlen)) === 0,
    first: (frag & 0x1fff) === 0,
    whole: (frag & 0x3fff) === 0,
    payload: b.subarray(hlen, len),
  };
}

function ip6Of(b: Buffer): Ip {
  const len = 40 + b.readUInt16BE(4);
  return {
    version: 6,
    src: b.subarray(8, 24),
    dst: b.subarray(24, 40),
    tos: (b.readUInt16BE(0) >> 4) & 255,
    len,
    id: 0,
    frag: 0,
    ttl: b[7]!,
    proto: b[6]!,
    ok: true,
    first: true,
    whole: true,
    payload: b.subarray(40, len),
  };
}

/** The transport layer; nothing if it is cut short or not known. */
function transportOf(ip: Ip): Pick<Decoded, 'icmp' | 'udp' | 'tcp'> {
  const b = ip.payload;
  // Both pseudo headers sum up the same: addresses, protocol, length (RFC 9293, section 3.1; RFC 8200, section 8.1).
  const right = (pseudo: boolean): boolean => {
    const n = Buffer.of(0, ip.proto, b.length >> 8, b.length & 255);
    return !ip.whole || checksum(pseudo ? Buffer.concat([ip.src, ip.dst, n, b]) : b) === 0;
  };
  if (ip.proto === 6 && b.length >= 20) {
    const off = (b[12]! >> 4) * 4;
    const [sport, dport, seq, ack] = [b.readUInt16BE(0), b.readUInt16BE(2), b.readUInt32BE(4), b.readUInt32BE(8)];
    const [win, urp, options, data] = [b.readUInt16BE(14), b.readUInt16BE(18), b.subarray(20, off), b.subarray(off)];
    return { tcp: { sport, dport, seq, ack, flags: b[13]!, win, urp, options, data, ok: right(true) } };
  }
  if (ip.proto === 17 && b.length >= 8) {
    const [sport, dport, len, sum] = [0, 2, 4, 6].map((at) => b.readUInt16BE(at)) as [number, number, number, number];
    return { udp: { sport, dport, len, sum, data: b.subarray(8, len), ok: sum === 0 || right(true) } };
  }
  if ((ip.proto === 1 || ip.proto === 58) && b.length >= 4) {
    const [rest, data] = [b.subarray(4, 8), b.subarray(8)];
    return { icmp: { type: b[0]!, code: b[1]!, rest, data, ok: right(ip.proto === 58) } };
  }
  return {};
}

/** Decodes a frame of at least an Ethernet header. */
export function decode(frame: Uint8Array): Decoded {
  const f = Buffer.from(frame.buffer, frame.byteOffset, frame.length);
  const tagged = f.readUInt16BE(12) === 0x8100;
  const type = f.readUInt16BE(tagged ? 16 : 12);
  const payload = f.subarray(tagged ? 18 : 14);
  const eth = { dst: f.subarray(0, 6), src: f.subarray(6, 12), type, payload, ok: true };
  const base = tagged ? { ...eth, vlan: f.readUInt16BE(14) } : eth;
  if (type === 0x0806 && payload.length >= 28) {
    return { ...base, arp: arpOf(payload) };
  }
  const ip =
    type === 0x0800 && payload.length >= 20
      ? ip4Of(payload)
      : type === 0x86dd && payload.length >= 40
        ? ip6Of(payload)
        : undefined;
  if (ip === undefined) {
    return base;
  }
  const l4 = ip.first ? transportOf(ip) : {};
  const { ok } = l4.tcp ?? l4.udp ?? l4.icmp ?? eth;
  return { ...base, ip, ...l4, ok: ip.ok && ok };
}
