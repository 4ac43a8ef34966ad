/** The header of Linux' "any" device, in both its versions (LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2). */
import { bits, computed, uint8, uint16, uint32 } from '../declare.ts';
import { formatEther } from '../format.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type FieldDeclaration, type Names, Protocol } from '../protocol.ts';
import { LINK_COLUMNS } from './ethernet.ts';
import { ETHERTYPES } from './numbers.ts';

const LINUX_SLL = 113;
const LINUX_SLL2 = 276;
const ETHER_LENGTH = 6;
/** A tunnel of GRE: its packets have a type of GRE's, in the same place. */
const ARPHRD_IPGRE = 778;

const PACKET_TYPES: Names = {
  0: 'Unicast to us',
  1: 'Broadcast',
  2: 'Multicast',
  3: 'Unicast to another host',
  4: 'Sent by us',
};
const LINK_TYPES: Names = { 1: 'Ethernet', 772: 'Loopback' };

/** Where the words of the header are. */
interface Places {
  readonly packetType: readonly [off: number, width: 8 | 16];
  readonly linkType: number;
  readonly length: readonly [off: number, width: 8 | 16];
  readonly address: number;
  readonly type: number;
}

function addressLength(p: PacketView, l: Layer, [off, width]: Places['length']): number {
  return width === 8 ? p.u8(l.at + off) : p.u16(l.at + off);
}

/** The fields that both versions have. */
function fieldsOf(places: Places): FieldDeclaration[] {
  const [typeOff, typeWidth] = places.packetType;
  const [lengthOff, lengthWidth] = places.length;
  const number = (width: 8 | 16) => (width === 8 ? uint8 : uint16);
  return [
    number(typeWidth)('sll.pkttype', 'Packet type', typeOff, { names: PACKET_TYPES }),
    uint16('sll.hatype', 'Link-layer address type', places.linkType, { names: LINK_TYPES }),
    number(lengthWidth)('sll.halen', 'Link-layer address length', lengthOff),
    computed('sll.src.eth', 'Source', 'ether', (p, l) => p.mac(l.at + places.address), {
      when: (p, l) => addressLength(p, l, places.length) === ETHER_LENGTH,
      place: (_, l) => [l.at + places.address, ETHER_LENGTH],
    }),
    computed('sll.unused', 'Unused', 'bytes', (p, l) => unusedOf(p, l, places), {
      place: (p, l) => [
        l.at + places.address + addressLength(p, l, places.length),
        unusedOf(p, l, places)?.length ?? 0,
      ],
    }),
    uint16('sll.etype', 'Protocol', places.type, { hex: true, names: ETHERTYPES }),
  ];
}

/** What the address leaves of the eight bytes that it has. */
function unusedOf(p: PacketView, l: Layer, places: Places): Uint8Array | undefined {
  const length = addressLength(p, l, places.length);
  const at = l.at + places.address;
  return length >= 8 ? undefined : p.bytes(at + length, at + 8);
}

const V1: Places = { packetType: [0, 16], linkType: 2, length: [4, 16], address: 6, type: 14 };
const V2: Places = { packetType: [10, 8], linkType: 8, length: [11, 8], address: 12, type: 0 };

/** Source and Destination: only the sender's address is known. */
function addresses(places: Places): (p: PacketView, l: Layer) => readonly [string, string] {
  return (p, l) => [
    addressLength(p, l, places.length) === ETHER_LENGTH ? formatEther(p.mac(l.at + places.address)) : '',
    '',
  ];
}

export const sll: Protocol = new Protocol({
  name: 'sll',
  title: 'Linux cooked capture v1',
  column: 'SLL',
  chain: (p, l) => (p.u16(l.at + V1.linkType) === ARPHRD_IPGRE ? 'sll' : 'sll:ethertype'),
  found: { linktype: [LINUX_SLL] },
  header: 16,
  measure: (p, l) => {
    l.key = p.u16(l.at + 14);
  },
  carries: 'ethertype',
  fields: fieldsOf(V1),
  addresses: addresses(V1),
  ...LINK_COLUMNS,
});

const V2_FIELDS = fieldsOf(V2);

export const sll2: Protocol = new Protocol({
  name: 'sll',
  title: 'Linux cooked capture v2',
  column: 'SLL',
  chain: 'sll:ethertype',
  found: { linktype: [LINUX_SLL2] },
  header: 20,
  measure: (p, l) => {
    l.key = p.u16(l.at);
  },
  carries: 'ethertype',
  fields: [
    bits('sll.reserved', 'Reserved', { off: 2, width: 16, mask: 0xffff }, { hex: true }),
    uint32('sll.ifindex', 'Interface index', 4),
    ...V2_FIELDS,
  ],
  addresses: addresses(V2),
  ...LINK_COLUMNS,
});
