/** GTP (3GPP TS 29.281, TS 29.274): users' packets in a tunnel of a mobile network, and the names of its messages. */
import { type Layer, UNKNOWN } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, Protocol } from '../protocol.ts';
import { ETHERTYPE_IP, ETHERTYPE_IPV6 } from './numbers.ts';

const T_PDU = 255;
const MESSAGES: Names = {
  1: 'Echo request',
  2: 'Echo response',
  3: 'Version not supported',
  16: 'Create PDP context request',
  17: 'Create PDP context response',
  18: 'Update PDP context request',
  19: 'Update PDP context response',
  20: 'Delete PDP context request',
  21: 'Delete PDP context response',
  26: 'Error indication',
  31: 'Supported extension headers notification',
  254: 'End marker',
  [T_PDU]: 'T-PDU',
};
/** Bits of the first byte: a sequence number, a number of the packet, or extension headers follow. */
const OPTIONAL = 0x07;
const EXTENDED = 0x04;

function measure(p: PacketView, l: Layer): void {
  const flags = p.u8(l.at);
  l.end = Math.min(l.end, l.at + 8 + p.u16(l.at + 2));
  let at = l.at + (flags & OPTIONAL ? 12 : 8);
  let next = flags & EXTENDED && at <= l.end ? p.u8(at - 1) : 0;
  while (next !== 0 && at + 4 <= l.end && p.u8(at) > 0) {
    at += p.u8(at) * 4;
    next = at <= l.end ? p.u8(at - 1) : 0;
  }
  l.body = Math.min(at, l.end);
  const version = p.u8(l.at + 1) === T_PDU && l.body < l.end ? p.u8(l.body) >> 4 : 0;
  l.key = version === 4 ? ETHERTYPE_IP : version === 6 ? ETHERTYPE_IPV6 : UNKNOWN;
}

export const gtp: Protocol = new Protocol({
  name: 'gtp',
  title: 'GPRS Tunneling Protocol',
  column: 'GTP',
  columnAround: (column) => `GTP <${column}>`,
  found: { 'udp.port': [2123, 2152] },
  header: 8,
  // The first version with the bit for GTP and not GTP'.
  open: (p, l) => p.u8(l.at) >> 4 === 3 && MESSAGES[p.u8(l.at + 1)] !== undefined,
  measure,
  carries: 'ethertype',
  fields: [],
  info: (p, l) => MESSAGES[p.u8(l.at + 1)] ?? '',
});
