/** IPsec's headers: ESP (RFC 4303), whose content stays encrypted, and AH (RFC 4302). */
import { computed, parts, uint8, uint32, variable } from '../declare.ts';
import { formatBytes, hex } from '../format.ts';
import { shown } from '../occurrence.ts';
import { Protocol } from '../protocol.ts';
import { IP_PROTOCOLS } from './ip-protocols.ts';
import { IPPROTO_AH } from './numbers.ts';
import { UDPENCAP_ESP } from './udpencap.ts';

export const esp: Protocol = new Protocol({
  name: 'esp',
  title: 'Encapsulating Security Payload',
  column: 'ESP',
  found: { 'ip.proto': [50], udpencap: [UDPENCAP_ESP] },
  header: 8,
  fields: [
    uint32('esp.spi', 'ESP SPI', 0, {
      hex: true,
      label: (p, l) => `ESP SPI: ${hex(p.u32(l.at), 8)} (${p.u32(l.at)})`,
    }),
    uint32('esp.sequence', 'ESP Sequence', 4),
  ],
  info: (p, l) => `ESP (SPI=${hex(p.u32(l.at), 8)})`,
});

const ICV = variable('ah.icv', 'AH ICV', 'bytes', { many: false });

export const ah: Protocol = new Protocol({
  name: 'ah',
  title: 'Authentication Header',
  column: 'AH',
  found: { 'ip.proto': [IPPROTO_AH] },
  header: 12,
  open: (p, l) => l.at + (p.u8(l.at + 1) + 2) * 4 <= l.end,
  measure: (p, l) => {
    l.body = l.at + Math.max(12, (p.u8(l.at + 1) + 2) * 4);
    l.key = p.u8(l.at);
  },
  carries: 'ip.proto',
  fields: [
    uint8('ah.next_header', 'Next header', 0, { names: IP_PROTOCOLS }),
    uint8('ah.length', 'Length', 1, {
      label: (p, l) => `Length: ${p.u8(l.at + 1)} (${(p.u8(l.at + 1) + 2) * 4} bytes)`,
    }),
    computed('ah.reserved', 'Reserved', 'bytes', (p, l) => p.bytes(l.at + 2, l.at + 4), {
      place: (_, l) => [l.at + 2, 2],
      text: (p, l) => formatBytes(p.bytes(l.at + 2, l.at + 4), 2, ''),
    }),
    uint32('ah.spi', 'AH SPI', 4, { hex: true }),
    uint32('ah.sequence', 'AH Sequence', 8),
    parts((p, l) =>
      l.body > l.at + 12 ? [shown(ICV, p.bytes(l.at + 12, l.body), [l.at + 12, l.body - l.at - 12])] : [],
    ),
    ICV,
  ],
  info: (p, l) => `AH (SPI=${hex(p.u32(l.at + 4), 8)})`,
});
