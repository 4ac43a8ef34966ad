/** STUN and TURN (RFC 8489, RFC 8656), by the magic cookie, on any port. */
import { Cursor } from '../cursor.ts';
import { computed, parts, uint16, variable } from '../declare.ts';
import { formatIpv4, formatIpv6, printable } from '../format.ts';
import { type Layer, NO_MESSAGE } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type FieldDeclaration, type Names, type Part, Protocol } from '../protocol.ts';
import { Memory, speak } from '../sessions.ts';

const COOKIE = 0x2112a442;
const METHODS: Names = {
  1: 'Binding',
  2: 'SharedSecret',
  3: 'Allocate',
  4: 'Refresh',
  6: 'Send',
  7: 'Data',
  8: 'CreatePermission',
  9: 'Channel-Bind',
  10: 'Connect',
  11: 'ConnectionBind',
  12: 'ConnectionAttempt',
};
const CLASSES = ['Request', 'Indication', 'Success Response', 'Error Response'];
const MAPPED = 0x0001;
const USERNAME = 0x0006;
const ERROR_CODE = 0x0009;
const CHANNEL = 0x000c;
const LIFETIME = 0x000d;
const XOR_PEER = 0x0012;
const DATA = 0x0013;
const REALM = 0x0014;
const NONCE = 0x0015;
const XOR_RELAYED = 0x0016;
const TRANSPORT = 0x0019;
const XOR_MAPPED = 0x0020;
const SOFTWARE = 0x8022;
const RESPONSE_ORIGIN = 0x802b;
const OTHER_ADDRESS = 0x802c;
const ATTRIBUTES: Names = {
  [MAPPED]: 'MAPPED-ADDRESS',
  3: 'CHANGE-REQUEST',
  [USERNAME]: 'USERNAME',
  8: 'MESSAGE-INTEGRITY',
  [ERROR_CODE]: 'ERROR-CODE',
  10: 'UNKNOWN-ATTRIBUTES',
  [CHANNEL]: 'CHANNEL-NUMBER',
  [LIFETIME]: 'LIFETIME',
  [XOR_PEER]: 'XOR-PEER-ADDRESS',
  [DATA]: 'DATA',
  [REALM]: 'REALM',
  [NONCE]: 'NONCE',
  [XOR_RELAYED]: 'XOR-RELAYED-ADDRESS',
  23: 'REQUESTED-ADDRESS-FAMILY',
  24: 'EVEN-PORT',
  [TRANSPORT]: 'REQUESTED-TRANSPORT',
  26: 'DONT-FRAGMENT',
  [XOR_MAPPED]: 'XOR-MAPPED-ADDRESS',
  34: 'RESERVATION-TOKEN',
  36: 'PRIORITY',
  37: 'USE-CANDIDATE',
  [SOFTWARE]: 'SOFTWARE',
  32803: 'ALTERNATE-SERVER',
  32808: 'FINGERPRINT',
  32809: 'ICE-CONTROLLED',
  32810: 'ICE-CONTROLLING',
  [RESPONSE_ORIGIN]: 'RESPONSE-ORIGIN',
  [OTHER_ADDRESS]: 'OTHER-ADDRESS',
};
const ERRORS: Names = {
  300: 'Try Alternate',
  400: 'Bad Request',
  401: 'Unauthenticated',
  403: 'Forbidden',
  420: 'Unknown Attribute',
  437: 'Allocation Mismatch',
  438: 'Stale Nonce',
  441: 'Wrong Credentials',
  442: 'Unsupported Transport Protocol',
  486: 'Allocation Quota Reached',
  487: 'Role Conflict',
  500: 'Server Error',
  508: 'Insufficient Capacity',
};

