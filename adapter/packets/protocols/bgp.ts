/** BGP (RFC 4271): the heads of messages. */
import { parts, variable } from '../declare.ts';
import { type Layer, MORE, NO_MESSAGE } from '../layer.ts';
import { group, shown } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, type Part, Protocol } from '../protocol.ts';

const TYPES: Names = {
  1: 'OPEN Message',
  2: 'UPDATE Message',
  3: 'NOTIFICATION Message',
  4: 'KEEPALIVE Message',
  5: 'ROUTE-REFRESH Message',
  6: 'CAPABILITY Message',
};
const HEADER = 19;

const LENGTH = variable('bgp.length', 'Length', 'uint16');
const TYPE = variable('bgp.type', 'Type', 'uint8', { names: TYPES });

function isMessage(p: PacketView, at: number, end: number): boolean {
  for (let i = 0; i < 16; i++) {
    if (at + i >= end || p.u8(at + i) !== 0xff) {
      return false;
    }
  }
  return at + HEADER <= end && p.u16(at + 16) >= HEADER;
}

function messages(p: PacketView, l: Layer): number[] {
  const out: number[] = [];
  for (let at = l.at; isMessage(p, at, l.end); at += p.u16(at + 16)) {
    out.push(at);
  }
  return out;
}

function messagePart(p: PacketView, l: Layer, at: number): Part {
  const name = TYPES[p.u8(at + 18)] ?? 'Unknown Message';
  return group(
    `Border Gateway Protocol - ${name}`,
    [at, Math.min(p.u16(at + 16), l.end - at)],
    [shown(LENGTH, p.u16(at + 16), [at + 16, 2]), shown(TYPE, p.u8(at + 18), [at + 18, 1])],
  );
}

/** All messages that are whole; else the first one. */
function messageLength(p: PacketView, l: Layer): number {
  if (!isMessage(p, l.at, l.end)) {
    return l.end - l.at < HEADER && p.u8(l.at) === 0xff ? MORE : NO_MESSAGE;
  }
  let at = l.at + p.u16(l.at + 16);
  while (isMessage(p, at, l.end) && at + p.u16(at + 16) <= l.end) {
    at += p.u16(at + 16);
  }
  return at - l.at;
}

export const bgp: Protocol = new Protocol({
  name: 'bgp',
  title: 'Border Gateway Protocol',
  column: 'BGP',
  found: { 'tcp.port': [179] },
  header: HEADER,
  messageLength,
  open: (p, l) => isMessage(p, l.at, l.end),
  fields: [parts((p, l) => messages(p, l).map((at) => messagePart(p, l, at))), LENGTH, TYPE],
  info: (p, l) =>
    messages(p, l)
      .map((at) => TYPES[p.u8(at + 18)] ?? 'Unknown Message')
      .join(', '),
});
