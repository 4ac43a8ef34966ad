/** Numbers that several protocols refer to, and their names. */
import type { Names } from '../protocol.ts';

/** Ethernet types (IANA, IEEE 802 numbers). */
export const ETHERTYPE_IP = 0x0800;
export const ETHERTYPE_ARP = 0x0806;
export const ETHERTYPE_VLAN = 0x8100;
export const ETHERTYPE_IPV6 = 0x86dd;
export const ETHERTYPE_QINQ = 0x88a8;

export const ETHERTYPES: Names = {
  [ETHERTYPE_IP]: 'IPv4',
  [ETHERTYPE_ARP]: 'ARP',
  [ETHERTYPE_IPV6]: 'IPv6',
  [ETHERTYPE_VLAN]: '802.1Q Virtual LAN',
  [ETHERTYPE_QINQ]: '802.1ad Provider Bridge (Q-in-Q)',
  34958: '802.1X Authentication',
  35020: '802.1 Link Layer Discovery Protocol (LLDP)',
  35064: 'NC-SI',
};

/** IP protocols and IPv6 next headers (IANA, protocol numbers). */
export const IPPROTO_ICMP = 1;
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;
export const IPPROTO_FRAGMENT = 44;
export const IPPROTO_AH = 51;
export const IPPROTO_ICMPV6 = 58;
