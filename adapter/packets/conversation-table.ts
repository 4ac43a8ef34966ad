/** Who talked with whom in a capture: endpoints, packets, bytes, times and state, and what was said (streams). */
import type { Capture } from './capture.ts';
import { walkCapture } from './capture-walk.ts';
import type { Layer } from './layer.ts';
import type { PacketView } from './packet-view.ts';
import { tcp } from './protocols/tcp.ts';
import { udp } from './protocols/udp.ts';
import { summary } from './summary.ts';
import { A } from './tcp/analysis.ts';
import { SEEN } from './tcp/connection.ts';
import { tcpNote } from './tcp/note.ts';
import { UdpNote } from './udp-conversations.ts';

export interface Conversation {
  readonly protocol: 'tcp' | 'udp' | 'other';
  /** `tcp.stream` or `udp.stream`; of others a number of their own. */
  readonly stream: number;
  /** The sides: the one that sent the first packet is A. */
  readonly a: string;
  readonly b: string;
  packetsAB: number;
  bytesAB: number;
  packetsBA: number;
  bytesBA: number;
  /** Number of its first packet, and seconds since the capture's first. */
  readonly first: number;
  readonly start: number;
  duration: number;
  /** Seconds of the handshake's round trip, or of the first acknowledgment; undefined if none was measured. */
  rtt: number | undefined;
  retransmissions: number;
  /** Of TCP: what has been seen of its opening and closing. */
  state: string;
}

/** The display filter that means the packets of a conversation, in either direction and wherever they pass. */
export function conversationFilter({ protocol, a, b }: Conversation): string {
  const sides = [a, b].map((end) => {
    const side = end === 'Broadcast' ? 'ff:ff:ff:ff:ff:ff' : end;
    const [, address = side, port] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(protocol === 'other' ? `[${side}]` : side) ?? [];
    const kind = /^[\da-f]{2}(?::[\da-f]{2}){5}$/i.test(address) ? 'eth' : address.includes(':') ? 'ipv6' : 'ip';
    return { kind, address, port };
  });
  const hosts = sides.map(({ kind, address }) => `${kind}.addr == ${address}`);
  const ports = sides.flatMap(({ port }) => (port === undefined ? [] : [`${protocol}.port == ${port}`]));
  return [...new Set([...hosts, ...ports])].join(' && ');
}

/** TCP flags. */
const [FIN, SYN, RST, ACK] = [1, 2, 4, 16];

interface Growing extends Conversation {
  seen: number;
  fins: number;
}

/** The conversations of a capture, in the order in which they began. */
export function conversationsOf(capture: Capture): readonly Conversation[] {
  const all = new Map<string, Growing>();
  for (const p of walkCapture(capture)) {
    add(all, p);
  }
  return [...all.values()].map(({ seen, fins, ...c }) => ({
    ...c,
    state: c.protocol === 'tcp' ? stateOf(seen, fins) : '',
  }));
}

function add(all: Map<string, Growing>, p: PacketView): void {
  const l = p.first(tcp) ?? p.first(udp);
  const [protocol, stream] = streamOf(l);
  const { source, destination } = summary(p);
  const [from, to] =
    l && stream >= 0 ? [end(source, p.u16(l.at)), end(destination, p.u16(l.at + 2))] : [source, destination];
  const key = stream >= 0 ? `${protocol} ${stream}` : [from, to].sort().join(' ');
  const seconds = p.frame?.seconds ?? 0;
  let c = all.get(key);
  if (!c) {
    const others = [...all.values()].filter((o) => o.protocol === protocol).length;
    const sums = { packetsAB: 0, bytesAB: 0, packetsBA: 0, bytesBA: 0, retransmissions: 0, seen: 0, fins: 0 };
    const ends = { protocol, stream: stream >= 0 ? stream : others, a: from, b: to };
    c = { ...ends, ...sums, first: p.number, start: seconds, duration: 0, rtt: undefined, state: '' };
    all.set(key, c);
  }
  const forwards = from === c.a;
  c.packetsAB += forwards ? 1 : 0;
  c.packetsBA += forwards ? 0 : 1;
  c.bytesAB += forwards ? p.wireLength : 0;
  c.bytesBA += forwards ? 0 : p.wireLength;
  c.duration = seconds - c.start;
  if (l && protocol === 'tcp') {
    addSegment(c, p, l, forwards);
  }
}

function addSegment(c: Growing, p: PacketView, l: Layer, forwards: boolean): void {
  const note = tcpNote(l);
  const flags = p.u8(l.at + 13);
  c.seen |= note?.connection.completeness ?? 0;
  c.fins |= flags & FIN ? (forwards ? 1 : 2) : 0;
  if (note) {
    const again = A.retransmission | A.fastRetransmission | A.spuriousRetransmission;
    c.retransmissions += note.analysis.flags & again ? 1 : 0;
    const measured =
      note.initialRtt >= 0 ? note.initialRtt : note.analysis.ackRtt >= 0 ? note.analysis.ackRtt : undefined;
    c.rtt = note.initialRtt >= 0 ? note.initialRtt : (c.rtt ?? measured);
  }
}

