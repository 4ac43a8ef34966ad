/** TLS and SSL 3 (RFC 5246, RFC 8446): the records of a segment, on the usual ports and wherever one is seen. */
import { Cursor } from '../cursor.ts';
import { parts, variable } from '../declare.ts';
import { type Layer, MORE, NO_MESSAGE } from '../layer.ts';
import { group, shown } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, type Part, Protocol } from '../protocol.ts';
import { fromClient, Memory, speak } from '../sessions.ts';
import { HTTP_PORTS } from './http-content.ts';
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
const APPLICATION_DATA = 23;
const HEARTBEAT = 24;
const RECORDS: Names = {
  [CHANGE_CIPHER_SPEC]: 'Change Cipher Spec',
  [ALERT]: 'Alert',
  [HANDSHAKE]: 'Handshake',
  [APPLICATION_DATA]: 'Application Data',
  [HEARTBEAT]: 'Heartbeat',
};
const LEVELS: Names = { 1: 'Warning', 2: 'Fatal' };
const HEADER = 5;
/** Largest record: 2^14 bytes and what encryption and compression may add. */
const MAX_RECORD = 0x4000 + 2048;
const TLS_1_3 = 0x0304;

const CONTENT_TYPE = variable('tls.record.content_type', 'Content Type', 'uint8', { names: RECORDS });
const OPAQUE_TYPE = variable('tls.record.opaque_type', 'Opaque Type', 'uint8', { names: RECORDS });
const VERSION = variable('tls.record.version', 'Version', 'uint16', { hex: true, names: VERSIONS });
const LENGTH = variable('tls.record.length', 'Length', 'uint16');
const APP_DATA = variable('tls.app_data', 'Encrypted Application Data', 'bytes');
const LEVEL = variable('tls.alert_message.level', 'Level', 'uint8', { names: LEVELS });
const DESCRIPTION = variable('tls.alert_message.desc', 'Description', 'uint8', { names: ALERTS });
const HANDSHAKE_FIELDS = new HandshakeFields('tls');

/** What is remembered of a connection. */
class TlsMemory {
  /** The version that was agreed on, or seen; 0 until then. */
  version = 0;
  /** Number of the packet in which a side changed to encryption; what is behind cannot be read. */
  readonly encryptedFrom = { client: Number.POSITIVE_INFINITY, server: Number.POSITIVE_INFINITY };
}

const MEMORY = new Memory(() => new TlsMemory());

/** A record, or the bytes behind which nothing is understood. */
interface TlsRecord {
  readonly at: number;
  readonly type: number;
  readonly version: number;
  readonly length: number;
  /** Whether handshake messages and alerts in it are encrypted. */
  readonly encrypted: boolean;
}

/** Whether a record begins at `at`. */
function isRecord(p: PacketView, at: number, end: number): boolean {
  if (at + HEADER > end || RECORDS[p.u8(at)] === undefined || p.u8(at + 1) !== 3 || p.u8(at + 2) > 4) {
    return false;
  }
  const length = p.u16(at + 3);
  return length <= MAX_RECORD && (length > 0 || p.u8(at) === APPLICATION_DATA);
}

/** A hello of a client that begins in the way of SSL 2. */
function isOldHello(p: PacketView, at: number, end: number): boolean {
  if (at + 11 > end || (p.u8(at) & 0x80) === 0 || p.u8(at + 2) !== CLIENT_HELLO) {
    return false;
  }
  const version = p.u16(at + 3);
  return (version === 2 || (version >= 0x0300 && version <= 0x0303)) && p.u16(at + 5) % 3 === 0;
}

function isEncrypted(p: PacketView, l: Layer): boolean {
  const from = MEMORY.of(p, l)?.encryptedFrom;
  return from !== undefined && p.number > (fromClient(p, l) ? from.client : from.server);
}

function records(p: PacketView, l: Layer): TlsRecord[] {
  const out: TlsRecord[] = [];
  let encrypted = isEncrypted(p, l);
  for (let at = l.at; isRecord(p, at, l.end); ) {
    const [type, version, length] = [p.u8(at), p.u16(at + 1), p.u16(at + 3)];
    out.push({ at, type, version, length, encrypted });
    encrypted ||= type === CHANGE_CIPHER_SPEC;
    at += HEADER + length;
  }
  return out;
}

