/** A link that loses, repeats, reorders and damages frames; a seed decides what happens to each. */

import { Random } from './random.ts';

export type Deliver = (frame: Uint8Array, size: number) => void;

/** Offset behind the Ethernet and IPv4 headers: damage from there on is found by the checksums of ICMP, UDP and TCP. */
const PAYLOAD = 34;

export class FaultyLink {
  /** One frame in `rate` suffers each kind of fault; 0: none does. */
  readonly #rate: number;
  readonly #random: Random;
  readonly #damageFrom: number;
  #held: Uint8Array | null = null;
  faults = 0;

  /** Damage is done to bytes from `damageFrom` on. */
  constructor(seed: number, rate: number, damageFrom = PAYLOAD) {
    this.#random = new Random(seed);
    this.#damageFrom = damageFrom;
    this.#rate = rate;
  }

  /** Passes a frame on as the link does to it. */
  pass(frame: Uint8Array, size: number, deliver: Deliver): void {
    const what = this.#rate > 0 && size > this.#damageFrom ? this.#random.next(this.#rate) : -1;
    const late = this.#held;
    this.#held = null;
    this.faults += what >= 0 && what < 4 ? 1 : 0;
    if (what === 2) {
      this.#held = frame.slice(0, size);
    } else if (what === 3) {
      const bad = frame.slice(0, size);
      bad[this.#damageFrom + this.#random.next(size - this.#damageFrom)]! ^= 1 + this.#random.next(255);
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
