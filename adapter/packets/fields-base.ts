/** Fields of the link, network and transport layers. */
import { appProtocol, dataRange } from './app.ts';
import { tcpOptions } from './conversations.ts';
import type { Field, FieldType, FieldValue } from './fields.ts';
import { ETH_P_8021AD, ETH_P_8021Q, ETH_P_ARP, ETH_P_IP, ETH_P_IPV6, type PacketView } from './packet-view.ts';

/** Layers a field can be an offset into: properties of `PacketView` that are -1 without the layer. */
type Layer = 'eth' | 'vlan' | 'arp' | 'ip' | 'ipv6' | 'icmp' | 'icmpv6' | 'udp' | 'tcp';

type Get = Field['get'];

/** A field computed by a function. */
export function computed(name: string, description: string, type: FieldType, get: Get, hex = false): Field {
  return { name, description, type, hex, get };
}

const WIDTHS: Partial<Record<FieldType, number>> = {
  uint8: 1,
  uint16: 2,
  uint24: 3,
  uint32: 4,
  ipv4: 4,
  ether: 6,
  ipv6: 16,
};

/** A big-endian number, a MAC or an address at `off` of a layer. */
export function plain(
  name: string,
  description: string,
  type: FieldType,
  layer: Layer,
  off: number,
  hex = false,
): Field {
  return computed(name, description, type, reader(type, layer, off), hex);
}

function reader(type: FieldType, layer: Layer, off: number): Get {
  const width = WIDTHS[type]!;
  const read = READERS[type]!;
  return (p) => {
    const at = p.find()[layer];
    return at < 0 || at + off + width > p.limit ? undefined : read(p, at + off);
  };
}

/** How a value of each type is read at an offset. */
export const READERS: Partial<Record<FieldType, (p: PacketView, at: number) => number | Uint8Array>> = {
  uint8: (p, at) => p.u8(at),
  uint16: (p, at) => p.u16(at),
  uint24: (p, at) => p.u8(at) * 65536 + p.u16(at + 1),
  uint32: (p, at) => p.u32(at),
  ipv4: (p, at) => p.u32(at),
  ether: (p, at) => p.mac(at),
  ipv6: (p, at) => p.bytes(at, at + 16),
};

/** Bits of a number: `(value & mask) >> shift`; one bit is a boolean. */
function bits(
  name: string,
  description: string,
  layer: Layer,
  off: number,
  width: 1 | 2 | 4,
  mask: number,
  shift: number,
  hex = false,
): Field {
  const read = reader(width === 1 ? 'uint8' : width === 2 ? 'uint16' : 'uint32', layer, off);
  const single = mask >>> shift === 1;
  const type = single ? 'boolean' : mask >>> shift > 0xffff ? 'uint32' : mask >>> shift > 255 ? 'uint16' : 'uint8';
  return computed(
    name,
    description,
    type,
    (p) => {
      const v = read(p);
      const n = typeof v === 'number' ? (v & mask) >>> shift : 0;
      return v === undefined ? undefined : single ? n === 1 : n;
    },
    hex,
  );
}

/** Both of two fields: `ip.addr` is `ip.src` and `ip.dst`. */
function either(name: string, description: string, a: Field, b: Field): Field {
  return computed(
    name,
    description,
    a.type,
    (p) => {
      const x = a.get(p);
      const y = b.get(p);
      return x === undefined || y === undefined ? (x ?? y) : ([x, y] as FieldValue);
    },
    a.hex,
  );
}

/** A protocol's presence. */
function present(name: string, description: string, layer: Layer): Field {
  return computed(name, description, 'protocol', (p) => p.find()[layer] >= 0);
}

/** The chain of protocols, as `frame.protocols`: `eth:ethertype:ip:tcp:http`. */
export function frameProtocols(p: PacketView): string {
  p.find();
  const out: string[] = [];
  if (p.eth >= 0) {
    out.push('eth', 'ethertype');
  } else if (p.linktype === 'ip') {
    out.push('raw');
  }
  if (p.vlan >= 0) {
    out.push('vlan', 'ethertype');
  }
  const net = p.arp >= 0 ? 'arp' : p.ip >= 0 ? 'ip' : p.ipv6 >= 0 ? 'ipv6' : '';
  const l4 = p.tcp >= 0 ? 'tcp' : p.udp >= 0 ? 'udp' : p.icmp >= 0 ? 'icmp' : p.icmpv6 >= 0 ? 'icmpv6' : '';
  out.push(...[net, l4].filter((x) => x !== ''));
  const app = appProtocol(p);
  if (app !== '' && app !== 'data') {
    out.push(app);
  } else if (dataRange(p)) {
    out.push('data');
  }
  return out.join(':');
}

