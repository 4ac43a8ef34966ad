/** The datagram service of NetBIOS over TCP/IP (RFC 1002, section 4.4). */
import { bits, computed, ipv4, parts, uint8, uint16, variable } from '../declare.ts';
import { printable } from '../format.ts';
import { type Layer, UNKNOWN } from '../layer.ts';
import { shown } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, type Part, Protocol } from '../protocol.ts';
import { withPurpose } from './nbns.ts';
import { netbiosName } from './netbios-name.ts';

const FIRST_TYPE = 16;
const BROADCAST = 18;
const ERROR = 19;
const TYPES: Names = {
  [FIRST_TYPE]: 'Direct_unique datagram',
  17: 'Direct_group datagram',
  [BROADCAST]: 'Broadcast datagram',
  [ERROR]: 'Datagram error',
  20: 'Datagram query request',
  21: 'Datagram positive query response',
  22: 'Datagram negative query response',
};
const ERRORS: Names = {
  130: 'Destination name not present',
  131: 'Invalid source name format',
  132: 'Invalid destination name format',
};
const NODES: Names = { 0: 'B node', 1: 'P node', 2: 'M node', 3: 'NBDD' };
/** Bytes before the length of the names and the data, and before the names. */
const SHORT_HEADER = 10;
const HEADER = 14;

const SOURCE = variable('nbdgm.source_name', 'Source name', 'string', { many: false });
const DESTINATION = variable('nbdgm.destination_name', 'Destination name', 'string', { many: false });

/** Whether it is a datagram, and not what is said of one. */
function hasData(p: PacketView, l: Layer): boolean {
  return p.u8(l.at) <= BROADCAST && l.at + HEADER <= l.end;
}

/** The names, and where what follows them is; fewer where they are not there. */
function names(p: PacketView, l: Layer): { readonly found: readonly Part[]; readonly next: number } {
  const type = p.u8(l.at);
  const wanted = hasData(p, l) ? [SOURCE, DESTINATION] : type > ERROR ? [DESTINATION] : [];
  const found: Part[] = [];
  let at = l.at + (hasData(p, l) ? HEADER : SHORT_HEADER);
  for (const field of wanted) {
    const name = netbiosName(p, l, at);
    if (name === undefined) {
      return { found, next: l.end };
    }
    const label = (): string => `${field.description}: ${printable(withPurpose(name.name))}`;
    found.push(shown(field, name.name, [at, name.next - at], { label }));
    at = name.next;
  }
  return { found, next: Math.min(at, l.end) };
}

export const nbdgm: Protocol = new Protocol({
  name: 'nbdgm',
  title: 'NetBIOS Datagram Service',
  column: 'NBDS',
  found: { 'udp.port': [138] },
  header: SHORT_HEADER,
  open: (p, l) => TYPES[p.u8(l.at)] !== undefined,
  measure: (p, l) => {
    const { found, next } = names(p, l);
    l.body = hasData(p, l) ? next : l.end;
    // A later fragment has no header of what it is a part of.
    const whole = found.length === 2 && p.u16(l.at + 12) === 0;
    l.key = whole && next + 4 <= l.end ? p.u32(next) : UNKNOWN;
  },
  carries: 'smb.start',
  fields: [
    uint8('nbdgm.type', 'Message Type', 0, { names: TYPES }),
    uint8('nbdgm.flags', 'Flags', 1, {
      hex: true,
      inside: [
        bits('nbdgm.next', 'More fragments follow', { off: 1, width: 8, mask: 1 }),
        bits('nbdgm.first', 'This is first fragment', { off: 1, width: 8, mask: 2 }),
        bits('nbdgm.node_type', 'Node Type', { off: 1, width: 8, mask: 12 }, { names: NODES }),
      ],
    }),
    uint16('nbdgm.dgram_id', 'Datagram ID', 2, { hex: true }),
    ipv4('nbdgm.src.ip', 'Source IP', 4),
    uint16('nbdgm.src.port', 'Source Port', 8),
    uint16('nbdgm.dgram_len', 'Datagram length', 10, { when: hasData }),
    uint16('nbdgm.pkt_offset', 'Packet offset', 12, { when: hasData }),
    computed(
      'nbdgm.error_code',
      'Error code',
      'uint8',
      (p, l) => (p.u8(l.at) === ERROR && l.at + SHORT_HEADER < l.end ? p.u8(l.at + SHORT_HEADER) : undefined),
      { hex: true, names: ERRORS, place: (_, l) => [l.at + SHORT_HEADER, 1] },
    ),
    parts((p, l) => names(p, l).found),
    SOURCE,
    DESTINATION,
  ],
  info: (p, l) => TYPES[p.u8(l.at)] ?? '',
});
