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
  /** Those of all files; of names that several have, the first one. */
  readonly all: object = Object.create(null) as object;
  readonly #of = new Map<string, object>();

  add(file: string, names: Registration): void {
    const own: object = Object.create(this.all) as object;
    for (const [name, [get, set]] of Object.entries(names)) {
      const accessor: PropertyDescriptor = { get, enumerable: true, configurable: true, ...(set ? { set } : {}) };
      Object.defineProperty(own, name, accessor);
      if (!(name in this.all)) {
        Object.defineProperty(this.all, name, accessor);
      }
    }
    this.#of.set(file, own);
  }

  /** As seen from a file: its own ones first. `names` are those that are read often. */
  of(file: string, names: readonly string[] = []): object {
    const seen = this.#of.get(file) ?? this.all;
    return names.length === 0 ? seen : withOwn(seen, names);
  }

  /** The root of the state; undefined before the stack is loaded. */
  get machine(): RunningMachine | undefined {
    return (this.all as { machine?: RunningMachine }).machine;
  }

  /** Has the machine's monitor carry out a command. */
  monitor(line: string): string {
    return (this.all as { handle_hmp_command: (line: string) => string }).handle_hmp_command(line);
  }
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
