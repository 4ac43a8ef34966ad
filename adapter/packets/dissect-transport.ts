/** Dissection of ICMP, ICMPv6, UDP and TCP. */
import { checkTransport } from './checksum.ts';
import { type TcpOption, tcpOptions } from './conversations.ts';
import { tcpLen } from './fields-base.ts';
import { formatIpv4, formatIpv6, hex } from './format.ts';
import type { PacketView } from './packet-view.ts';
import type { TreeBuilder, TreeNode } from './tree.ts';

const ICMP_TYPES: Readonly<Record<number, string>> = {
  0: 'Echo (ping) reply',
  3: 'Destination unreachable',
  4: 'Source quench',
  5: 'Redirect',
  8: 'Echo (ping) request',
  11: 'Time-to-live exceeded',
  12: 'Parameter problem',
  13: 'Timestamp request',
  14: 'Timestamp reply',
};

const UNREACHABLE: readonly string[] = [
  'Network unreachable',
  'Host unreachable',
  'Protocol unreachable',
  'Port unreachable',
  'Fragmentation needed',
  'Source route failed',
];

const ICMPV6_TYPES: Readonly<Record<number, string>> = {
  1: 'Destination Unreachable',
  2: 'Packet Too Big',
  3: 'Time Exceeded',
  4: 'Parameter Problem',
  128: 'Echo (ping) request',
  129: 'Echo (ping) reply',
  130: 'Multicast Listener Query',
  131: 'Multicast Listener Report',
  133: 'Router Solicitation',
  134: 'Router Advertisement',
  135: 'Neighbor Solicitation',
  136: 'Neighbor Advertisement',
  137: 'Redirect',
  143: 'Multicast Listener Report Message v2',
};

function icmpCode(type: number, code: number): string {
  if (type === 3) {
    return UNREACHABLE[code] ?? '';
  }
  if (type === 11) {
    return code === 0 ? 'Time to live exceeded in transit' : 'Fragment reassembly time exceeded';
  }
  return '';
}

/** True if the message has an identifier and a sequence number, and they are there. */
function isEcho(p: PacketView, at: number): boolean {
  const type = p.u8(at);
  return at + 8 <= p.l3End && (p.icmp >= 0 ? type === 0 || type === 8 : type === 128 || type === 129);
}

/** ICMP (RFC 792). */
export function dissectIcmp(t: TreeBuilder): TreeNode {
  const { p } = t;
  const at = p.icmp;
  const type = p.u8(at);
  const code = icmpCode(type, p.u8(at + 1));
  const children = [
    t.field('icmp.type', at, 1, ICMP_TYPES[type] ?? ''),
    t.field('icmp.code', at + 1, 1, code),
    t.checksum('icmp.checksum', at + 2, checkTransport(p, 2)),
  ];
  if (isEcho(p, at)) {
    children.push(
      t.field('icmp.ident', at + 4, 2, hex(p.u16(at + 4), 4)),
      t.field('icmp.seq', at + 6, 2, hex(p.u16(at + 6), 4)),
    );
  } else if (at + 8 < p.l3End) {
    const quoted = p.l3End - at - 8;
    children.push(t.node('icmp.quoted', `Quoted packet (${quoted} bytes)`, '', at + 8, quoted));
  }
  const length = isEcho(p, at) ? 8 : p.l3End - at;
  return t.node('icmp', 'Internet Control Message Protocol', '', at, length, children);
}

/** ICMPv6 (RFC 4443, RFC 4861). */
export function dissectIcmpv6(t: TreeBuilder): TreeNode {
  const { p } = t;
  const at = p.icmpv6;
  const type = p.u8(at);
  const children = [
    t.field('icmpv6.type', at, 1, ICMPV6_TYPES[type] ?? ''),
    t.field('icmpv6.code', at + 1, 1),
    t.checksum('icmpv6.checksum', at + 2, checkTransport(p, 2)),
  ];
  if (isEcho(p, at)) {
    children.push(
      t.field('icmpv6.echo.identifier', at + 4, 2, hex(p.u16(at + 4), 4)),
      t.field('icmpv6.echo.sequence_number', at + 6, 2),
    );
  } else if ((type === 135 || type === 136) && at + 24 <= p.l3End) {
    children.push(t.field(type === 135 ? 'icmpv6.nd.ns.target_address' : 'icmpv6.nd.na.target_address', at + 8, 16));
  }
  const length = isEcho(p, at) ? 8 : p.l3End - at;
  return t.node('icmpv6', 'Internet Control Message Protocol v6', '', at, length, children);
}

/** UDP (RFC 768). */
export function dissectUdp(t: TreeBuilder): TreeNode {
  const { p } = t;
  const at = p.udp;
  const title = `User Datagram Protocol, Src Port: ${p.u16(at)}, Dst Port: ${p.u16(at + 2)}`;
  const n = p.payloadEnd - p.payload;
  const children = [
    t.field('udp.srcport', at, 2),
    t.field('udp.dstport', at + 2, 2),
    t.field('udp.length', at + 4, 2),
    t.checksum('udp.checksum', at + 6, checkTransport(p, 6)),
  ];
  if (n > 0) {
    children.push(t.node('udp.payload', `UDP payload (${n} byte${n === 1 ? '' : 's'})`, '', p.payload, n));
  }
  return t.node('udp', title, '', at, 8, children);
}

