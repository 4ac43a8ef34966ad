/** The stack's top-level names, as its modules register them. */
import type { Registration } from './checkpoint-symbols.ts';

/** What the runtime reads of the stack's `machine`, which is built as it begins to run. */
export interface RunningMachine {
  readonly turns: number;
  readonly drops: { readonly total: number };
  readonly net?: object;
  readonly host?: { readonly now_ns: number };
  readonly cpu?: { readonly interrupts: number };
}

export class Globals {
  readonly #files = new Map<string, Registration>();
  readonly #of = new Map<string, object>();
  #all: object | undefined;
  #machine: (() => RunningMachine) | undefined;

  add(file: string, names: Registration): void {
    this.#files.set(file, names);
    if (this.#all) {
      define(this.#all, names);
    }
  }

  /**
   * Those of all files; of names that several have, the first one. They are thousands, and most launches ask for none:
   * the object is made when somebody does.
   */
  get all(): object {
    if (!this.#all) {
      const all: object = Object.create(null) as object;
      this.#files.forEach((names) => void define(all, names));
      this.#all = all;
    }
    return this.#all;
  }

  #seenFrom(file: string): object {
    const names = this.#files.get(file);
    if (!names) {
      return this.all;
    }
    const seen = this.#of.get(file) ?? define(Object.create(this.all) as object, names, true);
    this.#of.set(file, seen);
    return seen;
  }

  /** What gives the value of a name, without the object of all. */
  #getter(name: string): (() => unknown) | undefined {
    return [...this.#files.values()].find((names) => Object.hasOwn(names, name))?.[name]?.[0];
  }

  /** As seen from a file: its own ones first. `names` are those that are read often. */
  of(file: string, names: readonly string[] = []): object {
    const seen = this.#seenFrom(file);
    return names.length === 0 ? seen : withOwn(seen, names);
  }

  /** The root of the state; undefined before the stack is loaded. */
  get machine(): RunningMachine | undefined {
    this.#machine ??= this.#getter('machine') as (() => RunningMachine) | undefined;
    return this.#machine?.();
  }

  /** Has the machine's monitor carry out a command. */
  monitor(line: string): string {
    const command = this.#getter('handle_hmp_command')?.() as (line: string) => string;
    return command(line);
  }
}

/** Gives an object accessors of names; those that it has, or inherits, stay unless `over` says otherwise. */
function define(object: object, names: Registration, over = false): object {
  for (const [name, [get, set]] of Object.entries(names)) {
    if (over || !(name in object)) {
      Object.defineProperty(object, name, { get, enumerable: true, configurable: true, ...(set ? { set } : {}) });
    }
  }
  return object;
}

/** Names that a compiled expression takes from `$G`. */
export function globalsIn(js: string): string[] {
  return [...new Set([...js.matchAll(/\$G\.([\w$]+)/g)].map(([, name = '']) => name))];
}

/**
 * Globals with accessors of their own for some names. V8 compiles those into what reads them, and looks the others up
 * among thousands each time.
 */
export function withOwn(globals: object, names: readonly string[]): object {
  const own: object = Object.create(globals) as object;
  for (const name of names) {
    const accessor = inherited(globals, name);
    if (accessor) {
      Object.defineProperty(own, name, accessor);
    }
  }
  return own;
}

function inherited(object: object, name: string): PropertyDescriptor | undefined {
  const above = Object.getPrototypeOf(object) as object | null;
  return Object.getOwnPropertyDescriptor(object, name) ?? (above ? inherited(above, name) : undefined);
}
