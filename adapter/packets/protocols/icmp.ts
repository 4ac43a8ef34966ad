/** ICMP (RFC 792). */
import { checkTransport } from '../checksum.ts';
import { bits, checksum, computed, HIDDEN, ipv4, uint8, uint16 } from '../declare.ts';
import { hex } from '../format.ts';
import { type Layer, UNKNOWN } from '../layer.ts';
import type { Memory } from '../memory.ts';
import type { PacketView } from '../packet-view.ts';
import { type FieldDeclaration, type Names, Protocol } from '../protocol.ts';
import { dateText, epochSeconds, type Moment, timeBetween } from '../times.ts';
import { answerWords, echoNote, rememberEcho, responseTime } from './echo.ts';
import { ETHERTYPE_IP, IPPROTO_ICMP } from './numbers.ts';

const ECHO_REPLY = 0;
const UNREACHABLE = 3;
const SOURCE_QUENCH = 4;
const REDIRECT = 5;
const ECHO_REQUEST = 8;
const TIME_EXCEEDED = 11;
const PARAMETER_PROBLEM = 12;
/** Timestamps, information and address masks (RFC 792, RFC 950) have an identifier as well. */
const TIMESTAMP = 13;
const MASK_REPLY = 18;
const FRAGMENTATION_NEEDED = 4;

const TYPES: Names = {
  [ECHO_REPLY]: 'Echo (ping) reply',
  [UNREACHABLE]: 'Destination unreachable',
  [SOURCE_QUENCH]: 'Source quench (flow control)',
  [REDIRECT]: 'Redirect',
  [ECHO_REQUEST]: 'Echo (ping) request',
  9: 'Router advertisement',
  10: 'Router solicitation',
  [TIME_EXCEEDED]: 'Time-to-live exceeded',
  [PARAMETER_PROBLEM]: 'Parameter problem',
  [TIMESTAMP]: 'Timestamp request',
  14: 'Timestamp reply',
  15: 'Information request',
  16: 'Information reply',
  17: 'Address mask request',
  [MASK_REPLY]: 'Address mask reply',
};

const CODES: Readonly<Record<number, Names>> = {
  [UNREACHABLE]: {
    0: 'Network unreachable',
    1: 'Host unreachable',
    2: 'Protocol unreachable',
    3: 'Port unreachable',
    4: 'Fragmentation needed',
    5: 'Source route failed',
    6: 'Destination network unknown',
    7: 'Destination host unknown',
    8: 'Source host isolated',
    9: 'Network administratively prohibited',
    10: 'Host administratively prohibited',
    11: 'Network unreachable for TOS',
    12: 'Host unreachable for TOS',
    13: 'Communication administratively filtered',
    14: 'Host precedence violation',
    15: 'Precedence cutoff in effect',
  },
  [REDIRECT]: {
    0: 'Redirect for network',
    1: 'Redirect for host',
    2: 'Redirect for TOS and network',
    3: 'Redirect for TOS and host',
  },
  [TIME_EXCEEDED]: { 0: 'Time to live exceeded in transit', 1: 'Fragment reassembly time exceeded' },
  [PARAMETER_PROBLEM]: { 0: 'Pointer indicates the error', 1: 'Required option missing', 2: 'Bad length' },
};

function codeName(p: PacketView, l: Layer): string {
  return CODES[p.u8(l.at)]?.[p.u8(l.at + 1)] ?? '';
}

function isEchoType(type: number): boolean {
  return type === ECHO_REPLY || type === ECHO_REQUEST;
}

/** True if the message is an echo with an identifier and a sequence number. */
function isEcho(p: PacketView, l: Layer): boolean {
  return l.at + 8 <= l.end && isEchoType(p.u8(l.at));
}

/** Bytes of a time in an echo's data. */
const TIME_LENGTH = 8;
const DAY = 24 * 60 * 60;

/** The time of a ping, which many programs put into the data: seconds and microseconds, of a capture's own day. */
function timeOf(p: PacketView, l: Layer): Moment | undefined {
  const sent = p.frame?.packet;
  const at = l.at + 8;
  if (sent === undefined || l.quoted || !isEcho(p, l) || at + TIME_LENGTH > l.end) {
    return undefined;
  }
  for (const read of [(off: number) => p.u32(at + off), (off: number) => swapped32(p.u32(at + off))]) {
    const [seconds, micro] = [read(0), read(4)];
    if (micro < 1_000_000 && Math.abs(seconds - sent.tsSec) <= DAY) {
      return { tsSec: seconds, tsNsec: micro * 1000 };
    }
  }
  return undefined;
}

function swapped32(n: number): number {
  return ((n & 255) * 0x1000000 + ((n & 0xff00) << 8) + ((n >>> 8) & 0xff00) + (n >>> 24)) >>> 0;
}

/** True for the errors, which quote the packet that they are about. */
function quotes(type: number): boolean {
  switch (type) {
    case UNREACHABLE:
    case SOURCE_QUENCH:
    case REDIRECT:
    case TIME_EXCEEDED:
    case PARAMETER_PROBLEM:
      return true;
    default:
      return false;
  }
}

function hasIdentifier(p: PacketView, l: Layer): boolean {
  const type = p.u8(l.at);
  return l.at + 8 <= l.end && (isEchoType(type) || (type >= TIMESTAMP && type <= MASK_REPLY));
}

function swapped(word: number): number {
  return ((word & 255) << 8) | (word >> 8);
}

