/** DNS (RFC 1035) over UDP and TCP, and its relatives on the local network: mDNS (RFC 6762), LLMNR (RFC 4795). */

import { cutWords } from '../cut.ts';
import { bits, computed, expertField, malformedPart, parts, uint16, variable } from '../declare.ts';
import { endpointsOf } from '../endpoints.ts';
import { hex, visible } from '../format.ts';
import { type Layer, MORE } from '../layer.ts';
import { BoundedMap, type Memory, MemoryKind } from '../memory.ts';
import { quiet } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import { type Expert, type FieldDeclaration, type Part, Protocol } from '../protocol.ts';
import { elapsed } from '../times.ts';
import { DATA_FIELDS, dataParts, dataWords, strayTexts, TYPE, typesInBitmap } from './dns-data.ts';
import { CLASSES, DNS_TYPES, OPCODES, RCODES } from './dns-names.ts';
import { type DnsRecord, dnsName, dnsRecords, MAX_RECORDS } from './dns-records.ts';

const RESPONSE = 0x8000;
const RCODE = 0x000f;
/** Where the counts of the four sections are. */
const COUNTS = [4, 6, 8, 10] as const;
/** In mDNS the highest bit of a class asks for a unicast answer, or says that there is no other record. */
const CLASS_BIT = 0x8000;

const SECTIONS = { query: 'Query', answer: 'Answer', authority: 'Authority', additional: 'Additional' } as const;

const QUERY_NAME = variable('dns.qry.name', 'Name', 'string');
const QUERY_NAME_LENGTH = variable('dns.qry.name.len', 'Name Length', 'uint16');
const LABELS = variable('dns.count.labels', 'Label Count', 'uint16');
const QUERY_TYPE = variable('dns.qry.type', 'Type', 'uint16', { names: DNS_TYPES });
const QUERY_CLASS = variable('dns.qry.class', 'Class', 'uint16', { hex: true, names: CLASSES });
const QUERY_UNICAST = variable('dns.qry.qu', '"QU" question', 'boolean');
const NAME = variable('dns.resp.name', 'Name', 'string');
const RECORD_TYPE = variable('dns.resp.type', 'Type', 'uint16', { names: DNS_TYPES });
const RECORD_CLASS = variable('dns.resp.class', 'Class', 'uint16', { hex: true, names: CLASSES });
const CACHE_FLUSH = variable('dns.resp.cache_flush', 'Cache flush', 'boolean');
const TTL = variable('dns.resp.ttl', 'Time to live', 'uint32');
const DATA_LENGTH = variable('dns.resp.len', 'Data length', 'uint32');
const PAYLOAD_SIZE = variable('dns.rr.udp_payload_size', 'UDP payload size', 'uint16');
const EXTENDED_RCODE = variable('dns.resp.ext_rcode', 'Higher bits in extended RCODE', 'uint8', { hex: true });
const EDNS_VERSION = variable('dns.resp.edns0_version', 'EDNS0 version', 'uint8');
const Z = variable('dns.resp.z', 'Z', 'uint16', { hex: true });
const Z_DO = variable('dns.resp.z.do', 'DO bit', 'boolean');
const Z_RESERVED = variable('dns.resp.z.reserved', 'Reserved', 'uint16', { hex: true });

const RECORD_FIELDS = [
  QUERY_NAME,
  QUERY_NAME_LENGTH,
  LABELS,
  QUERY_TYPE,
  QUERY_CLASS,
  QUERY_UNICAST,
  NAME,
  RECORD_TYPE,
  RECORD_CLASS,
  CACHE_FLUSH,
  TTL,
  DATA_LENGTH,
  PAYLOAD_SIZE,
  EXTENDED_RCODE,
  EDNS_VERSION,
  Z,
  Z_DO,
  Z_RESERVED,
  ...DATA_FIELDS,
];

function typeName(type: number): string {
  return DNS_TYPES[type] ?? `Unknown (${type})`;
}

function isResponse(p: PacketView, l: Layer): boolean {
  return (p.u16(l.at + 2) & RESPONSE) !== 0;
}

