/** ICMP (RFC 792). */
import { checkTransport } from '../checksum.ts';
import { checksum, parts, uint8, uint16 } from '../declare.ts';
import { formatIpv4, hex } from '../format.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, Protocol } from '../protocol.ts';
import { IPPROTO_ICMP } from './numbers.ts';

const ECHO_REPLY = 0;
const UNREACHABLE = 3;
const REDIRECT = 5;
const ECHO_REQUEST = 8;
const TIME_EXCEEDED = 11;
/** Timestamps, information and address masks (RFC 792, RFC 950) have an identifier as well. */
const TIMESTAMP = 13;
const MASK_REPLY = 18;

const TYPES: Names = {
  [ECHO_REPLY]: 'Echo (ping) reply',
  [UNREACHABLE]: 'Destination unreachable',
  4: 'Source quench',
  [REDIRECT]: 'Redirect',
  [ECHO_REQUEST]: 'Echo (ping) request',
  [TIME_EXCEEDED]: 'Time-to-live exceeded',
  12: 'Parameter problem',
  [TIMESTAMP]: 'Timestamp request',
  14: 'Timestamp reply',
};

const UNREACHABLE_CODES: Names = {
  0: 'Network unreachable',
  1: 'Host unreachable',
  2: 'Protocol unreachable',
  3: 'Port unreachable',
  4: 'Fragmentation needed',
  5: 'Source route failed',
};

function codeName(p: PacketView, l: Layer): string {
  const code = p.u8(l.at + 1);
  switch (p.u8(l.at)) {
    case UNREACHABLE:
      return UNREACHABLE_CODES[code] ?? '';
    case TIME_EXCEEDED:
      return code === 0 ? 'Time to live exceeded in transit' : 'Fragment reassembly time exceeded';
    default:
      return '';
  }
}

function isEchoType(type: number): boolean {
  return type === ECHO_REPLY || type === ECHO_REQUEST;
}

/** True if the message is an echo with an identifier and a sequence number. */
function isEcho(p: PacketView, l: Layer): boolean {
  return l.at + 8 <= l.end && isEchoType(p.u8(l.at));
}

/** An identifier or a sequence number; the tree shows those of echoes. */
function echoWord(name: string, description: string, off: number) {
  return uint16(name, description, off, {
    when: (p, l) => {
      const type = p.u8(l.at);
      return l.at + 8 <= l.end && (isEchoType(type) || (type >= TIMESTAMP && type <= MASK_REPLY));
    },
    shown: isEcho,
    note: (p, l) => hex(p.u16(l.at + off), 4),
  });
}

function info(p: PacketView, l: Layer): string {
  const type = p.u8(l.at);
  const name = TYPES[type] ?? `Unknown type ${type}`;
  if (isEcho(p, l)) {
    const seq = p.u16(l.at + 6);
    const ttl = l.below === null ? 0 : p.u8(l.below.at + 8);
    return `${name}  id=${hex(p.u16(l.at + 4), 4)}, seq=${seq}/${((seq & 255) << 8) | (seq >> 8)}, ttl=${ttl}`;
  }
  if (type === REDIRECT && l.at + 8 <= l.end) {
    return `${name} (gateway ${formatIpv4(p.u32(l.at + 4))})`;
  }
  const code = codeName(p, l);
  return code === '' ? name : `${name} (${code})`;
}

export const icmp: Protocol = new Protocol({
  name: 'icmp',
  title: 'Internet Control Message Protocol',
  column: 'ICMP',
  found: { 'ip.proto': [IPPROTO_ICMP] },
  header: 4,
  open: (p, l) => {
    l.body = isEchoType(p.u8(l.at)) ? Math.min(l.at + 8, l.end) : l.end;
    return l.below?.protocol.name === 'ip';
  },
  fields: [
    uint8('icmp.type', 'Type', 0, { note: (p, l) => TYPES[p.u8(l.at)] ?? '', names: TYPES }),
    uint8('icmp.code', 'Code', 1, { note: codeName }),
    checksum('icmp.checksum', 'Checksum', 2, (p, l) => checkTransport(p, l, { off: 2, least: 4, pseudo: false }), {
      always: true,
    }),
    echoWord('icmp.ident', 'Identifier', 4),
    echoWord('icmp.seq', 'Sequence Number', 6),
    parts((p, l) => {
      const length = l.end - l.at - 8;
      const label = (): string => `Quoted packet (${length} bytes)`;
      return isEcho(p, l) || length <= 0 ? [] : [{ name: 'icmp.quoted', from: l.at + 8, length, label }];
    }),
  ],
  info,
});
