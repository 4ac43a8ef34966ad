/** MQTT 3 and 5 (OASIS). */
import { Cursor } from '../cursor.ts';
import { bits, computed, parts, variable } from '../declare.ts';
import { hex, printable } from '../format.ts';
import { type Layer, MORE, NO_MESSAGE } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, type Part, Protocol } from '../protocol.ts';
import { Memory } from '../sessions.ts';

const CONNECT = 1;
const CONNACK = 2;
const PUBLISH = 3;
const SUBSCRIBE = 8;
const UNSUBSCRIBE = 10;
const TYPES: Names = {
  0: 'Reserved',
  [CONNECT]: 'Connect Command',
  [CONNACK]: 'Connect Ack',
  [PUBLISH]: 'Publish Message',
  4: 'Publish Ack',
  5: 'Publish Received',
  6: 'Publish Release',
  7: 'Publish Complete',
  [SUBSCRIBE]: 'Subscribe Request',
  9: 'Subscribe Ack',
  [UNSUBSCRIBE]: 'Unsubscribe Request',
  11: 'Unsubscribe Ack',
  12: 'Ping Request',
  13: 'Ping Response',
  14: 'Disconnect Req',
  15: 'Authentication Exchange',
};
const VERSIONS: Names = { 3: 'MQTT v3.1', 4: 'MQTT v3.1.1', 5: 'MQTT v5.0' };
const QOS: Names = {
  0: 'At most once delivery (Fire and Forget)',
  1: 'At least once delivery (Acknowledged deliver)',
  2: 'Exactly once delivery (Assured Delivery)',
  3: 'Reserved',
};

const LENGTH = variable('mqtt.len', 'Msg Len', 'uint32');
const NAME_LENGTH = variable('mqtt.proto_len', 'Protocol Name Length', 'uint16');
const NAME = variable('mqtt.protoname', 'Protocol Name', 'string');
const VERSION = variable('mqtt.ver', 'Version', 'uint8', { names: VERSIONS });
const CONNECT_FLAGS = variable('mqtt.conflags', 'Connect Flags', 'uint8', { hex: true });
const KEEP_ALIVE = variable('mqtt.kalive', 'Keep Alive', 'uint16');
const CLIENT_LENGTH = variable('mqtt.clientid_len', 'Client ID Length', 'uint16');
const CLIENT = variable('mqtt.clientid', 'Client ID', 'string');
const TOPIC_LENGTH = variable('mqtt.topic_len', 'Topic Length', 'uint16');
const TOPIC = variable('mqtt.topic', 'Topic', 'string');
const ID = variable('mqtt.msgid', 'Message Identifier', 'uint16');
const MESSAGE = variable('mqtt.msg', 'Message', 'bytes');
const USER_LENGTH = variable('mqtt.username_len', 'User Name Length', 'uint16');
const USER = variable('mqtt.username', 'User Name', 'string');
const PASSWORD_LENGTH = variable('mqtt.passwd_len', 'Password Length', 'uint16');
const PASSWORD = variable('mqtt.passwd', 'Password', 'string');

const MEMORY = new Memory<{ version: number }>(() => ({ version: 0 }));

/** The length behind the first byte, of up to four bytes of seven bits, and how many bytes it takes. */
function lengthAt(p: PacketView, at: number, end: number): { value: number; bytes: number } | undefined {
  let value = 0;
  for (let i = 0; i < 4 && at + i < end; i++) {
    value += (p.u8(at + i) & 127) * 128 ** i;
    if (p.u8(at + i) < 128) {
      return { value, bytes: i + 1 };
    }
  }
  return undefined;
}

function messageLength(p: PacketView, l: Layer): number {
  const length = lengthAt(p, l.at + 1, l.end);
  if (length === undefined) {
    return l.end - l.at < 5 ? MORE : NO_MESSAGE;
  }
  return 1 + length.bytes + length.value;
}

interface Walk {
  readonly parts: Part[];
  readonly id: number;
  readonly topics: string[];
}

function walk(p: PacketView, l: Layer): Walk {
  const c = new Cursor(p, l.at + 1, l.end);
  const type = p.u8(l.at) >> 4;
  const length = lengthAt(p, c.at, c.end);
  const topics: string[] = [];
  if (length === undefined) {
    return { parts: [], id: -1, topics };
  }
  c.bytes(length.bytes);
  const head: Part[] = [
    {
      field: LENGTH,
      value: length.value,
      from: l.at + 1,
      length: length.bytes,
      label: () => `Msg Len: ${length.value}`,
      text: () => String(length.value),
    },
  ];
  const body = c.within(length.value);
  const id = content(p, l, body, type, topics);
  return { parts: [...head, ...body.parts], id, topics };
}

