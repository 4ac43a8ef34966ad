/** VRRP, versions 2 and 3 (RFC 3768, RFC 5798). */
import { bits, uint8 } from '../declare.ts';
import { type Names, Protocol } from '../protocol.ts';

const TYPES: Names = { 1: 'Advertisement' };

export const vrrp: Protocol = new Protocol({
  name: 'vrrp',
  title: 'Virtual Router Redundancy Protocol',
  column: 'VRRP',
  found: { 'ip.proto': [112] },
  header: 8,
  fields: [
    bits('vrrp.version', 'VRRP protocol version', { off: 0, width: 8, mask: 0xf0 }),
    bits('vrrp.type', 'VRRP packet type', { off: 0, width: 8, mask: 0x0f }, { names: TYPES }),
    uint8('vrrp.virt_rtr_id', 'Virtual Rtr ID', 1),
    uint8('vrrp.prio', 'Priority', 2),
    uint8('vrrp.addr_count', 'Addr Count', 3),
  ],
  info: (p, l) => `Announcement (v${p.u8(l.at) >> 4})`,
});
