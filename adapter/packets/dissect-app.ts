/** Dissection of DHCP, DNS, TFTP and the first line of HTTP. */
import {
  appProtocol,
  DHCP_MESSAGE_TYPES,
  type DhcpOption,
  DNS_TYPES,
  type DnsRecord,
  dhcpOption,
  dhcpOptions,
  dnsAt,
  dnsName,
  dnsRecords,
  httpLine,
  nulStrings,
  TFTP_OPCODES,
} from './app.ts';
import { formatBytes, formatIpv4, formatIpv6, hex, printable } from './format.ts';
import type { PacketView } from './packet-view.ts';
import type { TreeBuilder, TreeNode } from './tree.ts';

/** The layer above UDP or TCP, if it is a protocol that is known here. */
export function dissectApp(t: TreeBuilder): TreeNode[] {
  switch (appProtocol(t.p)) {
    case 'dhcp':
      return [dissectDhcp(t)];
    case 'dns':
      return [dissectDns(t)];
    case 'tftp':
      return [dissectTftp(t)];
    case 'http':
      return [dissectHttp(t)];
    default:
      return [];
  }
}

/** How the value of an option is shown. */
type OptionKind = 'ipv4' | 'text' | 'u16' | 'time' | 'message' | 'byte' | 'list' | 'bytes';

const DHCP_OPTIONS: Readonly<Record<number, readonly [name: string, kind: OptionKind]>> = {
  1: ['Subnet Mask', 'ipv4'],
  3: ['Router', 'ipv4'],
  6: ['Domain Name Server', 'ipv4'],
  12: ['Host Name', 'text'],
  15: ['Domain Name', 'text'],
  26: ['Interface MTU', 'u16'],
  28: ['Broadcast Address', 'ipv4'],
  50: ['Requested IP Address', 'ipv4'],
  51: ['IP Address Lease Time', 'time'],
  53: ['DHCP Message Type', 'message'],
  54: ['DHCP Server Identifier', 'ipv4'],
  55: ['Parameter Request List', 'list'],
  56: ['Message', 'text'],
  57: ['Maximum DHCP Message Size', 'u16'],
  58: ['Renewal Time Value', 'time'],
  59: ['Rebinding Time Value', 'time'],
  60: ['Vendor class identifier', 'text'],
  61: ['Client identifier', 'bytes'],
  66: ['TFTP Server Name', 'text'],
  67: ['Bootfile name', 'text'],
  119: ['Domain Search', 'bytes'],
};

function optionValue(p: PacketView, o: DhcpOption, kind: OptionKind): string {
  if (kind === 'ipv4' && o.length >= 4) {
    return Array.from({ length: o.length >> 2 }, (_, i) => formatIpv4(p.u32(o.off + 4 * i))).join(', ');
  }
  if (kind === 'text') {
    return printable(p.ascii(o.off, o.off + o.length));
  }
  if (kind === 'u16' && o.length === 2) {
    return String(p.u16(o.off));
  }
  if (kind === 'time' && o.length === 4) {
    return `${p.u32(o.off)} s`;
  }
  if (kind === 'list') {
    return Array.from(p.bytes(o.off, o.off + o.length)).join(', ');
  }
  return formatBytes(p.bytes(o.off, o.off + o.length));
}

function dhcpOptionNode(t: TreeBuilder, o: DhcpOption): TreeNode {
  const { p } = t;
  if (o.code === 255) {
    return t.node('dhcp.option.end', 'Option: (255) End', '255', o.off - 1, 1);
  }
  const [name, kind] = DHCP_OPTIONS[o.code] ?? ['Unassigned', 'bytes'];
  const value =
    kind === 'message' && o.length === 1
      ? `${DHCP_MESSAGE_TYPES[p.u8(o.off)] ?? 'Unknown'} (${p.u8(o.off)})`
      : optionValue(p, o, kind);
  const label = `Option: (${o.code}) ${name}${kind === 'message' ? ` (${value.split(' (')[0]})` : `: ${value}`}`;
  return t.node('dhcp.option.type', label, value, o.off - 2, o.length + 2, [
    t.node('dhcp.option.length', `Length: ${o.length}`, String(o.length), o.off - 1, 1),
    t.node('dhcp.option.value', `${name}: ${value}`, value, o.off, o.length),
  ]);
}

