/**
 * QUIC (RFC 9000, RFC 9369): long headers, and short ones of a connection that was seen. Initial packets alone are
 * decrypted.
 */
import { Cursor } from '../cursor.ts';
import { parts, variable } from '../declare.ts';
import { hex, hexBytes } from '../format.ts';
import type { Layer } from '../layer.ts';
import { group, shown } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import { type Expert, type Names, type Part, Protocol } from '../protocol.ts';
import { fromClient, Memory, speak } from '../sessions.ts';
import { initialWords } from './quic-initial.ts';

const INITIAL = 0;
const HANDSHAKE = 2;
const RETRY = 3;
const TYPES: Names = { [INITIAL]: 'Initial', 1: '0-RTT', [HANDSHAKE]: 'Handshake', [RETRY]: 'Retry' };
const VERSION_1 = 1;
const VERSION_2 = 0x6b3343cf;
const MAX_CID = 20;

const FORM = variable('quic.header_form', 'Header Form', 'uint8', { names: { 0: 'Short Header', 1: 'Long Header' } });
const FIXED = variable('quic.fixed_bit', 'Fixed Bit', 'boolean');
const SPIN = variable('quic.spin_bit', 'Spin Bit', 'boolean');
const TYPE = variable('quic.long.packet_type', 'Packet Type', 'uint8', { names: TYPES });
const VERSION = variable('quic.version', 'Version', 'uint32', { hex: true, names: { [VERSION_1]: '1' } });
const DCIL = variable('quic.dcil', 'Destination Connection ID Length', 'uint8');
const DCID = variable('quic.dcid', 'Destination Connection ID', 'bytes');
const SCIL = variable('quic.scil', 'Source Connection ID Length', 'uint8');
const SCID = variable('quic.scid', 'Source Connection ID', 'bytes');
const TOKEN_LENGTH = variable('quic.token_length', 'Token Length', 'uint32');
const TOKEN = variable('quic.token', 'Token', 'bytes');
const LENGTH = variable('quic.length', 'Length', 'uint32');
const SUPPORTED = variable('quic.supported_version', 'Supported Version', 'uint32', { hex: true });

/** Lengths of the connection IDs that each side has chosen for itself; -1 until known. */
class QuicMemory {
  client = -1;
  server = -1;
  /** What keys of Initial packets are derived from; a server may ask for another (RFC 9000, section 8.1.2). */
  firstDcid: Uint8Array | undefined;
  /** The first packets with a short header of both sides, where their missing keys are worth a word. */
  readonly firstShort = { client: 0, server: 0 };
}

const MEMORY = new Memory(() => new QuicMemory());

/** Versions that are QUIC: the published ones, drafts, Facebook's, and those that only force a negotiation. */
function isVersion(v: number): boolean {
  const draft = v >>> 8 === 0xff0000;
  return (
    v === VERSION_1 ||
    v === VERSION_2 ||
    draft ||
    (v & 0x0f0f0f0f) >>> 0 === 0x0a0a0a0a ||
    isGoogles(v) ||
    v >>> 4 === 0xfaceb00
  );
}

/** Google's versions with this header: T050, T051, Q050, and their like. */
function isGoogles(v: number): boolean {
  const [letter, digits] = [v >>> 24, v & 0xffffff];
  return (letter === 0x54 || letter === 0x51) && digits >= 0x303530 && digits <= 0x303539;
}

function isLong(p: PacketView, at: number): boolean {
  return (p.u8(at) & 0x80) !== 0;
}

/** Whether a long header begins at `at`. */
function isLongHeader(p: PacketView, at: number, end: number): boolean {
  if (at + 7 > end || !isLong(p, at)) {
    return false;
  }
  const version = p.u32(at + 1);
  const dcil = p.u8(at + 5);
  if (dcil > MAX_CID || at + 7 + dcil > end) {
    return false;
  }
  const scil = p.u8(at + 6 + dcil);
  return (
    scil <= MAX_CID &&
    at + 7 + dcil + scil <= end &&
    (version === 0 ? dcil + scil > 0 && (p.u8(at) & 0x40) !== 0 : isVersion(version))
  );
}

