/** The session service of NetBIOS (RFC 1002, section 4.3), also the bare transport of SMB on port 445. */
import { computed, parts, variable } from '../declare.ts';
import { type Layer, MORE, NO_MESSAGE } from '../layer.ts';
import { shown } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, Protocol } from '../protocol.ts';

const TYPES: Names = {
  0: 'Session message',
  129: 'Session request',
  130: 'Positive session response',
  131: 'Negative session response',
  132: 'Retarget session response',
  133: 'Session keep-alive',
};
const LENGTH = variable('nbss.length', 'Length', 'uint32', { many: false });
/** What SMB's three kinds begin with. */
const SMB = 0xff534d42;
const SMB2 = 0xfe534d42;
const SMB3_ENCRYPTED = 0xfd534d42;

function lengthOf(p: PacketView, l: Layer): number {
  return p.u32(l.at) % 0x1000000;
}

function isMessage(p: PacketView, l: Layer): boolean {
  const type = p.u8(l.at);
  if (TYPES[type] === undefined) {
    return false;
  }
  const start = type === 0 && l.at + 8 <= l.end ? p.u32(l.at + 4) : SMB;
  return (
    start === SMB || start === SMB2 || start === SMB3_ENCRYPTED || l.below?.key === 139 || l.below?.otherKey === 139
  );
}

export const nbss: Protocol = new Protocol({
  name: 'nbss',
  title: 'NetBIOS Session Service',
  column: 'NBSS',
  found: { 'tcp.port': [139, 445] },
  header: 4,
  messageLength: (p, l) => (l.end - l.at < 4 ? MORE : isMessage(p, l) ? 4 + lengthOf(p, l) : NO_MESSAGE),
  partInfo: () => 'Session message',
  open: isMessage,
  measure: (p, l) => {
    l.body = l.at + 4;
    l.key = p.u8(l.at) === 0 && l.at + 8 <= l.end ? p.u32(l.at + 4) : -1;
  },
  carries: 'smb.start',
  fields: [
    computed('nbss.type', 'Message Type', 'uint8', (p, l) => p.u8(l.at), {
      hex: true,
      names: TYPES,
      place: (_, l) => [l.at, 1],
    }),
    parts((p, l) => [shown(LENGTH, lengthOf(p, l), [l.at + 1, 3])]),
    LENGTH,
  ],
  info: (p, l) => TYPES[p.u8(l.at)] ?? '',
});
