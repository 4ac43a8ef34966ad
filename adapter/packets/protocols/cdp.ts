/** Cisco's discovery protocol: the head, the device and the port. */
import { parts, uint8, uint16, variable } from '../declare.ts';
import { printable } from '../format.ts';
import type { Layer } from '../layer.ts';
import { group, shown } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, Protocol } from '../protocol.ts';
import { OUI_CISCO, snapKey } from './link-keys.ts';

const DEVICE = 1;
const PORT = 3;
const TYPES: Names = {
  [DEVICE]: 'Device ID',
  2: 'Addresses',
  [PORT]: 'Port ID',
  4: 'Capabilities',
  5: 'Software version',
  6: 'Platform',
  9: 'VTP Management Domain',
  10: 'Native VLAN',
  11: 'Duplex',
  22: 'Management Address',
};
const TYPE = variable('cdp.tlv.type', 'Type', 'uint16', { hex: true, names: TYPES });
const LENGTH = variable('cdp.tlv.len', 'Length', 'uint16');
const DEVICE_ID = variable('cdp.deviceid', 'Device ID', 'string');
const PORT_ID = variable('cdp.portid', 'Sent through Interface', 'string');

function tlvs(p: PacketView, l: Layer): { at: number; type: number; length: number }[] {
  const out: { at: number; type: number; length: number }[] = [];
  for (let at = l.at + 4; at + 4 <= l.end; ) {
    const length = p.u16(at + 2);
    if (length < 4 || at + length > l.end) {
      break;
    }
    out.push({ at, type: p.u16(at), length });
    at += length;
  }
  return out;
}

export const cdp: Protocol = new Protocol({
  name: 'cdp',
  title: 'Cisco Discovery Protocol',
  column: 'CDP',
  found: { ethertype: [snapKey(OUI_CISCO, 0x2000)] },
  header: 4,
  fields: [
    uint8('cdp.version', 'Version', 0),
    uint8('cdp.ttl', 'TTL', 1, { label: (p, l) => `TTL: ${p.u8(l.at + 1)} seconds` }),
    uint16('cdp.checksum', 'Checksum', 2, { hex: true }),
    parts((p, l) =>
      tlvs(p, l).map(({ at, type, length }) => {
        const text = p.ascii(at + 4, at + length);
        const field = type === DEVICE ? DEVICE_ID : type === PORT ? PORT_ID : undefined;
        const words = field === undefined ? '' : `: ${printable(text)}`;
        return group(
          `${TYPES[type] ?? 'Unknown'}${words}`,
          [at, length],
          [
            shown(TYPE, type, [at, 2]),
            shown(LENGTH, length, [at + 2, 2]),
            ...(field === undefined ? [] : [shown(field, text, [at + 4, length - 4])]),
          ],
        );
      }),
    ),
    TYPE,
    LENGTH,
    DEVICE_ID,
    PORT_ID,
  ],
  info: (p, l) =>
    tlvs(p, l)
      .filter((t) => t.type === DEVICE || t.type === PORT)
      .map((t) => `${TYPES[t.type]}: ${printable(p.ascii(t.at + 4, t.at + t.length))}  `)
      .join(''),
});
