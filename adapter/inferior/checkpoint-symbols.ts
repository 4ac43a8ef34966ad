/**
 * The names by which a checkpoint speaks of what is code: functions, classes, module-level constants and what these
 * hold. A name is a path that holds in every build of the stack: a file, a top-level name, and from there on the keys
 * of objects (text) and the entries of maps (numbers).
 */

/** Top-level names of a module: what reads each, and what writes it if it can be written. */
export type Registration = Readonly<Record<string, readonly [() => unknown, ((v: unknown) => void) | null]>>;

/** A path as above. */
export type SymbolPath = readonly [file: string, name: string, ...within: (string | number)[]];

/** Where something was found that is no part of a state tree. */
export class CheckpointError extends Error {}

export class SymbolTable {
  readonly #modules = new Map<string, Registration>();
  #paths: Map<object, SymbolPath> | null = null;

  /** Adds a module, which need not be evaluated yet. */
  add(file: string, names: Registration): void {
    this.#modules.set(file, names);
    this.#paths = null;
  }

  /** The path of a function, class or constant; undefined for what belongs to the state, such as `root`. */
  pathOf(v: object, root: object): SymbolPath | undefined {
    this.#paths ??= this.#walk(root);
    return this.#paths.get(v);
  }

  /** What stands at a path. Throws a `CheckpointError` if nothing does. */
  resolve([file, name, ...within]: SymbolPath): object {
    let v = this.#modules.get(file)?.[name]?.[0]();
    for (const step of within) {
      v = typeof step === 'number' ? [...(v as Map<unknown, unknown>).values()][step] : (v as never)?.[step];
    }
    if (!isObject(v)) {
      throw new CheckpointError(
        `the checkpoint does not belong to this program: no ${[file, name, ...within].join('.')}`,
      );
    }
    return v;
  }

  #walk(root: object): Map<object, SymbolPath> {
    const paths = new Map<object, SymbolPath>();
    const waiting: object[] = [];
    const meet = (v: unknown, path: () => SymbolPath): void => {
      if (isObject(v) && v !== root && !paths.has(v)) {
        paths.set(v, path());
        waiting.push(v);
      }
    };
    for (const [file, names] of this.#modules) {
      for (const [name, [get]] of Object.entries(names)) {
        meet(get(), () => [file, name]);
      }
    }
    for (const v of waiting) {
      const path = paths.get(v) as SymbolPath;
      forEachWithin(v, (step, held) => meet(held, () => [...path, step]));
    }
    return paths;
  }
}

function isObject(v: unknown): v is object {
  return typeof v === 'function' || (typeof v === 'object' && v !== null);
}

/**
 * The objects and functions that a constant holds, maybe some twice, but for the elements of typed arrays and the
 * static members of classes.
 */
function forEachWithin(v: object, told: (step: string | number, held: unknown) => void): void {
  if (typeof v === 'function' || ArrayBuffer.isView(v)) {
    return;
  }
  if (v instanceof Map) {
    let i = 0;
    for (const held of v.values()) {
      told(i++, held);
    }
  } else if (Array.isArray(v)) {
    // Tables by address have tens of thousands of entries, nearly all of them alike.
    let last: unknown;
    for (let i = 0; i < v.length; i++) {
      const held: unknown = v[i];
      if (held !== last && isObject(held)) {
        told(String(i), held);
      }
      last = held;
    }
  } else {
    for (const key in v) {
      told(key, (v as Record<string, unknown>)[key]);
    }
  }
}
