/**
 * What is noticeable about a segment, as Wireshark's User's Guide defines it ("TCP Analysis"): retransmissions,
 * duplicate acknowledgments, windows, and times between a segment and its acknowledgment.
 */
import { elapsed } from '../times.ts';
import {
  MAX_WINDOW_SHIFT,
  SCALE_NONE,
  SCALE_UNKNOWN,
  seqDiff,
  type TcpConnection,
  type TcpSide,
} from './connection.ts';

const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const PSH = 0x08;
const ACK = 0x10;
const CONTROL = SYN | FIN | RST;

/** What may be noticeable: bits of `Analysis.flags`. */
export const A = {
  retransmission: 0x001,
  lostSegment: 0x002,
  ackLostSegment: 0x004,
  keepAlive: 0x008,
  duplicateAck: 0x010,
  zeroWindow: 0x020,
  zeroWindowProbe: 0x040,
  zeroWindowProbeAck: 0x080,
  keepAliveAck: 0x100,
  outOfOrder: 0x200,
  fastRetransmission: 0x400,
  windowUpdate: 0x800,
  windowFull: 0x1000,
  reusedPorts: 0x2000,
  spuriousRetransmission: 0x4000,
} as const;

/** A retransmission is a fast one if the duplicate acknowledgments are that young. */
const FAST_SECONDS = 0.02;
/** A segment before its turn is out of order if it comes that soon, where no round trip has been measured. */
const OUT_OF_ORDER_SECONDS = 0.003;

/** A segment's numbers. */
export interface Segment {
  readonly seq: number;
  readonly ack: number;
  readonly length: number;
  readonly flags: number;
  readonly window: number;
  /** Bytes that it acknowledges beyond a gap; -1 if it does not say. */
  readonly sacked: number;
  readonly frame: number;
  readonly seconds: number;
}

/** What was noticed of a segment; numbers are -1 where there is nothing to say. */
export class Analysis {
  flags = 0;
  /** The packet that this one acknowledges, and the time since. */
  acksFrame = 0;
  ackRtt = -1;
  bytesInFlight = -1;
  pushBytes = -1;
  /** The packet whose acknowledgment is repeated, and how often. */
  duplicateFrame = 0;
  duplicateNumber = 0;
  /** Time since the retransmitted segment, and its packet. */
  rto = -1;
  rtoFrame = 0;
}

/** Looks at a segment that one side sends, and takes note of it. */
export function analyze(c: TcpConnection, dir: 0 | 1, s: Segment): Analysis {
  const me = c.sides[dir];
  const peer = c.sides[dir === 0 ? 1 : 0];
  const out = new Analysis();
  out.flags = forwardFlags(me, peer, s);
  if ((out.flags & (A.zeroWindowProbe | A.keepAliveAck | A.zeroWindowProbeAck)) === 0) {
    countDuplicates(me, s, out);
  }
  if (s.flags & ACK && s.ack !== me.lastAck) {
    me.duplicates = 0;
    me.ackFrame = s.frame;
  }
  acksTooMuch(peer, s, out);
  again(c, me, peer, s, out);
  advance(me, s, out);
  acknowledge(me, peer, s, out);
  inFlight(me, peer, s, out);
  me.lastFlags = out.flags;
  return out;
}

/** The length in sequence numbers: SYN and FIN have one each. */
function span(s: Segment): number {
  return s.length + (s.flags & (SYN | FIN) ? 1 : 0);
}

/** What the numbers of this side alone tell, and the window of the other. */
function forwardFlags(me: TcpSide, peer: TcpSide, s: Segment): number {
  const { seq, ack, length, flags, window } = s;
  const inTurn = me.next >= 0 && seq === me.next;
  const plain = (flags & CONTROL) === 0;
  if (length === 1 && inTurn && peer.window === 0) {
    return A.zeroWindowProbe;
  }
  let out = 0;
  if (window === 0 && plain) {
    out |= A.zeroWindow;
  }
  if (me.next >= 0 && seqDiff(seq, me.next) > 0 && (flags & RST) === 0) {
    out |= A.lostSegment;
  }
  if (length <= 1 && me.next >= 0 && seq === (me.next - 1) >>> 0 && plain) {
    out |= A.keepAlive;
  }
  const sameAck = ack === me.lastAck;
  const repeats = length === 0 && inTurn && sameAck && plain;
  if (repeats && window !== 0 && window !== me.window) {
    out |= A.windowUpdate;
  }
  if (length > 0 && plain && fillsWindow(peer, s)) {
    out |= A.windowFull;
  }
  if (repeats && window === me.window && window !== 0 && peer.lastFlags & A.keepAlive) {
    return out | A.keepAliveAck;
  }
  if (repeats && window === me.window && window === 0 && peer.lastFlags & A.zeroWindowProbe) {
    return out | A.zeroWindowProbeAck;
  }
  return out;
}

/** True if a segment's last byte is the last one that the other side has room for. */
function fillsWindow(peer: TcpSide, s: Segment): boolean {
  if (peer.window < 0 || peer.lastAck < 0 || peer.wscale === SCALE_UNKNOWN) {
    return false;
  }
  const shift = peer.wscale === SCALE_NONE ? 0 : Math.min(MAX_WINDOW_SHIFT, peer.wscale);
  return (s.seq + s.length) >>> 0 === (peer.lastAck + peer.window * 2 ** shift) >>> 0;
}