const ethDst = plain('eth.dst', 'Destination', 'ether', 'eth', 0);
const ethSrc = plain('eth.src', 'Source', 'ether', 'eth', 6);
const ipSrc = plain('ip.src', 'Source Address', 'ipv4', 'ip', 12);
const ipDst = plain('ip.dst', 'Destination Address', 'ipv4', 'ip', 16);
const ipv6Src = plain('ipv6.src', 'Source Address', 'ipv6', 'ipv6', 8);
const ipv6Dst = plain('ipv6.dst', 'Destination Address', 'ipv6', 'ipv6', 24);
const udpSrc = plain('udp.srcport', 'Source Port', 'uint16', 'udp', 0);
const udpDst = plain('udp.dstport', 'Destination Port', 'uint16', 'udp', 2);
const tcpSrc = plain('tcp.srcport', 'Source Port', 'uint16', 'tcp', 0);
const tcpDst = plain('tcp.dstport', 'Destination Port', 'uint16', 'tcp', 2);

const LINK: readonly Field[] = [
  computed('frame.len', 'Frame Length', 'uint32', (p) => p.len),
  computed('frame.number', 'Frame Number', 'uint32', (p) => (p.number > 0 ? p.number : undefined)),
  computed('frame.protocols', 'Protocols in frame', 'string', frameProtocols),
  present('eth', 'Ethernet', 'eth'),
  ethDst,
  ethSrc,
  either('eth.addr', 'Address', ethDst, ethSrc),
  computed('eth.type', 'Type', 'uint16', (p) => (p.find().eth < 0 ? undefined : p.u16(p.eth + 12)), true),
  present('vlan', '802.1Q Virtual LAN', 'vlan'),
  bits('vlan.id', 'ID', 'vlan', 0, 2, 0x0fff, 0),
  bits('vlan.priority', 'Priority', 'vlan', 0, 2, 0xe000, 13),
  plain('vlan.etype', 'Type', 'uint16', 'vlan', 2, true),
  present('arp', 'Address Resolution Protocol', 'arp'),
  plain('arp.hw.type', 'Hardware type', 'uint16', 'arp', 0),
  plain('arp.proto.type', 'Protocol type', 'uint16', 'arp', 2, true),
  plain('arp.hw.size', 'Hardware size', 'uint8', 'arp', 4),
  plain('arp.proto.size', 'Protocol size', 'uint8', 'arp', 5),
  plain('arp.opcode', 'Opcode', 'uint16', 'arp', 6),
  plain('arp.src.hw_mac', 'Sender MAC address', 'ether', 'arp', 8),
  plain('arp.src.proto_ipv4', 'Sender IP address', 'ipv4', 'arp', 14),
  plain('arp.dst.hw_mac', 'Target MAC address', 'ether', 'arp', 18),
  plain('arp.dst.proto_ipv4', 'Target IP address', 'ipv4', 'arp', 24),
];

