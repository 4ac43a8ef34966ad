/** Bytes of streams: who wrote which, which packet brought them, and who read them. Both ends take them in order. */
import type { StreamBytes } from './identity.ts';
import type { Hop } from './journey.ts';

/** A packet as far as it has been followed. */
export interface Growing {
  readonly id: number;
  text: string;
  hops: Hop[];
  end: string;
  relation: string;
  /** Where it waits, by `STAGES`; empty: it does not. */
  stage: string;
  /** Functions that a packet passes once. */
  passed: Set<string>;
  /** Which datagram it is, once that is decided. */
  datagram: string;
  /** Bytes that it carries; null: not known yet. */
  stream: StreamBytes | undefined | null;
}

/** Somebody at an end of a stream: what moved, and who did it. */
export interface EndEvent {
  readonly hop: Hop;
  readonly who: string;
}

/** Bytes that an end wrote at once; `to` counts from the stream's beginning. */
interface Written extends EndEvent {
  readonly to: number;
}

/** Bytes that a packet brought to an end's queue. */
interface Piece {
  readonly from: number;
  readonly to: number;
  readonly by: Growing;
}

class Stream {
  /** Number of its first byte; undefined: its SYN was not seen. */
  base: number | undefined;
  /** What the sender's end was given, and packets whose bytes are none of it so far. */
  readonly written: Written[] = [];
  unwritten: Growing[] = [];
  /** Bytes that are in the receiver's queue, or were, and those of them that were read. */
  queued = 0;
  read = 0;
  readonly pieces: Piece[] = [];
  /** Packets with bytes of it. */
  packets: Growing[] = [];
  readonly first = new Map<number, Growing>();
  highest: number | undefined;
  /** The packet that has said first that nothing follows. */
  last: Growing | undefined;
}

export class Streams {
  readonly #all = new Map<string, Stream>();

  /** All headers of a packet are there: what it carries, who wrote that, and whether it was sent before. */
  carries(j: Growing, bytes: StreamBytes): void {
    let s = this.#of(bytes.name);
    const base = (bytes.from + 1) >>> 0;
    if (bytes.syn && s.base !== base) {
      s = new Stream();
      s.base = base;
      this.#all.set(bytes.name, s);
    }
    if (bytes.from !== bytes.to && j.relation === '') {
      s.unwritten.push(j);
      this.#begin(s);
    }
    if (bytes.from === bytes.to && !bytes.syn) {
      if (bytes.fin && s.last !== undefined && j.relation === '') {
        j.relation = `retransmission of ${s.last.id}`;
      }
      s.last ??= bytes.fin ? j : undefined;
      return;
    }
    s.last ??= bytes.fin ? j : undefined;
    const before = s.first.get(bytes.from) ?? this.#overlapping(s, bytes);
    if (before !== undefined && j.relation === '') {
      j.relation = `retransmission of ${before.id}`;
    }
    s.first.set(bytes.from, before ?? j);
    s.packets.push(j);
    if (s.highest === undefined || ((bytes.to - s.highest) | 0) > 0) {
      s.highest = bytes.to;
    }
  }

  /** A packet whose segment the NIC has cut this one out of. */
  cutFrom(bytes: StreamBytes): Growing | undefined {
    return this.#of(bytes.name).packets.findLast(
      ({ stream, stage }) => stage === 'tx' && stream && within(bytes.from, stream) && bytes.from !== stream.from,
    );
  }

  /** An end was given bytes to send. */
  writes(name: string, count: number, event: EndEvent): void {
    const s = this.#of(name);
    s.written.push({ ...event, to: (s.written.at(-1)?.to ?? 0) + count });
    this.#begin(s);
  }

  /** A packet has brought the next bytes to the queue of their reader. */
  queues(j: Growing, count: number): void {
    if (j.stream && count > 0) {
      const s = this.#of(j.stream.name);
      s.pieces.push({ from: s.queued, to: s.queued + count, by: j });
      s.queued += count;
    }
  }

  /** The reader has taken the next bytes. */
  reads(name: string, count: number, { hop, who }: EndEvent): void {
    const s = this.#of(name);
    s.read += count;
    while (s.pieces[0] && s.pieces[0].from < s.read) {
      const { from, to, by } = s.pieces[0];
      const end = Math.min(to, s.read);
      by.end = `delivered to ${who}, bytes ${from} to ${end - 1}`;
      if (by.hops.at(-1)?.fn !== hop.fn || by.hops.at(-1)?.tick !== hop.tick) {
        const last = by.hops.at(-1) ?? hop;
        by.hops.push({ ...hop, bytes: last.bytes, link: last.link, change: `read by ${who}` });
      }
      if (to > s.read) {
        return;
      }
      s.pieces.shift();
    }
  }

  /** Packets before number `first` are not followed any more. */
  forget(first: number): void {
    const kept = ({ id }: Growing): boolean => id >= first;
    for (const s of this.#all.values()) {
      s.packets = s.packets.filter(kept);
      s.unwritten = s.unwritten.filter(kept);
      for (const [at, j] of s.first) {
        if (!kept(j)) {
          s.first.delete(at);
        }
      }
    }
  }

  #of(name: string): Stream {
    let s = this.#all.get(name);
    if (!s) {
      s = new Stream();
      this.#all.set(name, s);
    }
    return s;
  }

  /** Who wrote the first byte of a packet is where it comes from; a writer may return behind that. */
  #begin(s: Stream): void {
    s.unwritten = s.unwritten.filter((j) => {
      const at = s.base === undefined || !j.stream ? -1 : (j.stream.from - s.base) | 0;
      const source = at < 0 ? undefined : writtenAt(s.written, at);
      const [first] = j.hops;
      if (source && first) {
        const change = `byte ${at} was written by ${source.who}`;
        j.hops.unshift({ ...source.hop, bytes: first.bytes, link: first.link, change });
      }
      return at >= 0 && !source;
    });
  }

  #overlapping(s: Stream, { from, to }: StreamBytes): Growing | undefined {
    if (from === to || s.highest === undefined || ((from - s.highest) | 0) >= 0) {
      return undefined;
    }
    return s.packets.find(({ stream }) => stream && (within(from, stream) || within(stream.from, { from, to })));
  }
}

/** The writing that has byte `at`, by halves. */
function writtenAt(all: readonly Written[], at: number): Written | undefined {
  let [from, to] = [0, all.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((all[middle]?.to ?? 0) > at) {
      to = middle;
    } else {
      from = middle + 1;
    }
  }
  return all[from];
}

function within(at: number, { from, to }: Pick<StreamBytes, 'from' | 'to'>): boolean {
  return ((at - from) | 0) >= 0 && ((at - to) | 0) < 0;
}
