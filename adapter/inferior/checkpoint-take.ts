/** Takes checkpoints: writes all that hangs off a root as plain bytes. */
import type { SavedTree } from '../mailbox/checkpoint-ref.ts';
import { Births } from './births.ts';
import {
  BARE,
  Bytes,
  joinSections,
  KIND,
  type Memory,
  PAGE,
  PLAIN,
  type Shape,
  SMALL_MEMORY,
  TAG,
  type Tables,
  VIEWS,
} from './checkpoint-format.ts';
import { PageStore } from './checkpoint-pages.ts';
import { CheckpointError, type SymbolPath, type SymbolTable } from './checkpoint-symbols.ts';

/** Takes the checkpoints of one run: each has in common with the ones before what has not changed. */
export class CheckpointTaker {
  readonly #root: object;
  readonly #leftOut: string;
  readonly #symbols: SymbolTable;
  readonly #names: (buffer: ArrayBufferLike) => string;
  readonly #pages = new PageStore();
  readonly #births: Births;

  /**
   * `leftOut` is the root's field that is not part of the state. `names` says what a buffer is called that has been
   * allocated by name, or nothing.
   */
  constructor(
    root: object,
    leftOut: string,
    symbols: SymbolTable,
    names: (buffer: ArrayBufferLike) => string,
    births = new Births(),
  ) {
    this.#births = births;
    this.#root = root;
    this.#leftOut = leftOut;
    this.#symbols = symbols;
    this.#names = names;
  }

