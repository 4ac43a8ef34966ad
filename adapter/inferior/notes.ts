/** What an execution of history notes at probes for the debugger, such as packets that pass a function. */
import type { PacketKind } from '../compiler/debug-info.ts';
import type { HandDrops } from './hand-drops.ts';
import { type LinkType, packetBytes } from './packet-bytes.ts';
import type { TimePosition } from './stop.ts';

/** Something that was seen at a probe. */
export interface Note extends TimePosition {
  /** Which of the places that are watched. */
  readonly place: number;
  /** The machine's clock. */
  readonly ns: number;
  readonly packet: { readonly bytes: Uint8Array; readonly link: LinkType } | null;
  readonly data: unknown;
}

/** What is noted of a packet that the user edits. */
export interface Edit {
  readonly before: NonNullable<Note['packet']>;
  /** `ip.ttl: 64 -> 9`. */
  readonly what: string;
}

/** Notes that are handed over at a time. */
const BATCH = 512;

export class Notes {
  readonly #send: (notes: readonly Note[]) => void;
  readonly #position: (probe: number) => TimePosition & { readonly ns: number };
  readonly hands: HandDrops;
  #waiting: Note[] = [];
  #last: Note['packet'] = null;
  #drops = -1;
  #edits = -1;

  constructor(
    send: (notes: readonly Note[]) => void,
    position: (probe: number) => TimePosition & { readonly ns: number },
    hands: HandDrops,
  ) {
    this.#send = send;
    this.hands = hands;
    this.#position = position;
  }

  /** Called by deciders: the place is passed, with a packet in a local perhaps. */
  add(place: number, probe: number, packet: Note['packet'], data: unknown): void {
    this.#waiting.push({ place, ...this.#position(probe), packet, data });
    if (this.#waiting.length >= BATCH) {
      this.flush();
    }
  }

  /** A copy of the packet that a local holds: the last one's, as long as it is the same in function after function. */
  copy(kind: PacketKind, local: unknown, extra: unknown, link: unknown): Note['packet'] {
    const at = packetBytes(kind, local, extra, link);
    if (at === null) {
      return null;
    }
    const bytes = at.buf.subarray(at.off, at.off + at.len);
    const last = this.#last;
    if (last?.link === at.linktype && last.bytes.length === at.len && Buffer.compare(last.bytes, bytes) === 0) {
      return last;
    }
    this.#last = { bytes: bytes.slice(), link: at.linktype };
    return this.#last;
  }

  /**
   * Has what the user does noted: a packet dropped, at a place as one that the stack drops, and one edited; -1:
   * nowhere.
   */
  byHand(drops: number, edits: number): void {
    this.#drops = drops;
    this.#edits = edits;
  }

  /** The user drops the packet that a local holds, at a probe; `drop` begins at another one, which is not passed. */
  dropped(probe: number, drop: number, kind: PacketKind, local: unknown, extra: unknown, link: unknown): void {
    const packet = this.copy(kind, local, extra, link);
    if (this.#drops >= 0) {
      // The place of drops is noted with that: what is armed there would note it once more.
      this.add(this.#drops, probe, packet, 'DEBUGGER');
    } else {
      this.hands.ask(drop, packet);
    }
  }

  /** The user edits the packet that a local holds, at a probe: `act` does, `what` tells. */
  edited(
    probe: number,
    act: () => void,
    what: string,
    ...place: readonly [kind: PacketKind, local: unknown, extra: unknown, link: unknown]
  ): void {
    const before = this.#edits < 0 ? null : this.copy(...place);
    act();
    if (before) {
      this.add(this.#edits, probe, this.copy(...place), { before, what } satisfies Edit);
    }
  }

  /** Hands over what waits. */
  flush(): void {
    if (this.#waiting.length > 0) {
      this.#send(this.#waiting);
      this.#waiting = [];
    }
  }

  /** Another run begins. */
  restart(): void {
    this.#waiting = [];
  }
}