const TYPE = variable('stun.att.type', 'Attribute Type', 'uint16', { hex: true, names: ATTRIBUTES });
const LENGTH = variable('stun.att.length', 'Attribute Length', 'uint16');
const USER = variable('stun.att.username', 'Username', 'string');
const REALM_FIELD = variable('stun.att.realm', 'Realm', 'string');
const SOFTWARE_FIELD = variable('stun.att.software', 'Software', 'string');
const TEXTS: Readonly<Record<number, FieldDeclaration>> = {
  [USERNAME]: USER,
  [REALM]: REALM_FIELD,
  [SOFTWARE]: SOFTWARE_FIELD,
};

function methodOf(p: PacketView, l: Layer): number {
  const type = p.u16(l.at);
  return (type & 0x0f) | ((type >> 1) & 0x70) | ((type >> 2) & 0xf80);
}

function classOf(p: PacketView, l: Layer): number {
  const type = p.u16(l.at);
  return ((type >> 4) & 1) | ((type >> 7) & 2);
}

interface Attribute {
  readonly at: number;
  readonly type: number;
  readonly length: number;
}

function attributes(p: PacketView, l: Layer): Attribute[] {
  const out: Attribute[] = [];
  for (let at = l.at + 20; at + 4 <= l.end; ) {
    const length = p.u16(at + 2);
    if (at + 4 + length > l.end) {
      break;
    }
    out.push({ at, type: p.u16(at), length });
    at += 4 + ((length + 3) & ~3);
  }
  return out;
}

/** `192.0.2.1:3478`: an address, hidden by the cookie in the newer attributes. */
function addressText(p: PacketView, l: Layer, a: Attribute): string | undefined {
  const hidden = a.type === XOR_MAPPED || a.type === XOR_PEER || a.type === XOR_RELAYED;
  const at = a.at + 4;
  const family = a.length >= 8 ? p.u8(at + 1) : 0;
  if (!(family === 1 || (family === 2 && a.length >= 20))) {
    return undefined;
  }
  const port = p.u16(at + 2) ^ (hidden ? COOKIE >>> 16 : 0);
  if (family === 1) {
    return `${formatIpv4(hidden ? (p.u32(at + 4) ^ COOKIE) >>> 0 : p.u32(at + 4))}:${port}`;
  }
  const bytes = new Uint8Array(p.bytes(at + 4, at + 20));
  const mask = p.bytes(l.at + 4, l.at + 20);
  return `[${formatIpv6(hidden ? bytes.map((b, i) => b ^ (mask[i] ?? 0)) : bytes)}]:${port}`;
}

function attributeInfo(p: PacketView, l: Layer, a: Attribute): string {
  const at = a.at + 4;
  const text = (): string => printable(p.ascii(at, at + a.length));
  const address = (): string => {
    const found = addressText(p, l, a);
    return found === undefined ? '' : ` ${ATTRIBUTES[a.type]}: ${found}`;
  };
  switch (a.type) {
    case USERNAME:
      return ` user: ${text()}`;
    case REALM:
      return ` realm: ${text()}`;
    case NONCE:
      return ' with nonce';
    case LIFETIME:
      return a.length >= 4 ? ` lifetime: ${p.u32(at)}` : '';
    case TRANSPORT:
      return p.u8(at) === 17 ? ' UDP' : p.u8(at) === 6 ? ' TCP' : '';
    case CHANNEL:
      return a.length >= 2 ? ` ChannelNumber=0x${p.u16(at).toString(16)}` : '';
    case ERROR_CODE: {
      const code = a.length >= 4 ? (p.u8(at + 2) & 7) * 100 + p.u8(at + 3) : 0;
      return ` error-code: ${code} (${ERRORS[code] ?? 'Unknown'}) ${printable(p.ascii(at + 4, at + a.length))}`;
    }
    default:
      return [MAPPED, XOR_MAPPED, XOR_PEER, XOR_RELAYED, RESPONSE_ORIGIN, OTHER_ADDRESS].includes(a.type)
        ? address()
        : '';
  }
}

