/** ICMPv6 (RFC 4443) with neighbour discovery (RFC 4861), and the names of its other messages. */
import { checkTransport } from '../checksum.ts';
import { checksum, computed, ipv6, parts, uint8, uint16, uint32 } from '../declare.ts';
import { formatEther, formatIpv6, hex } from '../format.ts';
import { type Layer, UNKNOWN } from '../layer.ts';
import type { Memory } from '../memory.ts';
import type { PacketView } from '../packet-view.ts';
import { type FieldDeclaration, type Names, Protocol } from '../protocol.ts';
import { answerWords, echoNote, rememberEcho, responseTime } from './echo.ts';
import { linkAddress, OPTION_FIELDS, optionParts, SOURCE_ADDRESS, TARGET_ADDRESS } from './icmpv6-options.ts';
import { ETHERTYPE_IPV6, IPPROTO_ICMPV6 } from './numbers.ts';

const UNREACHABLE = 1;
const TOO_BIG = 2;
const TIME_EXCEEDED = 3;
const PARAMETER_PROBLEM = 4;
const ECHO_REQUEST = 128;
const ECHO_REPLY = 129;
const ROUTER_SOLICITATION = 133;
const ROUTER_ADVERTISEMENT = 134;
const NEIGHBOR_SOLICITATION = 135;
const NEIGHBOR_ADVERTISEMENT = 136;
const REDIRECT = 137;
const RENUMBERING = 138;
const NODE_QUERY = 139;
const NODE_RESPONSE = 140;
const RPL = 155;

const TYPES: Names = {
  [UNREACHABLE]: 'Destination Unreachable',
  [TOO_BIG]: 'Packet Too Big',
  [TIME_EXCEEDED]: 'Time Exceeded',
  [PARAMETER_PROBLEM]: 'Parameter Problem',
  [ECHO_REQUEST]: 'Echo (ping) request',
  [ECHO_REPLY]: 'Echo (ping) reply',
  130: 'Multicast Listener Query',
  131: 'Multicast Listener Report',
  132: 'Multicast Listener Done',
  [ROUTER_SOLICITATION]: 'Router Solicitation',
  [ROUTER_ADVERTISEMENT]: 'Router Advertisement',
  [NEIGHBOR_SOLICITATION]: 'Neighbor Solicitation',
  [NEIGHBOR_ADVERTISEMENT]: 'Neighbor Advertisement',
  [REDIRECT]: 'Redirect',
  [RENUMBERING]: 'Router Renumbering',
  [NODE_QUERY]: 'Node Information Query',
  [NODE_RESPONSE]: 'Node Information Reply',
  141: 'Inverse Neighbor Discovery Solicitation',
  142: 'Inverse Neighbor Discovery Advertisement',
  143: 'Multicast Listener Report Message v2',
  144: 'Home Agent Address Discovery Request',
  145: 'Home Agent Address Discovery Reply',
  146: 'Mobile Prefix Solicitation',
  147: 'Mobile Prefix Advertisement',
  148: 'Certification Path Solicitation',
  149: 'Certification Path Advertisement',
  151: 'Multicast Router Advertisement',
  152: 'Multicast Router Solicitation',
  153: 'Multicast Router Termination',
  [RPL]: 'RPL Control',
};

