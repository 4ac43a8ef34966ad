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
    if ((typeof v !== 'object' && typeof v !== 'function') || v === null) {
      throw new CheckpointError(
        `the checkpoint does not belong to this program: no ${[file, name, ...within].join('.')}`,
      );
    }
    return v;
  }

  #walk(root: object): Map<object, SymbolPath> {
    const paths = new Map<object, SymbolPath>();
    const waiting: [unknown, SymbolPath][] = [];
    for (const [file, names] of this.#modules) {
      for (const [name, [get]] of Object.entries(names)) {
        waiting.push([get(), [file, name]]);
      }
    }
    for (const [v, path] of waiting) {
      const isNew = typeof v === 'function' || (typeof v === 'object' && v !== null && v !== root);
      if (!isNew || paths.has(v)) {
        continue;
      }
      paths.set(v, path);
      waiting.push(...within(v).map(([step, held]): [unknown, SymbolPath] => [held, [...path, step]]));
    }
    return paths;
  }
}

/** What a constant holds, but for the bytes of typed arrays and the static members of classes. */
function within(v: object): [string | number, unknown][] {
  if (typeof v === 'function' || ArrayBuffer.isView(v)) {
    return [];
  }
  return v instanceof Map ? [...v.values()].map((held, i) => [i, held]) : Object.entries(v);
}
