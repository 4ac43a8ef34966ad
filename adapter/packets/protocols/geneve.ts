/** Geneve (RFC 8926). */
import { bits, computed, parts, uint8, uint16, variable } from '../declare.ts';
import { hex } from '../format.ts';
import type { Layer } from '../layer.ts';
import { quiet, shown } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, type Part, Protocol } from '../protocol.ts';
import { ETHERTYPE_BRIDGED } from './link-keys.ts';
import { ETHERTYPES } from './numbers.ts';

const TYPES: Names = { ...ETHERTYPES, [ETHERTYPE_BRIDGED]: 'Transparent Ethernet bridging' };
const CLASS = variable('geneve.option.class', 'Class', 'uint16', { hex: true });
const TYPE = variable('geneve.option.type', 'Type', 'uint8', { hex: true });
const CRITICAL = variable('geneve.option.type.critical', 'Critical Option', 'boolean');
const LENGTH = variable('geneve.option.length', 'Length', 'uint8');
const DATA = variable('geneve.option.unknown.data', 'Unknown Option Data', 'bytes');

function optionsLength(p: PacketView, l: Layer): number {
  return (p.u8(l.at) & 0x3f) * 4;
}

function optionPart(p: PacketView, at: number, length: number): Part {
  const type = p.u8(at + 2);
  const critical = (type & 0x80) !== 0;
  const kind = critical ? ' (Critical)' : '';
  const label = (): string => `Option, Class: ${hex(p.u16(at), 4)} Type: ${hex(type, 2)}${kind}`;
  const inside: Part[] = [
    shown(CLASS, p.u16(at), [at, 2]),
    shown(TYPE, type, [at + 2, 1], { label: () => `Type: ${hex(type, 2)}${kind}` }),
    quiet(CRITICAL, critical, [at + 2, 1]),
    shown(LENGTH, length, [at + 3, 1], { label: () => `Length: ${length} bytes` }),
  ];
  if (length > 4) {
    inside.push(shown(DATA, p.bytes(at + 4, at + length), [at + 4, length - 4]));
  }
  return { from: at, length, label, inside };
}

function optionParts(p: PacketView, l: Layer): Part[] {
  const out: Part[] = [];
  const end = Math.min(l.at + 8 + optionsLength(p, l), l.end);
  for (let at = l.at + 8; at + 4 <= end; ) {
    const length = 4 + (p.u8(at + 3) & 31) * 4;
    if (at + length > end) {
      break;
    }
    out.push(optionPart(p, at, length));
    at += length;
  }
  return out;
}

/** The length of all options has the name of that of one. */
function headPart(p: PacketView, l: Layer): Part {
  const length = optionsLength(p, l);
  return shown(LENGTH, length, [l.at, 1], { label: () => `Length: ${length} bytes` });
}

function flagWords(p: PacketView, l: Layer): string {
  const flags = p.u8(l.at + 1);
  const words = [...(flags & 0x80 ? ['OAM'] : []), ...(flags & 0x40 ? ['Critical Options Present'] : [])];
  return [hex(flags, 2), ...words].join(', ');
}

function vni(p: PacketView, l: Layer): number {
  return p.u32(l.at + 4) >>> 8;
}

export const geneve: Protocol = new Protocol({
  name: 'geneve',
  title: 'Generic Network Virtualization Encapsulation',
  column: 'Geneve',
  found: { 'udp.port': [6081] },
  header: 8,
  open: (p, l) => p.u8(l.at) >> 6 === 0 && l.at + 8 + optionsLength(p, l) <= l.end,
  measure: (p, l) => {
    l.body = l.at + 8 + optionsLength(p, l);
    l.key = p.u16(l.at + 2);
  },
  carries: 'ethertype',
  line: (p, l) => `Generic Network Virtualization Encapsulation, VNI: ${hex(vni(p, l), 6)}`,
  fields: [
    bits('geneve.version', 'Version', { off: 0, width: 8, mask: 0xc0, drawn: 0 }),
    uint8('geneve.flags', 'Flags', 1, {
      hex: true,
      label: (p, l) => `Flags: ${flagWords(p, l)}`,
      inside: [
        bits('geneve.flags.oam', 'Operations, Administration and Management Frame', { off: 1, width: 8, mask: 0x80 }),
        bits('geneve.flags.critical', 'Critical Options Present', { off: 1, width: 8, mask: 0x40 }),
      ],
    }),
    uint16('geneve.proto_type', 'Protocol Type', 2, { hex: true, names: TYPES }),
    computed('geneve.vni', 'Virtual Network Identifier (VNI)', 'uint32', vni, {
      place: (_, l) => [l.at + 4, 3],
      label: (p, l) => `Virtual Network Identifier (VNI): ${hex(vni(p, l), 6)} (${vni(p, l)})`,
    }),
    parts((p, l) => [headPart(p, l), ...optionParts(p, l)]),
    CLASS,
    TYPE,
    CRITICAL,
    LENGTH,
    DATA,
  ],
  info: (p, l) => `Encapsulated ${TYPES[p.u16(l.at + 2)] ?? hex(p.u16(l.at + 2), 4)}`,
});
