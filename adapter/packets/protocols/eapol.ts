/** EAP over LAN (IEEE 802.1X): the head, and which message of the four-way handshake a key is. */
import { uint8, uint16 } from '../declare.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, Protocol } from '../protocol.ts';
import { EAP_TYPES } from './eap-names.ts';

const KEY = 3;
const TYPES: Names = { 0: 'EAP Packet', 1: 'Start', 2: 'Logoff', [KEY]: 'Key', 4: 'Encapsulated ASF Alert', 5: 'MKA' };
const VERSIONS: Names = { 1: '802.1X-2001', 2: '802.1X-2004', 3: '802.1X-2010' };
const EAP_CODES: Names = { 1: 'Request', 2: 'Response', 3: 'Success', 4: 'Failure' };
/** Bits of the key information: install, acknowledge, MIC, secure. */
const ACK = 0x80;
const MIC = 0x100;
const SECURE = 0x200;

/** `Key (Message 1 of 4)` for a pairwise key; the data's length tells the second from the fourth. */
function keyWords(p: PacketView, l: Layer): string {
  const type = p.u8(l.at + 4);
  if ((type !== 2 && type !== 254) || l.at + 99 > l.end) {
    return 'Key';
  }
  const flags = p.u16(l.at + 5);
  const data = p.u16(l.at + 97);
  if ((flags & 8) === 0) {
    return `Key (Group Message ${flags & ACK ? 1 : 2} of 2)`;
  }
  const n = flags & ACK ? (flags & MIC ? 3 : 1) : flags & SECURE || data === 0 ? 4 : 2;
  return `Key (Message ${n} of 4)`;
}

export const eapol: Protocol = new Protocol({
  name: 'eapol',
  title: '802.1X Authentication',
  column: 'EAPOL',
  found: { ethertype: [0x888e] },
  header: 4,
  measure: (p, l) => {
    l.end = l.body = Math.min(l.end, l.at + 4 + p.u16(l.at + 2));
  },
  fields: [
    uint8('eapol.version', 'Version', 0, { names: VERSIONS }),
    uint8('eapol.type', 'Type', 1, { names: TYPES }),
    uint16('eapol.len', 'Length', 2),
  ],
  columnOf: (p, l) => (isEap(p, l) ? 'EAP' : 'EAPOL'),
  info: (p, l) => {
    if (isEap(p, l)) {
      const code = p.u8(l.at + 4);
      const type = code <= 2 && l.at + 9 <= l.end ? `, ${EAP_TYPES[p.u8(l.at + 8)] ?? 'Unknown'}` : '';
      return `${EAP_CODES[code] ?? 'Unknown code'}${type}`;
    }
    return p.u8(l.at + 1) === KEY ? keyWords(p, l) : (TYPES[p.u8(l.at + 1)] ?? 'Unknown');
  },
});

function isEap(p: PacketView, l: Layer): boolean {
  return p.u8(l.at + 1) === 0 && l.at + 8 <= l.end;
}
