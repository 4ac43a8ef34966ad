/** Dissection of ARP, IPv4 and IPv6. */
import { checkIp } from './checksum.ts';
import { ETHERTYPES } from './fields-base.ts';
import { formatEther, formatIpv4, formatIpv6, hex } from './format.ts';
import { isExtension } from './packet-view.ts';
import type { TreeBuilder, TreeNode } from './tree.ts';

const ARP_OPCODES: Readonly<Record<number, string>> = {
  1: 'request',
  2: 'reply',
  3: 'reverse request',
  4: 'reverse reply',
};

/** Names of IP protocols and IPv6 next headers. */
export const IP_PROTOCOLS: Readonly<Record<number, string>> = {
  0: 'IPv6 Hop-by-Hop Option',
  1: 'ICMP',
  2: 'IGMP',
  6: 'TCP',
  17: 'UDP',
  41: 'IPv6',
  43: 'Routing Header for IPv6',
  44: 'Fragment Header for IPv6',
  47: 'Generic Routing Encapsulation',
  50: 'Encap Security Payload',
  51: 'Authentication Header',
  58: 'ICMPv6',
  59: 'No Next Header for IPv6',
  60: 'Destination Options for IPv6',
  89: 'OSPF IGP',
  132: 'SCTP',
};

const DSCP: Readonly<Record<number, string>> = {
  0: 'CS0',
  2: 'LE',
  4: 'Unknown',
  8: 'CS1',
  10: 'AF11',
  46: 'EF',
  48: 'CS6',
  56: 'CS7',
};
const ECN: readonly string[] = ['Not-ECT', 'ECT(1)', 'ECT(0)', 'CE'];

/** ARP (RFC 826). */
export function dissectArp(t: TreeBuilder): TreeNode {
  const { p } = t;
  const at = p.arp;
  const op = p.u16(at + 6);
  const words = ARP_OPCODES[op] ?? 'unknown';
  const children = [
    t.named('arp.hw.type', p.u16(at) === 1 ? 'Ethernet' : 'Unknown', at, 2),
    t.named('arp.proto.type', ETHERTYPES[p.u16(at + 2)] ?? 'Unknown', at + 2, 2),
    t.field('arp.hw.size', at + 4, 1),
    t.field('arp.proto.size', at + 5, 1),
    t.named('arp.opcode', words, at + 6, 2),
  ];
  if (at + 28 > p.limit) {
    return t.node('arp', 'Address Resolution Protocol', '', at, p.limit - at, [
      ...children,
      t.malformed('ARP', at + 8),
    ]);
  }
  children.push(
    t.field('arp.src.hw_mac', at + 8, 6),
    t.field('arp.src.proto_ipv4', at + 14, 4),
    t.field('arp.dst.hw_mac', at + 18, 6),
    t.field('arp.dst.proto_ipv4', at + 24, 4),
  );
  const gratuitous = p.u32(at + 14) === p.u32(at + 24);
  return t.node(
    'arp',
    `Address Resolution Protocol (${gratuitous ? 'ARP Announcement' : words})`,
    '',
    at,
    28,
    children,
  );
}

