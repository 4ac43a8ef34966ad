/** What small devices and brokers say: CoAP (RFC 7252), and OpenFlow between a switch and its controller. */
import { printable } from '../format.ts';
import { type Layer, MORE, NO_MESSAGE } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, Protocol } from '../protocol.ts';
import { speak } from '../sessions.ts';

const COAP_TYPES = ['CON', 'NON', 'ACK', 'RST'];
const COAP_CODES: Names = {
  0: 'Empty Message',
  1: 'GET',
  2: 'POST',
  3: 'PUT',
  4: 'DELETE',
  5: 'FETCH',
  6: 'PATCH',
  7: 'iPATCH',
  65: '2.01 Created',
  66: '2.02 Deleted',
  67: '2.03 Valid',
  68: '2.04 Changed',
  69: '2.05 Content',
  95: '2.31 Continue',
  128: '4.00 Bad Request',
  129: '4.01 Unauthorized',
  130: '4.02 Bad Option',
  131: '4.03 Forbidden',
  132: '4.04 Not Found',
  133: '4.05 Method Not Allowed',
  134: '4.06 Not Acceptable',
  140: '4.12 Precondition Failed',
  141: '4.13 Request Entity Too Large',
  143: '4.15 Unsupported Content-Format',
  160: '5.00 Internal Server Error',
  161: '5.01 Not Implemented',
  162: '5.02 Bad Gateway',
  163: '5.03 Service Unavailable',
  164: '5.04 Gateway Timeout',
};
const URI_PATH = 11;
const URI_QUERY = 15;
const PAYLOAD_MARKER = 0xff;

/** A nibble of an option's head, with the bytes that it announces. */
function optionNumber(p: PacketView, at: number, nibble: number): number {
  return nibble === 13 ? 13 + p.u8(at) : nibble === 14 ? 269 + p.u16(at) : nibble;
}

function extraBytes(nibble: number): number {
  return nibble === 13 ? 1 : nibble === 14 ? 2 : 0;
}

interface CoapOption {
  readonly number: number;
  readonly from: number;
  readonly end: number;
}

/** The options of a message, and where its payload begins. */
function coapOptions(p: PacketView, l: Layer): { readonly options: readonly CoapOption[]; readonly payload: number } {
  const options: CoapOption[] = [];
  let number = 0;
  let at = l.at + 4 + (p.u8(l.at) & 15);
  while (at < l.end && p.u8(at) !== PAYLOAD_MARKER) {
    const [delta, size] = [p.u8(at) >> 4, p.u8(at) & 15];
    const from = at + 1 + extraBytes(delta) + extraBytes(size);
    if (delta === 15 || size === 15 || from > l.end) {
      return { options, payload: l.end };
    }
    number += optionNumber(p, at + 1, delta);
    const end = from + optionNumber(p, at + 1 + extraBytes(delta), size);
    if (end > l.end) {
      return { options, payload: l.end };
    }
    options.push({ number, from, end });
    at = end;
  }
  return { options, payload: Math.min(at + 1, l.end) };
}

/** The path and the query of a request, from its options. */
function coapUri(p: PacketView, l: Layer): string {
  let [path, query] = ['', ''];
  for (const { number, from, end } of coapOptions(p, l).options) {
    const text = printable(p.ascii(from, end));
    path += number === URI_PATH ? `/${text}` : '';
    query += number === URI_QUERY ? `${query === '' ? '?' : '&'}${text}` : '';
  }
  return `${path}${query}`;
}

function coapInfo(p: PacketView, l: Layer): string {
  const length = Math.min(p.u8(l.at) & 15, l.end - l.at - 4);
  const token = Array.from(p.bytes(l.at + 4, l.at + 4 + length), (b) => b.toString(16).padStart(2, '0')).join(' ');
  const uri = coapUri(p, l);
  return (
    `${COAP_TYPES[(p.u8(l.at) >> 4) & 3]}, MID:${p.u16(l.at + 2)}, ${COAP_CODES[p.u8(l.at + 1)]}` +
    `${token === '' ? '' : `, TKN:${token}`}${uri === '' ? '' : `, ${uri}`}`
  );
}

