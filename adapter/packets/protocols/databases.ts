/** What clients say to databases, as far as the heads of messages tell: TDS, Redis, Cassandra, memcached. */
import { printable } from '../format.ts';
import { type Layer, MORE, NO_MESSAGE } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, Protocol } from '../protocol.ts';

const TDS_TYPES: Names = {
  1: 'SQL batch',
  2: 'Pre-TDS7 login',
  3: 'Remote Procedure Call',
  4: 'Response',
  6: 'Attention',
  7: 'Bulk load data',
  14: 'Transaction Manager Request',
  16: 'TDS7 login',
  17: 'SSPI message',
  18: 'TDS7 pre-login message',
};

/** SQL Server's packets: a type, a status, and a length. */
function isTds(p: PacketView, l: Layer): boolean {
  return l.at + 8 <= l.end && TDS_TYPES[p.u8(l.at)] !== undefined && p.u8(l.at + 1) < 32 && p.u16(l.at + 2) >= 8;
}

export const tds: Protocol = new Protocol({
  name: 'tds',
  title: 'Tabular Data Stream',
  column: 'TDS',
  found: { 'tcp.port': [1433, 2433] },
  header: 8,
  messageLength: (p, l) => (l.end - l.at < 8 ? MORE : isTds(p, l) ? p.u16(l.at + 2) : NO_MESSAGE),
  open: isTds,
  fields: [],
  info: (p, l) => TDS_TYPES[p.u8(l.at)] ?? '',
});

const CQL_TYPES: Names = {
  0: 'ERROR',
  1: 'STARTUP',
  2: 'READY',
  3: 'AUTHENTICATE',
  5: 'OPTIONS',
  6: 'SUPPORTED',
  7: 'QUERY',
  8: 'RESULT',
  9: 'PREPARE',
  10: 'EXECUTE',
  11: 'REGISTER',
  12: 'EVENT',
  13: 'BATCH',
  14: 'AUTH_CHALLENGE',
  15: 'AUTH_RESPONSE',
  16: 'AUTH_SUCCESS',
};

function isCql(p: PacketView, l: Layer): boolean {
  const version = p.u8(l.at) & 0x7f;
  return l.at + 9 <= l.end && version >= 3 && version <= 5 && CQL_TYPES[p.u8(l.at + 4)] !== undefined;
}

export const cql: Protocol = new Protocol({
  name: 'cql',
  title: 'Cassandra CQL Protocol',
  column: 'CQL',
  found: { 'tcp.port': [9042] },
  header: 9,
  messageLength: (p, l) => (l.end - l.at < 9 ? MORE : isCql(p, l) ? 9 + p.u32(l.at + 5) : NO_MESSAGE),
  open: isCql,
  fields: [],
  info: (p, l) => {
    const first = p.u8(l.at);
    return `v${first & 0x7f} ${first & 0x80 ? 'S->C' : 'C->S'} Type ${CQL_TYPES[p.u8(l.at + 4)]}`;
  },
});

/** The first line of what memcached is asked, or says. */
function memcacheLine(p: PacketView, l: Layer): string {
  return p.ascii(l.at, Math.min(l.end, l.at + 512)).split('\r\n', 1)[0] ?? '';
}

export const memcache: Protocol = new Protocol({
  name: 'memcache',
  title: 'Memcache Protocol',
  column: 'MEMCACHE',
  found: { 'tcp.port': [11211], 'udp.port': [11211] },
  header: 2,
  open: (p, l) => /^[A-Za-z]+( [\x21-\x7e]+)*$/.test(memcacheLine(p, l)),
  fields: [],
  info: (p, l) => printable(memcacheLine(p, l)),
});

const REDIS = 6379;
const BULK = '$';
const ARRAY = '*';
const SIMPLE = '+-:';

/** A value of Redis' protocol: where it ends, and what the list says of it; undefined where more is needed. */
function respValue(
  p: PacketView,
  at: number,
  end: number,
): { readonly next: number; readonly text: string } | undefined {
  const line = p.ascii(at, Math.min(end, at + 512)).split('\r\n', 1)[0] ?? '';
  const next = at + line.length + 2;
  const [kind, rest] = [line.charAt(0), printable(line.slice(1))];
  if (next > end) {
    return undefined;
  }
  if (kind === BULK && Number(rest) >= 0) {
    const to = next + Number(rest);
    return to + 2 > end ? undefined : { next: to + 2, text: printable(p.ascii(next, to)) };
  }
  return { next, text: kind !== '' && SIMPLE.includes(kind) ? rest : kind === ARRAY ? `Array(${rest})` : '[fragment]' };
}

/** A message is a value, or an array with all of its values. */
function respMessage(p: PacketView, l: Layer): { readonly length: number; readonly text: string } | undefined {
  const first = respValue(p, l.at, l.end);
  const count = Number(/^Array\((\d{1,5})\)$/.exec(first?.text ?? '')?.[1] ?? 0);
  const texts: string[] = [];
  let at = first?.next ?? l.at;
  for (let i = 0; i < count; i++) {
    const value = respValue(p, at, l.end);
    if (value === undefined) {
      return undefined;
    }
    texts.push(value.text);
    at = value.next;
  }
  const asked = l.below?.otherKey === REDIS;
  return first && { length: at - l.at, text: count > 0 && asked ? texts.join(' ') : first.text };
}

export const resp: Protocol = new Protocol({
  name: 'resp',
  title: 'REdis Serialization Protocol',
  column: 'RESP',
  found: { 'tcp.port': [REDIS] },
  header: 1,
  messageLength: (p, l) => respMessage(p, l)?.length ?? MORE,
  open: (p, l) => respMessage(p, l) !== undefined,
  fields: [],
  infoBetween: ' ',
  info: (p, l) => {
    const first = l.index === (l.below?.index ?? 0) + 1;
    const who = l.below?.otherKey === REDIS ? 'Request: ' : 'Response: ';
    return `${first ? who : ''}${respMessage(p, l)?.text ?? ''}`;
  },
});