/** Flags with their masks in the 16-bit word at offset 12, most significant first. */
const TCP_FLAGS: readonly (readonly [mask: number, name: string, description: string, short: string])[] = [
  [0x0e00, 'tcp.flags.res', 'Reserved', ''],
  [0x0100, 'tcp.flags.ae', 'Accurate ECN', 'AE'],
  [0x0080, 'tcp.flags.cwr', 'Congestion Window Reduced', 'CWR'],
  [0x0040, 'tcp.flags.ece', 'ECN-Echo', 'ECE'],
  [0x0020, 'tcp.flags.urg', 'Urgent', 'URG'],
  [0x0010, 'tcp.flags.ack', 'Acknowledgment', 'ACK'],
  [0x0008, 'tcp.flags.push', 'Push', 'PSH'],
  [0x0004, 'tcp.flags.reset', 'Reset', 'RST'],
  [0x0002, 'tcp.flags.syn', 'Syn', 'SYN'],
  [0x0001, 'tcp.flags.fin', 'Fin', 'FIN'],
];

/** `SYN, ACK`: the flags that are set, in Wireshark's order. */
export function tcpFlagsText(flags: number): string {
  const set = TCP_FLAGS.filter(([mask, , , short]) => short !== '' && flags & mask).map((f) => f[3]);
  return set.length === 0 ? '<None>' : set.reverse().join(', ');
}

/** TCP (RFC 9293). */
export function dissectTcp(t: TreeBuilder): TreeNode {
  const { p } = t;
  const at = p.tcp;
  const rel = p.conversations?.relative(p);
  const seq = rel?.seq ?? p.u32(at + 4);
  const ack = rel?.ack ?? p.u32(at + 8);
  const flags = p.u16(at + 12) & 0xfff;
  const hlen = (p.u8(at + 12) >> 4) * 4;
  const len = tcpLen(p);
  const relative = rel ? '    (relative sequence number)' : '';
  const title =
    `Transmission Control Protocol, Src Port: ${p.u16(at)}, Dst Port: ${p.u16(at + 2)}, Seq: ${seq}` +
    `${flags & 0x10 ? `, Ack: ${ack}` : ''}, Len: ${len}`;
  const children = [
    t.field('tcp.srcport', at, 2),
    t.field('tcp.dstport', at + 2, 2),
    ...(rel ? [t.node('tcp.stream', `[Stream index: ${rel.stream}]`, String(rel.stream), at, 0)] : []),
    t.node('tcp.len', `[TCP Segment Len: ${len}]`, String(len), at + 12, 1),
    t.node('tcp.seq', `Sequence Number: ${seq}${relative}`, String(seq), at + 4, 4),
    ...(rel ? [t.field('tcp.seq_raw', at + 4, 4)] : []),
    t.node('tcp.ack', `Acknowledgment Number: ${ack}${relative.replace('sequence', 'ack')}`, String(ack), at + 8, 4),
    ...(rel ? [t.field('tcp.ack_raw', at + 8, 4)] : []),
    t.bits('tcp.hdr_len', at + 12, 8, 0xf0, 'Header Length', `${hlen} bytes (${hlen / 4})`),
    t.node(
      'tcp.flags',
      `Flags: ${hex(flags, 3)} (${tcpFlagsText(flags)})`,
      hex(flags, 3),
      at + 12,
      2,
      tcpFlagNodes(t, at),
    ),
    t.field('tcp.window_size_value', at + 14, 2),
    t.node(
      'tcp.window_size',
      `[Calculated window size: ${rel?.window ?? p.u16(at + 14)}]`,
      String(rel?.window ?? p.u16(at + 14)),
      at + 14,
      2,
    ),
    t.checksum('tcp.checksum', at + 16, checkTransport(p, 16)),
    t.field('tcp.urgent_pointer', at + 18, 2),
  ];
  if (hlen < 20 || at + hlen > p.l3End) {
    children.push(t.malformed(`TCP header length ${hlen}`, at + 12));
  } else if (hlen > 20) {
    children.push(tcpOptionsNode(t, at, hlen));
  }
  if (len > 0) {
    children.push(t.node('tcp.payload', `TCP payload (${len} byte${len === 1 ? '' : 's'})`, '', p.payload, len));
  }
  return t.node('tcp', title, '', at, Math.min(Math.max(20, hlen), p.l3End - at), children);
}

function tcpFlagNodes(t: TreeBuilder, at: number): TreeNode[] {
  return TCP_FLAGS.map(([mask, name, description]) => {
    const words = name === 'tcp.flags.res' ? ((t.p.u16(at + 12) & mask) === 0 ? 'Not set' : 'Set') : '';
    return t.bits(name, at + 12, 16, mask, description, words);
  }).map((n) => ({ ...n, label: n.label.slice(5) }));
}