export const coap: Protocol = new Protocol({
  name: 'coap',
  title: 'Constrained Application Protocol',
  column: 'CoAP',
  found: { 'udp.port': [5683] },
  header: 4,
  measure: (p, l) => {
    l.body = coapOptions(p, l).payload;
  },
  carries: 'media_type',
  open: (p, l) => p.u8(l.at) >> 6 === 1 && (p.u8(l.at) & 15) <= 8 && COAP_CODES[p.u8(l.at + 1)] !== undefined,
  fields: [],
  info: coapInfo,
});

const CONTROLLERS = [6633, 6653];
/** Names of the messages of version 1.0, and of those from 1.3 on; the same up to the sixth. */
const FIRST = ['HELLO', 'ERROR', 'ECHO_REQUEST', 'ECHO_REPLY'];
const OPENFLOW_1_0 = [
  ...[...FIRST, 'VENDOR', 'FEATURES_REQUEST', 'FEATURES_REPLY', 'GET_CONFIG_REQUEST', 'GET_CONFIG_REPLY'],
  ...['SET_CONFIG', 'PACKET_IN', 'FLOW_REMOVED', 'PORT_STATUS', 'PACKET_OUT', 'FLOW_MOD', 'PORT_MOD'],
  ...['STATS_REQUEST', 'STATS_REPLY', 'BARRIER_REQUEST', 'BARRIER_REPLY'],
  ...['QUEUE_GET_CONFIG_REQUEST', 'QUEUE_GET_CONFIG_REPLY'],
];
const OPENFLOW_1_3 = [
  ...[...FIRST, 'EXPERIMENTER', 'FEATURES_REQUEST', 'FEATURES_REPLY', 'GET_CONFIG_REQUEST', 'GET_CONFIG_REPLY'],
  ...['SET_CONFIG', 'PACKET_IN', 'FLOW_REMOVED', 'PORT_STATUS', 'PACKET_OUT', 'FLOW_MOD', 'GROUP_MOD', 'PORT_MOD'],
  ...['TABLE_MOD', 'MULTIPART_REQUEST', 'MULTIPART_REPLY', 'BARRIER_REQUEST', 'BARRIER_REPLY'],
  ...['QUEUE_GET_CONFIG_REQUEST', 'QUEUE_GET_CONFIG_REPLY', 'ROLE_REQUEST', 'ROLE_REPLY'],
  ...['GET_ASYNC_REQUEST', 'GET_ASYNC_REPLY', 'SET_ASYNC', 'METER_MOD'],
];

function openflowName(p: PacketView, l: Layer): string | undefined {
  const version = p.u8(l.at);
  const names = version === 1 ? OPENFLOW_1_0 : version >= 3 && version <= 6 ? OPENFLOW_1_3 : [];
  return names[p.u8(l.at + 1)];
}

/** Wireshark has a dissector for each version; messages beside each other have the common header's name once. */
function openflowChain(p: PacketView, l: Layer): string {
  const version = p.u8(l.at);
  const own = version === 1 || (version >= 4 && version <= 6) ? `openflow_v${version}` : '';
  const first = l.below === null || l.at === l.below.carriedAt;
  return [first ? 'openflow' : '', own].filter((name) => name !== '').join(':');
}

/** A switch speaks first: its packets to a controller's port tell what the connection speaks. */
function isOpenflow(p: PacketView, l: Layer): boolean {
  const { below } = l;
  const told = below === null || p.sessions === null || p.sessions.spokenOver(p, below) === openflow;
  return (told || CONTROLLERS.includes(p.u16(below.at + 2))) && isOpenflowMessage(p, l);
}

function isOpenflowMessage(p: PacketView, l: Layer): boolean {
  return l.at + 8 <= l.end && openflowName(p, l) !== undefined && p.u16(l.at + 2) >= 8;
}

export const openflow: Protocol = new Protocol({
  name: 'openflow',
  title: 'OpenFlow',
  column: 'OpenFlow',
  chain: openflowChain,
  found: { 'tcp.port': CONTROLLERS },
  header: 8,
  messageLength: (p, l) => (l.end - l.at < 8 ? MORE : isOpenflow(p, l) ? p.u16(l.at + 2) : NO_MESSAGE),
  partInfo: () => '',
  open: isOpenflow,
  fields: [],
  note: (p, l) => speak(p, l),
  info: (p, l) => `Type: OFPT_${openflowName(p, l)}`,
});
