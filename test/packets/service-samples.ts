/** Small captures of services over TCP and UDP: more of `layer-samples.ts`. */
import { ACK, bytes, type Data, hex, join, SYN, tcp, u16, u32, udp } from '../kit/frames.ts';
import { ANSWER, ask, PLAIN, talk } from './talk.ts';

/** Numbers with the least significant byte first. */
const le16 = (n: number): Uint8Array => Uint8Array.from(u16(n)).reverse();
const le32 = (n: number): Uint8Array => Uint8Array.from(u32(n)).reverse();

/** A name of NetBIOS: 16 bytes, two letters each. */
function netbiosName(name: string, suffix: number): Uint8Array {
  const plain = join(name.padEnd(15), [suffix]);
  return join([32], ...Array.from(plain, (b) => [0x41 + (b >> 4), 0x41 + (b & 15)]), [0]);
}

/** A datagram of NetBIOS between two names. */
function netbios(data: Data, type = 0x11): Uint8Array {
  const names = join(netbiosName('HOST', 0x20), netbiosName('GROUP', 0x1d));
  const length = names.length + bytes(data).length;
  return udp(138, 138, join([type, 0x0a], hex('0001 0a00020f'), u16(138), u16(length), u16(0), names, data), PLAIN);
}

/** What SMB writes to a mail slot. */
function mailslot(data: Data, name = '\\MAILSLOT\\BROWSE'): Uint8Array {
  const size = bytes(data).length;
  const slot = join(name, [0]);
  const words = join(
    ...[0, size, 0, 0, 0, 0].map(le16),
    le32(1000),
    ...[0, 0, 0, size, 69 + slot.length, 3, 1, 0, 2].map(le16),
  );
  return netbios(join([0xff], 'SMB', [0x25], new Uint8Array(27), [17], words, le16(slot.length + size), slot, data));
}

const announcement = (command: number, kind: number): Uint8Array =>
  join([command, 3], le32(60000), 'NAME'.padEnd(16, '\0'), [6, 1], le32(kind), hex('0f0155aa'), 'a comment', [0]);

/** An object of DRDA with its header. */
const object = (code: number, data: Data = []): Uint8Array => {
  const inner = join(u16(bytes(data).length + 4), u16(code), data);
  return join(u16(inner.length + 6), hex('d0410001'), inner);
};

const coin = (command: string, data: Data): Uint8Array =>
  join(hex('f9beb4d9'), command.padEnd(12, '\0'), le32(bytes(data).length), hex('01020304'), data);

const ldp = (body: Data, length = bytes(body).length + 6): Uint8Array =>
  join(u16(1), u16(length), hex('0a000101 0000'), body);
const HELLO = hex('0100 000c 00000007 0400 0004 000f 0000');
const KEEP_ALIVE = hex('0201 0004 00000008');

export const SERVICES: Readonly<Record<string, readonly Uint8Array[]>> = {
  browser: [
    mailslot(announcement(1, 0xffffffff)),
    mailslot(announcement(15, 0x80040003)),
    mailslot(announcement(12, 0)),
    mailslot(join([2, 0], 'ME', [0])),
    mailslot(hex('09 04 01000000')),
    mailslot(hex('77 01')),
    mailslot(hex('01 00 00 00'), '\\MAILSLOT\\OTHER'),
    netbios('some data'),
    udp(138, 138, hex('130a 0001 0a00020f 008a 82'), PLAIN),
    udp(138, 138, join(hex('140a 0001 0a00020f 008a'), netbiosName('X', 0)), PLAIN),
  ],
  drda: talk(
    50000,
    ['>', join(object(0x1041, 'x'), object(0x106d))],
    ['<', object(0x1443, 'abc')],
    ['>', object(0x200e).subarray(0, 5)],
    ['>', object(0x200e).subarray(5)],
    ['>', hex('000a d001 0001 0004 ffff')],
  ),
  bitcoin: talk(
    8333,
    ['>', coin('version', new Uint8Array(85))],
    ['<', join(coin('inv', [0]), coin('addr', [0]))],
    ['>', coin('version', new Uint8Array(85)).subarray(0, 30)],
    ['>', coin('version', new Uint8Array(85)).subarray(30)],
  ),
  ldp: [
    ask(646, ldp(join(HELLO, KEEP_ALIVE))),
    ask(646, ldp(join(HELLO, hex('0999 0004 00000000 3e01 0004 00000000')))),
    ask(646, ldp(hex('0100 0002 0000'))),
    ask(646, ldp(join(HELLO, [1, 2]))),
    ask(646, ldp([])),
    ...talk(646, ['>', join(ldp(HELLO), ldp(KEEP_ALIVE))]),
  ],
  // An answer that is given again with another number.
  handshake: [
    tcp(40000, 80, SYN, 1000, 0, PLAIN),
    tcp(80, 40000, SYN | ACK, 5000, 1001, ANSWER),
    tcp(80, 40000, SYN | ACK, 9000, 1001, ANSWER),
    tcp(40000, 80, ACK, 1001, 5001, PLAIN),
  ],
};
