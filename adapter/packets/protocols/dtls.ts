/** DTLS (RFC 6347, RFC 9147): the records of a datagram, wherever one is seen. */
import { Cursor } from '../cursor.ts';
import { parts, variable } from '../declare.ts';
import type { Layer } from '../layer.ts';
import { group, shown } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, type Part, Protocol } from '../protocol.ts';
import { Memory } from '../sessions.ts';
import { CAPWAP_DTLS } from './capwap.ts';
import {
  CLIENT_HELLO,
  HandshakeFields,
  type HelloFacts,
  handshakeBody,
  SERVER_HELLO,
  VERSIONS,
  versionColumn,
} from './tls-handshake.ts';
import { ALERTS, HANDSHAKES } from './tls-names.ts';

const CHANGE_CIPHER_SPEC = 20;
const ALERT = 21;
const HANDSHAKE = 22;
const RECORDS: Names = {
  [CHANGE_CIPHER_SPEC]: 'Change Cipher Spec',
  [ALERT]: 'Alert',
  [HANDSHAKE]: 'Handshake',
  23: 'Application Data',
  24: 'Heartbeat',
};
const LEVELS: Names = { 1: 'Warning', 2: 'Fatal' };
const HEADER = 13;
/** A handshake message in a datagram has its place among the fragments. */
const MESSAGE_HEADER = 12;

const CONTENT_TYPE = variable('dtls.record.content_type', 'Content Type', 'uint8', { names: RECORDS });
const VERSION = variable('dtls.record.version', 'Version', 'uint16', { hex: true, names: VERSIONS });
const EPOCH = variable('dtls.record.epoch', 'Epoch', 'uint16');
const LENGTH = variable('dtls.record.length', 'Length', 'uint16');
const SEQUENCE = variable('dtls.handshake.message_seq', 'Message Sequence', 'uint16');
const FRAGMENT_OFFSET = variable('dtls.handshake.fragment_offset', 'Fragment Offset', 'uint32');
const FRAGMENT_LENGTH = variable('dtls.handshake.fragment_length', 'Fragment Length', 'uint32');
const LEVEL = variable('dtls.alert_message.level', 'Level', 'uint8', { names: LEVELS });
const DESCRIPTION = variable('dtls.alert_message.desc', 'Description', 'uint8', { names: ALERTS });
const FIELDS = new HandshakeFields('dtls');
const MEMORY = new Memory<{ version: number }>(() => ({ version: 0 }));

interface DtlsRecord {
  readonly at: number;
  readonly type: number;
  readonly epoch: number;
  readonly length: number;
}

function isRecord(p: PacketView, at: number, end: number): boolean {
  if (at + HEADER > end || RECORDS[p.u8(at)] === undefined) {
    return false;
  }
  const version = p.u16(at + 1);
  const known = version === 0xfeff || version === 0xfefd || version === 0x0100;
  return known && at + HEADER + p.u16(at + 11) <= end;
}

function records(p: PacketView, l: Layer): DtlsRecord[] {
  const out: DtlsRecord[] = [];
  for (let at = l.at; isRecord(p, at, l.end); at += HEADER + p.u16(at + 11)) {
    out.push({ at, type: p.u8(at), epoch: p.u16(at + 3), length: p.u16(at + 11) });
  }
  return out;
}

interface Message {
  readonly at: number;
  readonly type: number;
  readonly whole: boolean;
  readonly offset: number;
  readonly length: number;
}

function messages(p: PacketView, r: DtlsRecord): Message[] {
  const out: Message[] = [];
  const end = r.at + HEADER + r.length;
  for (let at = r.at + HEADER; r.epoch === 0 && at + MESSAGE_HEADER <= end; ) {
    const type = p.u8(at);
    const length = p.u32(at + 8) % 0x1000000;
    if (HANDSHAKES[type] === undefined || at + MESSAGE_HEADER + length > end) {
      break;
    }
    const offset = p.u32(at + 5) >>> 8;
    out.push({ at, type, length, offset, whole: length === p.u32(at) % 0x1000000 });
    at += MESSAGE_HEADER + length;
  }
  return out;
}