/** A packet of a datagram. */
interface QuicPacket {
  readonly at: number;
  readonly end: number;
  readonly long: boolean;
  readonly version: number;
  readonly type: number;
  readonly dcid: Uint8Array;
  readonly scid: Uint8Array;
  /** Where the number of an Initial packet is; -1 in others. */
  readonly numberAt: number;
  readonly parts: Part[];
}

/** A number of QUIC (RFC 9000, section 16): two bits say how long it is. */
function integer(c: Cursor, field: typeof LENGTH): number {
  const from = c.at;
  const width = c.left > 0 ? 1 << (c.p.u8(c.at) >> 6) : 1;
  if (width > c.left) {
    c.skip(c.left + 1);
    return 0;
  }
  let value = c.p.u8(c.at) & 63;
  for (let i = 1; i < width; i++) {
    value = value * 256 + c.p.u8(c.at + i);
  }
  c.skip(width);
  c.parts.push(shown(field, value, [from, width]));
  return value;
}

function longPacket(p: PacketView, at: number, end: number): QuicPacket {
  const c = new Cursor(p, at, end);
  const first = p.u8(at);
  const version = p.u32(at + 1);
  const raw = (first >> 4) & 3;
  const type = version === VERSION_2 ? (raw + 3) & 3 : raw;
  c.parts.push(shown(FORM, 1, [at, 1]), shown(FIXED, (first & 0x40) !== 0, [at, 1]));
  if (version !== 0) {
    c.parts.push(shown(TYPE, type, [at, 1]));
  }
  c.skip(1);
  c.number(4, VERSION);
  const dcil = c.number(1, DCIL);
  const dcid = c.bytes(dcil, dcil > 0 ? DCID : undefined);
  const scil = c.number(1, SCIL);
  const scid = c.bytes(scil, scil > 0 ? SCID : undefined);
  let stop = end;
  let numberAt = -1;
  if (version === 0) {
    while (c.left >= 4) {
      c.number(4, SUPPORTED);
    }
  } else if (type !== RETRY) {
    if (type === INITIAL) {
      const n = integer(c, TOKEN_LENGTH);
      c.bytes(Math.min(n, c.left), n > 0 ? TOKEN : undefined);
    }
    const n = integer(c, LENGTH);
    stop = c.short ? end : Math.min(end, c.at + n);
    numberAt = type === INITIAL && !c.short && c.at + n <= end ? c.at : -1;
  }
  return { at, end: Math.max(stop, at + 1), long: true, version, type, dcid, scid, numberAt, parts: c.parts };
}

function shortPacket(p: PacketView, l: Layer, at: number): QuicPacket {
  const first = p.u8(at);
  const memory = MEMORY.of(p, l);
  const known = fromClient(p, l) ? memory?.server : memory?.client;
  const n = Math.max(0, Math.min(known ?? 0, l.end - at - 1));
  const dcid = p.bytes(at + 1, at + 1 + n);
  const out = [
    shown(FORM, 0, [at, 1]),
    shown(FIXED, (first & 0x40) !== 0, [at, 1]),
    shown(SPIN, (first & 0x20) !== 0, [at, 1]),
    ...(n > 0 ? [shown(DCID, dcid, [at + 1, n])] : []),
  ];
  return { at, end: l.end, long: false, version: 0, type: 0, dcid, scid: new Uint8Array(0), numberAt: -1, parts: out };
}

function packets(p: PacketView, l: Layer): QuicPacket[] {
  const out: QuicPacket[] = [];
  for (let at = l.at; at < l.end && out.length < 16; ) {
    if (!isLong(p, at)) {
      // Behind others a packet has to be one, not padding.
      if (out.length === 0 || (p.u8(at) & 0x40) !== 0) {
        out.push(shortPacket(p, l, at));
      }
      break;
    }
    if (!isLongHeader(p, at, l.end)) {
      break;
    }
    const packet = longPacket(p, at, l.end);
    out.push(packet);
    at = packet.end;
  }
  return out;
}

