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

  /** An array has the address of its bytes, so that its elements have some too. */
  of(o: object): number {
    const number = this.#births?.of(o);
    if (number !== undefined) {
      return STRUCTS + number * STEP;
    }
    return ArrayBuffer.isView(o) ? this.#place(o.buffer, o) + o.byteOffset : this.#place(o, null);
  }

  /** The address of an object that is no struct, or of the memory that a view looks into. */
  #place(o: object, view: ArrayBufferView | null): number {
    const known = this.standing ? this.#shown : this.#passing;
    let address = known.get(o);
    if (address === undefined) {
      address = (this.standing ? this.#ofPart(o, view) : null) ?? this.#ofOther(view?.buffer.byteLength ?? 0);
      known.set(o, address);
    }
    return address;
  }

  #ofOther(bytes: number): number {
    const address = OTHERS + this.#others * STEP;
    this.#others += Math.max(1, Math.ceil(bytes / STEP));
    return address;
  }

  /** Memory goes by the first view of it that hangs off the root. */
  #ofPart(object: object, view: ArrayBufferView | null): number | null {
    const births = this.#births;
    const root = births && this.#root();
    if (!root) {
      return null;
    }
    this.#tree ??= new ObjectTree(root);
    const o = view ? this.#tree.find((other) => ArrayBuffer.isView(other) && other.buffer === object) : object;
    if (!o) {
      return null;
    }
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
