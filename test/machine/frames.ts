/** Frames of scenarios: built from their descriptions, and decoded to what scenarios match on. */
import type { Json } from './scenario.ts';

export type Dict = { readonly [key: string]: Json };

/** What the scenario says of the guest. */
export interface Me {
  readonly mac: string;
  readonly ip: string;
  readonly gw_mac: string;
}

const mac = (s: string): Buffer => Buffer.from(s.replaceAll(':', ''), 'hex');
const ip4 = (s: string): Buffer => Buffer.from(s.split('.').map(Number));
const macText = (b: Buffer): string => b.toString('hex').replace(/..(?!$)/g, '$&:');
const ipText = (b: Buffer): string => [...b].join('.');

/** A big-endian packing of numbers: widths in bytes. */
function pack(...fields: readonly (readonly [value: number, width: number])[]): Buffer {
  const b = Buffer.alloc(fields.reduce((n, [, w]) => n + w, 0));
  let at = 0;
  for (const [value, width] of fields) {
    at = b.writeUIntBE(value, at, width);
  }
  return b;
}

/** The Internet checksum. */
export function csum(b: Buffer): number {
  let s = 0;
  for (let i = 0; i < b.length; i += 2) {
    s += (b[i]! << 8) | (b[i + 1] ?? 0);
  }
  while (s >>> 16) {
    s = (s & 0xffff) + (s >>> 16);
  }
  return ~s & 0xffff;
}

export function payloadOf(d: Dict): Buffer {
  if (d['hex'] !== undefined) {
    return Buffer.from(String(d['hex']), 'hex');
  }
  if (d['text'] !== undefined) {
    return Buffer.from(String(d['text']));
  }
  return Buffer.from(Array.from({ length: Number(d['fill'] ?? 0) }, (_, i) => i & 0xff));
}

const num = (d: Dict, key: string, fallback: number): number => Number(d[key] ?? fallback);
const str = (d: Dict, key: string, fallback: string): string => String(d[key] ?? fallback);

function udp(d: Dict, sip: Buffer, dip: Buffer, sport: number, dport: number, p: Buffer): Buffer {
  const n = 8 + p.length;
  const h = pack([sport, 2], [dport, 2], [n, 2], [0, 2]);
  const pseudo = Buffer.concat([sip, dip, pack([17, 2], [n, 2])]);
  let c = csum(Buffer.concat([pseudo, h, p])) || 0xffff;
  if (d['seed']) {
    c = ~csum(pseudo) & 0xffff;
  }
  return Buffer.concat([h.subarray(0, 6), pack([d['nocsum'] ? 0 : c, 2]), p]);
}

const FLAGS = 'FSRPAU';

function tcp(d: Dict, sip: Buffer, dip: Buffer, p: Buffer): Buffer {
  const flags = [...str(d, 'flags', 'A')].reduce((n, f) => n | (1 << FLAGS.indexOf(f)), 0);
  let options = Buffer.from(str(d, 'options', ''), 'hex');
  if (d['mss'] !== undefined) {
    options = Buffer.concat([options, pack([2, 1], [4, 1], [num(d, 'mss', 0), 2])]);
  }
  options = Buffer.concat([options, Buffer.alloc(-options.length & 3)]);
  const h = Buffer.concat([
    pack([num(d, 'sport', 0), 2], [num(d, 'dport', 0), 2], [num(d, 'seq', 0) >>> 0, 4], [num(d, 'ack', 0) >>> 0, 4]),
    pack([(5 + options.length / 4) << 4, 1], [flags, 1], [num(d, 'win', 0xffff), 2], [0, 2], [0, 2]),
    options,
  ]);
  const pseudo = (n: number): Buffer => Buffer.concat([sip, dip, pack([6, 2], [n, 2])]);
  let c = csum(Buffer.concat([pseudo(h.length + p.length), h, p]));
  if (d['seed']) {
    c = ~csum(pseudo(d['seed'] === 'tso' ? 0 : h.length + p.length)) & 0xffff;
  }
  return Buffer.concat([h.subarray(0, 16), pack([num(d, 'force_csum', c), 2]), h.subarray(18), p]);
}

