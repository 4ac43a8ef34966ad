/** PIM, version 2 (RFC 7761): the header. */
import { bits, uint16 } from '../declare.ts';
import { type Names, Protocol } from '../protocol.ts';

const TYPES: Names = {
  0: 'Hello',
  1: 'Register',
  2: 'Register-stop',
  3: 'Join/Prune',
  4: 'Bootstrap',
  5: 'Assert',
  6: 'Graft',
  7: 'Graft-Ack',
  8: 'Candidate-RP-Advertisement',
  9: 'State-Refresh',
  10: 'DF election',
};

export const pim: Protocol = new Protocol({
  name: 'pim',
  title: 'Protocol Independent Multicast',
  column: 'PIMv2',
  found: { 'ip.proto': [103] },
  header: 4,
  open: (p, l) => p.u8(l.at) >> 4 === 2,
  fields: [
    bits('pim.version', 'Version', { off: 0, width: 8, mask: 0xf0 }),
    bits('pim.type', 'Type', { off: 0, width: 8, mask: 0x0f }, { names: TYPES }),
    uint16('pim.cksum', 'Checksum', 2, { hex: true }),
  ],
  info: (p, l) => TYPES[p.u8(l.at) & 15] ?? `Unknown (${p.u8(l.at) & 15})`,
});
