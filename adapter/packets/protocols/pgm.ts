/** Pragmatic General Multicast (RFC 3208). */
import { hexBytes } from '../format.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, Protocol } from '../protocol.ts';

const POLL = 1;
const TYPES: Names = {
  0: 'SPM',
  1: 'POLL',
  2: 'POLR',
  4: 'ODATA',
  5: 'RDATA',
  8: 'NAK',
  9: 'NNAK',
  10: 'NCF',
};
const DATA_TYPES = [4, 5];

function info(p: PacketView, l: Layer): string {
  const type = p.u8(l.at + 4);
  const gsi = hexBytes(p.bytes(l.at + 8, l.at + 14), '');
  const subtype = type === POLL && l.at + 24 <= l.end && p.u16(l.at + 22) === 0 ? ' subtype General' : '';
  const size = DATA_TYPES.includes(type) ? ` tsdulen ${p.u16(l.at + 14)}` : '';
  return `${TYPES[type]?.padEnd(5)} sqn 0x${p.u32(l.at + 16).toString(16)} gsi ${gsi}${subtype}${size}`;
}

export const pgm: Protocol = new Protocol({
  name: 'pgm',
  title: 'Pragmatic General Multicast',
  column: 'PGM',
  found: { 'ip.proto': [113] },
  header: 16,
  open: (p, l) => l.at + 20 <= l.end && TYPES[p.u8(l.at + 4)] !== undefined,
  fields: [],
  info,
});
