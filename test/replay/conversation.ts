/** Captures of two hosts that no user network knows: packets of TCP conversations, one after the other. */
import { type PacketToWrite, type PcapOptions, writePcap } from '../../adapter/packets/pcap.ts';
import { ACK, type Data, FIN, ip, join, mss, PSH, RST, SYN, tcp, u16 } from '../kit/frames.ts';
import { tcp6 } from '../kit/frames6.ts';

/** A host; `address` is an IPv4 address, or the 16 bytes of an IPv6 one. */
export interface Station {
  readonly address: number | Uint8Array;
  readonly mac: readonly number[];
  readonly port: number;
}

export const CLIENT: Station = { address: ip('192.168.77.1'), mac: [2, 0, 0, 0, 0, 1], port: 51000 };
export const SERVER: Station = { address: ip('192.168.77.2'), mac: [2, 0, 0, 0, 0, 2], port: 80 };

/** What may differ from the usual in a segment. */
export interface Shape {
  readonly flags?: number;
  readonly win?: number;
  readonly opt?: Data;
  /** How far behind its place in the stream it begins. */
  readonly at?: number;
  readonly badSum?: boolean;
}

/** One end of a conversation. */
class End {
  readonly station: Station;
  /** Next sequence number to send. */
  next: number;
  /** Options of its SYN. */
  readonly opt: Data;
  /** What it has said, for comparing. */
  said: Uint8Array = new Uint8Array(0);
  constructor(station: Station, iss: number, opt: Data) {
    this.station = station;
    this.next = iss;
    this.opt = opt;
  }
}

export interface ConversationOptions {
  readonly client?: Station;
  readonly server?: Station;
  readonly clientOpt?: Data;
  readonly serverOpt?: Data;
  readonly iss?: readonly [client: number, server: number];
}

/** A TCP conversation: each call makes the next frame, which it returns and keeps in `frames`. */
export class Conversation {
  readonly frames: Uint8Array[] = [];
  readonly client: End;
  readonly server: End;

  constructor(o: ConversationOptions = {}) {
    const [client, server] = o.iss ?? [1000, 0xffffff00];
    this.client = new End(o.client ?? CLIENT, client, o.clientOpt ?? mss(1460));
    this.server = new End(o.server ?? SERVER, server, o.serverOpt ?? mss(1460));
  }

  #segment(from: End, to: End, flags: number, data: Data, o: Shape): Uint8Array {
    const shape = { win: o.win ?? 65535, opt: o.opt ?? [], data, ...(o.badSum ? { badSum: true } : {}) };
    const [a, b] = [from.station, to.station];
    const link = { mac: a.mac, to: b.mac };
    const [seq, ack] = [(from.next + (o.at ?? 0)) >>> 0, flags & ACK ? to.next : 0];
    const frame =
      typeof a.address === 'number'
        ? tcp(a.port, b.port, flags, seq, ack, { ...shape, ...link, src: a.address, dst: b.address as number })
        : tcp6(a.port, b.port, flags, seq, ack, { ...shape, ...link, src: a.address, dst: b.address as Uint8Array });
    this.frames.push(frame);
    return frame;
  }

  #ends(from: 'client' | 'server'): [End, End] {
    return from === 'client' ? [this.client, this.server] : [this.server, this.client];
  }

  /** A segment that says something new, or nothing. */
  say(from: 'client' | 'server', data: Data, o: Shape = {}): Uint8Array {
    const [me, peer] = this.#ends(from);
    const flags = o.flags ?? ACK | (data.length > 0 ? PSH : 0);
    const frame = this.#segment(me, peer, flags, data, o);
    me.next = (me.next + data.length + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0)) >>> 0;
    me.said = join(me.said, data);
    return frame;
  }

  /** All three segments of the handshake. */
  open(): this {
    this.say('client', '', { flags: SYN, opt: this.client.opt });
    this.say('server', '', { flags: SYN | ACK, opt: this.server.opt });
    this.say('client', '');
    return this;
  }

  /** `from` says something in segments of `size` bytes, and the other one acknowledges each. */
  tell(from: 'client' | 'server', data: Uint8Array | string, size = 1460): this {
    const all = typeof data === 'string' ? Buffer.from(data, 'latin1') : data;
    for (let at = 0; at < all.length; at += size) {
      this.say(from, all.subarray(at, at + size));
      this.say(from === 'client' ? 'server' : 'client', '');
    }
    return this;
  }

  /** Both close, `first` before the other. */
  close(first: 'client' | 'server' = 'client'): this {
    const second = first === 'client' ? 'server' : 'client';
    this.say(first, '', { flags: FIN | ACK });
    this.say(second, '', { flags: FIN | ACK });
    this.say(first, '');
    return this;
  }

  reset(from: 'client' | 'server'): this {
    this.say(from, '', { flags: RST | ACK });
    return this;
  }
}