function countDuplicates(me: TcpSide, s: Segment, out: Analysis): void {
  const repeats = s.length === 0 && s.seq === me.next && s.ack === me.lastAck && (s.flags & CONTROL) === 0;
  if (
    !repeats ||
    s.window === 0 ||
    (s.window !== me.window && s.sacked < 0) ||
    (out.flags & (A.keepAlive | A.windowUpdate)) !== 0
  ) {
    return;
  }
  me.duplicates++;
  out.flags |= A.duplicateAck;
  out.duplicateNumber = me.duplicates;
  out.duplicateFrame = me.ackFrame;
}

/** An acknowledgment of what was not captured. */
function acksTooMuch(peer: TcpSide, s: Segment, out: Analysis): void {
  if (peer.ackable >= 0 && s.flags & ACK && seqDiff(s.ack, peer.ackable) > 0) {
    out.flags |= A.ackLostSegment;
    peer.ackable = peer.next;
    if (seqDiff(s.ack, peer.ackable) > 0) {
      peer.ackable = s.ack;
    }
  }
}

/** Segments that were sent before, or ought to have been. */
function again(c: TcpConnection, me: TcpSide, peer: TcpSide, s: Segment, out: Analysis): void {
  const ends = (s.seq + span(s)) >>> 0;
  if (span(s) === 0 || me.next < 0 || seqDiff(s.seq, me.next) >= 0 || out.flags & A.keepAlive) {
    return;
  }
  if (s.length > 0 && peer.lastAck >= 0 && seqDiff(ends, peer.lastAck) <= 0) {
    out.flags |= A.spuriousRetransmission;
    return;
  }
  const young = s.seconds - peer.lastAckSeconds < FAST_SECONDS;
  if (peer.duplicates >= 2 && peer.lastAck === s.seq && young) {
    out.flags |= A.fastRetransmission;
    return;
  }
  const limit = c.initialRtt >= 0 ? c.initialRtt : OUT_OF_ORDER_SECONDS;
  if (s.seconds - me.nextSeconds < limit && me.next !== ends) {
    out.flags |= A.outOfOrder;
    return;
  }
  out.flags |= A.retransmission;
  // The timer runs from the oldest segment that waits for its acknowledgment.
  const { seconds, frame } = me.unacked[0] ?? { seconds: me.nextSeconds, frame: me.nextFrame };
  out.rto = elapsed(seconds, s.seconds);
  out.rtoFrame = frame;
}

/** Moves this side's numbers on. */
function advance(me: TcpSide, s: Segment, out: Analysis): void {
  const ends = (s.seq + span(s)) >>> 0;
  if (span(s) > 0) {
    const from = (s.seq + (s.flags & SYN ? 1 : 0)) >>> 0;
    const to = (from + s.length) >>> 0;
    me.sent({ frame: s.frame, seconds: s.seconds, seq: s.seq, next: ends, from, to });
  }
  if ((me.ackable < 0 || seqDiff(ends, me.ackable) > 0) && (out.flags & A.zeroWindowProbe) === 0) {
    if (me.ackable < 0 || s.seq === me.ackable || out.flags & A.lostSegment) {
      me.ackable = ends;
    }
  }
  if (me.next < 0 || (seqDiff(ends, me.next) > 0 && (out.flags & A.zeroWindowProbe) === 0)) {
    me.next = ends;
    me.nextFrame = s.frame;
    me.nextSeconds = s.seconds;
  }
  me.window = s.window;
}

/** What the acknowledgment says of the other side's segments. */
function acknowledge(me: TcpSide, peer: TcpSide, s: Segment, out: Analysis): void {
  if ((s.flags & ACK) === 0) {
    return;
  }
  me.lastAck = s.ack;
  me.lastAckSeconds = s.seconds;
  me.sacked = Math.max(0, s.sacked);
  peer.gap = false;
  for (const u of peer.unacked) {
    if (u.next === s.ack && out.acksFrame === 0) {
      out.acksFrame = u.frame;
      out.ackRtt = elapsed(u.seconds, s.seconds);
    }
    if (seqDiff(s.ack, u.seq) > 0 && seqDiff(s.ack, u.next) < 0) {
      u.seq = s.ack;
    }
  }
  peer.unacked = peer.unacked.filter((u) => seqDiff(u.next, s.ack) > 0);
}

/**
 * Bytes that are on their way, less those that the other side has beyond a gap, and those since the last PSH. Behind a
 * gap that nobody has answered they are not known.
 */
function inFlight(me: TcpSide, peer: TcpSide, s: Segment, out: Analysis): void {
  me.gap ||= (out.flags & A.lostSegment) !== 0;
  if (s.length === 0 || me.gap) {
    return;
  }
  let first = (s.seq + (s.flags & SYN ? 1 : 0)) >>> 0;
  let last = (s.seq + s.length) >>> 0;
  for (const u of me.unacked) {
    // A SYN counts for later segments, but not for what it carries itself.
    const from = u.frame === s.frame ? u.from : u.seq;
    first = seqDiff(from, first) < 0 ? from : first;
    last = seqDiff(u.to, last) > 0 ? u.to : last;
  }
  out.bytesInFlight = seqDiff(last, first) - peer.sacked;
  me.pushBytes = me.pushed ? s.length : me.pushBytes + s.length;
  out.pushBytes = me.pushBytes;
  me.pushed = (s.flags & PSH) !== 0;
}
