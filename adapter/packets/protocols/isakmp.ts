/** ISAKMP and IKE (RFC 2408, RFC 7296): the header. */
import { computed, parts, uint8, uint32 } from '../declare.ts';
import type { Layer } from '../layer.ts';
import { quiet } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, type Part, Protocol } from '../protocol.ts';
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
const MAX_PAYLOADS = 256;
const NEXT = uint8('isakmp.nextpayload', 'Next payload', 16, { alsoInParts: true });
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

const HEADER = 28;
const ENCRYPTED_1 = 0x01;
/** Security associations of both versions, and what is encrypted in the second one. */
const ASSOCIATION_1 = 1;
const ASSOCIATION_2 = 33;
const ENCRYPTED_2 = [46, 53];

/** What each payload says of the next one: also those within a security association, its proposals and transforms. */
function payloads(p: PacketView, l: Layer): Part[] {
  const first = p.u8(l.at + 17) >> 4 === 1;
  const end = Math.min(l.end, l.at + p.u32(l.at + 24));
  if (first && p.u8(l.at + 19) & ENCRYPTED_1) {
    return [];
  }
  const out: Part[] = [];
  const chain = (
    from: number,
    to: number,
    next: number,
    inside: (type: number, at: number, to: number) => void,
  ): void => {
    let type = next;
    for (let at = from; type !== 0 && at + 4 <= to && out.length < MAX_PAYLOADS; ) {
      const length = p.u16(at + 2);
      out.push(quiet(NEXT, p.u8(at), [at, 1]));
      if (length < 4 || ENCRYPTED_2.includes(type)) {
        return;
      }
      inside(type, at, Math.min(to, at + length));
      type = p.u8(at);
      at += length;
    }
  };
  const nothing = (): void => {};
  chain(l.at + HEADER, end, p.u8(l.at + 16), (type, at, to) => {
    if (type === ASSOCIATION_1 || type === ASSOCIATION_2) {
      // Before the proposals of the first version are a domain and a situation.
      chain(at + (type === ASSOCIATION_1 ? 12 : 4), to, 2, (_, proposal, stop) => {
        chain(proposal + 8 + (proposal + 8 <= stop ? p.u8(proposal + 6) : 0), stop, 3, nothing);
      });
    }
  });
  return out;
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
    NEXT,
    parts(payloads),
    uint8('isakmp.version', 'Version', 17, { hex: true }),
    uint8('isakmp.exchangetype', 'Exchange type', 18, { names: EXCHANGES }),
    uint8('isakmp.flags', 'Flags', 19, { hex: true }),
    uint32('isakmp.messageid', 'Message ID', 20, { hex: true }),
    uint32('isakmp.length', 'Length', 24),
  ],
  info,
});
