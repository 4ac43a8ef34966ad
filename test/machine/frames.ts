/** Frames of scenarios: built from their descriptions, and decoded to what scenarios match on. */
import { colons, decode, dotted, flagBits, flagNames, type Udp } from '../kit/decode.ts';
import {
  arp,
  BROADCAST_MAC,
  bytes,
  checksum,
  dhcp,
  dnsQuestion,
  hex,
  type Ip4,
  icmp,
  ip,
  join,
  mss,
  tcp,
  u16,
  u32,
  udp,
} from '../kit/frames.ts';
import type { Json } from './scenario.ts';

export type Dict = { readonly [key: string]: Json };

/** What the scenario says of the guest. */
export interface Me {
  readonly mac: string;
  readonly ip: string;
  readonly gw_mac: string;
}

const mac = (s: string): number[] => [...hex(s.replaceAll(':', ''))];
const num = (d: Dict, key: string, fallback: number): number => Number(d[key] ?? fallback);
const str = (d: Dict, key: string, fallback: string): string => String(d[key] ?? fallback);

export function payloadOf(d: Dict): Buffer {
  if (d['hex'] !== undefined) {
    return Buffer.from(String(d['hex']), 'hex');
  }
  if (d['text'] !== undefined) {
    return Buffer.from(String(d['text']));
  }
  return Buffer.from(Array.from({ length: Number(d['fill'] ?? 0) }, (_, i) => i & 0xff));
}

/** The options of a DHCP message, behind its type. */
function dhcpOptions(d: Dict): Uint8Array {
  const address = (code: number, key: string): number[] =>
    d[key] === undefined ? [] : [code, 4, ...u32(ip(str(d, key, '')))];
  const name = str(d, 'hostname', '');
  const host = d['hostname'] === undefined ? [] : join([12, name.length], name);
  return join(address(50, 'request'), address(54, 'server'), host, hex('37040103060f'));
}

/**
 * What the driver leaves to the device: the checksum starts as the sum of the pseudo header, and nothing else is filled
 * in.
 */
function seeded(f: Uint8Array, proto: number, tso: boolean): Uint8Array {
  const length = f.length - 34;
  const seed = ~checksum(f.subarray(26, 34), [0, proto], u16(tso ? 0 : length)) & 0xffff;
  f.set(u16(seed), 34 + (proto === 6 ? 16 : 6));
  f.set([0, 0], 24);
  if (tso) {
    f.set([0, 0], 16);
  }
  return f;
}

/** The frame of a TCP segment. */
function tcpOf(d: Dict, o: Ip4): Uint8Array {
  const options = join(hex(str(d, 'options', '')), d['mss'] === undefined ? [] : mss(num(d, 'mss', 0)));
  const opt = join(options, new Uint8Array(-options.length & 3));
  const flags = flagBits(str(d, 'flags', 'A'));
  const [seq, ack] = [num(d, 'seq', 0) >>> 0, num(d, 'ack', 0) >>> 0];
  const f = tcp(num(d, 'sport', 0), num(d, 'dport', 0), flags, seq, ack, {
    ...o,
    opt,
    win: num(d, 'win', 0xffff),
    data: payloadOf(d),
  });
  if (d['force_csum'] !== undefined) {
    f.set(u16(num(d, 'force_csum', 0)), 50);
  }
  return d['seed'] ? seeded(f, 6, d['seed'] === 'tso') : f;
}

/** The frame of a datagram: of data, of a DNS question or a DHCP message. */
function udpOf(kind: string, d: Dict, o: Ip4): Uint8Array {
  if (kind === 'dhcp') {
    const message = dhcp(num(d, 'msg', 1), dhcpOptions(d), {
      xid: num(d, 'xid', 0xdeadbeef),
      flags: num(d, 'flags', 0),
      ciaddr: ip(str(d, 'ciaddr', '0.0.0.0')),
      mac: o.mac ?? [],
    }).slice(42);
    // The kit's message says that three seconds have passed.
    message.set([0, 0], 8);
    const data = join(message, new Uint8Array(Math.max(0, 300 - message.length)));
    const addresses = { src: ip(str(d, 'sip', '0.0.0.0')), dst: ip(str(d, 'dip', '255.255.255.255')) };
    return udp(68, 67, data, { ...o, ...addresses, to: BROADCAST_MAC });
  }
  const sport = num(d, 'sport', 40000);
  if (kind === 'dns') {
    const question = dnsQuestion(str(d, 'name', ''), num(d, 'qtype', 1), num(d, 'id', 0x1234));
    return udp(sport, 53, question, { ...o, dst: ip(str(d, 'dip', '10.0.2.3')) });
  }
  const f = udp(sport, num(d, 'dport', 7), payloadOf(d), { ...o, zero: Boolean(d['nocsum']) });
  return d['seed'] ? seeded(f, 17, false) : f;
}

