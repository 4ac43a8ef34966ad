/** Takes note of the segments of a capture or of an edge, connection by connection. */

import { endpointsOf } from '../endpoints.ts';
import type { Layer } from '../layer.ts';
import { BoundedMap, type Memory, MemoryKind } from '../memory.ts';
import type { PacketView } from '../packet-view.ts';
import { sackedBytes, windowShift } from '../protocols/tcp-options.ts';
import { elapsed } from '../times.ts';
import { A, analyze } from './analysis.ts';
import { StreamAssembly } from './assembly.ts';
import { MAX_WINDOW_SHIFT, SCALE_NONE, SCALE_UNKNOWN, SEEN, TcpConnection, type TcpSide } from './connection.ts';
import { TcpNote, type TcpRelative } from './note.ts';

const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;

/** The connections of a memory by their ends. */
export class TcpConnections {
  readonly byEnds = new BoundedMap<string, { readonly connection: TcpConnection; readonly streams: Streams }>();
  count = 0;
}

type Streams = readonly [StreamAssembly, StreamAssembly];

export const TCP_CONNECTIONS: MemoryKind<TcpConnections> = new MemoryKind(() => new TcpConnections());

/** Takes note of a segment. */
export function rememberSegment(p: PacketView, l: Layer, memory: Memory): TcpNote {
  const table = TCP_CONNECTIONS.of(memory);
  const { key, dir } = endpointsOf(p, l);
  const flags = p.u8(l.at + 13);
  const seq = p.u32(l.at + 4);
  const opening = (flags & (SYN | ACK)) === SYN;
  let entry = table.byEnds.get(key);
  const isn = entry?.connection.sides[dir].isn ?? -1;
  const reused = (flags & SYN) !== 0 && isn >= 0 && isn !== seq;
  // An answer with another number than before does not begin a connection, as its request would have.
  if (entry === undefined || (reused && opening)) {
    const connection = new TcpConnection(table.count++, memory.seconds);
    connection.announced = p.sessions?.isExpected(p, l) === true;
    entry = { connection, streams: [new StreamAssembly(), new StreamAssembly()] };
    table.byEnds.set(key, entry);
  }
  const note = noteOf(p, l, entry.connection, dir, memory);
  if (reused) {
    note.analysis.flags |= A.reusedPorts;
  }
  if (l.end > l.body) {
    const ends = (flags & (FIN | RST)) !== 0;
    note.segment = entry.streams[dir].segment(p, l, seq, ends, note.repeats);
  }
  return note;
}

function noteOf(p: PacketView, l: Layer, c: TcpConnection, dir: 0 | 1, memory: Memory): TcpNote {
  const me = c.sides[dir];
  const peer = c.sides[dir === 0 ? 1 : 0];
  const segment = {
    seq: p.u32(l.at + 4),
    ack: p.u32(l.at + 8),
    length: l.wireEnd - l.body,
    flags: p.u8(l.at + 13),
    window: p.u16(l.at + 14),
    sacked: sackedBytes(p, l),
    frame: memory.number,
    seconds: memory.seconds,
  };
  const { completeness, lastSeconds } = c;
  takeBases(p, l, c, me, peer, segment);
  const finishes = (segment.flags & FIN) !== 0;
  if (finishes) {
    c.closer ??= dir;
  }
  const analysis = analyze(c, dir, segment);
  seen(c, segment.flags, segment.length);
  c.lastSeconds = memory.seconds;
  c.packets++;
  return new TcpNote({
    connection: c,
    dir,
    relative: relativeOf(c.stream, me, peer, segment),
    analysis,
    completeness,
    since: elapsed(c.firstSeconds, memory.seconds),
    delta: elapsed(lastSeconds, memory.seconds),
    scale: scaleOf(me, peer),
    initialRtt: c.initialRtt,
    closes: finishes && c.closer === dir,
    repeats: false,
  });
}

interface Numbers {
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  readonly window: number;
  readonly seconds: number;
}

/** Where the relative numbers begin, the window scales, and the time of the handshake. */
function takeBases(p: PacketView, l: Layer, c: TcpConnection, me: TcpSide, peer: TcpSide, s: Numbers): void {
  if (s.flags & SYN) {
    me.isn = s.seq;
    const shift = windowShift(p, l);
    me.wscale = shift < 0 ? SCALE_NONE : shift;
    c.serverPort = s.flags & ACK ? p.u16(l.at) : p.u16(l.at + 2);
    if ((s.flags & ACK) === 0) {
      c.synSeconds = s.seconds;
    }
  } else if (me.isn < 0) {
    me.isn = (s.seq - 1) >>> 0;
  }
  if (s.flags & ACK && peer.isn < 0) {
    peer.isn = (s.ack - 1) >>> 0;
  }
  if ((s.flags & (SYN | ACK)) === ACK && c.initialRtt < 0 && c.synSeconds >= 0) {
    c.initialRtt = elapsed(c.synSeconds, s.seconds);
  }
}

/** What of a connection's course a segment is. The first one counts if it opens it, unannounced. */
function seen(c: TcpConnection, flags: number, length: number): void {
  if (c.packets === 0 && (c.announced || (flags & (SYN | ACK)) !== SYN)) {
    return;
  }
  if (flags & SYN) {
    c.completeness |= flags & ACK ? SEEN.synAck : SEEN.syn;
  } else if (flags & ACK && length === 0) {
    c.completeness |= SEEN.ack;
  }
  c.completeness |= (length > 0 ? SEEN.data : 0) | (flags & FIN ? SEEN.fin : 0) | (flags & RST ? SEEN.rst : 0);
}

/** What a side's windows are multiplied with; if one of two sides does not offer it, neither has it. */
function scaleOf(me: TcpSide, peer: TcpSide): number {
  if (me.wscale === SCALE_UNKNOWN) {
    return peer.wscale === SCALE_NONE ? SCALE_NONE : SCALE_UNKNOWN;
  }
  return me.wscale === SCALE_NONE || peer.wscale === SCALE_NONE
    ? SCALE_NONE
    : 2 ** Math.min(MAX_WINDOW_SHIFT, me.wscale);
}

function relativeOf(stream: number, me: TcpSide, peer: TcpSide, s: Numbers): TcpRelative {
  const scale = s.flags & SYN ? 1 : Math.max(1, scaleOf(me, peer));
  return {
    stream,
    seq: (s.seq - Math.max(0, me.isn)) >>> 0,
    ack: s.flags & ACK ? (s.ack - Math.max(0, peer.isn)) >>> 0 : s.ack,
    window: s.window * scale,
  };
}
