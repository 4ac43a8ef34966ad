/** SSH (RFC 4253): banners, the names of packets up to the new keys, and the lengths of encrypted ones. */
import { Cursor } from '../cursor.ts';
import { computed, parts, variable } from '../declare.ts';
import { printable } from '../format.ts';
import { type Layer, MORE, NO_MESSAGE } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type FieldDeclaration, type Names, type Part, Protocol } from '../protocol.ts';
import { fromClient, Memory, speak, transportOf } from '../sessions.ts';
import { lineAt } from './header-lines.ts';

const KEXINIT = 20;
const NEWKEYS = 21;
const MESSAGES: Names = {
  1: 'Disconnect',
  2: 'Ignore',
  3: 'Unimplemented',
  4: 'Debug',
  5: 'Service Request',
  6: 'Service Accept',
  [KEXINIT]: 'Key Exchange Init',
  [NEWKEYS]: 'New Keys',
};
/** Messages of the key exchange, which mean what the method says. */
const DH: Names = { 30: 'Diffie-Hellman Key Exchange Init', 31: 'Diffie-Hellman Key Exchange Reply' };
const ECDH: Names = {
  30: 'Elliptic Curve Diffie-Hellman Key Exchange Init',
  31: 'Elliptic Curve Diffie-Hellman Key Exchange Reply',
};
const GROUP_EXCHANGE: Names = {
  30: 'Diffie-Hellman Group Exchange Request (Old)',
  31: 'Diffie-Hellman Group Exchange Group',
  32: 'Diffie-Hellman Group Exchange Init',
  33: 'Diffie-Hellman Group Exchange Reply',
  34: 'Diffie-Hellman Group Exchange Request',
};
const MAX_PACKET = 35000;

const PROTOCOL = variable('ssh.protocol', 'Protocol', 'string');
const LENGTH = variable('ssh.packet_length', 'Packet Length', 'uint32');
const PADDING = variable('ssh.padding_length', 'Padding Length', 'uint8');
const CODE = variable('ssh.message_code', 'Message Code', 'uint8', { names: MESSAGES });
const COOKIE = variable('ssh.cookie', 'Cookie', 'bytes');
const LISTS: readonly (readonly [length: FieldDeclaration, list: FieldDeclaration])[] = [
  'kex_algorithms',
  'server_host_key_algorithms',
  'encryption_algorithms_client_to_server',
  'encryption_algorithms_server_to_client',
  'mac_algorithms_client_to_server',
  'mac_algorithms_server_to_client',
  'compression_algorithms_client_to_server',
  'compression_algorithms_server_to_client',
  'languages_client_to_server',
  'languages_server_to_client',
].map((name) => [
  variable(`ssh.${name}_length`, `${name} length`, 'uint32'),
  variable(`ssh.${name}`, `${name} string`, 'string'),
]);
const KEX = 0;
const ENCRYPTION = 2;

/** What a side has offered, and since which packet it encrypts. */
class SshSide {
  banner = '';
  offers: readonly string[] = [];
  encryptedFrom = Number.POSITIVE_INFINITY;
}

class SshMemory {
  readonly client = new SshSide();
  readonly server = new SshSide();
  /** Number of the packet after the client's banner: from it on the version is known. */
  versionFrom = Number.POSITIVE_INFINITY;
}

const MEMORY = new Memory(() => new SshMemory());
const PORTS = [22];

function isClient(p: PacketView, l: Layer): boolean {
  const t = transportOf(l);
  if (t !== null && PORTS.includes(t.key) !== PORTS.includes(t.otherKey)) {
    return PORTS.includes(t.otherKey);
  }
  return fromClient(p, l);
}

function sideOf(p: PacketView, l: Layer): SshSide | undefined {
  const memory = MEMORY.of(p, l);
  return isClient(p, l) ? memory?.client : memory?.server;
}

function isBanner(p: PacketView, l: Layer): boolean {
  return l.at + 4 <= l.end && p.u32(l.at) === 0x5353482d;
}

/** Whether a side encrypts by now. */
function isEncrypted(p: PacketView, l: Layer): boolean {
  const from = sideOf(p, l)?.encryptedFrom;
  return from !== undefined && p.number > from;
}

interface SshPacket {
  readonly at: number;
  readonly length: number;
  readonly code: number;
}

/** Packets that are not encrypted, up to the new keys. */
function packets(p: PacketView, l: Layer): SshPacket[] {
  const out: SshPacket[] = [];
  for (let at = l.at; at + 6 <= l.end; ) {
    const length = p.u32(at);
    const code = p.u8(at + 5);
    if (length < 5 || length > MAX_PACKET || code === 0) {
      break;
    }
    out.push({ at, length, code });
    at += 4 + length;
    if (code === NEWKEYS) {
      break;
    }
  }
  return out;
}

function messageLength(p: PacketView, l: Layer): number {
  if (isBanner(p, l)) {
    const line = lineAt(p, l.at, l.end);
    return line === undefined ? MORE : line.next - l.at;
  }
  if (!isUsual(p, l)) {
    return NO_MESSAGE;
  }
  if (isEncrypted(p, l)) {
    return l.end - l.at;
  }
  const all = packets(p, l);
  const [first] = all;
  if (first === undefined) {
    return l.end - l.at < 6 ? MORE : l.end - l.at;
  }
  const whole = all.filter((x) => x.at + 4 + x.length <= l.end).at(-1) ?? first;
  // Behind the new keys everything is encrypted.
  return whole.code === NEWKEYS && whole !== first ? l.end - l.at : whole.at + 4 + whole.length - l.at;
}