function streamOf(l: Layer | null): [Conversation['protocol'], number] {
  if (l === null) {
    return ['other', -1];
  }
  if (l.protocol === tcp) {
    return ['tcp', tcpNote(l)?.relative.stream ?? -1];
  }
  return ['udp', l.note instanceof UdpNote ? l.note.stream : -1];
}

function end(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** What has become of a connection, by what was seen of it. */
function stateOf(seen: number, fins: number): string {
  if (seen & SEEN.rst) {
    return 'reset';
  }
  if (fins === 3) {
    return 'closed';
  }
  if (fins !== 0) {
    return 'half closed';
  }
  if ((seen & SEEN.syn) !== 0 && (seen & (SEEN.synAck | SEEN.data)) === 0) {
    return 'SYN sent';
  }
  return (seen & (SEEN.ack | SEEN.data)) !== 0 ? 'open' : 'opening';
}

/** Bytes that one side said before the other spoke, or a datagram. */
export interface StreamPiece {
  /** 0: the side that sent the first packet. */
  readonly side: 0 | 1;
  readonly bytes: Uint8Array;
  /** The packet that brought it. */
  readonly packet: number;
}

export interface FollowedStream {
  /** Address and port of both sides. */
  readonly nodes: readonly [string, string];
  readonly pieces: readonly StreamPiece[];
  /** Bytes that were sent according to the numbers, and are not there. */
  readonly missing: number;
}

/** What was said over a stream, in order and each byte once; undefined if there is no such stream. */
export function followStream(capture: Capture, kind: 'tcp' | 'udp', stream: number): FollowedStream | undefined {
  let nodes: [string, string] | undefined;
  const pieces: StreamPiece[] = [];
  const sides = [new Side(), new Side()] as const;
  for (const p of walkCapture(capture)) {
    const l = p.first(kind === 'tcp' ? tcp : udp);
    if (l === null || streamOf(l)[1] !== stream) {
      continue;
    }
    const { source, destination } = summary(p);
    const from = end(source, p.u16(l.at));
    nodes ??= [from, end(destination, p.u16(l.at + 2))];
    const side = from === nodes[0] ? 0 : 1;
    const data = new Uint8Array(p.bytes(l.body, Math.min(l.end, l.wireEnd)));
    const adder = (of: 0 | 1) => (bytes: Uint8Array) => void pieces.push({ side: of, bytes, packet: p.number });
    if (kind === 'udp') {
      adder(side)(data);
    } else {
      const flags = p.u8(l.at + 13);
      sides[side].segment(p.u32(l.at + 4), data, (flags & SYN) !== 0, adder(side));
      if (flags & ACK && !(flags & RST)) {
        const other = side === 0 ? 1 : 0;
        sides[other].acknowledged(p.u32(l.at + 8), adder(other));
      }
    }
  }
  return nodes && { nodes, pieces, missing: sides[0].missing + sides[1].missing };
}

/** One direction of a connection, put in order. */
class Side {
  #next = -1;
  #waiting = new Map<number, Uint8Array>();
  missing = 0;

  segment(seq: number, data: Uint8Array, syn: boolean, add: (bytes: Uint8Array) => void): void {
    const at = syn ? (seq + 1) >>> 0 : seq;
    if (this.#next < 0) {
      this.#next = at;
    }
    if (data.length > 0) {
      const known = this.#waiting.get(at);
      if (!known || known.length < data.length) {
        this.#waiting.set(at, data);
      }
      this.#drain(add);
    }
  }

  /** The other side has all up to there: what is not here by now never came by. */
  acknowledged(ack: number, add: (bytes: Uint8Array) => void): void {
    while (this.#next >= 0 && this.#waiting.size > 0 && ((ack - this.#next) | 0) > 0) {
      const first = [...this.#waiting.keys()].sort((a, b) => (a - b) | 0)[0] ?? 0;
      if (((ack - first) | 0) <= 0) {
        return;
      }
      this.missing += Math.max(0, (first - this.#next) | 0);
      this.#next = first;
      this.#drain(add);
    }
  }

  #drain(add: (bytes: Uint8Array) => void): void {
    for (let again = true; again; ) {
      again = false;
      for (const [at, data] of this.#waiting) {
        const old = (this.#next - at) | 0;
        if (old < 0) {
          continue;
        }
        this.#waiting.delete(at);
        if (old < data.length) {
          add(data.subarray(old));
          this.#next = (at + data.length) >>> 0;
          again = true;
        }
      }
    }
  }
}
