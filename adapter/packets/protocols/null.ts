/** Loopback of BSD systems: a protocol family, in the byte order of the machine or of the network. */
import { computed } from '../declare.ts';
import type { Layer } from '../layer.ts';
import { UNKNOWN } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, Protocol } from '../protocol.ts';
import { ETHERTYPE_IP, ETHERTYPE_IPV6 } from './numbers.ts';

const DLT_NULL = 0;
const LOOP = 108;

const FAMILIES: Names = { 2: 'IP', 10: 'IPv6', 24: 'IPv6', 28: 'IPv6', 30: 'IPv6' };

/** The family, whichever byte order makes a small number of it. */
function familyOf(p: PacketView, l: Layer): number {
  const big = p.u32(l.at);
  const little = (p.u8(l.at) | (p.u8(l.at + 1) << 8) | (p.u8(l.at + 2) << 16) | (p.u8(l.at + 3) << 24)) >>> 0;
  return Math.min(big, little);
}

export const nullLoopback: Protocol = new Protocol({
  name: 'null',
  title: 'Null/Loopback',
  column: 'Null/Loopback',
  found: { linktype: [DLT_NULL, LOOP] },
  header: 4,
  measure: (p, l) => {
    const name = FAMILIES[familyOf(p, l)];
    l.key = name === 'IP' ? ETHERTYPE_IP : name === 'IPv6' ? ETHERTYPE_IPV6 : UNKNOWN;
  },
  carries: 'ethertype',
  fields: [computed('null.family', 'Family', 'uint32', familyOf, { names: FAMILIES, place: (_, l) => [l.at, 4] })],
  info: () => '',
});