/** A request, an answer, and the end: what most tests change something of. */
export function webPage(o: ConversationOptions = {}, answer: Uint8Array | string = 'HTTP/1.0 200 OK\r\n\r\nhello\n') {
  return new Conversation(o).open().tell('client', 'GET / HTTP/1.0\r\n\r\n').tell('server', answer).close('server');
}

/** A capture with a packet each 10 ms, from 1000 s after the epoch on. */
export function captureOf(frames: readonly Uint8Array[], options: PcapOptions = {}): Uint8Array {
  return writePcap(timed(frames), options);
}

/** Packets 10 ms apart. */
export function timed(frames: readonly Uint8Array[]): PacketToWrite[] {
  return frames.map((data, i) => ({ tsSec: 1000 + Math.floor(i / 100), tsNsec: (i % 100) * 1e7, data }));
}

/** The frame without its Ethernet header, and the type that this has. */
const packetOf = (frame: Uint8Array): Uint8Array => frame.subarray(14);
const typeOf = (frame: Uint8Array): Uint8Array => frame.subarray(12, 14);
const isClients = (frame: Uint8Array): boolean => frame[11] === CLIENT.mac[5];

/** How link layers carry IP: the number of the link type, and what becomes of an Ethernet frame. */
export interface LinkLayerCase {
  readonly name: string;
  readonly linktype: number;
  readonly wrap: (frame: Uint8Array) => Uint8Array;
}

const macs = (f: Uint8Array): Uint8Array => f.subarray(0, 12);

export const LINK_LAYERS: readonly LinkLayerCase[] = [
  { name: 'Ethernet', linktype: 1, wrap: (f) => f },
  { name: 'VLAN', linktype: 1, wrap: (f) => join(macs(f), [0x81, 0, 0, 7], f.subarray(12)) },
  {
    name: 'QinQ',
    linktype: 1,
    wrap: (f) => join(macs(f), [0x88, 0xa8, 0, 7, 0x81, 0, 0, 8], f.subarray(12)),
  },
  {
    name: 'PPPoE',
    linktype: 1,
    wrap: (f) => join(macs(f), [0x88, 0x64, 0x11, 0, 0, 1], u16(f.length - 12), [0, 0x21], packetOf(f)),
  },
  {
    name: 'MPLS with two labels',
    linktype: 1,
    wrap: (f) => join(macs(f), [0x88, 0x47, 0, 1, 0, 64, 0, 2, 1, 64], packetOf(f)),
  },
  {
    name: 'SNAP in 802.3',
    linktype: 1,
    wrap: (f) => join(macs(f), u16(f.length - 6), [0xaa, 0xaa, 3, 0, 0, 0], f.subarray(12)),
  },
  {
    name: 'SLL',
    linktype: 113,
    wrap: (f) => join([0, isClients(f) ? 4 : 0, 0, 1, 0, 6], new Uint8Array(8), typeOf(f), packetOf(f)),
  },
  {
    name: 'SLL2',
    linktype: 276,
    wrap: (f) => join(typeOf(f), [0, 0, 0, 0, 0, 1, 0, 1, isClients(f) ? 4 : 0, 6], new Uint8Array(8), packetOf(f)),
  },
  { name: 'NULL, little-endian', linktype: 0, wrap: (f) => join([2, 0, 0, 0], packetOf(f)) },
  { name: 'NULL, big-endian', linktype: 0, wrap: (f) => join([0, 0, 0, 2], packetOf(f)) },
  { name: 'LOOP', linktype: 108, wrap: (f) => join([0, 0, 0, 2], packetOf(f)) },
  { name: 'RAW', linktype: 101, wrap: packetOf },
  { name: 'RAW as a DLT', linktype: 12, wrap: packetOf },
  { name: 'IPV4', linktype: 228, wrap: packetOf },
  { name: 'PPP', linktype: 9, wrap: (f) => join([0xff, 3, 0, 0x21], packetOf(f)) },
  { name: 'PPP, compressed', linktype: 9, wrap: (f) => join([0x21], packetOf(f)) },
];
