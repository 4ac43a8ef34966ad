/** Teredo (RFC 4380): IPv6 in UDP, behind what authenticates it and what tells the sender's address. */
import { Protocol } from '../protocol.ts';
import { ETHERTYPE_IPV6 } from './numbers.ts';

const AUTHENTICATION = 1;
const ORIGIN = 0;
const ORIGIN_LENGTH = 8;

export const teredo: Protocol = new Protocol({
  name: 'teredo',
  title: 'Teredo IPv6 over UDP tunneling',
  column: 'Teredo',
  found: { 'udp.port': [3544] },
  header: 8,
  open: (p, l) => {
    l.body = l.at;
    if (p.u16(l.body) === AUTHENTICATION) {
      // The lengths of an identifier and of a value, a number, and whether it is confirmed.
      l.body = l.at + 13 + p.u8(l.at + 2) + p.u8(l.at + 3);
    }
    if (l.body + ORIGIN_LENGTH <= l.end && p.u16(l.body) === ORIGIN) {
      l.body += ORIGIN_LENGTH;
    }
    return l.body + 40 <= l.end && p.u8(l.body) >> 4 === 6;
  },
  measure: (_, l) => {
    l.key = ETHERTYPE_IPV6;
  },
  carries: 'ethertype',
  fields: [],
  info: () => '',
});
