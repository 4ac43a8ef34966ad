/** What stations of telecontrol and machines in factories say: DNP 3.0 (IEEE 1815), IEC 60870-5-104, EtherNet/IP. */
import { type Layer, MORE, NO_MESSAGE } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, Protocol } from '../protocol.ts';

const DNP_START = 0x0564;
/** From the link layer's header to the application's function: its checksum, and the transport's and control bytes. */
const DNP_FUNCTION = 12;
const DNP_BLOCK = 16;
const FUNCTIONS: Names = {
  0: 'Confirm',
  1: 'Read',
  2: 'Write',
  3: 'Select',
  4: 'Operate',
  5: 'Direct Operate',
  13: 'Cold Restart',
  14: 'Warm Restart',
  20: 'Enable Spontaneous Messages',
  21: 'Disable Spontaneous Messages',
  129: 'Response',
  130: 'Unsolicited Response',
};

/** The length counts what is behind it, but no checksums: one of two bytes for the header and for each block. */
function dnpLength(p: PacketView, l: Layer): number {
  const user = p.u8(l.at + 2) - 5;
  return user < 0 ? NO_MESSAGE : 10 + user + 2 * Math.ceil(user / DNP_BLOCK);
}

function isDnp(p: PacketView, l: Layer): boolean {
  return p.u16(l.at) === DNP_START;
}

export const dnp3: Protocol = new Protocol({
  name: 'dnp3',
  title: 'Distributed Network Protocol 3.0',
  column: 'DNP 3.0',
  found: { 'tcp.port': [20000], 'udp.port': [20000] },
  header: 10,
  messageLength: (p, l) => (l.end - l.at < 3 ? MORE : isDnp(p, l) ? dnpLength(p, l) : NO_MESSAGE),
  open: isDnp,
  fields: [],
  infoBetween: ', ',
  info: (p, l) => (l.at + DNP_FUNCTION < l.end ? (FUNCTIONS[p.u8(l.at + DNP_FUNCTION)] ?? '') : ''),
});

const IEC104 = 2404;
const IEC_START = 0x68;
const UNNUMBERED: Names = {
  7: 'STARTDT act',
  11: 'STARTDT con',
  19: 'STOPDT act',
  35: 'STOPDT con',
  67: 'TESTFR act',
  131: 'TESTFR con',
};

function iecInfo(p: PacketView, l: Layer): string {
  const way = l.below?.otherKey === IEC104 ? '<-' : '->';
  const control = p.u8(l.at + 2);
  const sent = p.u8(l.at + 2) | (p.u8(l.at + 3) << 8);
  const received = (p.u8(l.at + 4) | (p.u8(l.at + 5) << 8)) >> 1;
  if ((control & 1) === 0) {
    return `${way} I (${sent >> 1},${received})`;
  }
  return (control & 3) === 1 ? `${way} S (${received})` : `${way} U (${UNNUMBERED[control] ?? ''})`;
}

export const iec104: Protocol = new Protocol({
  name: 'iec60870_104',
  title: 'IEC 60870-5-104',
  column: 'IEC 60870-5-104',
  chain: (p, l) => ((p.u8(l.at + 2) & 1) === 0 ? 'iec60870_104:iec60870_asdu' : 'iec60870_104'),
  found: { 'tcp.port': [IEC104] },
  header: 6,
  messageLength: (p, l) =>
    l.end - l.at < 2 ? MORE : p.u8(l.at) === IEC_START && p.u8(l.at + 1) >= 4 ? 2 + p.u8(l.at + 1) : NO_MESSAGE,
  open: (p, l) => p.u8(l.at) === IEC_START && p.u8(l.at + 1) >= 4,
  fields: [],
  columnOf: (p, l) => ((p.u8(l.at + 2) & 1) === 0 ? 'IEC 60870-5 ASDU' : 'IEC 60870-5-104'),
  infoBetween: '',
  info: (p, l) => `${iecInfo(p, l)} `,
});

const ENIP_COMMANDS: Names = {
  0: 'NOP',
  4: 'List Services',
  99: 'List Identity',
  100: 'List Interfaces',
  101: 'Register Session',
  102: 'Unregister Session',
  111: 'Send RR Data',
  112: 'Send Unit Data',
};
const SEND_RR_DATA = 0x6f;

function u16le(p: PacketView, at: number): number {
  return p.u8(at) | (p.u8(at + 1) << 8);
}

function isEnip(p: PacketView, l: Layer): boolean {
  return ENIP_COMMANDS[u16le(p, l.at)] !== undefined;
}

export const enip: Protocol = new Protocol({
  name: 'enip',
  title: 'EtherNet/IP (Industrial Protocol)',
  column: 'ENIP',
  found: { 'tcp.port': [44818], 'udp.port': [44818] },
  header: 24,
  messageLength: (p, l) => (l.end - l.at < 4 ? MORE : isEnip(p, l) ? 24 + u16le(p, l.at + 2) : NO_MESSAGE),
  open: isEnip,
  fields: [],
  // What is sent is a message of the Common Industrial Protocol.
  columnOf: (p, l) => (u16le(p, l.at) >= SEND_RR_DATA && u16le(p, l.at + 2) > 0 ? 'CIP' : 'ENIP'),
  info: () => '',
});