  /** Throws a `CheckpointError` that says where in the tree something is that cannot be written. */
  take(): SavedTree {
    const tree = new TreeWriter(this.#root, this.#leftOut, this.#symbols);
    try {
      tree.write();
    } catch (e) {
      throw e instanceof Unwritable ? this.#located(e) : e;
    }
    const memories = new MemoryWriter(this.#pages, this.#names);
    memories.write(tree.places);
    const runs = new Bytes();
    const pages = memories.finish(runs);
    const { symbols, shapes, texts } = tree;
    const tables: Tables = { symbols, shapes, texts, memories: memories.memories, born: this.#births.count };
    const bytes = joinSections({
      tables: Buffer.from(JSON.stringify(tables)),
      heads: tree.heads.written,
      bodies: tree.bodies.written,
      places: memories.places.written,
      small: memories.small.written,
      runs: runs.written,
      births: this.#numbers(tree.objects).written,
    });
    return { bytes, pages };
  }

  #numbers(objects: readonly object[]): Bytes {
    const numbers = new Bytes();
    for (const o of objects) {
      numbers.count((this.#births.of(o) ?? -1) + 1);
    }
    return numbers;
  }

  #located({ value, holder }: Unwritable): CheckpointError {
    const root = new Map([[this.#root, '']]);
    const what =
      typeof value === 'object' ? `an object of an unknown class (${className(value)})` : `a ${typeof value}`;
    for (const [v, path] of root) {
      if (v === holder) {
        const field = entries(v).find(([, held]) => held === value)?.[0] ?? '';
        return new CheckpointError(
          `the state of the machine cannot be saved: ${path}${field} is ${describe(value, what)}`,
        );
      }
      for (const [name, held] of entries(v)) {
        if (typeof held === 'object' && held !== null && !root.has(held) && !this.#symbols.pathOf(held, this.#root)) {
          root.set(held, path + name);
        }
      }
    }
    return new CheckpointError(`the state of the machine cannot be saved: it holds ${what}`);
  }
}

function describe(value: unknown, what: string): string {
  return typeof value === 'function'
    ? `a function that is no top-level one of a module${value.name === '' ? '' : ` (${value.name})`}`
    : what;
}

function className(v: unknown): string {
  return (v as object | null)?.constructor?.name ?? '?';
}

/** What an object holds, each with what comes behind the object's name to name it. */
function entries(v: object): [string, unknown][] {
  if (ArrayBuffer.isView(v)) {
    return [];
  }
  if (v instanceof Map) {
    return [...v].flatMap(([key, held]): [string, unknown][] => [
      [`.get(${String(key)})`, held],
      ['.keys()', key],
    ]);
  }
  if (v instanceof Set) {
    return [...v].map((held) => ['.values()', held]);
  }
  return Object.entries(v).map(([key, held]) => [Array.isArray(v) ? `[${key}]` : `.${key}`, held]);
}

/** Something that is no part of a state tree, and what holds it. */
class Unwritable extends Error {
  readonly value: unknown;
  readonly holder: object;
  constructor(value: unknown, holder: object) {
    super();
    this.value = value;
    this.holder = holder;
  }
}

/** Where a view looks; `length` is -1 for a buffer itself. */
interface ViewPlace {
  readonly buffer: ArrayBufferLike;
  readonly offset: number;
  readonly bytes: number;
  readonly length: number;
}

/** The shapes that the objects of one prototype have. */
interface ShapesOf {
  readonly type: number;
  readonly shapes: { readonly keys: readonly string[]; readonly number: number }[];
}

const BUFFER_PROTOTYPES: readonly unknown[] = [ArrayBuffer.prototype, SharedArrayBuffer.prototype];
const VIEW_PROTOTYPES: readonly unknown[] = VIEWS.map((v) => v.prototype);

/** Writes the objects; the memory that views look into is left to `MemoryWriter`. */
class TreeWriter {
  readonly heads = new Bytes();
  readonly bodies = new Bytes();
  readonly symbols: SymbolPath[] = [];
  readonly shapes: Shape[] = [];
  readonly texts: string[] = [];
  readonly places: ViewPlace[] = [];
  readonly #root: object;
  readonly #leftOut: string;
  readonly #table: SymbolTable;
  /** The numbers of objects; of symbols, those below 0. */
  readonly #numbers = new Map<object, number>();
  readonly #textNumbers = new Map<string, number>();
  readonly #objects: object[];
  readonly #shapesOf = new Map<object | null, ShapesOf>();

  constructor(root: object, leftOut: string, table: SymbolTable) {
    this.#root = root;
    this.#leftOut = leftOut;
    this.#table = table;
    this.#numbers.set(root, 0);
    this.#objects = [root];
  }

  /** All that there are, in order. */
  get objects(): readonly object[] {
    return this.#objects;
  }

  write(): void {
    const objects = this.#objects;
    for (let i = 0; i < objects.length; i++) {
      this.#object(objects[i] as object);
    }
  }

  #object(v: object): void {
    const { heads } = this;
    if (Array.isArray(v)) {
      heads.byte(KIND.ARRAY);
      heads.count(v.length);
      for (let i = 0; i < v.length; i++) {
        this.#value(v[i], v);
      }
    } else if (ArrayBuffer.isView(v)) {
      this.#view(v);
    } else if (v instanceof Map) {
      heads.byte(KIND.MAP);
      heads.count(v.size);
      for (const [key, held] of v) {
        this.#value(key, v);
        this.#value(held, v);
      }
    } else if (v instanceof Set) {
      heads.byte(KIND.SET);
      heads.count(v.size);
      for (const held of v) {
        this.#value(held, v);
      }
    } else {
      this.#fields(v as Record<string, unknown>);
    }
  }

  #view(v: ArrayBufferView): void {
    const type = VIEW_PROTOTYPES.indexOf(Object.getPrototypeOf(v));
    if (type < 0) {
      throw new Unwritable(v, v);
    }
    this.heads.byte(KIND.VIEW);
    this.heads.byte(type);
    const length = v instanceof DataView ? v.byteLength : (v as Uint8Array).length;
    this.places.push({ buffer: v.buffer, offset: v.byteOffset, bytes: v.byteLength, length });
  }

  /** Nearly always an object has the same fields, in the same order, as one of its class that came before. */
  #fields(v: Record<string, unknown>): void {
    const prototype = Object.getPrototypeOf(v) as object | null;
    const known = this.#shapesOf.get(prototype) ?? this.#newType(v, prototype);
    if (known === null) {
      return;
    }
    const start = this.bodies.at;
    for (const { keys, number } of known.shapes) {
      if (this.#fieldsLike(v, keys)) {
        this.heads.count(KIND.SHAPE + number);
        return;
      }
      this.bodies.at = start;
    }
    const keys = Object.keys(v);
    const number = this.shapes.push({ type: known.type, keys }) - 1;
    known.shapes.push({ keys, number });
    this.#fieldsLike(v, keys);
    this.heads.count(KIND.SHAPE + number);
  }

  /** Writes the fields of an object; false if they are not these. */
  #fieldsLike(v: Record<string, unknown>, keys: readonly string[]): boolean {
    let i = 0;
    for (const key in v) {
      if (key !== keys[i]) {
        return false;
      }
      i++;
      if (v === this.#root && key === this.#leftOut) {
        this.bodies.byte(TAG.KEPT);
      } else {
        this.#value(v[key], v);
      }
    }
    return i === keys.length;
  }

  /** A prototype that was not met before; null if the object was a buffer, which is then written. */
  #newType(v: object, prototype: object | null): ShapesOf | null {
    if (BUFFER_PROTOTYPES.includes(prototype)) {
      this.heads.byte(KIND.BUFFER);
      const buffer = v as ArrayBufferLike;
      this.places.push({ buffer, offset: 0, bytes: buffer.byteLength, length: -1 });
      return null;
    }
    const made = { type: this.#type(v, prototype), shapes: [] };
    this.#shapesOf.set(prototype, made);
    return made;
  }

  #type(v: object, prototype: object | null): number {
    if (prototype === null) {
      return BARE;
    }
    if (prototype === Object.prototype) {
      return PLAIN;
    }
    const type: unknown = prototype.constructor;
    const number = typeof type === 'function' && type.prototype === prototype ? this.#symbol(type) : 0;
    if (number === 0) {
      throw new Unwritable(v, v);
    }
    return -number - 1;
  }

  /** The number of a function or constant, below 0; 0 if it is none. */
  #symbol(v: object): number {
    const known = this.#numbers.get(v);
    if (known !== undefined) {
      return known;
    }
    const path = this.#table.pathOf(v, this.#root);
    if (!path) {
      return 0;
    }
    const number = -this.symbols.push(path);
    this.#numbers.set(v, number);
    return number;
  }

