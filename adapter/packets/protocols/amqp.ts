/** AMQP 0-9-1, as brokers of messages speak it: frames, and the names of methods. */
import { printable } from '../format.ts';
import { type Layer, MORE, NO_MESSAGE } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, Protocol } from '../protocol.ts';

const METHOD = 1;
const HEADER = 2;
const BODY = 3;
const HEARTBEAT = 8;
const FRAME_END = 0xce;

const CLASSES: Readonly<Record<number, readonly [name: string, methods: Names]>> = {
  10: [
    'Connection',
    {
      ...{ 10: 'Start', 11: 'Start-Ok', 20: 'Secure', 21: 'Secure-Ok', 30: 'Tune', 31: 'Tune-Ok' },
      ...{ 40: 'Open', 41: 'Open-Ok', 50: 'Close', 51: 'Close-Ok' },
    },
  ],
  20: ['Channel', { 10: 'Open', 11: 'Open-Ok', 20: 'Flow', 21: 'Flow-Ok', 40: 'Close', 41: 'Close-Ok' }],
  40: ['Exchange', { 10: 'Declare', 11: 'Declare-Ok', 20: 'Delete', 21: 'Delete-Ok', 30: 'Bind', 31: 'Bind-Ok' }],
  50: [
    'Queue',
    {
      ...{ 10: 'Declare', 11: 'Declare-Ok', 20: 'Bind', 21: 'Bind-Ok', 30: 'Purge', 31: 'Purge-Ok' },
      ...{ 40: 'Delete', 41: 'Delete-Ok', 50: 'Unbind', 51: 'Unbind-Ok' },
    },
  ],
  60: [
    'Basic',
    {
      ...{ 10: 'Qos', 11: 'Qos-Ok', 20: 'Consume', 21: 'Consume-Ok', 30: 'Cancel', 31: 'Cancel-Ok', 40: 'Publish' },
      ...{ 50: 'Return', 60: 'Deliver', 70: 'Get', 71: 'Get-Ok', 72: 'Get-Empty', 80: 'Ack', 90: 'Reject' },
      ...{ 100: 'Recover-Async', 110: 'Recover', 111: 'Recover-Ok', 120: 'Nack' },
    },
  ],
  85: ['Confirm', { 10: 'Select', 11: 'Select-Ok' }],
  90: ['Tx', { 10: 'Select', 11: 'Select-Ok', 20: 'Commit', 21: 'Commit-Ok', 30: 'Rollback', 31: 'Rollback-Ok' }],
};

function isFrame(p: PacketView, l: Layer): boolean {
  return [METHOD, HEADER, BODY, HEARTBEAT].includes(p.u8(l.at));
}

function isProtocolHeader(p: PacketView, l: Layer): boolean {
  return l.at + 4 <= l.end && p.ascii(l.at, l.at + 4) === 'AMQP';
}

function messageLength(p: PacketView, l: Layer): number {
  if (isProtocolHeader(p, l)) {
    return 8;
  }
  return l.end - l.at < 7 ? MORE : isFrame(p, l) ? 8 + p.u32(l.at + 3) : NO_MESSAGE;
}

/** Short strings, one behind the other; nothing of one that is not there. */
function shorts(p: PacketView, at: number, end: number, count: number): string[] {
  const found: string[] = [];
  for (let next = at; found.length < count && next < end; ) {
    const to = next + 1 + p.u8(next);
    if (to > end) {
      break;
    }
    found.push(printable(p.ascii(next + 1, to)));
    next = to;
  }
  return found;
}

function methodInfo(p: PacketView, l: Layer): string {
  const [kind, method] = [p.u16(l.at + 7), p.u16(l.at + 9)];
  const [name, methods] = CLASSES[kind] ?? ['', {}];
  const args = l.at + 11;
  let more = '';
  if (kind === 60 && method === 40) {
    const [exchange, key] = shorts(p, args + 2, l.end, 2);
    more = ` x=${exchange ?? ''} rk=${key ?? ''}`;
  } else if (kind === 60 && method === 60 && args < l.end) {
    // A consumer's tag, a number of 8 bytes, and a flag come first.
    const [exchange, key] = shorts(p, args + 1 + p.u8(args) + 9, l.end, 2);
    more = ` x=${exchange ?? ''} rk=${key ?? ''}`;
  }
  return `${name}.${methods[method] ?? ''}${more}`;
}

function info(p: PacketView, l: Layer): string {
  if (isProtocolHeader(p, l)) {
    return `Protocol-Header ${p.u8(l.at + 5)}-${p.u8(l.at + 6)}-${p.u8(l.at + 7)}`;
  }
  switch (p.u8(l.at)) {
    case METHOD:
      return l.at + 11 <= l.end ? methodInfo(p, l) : '';
    case HEADER: {
      // The first of the properties that flags name is the type.
      const typed = l.at + 21 < l.end && (p.u8(l.at + 19) & 0x80) !== 0;
      return `Content-Header${typed ? ` type=${shorts(p, l.at + 21, l.end, 1)[0] ?? ''}` : ''}`;
    }
    case BODY:
      return 'Content-Body';
    default:
      return 'Heartbeat';
  }
}

export const amqp: Protocol = new Protocol({
  name: 'amqp',
  title: 'Advanced Message Queueing Protocol',
  column: 'AMQP',
  found: { 'tcp.port': [5672] },
  header: 8,
  messageLength,
  open: (p, l) => isProtocolHeader(p, l) || (isFrame(p, l) && p.u8(l.end - 1) === FRAME_END),
  fields: [],
  infoBetween: '',
  info: (p, l) => `${info(p, l)} `,
});