const CODES: Readonly<Record<number, Names>> = {
  [UNREACHABLE]: {
    0: 'no route to destination',
    1: 'Administratively prohibited',
    2: 'Beyond scope of source address',
    3: 'Address unreachable',
    4: 'Port unreachable',
    5: 'Source address failed ingress/egress policy',
    6: 'Reject route to destination',
    7: 'Error in Source Routing Header',
  },
  [TIME_EXCEEDED]: { 0: 'hop limit exceeded in transit', 1: 'fragment reassembly time exceeded' },
  [PARAMETER_PROBLEM]: {
    0: 'erroneous header field encountered',
    1: 'unrecognized Next Header type encountered',
    2: 'unrecognized IPv6 option encountered',
    3: 'IPv6 First Fragment has incomplete IPv6 Header Chain',
  },
  [RENUMBERING]: { 0: 'Command', 1: 'Result', 255: 'Sequence Number Reset' },
  [NODE_QUERY]: {
    0: 'Query subject = IPv6 addresses',
    1: 'Query subject = DNS name',
    2: 'Query subject = IPv4 addresses',
  },
  [NODE_RESPONSE]: {
    0: 'Successful',
    1: 'Refuse to answer',
    2: 'Unknown query type',
  },
  [RPL]: {
    0: 'DODAG Information Solicitation',
    1: 'DODAG Information Object',
    2: 'Destination Advertisement Object',
    3: 'Destination Advertisement Object Acknowledgment',
  },
};

function isEchoType(type: number): boolean {
  return type === ECHO_REQUEST || type === ECHO_REPLY;
}

/** True if the message is an echo with an identifier and a sequence number. */
function isEcho(p: PacketView, l: Layer): boolean {
  return l.at + 8 <= l.end && isEchoType(p.u8(l.at));
}

/** True for the errors, which quote the packet that they are about. */
function quotes(type: number): boolean {
  return type >= UNREACHABLE && type <= PARAMETER_PROBLEM;
}

function isOf(type: number): (p: PacketView, l: Layer) => boolean {
  return (p, l) => p.u8(l.at) === type;
}

/** The address that neighbour discovery is about. */
function target(name: string, type: number): FieldDeclaration {
  return ipv6(name, 'Target Address', 8, { when: isOf(type) });
}

/** The flags of a neighbour's advertisement: it is a router, was asked, and overrides what is known. */
function flagWords(p: PacketView, l: Layer): string {
  const flags = p.u8(l.at + 4);
  return ['rtr', 'sol', 'ovr'].filter((_, i) => flags & (0x80 >> i)).join(', ');
}

function neighborWords(p: PacketView, l: Layer, name: string): string {
  const address = formatIpv6(p.bytes(l.at + 8, l.at + 24));
  if (p.u8(l.at) === NEIGHBOR_SOLICITATION) {
    return `${name} for ${address}${from(p, l)}`;
  }
  const flags = flagWords(p, l);
  const mac = linkAddress(p, l, TARGET_ADDRESS);
  const where = mac === undefined ? '' : ` is at ${formatEther(mac)}`;
  return `${name} ${address}${flags === '' ? '' : ` (${flags})`}${where}`;
}

/** ` from 52:55:0a:00:02:02`: the sender, if it tells. */
function from(p: PacketView, l: Layer): string {
  const mac = linkAddress(p, l, SOURCE_ADDRESS);
  return mac === undefined ? '' : ` from ${formatEther(mac)}`;
}

/** A request through Teredo's tunnel finds out whether the other end can be reached (RFC 4380, section 5.2.9). */
function isTeredo(p: PacketView, l: Layer): boolean {
  return p.u8(l.at) === ECHO_REQUEST && l.below?.below?.protocol.name === 'teredo';
}

function info(p: PacketView, l: Layer): string {
  const type = p.u8(l.at);
  const name = isTeredo(p, l) ? 'Direct IPv6 Connectivity Test' : (TYPES[type] ?? `Unknown (${type})`);
  if (isEcho(p, l)) {
    const hops = l.below === null ? 0 : p.u8(l.below.at + 7);
    const words = `id=${hex(p.u16(l.at + 4), 4)}, seq=${p.u16(l.at + 6)}, hop limit=${hops}`;
    return `${name} ${words}${answerWords(l)}`;
  }
  switch (type) {
    case ROUTER_SOLICITATION:
    case ROUTER_ADVERTISEMENT:
      return `${name}${from(p, l)}`;
    case NEIGHBOR_SOLICITATION:
    case NEIGHBOR_ADVERTISEMENT:
      return l.at + 24 <= l.end ? neighborWords(p, l, name) : name;
    default:
      return codeWords(p, l, name);
  }
}

