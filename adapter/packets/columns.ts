/**
 * Tables as typed arrays over shared memory, a column each: little memory an entry, and readable by other threads as
 * they are.
 */

type Column = Float64Array | Uint32Array | Int32Array | Uint16Array | Uint8Array | Int8Array;

/** How wide a column is: a constructor of typed arrays. */
interface ColumnType {
  new (buffer: SharedArrayBuffer): Column;
  readonly BYTES_PER_ELEMENT: number;
}

export type Spec = Readonly<Record<string, ColumnType>>;

/** The arrays that a spec describes. */
export type Columns<S extends Spec> = { readonly [K in keyof S]: InstanceType<S[K]> };

const FIRST_ROOM = 256;
const GROWTH = 1.5;

/** Arrays of `room` elements, zeroed. */
export function makeColumns<S extends Spec>(spec: S, room: number): Columns<S> {
  const entries = Object.entries(spec).map(([name, type]) => [
    name,
    new type(new SharedArrayBuffer(room * type.BYTES_PER_ELEMENT)),
  ]);
  return Object.fromEntries(entries) as Columns<S>;
}

/** A table that grows. */
export class GrowingTable<S extends Spec> {
  readonly #spec: S;
  #room = FIRST_ROOM;
  /** Entries in use. */
  count = 0;
  columns: Columns<S>;

  constructor(spec: S) {
    this.#spec = spec;
    this.columns = makeColumns(spec, FIRST_ROOM);
  }

  /** Makes room for one more entry, all zero, and returns its index. */
  append(): number {
    if (this.count === this.#room) {
      this.#room = Math.ceil(this.#room * GROWTH);
      const old = this.columns;
      this.columns = makeColumns(this.#spec, this.#room);
      for (const name of Object.keys(this.#spec)) {
        this.columns[name]?.set(old[name] ?? []);
      }
    }
    return this.count++;
  }
}