/** The handshake messages of a record that are not encrypted; none if these are no messages. */
function messages(p: PacketView, r: TlsRecord, end: number): { type: number; at: number; length: number }[] {
  const out: { type: number; at: number; length: number }[] = [];
  const limit = r.at + HEADER + r.length;
  for (let at = r.at + HEADER; at + 4 <= Math.min(limit, end); ) {
    const type = p.u8(at);
    const length = p.u32(at) % 0x1000000;
    if (HANDSHAKES[type] === undefined || (at + 4 + length > limit && out.length > 0)) {
      break;
    }
    if (at + 4 + length > limit && type !== CLIENT_HELLO && type !== CERTIFICATE && type !== SERVER_HELLO) {
      break;
    }
    out.push({ type, at, length });
    at += 4 + length;
  }
  return out;
}
const CERTIFICATE = 11;

/** The random of a server's hello that asks for another one (RFC 8446, section 4.1.3) begins with this. */
const RETRY_RANDOM = 0xcf21ad74;

function messageName(p: PacketView, m: { type: number; at: number }, end: number): string {
  const retry = m.type === SERVER_HELLO && m.at + 10 <= end && p.u32(m.at + 6) === RETRY_RANDOM;
  return retry ? 'Hello Retry Request' : (HANDSHAKES[m.type] ?? '');
}

function handshakeNames(p: PacketView, r: TlsRecord, end: number): string[] {
  const names = r.encrypted ? [] : messages(p, r, end).map((m) => messageName(p, m, end));
  return names.length === 0 ? ['Encrypted Handshake Message'] : names;
}

function recordNames(p: PacketView, r: TlsRecord, end: number): string[] {
  const at = r.at + HEADER;
  switch (r.type) {
    case HANDSHAKE:
      return handshakeNames(p, r, end);
    case ALERT:
      return r.length === 2 && !r.encrypted && at + 2 <= end && LEVELS[p.u8(at)] !== undefined
        ? [`Alert (Level: ${LEVELS[p.u8(at)]}, Description: ${ALERTS[p.u8(at + 1)] ?? 'Unknown'})`]
        : ['Encrypted Alert'];
    case HEARTBEAT:
      return [r.encrypted ? 'Encrypted Heartbeat' : p.u8(at) === 1 ? 'Heartbeat Request' : 'Heartbeat Response'];
    default:
      return [RECORDS[r.type] ?? ''];
  }
}

function messageParts(p: PacketView, r: TlsRecord, end: number): Part[] {
  const f = HANDSHAKE_FIELDS;
  return messages(p, r, end).map(({ type, at, length }) => {
    const c = new Cursor(p, at, Math.min(at + 4 + length, end));
    c.number(1, f.type);
    c.number(3, f.length);
    handshakeBody(c, f, type, { version: 0 });
    return group(`Handshake Protocol: ${HANDSHAKES[type]}`, [at, Math.min(4 + length, end - at)], c.parts);
  });
}

function bodyParts(p: PacketView, r: TlsRecord, end: number): Part[] {
  const at = r.at + HEADER;
  const n = Math.min(r.length, end - at);
  if (r.type === HANDSHAKE && !r.encrypted) {
    return messageParts(p, r, end);
  }
  if (r.type === ALERT && recordNames(p, r, end)[0] !== 'Encrypted Alert') {
    return [shown(LEVEL, p.u8(at), [at, 1]), shown(DESCRIPTION, p.u8(at + 1), [at + 1, 1])];
  }
  return r.type === APPLICATION_DATA && n > 0 ? [shown(APP_DATA, p.bytes(at, at + n), [at, n])] : [];
}

function recordPart(p: PacketView, l: Layer, r: TlsRecord): Part {
  const names = recordNames(p, r, l.end);
  const what = r.type === HANDSHAKE && names.length > 1 ? 'Multiple Handshake Messages' : (names[0] ?? '');
  const kind = r.type === ALERT ? '' : `${RECORDS[r.type]} Protocol: `;
  const version = columnOf(p, l, r);
  const opaque = r.type === APPLICATION_DATA && versionOf(p, l) === TLS_1_3;
  return group(
    `${version} Record Layer: ${kind}${what}`,
    [r.at, Math.min(HEADER + r.length, l.end - r.at)],
    [
      shown(opaque ? OPAQUE_TYPE : CONTENT_TYPE, r.type, [r.at, 1]),
      shown(VERSION, r.version, [r.at + 1, 2]),
      shown(LENGTH, r.length, [r.at + 3, 2]),
      ...bodyParts(p, r, l.end),
    ],
  );
}

function versionOf(p: PacketView, l: Layer): number {
  const known = MEMORY.of(p, l)?.version ?? 0;
  return known >> 8 === 0x7f ? TLS_1_3 : known;
}

function columnOf(p: PacketView, l: Layer, r: TlsRecord | undefined): string {
  const known = versionColumn(versionOf(p, l));
  if (known !== undefined) {
    return known;
  }
  return (r === undefined ? undefined : versionColumn(r.version)) ?? (isOldHello(p, l.at, l.end) ? 'SSLv2' : 'SSL');
}

