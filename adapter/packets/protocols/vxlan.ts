/** VXLAN (RFC 7348). */
import { bits, computed, uint8, uint16 } from '../declare.ts';
import { hex } from '../format.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { Protocol } from '../protocol.ts';
import { ETHERTYPE_BRIDGED } from './link-keys.ts';

const IDENTIFIED = 0x0800;

function flagWords(p: PacketView, l: Layer): string {
  const flags = p.u16(l.at);
  return [
    hex(flags, 4),
    ...(flags & 0x8000 ? ['GBP Extension'] : []),
    ...(flags & IDENTIFIED ? ['VXLAN Network ID (VNI)'] : []),
    ...(flags & 0x0040 ? ["Don't Learn"] : []),
    ...(flags & 0x0008 ? ['Policy Applied'] : []),
  ].join(', ');
}

export const vxlan: Protocol = new Protocol({
  name: 'vxlan',
  title: 'Virtual eXtensible Local Area Network',
  column: 'VXLAN',
  found: { 'udp.port': [4789, 8472] },
  header: 8,
  measure: (_, l) => {
    l.key = ETHERTYPE_BRIDGED;
  },
  carries: 'ethertype',
  fields: [
    uint16('vxlan.flags', 'Flags', 0, {
      hex: true,
      label: (p, l) => `Flags: ${flagWords(p, l)}`,
      inside: [
        bits('vxlan.flag_g', 'GBP Extension', { off: 0, width: 16, mask: 0x8000 }, { words: (p, l) => gbp(p, l) }),
        bits('vxlan.flag_i', 'VXLAN Network ID (VNI)', { off: 0, width: 16, mask: IDENTIFIED }),
        bits('vxlan.flag_d', "Don't Learn", { off: 0, width: 16, mask: 0x0040 }),
        bits('vxlan.flag_a', 'Policy Applied', { off: 0, width: 16, mask: 0x0008 }),
        computed('vxlan.flags_reserved', 'Reserved(R)', 'uint16', (p, l) => p.u16(l.at) & 0x77b7, {
          hex: true,
          place: (_, l) => [l.at, 2],
        }),
      ],
    }),
    uint16('vxlan.gbp', 'Group Policy ID', 2),
    computed('vxlan.vni', 'VXLAN Network Identifier (VNI)', 'uint32', (p, l) => p.u32(l.at + 4) >>> 8, {
      place: (_, l) => [l.at + 4, 3],
    }),
    uint8('vxlan.reserved8', 'Reserved', 7),
  ],
  info: (p, l) => `VNI: ${p.u32(l.at + 4) >>> 8}`,
});

function gbp(p: PacketView, l: Layer): string {
  return p.u16(l.at) & 0x8000 ? 'Defined' : 'Not defined';
}