  #value(v: unknown, holder: object): void {
    const { bodies } = this;
    switch (typeof v) {
      case 'number':
        bodies.number(v);
        break;
      case 'object':
        if (v === null) {
          bodies.byte(TAG.NULL);
        } else {
          this.#reference(v, holder);
        }
        break;
      case 'boolean':
        bodies.byte(v ? TAG.TRUE : TAG.FALSE);
        break;
      case 'string':
        this.#text(v);
        break;
      case 'undefined':
        bodies.byte(TAG.UNDEFINED);
        break;
      case 'bigint':
        bodies.byte(TAG.BIGINT);
        bodies.count(this.#textNumber(v.toString()));
        break;
      case 'function':
        this.#reference(v, holder);
        break;
      default:
        throw new Unwritable(v, holder);
    }
  }

  #reference(v: object, holder: object): void {
    let number = this.#numbers.get(v);
    if (number === undefined) {
      number = this.#symbol(v);
      if (number === 0) {
        if (typeof v === 'function') {
          throw new Unwritable(v, holder);
        }
        number = this.#objects.push(v) - 1;
        this.#numbers.set(v, number);
      }
    }
    this.bodies.byte(number < 0 ? TAG.SYMBOL : TAG.OBJECT);
    this.bodies.count(number < 0 ? -number - 1 : number);
  }

  #text(v: string): void {
    if (v === '') {
      this.bodies.byte(TAG.EMPTY_TEXT);
    } else {
      this.bodies.byte(TAG.TEXT);
      this.bodies.count(this.#textNumber(v));
    }
  }

  #textNumber(v: string): number {
    let number = this.#textNumbers.get(v);
    if (number === undefined) {
      number = this.texts.push(v) - 1;
      this.#textNumbers.set(v, number);
    }
    return number;
  }
}

/** A stretch of a buffer that views look into, and its number. */
interface Stretch {
  readonly lo: number;
  hi: number;
  readonly memory: number;
}

/** Writes the memory that views look into: of large buffers only the pages that they touch. */
class MemoryWriter {
  readonly memories: Memory[] = [];
  readonly places = new Bytes();
  readonly small = new Bytes();
  readonly #pages: PageStore;
  readonly #names: (buffer: ArrayBufferLike) => string;

  constructor(pages: PageStore, names: (buffer: ArrayBufferLike) => string) {
    this.#pages = pages;
    this.#names = names;
    pages.begin();
  }

  finish(runs: Bytes): SharedArrayBuffer[] {
    return this.#pages.finish(runs);
  }

  write(places: readonly ViewPlace[]): void {
    const uses = new Map<ArrayBufferLike, ViewPlace[]>();
    for (const place of places) {
      const of = uses.get(place.buffer);
      if (of) {
        of.push(place);
      } else {
        uses.set(place.buffer, [place]);
      }
    }
    const stretches = new Map<ArrayBufferLike, readonly Stretch[]>();
    for (const [buffer, of] of uses) {
      stretches.set(buffer, this.#buffer(buffer, of));
    }
    for (const { buffer, offset, length } of places) {
      const { lo, memory } = stretchAt(stretches.get(buffer) as readonly Stretch[], offset);
      this.places.count(memory);
      this.places.count(offset - lo);
      this.places.count(length + 1);
    }
  }

  #buffer(buffer: ArrayBufferLike, uses: ViewPlace[]): Stretch[] {
    const size = buffer.byteLength;
    const name = this.#names(buffer);
    const shared = buffer instanceof SharedArrayBuffer;
    const memory = this.memories.length;
    if (size <= SMALL_MEMORY) {
      this.memories.push({ name, shared, size, paged: false, at: this.small.at });
      this.small.raw(new Uint8Array(buffer));
      return [{ lo: 0, hi: size, memory }];
    }
    const found = name === '' ? pagesOf(uses, size, memory) : [{ lo: 0, hi: size, memory }];
    for (const { lo, hi } of found) {
      this.memories.push({ name, shared, size: hi - lo, paged: true, at: 0 });
      this.#pages.take(buffer, lo, hi);
    }
    return found;
  }
}

/** The stretches of whole pages that views look into, in order. */
function pagesOf(uses: ViewPlace[], size: number, memory: number): Stretch[] {
  const found: Stretch[] = [];
  for (const { offset, bytes } of uses.length > 1 ? uses.sort((a, b) => a.offset - b.offset) : uses) {
    const lo = offset - (offset % PAGE);
    const hi = Math.min(size, Math.ceil((offset + bytes) / PAGE) * PAGE);
    const last = found.at(-1);
    if (last && lo <= last.hi) {
      last.hi = Math.max(last.hi, hi);
    } else {
      found.push({ lo, hi, memory: memory + found.length });
    }
  }
  return found;
}

/** The stretch that a place is in; one at the very end of a buffer is in the last. */
function stretchAt(stretches: readonly Stretch[], offset: number): Stretch {
  let [low, high] = [0, stretches.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((stretches[middle] as Stretch).lo <= offset) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return stretches[low] as Stretch;
}
