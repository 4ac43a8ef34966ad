/**
 * Tables as typed arrays over shared memory, a column each: little memory an entry, and readable by other threads as
 * they are.
 */
import { CaptureError } from './types.ts';

type Column = Float64Array | Uint32Array | Int32Array | Uint16Array | Uint8Array | Int8Array;

/** How wide a column is: a constructor of typed arrays. */
interface ColumnType {
  new (buffer: SharedArrayBuffer, byteOffset?: number, length?: number): Column;
  readonly BYTES_PER_ELEMENT: number;
}

export type Spec = Readonly<Record<string, ColumnType>>;

/** The arrays that a spec describes. */
export type Columns<S extends Spec> = { readonly [K in keyof S]: InstanceType<S[K]> };

const FIRST_ROOM = 256;
const GROWTH = 1.5;
/** Bytes of a column at most: addresses are set aside for so much, memory only for what is used. */
const MAX_COLUMN = 2 ** 32;

/** Arrays of `room` elements, zeroed. */
export function makeColumns<S extends Spec>(spec: S, room: number): Columns<S> {
  return columnsOf(spec, (type) => new type(new SharedArrayBuffer(room * type.BYTES_PER_ELEMENT)));
}

function columnsOf<S extends Spec>(spec: S, make: (type: ColumnType, name: string) => Column): Columns<S> {
  return Object.fromEntries(Object.entries(spec).map(([name, type]) => [name, make(type, name)])) as Columns<S>;
}

/**
 * A table that grows in place: columns are never copied, since V8 is slow to free shared memory, so that outgrown ones
 * would be most of what a capture takes.
 */
export class GrowingTable<S extends Spec> {
  readonly #spec: S;
  /** Entries at most. */
  readonly #most: number;
  readonly #memory: Readonly<Record<string, SharedArrayBuffer>>;
  #room = 0;
  /** Entries in use. */
  count = 0;
  columns: Columns<S>;

  /** `most` is how many entries there can be. */
  constructor(spec: S, most: number) {
    this.#spec = spec;
    const widest = Math.max(...Object.values(spec).map((type) => type.BYTES_PER_ELEMENT));
    this.#most = Math.min(Math.max(1, most), MAX_COLUMN / widest);
    this.#memory = Object.fromEntries(
      Object.entries(spec).map(([name, { BYTES_PER_ELEMENT: width }]) => [
        name,
        new SharedArrayBuffer(0, { maxByteLength: this.#most * width }),
      ]),
    );
    this.columns = this.#grow(Math.min(this.#most, FIRST_ROOM));
  }

  /** Makes room for one more entry, all zero, and returns its index. */
  append(): number {
    if (this.count === this.#room) {
      if (this.#room === this.#most) {
        throw new CaptureError(`the capture has more than ${this.#most} packets`);
      }
      this.columns = this.#grow(Math.min(this.#most, Math.ceil(this.#room * GROWTH)));
    }
    return this.count++;
  }

  /** Arrays over the same memory, of `room` elements: of a fixed length, which V8 makes quicker code for. */
  #grow(room: number): Columns<S> {
    this.#room = room;
    return columnsOf(this.#spec, (type, name) => {
      const memory = this.#memory[name] ?? new SharedArrayBuffer(0);
      memory.grow(room * type.BYTES_PER_ELEMENT);
      return new type(memory, 0, room);
    });
  }
}
