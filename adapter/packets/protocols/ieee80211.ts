/** Wireless frames (IEEE 802.11), also behind a monitoring card's header (radiotap): the heads, and what data carry. */
import { computed } from '../declare.ts';
import { formatEther, hexBytes } from '../format.ts';
import { type Layer, UNKNOWN } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { Protocol } from '../protocol.ts';
import { LINKTYPE_IEEE802_11, LINKTYPE_RADIOTAP, LLC_FRAME, linkKey } from './link-keys.ts';

const MANAGEMENT = 0;
const CONTROL = 1;
const DATA = 2;
const PROTECTED = 0x40;
const ORDER = 0x80;
const BOTH_WAYS = 3;
/** In the subtype of data: there is no body, and there is a word for the quality of service. */
const NO_BODY = 4;
const QOS = 8;
const PROBE_RESPONSE = 5;
const BEACON = 8;
const RESERVED = 'Unrecognized (Reserved frame)';

const SUBTYPES: readonly (readonly string[])[] = [
  [
    'Association Request',
    'Association Response',
    'Reassociation Request',
    'Reassociation Response',
    'Probe Request',
    'Probe Response',
    'Measurement Pilot',
    RESERVED,
    'Beacon frame',
    'ATIM',
    'Disassociate',
    'Authentication',
    'Deauthentication',
    'Action',
    'Action No Ack',
    'Aruba Management',
  ],
  [
    RESERVED,
    RESERVED,
    'Trigger',
    RESERVED,
    'Beamforming Report Poll',
    'VHT/HE NDP Announcement',
    RESERVED,
    'Control Wrapper',
    '802.11 Block Ack Req',
    '802.11 Block Ack',
    'Power-Save poll',
    'Request-to-send',
    'Clear-to-send',
    'Acknowledgement',
    'CF-End (Control-frame)',
    'CF-End + CF-Ack (Control-frame)',
  ],
  [
    'Data',
    'Data + CF-Ack',
    'Data + CF-Poll',
    'Data + CF-Ack + CF-Poll',
    'Null function (No data)',
    'Acknowledgement (No data)',
    'CF-Poll (No data)',
    'CF-Ack/Poll (No data)',
    'QoS Data',
    'QoS Data + CF-Acknowledgment',
    'QoS Data + CF-Poll',
    'QoS Data + CF-Ack + CF-Poll',
    'QoS Null function (No data)',
    RESERVED,
    'QoS CF-Poll (No Data)',
    'QoS CF-Ack + CF-Poll (No data)',
  ],
];
/** Bytes before the elements of management frames, by subtype; others are not looked into. */
const ELEMENTS_AT: Readonly<Record<number, number>> = {
  0: 4,
  1: 6,
  2: 10,
  3: 6,
  4: 0,
  [PROBE_RESPONSE]: 12,
  [BEACON]: 12,
};
const HEADER = 24;
const FCS = 4;

function typeOf(p: PacketView, l: Layer): number {
  return (p.u8(l.at) >> 2) & 3;
}

function subtypeOf(p: PacketView, l: Layer): number {
  return p.u8(l.at) >> 4;
}

function measure(p: PacketView, l: Layer): void {
  const flags = p.u8(l.at + 1);
  const subtype = subtypeOf(p, l);
  l.key = UNKNOWN;
  if (typeOf(p, l) !== DATA || l.at + HEADER > l.end) {
    l.body = flags & PROTECTED && typeOf(p, l) === MANAGEMENT ? Math.min(l.end, l.at + HEADER) : l.end;
    return;
  }
  const qos = (subtype & QOS) !== 0;
  const length = HEADER + ((flags & BOTH_WAYS) === BOTH_WAYS ? 6 : 0) + (qos ? 2 : 0) + (qos && flags & ORDER ? 4 : 0);
  const empty = (subtype & NO_BODY) !== 0;
  l.body = empty ? l.end : Math.min(l.end, l.at + length);
  l.key = flags & PROTECTED || empty ? UNKNOWN : LLC_FRAME;
}

/** `.pm..MF.`: a letter for each flag, the highest bit first; `C` for a checksum at the frame's end. */
function flagLetters(p: PacketView, l: Layer): string {
  const flags = p.u8(l.at + 1);
  const letters = Array.from('opmPRMFT', (letter, i) => ((flags >> (7 - i)) & 1 ? letter : '.')).join('');
  return `${letters}${l.below !== null && hasFcs(p, l.below) ? 'C' : ''}`;
}