function dhcpPayload(d: Dict, src: Buffer): Buffer {
  const o = [Buffer.from('63825363', 'hex'), pack([53, 1], [1, 1], [num(d, 'msg', 1), 1])];
  if (d['request'] !== undefined) {
    o.push(pack([50, 1], [4, 1]), ip4(str(d, 'request', '')));
  }
  if (d['server'] !== undefined) {
    o.push(pack([54, 1], [4, 1]), ip4(str(d, 'server', '')));
  }
  if (d['hostname'] !== undefined) {
    const name = Buffer.from(str(d, 'hostname', ''));
    o.push(pack([12, 1], [name.length, 1]), name);
  }
  o.push(Buffer.from('37040103060fff', 'hex'));
  const p = Buffer.concat([
    pack([1, 1], [1, 1], [6, 1], [0, 1], [num(d, 'xid', 0xdeadbeef), 4], [0, 2], [num(d, 'flags', 0), 2]),
    ip4(str(d, 'ciaddr', '0.0.0.0')),
    Buffer.alloc(12),
    src,
    Buffer.alloc(10 + 192),
    ...o,
  ]);
  return Buffer.concat([p, Buffer.alloc(Math.max(0, 300 - p.length))]);
}

function dnsPayload(d: Dict): Buffer {
  const labels = str(d, 'name', '')
    .split('.')
    .map((l) => Buffer.concat([pack([l.length, 1]), Buffer.from(l)]));
  const header = pack([num(d, 'id', 0x1234), 2], [0x0100, 2], [1, 2], [0, 2], [0, 2], [0, 2]);
  return Buffer.concat([header, ...labels, pack([0, 1], [num(d, 'qtype', 1), 2], [1, 2])]);
}

/** The frame that `spec` describes: one of arp, icmp_echo, udp, tcp, dhcp, dns, raw. */
export function build(spec: Dict, me: Me): Buffer {
  const [kind, value] = Object.entries(spec)[0]!;
  if (kind === 'raw') {
    return Buffer.from(String(value), 'hex');
  }
  const d = value as Dict;
  const src = mac(str(d, 'eth_src', me.mac));
  let dst = mac(str(d, 'eth_dst', me.gw_mac));
  if (kind === 'arp') {
    dst = mac(str(d, 'eth_dst', 'ff:ff:ff:ff:ff:ff'));
    const op = pack([0x0806, 2], [1, 2], [0x0800, 2], [6, 1], [4, 1], [num(d, 'op', 1), 2]);
    const tha = mac(str(d, 'tha', '00:00:00:00:00:00'));
    return Buffer.concat([dst, src, op, src, ip4(str(d, 'sip', me.ip)), tha, ip4(str(d, 'tip', ''))]);
  }
  let sip = ip4(str(d, 'sip', me.ip));
  let dip = ip4(str(d, 'dip', '10.0.2.2'));
  let p = payloadOf(d);
  let proto = 17;
  let l4: Buffer;
  if (kind === 'icmp_echo') {
    proto = 1;
    const h = pack([num(d, 'type', 8), 1], [0, 1], [0, 2], [num(d, 'id', 1), 2], [num(d, 'seq', 1), 2]);
    h.writeUInt16BE(csum(Buffer.concat([h, p])), 2);
    l4 = Buffer.concat([h, p]);
  } else if (kind === 'tcp') {
    proto = 6;
    l4 = tcp(d, sip, dip, p);
  } else if (kind === 'udp' || kind === 'dhcp' || kind === 'dns') {
    let [sport, dport] = [num(d, 'sport', 40000), num(d, 'dport', 7)];
    if (kind === 'dns') {
      dip = ip4(str(d, 'dip', '10.0.2.3'));
      dport = 53;
      p = dnsPayload(d);
    } else if (kind === 'dhcp') {
      dst = Buffer.alloc(6, 0xff);
      [sport, dport] = [68, 67];
      sip = ip4(str(d, 'sip', '0.0.0.0'));
      dip = ip4(str(d, 'dip', '255.255.255.255'));
      p = dhcpPayload(d, src);
    }
    l4 = udp(d, sip, dip, sport, dport, p);
  } else {
    throw new Error(`unknown frame kind ${kind}`);
  }
  const iph = Buffer.concat([
    pack([0x45, 1], [num(d, 'tos', 0), 1], [d['seed'] === 'tso' ? 0 : 20 + l4.length, 2], [num(d, 'ipid', 0), 2]),
    pack([num(d, 'frag', 0x4000), 2], [num(d, 'ttl', 64), 1], [proto, 1], [0, 2]),
    sip,
    dip,
  ]);
  if (!d['seed']) {
    iph.writeUInt16BE(csum(iph), 10);
  }
  return Buffer.concat([dst, src, pack([0x0800, 2]), iph, l4]);
}

