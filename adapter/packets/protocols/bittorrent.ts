/** BitTorrent: what peers say to each other over TCP (BEP 3, 6 and 10), and how they find each other (BEP 5, 14). */
import { type Layer, MORE } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { Protocol } from '../protocol.ts';
import { speak } from '../sessions.ts';

const GREETING = '\x13BitTorrent protocol';
const HANDSHAKE = 68;
const MAX_MESSAGE = 0x20000;

const hex = (p: PacketView, at: number): string => `0x${p.u32(at).toString(16)}`;

/** Messages by their number: their shortest length, and what the list says of them. */
const MESSAGES: Readonly<Record<number, readonly [length: number, info: (p: PacketView, l: Layer) => string]>> = {
  0: [1, () => 'Choke'],
  1: [1, () => 'Unchoke'],
  2: [1, () => 'Interested'],
  3: [1, () => 'Not Interested'],
  4: [5, (p, l) => `Have, Piece (Idx:${hex(p, l.at + 5)})`],
  5: [1, (p, l) => `Bitfield, Len:0x${(p.u32(l.at) - 1).toString(16)}`],
  6: [13, (p, l) => `Request, Piece ${block(p, l)}`],
  7: [9, (p, l) => `Piece, Idx:${hex(p, l.at + 5)},Begin:${hex(p, l.at + 9)},Len:0x${(p.u32(l.at) - 9).toString(16)}`],
  8: [13, (p, l) => `Cancel, Piece ${block(p, l)}`],
  9: [3, () => 'Port'],
  14: [1, () => 'Have All'],
  15: [1, () => 'Have None'],
  20: [2, () => 'Extended'],
};

function block(p: PacketView, l: Layer): string {
  return `(Idx:${hex(p, l.at + 5)},Begin:${hex(p, l.at + 9)},Len:${hex(p, l.at + 13)})`;
}

function isHandshake(p: PacketView, l: Layer): boolean {
  return l.at + 20 <= l.end && p.ascii(l.at, l.at + 20) === GREETING;
}

function isMessage(p: PacketView, l: Layer): boolean {
  if (l.at + 5 > l.end) {
    return false;
  }
  const known = MESSAGES[p.u8(l.at + 4)];
  return known !== undefined && p.u32(l.at) >= known[0] && p.u32(l.at) <= MAX_MESSAGE;
}

function isSpoken(p: PacketView, l: Layer): boolean {
  return l.below !== null && p.sessions?.spokenOver(p, l.below) === bittorrent;
}

function messageLength(p: PacketView, l: Layer): number {
  if (isHandshake(p, l)) {
    return l.end - l.at < HANDSHAKE ? MORE : HANDSHAKE;
  }
  // What is no message belongs to one whose beginning is missing.
  return l.end - l.at >= 4 && p.u32(l.at) === 0 ? 4 : isMessage(p, l) ? 4 + p.u32(l.at) : l.end - l.at;
}

function messageName(p: PacketView, l: Layer): string {
  if (isHandshake(p, l)) {
    return 'Handshake';
  }
  if (l.at + 4 === l.end && p.u32(l.at) === 0) {
    return 'KeepAlive';
  }
  return isMessage(p, l) ? (MESSAGES[p.u8(l.at + 4)]?.[1](p, l) ?? '') : 'Continuation data';
}

export const bittorrent: Protocol = new Protocol({
  name: 'bittorrent',
  title: 'BitTorrent',
  column: 'BitTorrent',
  // Messages beside each other are one in the chain.
  chain: (_, l) => (l.index === (l.below?.index ?? 0) + 1 ? 'bittorrent' : ''),
  found: { 'tcp.port': 'any' },
  header: 1,
  messageLength: (p, l) => messageLength(p, l),
  open: (p, l) => isHandshake(p, l) || isSpoken(p, l),
  fields: [],
  note: (p, l) => speak(p, l),
  infoBetween: '',
  info: (p, l) => `${messageName(p, l)}  `,
});

/** Dictionaries whose first key is that of an answer or of a question's arguments. */
export const btDht: Protocol = new Protocol({
  name: 'bt-dht',
  title: 'BitTorrent DHT Protocol',
  column: 'BT-DHT',
  found: { 'udp.port': 'any' },
  header: 12,
  open: (p, l) => /^d1:[are](d2:id20:|li)/.test(p.ascii(l.at, Math.min(l.end, l.at + 12))),
  fields: [],
  info: () => 'BitTorrent DHT Protocol',
});

export const lsd: Protocol = new Protocol({
  name: 'bt-lsd',
  title: 'BitTorrent Local Service Discovery',
  column: 'LSD',
  found: { 'udp.port': [6771] },
  header: 18,
  open: (p, l) => p.ascii(l.at, l.at + 10) === 'BT-SEARCH ',
  fields: [],
  info: () => '',
});
