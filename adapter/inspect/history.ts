/** Moments of history: how they are written, and what a user may write. */
import {
  EngineError,
  type HistoryMoment,
  type HistoryState,
  IN_TICK,
  type MomentTarget,
  type SavedMarks,
  type TimePosition,
} from '../engine/api.ts';
import { PacketView } from '../packets/fields.ts';
import { packetNumber, visible } from '../packets/format.ts';
import { flagsOf, flagsText, tcp } from '../packets/protocols/tcp.ts';
import { udp } from '../packets/protocols/udp.ts';
import { summary } from '../packets/summary.ts';

const NS = 1e9;

/** Moments that the user keeps: by name, and by the number of a checkpoint. */
export interface KeptMoments {
  bookmarks: Map<string, HistoryMoment>;
  checkpoints: Map<number, HistoryMoment>;
  /** Rows of the last query. */
  rows: readonly TimePosition[];
  /** Names and numbers given so far. */
  lastBookmark: number;
  lastCheckpoint: number;
}

export function noMoments(): KeptMoments {
  return { bookmarks: new Map(), checkpoints: new Map(), rows: [], lastBookmark: 0, lastCheckpoint: 0 };
}

/** What the user keeps, for a file. */
export function marksOf({ bookmarks, checkpoints }: KeptMoments): SavedMarks {
  return { bookmarks: [...bookmarks], checkpoints: [...checkpoints] };
}

/** What a file says that a user keeps. */
export function momentsOf({ bookmarks, checkpoints }: SavedMarks): KeptMoments {
  const names = bookmarks.map(([name]) => Number(name)).filter(Number.isSafeInteger);
  return {
    bookmarks: new Map(bookmarks),
    checkpoints: new Map(checkpoints),
    rows: [],
    lastBookmark: Math.max(0, ...names),
    lastCheckpoint: Math.max(0, ...checkpoints.map(([id]) => id)),
  };
}

/**
 * `tick 22283, probe 4427, 0.012345678 s, after packet 12 (10.0.2.2:80 -> 10.0.2.15, [PSH, ACK])`. In a replay it is
 * the capture's number.
 */
export function momentText(moment: HistoryMoment): string {
  const { ns, lastPacket } = moment;
  const what = lastPacket === null ? '' : ` (${edgeText(Buffer.from(lastPacket.hex, 'hex'))})`;
  return `${positionText(moment)}, ${(ns / NS).toFixed(9)} s, after ${packetText(moment)}${what}`;
}

/** `tick 22283, probe 4427`; the probe is -1 as the tick is counted, and -2 where the main loop waits. */
export function positionText({ tick, probe }: TimePosition): string {
  return `tick ${tick}, probe ${probe}`;
}

/** A moment in few words, of which the first is what `goto` takes. */
export function shortMomentText(moment: HistoryMoment): string {
  const { tick, probe } = moment;
  return `${tick}${probe === IN_TICK ? '' : `:${probe}`}, after ${packetText(moment)}`;
}

/** The last packet that has passed the user network's edge: `packet 12`. */
export function packetText({ packets, lastPacket }: HistoryMoment): string {
  const number = packetNumber({ packets, ...capturedOf(lastPacket) });
  return number === '-' ? 'a packet that is not in the capture' : `packet ${number}`;
}

/** Of a replay: the number in the capture, 0 if it is not in it. */
export function capturedOf(lastPacket: HistoryMoment['lastPacket']): { readonly captured?: number } {
  return lastPacket?.captured === undefined ? {} : { captured: lastPacket.captured };
}

/** A packet in a few words, from its headers: who sent it to whom, and its flags or protocol. */
function edgeText(headers: Uint8Array): string {
  const view = new PacketView(headers, 'ethernet');
  const { source, destination, protocol } = summary(view);
  const l = view.first(tcp) ?? view.first(udp);
  if (l === null) {
    return `${source} -> ${destination}, ${protocol}`;
  }
  // The lower port says which service it is; the other one is any.
  const [from, to] = [view.u16(l.at), view.u16(l.at + 2)];
  const end = (address: string, port: number, other: number): string =>
    port > other ? address : address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  const kind = l.protocol === tcp ? `[${flagsText(flagsOf(view, l))}]` : 'UDP';
  return `${end(source, from, to)} -> ${end(destination, to, from)}, ${kind}`;
}

/**
 * The moment that a text names: `[tick] TICK[:PROBE]` (or as `when` says it), `packet N`, `time SECONDS`, `N%`,
 * `start`, `end`. Throws `EngineError` for another one.
 */
export function momentTarget({ start, present, replays }: HistoryState, text: string): MomentTarget {
  if (text === 'start') {
    return 'start';
  }
  if (text === 'end') {
    return 'present';
  }
  const [, tick, probe] = /^(?:tick\s+)?(\d+)(?:(?::|,\s*probe\s+)(-?\d+))?$/.exec(text) ?? [];
  if (tick !== undefined) {
    return { tick: Number(tick), probe: probe === undefined ? IN_TICK : Number(probe) };
  }
  const [, percent] = /^(\d+(?:\.\d+)?)\s*%$/.exec(text) ?? [];
  if (percent !== undefined && Number(percent) <= 100) {
    const tick = start.tick + Math.floor(((present.tick - start.tick) * Number(percent)) / 100);
    return tick === start.tick ? 'start' : { tick: Math.min(tick, present.tick), probe: IN_TICK };
  }
  const [, atEdge] = /^edge\s+(\d+)$/.exec(text) ?? [];
  if (atEdge !== undefined) {
    return { packets: Number(atEdge) };
  }
  const [, packets] = /^packet\s+(\d+)$/.exec(text) ?? [];
  if (packets !== undefined) {
    if (!replays && Number(packets) > present.packets) {
      throw new EngineError(`Packet ${packets} has not passed the user network's edge; ${present.packets} have.`);
    }
    return replays ? { captured: Number(packets) } : { packets: Number(packets) };
  }
  const [, seconds] = /^time\s+(\d+(?:\.\d*)?)(?:\s*s)?$/.exec(text) ?? [];
  if (seconds !== undefined) {
    return { ns: Number(seconds) * NS };
  }
  throw new EngineError(
    `No moment "${visible(text)}": ` +
      'tick N, TICK[:PROBE], packet N, time SECONDS, N%, start, end or a bookmark expected.',
  );
}