const NETWORK: readonly Field[] = [
  present('ip', 'Internet Protocol Version 4', 'ip'),
  bits('ip.version', 'Version', 'ip', 0, 1, 0xf0, 4),
  computed('ip.hdr_len', 'Header Length', 'uint8', (p) => (p.find().ip < 0 ? undefined : (p.u8(p.ip) & 15) * 4)),
  plain('ip.dsfield', 'Differentiated Services Field', 'uint8', 'ip', 1, true),
  bits('ip.dsfield.dscp', 'Differentiated Services Codepoint', 'ip', 1, 1, 0xfc, 2),
  bits('ip.dsfield.ecn', 'Explicit Congestion Notification', 'ip', 1, 1, 0x03, 0),
  plain('ip.len', 'Total Length', 'uint16', 'ip', 2),
  plain('ip.id', 'Identification', 'uint16', 'ip', 4, true),
  bits('ip.flags', 'Flags', 'ip', 6, 1, 0xe0, 5, true),
  bits('ip.flags.rb', 'Reserved bit', 'ip', 6, 1, 0x80, 7),
  bits('ip.flags.df', "Don't fragment", 'ip', 6, 1, 0x40, 6),
  bits('ip.flags.mf', 'More fragments', 'ip', 6, 1, 0x20, 5),
  computed('ip.frag_offset', 'Fragment Offset', 'uint16', (p) =>
    p.find().ip < 0 ? undefined : (p.u16(p.ip + 6) & 0x1fff) * 8,
  ),
  plain('ip.ttl', 'Time to Live', 'uint8', 'ip', 8),
  plain('ip.proto', 'Protocol', 'uint8', 'ip', 9),
  plain('ip.checksum', 'Header Checksum', 'uint16', 'ip', 10, true),
  ipSrc,
  ipDst,
  either('ip.addr', 'Source or Destination Address', ipSrc, ipDst),
  present('ipv6', 'Internet Protocol Version 6', 'ipv6'),
  bits('ipv6.version', 'Version', 'ipv6', 0, 1, 0xf0, 4),
  bits('ipv6.tclass', 'Traffic Class', 'ipv6', 0, 2, 0x0ff0, 4, true),
  bits('ipv6.flow', 'Flow Label', 'ipv6', 0, 4, 0xfffff, 0, true),
  plain('ipv6.plen', 'Payload Length', 'uint16', 'ipv6', 4),
  plain('ipv6.nxt', 'Next Header', 'uint8', 'ipv6', 6),
  plain('ipv6.hlim', 'Hop Limit', 'uint8', 'ipv6', 7),
  ipv6Src,
  ipv6Dst,
  either('ipv6.addr', 'Source or Destination Address', ipv6Src, ipv6Dst),
  present('icmp', 'Internet Control Message Protocol', 'icmp'),
  plain('icmp.type', 'Type', 'uint8', 'icmp', 0),
  plain('icmp.code', 'Code', 'uint8', 'icmp', 1),
  plain('icmp.checksum', 'Checksum', 'uint16', 'icmp', 2, true),
  computed('icmp.ident', 'Identifier', 'uint16', (p) => echoWord(p, p.find().icmp, 4)),
  computed('icmp.seq', 'Sequence Number', 'uint16', (p) => echoWord(p, p.find().icmp, 6)),
  present('icmpv6', 'Internet Control Message Protocol v6', 'icmpv6'),
  plain('icmpv6.type', 'Type', 'uint8', 'icmpv6', 0),
  plain('icmpv6.code', 'Code', 'uint8', 'icmpv6', 1),
  plain('icmpv6.checksum', 'Checksum', 'uint16', 'icmpv6', 2, true),
  computed('icmpv6.echo.identifier', 'Identifier', 'uint16', (p) => echoWord(p, p.find().icmpv6, 4)),
  computed('icmpv6.echo.sequence_number', 'Sequence', 'uint16', (p) => echoWord(p, p.find().icmpv6, 6)),
  computed('icmpv6.nd.ns.target_address', 'Target Address', 'ipv6', (p) => ndTarget(p, 135)),
  computed('icmpv6.nd.na.target_address', 'Target Address', 'ipv6', (p) => ndTarget(p, 136)),
];

/** A word of an echo message (or timestamp, which has the same head). */
function echoWord(p: PacketView, at: number, off: number): number | undefined {
  if (at < 0 || at + 8 > p.l3End) {
    return undefined;
  }
  const type = p.u8(at);
  const echo = p.icmp >= 0 ? type === 0 || type === 8 || (type >= 13 && type <= 18) : type === 128 || type === 129;
  return echo ? p.u16(at + off) : undefined;
}

function ndTarget(p: PacketView, type: number): Uint8Array | undefined {
  const at = p.find().icmpv6;
  return at >= 0 && p.u8(at) === type && at + 24 <= p.l3End ? p.bytes(at + 8, at + 24) : undefined;
}

function tcpOption(p: PacketView, kind: number, length: number): number | undefined {
  const o = tcpOptions(p).find((x) => x.kind === kind && x.length === length);
  return o && o.off + 2;
}

/** Payload bytes of a TCP segment. */
export function tcpLen(p: PacketView): number {
  return p.find().tcp < 0 ? 0 : Math.max(0, p.payloadEnd - p.payload);
}

