/** ARP (RFC 826) for IPv4 over Ethernet. */
import { MALFORMED } from '../cut.ts';
import { computed, ether, ipv4, malformedPart, parts, uint8, uint16 } from '../declare.ts';
import { formatEther, formatIpv4, hex } from '../format.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, Protocol } from '../protocol.ts';
import { ETHERTYPE_ARP, ETHERTYPES } from './numbers.ts';

const REQUEST = 1;
const REPLY = 2;
const OPCODES: Names = { [REQUEST]: 'request', [REPLY]: 'reply', 3: 'reverse request', 4: 'reverse reply' };
/** With addresses of Ethernet and IPv4. */
const WHOLE_LENGTH = 28;

function isWhole(l: Layer): boolean {
  return l.at + WHOLE_LENGTH <= l.end;
}

/** A sender that speaks of itself. */
function isGratuitous(p: PacketView, l: Layer): boolean {
  return isWhole(l) && p.u16(l.at + 6) <= REPLY && p.u32(l.at + 14) === p.u32(l.at + 24);
}

function isAnnouncement(p: PacketView, l: Layer): boolean {
  return isGratuitous(p, l) && p.u16(l.at + 6) === REQUEST && p.mac(l.at + 18) === 0;
}

function isProbe(p: PacketView, l: Layer): boolean {
  return isWhole(l) && p.u16(l.at + 6) === REQUEST && p.u32(l.at + 14) === 0 && p.u32(l.at + 24) !== 0;
}

function titleWords(p: PacketView, l: Layer): string {
  return isWhole(l) && p.u32(l.at + 14) === p.u32(l.at + 24)
    ? 'ARP Announcement'
    : (OPCODES[p.u16(l.at + 6)] ?? 'unknown');
}

/** `Who has 10.0.2.2? Tell 10.0.2.15`. */
function info(p: PacketView, l: Layer): string {
  if (!isWhole(l)) {
    return MALFORMED;
  }
  const sender = formatIpv4(p.u32(l.at + 14));
  const target = formatIpv4(p.u32(l.at + 24));
  const same = sender === target;
  switch (p.u16(l.at + 6)) {
    case REQUEST:
      if (same) {
        return `ARP Announcement for ${sender}`;
      }
      return p.u32(l.at + 14) === 0 ? `Who has ${target}? (ARP Probe)` : `Who has ${target}? Tell ${sender}`;
    case REPLY:
      return same ? `Gratuitous ARP for ${sender} (Reply)` : `${sender} is at ${formatEther(p.mac(l.at + 8))}`;
    default:
      return `Unknown ARP opcode ${hex(p.u16(l.at + 6), 4)}`;
  }
}

/** The addresses are shown only if all of them are there. */
const ADDRESS = { shown: (_: PacketView, l: Layer) => isWhole(l) };

export const arp: Protocol = new Protocol({
  name: 'arp',
  title: 'Address Resolution Protocol',
  column: 'ARP',
  found: { ethertype: [ETHERTYPE_ARP] },
  header: 8,
  measure: (_, l) => {
    l.end = l.body = Math.min(l.end, l.at + WHOLE_LENGTH);
  },
  line: (p, l) => `Address Resolution Protocol${isWhole(l) ? ` (${titleWords(p, l)})` : ''}`,
  fields: [
    uint16('arp.hw.type', 'Hardware type', 0, { names: { 1: 'Ethernet' } }),
    uint16('arp.proto.type', 'Protocol type', 2, { hex: true, names: ETHERTYPES }),
    uint8('arp.hw.size', 'Hardware size', 4),
    uint8('arp.proto.size', 'Protocol size', 5),
    uint16('arp.opcode', 'Opcode', 6, {
      words: (p, l) => `${OPCODES[p.u16(l.at + 6)] ?? 'unknown'} (${p.u16(l.at + 6)})`,
      names: OPCODES,
    }),
    computed('arp.isgratuitous', 'Is gratuitous', 'boolean', (p, l) => isGratuitous(p, l) || undefined, {
      label: () => '[Is gratuitous: True]',
    }),
    computed('arp.isannouncement', 'Is announcement', 'boolean', (p, l) => isAnnouncement(p, l) || undefined, {
      label: () => '[Is announcement: True]',
    }),
    computed('arp.isprobe', 'Is probe', 'boolean', (p, l) => isProbe(p, l) || undefined, {
      label: () => '[Is probe: True]',
    }),
    ether('arp.src.hw_mac', 'Sender MAC address', 8, ADDRESS),
    ipv4('arp.src.proto_ipv4', 'Sender IP address', 14, ADDRESS),
    ether('arp.dst.hw_mac', 'Target MAC address', 18, ADDRESS),
    ipv4('arp.dst.proto_ipv4', 'Target IP address', 24, ADDRESS),
    parts((p, l) => (isWhole(l) ? [] : [malformedPart(p, 'ARP', l.at + 8)])),
  ],
  info,
});