function rcodeName(p: PacketView, l: Layer): string {
  const rcode = p.u16(l.at + 2) & RCODE;
  return RCODES[rcode] ?? `Unknown error (${rcode})`;
}

function opcodeName(p: PacketView, l: Layer): string {
  const opcode = (p.u16(l.at + 2) >> 11) & 15;
  return OPCODES[opcode] ?? `Unknown operation (${opcode})`;
}

function isMulticast(l: Layer): boolean {
  return l.protocol.name === 'mdns';
}

function classOf(l: Layer, r: DnsRecord): number {
  return isMulticast(l) ? r.class & ~CLASS_BIT : r.class;
}

function recordPart(p: PacketView, l: Layer, r: DnsRecord): Part {
  const name = visible(r.name);
  const place = { value: r.name, from: r.at, length: r.end - r.at, text: () => name };
  const kind = `${SECTIONS[r.section]}: ${name}: type ${typeName(r.type)}`;
  if (r.section === 'query') {
    const label = (): string => `${kind}, class ${CLASSES[classOf(l, r)] ?? classOf(l, r)}`;
    return { ...place, field: QUERY_NAME, label, inside: queryParts(l, r) };
  }
  const words = dataWords(p, l, r);
  const label = (): string => `${kind}, ttl ${r.ttl}${words === '' ? '' : `, ${words}`}`;
  const inside = [...headParts(l, r), ...dataParts(p, l, r), ...bitmapParts(p, l, r)];
  // Wireshark shows the parts of a service's name instead of the whole.
  return { ...place, ...(r.type === TYPE.srv ? { name: 'dns.srv' } : { field: NAME }), label, inside };
}

function queryParts(l: Layer, r: DnsRecord): Part[] {
  const at = r.data - 4;
  return [
    quiet(QUERY_NAME_LENGTH, r.nameLength, [r.at, at - r.at]),
    quiet(LABELS, r.labels, [r.at, at - r.at]),
    quiet(QUERY_TYPE, r.type, [at, 2]),
    quiet(QUERY_CLASS, classOf(l, r), [at + 2, 2]),
    ...(isMulticast(l) ? [quiet(QUERY_UNICAST, (r.class & CLASS_BIT) !== 0, [at + 2, 2])] : []),
  ];
}

/** What stands before the data of a record; a pseudo record of EDNS uses the places for other things (RFC 6891). */
function headParts(l: Layer, r: DnsRecord): Part[] {
  const at = r.data - 10;
  const flush = isMulticast(l) ? [quiet(CACHE_FLUSH, (r.class & CLASS_BIT) !== 0, [at + 2, 2])] : [];
  const type = quiet(RECORD_TYPE, r.type, [at, 2]);
  const length = quiet(DATA_LENGTH, r.length, [at + 8, 2]);
  if (r.type === TYPE.opt) {
    const z = r.ttl & 0xffff;
    return [
      type,
      quiet(PAYLOAD_SIZE, classOf(l, r), [at + 2, 2]),
      ...flush,
      quiet(EXTENDED_RCODE, r.ttl >>> 24, [at + 4, 1]),
      quiet(EDNS_VERSION, (r.ttl >>> 16) & 255, [at + 5, 1]),
      quiet(Z, z, [at + 6, 2]),
      quiet(Z_DO, z >= 0x8000, [at + 6, 2]),
      quiet(Z_RESERVED, z & 0x7fff, [at + 6, 2]),
      length,
    ];
  }
  return [type, quiet(RECORD_CLASS, classOf(l, r), [at + 2, 2]), ...flush, quiet(TTL, r.ttl, [at + 4, 4]), length];
}

/** The types that a record says its name has. */
function bitmapParts(p: PacketView, l: Layer, r: DnsRecord): Part[] {
  return typesInBitmap(p, l, r).map(({ type, at }) => quiet(RECORD_TYPE, type, [at, 1]));
}

/** The records, and where they end before their counts are reached. */
function recordParts(p: PacketView, l: Layer): Part[] {
  const records = dnsRecords(p, l);
  const out = records.map((r) => recordPart(p, l, r));
  if (isCut(p, l, records)) {
    out.push(malformedPart(p, l.protocol.declaration.column, records.at(-1)?.end ?? l.at + 12));
  }
  return out;
}

