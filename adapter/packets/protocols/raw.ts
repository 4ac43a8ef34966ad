/** Packets that start at their IP header (LINKTYPE_RAW): the version says which IP. */
import { cutWords } from '../cut.ts';
import { UNKNOWN } from '../layer.ts';
import { Protocol } from '../protocol.ts';
import { LINKTYPE_IPV4, LINKTYPE_IPV6, LINKTYPE_RAW } from '../types.ts';
import { ETHERTYPE_IP, ETHERTYPE_IPV6 } from './numbers.ts';

export const raw = new Protocol({
  name: 'raw',
  title: 'Raw packet data',
  column: 'IP',
  // A link type for one version of IP alone is nothing of its own.
  chain: (p) => ([LINKTYPE_IPV4, LINKTYPE_IPV6].includes(p.frame?.iface?.linktype ?? -1) ? '' : 'raw'),
  found: { linktype: [LINKTYPE_RAW] },
  header: 0,
  measure: (p, l) => {
    const version = l.at < l.end ? p.u8(l.at) >> 4 : 0;
    l.key = version === 4 ? ETHERTYPE_IP : version === 6 ? ETHERTYPE_IPV6 : UNKNOWN;
  },
  carries: 'ethertype',
  line: null,
  fields: [],
  columnOf: (p) => p.malformed()?.declaration.column ?? 'IP',
  info: cutWords,
});
