/** Segments by their place in the stream: how those of the capture and ours are held against each other. */
import type { TcpIpView } from '../packets/tcp-ip-view.ts';
import { TH_ACK, TH_FIN, TH_PSH, TH_RST, TH_SYN } from './connections.ts';
import type { FieldDifference } from './divergence.ts';
import type { Flow } from './flow.ts';

/** A segment by what it is compared by. Places are relative to the SYN of each side. */
export class PlacedSegment {
  from = 0;
  to = 0;
  flags = 0;
  ack = 0;
  window = 0;
  mss = 0;
  ttl = 0;
  /** Its number in the capture; 0 for one of ours. */
  packet = 0;
  /** Bytes of it that have been sent in segments of another form. */
  covered = 0;
  /** One of ours has been held against it. */
  paired = false;

  /** `near` is how far its side has come, `iss` its initial sequence number. */
  place(h: Header, length: number, near: number, iss: number, peerIss: number): this {
    const flags = h.flags & SEGMENT_FLAGS;
    this.flags = flags;
    this.from = near + ((h.seq - ((iss + near) % 0x100000000)) | 0);
    this.to = this.from + length + (flags & TH_SYN ? 1 : 0) + (flags & TH_FIN);
    this.ack = flags & TH_ACK ? (h.ack - Math.max(0, peerIss)) >>> 0 : 0;
    this.window = h.window;
    return this;
  }
}

/** What placing a segment needs of its header. */
interface Header {
  readonly flags: number;
  readonly seq: number;
  readonly ack: number;
  readonly window: number;
}

/** What a segment does besides carrying bytes. */
export const KINDS = TH_SYN | TH_FIN | TH_RST;
const SEGMENT_FLAGS = TH_FIN | TH_SYN | TH_RST | TH_PSH | TH_ACK;

/** Index of the first segment from `start` on that has bytes of `s`, or -1. */
export function firstOverlap(waiting: readonly PlacedSegment[], s: PlacedSegment, start: number): number {
  for (let i = start; i < waiting.length; i++) {
    const c = waiting[i];
    if (c && c.from < s.to && s.from < c.to) {
      return i;
    }
  }
  return -1;
}

/** What a segment is, in a few words. */
export function segmentText(c: PlacedSegment): string {
  return `segment ${flagsText(c.flags)} of ${c.to - c.from} bytes`;
}

/** The fields in which a captured segment and the one sent for it differ. */
export function segmentDifferences(c: PlacedSegment, s: PlacedSegment): FieldDifference[] {
  const bytes = (x: PlacedSegment): string => `bytes ${x.from} to ${x.to - 1}`;
  const pairs: readonly (readonly [string, string | number, string | number])[] = [
    ['segmentation', bytes(c), bytes(s)],
    ['tcp.flags', flagsText(c.flags), flagsText(s.flags)],
    ['tcp.ack', c.ack, s.ack],
    ['tcp.window_size_value', c.window, s.window],
    ['tcp.options.mss_val', c.mss, s.mss],
    ['ip.ttl', c.ttl, s.ttl],
  ];
  return pairs.flatMap(([field, captured, sent]) =>
    captured === sent ? [] : [{ field, captured: String(captured), sent: String(sent) }],
  );
}

/** A frame of ours, placed in the stream of its flow. */
export function placeFrame(s: PlacedSegment, p: TcpIpView, flow: Flow): PlacedSegment {
  const flags = p.u8(p.tcp + 13);
  const header = { flags, seq: p.u32(p.tcp + 4), ack: p.u32(p.tcp + 8), window: p.u16(p.tcp + 14) };
  s.place(header, p.payloadEnd - p.payload, flow.sentHere, Math.max(0, flow.iss), flow.guestIss);
  s.mss = flags & TH_SYN ? mssOf(p) : 0;
  s.ttl = p.ip >= 0 ? p.u8(p.ip + 8) : p.u8(p.ipv6 + 7);
  return s;
}

/** The maximum segment size option of a SYN, or 0. */
function mssOf(p: TcpIpView): number {
  const end = Math.min(p.limit, p.tcp + (p.u8(p.tcp + 12) >> 4) * 4);
  for (let at = p.tcp + 20; at + 4 <= end && p.u8(at) !== 0; ) {
    if (p.u8(at) === 2) {
      return p.u16(at + 2);
    }
    at += p.u8(at) === 1 ? 1 : Math.max(2, p.u8(at + 1));
  }
  return 0;
}

function flagsText(flags: number): string {
  const names = ['FIN', 'SYN', 'RST', 'PSH', 'ACK'].filter((_, bit) => flags & (1 << bit));
  return `[${names.join(', ')}]`;
}
