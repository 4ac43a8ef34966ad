/** Ethernet II. */
import { cutWords } from '../cut.ts';
import { computed, either, ether, uint16 } from '../declare.ts';
import { formatBytes, formatEther, hex } from '../format.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Expert, type FieldDeclaration, type Of, Protocol } from '../protocol.ts';
import { LINKTYPE_ETHERNET } from '../types.ts';
import { ETHERTYPE_BRIDGED, LLC_FRAME, MAX_LENGTH_802_3 } from './link-keys.ts';
import { ETHERTYPE_QINQ, ETHERTYPE_VLAN, ETHERTYPES } from './numbers.ts';

const BROADCAST = 0xffffffffffff;

function words(mac: number): string {
  const text = formatEther(mac);
  return mac === BROADCAST ? `Broadcast (${text})` : `${text} (${text})`;
}

function noteAt(off: number): Of<string> {
  return (p, l) => (p.mac(l.at + off) === BROADCAST ? 'Broadcast' : '');
}

const ETHERTYPE_LLDP = 0x88cc;
/** Wireshark counts the last bytes of LLDP, those of its end among them, as a trailer. */
const LLDP_TAIL = 3;

/** Bytes after the packet that the frame carries. */
function trailing(p: PacketView, l: Layer): Uint8Array {
  let above = p.above(l);
  while (above?.protocol.declaration.carries === 'ethertype' && above.protocol !== l.protocol) {
    above = p.above(above);
  }
  const end = l.below?.end ?? p.limit;
  const from = Math.min(above?.end ?? end, end);
  return p.bytes(l.key === ETHERTYPE_LLDP && p.u16(from - 2) === 0 ? from - LLDP_TAIL : from, end);
}

/** Bytes of the shortest frame, without its check sequence. */
const LEAST_FRAME = 60;
const CHECK_SEQUENCE = 4;

/** Where what follows the packet is: padding, a trailer, a check sequence. Each may be empty. */
interface Tail {
  readonly padding: readonly [from: number, to: number];
  readonly trailer: readonly [from: number, to: number];
  /** -1 without. */
  readonly sequenceAt: number;
  /** What would be padding is not zero. */
  readonly odd: boolean;
}

/**
 * Padding is what makes a frame long enough, and zero. The last four bytes of what is left are the check sequence, if
 * the frame is long enough to have one. Behind a VLAN tag the rest is the tag's.
 */
function tailOf(p: PacketView, l: Layer): Tail {
  const end = l.below?.end ?? p.limit;
  const from = end - trailing(p, l).length;
  const filled = Math.max(from, Math.min(l.at + LEAST_FRAME, end));
  const odd = p.bytes(from, filled).some((b) => b !== 0);
  const rest = odd ? from : filled;
  const tagged = l.key === ETHERTYPE_VLAN || l.key === ETHERTYPE_QINQ;
  const whole = l.wireEnd - l.at;
  const hasSequence = !tagged && whole >= LEAST_FRAME + CHECK_SEQUENCE && end - rest >= CHECK_SEQUENCE;
  const sequenceAt = hasSequence ? end - CHECK_SEQUENCE : -1;
  return {
    padding: [from, rest],
    trailer: [rest, tagged ? rest : hasSequence ? sequenceAt : end],
    sequenceAt,
    odd,
  };
}

function tailField(name: string, description: string, which: 'padding' | 'trailer'): FieldDeclaration {
  const bytes: Of<Uint8Array> = (p, l) => {
    const [from, to] = tailOf(p, l)[which];
    return p.bytes(from, to);
  };
  const text: Of<string> = (p, l) => formatBytes(bytes(p, l), 64, '');
  const value: Of<Uint8Array | undefined> = (p, l) => (bytes(p, l).length > 0 ? bytes(p, l) : undefined);
  return computed(name, description, 'bytes', value, {
    place: (p, l) => [tailOf(p, l)[which][0], bytes(p, l).length],
    label: (p, l) => `${description}: ${text(p, l)}`,
    text,
  });
}

/** The bit of an address that says that it is one of a group. */
const GROUP_BIT = 0x01;

function experts(p: PacketView, l: Layer): Expert[] {
  const out: Expert[] = [];
  if (p.u8(l.at + 6) & GROUP_BIT) {
    const message = 'Source MAC must not be a group address: IEEE 802.3-2002, Section 3.2.3(b)';
    out.push({ message, severity: 'warn', group: 'protocol' });
  }
  if (tailOf(p, l).odd) {
    const message = "Didn't find padding of zeros, and an undecoded trailer exists. There may be padding of non-zeros.";
    out.push({ message, severity: 'note', group: 'protocol' });
  }
  return out;
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
  experts,
  line: (p, l) =>
    hasLength(p, l) ? 'IEEE 802.3 Ethernet' : `Ethernet II, Src: ${words(p.mac(l.at + 6))}, Dst: ${words(p.mac(l.at))}`,
  fields: [
    dst,
    src,
    either('eth.addr', 'Address', dst, src),
    uint16('eth.type', 'Type', 12, { hex: true, names: ETHERTYPES, when: (p, l) => !hasLength(p, l) }),
    uint16('eth.len', 'Length', 12, { when: hasLength }),
    tailField('eth.padding', 'Padding', 'padding'),
    tailField('eth.trailer', 'Trailer', 'trailer'),
    computed('eth.fcs', 'Frame check sequence', 'uint32', (p, l) => p.u32(tailOf(p, l).sequenceAt), {
      hex: true,
      when: (p, l) => tailOf(p, l).sequenceAt >= 0,
      place: (p, l) => [tailOf(p, l).sequenceAt, CHECK_SEQUENCE],
    }),
    computed('eth.fcs.status', 'FCS Status', 'uint8', () => 2, {
      when: (p, l) => tailOf(p, l).sequenceAt >= 0,
      label: () => '[FCS Status: Unverified]',
    }),
  ],
  addresses: (p, l) => {
    const to = p.mac(l.at);
    return [formatEther(p.mac(l.at + 6)), to === BROADCAST ? 'Broadcast' : formatEther(to)];
  },
  ...LINK_COLUMNS,
});