function recordNames(p: PacketView, r: DtlsRecord): string[] {
  if (r.type === HANDSHAKE) {
    const names = messages(p, r).map((m) => `${HANDSHAKES[m.type]}${m.whole ? '' : ' (Fragment)'}`);
    return names.length === 0 ? ['Encrypted Handshake Message'] : names;
  }
  if (r.type === ALERT) {
    const at = r.at + HEADER;
    return r.length === 2 && r.epoch === 0
      ? [`Alert (Level: ${LEVELS[p.u8(at)] ?? 'Unknown'}, Description: ${ALERTS[p.u8(at + 1)] ?? 'Unknown'})`]
      : ['Encrypted Alert'];
  }
  return [RECORDS[r.type] ?? ''];
}

function messagePart(p: PacketView, m: Message): Part {
  const c = new Cursor(p, m.at, m.at + MESSAGE_HEADER + m.length);
  c.number(1, FIELDS.type);
  c.number(3, FIELDS.length);
  c.number(2, SEQUENCE);
  c.number(3, FRAGMENT_OFFSET);
  c.number(3, FRAGMENT_LENGTH);
  if (m.whole) {
    handshakeBody(c, FIELDS, m.type, { version: 0 }, true);
  }
  const title = `Handshake Protocol: ${HANDSHAKES[m.type]}${m.whole ? '' : ' (Fragment)'}`;
  return group(title, [m.at, MESSAGE_HEADER + m.length], c.parts);
}

function recordPart(p: PacketView, l: Layer, r: DtlsRecord): Part {
  const at = r.at + HEADER;
  const title = `${columnOf(p, l)} Record Layer: ${RECORDS[r.type]} Protocol: ${recordNames(p, r)[0]}`;
  const plainAlert = r.type === ALERT && r.length === 2 && r.epoch === 0;
  return group(
    title,
    [r.at, HEADER + r.length],
    [
      shown(CONTENT_TYPE, r.type, [r.at, 1]),
      shown(VERSION, p.u16(r.at + 1), [r.at + 1, 2]),
      shown(EPOCH, r.epoch, [r.at + 3, 2]),
      shown(LENGTH, r.length, [r.at + 11, 2]),
      ...(r.type === HANDSHAKE ? messages(p, r).map((m) => messagePart(p, m)) : []),
      ...(plainAlert ? [shown(LEVEL, p.u8(at), [at, 1]), shown(DESCRIPTION, p.u8(at + 1), [at + 1, 1])] : []),
    ],
  );
}

function columnOf(p: PacketView, l: Layer): string {
  const known = versionColumn(MEMORY.of(p, l)?.version ?? 0);
  // The client's hello comes before the version is agreed on.
  const hello = p.u8(l.at) === HANDSHAKE && p.u16(l.at + 3) === 0 && p.u8(l.at + HEADER) === CLIENT_HELLO;
  return known ?? (hello ? 'DTLS' : (versionColumn(p.u16(l.at + 1)) ?? 'DTLS'));
}

function note(p: PacketView, l: Layer): void {
  const memory = MEMORY.of(p, l);
  for (const r of memory === undefined ? [] : records(p, l)) {
    const hello = r.type === HANDSHAKE ? messages(p, r).find((m) => m.type === SERVER_HELLO && m.whole) : undefined;
    if (hello !== undefined && memory !== undefined) {
      const facts: HelloFacts = { version: 0 };
      const c = new Cursor(p, hello.at + MESSAGE_HEADER, hello.at + MESSAGE_HEADER + hello.length);
      handshakeBody(c, FIELDS, SERVER_HELLO, facts, true);
      memory.version = versionColumn(facts.version)?.startsWith('DTLS') === true ? facts.version : memory.version;
    }
  }
}

export const dtls: Protocol = new Protocol({
  name: 'dtls',
  title: 'Datagram Transport Layer Security',
  column: 'DTLS',
  found: { 'udp.port': [4433, 5684, 'any'], capwap: [CAPWAP_DTLS] },
  header: HEADER,
  open: (p, l) => isRecord(p, l.at, l.end),
  note,
  fields: [
    parts((p, l) => records(p, l).map((r) => recordPart(p, l, r))),
    CONTENT_TYPE,
    VERSION,
    EPOCH,
    LENGTH,
    SEQUENCE,
    FRAGMENT_OFFSET,
    FRAGMENT_LENGTH,
    LEVEL,
    DESCRIPTION,
    ...FIELDS.all(),
  ],
  columnOf,
  info: (p, l) =>
    records(p, l)
      .flatMap((r) => recordNames(p, r))
      .join(', '),
});
