/**
 * Ways from the machine to its objects. At the same moment they lead to the same object in every execution of a
 * recording, so they carry what is watched from one inferior to another.
 */

/** Names of fields and indices of arrays; `#n` is the nth value of a map or set. */
export type ObjectPath = readonly string[];

/** The objects below a root, as they hang together now. */
export class ObjectTree {
  readonly #root: object;
  readonly #from = new Map<object, { readonly parent: object; readonly key: string }>();

  constructor(root: object) {
    this.#root = root;
    const waiting: object[] = [root];
    for (let o = waiting.pop(); o !== undefined; o = waiting.pop()) {
      for (const [key, value] of entriesOf(o)) {
        const known = typeof value !== 'object' || value === null || value === root || this.#from.has(value);
        if (!known && !(o === root && key === 'host')) {
          this.#from.set(value as object, { parent: o, key });
          waiting.push(value as object);
        }
      }
    }
  }

  /** What an object hangs off, and by which name; undefined for the root, and for what is not below it. */
  from(object: object): { readonly parent: object; readonly key: string } | undefined {
    return this.#from.get(object);
  }

  /** The first object that the test is true of. */
  find(test: (o: object) => boolean): object | undefined {
    for (const o of this.#from.keys()) {
      if (test(o)) {
        return o;
      }
    }
    return undefined;
  }

  /** Null for what is not below the root. */
  pathOf(object: unknown): ObjectPath | null {
    const path: string[] = [];
    let at = object as object;
    while (at !== this.#root) {
      const from = this.#from.get(at);
      if (!from) {
        return null;
      }
      path.unshift(from.key);
      at = from.parent;
    }
    return path;
  }
}

function entriesOf(o: object): Iterable<[string, unknown]> {
  if (ArrayBuffer.isView(o) || o instanceof ArrayBuffer || o instanceof SharedArrayBuffer) {
    return [];
  }
  if (o instanceof Map || o instanceof Set) {
    return [...o.values()].map((v, i): [string, unknown] => [`#${i}`, v]);
  }
  return Object.entries(o);
}

/** The object that a path leads to; undefined where it leads nowhere. */
export function follow(root: object, path: ObjectPath): unknown {
  let at: unknown = root;
  for (const key of path) {
    if (at instanceof Map || at instanceof Set) {
      at = [...at.values()][Number(key.slice(1))];
    } else {
      at = (at as Record<string, unknown> | null | undefined)?.[key];
    }
  }
  return at;
}