const TCP_OPTION_NAMES: Readonly<Record<number, string>> = {
  0: 'End of Option List (EOL)',
  1: 'No-Operation (NOP)',
  2: 'Maximum segment size',
  3: 'Window scale',
  4: 'SACK permitted',
  5: 'SACK',
  8: 'Timestamps',
};

function tcpOptionsNode(t: TreeBuilder, at: number, hlen: number): TreeNode {
  const options = tcpOptions(t.p);
  const names = options.map((o) => TCP_OPTION_NAMES[o.kind] ?? `Unknown (${o.kind})`);
  const nodes = options.map((o, i) => tcpOptionNode(t, o, names[i]!));
  const end = options.reduce((_, o) => o.off + o.length, at + 20);
  if (end < at + hlen && options.at(-1)?.kind !== 0) {
    nodes.push(t.malformed('TCP option length', end));
  }
  return t.node('tcp.options', `Options: (${hlen - 20} bytes), ${names.join(', ')}`, '', at + 20, hlen - 20, nodes);
}

function tcpOptionNode(t: TreeBuilder, o: TcpOption, name: string): TreeNode {
  const { p } = t;
  const v = o.off + 2;
  if (o.kind === 2 && o.length === 4) {
    return t.node('tcp.options.mss_val', `TCP Option - ${name}: ${p.u16(v)} bytes`, String(p.u16(v)), o.off, o.length);
  }
  if (o.kind === 3 && o.length === 3) {
    const shift = p.u8(v);
    const label = `TCP Option - ${name}: ${shift} (multiply by ${2 ** Math.min(shift, 14)})`;
    return t.node('tcp.options.wscale.shift', label, String(shift), o.off, o.length);
  }
  if (o.kind === 8 && o.length === 10) {
    const label = `TCP Option - ${name}: TSval ${p.u32(v)}, TSecr ${p.u32(v + 4)}`;
    return t.node('tcp.options.timestamp', label, '', o.off, o.length);
  }
  return t.node('tcp.option', `TCP Option - ${name}`, String(o.kind), o.off, o.length);
}

/** The info column of a TCP segment without an application protocol. */
export function tcpInfo(p: PacketView): string {
  const at = p.tcp;
  const rel = p.conversations?.relative(p);
  const flags = p.u16(at + 12) & 0xfff;
  const parts = [`${p.u16(at)} → ${p.u16(at + 2)} [${tcpFlagsText(flags)}]`, `Seq=${rel?.seq ?? p.u32(at + 4)}`];
  if (flags & 0x10) {
    parts.push(`Ack=${rel?.ack ?? p.u32(at + 8)}`);
  }
  parts.push(`Win=${rel?.window ?? p.u16(at + 14)}`);
  if (flags & 0x20) {
    parts.push(`Urg=${p.u16(at + 18)}`);
  }
  parts.push(`Len=${tcpLen(p)}`, ...tcpOptions(p).flatMap((o) => optionInfo(p, o)));
  return parts.join(' ');
}

function optionInfo(p: PacketView, o: TcpOption): string[] {
  const v = o.off + 2;
  if (o.kind === 2 && o.length === 4) {
    return [`MSS=${p.u16(v)}`];
  }
  if (o.kind === 3 && o.length === 3) {
    return [`WS=${2 ** Math.min(14, p.u8(v))}`];
  }
  if (o.kind === 4) {
    return ['SACK_PERM'];
  }
  return o.kind === 8 && o.length === 10 ? [`TSval=${p.u32(v)} TSecr=${p.u32(v + 4)}`] : [];
}

/** The info column of an ICMP message. */
export function icmpInfo(p: PacketView): string {
  const at = Math.max(p.icmp, p.icmpv6);
  const type = p.u8(at);
  const name = (p.icmp >= 0 ? ICMP_TYPES : ICMPV6_TYPES)[type] ?? `Unknown type ${type}`;
  if (isEcho(p, at)) {
    const seq = p.u16(at + 6);
    const hops = p.icmp >= 0 ? `ttl=${p.u8(p.ip + 8)}` : `hop limit=${p.u8(p.ipv6 + 7)}`;
    const seqText = p.icmp >= 0 ? `${seq}/${((seq & 255) << 8) | (seq >> 8)}` : String(seq);
    return `${name}  id=${hex(p.u16(at + 4), 4)}, seq=${seqText}, ${hops}`;
  }
  if (p.icmpv6 >= 0 && type === 135 && at + 24 <= p.l3End) {
    return `${name} for ${formatIpv6(p.bytes(at + 8, at + 24))}`;
  }
  if (p.icmpv6 >= 0 && type === 136 && at + 24 <= p.l3End) {
    return `${name} ${formatIpv6(p.bytes(at + 8, at + 24))}`;
  }
  const code = p.icmp >= 0 ? icmpCode(type, p.u8(at + 1)) : '';
  if (p.icmp >= 0 && type === 5 && at + 8 <= p.l3End) {
    return `${name} (gateway ${formatIpv4(p.u32(at + 4))})`;
  }
  return code === '' ? name : `${name} (${code})`;
}
