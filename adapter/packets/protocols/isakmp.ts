/** ISAKMP and IKE (RFC 2408, RFC 7296): the header. */
import { computed, uint8, uint32 } from '../declare.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, Protocol } from '../protocol.ts';
import { UDPENCAP_ISAKMP } from './udpencap.ts';

const EXCHANGES: Names = {
  0: 'NONE',
  1: 'Base',
  2: 'Identity Protection (Main Mode)',
  3: 'Authentication Only',
  4: 'Aggressive',
  5: 'Informational',
  6: 'Transaction (Config Mode)',
  32: 'Quick Mode',
  33: 'New Group Mode',
  34: 'IKE_SA_INIT',
  35: 'IKE_AUTH ',
  36: 'CREATE_CHILD_SA',
  37: 'INFORMATIONAL',
};
const RESPONSE = 0x20;
const INITIATOR = 0x08;

function info(p: PacketView, l: Layer): string {
  const name = EXCHANGES[p.u8(l.at + 18)] ?? `Unknown ${p.u8(l.at + 18)}`;
  if (p.u8(l.at + 17) >> 4 !== 2) {
    return name;
  }
  const flags = p.u8(l.at + 19);
  const id = String(p.u32(l.at + 20)).padStart(2, '0');
  const who = `${flags & INITIATOR ? 'Initiator' : 'Responder'} ${flags & RESPONSE ? 'Response' : 'Request'}`;
  return `${name} MID=${id} ${who}`;
}

export const isakmp: Protocol = new Protocol({
  name: 'isakmp',
  title: 'Internet Security Association and Key Management Protocol',
  column: 'ISAKMP',
  found: { 'udp.port': [500], udpencap: [UDPENCAP_ISAKMP] },
  header: 28,
  open: (p, l) => p.u8(l.at + 17) >> 4 === 1 || p.u8(l.at + 17) >> 4 === 2,
  fields: [
    computed('isakmp.ispi', 'Initiator SPI', 'bytes', (p, l) => p.bytes(l.at, l.at + 8), {
      place: (_, l) => [l.at, 8],
    }),
    computed('isakmp.rspi', 'Responder SPI', 'bytes', (p, l) => p.bytes(l.at + 8, l.at + 16), {
      place: (_, l) => [l.at + 8, 8],
    }),
    uint8('isakmp.nextpayload', 'Next payload', 16),
    uint8('isakmp.version', 'Version', 17, { hex: true }),
    uint8('isakmp.exchangetype', 'Exchange type', 18, { names: EXCHANGES }),
    uint8('isakmp.flags', 'Flags', 19, { hex: true }),
    uint32('isakmp.messageid', 'Message ID', 20, { hex: true }),
    uint32('isakmp.length', 'Length', 24),
  ],
  info,
});
