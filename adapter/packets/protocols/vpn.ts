/** OpenVPN, PPTP (RFC 2637) and L2TP (RFC 2661): the names of their messages. */
import { type Layer, MORE, NO_MESSAGE } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, Protocol } from '../protocol.ts';
import { speak } from '../sessions.ts';

const OPENVPN_OPCODES: Names = {
  1: 'P_CONTROL_HARD_RESET_CLIENT_V1',
  2: 'P_CONTROL_HARD_RESET_SERVER_V1',
  3: 'P_CONTROL_SOFT_RESET_V1',
  4: 'P_CONTROL_V1',
  5: 'P_ACK_V1',
  6: 'P_DATA_V1',
  7: 'P_CONTROL_HARD_RESET_CLIENT_V2',
  8: 'P_CONTROL_HARD_RESET_SERVER_V2',
  9: 'P_DATA_V2',
  10: 'P_CONTROL_HARD_RESET_CLIENT_V3',
};
const CLIENT_RESET = 7;
const PORT = 1194;

/** Where the opcode is: over TCP a length comes first. */
function opcodeAt(l: Layer): number {
  return l.at + (l.below?.protocol.name === 'tcp' ? 2 : 0);
}

function isUsualPort(l: Layer): boolean {
  return l.below?.key === PORT || l.below?.otherKey === PORT;
}

/** On its port anything with a known opcode; elsewhere the first message of a client, whose number is 0. */
function isOpenvpn(p: PacketView, l: Layer): boolean {
  const at = opcodeAt(l);
  const opcode = p.u8(at) >> 3;
  if (at + 14 > l.end || OPENVPN_OPCODES[opcode] === undefined) {
    return false;
  }
  return (
    isUsualPort(l) || p.sessions?.spokenOver(p, l.below ?? l) === openvpn || (opcode === CLIENT_RESET && isReset(p, l))
  );
}

function isReset(p: PacketView, l: Layer): boolean {
  const at = opcodeAt(l);
  const prefix = at - l.at;
  return p.u8(at) === CLIENT_RESET << 3 && (prefix === 0 ? p.u8(at + 9) === 0 && l.end - at === 14 : isWhole(p, l));
}

/** Over TCP: the length is that of the segment. */
function isWhole(p: PacketView, l: Layer): boolean {
  return p.u16(l.at) === l.end - l.at - 2 && p.u16(l.at) < 128;
}

export const openvpn: Protocol = new Protocol({
  name: 'openvpn',
  title: 'OpenVPN Protocol',
  column: 'OpenVPN',
  found: { 'udp.port': [PORT, 'any'], 'tcp.port': [PORT, 'any'] },
  header: 3,
  messageLength: (p, l) => {
    const known = isOpenvpn(p, l) || (isUsualPort(l) && l.end - l.at < 16);
    return known ? 2 + p.u16(l.at) : NO_MESSAGE;
  },
  open: isOpenvpn,
  note: (p, l) => speak(p, l),
  fields: [],
  info: (p, l) => `MessageType: ${OPENVPN_OPCODES[p.u8(opcodeAt(l)) >> 3]}`,
});

const PPTP_MESSAGES: Names = {
  1: 'Start-Control-Connection-Request',
  2: 'Start-Control-Connection-Reply',
  3: 'Stop-Control-Connection-Request',
  4: 'Stop-Control-Connection-Reply',
  5: 'Echo-Request',
  6: 'Echo-Reply',
  7: 'Outgoing-Call-Request',
  8: 'Outgoing-Call-Reply',
  9: 'Incoming-Call-Request',
  10: 'Incoming-Call-Reply',
  11: 'Incoming-Call-Connected',
  12: 'Call-Clear-Request',
  13: 'Call-Disconnect-Notify',
  14: 'WAN-Error-Notify',
  15: 'Set-Link-Info',
};
const PPTP_MAGIC = 0x1a2b3c4d;

function isPptp(p: PacketView, l: Layer): boolean {
  return l.at + 12 <= l.end && p.u32(l.at + 4) === PPTP_MAGIC && PPTP_MESSAGES[p.u16(l.at + 8)] !== undefined;
}

export const pptp: Protocol = new Protocol({
  name: 'pptp',
  title: 'Point-to-Point Tunnelling Protocol',
  column: 'PPTP',
  found: { 'tcp.port': [1723] },
  header: 12,
  messageLength: (p, l) => (l.end - l.at < 12 ? MORE : isPptp(p, l) ? p.u16(l.at) : NO_MESSAGE),
  open: isPptp,
  fields: [],
  info: (p, l) => PPTP_MESSAGES[p.u16(l.at + 8)] ?? '',
});
