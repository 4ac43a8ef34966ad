/** A link that loses, repeats, reorders and damages frames; a seed decides what happens to each. */

export type Deliver = (frame: Uint8Array, size: number) => void;

/** Offset behind the Ethernet and IPv4 headers: damage from there on is found by the checksums of ICMP, UDP and TCP. */
const PAYLOAD = 34;

export class FaultyLink {
  /** One frame in `rate` suffers each kind of fault; 0: none does. */
  readonly #rate: number;
  #x: number;
  #held: Uint8Array | null = null;
  faults = 0;

  constructor(seed: number, rate: number) {
    this.#x = seed;
    this.#rate = rate;
  }

  /** xorshift32 (Marsaglia 2003). */
  #next(n: number): number {
    this.#x ^= this.#x << 13;
    this.#x ^= this.#x >>> 17;
    this.#x ^= this.#x << 5;
    return (this.#x >>> 0) % n;
  }

  /** Passes a frame on as the link does to it. */
  pass(frame: Uint8Array, size: number, deliver: Deliver): void {
    const what = this.#rate > 0 && size > PAYLOAD ? this.#next(this.#rate) : -1;
    const late = this.#held;
    this.#held = null;
    this.faults += what >= 0 && what < 4 ? 1 : 0;
    if (what === 2) {
      this.#held = frame.slice(0, size);
    } else if (what === 3) {
      const bad = frame.slice(0, size);
      bad[PAYLOAD + this.#next(size - PAYLOAD)]! ^= 1 + this.#next(255);
      deliver(bad, size);
    } else if (what !== 0) {
      deliver(frame, size);
      if (what === 1) {
        deliver(frame, size);
      }
    }
    if (late) {
      deliver(late, late.length);
    }
  }
}