const TRANSPORT: readonly Field[] = [
  present('udp', 'User Datagram Protocol', 'udp'),
  udpSrc,
  udpDst,
  either('udp.port', 'Source or Destination Port', udpSrc, udpDst),
  plain('udp.length', 'Length', 'uint16', 'udp', 4),
  plain('udp.checksum', 'Checksum', 'uint16', 'udp', 6, true),
  computed('udp.payload', 'Payload', 'bytes', (p) => (p.find().udp < 0 ? undefined : p.bytes(p.payload, p.payloadEnd))),
  present('tcp', 'Transmission Control Protocol', 'tcp'),
  tcpSrc,
  tcpDst,
  either('tcp.port', 'Source or Destination Port', tcpSrc, tcpDst),
  plain('tcp.seq_raw', 'Sequence Number (raw)', 'uint32', 'tcp', 4),
  plain('tcp.ack_raw', 'Acknowledgment number (raw)', 'uint32', 'tcp', 8),
  computed('tcp.seq', 'Sequence Number', 'uint32', (p) =>
    p.find().tcp < 0 ? undefined : (p.conversations?.relative(p)?.seq ?? p.u32(p.tcp + 4)),
  ),
  computed('tcp.ack', 'Acknowledgment Number', 'uint32', (p) =>
    p.find().tcp < 0 ? undefined : (p.conversations?.relative(p)?.ack ?? p.u32(p.tcp + 8)),
  ),
  computed('tcp.stream', 'Stream index', 'uint32', (p) => p.conversations?.relative(p)?.stream),
  computed('tcp.hdr_len', 'Header Length', 'uint8', (p) =>
    p.find().tcp < 0 ? undefined : (p.u8(p.tcp + 12) >> 4) * 4,
  ),
  bits('tcp.flags', 'Flags', 'tcp', 12, 2, 0x0fff, 0, true),
  bits('tcp.flags.ece', 'ECN-Echo', 'tcp', 13, 1, 0x40, 6),
  bits('tcp.flags.cwr', 'Congestion Window Reduced', 'tcp', 13, 1, 0x80, 7),
  bits('tcp.flags.urg', 'Urgent', 'tcp', 13, 1, 0x20, 5),
  bits('tcp.flags.ack', 'Acknowledgment', 'tcp', 13, 1, 0x10, 4),
  bits('tcp.flags.push', 'Push', 'tcp', 13, 1, 0x08, 3),
  bits('tcp.flags.reset', 'Reset', 'tcp', 13, 1, 0x04, 2),
  bits('tcp.flags.syn', 'Syn', 'tcp', 13, 1, 0x02, 1),
  bits('tcp.flags.fin', 'Fin', 'tcp', 13, 1, 0x01, 0),
  plain('tcp.window_size_value', 'Window', 'uint16', 'tcp', 14),
  computed('tcp.window_size', 'Calculated window size', 'uint32', (p) =>
    p.find().tcp < 0 ? undefined : (p.conversations?.relative(p)?.window ?? p.u16(p.tcp + 14)),
  ),
  plain('tcp.checksum', 'Checksum', 'uint16', 'tcp', 16, true),
  plain('tcp.urgent_pointer', 'Urgent Pointer', 'uint16', 'tcp', 18),
  computed('tcp.options.mss_val', 'MSS Value', 'uint16', (p) => {
    const at = tcpOption(p, 2, 4);
    return at && p.u16(at);
  }),
  computed('tcp.options.wscale.shift', 'Shift count', 'uint8', (p) => {
    const at = tcpOption(p, 3, 3);
    return at && p.u8(at);
  }),
  computed('tcp.len', 'TCP Segment Len', 'uint32', (p) => (p.find().tcp < 0 ? undefined : tcpLen(p))),
  computed('tcp.payload', 'TCP payload', 'bytes', (p) =>
    tcpLen(p) > 0 ? p.bytes(p.payload, p.payloadEnd) : undefined,
  ),
  computed('data', 'Data', 'protocol', (p) => dataRange(p) !== undefined),
  computed('data.data', 'Data', 'bytes', (p) => {
    const r = dataRange(p);
    return r && p.bytes(r[0], r[1]);
  }),
  computed('data.len', 'Length', 'uint32', (p) => {
    const r = dataRange(p);
    return r && r[1] - r[0];
  }),
];

export const BASE_FIELDS: readonly Field[] = [...LINK, ...NETWORK, ...TRANSPORT];

/** Names of Ethernet types. */
export const ETHERTYPES: Readonly<Record<number, string>> = {
  [ETH_P_IP]: 'IPv4',
  [ETH_P_ARP]: 'ARP',
  [ETH_P_IPV6]: 'IPv6',
  [ETH_P_8021Q]: '802.1Q Virtual LAN',
  [ETH_P_8021AD]: '802.1ad Provider Bridge (Q-in-Q)',
  34958: '802.1X Authentication',
  35020: '802.1 Link Layer Discovery Protocol (LLDP)',
  35064: 'NC-SI',
};
