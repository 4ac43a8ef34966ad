/** A table by number that is read for each packet: without collisions, so a look-up is two loads and a comparison. */
export class NumberTable<T> {
  #keys = new Int32Array(1).fill(-1);
  #values: (T | undefined)[] = [undefined];
  #mask = 0;

  constructor(entries: ReadonlyMap<number, T>) {
    while (!this.#fill(entries)) {
      this.#mask = this.#mask * 2 + 1;
    }
  }

  get(key: number): T | undefined {
    const slot = (key ^ (key >> 7)) & this.#mask;
    return this.#keys[slot] === key ? this.#values[slot] : undefined;
  }

  /** False if two keys have the same slot. */
  #fill(entries: ReadonlyMap<number, T>): boolean {
    const keys = new Int32Array(this.#mask + 1).fill(-1);
    const values = new Array<T | undefined>(this.#mask + 1).fill(undefined);
    for (const [key, value] of entries) {
      const slot = (key ^ (key >> 7)) & this.#mask;
      if (keys[slot] !== -1) {
        return false;
      }
      keys[slot] = key;
      values[slot] = value;
    }
    this.#keys = keys;
    this.#values = values;
    return true;
  }
}
