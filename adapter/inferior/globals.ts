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

  /** As seen from a file: its own ones first. */
  of(file: string): object {
    return this.#of.get(file) ?? this.all;
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
