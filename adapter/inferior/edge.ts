/** The user network's edge: what has passed it, and what is known of the last packet that did. */
import { Reader, Writer } from '../mailbox/codec.ts';
import type { KnownPackets } from '../replay/known-packets.ts';
import type { FrameDirection } from '../stack/util/host.ts';
import type { EdgePacket } from './stop.ts';

/** Bytes that are kept of a packet: the headers up to TCP's, of IPv6 too. */
const HEADERS = 74;

export class Edge {
  /** Packets that have passed, both ways. */
  packets = 0;
  /** Of these, those to the guest. */
  toGuest = 0;
  /**
   * In a replay: number in the capture of what the user network has sent last, 0 if the capture has nothing like it.
   */
  sentNumber = 0;
  /** In a replay: how what the user network has sent last compares with the capture (see replay/divergence.ts). */
  sentGrade = 0;
  /** In a replay: what is known of packets. */
  known: KnownPackets | null = null;
  readonly #headers = new Uint8Array(HEADERS);
  #length = 0;
  #direction: FrameDirection = 0;
  /** By which the number of a guest's frame is found when somebody asks. */
  #key = 0;

  passes(direction: FrameDirection, buf: Uint8Array, size: number): void {
    this.packets++;
    this.toGuest += direction;
    this.#direction = direction;
    const length = Math.min(size, HEADERS);
    // A loop, since `set` would need a view of the part.
    for (let i = 0; i < length; i++) {
      this.#headers[i] = buf[i] as number;
    }
    this.#length = length;
    if (direction === 0 && this.known) {
      this.#key = this.known.keyOf(buf, size);
    }
  }

  /** Which packet of the capture the user network's last one is. */
  sent(number: number, grade: number): void {
    this.sentNumber = number;
    this.sentGrade = grade;
  }

  /** In a replay: number in the capture of the last packet that has passed, 0 if it is none of it. */
  get number(): number {
    if (this.known === null || this.#length === 0) {
      return 0;
    }
    return this.#direction === 1 ? this.sentNumber : this.known.numberOfKey(this.#key);
  }

  /** In a re-execution of a replay: the account (see replay/numbers.ts). The main thread shares that of the present. */
  get account(): readonly number[] | null {
    const numbers = this.known?.numbers;
    return numbers && !(numbers.buffer instanceof SharedArrayBuffer) ? [...numbers] : null;
  }

  /** In a replay: `number`. */
  get captured(): number | undefined {
    return this.known ? this.number : undefined;
  }

  /** The last packet that has passed. */
  get last(): EdgePacket | null {
    if (this.#length === 0) {
      return null;
    }
    const hex = Buffer.from(this.#headers.buffer, 0, this.#length).toString('hex');
    return this.known ? { hex, captured: this.number } : { hex };
  }

  /** All of this, to be kept beside a checkpoint. */
  save(): Uint8Array {
    const w = new Writer(new Uint8Array(256));
    w.u32(this.packets).u32(this.toGuest).u32(this.sentNumber).u8(this.sentGrade).u8(this.#direction);
    w.u32(this.#key >>> 0).blob(this.#headers.subarray(0, this.#length));
    this.known?.save(w);
    return w.data.slice();
  }

  /** Nothing has passed yet, or what had when the checkpoint was taken. `known` knows nothing else yet. */
  begin(known: KnownPackets | null, saved?: Uint8Array): void {
    this.known = known;
    const r = new Reader(saved ?? NOTHING);
    this.packets = r.u32();
    this.toGuest = r.u32();
    this.sent(r.u32(), r.u8());
    this.#direction = r.u8() === 0 ? 0 : 1;
    this.#key = r.u32() | 0;
    const headers = r.blob();
    this.#headers.set(headers);
    this.#length = headers.length;
    if (saved) {
      known?.restore(r);
    }
  }
}

const NOTHING = new Uint8Array(22);
