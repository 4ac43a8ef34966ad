/** DHCPv6 (RFC 8415). */
import { Cursor } from '../cursor.ts';
import { parts, variable } from '../declare.ts';
import { formatIpv6, hex, hexBytes } from '../format.ts';
import type { Layer } from '../layer.ts';
import { shown } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, type Part, Protocol } from '../protocol.ts';

const RELAY_FORWARD = 12;
const RELAY_REPLY = 13;
const TYPES: Names = {
  1: 'Solicit',
  2: 'Advertise',
  3: 'Request',
  4: 'Confirm',
  5: 'Renew',
  6: 'Rebind',
  7: 'Reply',
  8: 'Release',
  9: 'Decline',
  10: 'Reconfigure',
  11: 'Information-request',
  [RELAY_FORWARD]: 'Relay-forw',
  [RELAY_REPLY]: 'Relay-reply',
};
const CLIENT_ID = 1;
const SERVER_ID = 2;
const IA_NA = 3;
const IA_TA = 4;
const IA_ADDRESS = 5;
const RELAY_MESSAGE = 9;
const IA_PD = 25;
const IA_PREFIX = 26;
const OPTIONS: Names = {
  [CLIENT_ID]: 'Client Identifier',
  [SERVER_ID]: 'Server Identifier',
  [IA_NA]: 'Identity Association for Non-temporary Address',
  [IA_TA]: 'Identity Association for Temporary Address',
  [IA_ADDRESS]: 'IA Address',
  6: 'Option Request',
  7: 'Preference',
  8: 'Elapsed time',
  [RELAY_MESSAGE]: 'Relay Message',
  11: 'Authentication',
  13: 'Status code',
  14: 'Rapid Commit',
  15: 'User Class',
  16: 'Vendor Class',
  17: 'Vendor-specific Information',
  18: 'Interface-Id',
  19: 'Reconfigure Message',
  20: 'Reconfigure Accept',
  23: 'DNS recursive name server',
  24: 'Domain Search List',
  [IA_PD]: 'Identity Association for Prefix Delegation',
  [IA_PREFIX]: 'IA Prefix',
  31: 'SNTP Server',
  32: 'Lifetime',
  37: 'Remote Identifier',
  39: 'Client Fully Qualified Domain Name',
};
const MAX_DEPTH = 4;

const XID = variable('dhcpv6.xid', 'Transaction ID', 'uint32', { hex: true });
const HOPS = variable('dhcpv6.hopcount', 'Hopcount', 'uint8');
const LINK = variable('dhcpv6.linkaddr', 'Link address', 'ipv6');
const PEER = variable('dhcpv6.peeraddr', 'Peer address', 'ipv6');
const OPTION_TYPE = variable('dhcpv6.option.type', 'Option', 'uint16', { names: OPTIONS });
const OPTION_LENGTH = variable('dhcpv6.option.length', 'Length', 'uint16');
const DUID = variable('dhcpv6.duid.bytes', 'DUID', 'bytes');
const IAID = variable('dhcpv6.iaid', 'IAID', 'string');
const ADDRESS = variable('dhcpv6.iaaddr.ip', 'IPv6 address', 'ipv6');
const ELAPSED = variable('dhcpv6.elapsed_time', 'Elapsed time', 'uint32');
const TYPE = variable('dhcpv6.msgtype', 'Message type', 'uint8', { names: TYPES });

/** What a message and those that it relays say in the list. */
type Words = string[];

/** The options up to the cursor's end, with those inside of them. */
function options(c: Cursor, words: Words, depth: number): void {
  while (c.left >= 4) {
    const type = c.p.u16(c.at);
    const length = c.p.u16(c.at + 2);
    if (length > c.left - 4) {
      break;
    }
    c.group(
      () => OPTIONS[type] ?? `Unknown option (${type})`,
      () => {
        c.number(2, OPTION_TYPE);
        c.number(2, OPTION_LENGTH);
        const body = c.within(length);
        option(body, type, words, depth);
        c.parts.push(...body.parts);
      },
    );
  }
}

/** The identifier of an identity association, which Wireshark has as text. */
function identifier(c: Cursor): void {
  if (c.left >= 4) {
    c.parts.push(shown(IAID, hexBytes(c.p.bytes(c.at, c.at + 4), ''), [c.at, 4]));
  }
  c.skip(4);
}

function option(c: Cursor, type: number, words: Words, depth: number): void {
  switch (type) {
    case CLIENT_ID:
    case SERVER_ID:
      if (type === CLIENT_ID) {
        words.push(`CID: ${hexBytes(c.p.bytes(c.at, c.end), '')} `);
      }
      c.bytes(c.left, DUID);
      break;
    case IA_NA:
    case IA_PD:
      identifier(c);
      c.skip(8);
      nested(c, words, depth);
      break;
    case IA_TA:
      identifier(c);
      nested(c, words, depth);
      break;
    case IA_ADDRESS:
      if (c.left >= 24) {
        words.push(`IAA: ${formatIpv6(c.p.bytes(c.at, c.at + 16))} `);
      }
      c.bytes(16, ADDRESS);
      c.skip(8);
      nested(c, words, depth);
      break;
    case 8:
      if (c.left === 2) {
        const ms = c.p.u16(c.at) * 10;
        c.parts.push(shown(ELAPSED, ms, [c.at, 2], { label: () => `Elapsed time: ${ms}ms` }));
      }
      break;
    case RELAY_MESSAGE:
      if (depth < MAX_DEPTH) {
        message(c, words, depth + 1);
      }
      break;
    default:
      break;
  }
}

function nested(c: Cursor, words: Words, depth: number): void {
  if (depth < MAX_DEPTH && !c.short) {
    options(c, words, depth + 1);
  }
}

/** A message from its type on. */
function message(c: Cursor, words: Words, depth: number): void {
  const type = c.number(1, TYPE);
  const name = TYPES[type] ?? `Unknown (${type})`;
  if (type === RELAY_FORWARD || type === RELAY_REPLY) {
    c.number(1, HOPS);
    const link = c.left >= 32 ? formatIpv6(c.p.bytes(c.at, c.at + 16)) : '';
    words.push(`${name} L: ${link} `);
    c.bytes(16, LINK);
    c.bytes(16, PEER);
  } else {
    const xid = c.number(3, XID);
    words.push(`${name} XID: ${hex(xid)} `);
  }
  options(c, words, depth);
}

function walk(p: PacketView, l: Layer): { parts: Part[]; words: Words } {
  const c = new Cursor(p, l.at, l.end);
  const words: Words = [];
  message(c, words, 0);
  return { parts: c.parts, words };
}

export const dhcpv6: Protocol = new Protocol({
  name: 'dhcpv6',
  title: 'DHCPv6',
  column: 'DHCPv6',
  found: { 'udp.port': [546, 547] },
  header: 4,
  fields: [
    parts((p, l) => walk(p, l).parts),
    TYPE,
    XID,
    HOPS,
    LINK,
    PEER,
    OPTION_TYPE,
    OPTION_LENGTH,
    DUID,
    IAID,
    ADDRESS,
    ELAPSED,
  ],
  info: (p, l) => walk(p, l).words.join(''),
});
