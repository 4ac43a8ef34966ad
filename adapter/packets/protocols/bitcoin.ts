/** What nodes of Bitcoin's network say to each other: the names of the messages. */
import { printable } from '../format.ts';
import { type Layer, MORE, NO_MESSAGE } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { Protocol } from '../protocol.ts';
import { speak } from '../sessions.ts';

/** What messages begin with, in the main network and those for tests. */
const MAGICS = [0xf9beb4d9, 0x0b110907, 0xfabfb5da];
const HEADER = 24;
const MAX_MESSAGE = 32 << 20;

function isMessage(p: PacketView, l: Layer): boolean {
  return l.at + 4 <= l.end && MAGICS.includes(p.u32(l.at));
}

/** The length is little-endian. */
function lengthOf(p: PacketView, l: Layer): number {
  const at = l.at + 16;
  const length = p.u8(at) + p.u8(at + 1) * 0x100 + p.u8(at + 2) * 0x10000 + p.u8(at + 3) * 0x1000000;
  return length > MAX_MESSAGE ? NO_MESSAGE : HEADER + length;
}

/** A message is one more in the chain, behind what those beside each other have. */
function chain(_: PacketView, l: Layer): string {
  const first = l.index === (l.below?.index ?? 0) + 1 || l.at === l.below?.restAt;
  return first ? 'bitcoin:bitcoin' : 'bitcoin';
}

export const bitcoin: Protocol = new Protocol({
  name: 'bitcoin',
  title: 'Bitcoin protocol',
  column: 'Bitcoin',
  chain,
  found: { 'tcp.port': ['any'] },
  header: HEADER,
  messageLength: (p, l) => (l.end - l.at < HEADER ? MORE : isMessage(p, l) ? lengthOf(p, l) : NO_MESSAGE),
  partInfo: () => '',
  open: (p, l) => {
    const found = isMessage(p, l);
    if (found) {
      speak(p, l, bitcoin);
    }
    return found;
  },
  fields: [],
  infoBetween: ', ',
  info: (p, l) => printable(p.ascii(l.at + 4, l.at + 16)),
});
