/** DNS (RFC 1035), over UDP and TCP. */
import { bits, malformedPart, parts, uint16, variable } from '../declare.ts';
import { formatBytes, formatIpv4, formatIpv6, hex, printable } from '../format.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, type Part, Protocol } from '../protocol.ts';
import { type DnsRecord, dnsName, dnsRecords, MAX_RECORDS } from './dns-records.ts';
import { DNS_MESSAGE } from './mdns.ts';

const A = 1;
const NS = 2;
const CNAME = 5;
const PTR = 12;
const AAAA = 28;

/** Record types by number. */
const TYPES: Names = {
  [A]: 'A',
  [NS]: 'NS',
  [CNAME]: 'CNAME',
  6: 'SOA',
  [PTR]: 'PTR',
  15: 'MX',
  16: 'TXT',
  [AAAA]: 'AAAA',
  33: 'SRV',
  41: 'OPT',
  65: 'HTTPS',
  255: 'ANY',
};

const RCODES: Names = {
  0: 'No error',
  1: 'Format error',
  2: 'Server failure',
  3: 'No such name',
  4: 'Not implemented',
  5: 'Refused',
};

const RESPONSE = 0x8000;
const RCODE = 0x000f;
/** Where the counts of the four sections are. */
const COUNTS = [4, 6, 8, 10] as const;
/** Records that the list's Info column names. */
const MAX_INFO_RECORDS = 8;

const SECTIONS = { query: 'Query', answer: 'Answer', authority: 'Authority', additional: 'Additional' } as const;

const QUERY_NAME = variable('dns.qry.name', 'Name', 'string');
const QUERY_TYPE = variable('dns.qry.type', 'Type', 'uint16', { names: TYPES });
const RESPONSE_NAME = variable('dns.resp.name', 'Name', 'string');
const RESPONSE_TYPE = variable('dns.resp.type', 'Type', 'uint16', { names: TYPES });
const ADDRESS = variable('dns.a', 'Address', 'ipv4');
const ADDRESS6 = variable('dns.aaaa', 'AAAA Address', 'ipv6');

function typeName(type: number): string {
  return TYPES[type] ?? `TYPE${type}`;
}

function isResponse(p: PacketView, l: Layer): boolean {
  return (p.u16(l.at + 2) & RESPONSE) !== 0;
}

function rcodeName(p: PacketView, l: Layer): string {
  const rcode = p.u16(l.at + 2) & RCODE;
  return RCODES[rcode] ?? `error ${rcode}`;
}

/** The data of a record as text. */
function dataText(p: PacketView, l: Layer, r: DnsRecord): string {
  switch (r.type) {
    case A:
      return r.length === 4 ? formatIpv4(p.u32(r.data)) : bytesText(p, r);
    case AAAA:
      return r.length === 16 ? formatIpv6(p.bytes(r.data, r.data + 16)) : bytesText(p, r);
    case NS:
    case CNAME:
    case PTR:
      return printable(dnsName(p, l, r.data)?.name ?? '<malformed>');
    default:
      return bytesText(p, r);
  }
}

function bytesText(p: PacketView, r: DnsRecord): string {
  return formatBytes(p.bytes(r.data, r.data + r.length), 16);
}

function recordPart(p: PacketView, l: Layer, r: DnsRecord): Part {
  const name = printable(r.name);
  const section = SECTIONS[r.section];
  const place = { value: r.name, from: r.at, length: r.end - r.at, text: () => name };
  // The type and the data are not shown on lines of their own.
  const type = { value: r.type, from: r.data - (r.section === 'query' ? 4 : 10), length: 2 };
  if (r.section === 'query') {
    const label = (): string =>
      `${section}: ${name}: type ${typeName(r.type)}, class ${r.class === 1 ? 'IN' : r.class}`;
    return { ...place, field: QUERY_NAME, label, inside: [{ ...type, field: QUERY_TYPE }] };
  }
  const label = (): string => `${section}: ${name}: type ${typeName(r.type)}, ttl ${r.ttl}, ${dataText(p, l, r)}`;
  const inside: Part[] = [{ ...type, field: RESPONSE_TYPE }];
  if (r.type === A && r.length === 4) {
    inside.push({ field: ADDRESS, value: p.u32(r.data), from: r.data, length: 4 });
  } else if (r.type === AAAA && r.length === 16) {
    inside.push({ field: ADDRESS6, value: p.bytes(r.data, r.data + 16), from: r.data, length: 16 });
  }
  return { ...place, field: RESPONSE_NAME, label, inside };
}