function dhcpOptions(b: Buffer): Dict {
  const o: { [key: string]: Json } = {};
  for (let i = 0; i < b.length && b[i] !== 255; i++) {
    if (b[i] !== 0) {
      o[String(b[i])] = b.subarray(i + 2, i + 2 + b[i + 1]!).toString('hex');
      i += 1 + b[i + 1]!;
    }
  }
  return o;
}

function parseL4(proto: number, l4: Buffer, pseudo: Buffer): Dict {
  if (proto === 6) {
    const o = (l4[12]! >> 4) * 4;
    return {
      tcp: {
        sport: l4.readUInt16BE(0),
        dport: l4.readUInt16BE(2),
        seq: l4.readUInt32BE(4),
        ack: l4.readUInt32BE(8),
        flags: [...FLAGS].filter((_, i) => ((l4[13]! >> i) & 1) !== 0).join(''),
        win: l4.readUInt16BE(14),
        options: l4.subarray(20, o).toString('hex'),
        len: l4.length - o,
        data: l4.subarray(o).toString('hex'),
        csum_ok: csum(Buffer.concat([pseudo, l4])) === 0,
      },
    };
  }
  if (proto === 17) {
    const [sport, n, c] = [l4.readUInt16BE(0), l4.readUInt16BE(4), l4.readUInt16BE(6)];
    const csumOk = c === 0 || csum(Buffer.concat([pseudo, l4])) === 0;
    const data = l4.subarray(8, n).toString('hex');
    const r = { udp: { sport, dport: l4.readUInt16BE(2), len: n, csum: c, csum_ok: csumOk, data } };
    if (sport !== 67 || l4.length <= 248) {
      return r;
    }
    const [yiaddr, siaddr] = [ipText(l4.subarray(24, 28)), ipText(l4.subarray(28, 32))];
    const options = dhcpOptions(l4.subarray(248, n));
    return { ...r, dhcp: { op: l4[8]!, xid: l4.readUInt32BE(12), yiaddr, siaddr, options } };
  }
  if (proto === 1) {
    const ids = { id: l4.readUInt16BE(4), seq: l4.readUInt16BE(6) };
    const data = l4.subarray(8).toString('hex');
    return { icmp: { type: l4[0]!, code: l4[1]!, ...ids, csum_ok: csum(l4) === 0, data } };
  }
  return {};
}

/** A frame's fields, enough to match on. */
export function parse(f: Buffer): Dict {
  const type = f.readUInt16BE(12);
  const r = {
    len: f.length,
    eth: { dst: macText(f.subarray(0, 6)), src: macText(f.subarray(6, 12)), type },
  };
  const b = f.subarray(14);
  if (type === 0x806 && b.length >= 28) {
    const [sha, tha] = [macText(b.subarray(8, 14)), macText(b.subarray(18, 24))];
    const [sip, tip] = [ipText(b.subarray(14, 18)), ipText(b.subarray(24, 28))];
    return { ...r, arp: { op: b.readUInt16BE(6), sha, sip, tha, tip } };
  }
  if (type !== 0x800 || b.length < 20) {
    return r;
  }
  const ihl = (b[0]! & 15) * 4;
  const tot = b.readUInt16BE(2);
  const l4 = b.subarray(ihl, tot);
  const ip = {
    tos: b[1]!,
    len: tot,
    id: b.readUInt16BE(4),
    frag: b.readUInt16BE(6),
    ttl: b[8]!,
    proto: b[9]!,
    csum_ok: csum(b.subarray(0, ihl)) === 0,
    src: ipText(b.subarray(12, 16)),
    dst: ipText(b.subarray(16, 20)),
  };
  const pseudo = Buffer.concat([b.subarray(12, 20), pack([b[9]!, 2], [Math.max(0, tot - ihl), 2])]);
  return { ...r, ip, ...parseL4(b[9]!, l4, pseudo) };
}
