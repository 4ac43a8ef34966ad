/** ICMPv6 (RFC 4443) with neighbour discovery (RFC 4861). */
import { checkTransport } from '../checksum.ts';
import { checksum, ipv6, uint8, uint16 } from '../declare.ts';
import { formatIpv6, hex } from '../format.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type FieldDeclaration, type Names, Protocol } from '../protocol.ts';
import { IPPROTO_ICMPV6 } from './numbers.ts';

const ECHO_REQUEST = 128;
const ECHO_REPLY = 129;
const NEIGHBOR_SOLICITATION = 135;
const NEIGHBOR_ADVERTISEMENT = 136;

const TYPES: Names = {
  1: 'Destination Unreachable',
  2: 'Packet Too Big',
  3: 'Time Exceeded',
  4: 'Parameter Problem',
  [ECHO_REQUEST]: 'Echo (ping) request',
  [ECHO_REPLY]: 'Echo (ping) reply',
  130: 'Multicast Listener Query',
  131: 'Multicast Listener Report',
  133: 'Router Solicitation',
  134: 'Router Advertisement',
  [NEIGHBOR_SOLICITATION]: 'Neighbor Solicitation',
  [NEIGHBOR_ADVERTISEMENT]: 'Neighbor Advertisement',
  137: 'Redirect',
  143: 'Multicast Listener Report Message v2',
};

function isEchoType(type: number): boolean {
  return type === ECHO_REQUEST || type === ECHO_REPLY;
}

/** True if the message is an echo with an identifier and a sequence number. */
function isEcho(p: PacketView, l: Layer): boolean {
  return l.at + 8 <= l.end && isEchoType(p.u8(l.at));
}

/** The address that neighbour discovery is about. */
function target(name: string, type: number): FieldDeclaration {
  return ipv6(name, 'Target Address', 8, { when: (p, l) => p.u8(l.at) === type });
}

function info(p: PacketView, l: Layer): string {
  const type = p.u8(l.at);
  const name = TYPES[type] ?? `Unknown type ${type}`;
  if (isEcho(p, l)) {
    const hops = l.below === null ? 0 : p.u8(l.below.at + 7);
    return `${name}  id=${hex(p.u16(l.at + 4), 4)}, seq=${p.u16(l.at + 6)}, hop limit=${hops}`;
  }
  if ((type === NEIGHBOR_SOLICITATION || type === NEIGHBOR_ADVERTISEMENT) && l.at + 24 <= l.end) {
    const address = formatIpv6(p.bytes(l.at + 8, l.at + 24));
    return type === NEIGHBOR_SOLICITATION ? `${name} for ${address}` : `${name} ${address}`;
  }
  return name;
}

export const icmpv6: Protocol = new Protocol({
  name: 'icmpv6',
  title: 'Internet Control Message Protocol v6',
  column: 'ICMPv6',
  found: { 'ip.proto': [IPPROTO_ICMPV6] },
  header: 4,
  open: (p, l) => {
    l.body = isEchoType(p.u8(l.at)) ? Math.min(l.at + 8, l.end) : l.end;
    return l.below?.protocol.name === 'ipv6';
  },
  fields: [
    uint8('icmpv6.type', 'Type', 0, { note: (p, l) => TYPES[p.u8(l.at)] ?? '', names: TYPES }),
    uint8('icmpv6.code', 'Code', 1),
    checksum('icmpv6.checksum', 'Checksum', 2, (p, l) => checkTransport(p, l, { off: 2, least: 4 }), { always: true }),
    uint16('icmpv6.echo.identifier', 'Identifier', 4, {
      when: isEcho,
      note: (p, l) => hex(p.u16(l.at + 4), 4),
    }),
    uint16('icmpv6.echo.sequence_number', 'Sequence', 6, { when: isEcho }),
    target('icmpv6.nd.ns.target_address', NEIGHBOR_SOLICITATION),
    target('icmpv6.nd.na.target_address', NEIGHBOR_ADVERTISEMENT),
  ],
  info,
});