function isCut(p: PacketView, l: Layer, records: readonly DnsRecord[]): boolean {
  const count = COUNTS.reduce((n, off) => n + p.u16(l.at + off), 0);
  return records.length < Math.min(count, MAX_RECORDS);
}

function info(p: PacketView, l: Layer): string {
  const response = isResponse(p, l);
  const out = [`${opcodeName(p, l)}${response ? ' response' : ''} ${hex(p.u16(l.at), 4)}`];
  if (response && p.u16(l.at + 2) & RCODE) {
    out.push(rcodeName(p, l));
  }
  const records = dnsRecords(p, l);
  for (const r of records) {
    out.push(r.section === 'query' ? queryWords(l, r) : recordWords(p, l, r));
  }
  if (!isCut(p, l, records)) {
    return out.join(' ');
  }
  const type = cutType(p, l, records);
  return `${out.join(' ')}${type === undefined ? '' : ` ${typeName(type)}`}${cutWords(p, l)}`;
}

/** The type of the record that is not whole, if everything before its data is there. */
function cutType(p: PacketView, l: Layer, records: readonly DnsRecord[]): number | undefined {
  const next =
    records.length < p.u16(l.at + COUNTS[0]) ? undefined : dnsName(p, l, records.at(-1)?.end ?? l.at + 12)?.next;
  return next === undefined || next + 10 > l.end ? undefined : p.u16(next);
}

function queryWords(l: Layer, r: DnsRecord): string {
  const kind = isMulticast(l) ? `, "${r.class & CLASS_BIT ? 'QU' : 'QM'}" question` : '';
  return `${typeName(r.type)} ${visible(r.name)}${kind}`;
}

function recordWords(p: PacketView, l: Layer, r: DnsRecord): string {
  const flush = isMulticast(l) && r.class & CLASS_BIT && r.type !== TYPE.opt ? ', cache flush' : '';
  const words = dataWords(p, l, r);
  return `${typeName(r.type)}${flush}${words === '' ? '' : ` ${words}`}`;
}

/** What is known of a message from those before: the query that it answers or repeats. */
class DnsNote {
  readonly query: number;
  readonly seconds: number;
  readonly repeats: boolean;

  constructor(query: number, seconds: number, repeats: boolean) {
    this.query = query;
    this.seconds = seconds;
    this.repeats = repeats;
  }
}

/** Queries by their ends and number. */
interface Asked {
  readonly frame: number;
  readonly seconds: number;
  answer: number;
}

const QUERIES = new MemoryKind(() => new BoundedMap<string, Asked>());

function remember(p: PacketView, l: Layer, memory: Memory): object | null {
  const transport = l.below;
  if (transport === null || !transport.protocol.byPort || l.protocol.name === 'mdns') {
    return null;
  }
  const table = QUERIES.of(memory);
  const key = `${endpointsOf(p, transport).key} ${transport.protocol.name} ${p.u16(l.at)}`;
  const asked = table.get(key);
  if (!isResponse(p, l)) {
    if (asked !== undefined && asked.answer === 0) {
      return new DnsNote(asked.frame, 0, true);
    }
    table.set(key, { frame: memory.number, seconds: memory.seconds, answer: 0 });
    return null;
  }
  if (asked === undefined) {
    return new DnsNote(0, 0, false);
  }
  const again = asked.answer > 0;
  asked.answer ||= memory.number;
  return again
    ? new DnsNote(asked.answer, 0, true)
    : new DnsNote(asked.frame, elapsed(asked.seconds, memory.seconds), false);
}

function noteOf(l: Layer): DnsNote | undefined {
  return l.note instanceof DnsNote ? l.note : undefined;
}

const UNSOLICITED = expertField('dns.unsolicited', 'Unsolicited response');
const RETRANSMITTED_QUERY = expertField('dns.retransmit_request', 'DNS query retransmission');
const RETRANSMITTED_ANSWER = expertField('dns.retransmit_response', 'DNS response retransmission');

