/** Label distribution between routers (RFC 5036): the head, and the names of the messages. */

import { cutWords } from '../cut.ts';
import { ipv4, uint16 } from '../declare.ts';
import { type Layer, MORE, NO_MESSAGE } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, Protocol } from '../protocol.ts';

const MESSAGES: Names = {
  1: 'Notification Message',
  256: 'Hello Message',
  512: 'Initialization Message',
  513: 'Keep Alive Message',
  514: 'Capability Message',
  768: 'Address Message',
  769: 'Address Withdrawal Message',
  1024: 'Label Mapping Message',
  1025: 'Label Request Message',
  1026: 'Label Withdrawal Message',
  1027: 'Label Release Message',
  1028: 'Label Abort Request Message',
  1280: 'Call Setup Message',
  1281: 'Call Release Message',
  1792: 'RG Connect Message',
  1793: 'RG Disconnect Message',
  1794: 'RG Notification Message',
  1795: 'RG Application Data Message',
};
/** Kinds that leave their names to vendors and to experiments. */
const VENDOR_FIRST = 0x3e00;
const EXPERIMENT_FIRST = 0x3f00;
const EXPERIMENT_LAST = 0x3fff;
const KNOWN_BITS = 0x7fff;
const HEADER = 10;
/** A message's type and length; and its identification, which the length counts. */
const MESSAGE_HEAD = 4;
const MESSAGE_ID = 4;
/** Whose a vendor's message or an experiment's is. */
const PRIVATE_ID = 4;

function isLdp(p: PacketView, l: Layer): boolean {
  return p.u16(l.at) === 1;
}

function isPrivate(type: number): boolean {
  return type >= VENDOR_FIRST && type <= EXPERIMENT_LAST;
}

function messageName(type: number): string {
  const number = (width: number): string => type.toString(16).toUpperCase().padStart(width, '0');
  if (isPrivate(type)) {
    return `${type < EXPERIMENT_FIRST ? 'Vendor-Private' : 'Experimental'} Message (0x${number(4)})`;
  }
  return MESSAGES[type] ?? `Unknown Message (0x${number(4)})`;
}

/** The names of the messages, one after the other. */
function info(p: PacketView, l: Layer): string {
  // The length counts what is behind it.
  const end = l.at + MESSAGE_HEAD + p.u16(l.at + 2);
  let words = '';
  let at = l.at + HEADER;
  while (at < end && at < l.wireEnd) {
    if (at + MESSAGE_HEAD + MESSAGE_ID > l.end) {
      return words + (l.end < l.wireEnd ? cutWords(p, l) : 'Bad Message');
    }
    const length = p.u16(at + 2);
    const name = messageName(p.u16(at) & KNOWN_BITS);
    if (length < MESSAGE_ID + (isPrivate(p.u16(at) & KNOWN_BITS) ? PRIVATE_ID : 0)) {
      return `${words}Bad Message Length `;
    }
    words += `${name} `;
    at += MESSAGE_HEAD + length;
  }
  return at > l.end && l.end < l.wireEnd ? words + cutWords(p, l) : words;
}

export const ldp: Protocol = new Protocol({
  name: 'ldp',
  title: 'Label Distribution Protocol',
  column: 'LDP',
  // Units beside each other are one in the chain.
  chain: (_, l) => (l.index === (l.below?.index ?? 0) + 1 ? 'ldp' : ''),
  found: { 'tcp.port': [646], 'udp.port': [646] },
  header: HEADER,
  messageLength: (p, l) =>
    l.end - l.at < 4 ? MORE : isLdp(p, l) && p.u16(l.at + 2) >= 6 ? 4 + p.u16(l.at + 2) : NO_MESSAGE,
  open: isLdp,
  fields: [
    uint16('ldp.hdr.version', 'Version', 0),
    uint16('ldp.hdr.pdu_len', 'PDU Length', 2),
    ipv4('ldp.hdr.ldpid.lsr', 'LSR ID', 4),
    uint16('ldp.hdr.ldpid.lsid', 'Label Space ID', 8),
  ],
  info,
});