function dissectDhcp(t: TreeBuilder): TreeNode {
  const { p } = t;
  const at = p.payload;
  const type = p.u8(at);
  const message = dhcpMessage(p);
  const options = dhcpOptions(p, at);
  return t.node(
    'dhcp',
    `Dynamic Host Configuration Protocol${message === '' ? '' : ` (${message})`}`,
    '',
    at,
    p.payloadEnd - at,
    [
      t.named('dhcp.type', type === 1 ? 'Boot Request' : type === 2 ? 'Boot Reply' : 'Unknown', at, 1),
      t.named('dhcp.hw.type', p.u8(at + 1) === 1 ? 'Ethernet' : 'Unknown', at + 1, 1),
      t.field('dhcp.hw.len', at + 2, 1),
      t.field('dhcp.hops', at + 3, 1),
      t.field('dhcp.id', at + 4, 4),
      t.field('dhcp.secs', at + 8, 2),
      t.field('dhcp.flags', at + 10, 2, p.u16(at + 10) & 0x8000 ? 'Broadcast' : 'Unicast', [
        t.bits(
          'dhcp.flags.bc',
          at + 10,
          16,
          0x8000,
          'Broadcast flag',
          p.u16(at + 10) & 0x8000 ? 'Broadcast' : 'Unicast',
        ),
      ]),
      t.field('dhcp.ip.client', at + 12, 4),
      t.field('dhcp.ip.your', at + 16, 4),
      t.field('dhcp.ip.server', at + 20, 4),
      t.field('dhcp.ip.relay', at + 24, 4),
      t.field('dhcp.hw.mac_addr', at + 28, 6),
      t.node('dhcp.server', `Server host name${textOrNone(p.ascii(at + 44, at + 108))}`, '', at + 44, 64),
      t.node('dhcp.file', `Boot file name${textOrNone(p.ascii(at + 108, at + 236))}`, '', at + 108, 128),
      ...(options.length > 0 ? [t.node('dhcp.cookie', 'Magic cookie: DHCP', 'DHCP', at + 236, 4)] : []),
      ...options.map((o) => dhcpOptionNode(t, o)),
    ],
  );
}

function textOrNone(s: string): string {
  return s === '' ? ' not given' : `: ${printable(s)}`;
}

/** `Discover`, `ACK`, ...; empty for plain BOOTP. */
function dhcpMessage(p: PacketView): string {
  const o = dhcpOption(p, 53);
  return o && o.length === 1 ? (DHCP_MESSAGE_TYPES[p.u8(o.off)] ?? `Unknown (${p.u8(o.off)})`) : '';
}

const DNS_RCODES: readonly string[] = [
  'No error',
  'Format error',
  'Server failure',
  'No such name',
  'Not implemented',
  'Refused',
];

function dnsType(type: number): string {
  return DNS_TYPES[type] ?? `TYPE${type}`;
}

/** The data of a record as text. */
function dnsData(p: PacketView, msg: number, r: DnsRecord): string {
  if (r.type === 1 && r.rdlength === 4) {
    return formatIpv4(p.u32(r.rdata));
  }
  if (r.type === 28 && r.rdlength === 16) {
    return formatIpv6(p.bytes(r.rdata, r.rdata + 16));
  }
  if (r.type === 2 || r.type === 5 || r.type === 12) {
    return printable(dnsName(p, msg, r.rdata)?.name ?? '<malformed>');
  }
  return formatBytes(p.bytes(r.rdata, r.rdata + r.rdlength), 16);
}

function dissectDns(t: TreeBuilder): TreeNode {
  const { p } = t;
  const at = dnsAt(p);
  const flags = p.u16(at + 2);
  const response = (flags & 0x8000) !== 0;
  const records = dnsRecords(p, at);
  const words = response
    ? `Standard query response, ${DNS_RCODES[flags & 15] ?? `error ${flags & 15}`}`
    : 'Standard query';
  const children = [
    t.field('dns.id', at, 2),
    t.field('dns.flags', at + 2, 2, words, [
      t.bits('dns.flags.response', at + 2, 16, 0x8000, 'Response', `Message is a ${response ? 'response' : 'query'}`),
      t.bits('dns.flags.opcode', at + 2, 16, 0x7800, 'Opcode'),
      t.bits('dns.flags.truncated', at + 2, 16, 0x0200, 'Truncated'),
      t.bits('dns.flags.recdesired', at + 2, 16, 0x0100, 'Recursion desired'),
      t.bits('dns.flags.recavail', at + 2, 16, 0x0080, 'Recursion available'),
      t.bits('dns.flags.rcode', at + 2, 16, 0x000f, 'Reply code'),
    ]),
    t.field('dns.count.queries', at + 4, 2),
    t.field('dns.count.answers', at + 6, 2),
    t.field('dns.count.auth_rr', at + 8, 2),
    t.field('dns.count.add_rr', at + 10, 2),
    ...records.map((r) => dnsRecordNode(t, at, r)),
  ];
  const count = [4, 6, 8, 10].reduce((n, o) => n + p.u16(at + o), 0);
  if (records.length < Math.min(count, 64)) {
    children.push(t.malformed('DNS', records.at(-1)?.end ?? at + 12));
  }
  return t.node('dns', `Domain Name System (${response ? 'response' : 'query'})`, '', at, p.payloadEnd - at, children);
}

