/** RADIUS (RFC 2865, RFC 2866, RFC 5176): the head. */
import { computed, uint8, uint16 } from '../declare.ts';
import { hex } from '../format.ts';
import { type Names, Protocol } from '../protocol.ts';

const CODES: Names = {
  1: 'Access-Request',
  2: 'Access-Accept',
  3: 'Access-Reject',
  4: 'Accounting-Request',
  5: 'Accounting-Response',
  11: 'Access-Challenge',
  12: 'Status-Server',
  13: 'Status-Client',
  40: 'Disconnect-Request',
  41: 'Disconnect-ACK',
  42: 'Disconnect-NAK',
  43: 'CoA-Request',
  44: 'CoA-ACK',
  45: 'CoA-NAK',
};

export const radius: Protocol = new Protocol({
  name: 'radius',
  title: 'RADIUS Protocol',
  column: 'RADIUS',
  found: { 'udp.port': [1645, 1646, 1700, 1812, 1813, 3799] },
  header: 20,
  open: (p, l) => CODES[p.u8(l.at)] !== undefined,
  fields: [
    uint8('radius.code', 'Code', 0, { names: CODES }),
    uint8('radius.id', 'Packet identifier', 1, {
      label: (p, l) => `Packet identifier: ${hex(p.u8(l.at + 1))} (${p.u8(l.at + 1)})`,
    }),
    uint16('radius.length', 'Length', 2),
    computed('radius.authenticator', 'Authenticator', 'bytes', (p, l) => p.bytes(l.at + 4, l.at + 20), {
      place: (_, l) => [l.at + 4, 16],
    }),
  ],
  info: (p, l) => `${CODES[p.u8(l.at)]} id=${p.u8(l.at + 1)}`,
});
