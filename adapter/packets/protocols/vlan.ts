/** VLAN tags (IEEE 802.1Q), also several. */
import { bits, uint16 } from '../declare.ts';
import { Protocol } from '../protocol.ts';
import { LINK_COLUMNS } from './ethernet.ts';
import { LLC_FRAME, MAX_LENGTH_802_3 } from './link-keys.ts';
import { ETHERTYPE_QINQ, ETHERTYPE_VLAN, ETHERTYPES } from './numbers.ts';

export const vlan = new Protocol({
  name: 'vlan',
  title: '802.1Q Virtual LAN',
  column: 'VLAN',
  chain: (_, l) => (l.key === LLC_FRAME ? 'vlan' : 'vlan:ethertype'),
  found: { ethertype: [ETHERTYPE_VLAN] },
  header: 4,
  measure: (p, l) => {
    const type = p.u16(l.at + 2);
    l.key = type <= MAX_LENGTH_802_3 ? LLC_FRAME : type;
  },
  carries: 'ethertype',
  line: (p, l) => {
    const tci = p.u16(l.at);
    return `802.1Q Virtual LAN, PRI: ${tci >> 13}, DEI: ${(tci >> 12) & 1}, ID: ${tci & 0xfff}`;
  },
  fields: [
    bits('vlan.priority', 'Priority', { off: 0, width: 16, mask: 0xe000 }),
    bits('vlan.dei', 'DEI', { off: 0, width: 16, mask: 0x1000 }),
    bits('vlan.id', 'ID', { off: 0, width: 16, mask: 0x0fff }),
    uint16('vlan.etype', 'Type', 2, { hex: true, names: ETHERTYPES }),
  ],
  ...LINK_COLUMNS,
});

/** The outer tag of a provider's bridge (IEEE 802.1ad), whose fields have names of their own. */
export const qinq = new Protocol({
  name: 'ieee8021ad',
  title: 'IEEE 802.1ad',
  column: '802.1ad',
  found: { ethertype: [ETHERTYPE_QINQ] },
  header: 4,
  measure: (p, l) => {
    l.key = p.u16(l.at + 2);
  },
  carries: 'ethertype',
  chain: 'ieee8021ad:ethertype',
  line: (p, l) => `IEEE 802.1ad, ID: ${p.u16(l.at) & 0xfff}`,
  fields: [
    bits('ieee8021ad.priority', 'Priority', { off: 0, width: 16, mask: 0xe000 }),
    bits('ieee8021ad.dei', 'DEI', { off: 0, width: 16, mask: 0x1000, flag: false }),
    bits('ieee8021ad.id', 'ID', { off: 0, width: 16, mask: 0x0fff }),
  ],
  ...LINK_COLUMNS,
});