function dnsRecordNode(t: TreeBuilder, msg: number, r: DnsRecord): TreeNode {
  const name = printable(r.name);
  if (r.section === 'query') {
    const label = `Query: ${name}: type ${dnsType(r.type)}, class ${r.class === 1 ? 'IN' : r.class}`;
    return t.node('dns.qry.name', label, name, r.off, r.end - r.off);
  }
  const section = { answer: 'Answer', authority: 'Authority', additional: 'Additional' }[r.section];
  const label = `${section}: ${name}: type ${dnsType(r.type)}, ttl ${r.ttl}, ${dnsData(t.p, msg, r)}`;
  return t.node('dns.resp.name', label, name, r.off, r.end - r.off);
}

function dissectTftp(t: TreeBuilder): TreeNode {
  const { p } = t;
  const at = p.payload;
  const opcode = p.u16(at);
  const children = [t.named('tftp.opcode', TFTP_OPCODES[opcode] ?? 'Unknown', at, 2)];
  if (opcode === 1 || opcode === 2 || opcode === 6) {
    nulStrings(p, at + 2).forEach((s, i) => {
      const label = opcode !== 6 && i === 0 ? 'File' : opcode !== 6 && i === 1 ? 'Type' : 'Option';
      children.push(
        t.node(
          '',
          `${label}: ${printable(s.text)}`,
          printable(s.text),
          s.off,
          Math.min(s.text.length + 1, p.payloadEnd - s.off),
        ),
      );
    });
  } else if ((opcode === 3 || opcode === 4) && at + 4 <= p.payloadEnd) {
    children.push(t.field('tftp.block', at + 2, 2));
    if (opcode === 3) {
      const n = p.payloadEnd - at - 4;
      children.push(t.node('data', `Data (${n} bytes)`, '', at + 4, n));
    }
  } else if (opcode === 5 && at + 4 <= p.payloadEnd) {
    const text = printable(p.ascii(at + 4, p.payloadEnd));
    children.push(
      t.field('tftp.error.code', at + 2, 2),
      t.node('tftp.error.message', `Error message: ${text}`, text, at + 4, p.payloadEnd - at - 4),
    );
  } else {
    children.push(t.malformed('TFTP', at + 2));
  }
  return t.node('tftp', 'Trivial File Transfer Protocol', '', at, p.payloadEnd - at, children);
}

function dissectHttp(t: TreeBuilder): TreeNode {
  const { p } = t;
  const line = httpLine(p)!;
  const text = printable(line.text);
  return t.node('http', 'Hypertext Transfer Protocol', '', p.payload, p.payloadEnd - p.payload, [
    t.node(line.request ? 'http.request' : 'http.response', text, text, line.off, line.length),
  ]);
}

/** Protocol and info columns of the application layer, or undefined if there is none that is known. */
export function appSummary(p: PacketView): { protocol: string; info: string } | undefined {
  switch (appProtocol(p)) {
    case 'dhcp': {
      const message = dhcpMessage(p);
      const words = message === '' ? (p.u8(p.payload) === 1 ? 'Boot Request' : 'Boot Reply') : message;
      return { protocol: 'DHCP', info: `DHCP ${words} - Transaction ID ${hex(p.u32(p.payload + 4), 8)}` };
    }
    case 'dns':
      return { protocol: 'DNS', info: dnsInfo(p) };
    case 'tftp':
      return { protocol: 'TFTP', info: tftpInfo(p) };
    case 'http':
      return { protocol: 'HTTP', info: printable(httpLine(p)!.text) };
    default:
      return undefined;
  }
}

function dnsInfo(p: PacketView): string {
  const at = dnsAt(p);
  const flags = p.u16(at + 2);
  const parts = [`Standard query${flags & 0x8000 ? ' response' : ''} ${hex(p.u16(at), 4)}`];
  if (flags & 0x8000 && flags & 15) {
    parts.push(DNS_RCODES[flags & 15] ?? `error ${flags & 15}`);
  }
  for (const r of dnsRecords(p, at).slice(0, 8)) {
    parts.push(`${dnsType(r.type)} ${r.section === 'query' ? printable(r.name) : dnsData(p, at, r)}`);
  }
  return parts.join(' ');
}

function tftpInfo(p: PacketView): string {
  const at = p.payload;
  const opcode = p.u16(at);
  const name = TFTP_OPCODES[opcode] ?? `Unknown opcode ${opcode}`;
  if (opcode === 1 || opcode === 2) {
    const s = nulStrings(p, at + 2).map((x) => printable(x.text));
    return `${name}, File: ${s[0] ?? ''}, Transfer type: ${s.slice(1).join(', ')}`;
  }
  if (at + 4 > p.payloadEnd) {
    return name;
  }
  if (opcode === 3 || opcode === 4) {
    const last = opcode === 3 && p.payloadEnd - at - 4 < 512 ? ' (last)' : '';
    return `${name}, Block: ${p.u16(at + 2)}${last}`;
  }
  return opcode === 5 ? `${name}, Code: ${p.u16(at + 2)}, Message: ${printable(p.ascii(at + 4, p.payloadEnd))}` : name;
}
