/** Financial Information eXchange: messages of fields, told by the first one. */
import { type Layer, MORE, NO_MESSAGE } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { Protocol } from '../protocol.ts';
import { speak } from '../sessions.ts';

/** The beginning, with the length of what follows up to the checksum. */
const HEAD = /^8=FIX[^|]{0,12}\|9=(\d{1,7})\|/;
const CHECKSUM = '10=000|'.length;
const TYPES: Readonly<Record<string, string>> = {
  0: 'Heartbeat',
  1: 'TestRequest',
  2: 'ResendRequest',
  3: 'Reject',
  4: 'SequenceReset',
  5: 'Logout',
  8: 'ExecutionReport',
  9: 'OrderCancelReject',
  A: 'Logon',
  B: 'News',
  C: 'Email',
  D: 'NewOrderSingle',
  F: 'OrderCancelRequest',
  G: 'OrderCancelReplaceRequest',
  H: 'OrderStatusRequest',
  V: 'MarketDataRequest',
  W: 'MarketDataSnapshotFullRefresh',
  X: 'MarketDataIncrementalRefresh',
};

/** Its beginning, with a bar behind each field. */
function text(p: PacketView, l: Layer): string {
  return p.ascii(l.at, Math.min(l.end, l.at + 64)).replaceAll('\x01', '|');
}

function isSpoken(p: PacketView, l: Layer): boolean {
  return l.below !== null && p.sessions?.spokenOver(p, l.below) === fix;
}

function messageLength(p: PacketView, l: Layer): number {
  const begun = text(p, l);
  const head = HEAD.exec(begun);
  if (head) {
    return head[0].length + Number(head[1]) + CHECKSUM;
  }
  if (begun.startsWith('8=FIX') && l.end - l.at < 24) {
    return MORE;
  }
  return isSpoken(p, l) ? l.end - l.at : NO_MESSAGE;
}

export const fix: Protocol = new Protocol({
  name: 'fix',
  title: 'Financial Information eXchange Protocol',
  column: 'FIX',
  found: { 'tcp.port': 'any' },
  header: 6,
  messageLength,
  open: (p, l) => p.ascii(l.at, l.at + 5) === '8=FIX' || isSpoken(p, l),
  fields: [],
  note: (p, l) => speak(p, l),
  infoBetween: ', ',
  info: (p, l) => {
    const begun = text(p, l);
    const type = /\|35=([^|]+)\|/.exec(begun)?.[1] ?? '';
    return HEAD.test(begun) ? (TYPES[type] ?? '') : '[FIX continuation]';
  },
});