function experts(p: PacketView, l: Layer): Expert[] {
  const note = noteOf(l);
  if (note?.repeats) {
    const response = isResponse(p, l);
    const [field, words] = response
      ? ([RETRANSMITTED_ANSWER, 'response retransmission. Original response'] as const)
      : ([RETRANSMITTED_QUERY, 'query retransmission. Original request'] as const);
    return [{ field, message: `DNS ${words} in frame ${note.query}`, severity: 'warn', group: 'protocol' }];
  }
  return strays(p, l);
}

function strays(p: PacketView, l: Layer): Expert[] {
  const count = dnsRecords(p, l).reduce((n, r) => n + strayTexts(p, r), 0);
  return Array.from({ length: count }, () => ({
    message: 'Trailing stray characters',
    severity: 'warn',
    group: 'undecoded',
  }));
}

/** A number that the query before tells. */
function ofQuery(
  name: string,
  description: string,
  type: 'uint32' | 'seconds',
  value: (note: DnsNote, response: boolean) => number | undefined,
): FieldDeclaration {
  const found = (p: PacketView, l: Layer): number | undefined => {
    const note = noteOf(l);
    return note === undefined ? undefined : value(note, isResponse(p, l));
  };
  return computed(name, description, type, found, { label: (p, l) => `[${description}: ${found(p, l)}]` });
}

/** Bits of the flags. */
function flag(name: string, description: string, mask: number, when?: (p: PacketView, l: Layer) => boolean) {
  return bits(`dns.flags.${name}`, description, { off: 2, width: 16, mask }, when === undefined ? {} : { when });
}

/** DNS and its relatives. */
const PORTS = [53, 5353, 5355];

function isUsualPort(below: Layer): boolean {
  return PORTS.includes(below.key) || PORTS.includes(below.otherKey);
}

/**
 * Whether bytes of another port are a plain query for one name, or an answer to it: the numbers of records are small,
 * and the name is printable.
 */
function looksLikeQuery(p: PacketView, l: Layer): boolean {
  const flags = p.u16(l.at + 2);
  const records = p.u16(l.at + COUNTS[1]) + p.u16(l.at + COUNTS[2]) + p.u16(l.at + COUNTS[3]);
  const most = flags & RESPONSE ? 64 : 2;
  if ((flags & 0x7840) !== 0 || p.u16(l.at + COUNTS[0]) !== 1 || records > most || l.end - l.at < 12 + 7) {
    return false;
  }
  const at = nameEnd(p, l.at + 12, l.end);
  return at > 0 && at + 4 <= l.end && DNS_TYPES[p.u16(at)] !== undefined && p.u16(at + 2) === 1;
}

/** Where a name ends that is not compressed and can be printed; -1 if there is none. */
function nameEnd(p: PacketView, from: number, end: number): number {
  let at = from;
  while (at < end && p.u8(at) !== 0) {
    const next = at + 1 + p.u8(at);
    if (p.u8(at) > 63 || next >= end) {
      return -1;
    }
    for (at++; at < next; at++) {
      if (p.u8(at) < 0x21 || p.u8(at) > 0x7e) {
        return -1;
      }
    }
  }
  return at > from && at < end ? at + 1 : -1;
}