function codeWords(p: PacketView, l: Layer, name: string): string {
  const codes = CODES[p.u8(l.at)];
  const code = p.u8(l.at + 1);
  return codes === undefined ? name : `${name} (${codes[code] ?? `Unknown (${code})`})`;
}

const IS_ADVERTISEMENT = { when: isOf(ROUTER_ADVERTISEMENT) };

export const icmpv6: Protocol = new Protocol({
  name: 'icmpv6',
  title: 'Internet Control Message Protocol v6',
  column: 'ICMPv6',
  found: { 'ip.proto': [IPPROTO_ICMPV6] },
  header: 4,
  open: (p, l) => {
    const type = p.u8(l.at);
    l.body = isEchoType(type) || quotes(type) ? Math.min(l.at + 8, l.end) : l.end;
    l.key = quotes(type) ? ETHERTYPE_IPV6 : UNKNOWN;
    return l.below?.protocol.name === 'ipv6';
  },
  carries: 'ethertype',
  quotes: true,
  remember: (p: PacketView, l: Layer, memory: Memory) =>
    isEcho(p, l) && !l.quoted && !isTeredo(p, l) ? rememberEcho(p, l, memory, p.u8(l.at) === ECHO_REQUEST) : null,
  fields: [
    uint8('icmpv6.type', 'Type', 0, { note: (p, l) => TYPES[p.u8(l.at)] ?? '', names: TYPES }),
    uint8('icmpv6.code', 'Code', 1),
    checksum('icmpv6.checksum', 'Checksum', 2, (p, l) => checkTransport(p, l, { off: 2, least: 4 }), { always: true }),
    uint16('icmpv6.echo.identifier', 'Identifier', 4, {
      when: isEcho,
      note: (p, l) => hex(p.u16(l.at + 4), 4),
    }),
    uint16('icmpv6.echo.sequence_number', 'Sequence', 6, { when: isEcho }),
    uint32('icmpv6.mtu', 'MTU', 4, { when: isOf(TOO_BIG) }),
    uint32('icmpv6.pointer', 'Pointer', 4, { when: isOf(PARAMETER_PROBLEM) }),
    uint8('icmpv6.nd.ra.cur_hop_limit', 'Cur hop limit', 4, IS_ADVERTISEMENT),
    uint8('icmpv6.nd.ra.flag', 'Flags', 5, { hex: true, ...IS_ADVERTISEMENT }),
    uint16('icmpv6.nd.ra.router_lifetime', 'Router lifetime (s)', 6, IS_ADVERTISEMENT),
    uint32('icmpv6.nd.ra.reachable_time', 'Reachable time (ms)', 8, IS_ADVERTISEMENT),
    uint32('icmpv6.nd.ra.retrans_timer', 'Retrans timer (ms)', 12, IS_ADVERTISEMENT),
    target('icmpv6.nd.ns.target_address', NEIGHBOR_SOLICITATION),
    uint32('icmpv6.nd.na.flag', 'Flags', 4, { hex: true, when: isOf(NEIGHBOR_ADVERTISEMENT) }),
    target('icmpv6.nd.na.target_address', NEIGHBOR_ADVERTISEMENT),
    target('icmpv6.nd.rd.target_address', REDIRECT),
    parts(optionParts),
    ...OPTION_FIELDS,
    computed('icmpv6.resp_to', 'Response To', 'uint32', (_, l) => echoNote(l)?.request, {
      label: (_, l) => `[Request frame: ${echoNote(l)?.request}]`,
    }),
    computed('icmpv6.resptime', 'Response Time', 'milliseconds', responseTime, {
      label: (p, l) => `[Response time: ${responseTime(p, l)} ms]`,
    }),
  ],
  columnOf: (p, l) => (isTeredo(p, l) ? 'Teredo' : 'ICMPv6'),
  info,
});
