/**
 * Numbers for pairs of endpoints (host and port), the same for both directions: an open hash in typed arrays, 16 bytes
 * an entry.
 */

const FIRST_ROOM = 1024;
const MOST_FULL = 0.6;

export class PairTable {
  /** Host ids and ports of an entry; the lower endpoint first. */
  #low: Uint32Array = new Uint32Array(FIRST_ROOM);
  #high: Uint32Array = new Uint32Array(FIRST_ROOM);
  #ports: Uint32Array = new Uint32Array(FIRST_ROOM);
  /** Value + 1; 0: free. */
  #values: Uint32Array = new Uint32Array(FIRST_ROOM);
  #count = 0;
  /** True if the last pair asked for was given with its lower endpoint second. */
  swapped = false;

  /** The value of a pair, or -1. */
  get(host1: number, port1: number, host2: number, port2: number): number {
    return (this.#values[this.#find(host1, port1, host2, port2)] ?? 0) - 1;
  }

  /** Sets the value of a pair. */
  set(host1: number, port1: number, host2: number, port2: number, value: number): void {
    let at = this.#find(host1, port1, host2, port2);
    if (this.#values[at] === 0 && ++this.#count > this.#values.length * MOST_FULL) {
      this.#grow();
      at = this.#find(host1, port1, host2, port2);
    }
    const [lh, lp, hh, hp] = this.swapped ? [host2, port2, host1, port1] : [host1, port1, host2, port2];
    this.#low[at] = lh;
    this.#high[at] = hh;
    this.#ports[at] = lp * 65536 + hp;
    this.#values[at] = value + 1;
  }

  /** The place of a pair, or the free place where it would go. */
  #find(host1: number, port1: number, host2: number, port2: number): number {
    this.swapped = host1 > host2 || (host1 === host2 && port1 > port2);
    const low = this.swapped ? host2 : host1;
    const high = this.swapped ? host1 : host2;
    const ports = this.swapped ? port2 * 65536 + port1 : port1 * 65536 + port2;
    const mask = this.#values.length - 1;
    let at = hash(low, high, ports) & mask;
    while (this.#values[at] !== 0 && (this.#low[at] !== low || this.#high[at] !== high || this.#ports[at] !== ports)) {
      at = (at + 1) & mask;
    }
    return at;
  }

  #grow(): void {
    const [low, high, ports, values] = [this.#low, this.#high, this.#ports, this.#values];
    const room = values.length * 2;
    this.#low = new Uint32Array(room);
    this.#high = new Uint32Array(room);
    this.#ports = new Uint32Array(room);
    this.#values = new Uint32Array(room);
    for (let i = 0; i < values.length; i++) {
      const value = values[i] ?? 0;
      if (value !== 0) {
        let at = hash(low[i] ?? 0, high[i] ?? 0, ports[i] ?? 0) & (room - 1);
        while (this.#values[at] !== 0) {
          at = (at + 1) & (room - 1);
        }
        this.#low[at] = low[i] ?? 0;
        this.#high[at] = high[i] ?? 0;
        this.#ports[at] = ports[i] ?? 0;
        this.#values[at] = value;
      }
    }
  }
}

/** Mixes three words; the multipliers are those of MurmurHash3's finaliser. */
function hash(a: number, b: number, c: number): number {
  let h = Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b) ^ c;
  h = Math.imul(h ^ (h >>> 15), 0xc2b2ae35);
  return (h ^ (h >>> 13)) >>> 0;
}
