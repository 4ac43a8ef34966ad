/**
 * Pseudo addresses of what is shown: the same for an object in every execution of a recording. A struct's comes from
 * its number (`Births`). Another object's comes from the struct that it belongs to, and the way from there; of what
 * belongs to none, such as an array of a local variable, it counts the objects that were shown at this stop.
 */
import type { Births } from './births.ts';
import { ObjectTree } from './object-paths.ts';

/** gdb users expect a pointer to look like one. */
const STRUCTS = 0x7f0000001000;
const PARTS = 0x7f4000000000;
const OTHERS = 0x7ffc00001000;
const STEP = 0x40;

export class Addresses {
  readonly #births: Births | null;
  readonly #root: () => object | null;
  /** At this stop. */
  #shown = new Map<object, number>();
  #tree: ObjectTree | undefined;
  /** Of what was described while the machine ran. */
  #passing = new WeakMap<object, number>();
  #others = 0;
  /** The machine stands still, so that there is time to look for structs. */
  standing = false;

  /** `root` is what everything hangs off. */
  constructor(births: Births | null, root: () => object | null) {
    this.#births = births;
    this.#root = root;
  }

  of(o: object): number {
    const number = this.#births?.of(o);
    if (number !== undefined) {
      return STRUCTS + number * STEP;
    }
    const known = this.standing ? this.#shown : this.#passing;
    let address = known.get(o);
    if (address === undefined) {
      address = (this.standing ? this.#ofPart(o) : null) ?? OTHERS + this.#others++ * STEP;
      known.set(o, address);
    }
    return address;
  }

  #ofPart(o: object): number | null {
    const births = this.#births;
    const root = births && this.#root();
    if (!root) {
      return null;
    }
    this.#tree ??= new ObjectTree(root);
    const keys: string[] = [];
    for (let at = o; ; ) {
      const from = this.#tree.from(at);
      if (!from) {
        return null;
      }
      keys.push(from.key);
      at = from.parent;
      const owner = births.of(at);
      if (owner !== undefined) {
        return PARTS + hash(owner, keys) * STEP;
      }
    }
  }

  /** The machine goes on. */
  forget(): void {
    if (this.standing) {
      this.standing = false;
      this.#shown = new Map();
      this.#tree = undefined;
      this.#others = 0;
    }
  }

  /** The machine begins again. */
  restart(): void {
    this.forget();
    this.#passing = new WeakMap();
    this.#others = 0;
  }
}

/** FNV-1a, of 32 bits. */
function hash(owner: number, keys: readonly string[]): number {
  let h = Math.imul(0x811c9dc5 ^ owner, 0x01000193);
  for (const c of keys.join('/')) {
    h = Math.imul(h ^ (c.codePointAt(0) ?? 0), 0x01000193);
  }
  return h >>> 0;
}