/** IPv4 (RFC 791). */
export function dissectIp(t: TreeBuilder): TreeNode {
  const { p } = t;
  const at = p.ip;
  const hlen = (p.u8(at) & 15) * 4;
  const ds = p.u8(at + 1);
  const dscp = DSCP[ds >> 2] ?? 'Unknown';
  const offset = (p.u16(at + 6) & 0x1fff) * 8;
  const title = `Internet Protocol Version 4, Src: ${formatIpv4(p.u32(at + 12))}, Dst: ${formatIpv4(p.u32(at + 16))}`;
  const flags = p.u8(at + 6) >> 5;
  const flagWords = [flags & 2 ? ", Don't fragment" : '', flags & 1 ? ', More fragments' : ''].join('');
  const children = [
    t.bits('ip.version', at, 8, 0xf0, 'Version'),
    t.bits('ip.hdr_len', at, 8, 0x0f, 'Header Length', `${hlen} bytes (${hlen / 4})`),
    t.node(
      'ip.dsfield',
      `Differentiated Services Field: ${hex(ds, 2)} (DSCP: ${dscp}, ECN: ${ECN[ds & 3]})`,
      hex(ds, 2),
      at + 1,
      1,
      [
        t.bits('ip.dsfield.dscp', at + 1, 8, 0xfc, 'Differentiated Services Codepoint', `${dscp} (${ds >> 2})`),
        t.bits('ip.dsfield.ecn', at + 1, 8, 0x03, 'Explicit Congestion Notification', `${ECN[ds & 3]} (${ds & 3})`),
      ],
    ),
    t.field('ip.len', at + 2, 2),
    t.field('ip.id', at + 4, 2, String(p.u16(at + 4))),
    t.node(
      'ip.flags',
      `${flags.toString(2).padStart(3, '0')}. .... = Flags: ${hex(flags)}${flagWords}`,
      hex(flags),
      at + 6,
      1,
      [
        t.bits('ip.flags.rb', at + 6, 8, 0x80, 'Reserved bit'),
        t.bits('ip.flags.df', at + 6, 8, 0x40, "Don't fragment"),
        t.bits('ip.flags.mf', at + 6, 8, 0x20, 'More fragments'),
      ],
    ),
    t.bits('ip.frag_offset', at + 6, 16, 0x1fff, 'Fragment Offset', String(offset)),
    t.field('ip.ttl', at + 8, 1),
    t.named('ip.proto', IP_PROTOCOLS[p.u8(at + 9)] ?? 'Unknown', at + 9, 1),
    t.checksum('ip.checksum', at + 10, checkIp(p)),
    t.field('ip.src', at + 12, 4),
    t.field('ip.dst', at + 16, 4),
  ];
  if (hlen > 20) {
    children.push(t.node('ip.options', `Options: (${hlen - 20} bytes)`, '', at + 20, hlen - 20));
  }
  const total = p.u16(at + 2);
  if (at + total > p.limit) {
    children.push(
      t.node('', `[Packet is ${at + total - p.limit} bytes shorter than its Total Length says]`, '', at + 2, 2),
    );
  }
  return t.node('ip', title, '', at, hlen, children);
}

/** IPv6 (RFC 8200) with its extension headers. */
export function dissectIpv6(t: TreeBuilder): TreeNode {
  const { p } = t;
  const at = p.ipv6;
  const next = p.u8(at + 6);
  const title = `Internet Protocol Version 6, Src: ${formatIpv6(p.bytes(at + 8, at + 24))}, Dst: ${formatIpv6(p.bytes(at + 24, at + 40))}`;
  const extensions: TreeNode[] = [];
  let type = next;
  for (let off = at + 40; isExtension(type) && off + 8 <= p.l3End && extensions.length < 16; ) {
    const length = type === 44 ? 8 : type === 51 ? (p.u8(off + 1) + 2) * 4 : (p.u8(off + 1) + 1) * 8;
    const size = Math.min(length, p.l3End - off);
    extensions.push(t.node('ipv6.ext', IP_PROTOCOLS[type] ?? 'Extension header', String(type), off, size));
    type = p.u8(off);
    off += length;
  }
  const length = extensions.reduce((n, e) => n + e.length, 40);
  return t.node('ipv6', title, '', at, length, [
    t.bits('ipv6.version', at, 8, 0xf0, 'Version'),
    t.field('ipv6.tclass', at, 2),
    t.field('ipv6.flow', at + 1, 3),
    t.field('ipv6.plen', at + 4, 2),
    t.named('ipv6.nxt', IP_PROTOCOLS[next] ?? 'Unknown', at + 6, 1),
    t.field('ipv6.hlim', at + 7, 1),
    t.field('ipv6.src', at + 8, 16),
    t.field('ipv6.dst', at + 24, 16),
    ...extensions,
  ]);
}

/** `Who has 10.0.2.2? Tell 10.0.2.15`: the info column of ARP. */
export function arpInfo(t: TreeBuilder): string {
  const { p } = t;
  const at = p.arp;
  if (at + 28 > p.limit) {
    return '[Malformed Packet]';
  }
  const sender = formatIpv4(p.u32(at + 14));
  const target = formatIpv4(p.u32(at + 24));
  switch (p.u16(at + 6)) {
    case 1:
      if (sender === target) {
        return `ARP Announcement for ${sender}`;
      }
      return p.u32(at + 14) === 0 ? `Who has ${target}? (ARP Probe)` : `Who has ${target}? Tell ${sender}`;
    case 2:
      return `${sender === target ? 'Gratuitous ARP for ' : ''}${sender}${sender === target ? ' (Reply)' : ` is at ${formatEther(p.mac(at + 8))}`}`;
    default:
      return `Unknown ARP opcode ${hex(p.u16(at + 6), 4)}`;
  }
}