/** An identifier or a sequence number, in both byte orders; the tree shows those of echoes. */
function echoWord(name: string, description: string, off: number): FieldDeclaration[] {
  return [
    uint16(name, description, off, {
      when: hasIdentifier,
      shown: isEcho,
      note: (p, l) => hex(p.u16(l.at + off), 4),
    }),
    computed(`${name}_le`, `${description} (LE)`, 'uint16', (p, l) => swapped(p.u16(l.at + off)), {
      when: hasIdentifier,
      place: (_, l) => [l.at + off, 2],
      ...HIDDEN,
    }),
  ];
}

function remember(p: PacketView, l: Layer, memory: Memory): object | null {
  return isEcho(p, l) ? rememberEcho(p, l, memory, p.u8(l.at) === ECHO_REQUEST) : null;
}

function info(p: PacketView, l: Layer): string {
  const type = p.u8(l.at);
  const name = TYPES[type] ?? 'Unknown ICMP (obsolete or malformed?)';
  if (isEcho(p, l)) {
    const seq = p.u16(l.at + 6);
    const ttl = l.below === null ? 0 : p.u8(l.below.at + 8);
    const words = `id=${hex(p.u16(l.at + 4), 4)}, seq=${seq}/${swapped(seq)}, ttl=${ttl}`;
    return `${name.padEnd(20)} ${words}${answerWords(l)}`;
  }
  const code = codeName(p, l);
  return code === '' ? name : `${name.padEnd(20)} (${code})`;
}

export const icmp: Protocol = new Protocol({
  name: 'icmp',
  title: 'Internet Control Message Protocol',
  column: 'ICMP',
  found: { 'ip.proto': [IPPROTO_ICMP] },
  header: 4,
  open: (p, l) => {
    const type = p.u8(l.at);
    l.body = isEchoType(type) || quotes(type) ? Math.min(l.at + 8, l.end) : l.end;
    l.body += timeOf(p, l) === undefined ? 0 : TIME_LENGTH;
    l.key = quotes(type) ? ETHERTYPE_IP : UNKNOWN;
    return l.below?.protocol.name === 'ip';
  },
  carries: 'ethertype',
  quotes: true,
  remember,
  fields: [
    uint8('icmp.type', 'Type', 0, { note: (p, l) => TYPES[p.u8(l.at)] ?? '', names: TYPES }),
    uint8('icmp.code', 'Code', 1, { note: codeName }),
    checksum('icmp.checksum', 'Checksum', 2, (p, l) => checkTransport(p, l, { off: 2, least: 4, pseudo: false }), {
      always: true,
    }),
    ...echoWord('icmp.ident', 'Identifier', 4),
    ...echoWord('icmp.seq', 'Sequence Number', 6),
    computed('icmp.unused', 'Unused', 'bytes', (p, l) => p.bytes(l.at + 4, l.at + (isMtu(p, l) ? 6 : 8)), {
      when: (p, l) => l.at + 8 <= l.end && quotes(p.u8(l.at)) && ![REDIRECT, PARAMETER_PROBLEM].includes(p.u8(l.at)),
      place: (p, l) => [l.at + 4, isMtu(p, l) ? 2 : 4],
    }),
    uint16('icmp.mtu', 'MTU of next hop', 6, { when: isMtu }),
    ipv4('icmp.redir_gw', 'Gateway Address', 4, { when: (p, l) => p.u8(l.at) === REDIRECT }),
    bits(
      'icmp.pointer',
      'Pointer',
      { off: 4, width: 8, mask: 0xff },
      { when: (p, l) => p.u8(l.at) === PARAMETER_PROBLEM },
    ),
    computed('icmp.data_time', 'Timestamp from icmp data', 'time', (p, l) => epochSeconds(timeOf(p, l)), {
      place: (_, l) => [l.at + 8, TIME_LENGTH],
      label: (p, l) => `Timestamp from icmp data: ${dateText(timeOf(p, l))}`,
      text: (p, l) => dateText(timeOf(p, l)),
      plain: (p, l) => dateText(timeOf(p, l)),
    }),
    computed('icmp.data_time_relative', 'Timestamp from icmp data (relative)', 'seconds', sinceTime, {
      place: (_, l) => [l.at + 8, TIME_LENGTH],
      label: (p, l) => `[Timestamp from icmp data (relative): ${sinceTimeText(p, l)} seconds]`,
      text: sinceTimeText,
      plain: sinceTimeText,
    }),
    computed('icmp.resp_to', 'Response to', 'uint32', (_, l) => echoNote(l)?.request, {
      label: (_, l) => `[Request frame: ${echoNote(l)?.request}]`,
    }),
    computed('icmp.resptime', 'Response Time', 'milliseconds', responseTime, {
      label: (p, l) => `[Response time: ${responseTime(p, l)} ms]`,
    }),
  ],
  info,
});

/** Seconds from the time in the data to the packet's own. */
function sinceTime(p: PacketView, l: Layer): number | undefined {
  const [time, packet] = [epochSeconds(timeOf(p, l)), epochSeconds(p.frame?.packet)];
  return time === undefined || packet === undefined ? undefined : packet - time;
}

function sinceTimeText(p: PacketView, l: Layer): string {
  const [time, packet] = [timeOf(p, l), p.frame?.packet];
  return time === undefined || packet === undefined ? '' : timeBetween(time, packet);
}

function isMtu(p: PacketView, l: Layer): boolean {
  return p.u8(l.at) === UNREACHABLE && p.u8(l.at + 1) === FRAGMENTATION_NEEDED;
}