/** The records, and where they end before their counts are reached. */
function recordParts(p: PacketView, l: Layer): Part[] {
  const records = dnsRecords(p, l);
  const out = records.map((r) => recordPart(p, l, r));
  const count = COUNTS.reduce((n, off) => n + p.u16(l.at + off), 0);
  if (records.length < Math.min(count, MAX_RECORDS)) {
    out.push(malformedPart(p, 'DNS', records.at(-1)?.end ?? l.at + 12));
  }
  return out;
}

function info(p: PacketView, l: Layer): string {
  const response = isResponse(p, l);
  const out = [`Standard query${response ? ' response' : ''} ${hex(p.u16(l.at), 4)}`];
  if (response && p.u16(l.at + 2) & RCODE) {
    out.push(rcodeName(p, l));
  }
  for (const r of dnsRecords(p, l).slice(0, MAX_INFO_RECORDS)) {
    out.push(`${typeName(r.type)} ${r.section === 'query' ? printable(r.name) : dataText(p, l, r)}`);
  }
  return out.join(' ');
}

/** Bits of the flags. */
function flag(name: string, description: string, mask: number) {
  return bits(name, description, { off: 2, width: 16, mask });
}

const flags = uint16('dns.flags', 'Flags', 2, {
  hex: true,
  note: (p, l) => (isResponse(p, l) ? `Standard query response, ${rcodeName(p, l)}` : 'Standard query'),
  inside: [
    bits(
      'dns.flags.response',
      'Response',
      { off: 2, width: 16, mask: RESPONSE },
      { words: (p, l) => `Message is a ${isResponse(p, l) ? 'response' : 'query'}` },
    ),
    flag('dns.flags.opcode', 'Opcode', 0x7800),
    flag('dns.flags.truncated', 'Truncated', 0x0200),
    flag('dns.flags.recdesired', 'Recursion desired', 0x0100),
    flag('dns.flags.recavail', 'Recursion available', 0x0080),
    flag('dns.flags.rcode', 'Reply code', RCODE),
  ],
});

export const dns: Protocol = new Protocol({
  name: 'dns',
  title: 'Domain Name System',
  column: 'DNS',
  found: { 'udp.port': [53], 'tcp.port': [53], 'dns.message': [DNS_MESSAGE] },
  present: (_, l) => l.below?.protocol.byPort === true,
  chainOf: (_, l) => (l.below?.protocol.byPort === true ? 'dns' : ''),
  columnOf: (_, l) => (l.below?.protocol.byPort === true ? 'DNS' : (l.below?.protocol.declaration.column ?? 'DNS')),
  header: 12,
  open: (_, l) => {
    // Over TCP a length comes first.
    l.at += l.below?.protocol.name === 'tcp' ? 2 : 0;
    return l.at + 12 <= l.end;
  },
  line: (p, l) => `Domain Name System (${isResponse(p, l) ? 'response' : 'query'})`,
  fields: [
    uint16('dns.id', 'Transaction ID', 0, { hex: true }),
    flags,
    uint16('dns.count.queries', 'Questions', COUNTS[0]),
    uint16('dns.count.answers', 'Answer RRs', COUNTS[1]),
    uint16('dns.count.auth_rr', 'Authority RRs', COUNTS[2]),
    uint16('dns.count.add_rr', 'Additional RRs', COUNTS[3]),
    parts(recordParts),
    QUERY_NAME,
    QUERY_TYPE,
    RESPONSE_NAME,
    RESPONSE_TYPE,
    ADDRESS,
    ADDRESS6,
  ],
  info,
});