function note(p: PacketView, l: Layer): void {
  const memory = MEMORY.of(p, l);
  const all = records(p, l);
  if (memory === undefined || (all.length === 0 && !isOldHello(p, l.at, l.end))) {
    return;
  }
  speak(p, l);
  for (const r of all) {
    learn(p, l, memory, r);
  }
}

function learn(p: PacketView, l: Layer, memory: TlsMemory, r: TlsRecord): void {
  const found = r.type === HANDSHAKE && !r.encrypted ? messages(p, r, l.end) : [];
  const hello = found.find((m) => m.type === SERVER_HELLO);
  if (hello !== undefined) {
    const facts: HelloFacts = { version: 0 };
    handshakeBody(
      new Cursor(p, hello.at + 4, Math.min(hello.at + 4 + hello.length, l.end)),
      HANDSHAKE_FIELDS,
      2,
      facts,
    );
    memory.version = versionColumn(facts.version) === undefined ? memory.version : facts.version;
    return;
  }
  if (memory.version === 0 && !found.some((m) => m.type === CLIENT_HELLO)) {
    memory.version = versionColumn(r.version) === undefined ? 0 : r.version;
  }
  if (r.type === CHANGE_CIPHER_SPEC) {
    const side = fromClient(p, l) ? 'client' : 'server';
    memory.encryptedFrom[side] = Math.min(memory.encryptedFrom[side], p.number);
  }
}

function info(p: PacketView, l: Layer): string {
  if (isOldHello(p, l.at, l.end)) {
    return 'Client Hello';
  }
  const all = records(p, l);
  if (all.length === 0) {
    // It is put behind what the segment says of itself.
    const before = l.below?.protocol.declaration.infoBefore?.(p, l.below) ? ', ' : '';
    return `${before}${versionOf(p, l) === 0 ? 'Continuation Data' : 'Ignored Unknown Record'}`;
  }
  return all.flatMap((r) => recordNames(p, r, l.end)).join(', ');
}

/** Ports on which nothing else is spoken, so that what is no record is the middle of one. */
const PORTS = [261, 443, 448, 465, 563, 614, 636, 853, 989, 990, 992, 993, 994, 995, 2221, 3269, 4433, 5061, 8883];

export const tls: Protocol = new Protocol({
  name: 'tls',
  title: 'Transport Layer Security',
  column: 'TLS',
  found: { 'tcp.port': [...PORTS, 'any'] },
  header: 1,
  messageLength,
  namedInPart: true,
  open: (p, l) => isMessage(p, l.at, l) || isUsualPort(l) || isKnown(p, l),
  note,
  fields: [
    parts((p, l) => records(p, l).map((r) => recordPart(p, l, r))),
    CONTENT_TYPE,
    OPAQUE_TYPE,
    VERSION,
    LENGTH,
    APP_DATA,
    LEVEL,
    DESCRIPTION,
    ...HANDSHAKE_FIELDS.all(),
  ],
  columnOf: (p, l) => columnOf(p, l, records(p, l)[0]),
  // The list says nothing of the beginning of a record.
  partInfo: () => '',
  info,
  infoBetween: ', ',
});

/** Where HTTP is expected, as Wireshark does, nothing else is unless the connection has spoken it before. */
function isMessage(p: PacketView, at: number, l: Layer): boolean {
  const low = l.below === null ? 0 : Math.min(l.below.key, l.below.otherKey);
  return (isRecord(p, at, l.end) || isOldHello(p, at, l.end)) && (!HTTP_PORTS.includes(low) || isKnown(p, l));
}

/** All records that are whole; else the first one. */
function messageLength(p: PacketView, l: Layer): number {
  if (isOldHello(p, l.at, l.end) && isMessage(p, l.at, l)) {
    return 2 + (p.u16(l.at) & 0x7fff);
  }
  if (!isMessage(p, l.at, l)) {
    const mayBe = l.end - l.at < HEADER && RECORDS[p.u8(l.at)] !== undefined && isKnown(p, l);
    return mayBe ? MORE : isUsualPort(l) || isKnown(p, l) ? l.end - l.at : NO_MESSAGE;
  }
  let at = l.at + HEADER + p.u16(l.at + 3);
  while (isRecord(p, at, l.end) && at + HEADER + p.u16(at + 3) <= l.end) {
    at += HEADER + p.u16(at + 3);
  }
  return at - l.at;
}

function isUsualPort(l: Layer): boolean {
  return l.below !== null && (PORTS.includes(l.below.key) || PORTS.includes(l.below.otherKey));
}

function isKnown(p: PacketView, l: Layer): boolean {
  return (MEMORY.of(p, l)?.version ?? 0) !== 0;
}
