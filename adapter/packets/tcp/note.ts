/** What the packets before say of a segment: its connection, relative numbers, what is noticeable. */
import type { Layer } from '../layer.ts';
import { A, type Analysis } from './analysis.ts';
import type { SegmentNote } from './assembly.ts';
import type { TcpConnection } from './connection.ts';

/** What a conversation knows about a segment's numbers. */
export interface TcpRelative {
  readonly stream: number;
  readonly seq: number;
  readonly ack: number;
  /** The advertised window, scaled. */
  readonly window: number;
}

/** All that is known of a segment. */
export class TcpNote {
  readonly connection: TcpConnection;
  readonly dir: 0 | 1;
  readonly relative: TcpRelative;
  readonly analysis: Analysis;
  /** What was seen of the connection before it. */
  readonly completeness: number;
  /** Seconds since the connection's first packet, and since its last one. */
  readonly since: number;
  readonly delta: number;
  /** What the sender's windows are multiplied with; `SCALE_` if that is not known, or nothing. */
  readonly scale: number;
  /** From the SYN to the end of the handshake; -1 if it has not been seen. */
  readonly initialRtt: number;
  /** True for the first of two FINs. */
  readonly closes: boolean;
  segment: SegmentNote | null = null;

  constructor(parts: Omit<TcpNote, 'segment'>) {
    this.connection = parts.connection;
    this.dir = parts.dir;
    this.relative = parts.relative;
    this.analysis = parts.analysis;
    this.completeness = parts.completeness;
    this.since = parts.since;
    this.delta = parts.delta;
    this.scale = parts.scale;
    this.initialRtt = parts.initialRtt;
    this.closes = parts.closes;
  }

  /** True for a segment whose bytes were there before, which nobody looks into. */
  get repeats(): boolean {
    const { flags } = this.analysis;
    return (flags & (A.retransmission | A.spuriousRetransmission | A.outOfOrder)) !== 0;
  }
}

/** The note of a TCP layer, if the packets before are known. */
export function tcpNote(l: Layer): TcpNote | undefined {
  return l.note instanceof TcpNote ? l.note : undefined;
}