function attributePart(p: PacketView, l: Layer, a: Attribute): Part {
  const c = new Cursor(p, a.at, a.at + 4 + a.length);
  const name = ATTRIBUTES[a.type] ?? 'Unknown';
  const words = addressText(p, l, a) ?? '';
  c.group(
    () => `${name}${words === '' ? '' : `: ${words}`}`,
    () => {
      c.number(2, TYPE);
      c.number(2, LENGTH);
      const text = TEXTS[a.type];
      if (text !== undefined) {
        c.text(a.length, text);
      } else {
        c.skip(a.length);
      }
    },
  );
  return c.parts[0] ?? { from: a.at, length: 0 };
}

export const stun: Protocol = new Protocol({
  name: 'stun',
  title: 'Session Traversal Utilities for NAT',
  column: 'STUN',
  found: { 'udp.port': [3478, 'any'], 'tcp.port': [3478, 'any'] },
  header: 4,
  messageLength: (p, l) => (isStun(p, l) ? 20 + p.u16(l.at + 2) : NO_MESSAGE),
  open: (p, l) => {
    return isStun(p, l) ? l.at + 20 + p.u16(l.at + 2) === l.end : isChannelData(p, l);
  },
  note: (p, l) => speakStun(p, l),
  fields: [
    uint16('stun.type', 'Message Type', 0, {
      hex: true,
      inside: [
        computed('stun.type.class', 'Message Class', 'uint16', (p, l) => (p.u16(l.at) & 0x0110) >> 4, {
          hex: true,
          place: (_, l) => [l.at, 2],
        }),
        computed('stun.type.method', 'Message Method', 'uint16', methodOf, {
          hex: true,
          names: METHODS,
          place: (_, l) => [l.at, 2],
        }),
      ],
    }),
    uint16('stun.length', 'Message Length', 2),
    computed('stun.cookie', 'Message Cookie', 'bytes', (p, l) => p.bytes(l.at + 4, l.at + 8), {
      place: (_, l) => [l.at + 4, 4],
    }),
    computed('stun.id', 'Message Transaction ID', 'bytes', (p, l) => p.bytes(l.at + 8, l.at + 20), {
      place: (_, l) => [l.at + 8, 12],
    }),
    parts((p, l) => attributes(p, l).map((a) => attributePart(p, l, a))),
    TYPE,
    LENGTH,
    USER,
    REALM_FIELD,
    SOFTWARE_FIELD,
  ],
  info: (p, l) =>
    !isStun(p, l)
      ? 'ChannelData TURN Message'
      : `${METHODS[methodOf(p, l)]} ${CLASSES[classOf(p, l)]}` +
        attributes(p, l)
          .map((a) => attributeInfo(p, l, a))
          .join(''),
});

/** Data of a channel (RFC 8656, section 12.4), in a conversation that has had messages. */
function isChannelData(p: PacketView, l: Layer): boolean {
  const length = p.u16(l.at + 2);
  const number = p.u16(l.at);
  return number >= 0x4000 && number < 0x5000 && l.at + 4 + length <= l.end && MEMORY.of(p, l)?.seen === true;
}

const MEMORY = new Memory<{ seen: boolean }>(() => ({ seen: false }));

function isStun(p: PacketView, l: Layer): boolean {
  return (
    l.at + 20 <= l.end &&
    p.u16(l.at) < 0x4000 &&
    p.u32(l.at + 4) === COOKIE &&
    // Lengths are multiples of 4, but not everybody's.
    (p.u16(l.at + 2) % 4 === 0 || l.at + 20 + p.u16(l.at + 2) === l.end) &&
    METHODS[methodOf(p, l)] !== undefined
  );
}

/** The conversation is not bound to STUN: media follow on the same ports. */
function speakStun(p: PacketView, l: Layer): void {
  const memory = MEMORY.of(p, l);
  if (memory !== undefined) {
    memory.seen = true;
  }
  if (l.below?.protocol.name === 'tcp') {
    speak(p, l);
  }
}
