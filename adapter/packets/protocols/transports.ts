/** DCCP (RFC 4340), and the heads of what routers and switches send: RSVP, Babel, MPLS' pings, sFlow. */
import { endpointsOf } from '../endpoints.ts';
import { formatIpv4, formatIpv6 } from '../format.ts';
import type { Layer } from '../layer.ts';
import { BoundedMap, type Memory, MemoryKind } from '../memory.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, Protocol } from '../protocol.ts';

const DCCP_TYPES = ['Request', 'Response', 'Data', 'Ack', 'DataAck', 'CloseReq', 'Close', 'Reset', 'Sync', 'SyncAck'];
const REQUEST = 0;
const RESPONSE = 1;
const DATA = 2;
const RESET = 7;
const RESET_CODES: Names = {
  0: 'Unspecified',
  1: 'Closed',
  2: 'Aborted',
  3: 'No Connection',
  4: 'Packet Error',
  5: 'Option Error',
  6: 'Mandatory Error',
  7: 'Connection Refused',
  8: 'Bad Service Code',
  9: 'Too Busy',
  10: 'Bad Init Cookie',
  11: 'Aggression Penalty',
};

function dccpType(p: PacketView, l: Layer): number {
  return (p.u8(l.at + 8) >> 1) & 15;
}

/** Sequence numbers have 48 bits, or 24 in short headers. */
function isLong(p: PacketView, l: Layer): boolean {
  return (p.u8(l.at + 8) & 1) === 1;
}

/** Bytes up to the options. */
function dccpHeader(p: PacketView, l: Layer): number {
  const type = dccpType(p, l);
  const base = isLong(p, l) ? 16 : 12;
  const acknowledges = type === REQUEST || type === DATA ? 0 : isLong(p, l) ? 8 : 4;
  return base + acknowledges + (type === REQUEST || type === RESPONSE || type === RESET ? 4 : 0);
}

/** Numbers from which those of both ends count, once a request and a response have told them. */
class DccpNote {
  readonly own: number;
  readonly peer: number;

  constructor(own: number, peer: number) {
    this.own = own;
    this.peer = peer;
  }
}

const FIRST_NUMBERS = new MemoryKind(() => new BoundedMap<string, [number, number]>());

/** The packet that tells a number is itself shown with what stands in it. */
function remember(p: PacketView, l: Layer, memory: Memory): DccpNote {
  const { key, dir } = endpointsOf(p, l);
  const first = FIRST_NUMBERS.of(memory).need(key, () => [0, 0]);
  const note = new DccpNote(first[dir], first[dir === 0 ? 1 : 0]);
  const type = dccpType(p, l);
  if ((type === REQUEST || type === RESPONSE) && isLong(p, l)) {
    first[dir] = p.mac(l.at + 10);
    return new DccpNote(0, note.peer);
  }
  return note;
}

function relative(number: number, first: number | undefined): number {
  return first === undefined || first > number ? number : number - first;
}

function dccpInfo(p: PacketView, l: Layer): string {
  const type = dccpType(p, l);
  const long = isLong(p, l);
  const note = l.note instanceof DccpNote ? l.note : undefined;
  const seq = long ? p.mac(l.at + 10) : p.u32(l.at + 8) % 0x1000000;
  const words = `${p.u16(l.at)} → ${p.u16(l.at + 2)} [${DCCP_TYPES[type]}] Seq=${relative(seq, note?.own)}`;
  const at = l.at + dccpHeader(p, l) - 4;
  const ack = long ? p.mac(l.at + 18) : p.u32(l.at + 12) % 0x1000000;
  const service = p.u32(at);
  const asked = ` (service=${service === 0 ? 'not specified' : `Unknown (${service})`})`;
  const acked = type === REQUEST || type === DATA ? '' : ` (Ack=${relative(ack, note?.peer)})`;
  const code = type === RESET ? ` (code=${RESET_CODES[p.u8(at)] ?? 'Reserved'})` : '';
  return `${words}${acked}${type === REQUEST || type === RESPONSE ? asked : ''}${code}`;
}

