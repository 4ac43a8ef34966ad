/** MPLS labels (RFC 3032), each a layer; IP by its version, or Ethernet, is below the bottom of the stack. */
import { bits } from '../declare.ts';
import { hex } from '../format.ts';
import { type Layer, UNKNOWN } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, Protocol } from '../protocol.ts';
import { ETHERTYPE_BRIDGED, ETHERTYPE_MPLS, ETHERTYPE_MPLS_MULTICAST } from './link-keys.ts';
import { ETHERTYPE_IP, ETHERTYPE_IPV6 } from './numbers.ts';

const RESERVED: Names = {
  0: 'IPv4 Explicit-Null',
  1: 'Router Alert',
  2: 'IPv6 Explicit-Null',
  3: 'Implicit-Null',
  7: 'Entropy Label Indicator (ELI)',
  13: 'Generic Associated Channel Label (GAL)',
  14: 'OAM Alert',
  15: 'Extension Label (XL)',
};

function labelWords(p: PacketView, l: Layer): string {
  const label = p.u32(l.at) >>> 12;
  return RESERVED[label] === undefined ? String(label) : `${label} (${RESERVED[label]})`;
}

function measure(p: PacketView, l: Layer): void {
  const nibble = l.body < l.end ? p.u8(l.body) >> 4 : -1;
  if ((p.u8(l.at + 2) & 1) === 0) {
    l.key = ETHERTYPE_MPLS;
  } else if (nibble === 4) {
    l.key = ETHERTYPE_IP;
  } else if (nibble === 6) {
    l.key = ETHERTYPE_IPV6;
  } else if (nibble === 0 && p.u32(l.body) === 0 && l.body + 18 <= l.end) {
    // The control word of a pseudo wire (RFC 4448).
    l.body += 4;
    l.key = ETHERTYPE_BRIDGED;
  } else {
    l.key = UNKNOWN;
  }
}

export const mpls: Protocol = new Protocol({
  name: 'mpls',
  title: 'MultiProtocol Label Switching Header',
  column: 'MPLS',
  found: {
    ethertype: [ETHERTYPE_MPLS, ETHERTYPE_MPLS_MULTICAST],
    'ppp.protocol': [0x281, 0x283],
    'udp.port': [6635],
    'ip.proto': [137],
  },
  header: 4,
  // A stack of labels is one protocol in the chain.
  chain: (_, l) => (l.below?.protocol.name === 'mpls' ? '' : 'mpls'),
  measure,
  carries: 'ethertype',
  line: (p, l) => {
    const n = p.u32(l.at);
    const [exp, bottom, ttl] = [(n >>> 9) & 7, (n >>> 8) & 1, n & 255];
    return `MultiProtocol Label Switching Header, Label: ${labelWords(p, l)}, Exp: ${exp}, S: ${bottom}, TTL: ${ttl}`;
  },
  length: () => 4,
  fields: [
    bits(
      'mpls.label',
      'MPLS Label',
      { off: 0, width: 32, mask: 0xfffff000 },
      {
        words: (p, l) => {
          const label = p.u32(l.at) >>> 12;
          return RESERVED[label] === undefined ? `${label} (${hex(label, 5)})` : `${RESERVED[label]} (${label})`;
        },
      },
    ),
    bits('mpls.exp', 'MPLS Experimental Bits', { off: 0, width: 32, mask: 0xe00 }),
    bits(
      'mpls.bottom',
      'MPLS Bottom Of Label Stack',
      { off: 0, width: 32, mask: 0x100, flag: false },
      { words: bottomWords },
    ),
    bits('mpls.ttl', 'MPLS TTL', { off: 0, width: 32, mask: 0xff }),
  ],
  info: () => 'MPLS Label Switched Packet',
});

function bottomWords(p: PacketView, l: Layer): string {
  return String(p.u8(l.at + 2) & 1);
}
