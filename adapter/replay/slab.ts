/**
 * Memory for frames that live until they are transmitted: cut from large pieces, as a buffer of its own for each costs
 * more than to copy into it. A piece is freed with the last frame in it, so nothing that stays may keep one.
 */

const PIECE = 1 << 18;
/** Larger frames get a buffer of their own. */
const LARGE = PIECE >> 3;
/** Frames begin so that IP's header behind Ethernet's is aligned. */
const ALIGN = 4;
const ETHERNET_PAD = 2;

export class Slab {
  #piece = new Uint8Array(0);
  #used = 0;

  /** `length` bytes of zeros. */
  take(length: number): Uint8Array {
    if (length > LARGE) {
      return new Uint8Array(length);
    }
    if (this.#used + ETHERNET_PAD + length > this.#piece.length) {
      this.#piece = new Uint8Array(PIECE);
      this.#used = 0;
    }
    const at = this.#used + ETHERNET_PAD;
    this.#used = (at + length + ALIGN - 1) & -ALIGN;
    return this.#piece.subarray(at, at + length);
  }
}