/** The number and the frames of an Initial packet. */
function plainWords(p: PacketView, l: Layer, q: QuicPacket): string {
  const client = fromClient(p, l);
  const kept = MEMORY.of(p, l)?.firstDcid;
  const firstDcid = kept ?? (client ? q.dcid : undefined);
  if (q.numberAt < 0 || firstDcid === undefined) {
    return '';
  }
  const bytes = p.bytes(q.at, q.end);
  return initialWords({ version: q.version, bytes, numberAt: q.numberAt - q.at, firstDcid, fromClient: client });
}

function packetWords(p: PacketView, l: Layer, q: QuicPacket): string {
  const ids = `${q.dcid.length > 0 ? `, DCID=${hexBytes(q.dcid, '')}` : ''}`;
  if (!q.long) {
    return `Protected Payload (KP0)${ids}`;
  }
  const name = q.version === 0 ? 'Version Negotiation' : (TYPES[q.type] ?? '');
  return `${name}${ids}${q.scid.length > 0 ? `, SCID=${hexBytes(q.scid, '')}` : ''}${plainWords(p, l, q)}`;
}

function packetPart(q: QuicPacket): Part {
  const title = !q.long ? 'QUIC Short Header' : q.version === 0 ? 'Version Negotiation' : `${TYPES[q.type]} Packet`;
  return group(`${title}, ${q.long ? `version ${hex(q.version, 8)}` : 'protected'}`, [q.at, q.end - q.at], q.parts);
}

function note(p: PacketView, l: Layer): void {
  const memory = MEMORY.of(p, l);
  if (memory === undefined) {
    return;
  }
  const all = packets(p, l);
  const side = fromClient(p, l) ? 'client' : 'server';
  if (memory.firstShort[side] === 0 && all.some((x) => !x.long)) {
    memory.firstShort[side] = p.number;
  }
  if (!isLong(p, l.at)) {
    return;
  }
  speak(p, l);
  for (const q of all.filter((x) => x.long)) {
    if (q.type === RETRY && q.version !== 0) {
      memory.firstDcid = undefined;
    } else if (q.type === INITIAL && q.version !== 0 && fromClient(p, l)) {
      memory.firstDcid ??= new Uint8Array(q.dcid);
    }
    if (fromClient(p, l)) {
      memory.client = q.scid.length;
      memory.server = memory.server < 0 ? q.dcid.length : memory.server;
    } else {
      memory.server = q.scid.length;
    }
  }
}

/** Packets that cannot be decrypted: all of the handshake, and the first with application data of each side. */
function experts(p: PacketView, l: Layer): Expert[] {
  const memory = MEMORY.of(p, l);
  if (memory === undefined) {
    return [];
  }
  const side = fromClient(p, l) ? 'client' : 'server';
  const locked = packets(p, l).filter((q) =>
    q.long ? q.version !== 0 && q.type === HANDSHAKE : memory.firstShort[side] === p.number,
  );
  const message = 'Failed to create decryption context: Secrets are not available';
  return locked.map(() => ({ message, severity: 'warn', group: 'decryption' }));
}

export const quic: Protocol = new Protocol({
  name: 'quic',
  title: 'QUIC IETF',
  column: 'QUIC',
  found: { 'udp.port': 'any' },
  header: 1,
  times: (p, l) => Math.max(1, packets(p, l).length),
  open: (p, l) => isLongHeader(p, l.at, l.end) || (!isLong(p, l.at) && (MEMORY.of(p, l)?.server ?? -1) >= 0),
  note,
  experts,
  fields: [
    parts((p, l) => packets(p, l).map(packetPart)),
    FORM,
    FIXED,
    SPIN,
    TYPE,
    VERSION,
    DCIL,
    DCID,
    SCIL,
    SCID,
    TOKEN_LENGTH,
    TOKEN,
    LENGTH,
    SUPPORTED,
  ],
  info: (p, l) => {
    const last = packets(p, l).at(-1);
    return last === undefined ? '' : packetWords(p, l, last);
  },
});
