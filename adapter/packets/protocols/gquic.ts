/** Google's QUIC before the IETF's: the public header of the versions up to Q046. */
import { Cursor } from '../cursor.ts';
import { parts, uint8, variable } from '../declare.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Part, Protocol } from '../protocol.ts';
import { Memory, speak } from '../sessions.ts';

const PORT = 443;
const VERSION_FLAG = 0x01;
const RESET_FLAG = 0x02;
const CID_FLAGS = 0x0c;
/** Bytes of the packet's number by two bits of the flags. */
const NUMBER_LENGTHS = [1, 2, 4, 6];
/** From this version on numbers are big-endian. */
const BIG_ENDIAN_FROM = 39;

const VERSION = variable('gquic.version', 'Version', 'string', { many: false });
const NUMBER = variable('gquic.packet_number', 'Packet Number', 'uint32', { many: false });

const MEMORY = new Memory<{ version: number }>(() => ({ version: 0 }));

/** `Q035`; the number, or 0. */
function versionAt(p: PacketView, at: number, end: number): number {
  const m = at + 4 <= end ? /^Q0(\d\d)$/.exec(p.ascii(at, at + 4)) : null;
  return m === null ? 0 : Number(m[1]);
}

interface Header {
  readonly parts: Part[];
  readonly cid: string;
  readonly number: number;
  readonly message: string;
}

/** Numbers of up to 8 bytes as text, since they are larger than what a number holds. */
function wide(bytes: Uint8Array, big: boolean): string {
  const ordered = big ? bytes : new Uint8Array(bytes).reverse();
  return ordered.reduce((sum, b) => sum * 256n + BigInt(b), 0n).toString();
}

/** The first byte of headers from Q044 on: a long one has the version, a short one only the packet's number. */
const LONG = 0x80;
const SHORT = 0x40;
const LAST_VERSION = 46;
const FIRST_LONG = 44;

function isLong(p: PacketView, l: Layer): boolean {
  const version = p.u8(l.at) & LONG ? versionAt(p, l.at + 1, l.end) : 0;
  return version >= FIRST_LONG && version <= LAST_VERSION;
}

/** The header of the later versions. A server leaves the connection's identifier out of short ones. */
function laterHeader(p: PacketView, l: Layer): Header {
  const flags = p.u8(l.at);
  const c = new Cursor(p, l.at + 1, l.end);
  let raw: Uint8Array = new Uint8Array(0);
  if (flags & LONG) {
    c.text(4, VERSION);
    // Either end's identifier may be there, of 8 bytes.
    raw = c.number(1) === 0 ? raw : c.bytes(8);
  } else if (l.below !== null && p.u16(l.below.at + 2) === PORT) {
    raw = c.bytes(8);
  }
  const n = (flags & 3) + 1;
  return numbered(c, n, { cid: raw.length === 8 ? wide(raw, true) : '', big: true });
}

function numbered(c: Cursor, n: number, { cid, big }: { cid: string; big: boolean }): Header {
  const from = c.at;
  const number = Number(wide(c.bytes(n), big));
  c.parts.push({
    field: NUMBER,
    value: number,
    from,
    length: n,
    label: () => `Packet Number: ${number}`,
    text: () => String(number),
  });
  return { parts: c.parts, cid, number, message: messageName(c.p, c.at, c.end) };
}

function headerOf(p: PacketView, l: Layer): Header {
  if (p.u8(l.at) >= SHORT) {
    return laterHeader(p, l);
  }
  const flags = p.u8(l.at);
  const c = new Cursor(p, l.at + 1, l.end);
  const version = flags & VERSION_FLAG ? versionAt(p, l.at + 1 + (flags & CID_FLAGS ? 8 : 0), l.end) : 0;
  const big = (version || (MEMORY.of(p, l)?.version ?? 0)) >= BIG_ENDIAN_FROM;
  const raw = flags & CID_FLAGS ? c.bytes(8) : new Uint8Array(0);
  if (flags & VERSION_FLAG && version > 0) {
    c.text(4, VERSION);
  }
  if ((flags & (VERSION_FLAG | RESET_FLAG)) === VERSION_FLAG && version > 0 && c.left === 0) {
    return { parts: c.parts, cid: wide(raw, big), number: 0, message: '' };
  }
  const n = NUMBER_LENGTHS[(flags >> 4) & 3] ?? 1;
  return numbered(c, n, { cid: raw.length === 8 ? wide(raw, big) : '', big });
}

/** The handshake is not encrypted; its messages are told by their tags. */
function messageName(p: PacketView, from: number, end: number): string {
  for (let at = from; at + 4 <= Math.min(end, from + 40); at++) {
    const tag = p.ascii(at, at + 4);
    if (tag === 'CHLO') {
      return 'Client Hello';
    }
    if (tag === 'REJ' && p.u8(at + 3) === 0) {
      return 'Rejection';
    }
  }
  return '';
}

function info(p: PacketView, l: Layer): string {
  const h = headerOf(p, l);
  const cid = h.cid === '' ? '' : `, CID: ${h.cid}`;
  return `${h.message === '' ? 'Payload (Encrypted)' : h.message}, PKN: ${h.number}${cid}`;
}

function open(p: PacketView, l: Layer): boolean {
  const flags = p.u8(l.at);
  if (flags & VERSION_FLAG && flags < 0x40) {
    const version = versionAt(p, l.at + 1 + (flags & CID_FLAGS ? 8 : 0), l.end);
    if (version > 0 && version <= 43) {
      return true;
    }
  }
  const known = MEMORY.of(p, l)?.version ?? 0;
  return isLong(p, l) || (known >= FIRST_LONG ? (flags & 0xc0) === SHORT : known > 0 && flags < 0x40);
}

export const gquic: Protocol = new Protocol({
  name: 'gquic',
  title: 'GQUIC (Google Quick UDP Internet Connections)',
  column: 'GQUIC',
  found: { 'udp.port': [80, 443] },
  header: 2,
  open,
  note: (p, l) => {
    const memory = MEMORY.of(p, l);
    const flags = p.u8(l.at);
    const off = flags & LONG ? 1 : flags & VERSION_FLAG ? 1 + (flags & CID_FLAGS ? 8 : 0) : -1;
    const version = off < 0 ? 0 : versionAt(p, l.at + off, l.end);
    if (memory !== undefined && version > 0) {
      memory.version = version;
      speak(p, l);
    }
  },
  fields: [
    uint8('gquic.puflags', 'Public Flags', 0, { hex: true }),
    parts((p, l) => headerOf(p, l).parts),
    VERSION,
    NUMBER,
  ],
  info,
});
