/** Remote desktops (TPKT of RFC 1006, COTP of ISO 8073), WHOIS (RFC 3912), and Git's own protocol. */
import { hex, printable } from '../format.ts';
import { type Layer, MORE, NO_MESSAGE, TO_END } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, Protocol } from '../protocol.ts';
import { Memory } from '../sessions.ts';

const RDP = 3389;
const COTP_CR = 0xe0;
const COTP_CC = 0xd0;
const COTP_DT = 0xf0;
const NEGOTIATE_REQUEST = 1;
const NEGOTIATE_RESPONSE = 2;

function isTpkt(p: PacketView, l: Layer): boolean {
  return l.at + 7 <= l.end && p.u8(l.at) === 3 && p.u8(l.at + 1) === 0 && p.u16(l.at + 2) >= 7;
}

/** What follows on a port of its own that is no such packet is encrypted. */
function isRdp(l: Layer): boolean {
  return l.below !== null && (l.below.key === RDP || l.below.otherKey === RDP);
}

/** The negotiation of a remote desktop stands behind the head of the connection's packets. */
function isNegotiation(p: PacketView, l: Layer): boolean {
  const at = l.end - 8;
  const kind = at > l.at + 10 ? p.u8(at) : 0;
  const known = (kind === NEGOTIATE_REQUEST || kind === NEGOTIATE_RESPONSE) && p.u8(at + 2) === 8 && p.u8(at + 3) === 0;
  return known && isRdp(l) && (p.u8(l.at + 5) === COTP_CR || p.u8(l.at + 5) === COTP_CC);
}

const S7 = 0x32;
const S7_KINDS: Names = { 1: 'Job     ', 2: 'Ack     ', 3: 'Ack_Data', 7: 'Userdata' };
const S7_FUNCTIONS: Names = {
  4: 'Read Var',
  5: 'Write Var',
  26: 'Request download',
  27: 'Download block',
  28: 'Download ended',
  29: 'Start upload',
  30: 'Upload',
  31: 'End upload',
  240: 'Setup communication',
};
const ACK_DATA = 3;

/** A whole message to a controller of Siemens'. */
function isS7(p: PacketView, l: Layer): boolean {
  const last = (p.u8(l.at + 6) & 0x80) !== 0;
  const whole = p.u8(l.at + 5) === COTP_DT && last && l.at + 7 + 12 <= l.end;
  return whole && p.u8(l.at + 7) === S7 && S7_KINDS[p.u8(l.at + 8)] !== undefined;
}

function dataWords(p: PacketView, l: Layer): string {
  if (isS7(p, l)) {
    const kind = p.u8(l.at + 8);
    const at = l.at + 7 + (kind === ACK_DATA ? 12 : 10);
    const name = at < l.end ? S7_FUNCTIONS[p.u8(at)] : undefined;
    return `ROSCTR:[${S7_KINDS[kind]}]${name === undefined ? '' : ` Function:[${name}]`}`;
  }
  const last = (p.u8(l.at + 6) & 0x80) !== 0;
  return `DT TPDU (${p.u8(l.at + 6) & 0x7f})${last ? ' EOT' : ` [COTP fragment, ${l.end - l.at - 7} bytes]`}`;
}

function tpktInfo(p: PacketView, l: Layer): string {
  if (!isTpkt(p, l)) {
    return 'Continuation';
  }
  if (isNegotiation(p, l)) {
    return `Negotiate ${p.u8(l.end - 8) === NEGOTIATE_REQUEST ? 'Request' : 'Response'}`;
  }
  const kind = p.u8(l.at + 5);
  const references = (): string => `src-ref: ${hex(p.u16(l.at + 8), 4)} dst-ref: ${hex(p.u16(l.at + 6), 4)}`;
  switch (kind) {
    case COTP_CR:
      return `CR TPDU ${references()}`;
    case COTP_CC:
      return `CC TPDU ${references()}`;
    case COTP_DT:
      return dataWords(p, l);
    default:
      return '';
  }
}

export const tpkt: Protocol = new Protocol({
  name: 'tpkt',
  title: 'TPKT - ISO on TCP - RFC1006',
  column: 'TPKT',
  found: { 'tcp.port': [102, RDP] },
  header: 1,
  messageLength: (p, l) =>
    isTpkt(p, l) ? p.u16(l.at + 2) : l.end - l.at < 4 ? MORE : isRdp(l) ? l.end - l.at : NO_MESSAGE,
  open: (p, l) => isTpkt(p, l) || isRdp(l),
  chain: (p, l) => (isTpkt(p, l) ? 'tpkt:cotp' : 'tpkt'),
  fields: [],
  columnOf: (p, l) => (!isTpkt(p, l) ? 'TPKT' : isNegotiation(p, l) ? 'RDP' : isS7(p, l) ? 'S7COMM' : 'COTP'),
  info: tpktInfo,
});

/** What was asked in a connection; the answer is everything up to its end. */
const ASKED = new Memory<{ query: string }>(() => ({ query: '' }));

const WHOIS = 43;

function isQuery(l: Layer): boolean {
  return l.below?.otherKey === WHOIS;
}

function queryOf(p: PacketView, l: Layer): string {
  return printable(p.ascii(l.at, Math.min(l.end, l.at + 256)).replace(/\r?\n$/, ''));
}

export const whois: Protocol = new Protocol({
  name: 'whois',
  title: 'whois',
  column: 'WHOIS',
  found: { 'tcp.port': [WHOIS] },
  header: 1,
  messageLength: (_, l) => (isQuery(l) ? l.end - l.at : TO_END),
  partInfo: (p, l) => `Answer: ${ASKED.of(p, l)?.query ?? ''}`,
  open: () => true,
  note: (p, l) => {
    const asked = ASKED.of(p, l);
    if (asked !== undefined && isQuery(l)) {
      asked.query = queryOf(p, l);
    }
  },
  fields: [],
  info: (p, l) => (isQuery(l) ? `Query: ${queryOf(p, l)}` : `Answer: ${ASKED.of(p, l)?.query ?? ''}`),
});

/** Lines behind their length in four digits; 0000 ends a part. */
function pktLine(p: PacketView, l: Layer): number {
  const length = /^[0-9a-f]{4}/.exec(p.ascii(l.at, Math.min(l.end, l.at + 4)));
  return length === null ? NO_MESSAGE : Number.parseInt(length[0], 16);
}

export const git: Protocol = new Protocol({
  name: 'git',
  title: 'Git Smart Protocol',
  column: 'Git',
  found: { 'tcp.port': [9418] },
  header: 4,
  open: (p, l) => pktLine(p, l) !== NO_MESSAGE || p.ascii(l.at, l.at + 4) === '0000',
  fields: [],
  info: () => 'Git Smart Protocol',
});
