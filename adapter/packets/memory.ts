/**
 * What has to be remembered between packets, by kind and bounded: a capture of random packets, or a machine that runs
 * for days, does not fill the memory.
 */

/** Entries of a table at most, unless told. */
const MAX_ENTRIES = 65536;

/** A table that forgets the entries that were not asked for the longest time. */
export class BoundedMap<K, V> {
  readonly #entries = new Map<K, V>();
  readonly #max: number;

  constructor(max: number = MAX_ENTRIES) {
    this.#max = max;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined && this.#entries.size > this.#max / 2) {
      // The last one asked for is the last one to go.
      this.#entries.delete(key);
      this.#entries.set(key, value);
    }
    return value;
  }

  set(key: K, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size > this.#max) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        break;
      }
    }
  }

  delete(key: K): void {
    this.#entries.delete(key);
  }

  /** The value of a key, made if there is none. */
  need(key: K, make: () => V): V {
    const found = this.get(key);
    if (found !== undefined) {
      return found;
    }
    const made = make();
    this.set(key, made);
    return made;
  }

  values(): IterableIterator<V> {
    return this.#entries.values();
  }
}

/** A kind of thing that is remembered: it stands for what `make` has made, once for each memory. */
export class MemoryKind<T> {
  readonly make: () => T;
  readonly #made = new WeakMap<Memory, T>();

  constructor(make: () => T) {
    this.make = make;
  }

  /** What a memory has of this kind. */
  of(memory: Memory): T {
    let found = this.#made.get(memory);
    if (found === undefined) {
      found = this.make();
      this.#made.set(memory, found);
    }
    return found;
  }
}

/** One memory: of a capture that is read in order, or of the packets that pass one edge. */
export class Memory {
  /** Number of the packet at hand, from 1. */
  number = 0;
  /** When it came, in seconds, from the first one. */
  seconds = 0;
}
