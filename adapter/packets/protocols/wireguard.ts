/** WireGuard (its white paper, section 5.4), wherever one of its messages is seen. */
import { computed, uint8 } from '../declare.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type FieldDeclaration, type Names, Protocol } from '../protocol.ts';

const INITIATION = 1;
const RESPONSE = 2;
const COOKIE = 3;
const TRANSPORT = 4;
const TYPES: Names = {
  [INITIATION]: 'Handshake Initiation',
  [RESPONSE]: 'Handshake Response',
  [COOKIE]: 'Cookie Reply',
  [TRANSPORT]: 'Transport Data',
};
const LENGTHS: Readonly<Record<number, number>> = { [INITIATION]: 148, [RESPONSE]: 92, [COOKIE]: 64 };

function little(p: PacketView, at: number): number {
  return (p.u8(at) | (p.u8(at + 1) << 8) | (p.u8(at + 2) << 16) | (p.u8(at + 3) << 24)) >>> 0;
}

/** Message types are a byte and three of zero; all but the transport's have one length. */
function open(p: PacketView, l: Layer): boolean {
  const type = p.u8(l.at);
  const length = l.end - l.at;
  if (type < INITIATION || type > TRANSPORT || p.u8(l.at + 1) !== 0 || p.u16(l.at + 2) !== 0) {
    return false;
  }
  return type === TRANSPORT ? length >= 32 && (length - 16) % 16 === 0 : length === LENGTHS[type];
}

function index(name: string, description: string, off: Readonly<Record<number, number>>): FieldDeclaration {
  const at = (p: PacketView, l: Layer): number | undefined => off[p.u8(l.at)];
  return computed(name, description, 'uint32', (p, l) => little(p, l.at + (at(p, l) ?? 0)), {
    hex: true,
    when: (p, l) => at(p, l) !== undefined,
    place: (p, l) => [l.at + (at(p, l) ?? 0), 4],
  });
}

function counter(p: PacketView, l: Layer): number {
  return little(p, l.at + 8) + little(p, l.at + 12) * 0x100000000;
}

function info(p: PacketView, l: Layer): string {
  const type = p.u8(l.at);
  const word = (off: number): string =>
    `0x${little(p, l.at + off)
      .toString(16)
      .toUpperCase()
      .padStart(8, '0')}`;
  const name = TYPES[type] ?? '';
  switch (type) {
    case INITIATION:
      return `${name}, sender=${word(4)}`;
    case RESPONSE:
      return `${name}, sender=${word(4)}, receiver=${word(8)}`;
    case COOKIE:
      return `${name}, receiver=${word(4)}`;
    default: {
      const length = l.end - l.at - 32;
      return length === 0
        ? `Keepalive, receiver=${word(4)}, counter=${counter(p, l)}`
        : `${name}, receiver=${word(4)}, counter=${counter(p, l)}, datalen=${length}`;
    }
  }
}

export const wireguard: Protocol = new Protocol({
  name: 'wg',
  title: 'WireGuard Protocol',
  column: 'WireGuard',
  found: { 'udp.port': 'any' },
  header: 4,
  open,
  fields: [
    uint8('wg.type', 'Type', 0, { names: TYPES }),
    index('wg.sender', 'Sender', { [INITIATION]: 4, [RESPONSE]: 4 }),
    index('wg.receiver', 'Receiver', { [RESPONSE]: 8, [COOKIE]: 4, [TRANSPORT]: 4 }),
    computed('wg.counter', 'Counter', 'uint32', counter, {
      when: (p, l) => p.u8(l.at) === TRANSPORT,
      place: (_, l) => [l.at + 8, 8],
      text: (p, l) => String(counter(p, l)),
    }),
  ],
  info,
});
