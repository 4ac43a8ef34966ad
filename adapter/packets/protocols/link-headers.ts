/** Headers that capture programs put before IP: those of InfiniBand, Solaris' IPNET and Linux' netfilter log. */
import { UNKNOWN } from '../layer.ts';
import { Protocol } from '../protocol.ts';
import { LINKTYPE_IPNET, LINKTYPE_IPOIB, LINKTYPE_NFLOG, linkKey } from './link-keys.ts';
import { ETHERTYPE_IP, ETHERTYPE_IPV6 } from './numbers.ts';

/** Both ends' addresses of 20 bytes, then the header of RFC 4391: a type and two bytes. */
const IPOIB_HEADER = 44;

export const ipoib: Protocol = new Protocol({
  name: 'ipoib',
  title: 'IP over InfiniBand',
  column: 'IPoIB',
  found: { ethertype: [linkKey(LINKTYPE_IPOIB)] },
  header: IPOIB_HEADER,
  measure: (p, l) => {
    l.body = l.at + IPOIB_HEADER;
    l.key = p.u16(l.at + 40);
  },
  carries: 'ethertype',
  fields: [],
  info: () => '',
});

const IPNET_HEADER = 24;
const INET = 2;
const INET6 = 26;

export const ipnet: Protocol = new Protocol({
  name: 'ipnet',
  title: 'Solaris IPNET',
  column: 'IPNET',
  found: { ethertype: [linkKey(LINKTYPE_IPNET)] },
  header: IPNET_HEADER,
  measure: (p, l) => {
    const family = p.u8(l.at + 1);
    l.body = l.at + IPNET_HEADER;
    l.key = family === INET ? ETHERTYPE_IP : family === INET6 ? ETHERTYPE_IPV6 : UNKNOWN;
  },
  carries: 'ethertype',
  fields: [],
  info: () => '',
});

/** The attribute that is the packet (`NFULA_PAYLOAD`). */
const PAYLOAD = 9;
const LINUX_INET = 2;
const LINUX_INET6 = 10;

export const nflog: Protocol = new Protocol({
  name: 'nflog',
  title: 'Linux Netfilter NFLOG',
  column: 'NFLOG',
  found: { ethertype: [linkKey(LINKTYPE_NFLOG)] },
  header: 4,
  measure: (p, l) => {
    const family = p.u8(l.at);
    l.body = l.end;
    l.key = UNKNOWN;
    // Attributes with their lengths and types, in the byte order of the machine, each at a multiple of four bytes.
    for (let at = l.at + 4; at + 4 <= l.end; ) {
      const little = p.u8(at) | (p.u8(at + 1) << 8);
      const length = little >= 4 && at + little <= l.end ? little : p.u16(at);
      const type = little === length ? p.u8(at + 2) | (p.u8(at + 3) << 8) : p.u16(at + 2);
      if (length < 4 || at + length > l.end) {
        return;
      }
      if (type === PAYLOAD) {
        l.body = at + 4;
        l.end = at + length;
        l.key = family === LINUX_INET ? ETHERTYPE_IP : family === LINUX_INET6 ? ETHERTYPE_IPV6 : UNKNOWN;
        return;
      }
      at += (length + 3) & ~3;
    }
  },
  carries: 'ethertype',
  fields: [],
  info: () => '',
});
