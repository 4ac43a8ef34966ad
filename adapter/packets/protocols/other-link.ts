/** Link layers that have no protocol of their own here: where IP begins in them is known, and no more. */

import { cutWords } from '../cut.ts';
import { UNKNOWN } from '../layer.ts';
import { LinkLayer } from '../link-layer.ts';
import { Protocol } from '../protocol.ts';
import { LINK_PROTOCOLS, linkKey } from './link-keys.ts';

const LINK = new LinkLayer();

/** What `frame.protocols` says of them. */
const CHAINS: Readonly<Record<number, string>> = { 51: 'pppoes:ppp' };

export const otherLink: Protocol = new Protocol({
  name: 'link',
  title: 'Link layer',
  column: 'Unknown',
  chain: (p) => CHAINS[p.frame?.iface?.linktype ?? -1] ?? '',
  found: {},
  header: 0,
  measure: (p, l) => {
    const linktype = p.frame?.iface?.linktype ?? -1;
    if (LINK_PROTOCOLS.includes(linktype)) {
      l.key = linkKey(linktype);
      l.body = l.at;
      return;
    }
    const { type, l3 } = LINK.find(linktype, p.bytes(l.at, l.end));
    l.key = type < 0 ? UNKNOWN : type;
    l.body = type < 0 ? l.at : Math.min(l.end, l.at + l3);
  },
  carries: 'ethertype',
  line: null,
  fields: [],
  columnOf: (p) => p.malformed()?.declaration.column ?? 'Unknown',
  info: (p, l) => (p.malformed() === null ? `${p.wireLength} bytes` : cutWords(p, l)),
});
