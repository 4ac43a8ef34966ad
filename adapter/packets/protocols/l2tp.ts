/** The layer two tunneling protocol, version 2 (RFC 2661): control messages, and PPP in a tunnel. */
import { bits, computed, parts, variable } from '../declare.ts';
import { type Layer, UNKNOWN } from '../layer.ts';
import { shown } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import { type FieldDeclaration, type Names, type Part, Protocol } from '../protocol.ts';

const CONTROL = 0x8000;
const LENGTH_BIT = 0x4000;
const SEQUENCE_BIT = 0x0800;
const OFFSET_BIT = 0x0200;
const TYPES: Names = { 0: 'Data Message', 1: 'Control Message' };
/** RFC 2661, section 3.2; the later ones are RFC 3308's, RFC 3573's, RFC 2661's errata's and RFC 4349's. */
const MESSAGES: Names = {
  1: 'SCCRQ',
  2: 'SCCRP',
  3: 'SCCCN',
  4: 'StopCCN',
  5: 'Reserved',
  6: 'Hello',
  7: 'OCRQ',
  8: 'OCRP',
  9: 'OCCN',
  10: 'ICRQ',
  11: 'ICRP',
  12: 'ICCN',
  13: 'Reserved',
  14: 'CDN',
  15: 'WEN',
  16: 'SLI',
  17: 'MDMST',
  18: 'SRRQ',
  19: 'SRRP',
  20: 'ACK',
  21: 'FSQ',
};

const LENGTH = variable('l2tp.length', 'Length', 'uint16', { many: false });
const TUNNEL = variable('l2tp.tunnel', 'Tunnel ID', 'uint16', { many: false });
const SESSION = variable('l2tp.session', 'Session ID', 'uint16', { many: false });
const SENT = variable('l2tp.Ns', 'Ns', 'uint16', { many: false });
const RECEIVED = variable('l2tp.Nr', 'Nr', 'uint16', { many: false });
const OFFSET = variable('l2tp.offset', 'Offset', 'uint16', { many: false });

interface Head {
  readonly parts: readonly Part[];
  readonly tunnel: number;
  readonly session: number;
  /** Where the header ends. */
  readonly end: number;
}

/** The words behind the flags that these announce, in their order. */
function head(p: PacketView, l: Layer): Head {
  const flags = p.u16(l.at);
  const out: Part[] = [];
  let at = l.at + 2;
  const word = (field: FieldDeclaration): number => {
    const value = at + 2 <= l.end ? p.u16(at) : 0;
    if (at + 2 <= l.end) {
      out.push(shown(field, value, [at, 2]));
    }
    at += 2;
    return value;
  };
  if (flags & LENGTH_BIT) {
    word(LENGTH);
  }
  const [tunnel, session] = [word(TUNNEL), word(SESSION)];
  if (flags & SEQUENCE_BIT) {
    word(SENT);
    word(RECEIVED);
  }
  const end = flags & OFFSET_BIT ? at + 2 + word(OFFSET) : at;
  return { parts: out, tunnel, session, end };
}

function measure(p: PacketView, l: Layer): void {
  const control = (p.u16(l.at) & CONTROL) !== 0;
  const { end } = head(p, l);
  l.body = control ? l.end : Math.min(end, l.end);
  l.key = control || end > l.end ? UNKNOWN : 0;
}

/** The first value says which message it is (RFC 2661, section 4.4.1); a message without any only acknowledges. */
function messageOf(p: PacketView, l: Layer, at: number): string {
  if (at >= l.end) {
    return ' - ZLB     ';
  }
  const isType = at + 8 <= l.end && p.u16(at + 2) === 0 && p.u16(at + 4) === 0;
  const type = isType ? p.u16(at + 6) : 0;
  return isType ? ` - ${MESSAGES[type] ?? `Unknown (${type})`}` : '';
}

function flag(name: string, description: string, mask: number): FieldDeclaration {
  const words = (p: PacketView, l: Layer): string => (p.u16(l.at) & mask ? 'Yes' : 'No');
  return bits(name, description, { off: 0, width: 16, mask }, { words });
}

export const l2tp: Protocol = new Protocol({
  name: 'l2tp',
  title: 'Layer 2 Tunneling Protocol',
  column: 'L2TP',
  found: { 'udp.port': [1701] },
  header: 6,
  // Version 3 has another header.
  open: (p, l) => (p.u16(l.at) & 15) === 2 && (p.u16(l.at) & 0x0030) === 0,
  measure,
  carries: 'l2tp.payload',
  fields: [
    computed('l2tp.type', 'Type', 'uint16', (p, l) => (p.u16(l.at) & CONTROL ? 1 : 0), {
      names: TYPES,
      place: (_, l) => [l.at, 2],
    }),
    flag('l2tp.length_bit', 'Length Bit', LENGTH_BIT),
    flag('l2tp.seq_bit', 'Sequence Bit', SEQUENCE_BIT),
    flag('l2tp.offset_bit', 'Offset bit', OFFSET_BIT),
    flag('l2tp.priority', 'Priority', 0x0100),
    bits('l2tp.version', 'Version', { off: 0, width: 16, mask: 15 }),
    parts((p, l) => [...head(p, l).parts]),
    LENGTH,
    TUNNEL,
    SESSION,
    SENT,
    RECEIVED,
    OFFSET,
  ],
  info: (p, l) => {
    const { tunnel, session, end } = head(p, l);
    const control = (p.u16(l.at) & CONTROL) !== 0;
    const message = control ? messageOf(p, l, end) : '';
    return `${TYPES[control ? 1 : 0]}${message} (tunnel id=${tunnel}, session id=${session})`;
  },
});
