/** Rx, the remote procedure calls of the Andrew File System. */
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, Protocol } from '../protocol.ts';

const DATA = 1;
const ACK = 2;
const HEADER = 28;
const TYPES: Names = {
  1: 'DATA',
  2: 'ACK',
  3: 'BUSY',
  4: 'ABORT',
  5: 'ACKALL',
  6: 'CHALLENGE',
  7: 'RESPONSE',
  8: 'DEBUG',
  13: 'VERSION',
};
const ACK_REASONS: Names = { 6: 'Ping', 7: 'Ping Response', 8: 'Delay' };
const REASON_AT = HEADER + 16;
const FILE_SERVER = 7000;
const BACKUP = 7021;

function isRx(p: PacketView, l: Layer): boolean {
  return TYPES[p.u8(l.at + 20)] !== undefined && p.u16(l.at + 24) <= 0xffff && p.u8(l.at + 23) < 8;
}

function rxInfo(p: PacketView, l: Layer): string {
  const type = p.u8(l.at + 20);
  const reason = type === ACK && l.at + REASON_AT < l.end ? ACK_REASONS[p.u8(l.at + REASON_AT)] : undefined;
  const [from, to] = l.below === null ? [0, 0] : [p.u16(l.below.at), p.u16(l.below.at + 2)];
  return (
    `${TYPES[type]}${reason === undefined ? ' ' : ` ${reason} `} Seq: ${p.u32(l.at + 12)}  Call: ${p.u32(l.at + 8)}  ` +
    `Source Port: ${from}  Destination Port: ${to}  `
  );
}

export const rx: Protocol = new Protocol({
  name: 'rx',
  title: 'RX Protocol',
  column: 'RX',
  chain: (p, l) => (p.u8(l.at + 20) === DATA ? 'rx:afs' : 'rx'),
  found: { 'udp.port': [...Array.from({ length: 10 }, (_, i) => FILE_SERVER + i), BACKUP] },
  header: HEADER,
  open: isRx,
  fields: [],
  columnOf: (p, l) => (p.u8(l.at + 20) === DATA ? 'AFS (RX)' : 'RX'),
  info: rxInfo,
});
