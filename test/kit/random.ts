/** Chance that can be repeated: a seed says all that comes. */

/** xorshift32 (Marsaglia 2003); `seed` must not be 0. */
export class Random {
  #x: number;
  constructor(seed: number) {
    this.#x = seed;
  }

  /** For seeds that follow each other: they are spread, so that their first numbers differ. */
  static spread(seed: number): Random {
    return new Random((Math.imul(seed, 0x9e3779b1) | 1) ^ 0x5bd1e995);
  }

  /** A number of at least 0 and less than `n`. */
  next(n: number): number {
    this.#x ^= this.#x << 13;
    this.#x ^= this.#x >>> 17;
    this.#x ^= this.#x << 5;
    return (this.#x >>> 0) % n;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.next(list.length)]!;
  }
}

/** Bytes that no period hides the order of; `salt` makes others. */
export const scattered = (n: number, salt = 0): Buffer =>
  Buffer.from(Uint8Array.from({ length: n }, (_, i) => Math.imul(i + 1 + salt, 2654435761) >>> 24));
