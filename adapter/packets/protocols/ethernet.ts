/** Ethernet II. */
import { cutWords } from '../cut.ts';
import { computed, either, ether, uint16 } from '../declare.ts';
import { formatBytes, formatEther, hex } from '../format.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type FieldDeclaration, type Of, Protocol } from '../protocol.ts';
import { LINKTYPE_ETHERNET } from '../types.ts';
import { ETHERTYPE_BRIDGED, LLC_FRAME, MAX_LENGTH_802_3 } from './link-keys.ts';
import { ETHERTYPES } from './numbers.ts';

const BROADCAST = 0xffffffffffff;

function words(mac: number): string {
  const text = formatEther(mac);
  return mac === BROADCAST ? `Broadcast (${text})` : `${text} (${text})`;
}

function noteAt(off: number): Of<string> {
  return (p, l) => (p.mac(l.at + off) === BROADCAST ? 'Broadcast' : '');
}

/** Bytes after the packet that the frame carries. */
function trailing(p: PacketView, l: Layer): Uint8Array {
  let above = p.above(l);
  while (above?.protocol.declaration.carries === 'ethertype' && above.protocol !== l.protocol) {
    above = p.above(above);
  }
  const end = l.below?.end ?? p.limit;
  return p.bytes(Math.min(above?.end ?? end, end), end);
}

/** Bytes of the shortest frame, without its check sequence. */
const LEAST_FRAME = 60;
const CHECK_SEQUENCE = 4;

/** Where the check sequence begins, if a short packet was padded and the frame still has four bytes more; else -1. */
function checkSequenceAt(p: PacketView, l: Layer): number {
  const length = trailing(p, l).length;
  const end = (l.below?.end ?? p.limit) - l.at;
  const padded = end - length < LEAST_FRAME && end >= LEAST_FRAME + CHECK_SEQUENCE;
  return padded && length >= CHECK_SEQUENCE ? l.at + end - CHECK_SEQUENCE : -1;
}

/** The same without the check sequence. */
function filling(p: PacketView, l: Layer): Uint8Array {
  const bytes = trailing(p, l);
  return checkSequenceAt(p, l) < 0 ? bytes : bytes.subarray(0, bytes.length - CHECK_SEQUENCE);
}

/** Padding is what makes a frame long enough, and zero; anything else is a trailer. */
function trailer(name: string, description: string, zero: boolean): FieldDeclaration {
  const text: Of<string> = (p, l) => formatBytes(filling(p, l), 64, '');
  const value: Of<Uint8Array | undefined> = (p, l) => {
    const bytes = filling(p, l);
    return bytes.length > 0 && bytes.every((b) => b === 0) === zero ? bytes : undefined;
  };
  return computed(name, description, 'bytes', value, {
    place: (p, l) => [(l.below?.end ?? p.limit) - trailing(p, l).length, filling(p, l).length],
    label: (p, l) => `${description}: ${text(p, l)}`,
    text,
  });
}

/** A frame of IEEE 802.3: where others have a type, it has the length of what it carries. */
function hasLength(p: PacketView, l: Layer): boolean {
  return p.u16(l.at + 12) <= MAX_LENGTH_802_3;
}

/** The list's columns for a frame whose type nobody knows, or whose packet is malformed. */
export const LINK_COLUMNS = {
  columnOf: (p: PacketView, l: Layer): string => p.malformed()?.declaration.column ?? hex(l.key, 4),
  info: (p: PacketView, l: Layer): string =>
    p.malformed() === null ? (ETHERTYPES[l.key] ?? 'Ethernet II') : cutWords(p, l),
};

const dst = ether('eth.dst', 'Destination', 0, { note: noteAt(0) });
const src = ether('eth.src', 'Source', 6, { note: noteAt(6) });

export const ethernet: Protocol = new Protocol({
  name: 'eth',
  title: 'Ethernet',
  column: 'Ethernet',
  chain: (_, l) => (l.key === LLC_FRAME ? 'eth' : 'eth:ethertype'),
  found: { linktype: [LINKTYPE_ETHERNET], ethertype: [ETHERTYPE_BRIDGED] },
  header: 14,
  measure: (p, l) => {
    const type = p.u16(l.at + 12);
    l.key = type <= MAX_LENGTH_802_3 ? LLC_FRAME : type;
    l.end = type <= MAX_LENGTH_802_3 ? Math.min(l.end, l.body + type) : l.end;
  },
  carries: 'ethertype',
  line: (p, l) =>
    hasLength(p, l) ? 'IEEE 802.3 Ethernet' : `Ethernet II, Src: ${words(p.mac(l.at + 6))}, Dst: ${words(p.mac(l.at))}`,
  fields: [
    dst,
    src,
    either('eth.addr', 'Address', dst, src),
    uint16('eth.type', 'Type', 12, { hex: true, names: ETHERTYPES, when: (p, l) => !hasLength(p, l) }),
    uint16('eth.len', 'Length', 12, { when: hasLength }),
    trailer('eth.padding', 'Padding', true),
    trailer('eth.trailer', 'Trailer', false),
    computed('eth.fcs', 'Frame check sequence', 'uint32', (p, l) => p.u32(checkSequenceAt(p, l)), {
      hex: true,
      when: (p, l) => checkSequenceAt(p, l) >= 0,
      place: (p, l) => [checkSequenceAt(p, l), CHECK_SEQUENCE],
    }),
    computed('eth.fcs.status', 'FCS Status', 'uint8', () => 2, {
      when: (p, l) => checkSequenceAt(p, l) >= 0,
      label: () => '[FCS Status: Unverified]',
    }),
  ],
  addresses: (p, l) => {
    const to = p.mac(l.at);
    return [formatEther(p.mac(l.at + 6)), to === BROADCAST ? 'Broadcast' : formatEther(to)];
  },
  ...LINK_COLUMNS,
});
