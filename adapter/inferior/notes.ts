/** What an execution of history notes at probes for the debugger, such as packets that pass a function. */
import type { PacketKind } from '../compiler/debug-info.ts';
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

/** Notes that are handed over at a time. */
const BATCH = 512;

export class Notes {
  readonly #send: (notes: readonly Note[]) => void;
  readonly #position: (probe: number) => TimePosition & { readonly ns: number };
  #waiting: Note[] = [];
  #sent = 0;

  constructor(
    send: (notes: readonly Note[]) => void,
    position: (probe: number) => TimePosition & { readonly ns: number },
  ) {
    this.#send = send;
    this.#position = position;
  }

  /** Called by deciders: the place is passed, with a packet in a local perhaps. */
  add(place: number, probe: number, packet: Note['packet'], data: unknown): void {
    this.#waiting.push({ place, ...this.#position(probe), packet, data });
    if (this.#waiting.length >= BATCH) {
      this.flush();
    }
  }

  /** A copy of the packet that a local holds. */
  copy(kind: PacketKind, local: unknown, extra: unknown, link: unknown): Note['packet'] {
    const at = packetBytes(kind, local, extra, link);
    return at && { bytes: at.buf.slice(at.off, at.off + at.len), link: at.linktype };
  }

  /** Hands over what waits; tells how many there were in all. */
  flush(): number {
    this.#sent += this.#waiting.length;
    if (this.#waiting.length > 0) {
      this.#send(this.#waiting);
      this.#waiting = [];
    }
    return this.#sent;
  }

  /** Another run begins. */
  restart(): void {
    this.#waiting = [];
    this.#sent = 0;
  }
}
