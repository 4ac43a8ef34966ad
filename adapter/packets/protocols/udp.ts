/** UDP (RFC 768). */
import { checkTransport } from '../checksum.ts';
import { checksum, computed, either, uint16 } from '../declare.ts';
import type { Layer } from '../layer.ts';
import { Protocol } from '../protocol.ts';
import { rememberDatagram, UdpNote } from '../udp-conversations.ts';
import { IPPROTO_UDP } from './numbers.ts';

const srcport = uint16('udp.srcport', 'Source Port', 0);
const dstport = uint16('udp.dstport', 'Destination Port', 2);

function noteOf(l: Layer): UdpNote | undefined {
  return l.note instanceof UdpNote ? l.note : undefined;
}

export const udp: Protocol = new Protocol({
  name: 'udp',
  title: 'User Datagram Protocol',
  column: 'UDP',
  found: { 'ip.proto': [IPPROTO_UDP] },
  header: 8,
  measure: (p, l) => {
    const length = p.u16(l.at + 4);
    l.wireEnd = length >= 8 ? Math.min(l.wireEnd, l.at + length) : l.wireEnd;
    l.end = Math.min(l.end, l.wireEnd);
    l.key = p.u16(l.at);
    l.otherKey = p.u16(l.at + 2);
  },
  carriesByPort: 'udp.port',
  remember: rememberDatagram,
  line: (_, l) => `User Datagram Protocol, Src Port: ${l.key}, Dst Port: ${l.otherKey}`,
  fields: [
    srcport,
    dstport,
    either('udp.port', 'Source or Destination Port', srcport, dstport),
    computed('udp.stream', 'Stream index', 'uint32', (_, l) => noteOf(l)?.stream, {
      label: (_, l) => `[Stream index: ${noteOf(l)?.stream}]`,
    }),
    computed('udp.time_relative', 'Time since first frame', 'seconds', (_, l) => noteOf(l)?.since, {
      label: (_, l) => `[Time since first frame: ${noteOf(l)?.since.toFixed(9)} seconds]`,
    }),
    computed('udp.time_delta', 'Time since previous frame', 'seconds', (_, l) => noteOf(l)?.delta, {
      label: (_, l) => `[Time since previous frame: ${noteOf(l)?.delta.toFixed(9)} seconds]`,
    }),
    uint16('udp.length', 'Length', 4),
    checksum(
      'udp.checksum',
      'Checksum',
      6,
      (p, l) => checkTransport(p, l, { off: 6, least: 8, length: p.u16(l.at + 4), optional: true }),
      { optional: true },
    ),
    computed('udp.payload', 'Payload', 'bytes', (p, l) => p.bytes(l.body, l.end), {
      place: (_, l) => [l.body, l.end - l.body],
      shown: (_, l) => l.body < l.end,
      label: (_, l) => `UDP payload (${l.end - l.body} byte${l.end - l.body === 1 ? '' : 's'})`,
      text: () => '',
    }),
  ],
  info: (p, l) => {
    const length = p.u16(l.at + 4);
    const room = l.below === null ? length : l.below.wireEnd - l.at;
    const part = l.below?.protocol.declaration.isFragment?.(p, l.below) === true;
    const bad = length > room && !part ? ` [BAD UDP LENGTH ${length} > IP PAYLOAD LENGTH]` : '';
    return `${l.key} → ${l.otherKey}${bad} Len=${bad === '' ? l.wireEnd - l.body : length - 8}`;
  },
});