function content(p: PacketView, l: Layer, c: Cursor, type: number, topics: string[]): number {
  const five = MEMORY.of(p, l)?.version === 5;
  let id = -1;
  switch (type) {
    case CONNECT:
      connect(c);
      break;
    case PUBLISH:
      topics.push(c.text(c.number(2, TOPIC_LENGTH), TOPIC));
      id = p.u8(l.at) & 6 ? c.number(2, ID) : -1;
      properties(c, five);
      if (c.left > 0) {
        c.bytes(c.left, MESSAGE);
      }
      break;
    case SUBSCRIBE:
    case UNSUBSCRIBE:
      id = c.number(2, ID);
      properties(c, five);
      while (c.left >= 2) {
        topics.push(c.text(c.number(2, TOPIC_LENGTH), TOPIC));
        c.skip(type === SUBSCRIBE ? 1 : 0);
      }
      break;
    case 4:
    case 5:
    case 6:
    case 7:
    case 9:
    case 11:
      id = c.number(2, ID);
      break;
    default:
      break;
  }
  return id;
}

function properties(c: Cursor, five: boolean): void {
  const length = five ? lengthAt(c.p, c.at, c.end) : undefined;
  c.skip(length === undefined ? 0 : Math.min(c.left, length.bytes + length.value));
}

function connect(c: Cursor): void {
  c.text(c.number(2, NAME_LENGTH), NAME);
  const version = c.number(1, VERSION);
  const flags = c.number(1, CONNECT_FLAGS);
  c.number(2, KEEP_ALIVE);
  properties(c, version === 5);
  c.text(c.number(2, CLIENT_LENGTH), CLIENT);
  if (flags & 4) {
    properties(c, version === 5);
    c.skip(c.number(2));
    c.skip(c.number(2));
  }
  if (flags & 0x80) {
    c.text(c.number(2, USER_LENGTH), USER);
  }
  if (flags & 0x40) {
    c.text(c.number(2, PASSWORD_LENGTH), PASSWORD);
  }
}

function info(p: PacketView, l: Layer): string {
  const { id, topics } = walk(p, l);
  const name = TYPES[p.u8(l.at) >> 4] ?? '';
  return `${name}${id < 0 ? '' : ` (id=${id})`}${topics.map((t) => ` [${printable(t)}]`).join('')}`;
}

export const mqtt: Protocol = new Protocol({
  name: 'mqtt',
  title: 'MQ Telemetry Transport Protocol',
  column: 'MQTT',
  found: { 'tcp.port': [1883] },
  header: 2,
  messageLength,
  note: (p, l) => {
    const memory = MEMORY.of(p, l);
    const version = walk(p, l).parts.find((x) => x.field === VERSION)?.value;
    if (memory !== undefined && typeof version === 'number') {
      memory.version = version;
    }
  },
  line: (p, l) => `MQ Telemetry Transport Protocol, ${TYPES[p.u8(l.at) >> 4]}`,
  fields: [
    computed('mqtt.hdrflags', 'Header Flags', 'uint8', (p, l) => p.u8(l.at), {
      hex: true,
      place: (_, l) => [l.at, 1],
      label: (p, l) => `Header Flags: ${hex(p.u8(l.at), 2)}, Message Type: ${TYPES[p.u8(l.at) >> 4]}`,
      inside: [
        bits('mqtt.msgtype', 'Message Type', { off: 0, width: 8, mask: 0xf0 }, { names: TYPES }),
        bits('mqtt.dupflag', 'DUP Flag', { off: 0, width: 8, mask: 0x08 }, { when: isPublish }),
        bits('mqtt.qos', 'QoS Level', { off: 0, width: 8, mask: 0x06 }, { when: isPublish, names: QOS }),
        bits('mqtt.retain', 'Retain', { off: 0, width: 8, mask: 0x01 }, { when: isPublish }),
      ],
    }),
    parts((p, l) => walk(p, l).parts),
    LENGTH,
    NAME_LENGTH,
    NAME,
    VERSION,
    CONNECT_FLAGS,
    KEEP_ALIVE,
    CLIENT_LENGTH,
    CLIENT,
    TOPIC_LENGTH,
    TOPIC,
    ID,
    MESSAGE,
    USER_LENGTH,
    USER,
    PASSWORD_LENGTH,
    PASSWORD,
  ],
  info,
});

function isPublish(p: PacketView, l: Layer): boolean {
  return p.u8(l.at) >> 4 === PUBLISH;
}