/** The name that both sides agree on: the client's first one that the server has. */
function agreed(memory: SshMemory, list: number): string {
  const [client = '', server = ''] = [memory.client.offers[list], memory.server.offers[list]];
  const known = server.split(',');
  return client.split(',').find((name) => known.includes(name)) ?? '';
}

function exchangeNames(memory: SshMemory | undefined): Names {
  const method = memory === undefined ? '' : agreed(memory, KEX);
  return method.startsWith('diffie-hellman-group-exchange') ? GROUP_EXCHANGE : method.startsWith('diffie') ? DH : ECDH;
}

function nameOf(p: PacketView, l: Layer, code: number): string {
  return MESSAGES[code] ?? exchangeNames(MEMORY.of(p, l))[code] ?? `Unknown (${code})`;
}

function offersOf(p: PacketView, packet: SshPacket, end: number): Cursor {
  const c = new Cursor(p, packet.at + 6, Math.min(packet.at + 4 + packet.length, end));
  c.bytes(16, COOKIE);
  for (const [length, list] of LISTS) {
    c.text(c.number(4, length), list);
  }
  return c;
}

function note(p: PacketView, l: Layer): void {
  const memory = MEMORY.of(p, l);
  const side = sideOf(p, l);
  if (memory === undefined || side === undefined || isEncrypted(p, l)) {
    return;
  }
  if (isBanner(p, l)) {
    side.banner = lineAt(p, l.at, l.end)?.text ?? '';
    if (side === memory.client) {
      memory.versionFrom = Math.min(memory.versionFrom, p.number + 1);
    }
    speak(p, l);
    return;
  }
  for (const packet of packets(p, l)) {
    if (packet.code === KEXINIT) {
      const texts = offersOf(p, packet, l.end).parts.filter((x) => typeof x.value === 'string');
      side.offers = texts.map((x) => String(x.value));
    } else if (packet.code === NEWKEYS) {
      side.encryptedFrom = Math.min(side.encryptedFrom, p.number);
    }
  }
}

function sshParts(p: PacketView, l: Layer): Part[] {
  if (isBanner(p, l)) {
    const text = lineAt(p, l.at, l.end)?.text ?? '';
    const c = new Cursor(p, l.at, l.end);
    c.text(text.length, PROTOCOL);
    return c.parts;
  }
  if (isEncrypted(p, l)) {
    return [];
  }
  return packets(p, l).flatMap((packet) => {
    const c = new Cursor(p, packet.at, Math.min(packet.at + 4 + packet.length, l.end));
    c.group(
      () => 'SSH Version 2',
      () => {
        c.number(4, LENGTH);
        c.number(1, PADDING);
        c.number(1, CODE, { label: () => `Message Code: ${nameOf(p, l, packet.code)} (${packet.code})` });
        if (packet.code === KEXINIT) {
          c.parts.push(...offersOf(p, packet, l.end).parts);
        }
      },
    );
    return c.parts;
  });
}

function encryptedWords(p: PacketView, l: Layer): string {
  const memory = MEMORY.of(p, l);
  const cipher = memory === undefined ? '' : agreed(memory, ENCRYPTION + Number(!isClient(p, l)));
  // The length of a packet is encrypted with this cipher; nothing is said of it.
  return /^(chacha20|aes\d+-gcm)/.test(cipher) ? '' : `Encrypted packet (len=${l.end - l.at})`;
}

function info(p: PacketView, l: Layer): string {
  const side = isClient(p, l) ? 'Client' : 'Server';
  if (isBanner(p, l)) {
    return `${side}: Protocol (${printable(lineAt(p, l.at, l.end)?.text ?? '')})`;
  }
  const all = isEncrypted(p, l) ? [] : packets(p, l);
  return `${side}: ${all.length === 0 ? encryptedWords(p, l) : all.map((x) => nameOf(p, l, x.code)).join(', ')}`;
}

export const ssh: Protocol = new Protocol({
  name: 'ssh',
  title: 'SSH Protocol',
  column: 'SSH',
  found: { 'tcp.port': [...PORTS, 'any'] },
  header: 1,
  messageLength,
  open: (p, l) => isBanner(p, l) || isUsual(p, l),
  note,
  fields: [
    parts(sshParts),
    PROTOCOL,
    LENGTH,
    PADDING,
    CODE,
    COOKIE,
    ...LISTS.flat(),
    computed('ssh.direction', 'Direction', 'boolean', (p, l) => !isClient(p, l), {
      label: (p, l) => `[Direction: ${isClient(p, l) ? 'client-to-server' : 'server-to-client'}]`,
    }),
  ],
  columnOf: (p, l) => (p.number >= (MEMORY.of(p, l)?.versionFrom ?? Number.POSITIVE_INFINITY) ? 'SSHv2' : 'SSH'),
  info,
});

function isUsual(p: PacketView, l: Layer): boolean {
  const t = transportOf(l);
  const side = sideOf(p, l);
  return (t !== null && (PORTS.includes(t.key) || PORTS.includes(t.otherKey))) || (side?.banner ?? '') !== '';
}