/** A protocol of DNS messages. */
function messages(
  name: string,
  title: string,
  column: string,
  found: Record<string, readonly (number | 'any')[]>,
): Protocol {
  const local = name === 'llmnr';
  const usual = (): boolean => !local;
  return new Protocol({
    name,
    title,
    column,
    found,
    header: 12,
    lengthBytes: 2,
    messageLength: (p, l) => (l.at + 2 > l.end ? MORE : 2 + p.u16(l.at)),
    open: (p, l) => {
      // Over TCP a length comes first.
      const prefix = l.below?.protocol.name === 'tcp' ? 2 : 0;
      l.at += prefix;
      if (
        name === 'dns' &&
        prefix === 0 &&
        l.below?.protocol.byPort &&
        !isUsualPort(l.below) &&
        !looksLikeQuery(p, l)
      ) {
        return false;
      }
      return l.at + 12 <= l.end && (prefix === 0 || p.u16(l.at - 2) >= 12);
    },
    remember,
    experts,
    line: (p, l) => `${title} (${isResponse(p, l) ? 'response' : 'query'})`,
    fields: [
      computed('dns.length', 'Length', 'uint16', (p, l) => p.u16(l.at - 2), {
        when: (_, l) => l.below?.protocol.name === 'tcp',
        place: (_, l) => [l.at - 2, 2],
      }),
      uint16('dns.id', 'Transaction ID', 0, { hex: true }),
      uint16('dns.flags', 'Flags', 2, {
        hex: true,
        note: (p, l) => (isResponse(p, l) ? `${opcodeName(p, l)} response, ${rcodeName(p, l)}` : opcodeName(p, l)),
        inside: [
          bits(
            'dns.flags.response',
            'Response',
            { off: 2, width: 16, mask: RESPONSE },
            { words: (p, l) => `Message is a ${isResponse(p, l) ? 'response' : 'query'}` },
          ),
          flag('opcode', 'Opcode', 0x7800),
          flag('authoritative', 'Authoritative', 0x0400, (p, l) => !local && isResponse(p, l)),
          flag('conflict', 'Conflict', 0x0400, () => local),
          flag('truncated', 'Truncated', 0x0200),
          flag('recdesired', 'Recursion desired', 0x0100, usual),
          flag('tentative', 'Tentative', 0x0100, () => local),
          flag('recavail', 'Recursion available', 0x0080, (p, l) => !local && isResponse(p, l)),
          flag('z', 'Z', 0x0040, usual),
          flag('authenticated', 'Answer authenticated', 0x0020, (p, l) => {
            // In a query it is worth a word only if it is set (RFC 6840, 5.7).
            return !local && (isResponse(p, l) || (p.u16(l.at + 2) & 0x0020) !== 0);
          }),
          flag('checkdisable', 'Non-authenticated data', 0x0010, usual),
          flag('rcode', 'Reply code', RCODE, isResponse),
        ],
      }),
      uint16('dns.count.queries', 'Questions', COUNTS[0]),
      uint16('dns.count.answers', 'Answer RRs', COUNTS[1]),
      uint16('dns.count.auth_rr', 'Authority RRs', COUNTS[2]),
      uint16('dns.count.add_rr', 'Additional RRs', COUNTS[3]),
      parts(recordParts),
      ...RECORD_FIELDS,
      ofQuery('dns.response_to', 'Request In', 'uint32', (n, r) =>
        r && !n.repeats && n.query > 0 ? n.query : undefined,
      ),
      ofQuery('dns.time', 'Time', 'seconds', (n, r) => (r && !n.repeats && n.query > 0 ? n.seconds : undefined)),
      ofQuery('dns.retransmit_request_in', 'Retransmitted request. Original request in', 'uint32', (n, r) =>
        !r && n.repeats ? n.query : undefined,
      ),
      ofQuery('dns.retransmit_response_in', 'Retransmitted response. Original response in', 'uint32', (n, r) =>
        r && n.repeats ? n.query : undefined,
      ),
      computed('dns.retransmission', 'DNS retransmission', 'boolean', (_, l) => noteOf(l)?.repeats || undefined, {
        shown: () => false,
      }),
      computed('dns.unsolicited', UNSOLICITED.description, 'boolean', (p, l) =>
        isResponse(p, l) && noteOf(l)?.query === 0 ? true : undefined,
      ),
      RETRANSMITTED_QUERY,
      RETRANSMITTED_ANSWER,
    ],
    info,
  });
}

export const dns: Protocol = messages('dns', 'Domain Name System', 'DNS', {
  'udp.port': [53, 'any'],
  'tcp.port': [53],
});
export const mdns: Protocol = messages('mdns', 'Multicast Domain Name System', 'MDNS', { 'udp.port': [5353] });
export const llmnr: Protocol = messages('llmnr', 'Link-local Multicast Name Resolution', 'LLMNR', {
  'udp.port': [5355],
});