/** The frame that `spec` describes: one of arp, icmp_echo, udp, tcp, dhcp, dns, raw. */
export function build(spec: Dict, me: Me): Buffer {
  const [kind, value] = Object.entries(spec)[0]!;
  if (kind === 'raw') {
    return Buffer.from(String(value), 'hex');
  }
  const d = value as Dict;
  const src = mac(str(d, 'eth_src', me.mac));
  if (kind === 'arp') {
    const to = mac(str(d, 'eth_dst', 'ff:ff:ff:ff:ff:ff'));
    const tha = mac(str(d, 'tha', '00:00:00:00:00:00'));
    return Buffer.from(arp(num(d, 'op', 1), ip(str(d, 'sip', me.ip)), ip(str(d, 'tip', '')), { sha: src, tha, to }));
  }
  const o: Ip4 = {
    mac: src,
    to: mac(str(d, 'eth_dst', me.gw_mac)),
    src: ip(str(d, 'sip', me.ip)),
    dst: ip(str(d, 'dip', '10.0.2.2')),
    tos: num(d, 'tos', 0),
    id: num(d, 'ipid', 0),
    frag: num(d, 'frag', 0x4000),
    ttl: num(d, 'ttl', 64),
  };
  switch (kind) {
    case 'icmp_echo': {
      const rest = bytes([...u16(num(d, 'id', 1)), ...u16(num(d, 'seq', 1))]);
      return Buffer.from(icmp(num(d, 'type', 8), 0, rest, payloadOf(d), o));
    }
    case 'tcp':
      return Buffer.from(tcpOf(d, o));
    case 'udp':
    case 'dns':
    case 'dhcp':
      return Buffer.from(udpOf(kind, d, o));
    default:
      throw new Error(`unknown frame kind ${kind}`);
  }
}

/** The options of a DHCP message by their codes, in hexadecimal. */
function optionsOf(b: Buffer): Dict {
  const o: { [key: string]: Json } = {};
  for (let i = 0; i < b.length && b[i] !== 255; i++) {
    if (b[i] !== 0) {
      o[String(b[i])] = b.subarray(i + 2, i + 2 + b[i + 1]!).toString('hex');
      i += 1 + b[i + 1]!;
    }
  }
  return o;
}

function udpFields(u: Udp): Dict {
  const { sport, dport, len, sum } = u;
  const r = { udp: { sport, dport, len, csum: sum, csum_ok: u.ok, data: u.data.toString('hex') } };
  if (sport !== 67 || u.data.length <= 240) {
    return r;
  }
  const [yiaddr, siaddr] = [dotted(u.data.subarray(16, 20)), dotted(u.data.subarray(20, 24))];
  const options = optionsOf(u.data.subarray(240));
  return { ...r, dhcp: { op: u.data[0]!, xid: u.data.readUInt32BE(4), yiaddr, siaddr, options } };
}

/** A frame's fields, enough to match on. */
export function parse(f: Buffer): Dict {
  const { dst, src, type, arp: a, ip: h, tcp: t, udp: u, icmp: i } = decode(f);
  const r = { len: f.length, eth: { dst: colons(dst), src: colons(src), type } };
  if (a) {
    const [sip, tip] = [dotted(a.sip), dotted(a.tip)];
    return { ...r, arp: { op: a.op, sha: colons(a.sha), sip, tha: colons(a.tha), tip } };
  }
  if (h?.version !== 4) {
    return r;
  }
  const { tos, len, id, frag, ttl, proto, ok } = h;
  const all = {
    ...r,
    ip: { tos, len, id, frag, ttl, proto, csum_ok: ok, src: dotted(h.src), dst: dotted(h.dst) },
  };
  if (t) {
    const { sport, dport, seq, ack, win, data } = t;
    const numbers = { sport, dport, seq, ack, flags: flagNames(t.flags), win };
    const options = t.options.toString('hex');
    return { ...all, tcp: { ...numbers, options, len: data.length, data: data.toString('hex'), csum_ok: t.ok } };
  }
  if (i) {
    const ids = { id: i.rest.readUInt16BE(0), seq: i.rest.readUInt16BE(2) };
    return { ...all, icmp: { type: i.type, code: i.code, ...ids, csum_ok: i.ok, data: i.data.toString('hex') } };
  }
  return u ? { ...all, ...udpFields(u) } : all;
}