export const dccp: Protocol = new Protocol({
  name: 'dccp',
  title: 'Datagram Congestion Control Protocol',
  column: 'DCCP',
  found: { 'ip.proto': [33] },
  header: 12,
  open: (p, l) => {
    l.body = Math.min(l.end, l.at + Math.max(dccpHeader(p, l), p.u8(l.at + 4) * 4));
    return DCCP_TYPES[dccpType(p, l)] !== undefined && l.at + dccpHeader(p, l) <= l.end;
  },
  carries: 'dccp.port',
  remember,
  fields: [],
  info: dccpInfo,
});

const RSVP_MESSAGES: Names = {
  1: 'PATH',
  2: 'RESV',
  3: 'PATH ERROR',
  4: 'RESV ERROR',
  5: 'PATH TEAR',
  6: 'RESV TEAR',
  7: 'CONFIRM',
  12: 'BUNDLE',
  13: 'ACK',
  15: 'SREFRESH',
  20: 'HELLO',
};

export const rsvp: Protocol = new Protocol({
  name: 'rsvp',
  title: 'Resource ReserVation Protocol (RSVP)',
  column: 'RSVP',
  found: { 'ip.proto': [46] },
  header: 8,
  open: (p, l) => p.u8(l.at) >> 4 === 1 && RSVP_MESSAGES[p.u8(l.at + 1)] !== undefined,
  fields: [],
  info: (p, l) => `${RSVP_MESSAGES[p.u8(l.at + 1)]} Message. `,
});

const ECHO_TYPES: Names = { 1: 'MPLS Echo Request', 2: 'MPLS Echo Reply' };

/** Pings of label-switched paths (RFC 8029). */
export const mplsEcho: Protocol = new Protocol({
  name: 'mpls-echo',
  title: 'Multiprotocol Label Switching Echo',
  column: 'MPLS ECHO',
  found: { 'udp.port': [3503] },
  header: 32,
  open: (p, l) => p.u16(l.at) === 1 && ECHO_TYPES[p.u8(l.at + 4)] !== undefined,
  fields: [],
  info: (p, l) => ECHO_TYPES[p.u8(l.at + 4)] ?? '',
});

/** Samples of a switch's packets (sflow.org, version 5): the agent's address is of either IP. */
export const sflow: Protocol = new Protocol({
  name: 'sflow',
  title: 'InMon sFlow',
  column: 'sFlow',
  found: { 'udp.port': [6343] },
  header: 28,
  open: (p, l) => p.u32(l.at) === 5 && (p.u32(l.at + 4) === 1 || (p.u32(l.at + 4) === 2 && l.at + 40 <= l.end)),
  fields: [],
  info: (p, l) => {
    const is4 = p.u32(l.at + 4) === 1;
    const agent = is4 ? formatIpv4(p.u32(l.at + 8)) : formatIpv6(p.bytes(l.at + 8, l.at + 24));
    const at = l.at + (is4 ? 12 : 24);
    return `V5, agent ${agent}, sub-agent ID ${p.u32(at)}, seq ${p.u32(at + 4)}, ${p.u32(at + 12)} samples`;
  },
});

const BABEL_TLVS: Names = {
  0: 'pad1',
  1: 'padN',
  2: 'ack-req',
  3: 'ack',
  4: 'hello',
  5: 'ihu',
  6: 'router-id',
  7: 'nh',
  8: 'update',
  9: 'request',
  10: 'seqno-req',
  11: 'ts/pc (obsolete)',
  12: 'hmac (obsolete)',
  13: 'source-specific-update',
  14: 'source-specific-req',
  15: 'source-specific-seqno-req',
  16: 'hmac',
  17: 'pc',
  18: 'challenge-req',
  19: 'challenge-reply',
};

export const babel: Protocol = new Protocol({
  name: 'babel',
  title: 'Babel Routing Protocol',
  column: 'Babel',
  found: { 'udp.port': [6696] },
  header: 4,
  open: (p, l) => p.u8(l.at) === 42 && p.u8(l.at + 1) === 2,
  fields: [],
  info: (p, l) => {
    let words = 'Babel';
    for (let at = l.at + 4; at < l.end; at += p.u8(at) === 0 ? 1 : 2 + p.u8(at + 1)) {
      words += p.u8(at) === 0 ? '' : ` ${BABEL_TLVS[p.u8(at)] ?? 'unknown'}`;
      if (at + 2 > l.end) {
        break;
      }
    }
    return words;
  },
});
