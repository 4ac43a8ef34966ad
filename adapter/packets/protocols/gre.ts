/** Generic routing encapsulation (RFC 1701, RFC 2784, RFC 2890), also PPTP's kind (RFC 2637). */
import { bits, computed, parts, uint16, variable } from '../declare.ts';
import { type Layer, UNKNOWN } from '../layer.ts';
import { shown } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import { type FieldDeclaration, type Names, type Part, Protocol } from '../protocol.ts';
import { ETHERTYPES } from './numbers.ts';

const CHECKSUM = 0x8000;
const ROUTING = 0x4000;
const KEY = 0x2000;
const SEQUENCE = 0x1000;
const ACKNOWLEDGMENT = 0x0080;
const TYPE_PPP = 0x880b;
/** The protocol types that have other names than Ethernet's. */
const TYPES: Names = { ...ETHERTYPES, 254: 'OSI', 25944: 'Transparent Ethernet bridging', [TYPE_PPP]: 'PPP' };
const VERSIONS: Names = { 0: 'GRE', 1: 'Enhanced GRE' };

const SUM = variable('gre.checksum', 'Checksum', 'uint16', { hex: true });
const OFFSET = variable('gre.offset', 'Offset', 'uint16');
const KEY_FIELD = variable('gre.key', 'Key', 'uint32', { hex: true });
const PAYLOAD_LENGTH = variable('gre.key.payload_length', 'Payload Length', 'uint16');
const CALL = variable('gre.key.call_id', 'Call ID', 'uint16');
const NUMBER = variable('gre.sequence_number', 'Sequence Number', 'uint32');
const ACK_NUMBER = variable('gre.ack_number', 'Acknowledgment Number', 'uint32');

/** The optional words that the flags announce, in their order, and where they end. */
function optional(p: PacketView, l: Layer): { parts: Part[]; end: number } {
  const flags = p.u16(l.at);
  const out: Part[] = [];
  let at = l.at + 4;
  const word = (field: FieldDeclaration, width: 2 | 4): void => {
    if (at + width <= l.end) {
      out.push(shown(field, width === 2 ? p.u16(at) : p.u32(at), [at, width]));
    }
    at += width;
  };
  if (flags & (CHECKSUM | ROUTING)) {
    word(SUM, 2);
    word(OFFSET, 2);
  }
  if (flags & KEY && p.u16(l.at + 2) === TYPE_PPP) {
    word(PAYLOAD_LENGTH, 2);
    word(CALL, 2);
  } else if (flags & KEY) {
    word(KEY_FIELD, 4);
  }
  if (flags & SEQUENCE) {
    word(NUMBER, 4);
  }
  if (flags & ACKNOWLEDGMENT) {
    word(ACK_NUMBER, 4);
  }
  return { parts: out, end: at };
}

function measure(p: PacketView, l: Layer): void {
  const { end } = optional(p, l);
  l.body = Math.min(end, l.end);
  // The routing entries of RFC 1701 are long gone.
  l.key = p.u16(l.at) & ROUTING || end > l.end ? UNKNOWN : p.u16(l.at + 2);
}

function flag(name: string, description: string, mask: number): FieldDeclaration {
  const words = (p: PacketView, l: Layer): string => (p.u16(l.at) & mask ? 'Yes' : 'No');
  return bits(name, description, { off: 0, width: 16, mask }, { words });
}

export const gre: Protocol = new Protocol({
  name: 'gre',
  title: 'Generic Routing Encapsulation',
  column: 'GRE',
  found: { 'ip.proto': [47], 'udp.port': [4754] },
  header: 4,
  measure,
  carries: 'ethertype',
  line: (p, l) => `Generic Routing Encapsulation (${typeWords(p, l)})`,
  fields: [
    uint16('gre.flags_and_version', 'Flags and Version', 0, {
      hex: true,
      inside: [
        flag('gre.flags.checksum', 'Checksum Bit', CHECKSUM),
        flag('gre.flags.routing', 'Routing Bit', ROUTING),
        flag('gre.flags.key', 'Key Bit', KEY),
        flag('gre.flags.sequence_number', 'Sequence Number Bit', SEQUENCE),
        flag('gre.flags.strict_source_route', 'Strict Source Route Bit', 0x0800),
        bits('gre.flags.recursion_control', 'Recursion control', { off: 0, width: 16, mask: 0x0700 }),
        bits(
          'gre.flags.ack',
          'Acknowledgment',
          { off: 0, width: 16, mask: ACKNOWLEDGMENT },
          { when: (p, l) => (p.u16(l.at) & 7) === 1, words: (p, l) => (p.u16(l.at) & ACKNOWLEDGMENT ? 'Yes' : 'No') },
        ),
        computed('gre.flags.reserved', 'Flags (Reserved)', 'uint16', (p, l) => reserved(p, l), {
          place: (_, l) => [l.at, 2],
        }),
        bits('gre.flags.version', 'Version', { off: 0, width: 16, mask: 7 }, { names: VERSIONS }),
      ],
    }),
    uint16('gre.proto', 'Protocol Type', 2, { hex: true, names: TYPES }),
    parts((p, l) => optional(p, l).parts),
    SUM,
    OFFSET,
    KEY_FIELD,
    PAYLOAD_LENGTH,
    CALL,
    NUMBER,
    ACK_NUMBER,
  ],
  info: (p, l) => `Encapsulated ${typeWords(p, l)}`,
});

function typeWords(p: PacketView, l: Layer): string {
  const type = p.u16(l.at + 2);
  return TYPES[type] ?? `0x${type.toString(16).padStart(4, '0')} - unknown`;
}

/** The bits between the flags and the version; of the newer kind those below the acknowledgment's. */
function reserved(p: PacketView, l: Layer): number {
  const flags = p.u16(l.at);
  return flags & 7 ? (flags >> 3) & 15 : (flags >> 3) & 31;
}