/** The network's name, in the first element. */
function ssidWords(p: PacketView, at: number, end: number): string {
  const length = p.u8(at + 1);
  if (at + 2 + length > end || p.u8(at) !== 0) {
    return '';
  }
  const bytes = p.bytes(at + 2, at + 2 + length);
  if (length === 0) {
    return ', SSID=Wildcard (Broadcast)';
  }
  const text = new TextDecoder().decode(bytes);
  return /[\p{Cc}\ufffd]/u.test(text) ? `, SSID=${hexBytes(bytes, '')}` : `, SSID="${text}"`;
}

function info(p: PacketView, l: Layer): string {
  const type = typeOf(p, l);
  const subtype = subtypeOf(p, l);
  const name = SUBTYPES[type]?.[subtype] ?? RESERVED;
  const flags = `Flags=${flagLetters(p, l)}`;
  if (type === CONTROL || l.at + HEADER > l.end) {
    return `${name}, ${flags}`;
  }
  const sequence = p.u8(l.at + 22) | (p.u8(l.at + 23) << 8);
  const words = `${name}, SN=${sequence >> 4}, FN=${sequence & 15}, ${flags}`;
  return type === MANAGEMENT ? `${words}${bodyWords(p, l, subtype)}` : words;
}

function bodyWords(p: PacketView, l: Layer, subtype: number): string {
  const fixed = ELEMENTS_AT[subtype];
  const at = l.at + HEADER + (fixed ?? 0);
  if (fixed === undefined || p.u8(l.at + 1) & (PROTECTED | ORDER) || at + 2 > l.end) {
    return '';
  }
  const interval = fixed === 12 ? `, BI=${p.u8(at - 4) | (p.u8(at - 3) << 8)}` : '';
  return `${interval}${ssidWords(p, at, l.end)}`;
}

/** Receiver and sender; of data the ends beyond the access points. */
function addresses(p: PacketView, l: Layer): readonly [source: string, destination: string] {
  if (typeOf(p, l) === CONTROL || l.at + HEADER > l.end) {
    return ['', formatEther(p.mac(l.at + 4))];
  }
  const way = typeOf(p, l) === DATA ? p.u8(l.at + 1) & BOTH_WAYS : 0;
  const source = way === BOTH_WAYS && l.at + 30 <= l.end ? 24 : way === 2 ? 16 : 10;
  return [formatEther(p.mac(l.at + source)), formatEther(p.mac(l.at + (way & 1 ? 16 : 4)))];
}

export const wlan: Protocol = new Protocol({
  name: 'wlan',
  title: 'IEEE 802.11 wireless LAN',
  column: '802.11',
  found: { ethertype: [linkKey(LINKTYPE_IEEE802_11)] },
  header: 10,
  measure,
  carries: 'ethertype',
  fields: [
    computed('wlan.fc.type', 'Type', 'uint8', typeOf, { place: (_, l) => [l.at, 1] }),
    computed('wlan.fc.subtype', 'Subtype', 'uint8', subtypeOf, { place: (_, l) => [l.at, 1] }),
  ],
  info,
  addresses,
});

/** Whether the frame behind a radiotap header ends with its checksum: a bit of the flags, if these are there. */
function hasFcs(p: PacketView, l: Layer): boolean {
  if (l.protocol.name !== 'radiotap') {
    return false;
  }
  // A word says which fields follow; its highest bit, that one more such word does.
  let at = l.at + 4;
  while (at + 4 <= l.body && p.u8(at + 3) & 0x80) {
    at += 4;
  }
  const present = p.u8(l.at + 4);
  at += 4;
  if (present & 1) {
    // A timestamp, at a multiple of 8 bytes.
    at = l.at + ((at - l.at + 7) & ~7) + 8;
  }
  return (present & 2) !== 0 && at < l.body && (p.u8(at) & 0x10) !== 0;
}

export const radiotap: Protocol = new Protocol({
  name: 'radiotap',
  title: 'IEEE 802.11 Radiotap Capture header',
  column: '802.11 Radio',
  chain: 'radiotap:wlan_radio',
  found: { ethertype: [linkKey(LINKTYPE_RADIOTAP)] },
  header: 8,
  open: (p, l) => p.u8(l.at) === 0 && (p.u8(l.at + 2) | (p.u8(l.at + 3) << 8)) >= 8,
  measure: (p, l) => {
    l.body = Math.min(l.end, l.at + (p.u8(l.at + 2) | (p.u8(l.at + 3) << 8)));
    l.key = linkKey(LINKTYPE_IEEE802_11);
    if (hasFcs(p, l) && l.end === l.wireEnd && l.end - FCS > l.body) {
      l.end -= FCS;
      l.wireEnd -= FCS;
    }
  },
  carries: 'ethertype',
  fields: [],
});
