/** What is remembered of a TCP connection. */

/** Segments that wait for their acknowledgment, remembered for each side at most. */
const MAX_UNACKED = 4096;

/** The largest shift of a window that counts (RFC 7323, 2.3). */
export const MAX_WINDOW_SHIFT = 14;

/** The window scale of a side is not known, or it has none. */
export const SCALE_UNKNOWN = -1;
export const SCALE_NONE = -2;

/** A segment that has not been acknowledged. */
export interface Unacked {
  readonly frame: number;
  readonly seconds: number;
  seq: number;
  readonly next: number;
  /** Its bytes, without the numbers that SYN and FIN take. */
  readonly from: number;
  readonly to: number;
}

/** Compares sequence numbers, which wrap around: negative if `a` is before `b`. */
export function seqDiff(a: number, b: number): number {
  return (a - b) | 0;
}

/** One direction of a TCP connection: who sent it, and what. */
export class TcpSide {
  /** Base of the relative sequence numbers: that of the SYN, or one below the first byte seen. -1: nothing seen yet. */
  isn = -1;
  /** Shift of its advertised windows (RFC 7323), from its SYN, or `SCALE_`. */
  wscale = SCALE_UNKNOWN;
  /** Its first number that was not sent yet; -1 as long as nothing was seen. When and where it was reached. */
  next = -1;
  nextSeconds = 0;
  nextFrame = 0;
  /** The most that the other side may acknowledge without surprise. */
  ackable = -1;
  /** What it acknowledged last, and when; -1 before. */
  lastAck = -1;
  lastAckSeconds = 0;
  /** True from a segment before which something is missing until the other side acknowledges anything. */
  gap = false;
  /** Bytes that it acknowledged beyond a gap. */
  sacked = 0;
  /** Duplicates of that acknowledgment, and the packet that it was first in. */
  duplicates = 0;
  ackFrame = 0;
  /** The window that it advertised last, as the header has it; -1 before. */
  window = -1;
  /** `A_` flags of its last segment. */
  lastFlags = 0;
  /** Bytes since its last segment with PSH. */
  pushBytes = 0;
  pushed = false;
  unacked: Unacked[] = [];

  /** Takes note of a segment that has to be acknowledged. */
  sent(segment: Unacked): void {
    if (this.unacked.length >= MAX_UNACKED) {
      this.unacked.shift();
    }
    this.unacked.push(segment);
  }
}

/** Bits of `tcp.completeness`. */
export const SEEN = { syn: 1, synAck: 2, ack: 4, data: 8, fin: 16, rst: 32 } as const;

/** A TCP connection, told apart from the next one of the same ports by its SYN. */
export class TcpConnection {
  /** `tcp.stream`. */
  readonly stream: number;
  /** Sides by direction: 0 is the one whose address and port compare lower. */
  readonly sides: readonly [TcpSide, TcpSide] = [new TcpSide(), new TcpSide()];
  /** What was seen of it: `SEEN`. */
  completeness = 0;
  /** True if another connection said that it would come. */
  announced = false;
  /** The side that sent a FIN first. */
  closer: 0 | 1 | undefined;
  /** When its first and its last packet came. */
  readonly firstSeconds: number;
  lastSeconds: number;
  /** When the latest SYN came; -1 without. */
  synSeconds = -1;
  /** From the SYN to the end of the handshake; -1 before. */
  initialRtt = -1;
  /** Ports of the side that opened it, if that was seen. */
  serverPort = -1;
  packets = 0;

  constructor(stream: number, seconds: number) {
    this.stream = stream;
    this.firstSeconds = this.lastSeconds = seconds;
  }
}
