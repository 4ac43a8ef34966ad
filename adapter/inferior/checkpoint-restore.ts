/** Puts the state tree of a checkpoint in the place of the present one. */
import type { SavedTree } from '../mailbox/checkpoint-ref.ts';
import { Births } from './births.ts';
import {
  BARE,
  ByteReader,
  KIND,
  type Memory,
  PAGE,
  PLAIN,
  type Sections,
  type Shape,
  splitSections,
  TAG,
  type Tables,
  VIEWS,
} from './checkpoint-format.ts';
import { CheckpointError, type SymbolTable } from './checkpoint-symbols.ts';
import { clear } from './named-memory.ts';

/** Gives the shared memory that goes by a name: what the machine has, or memory of this size that is made now. */
export type MemoryByName = (name: string, size: number) => ArrayBufferLike;

/** Fills `root` with the tree of a checkpoint. Throws a `CheckpointError` if that belongs to another program. */
export function restoreCheckpoint(
  root: object,
  saved: SavedTree,
  symbols: SymbolTable,
  named: MemoryByName,
  births = new Births(),
): void {
  const sections = splitSections(saved.bytes);
  const tables = JSON.parse(Buffer.from(sections.tables).toString()) as Tables;
  const memories = restoreMemories(tables.memories, sections, saved.pages, named);
  const objects = new TreeReader(root, tables, sections, symbols).read(memories);
  const numbers = new ByteReader(sections.births);
  for (const o of objects) {
    const number = numbers.count() - 1;
    if (number >= 0) {
      births.is(o, number);
    }
  }
  births.count = tables.born;
}

function restoreMemories(
  memories: readonly Memory[],
  { small, runs }: Sections,
  blocks: readonly SharedArrayBuffer[],
  named: MemoryByName,
): ArrayBufferLike[] {
  const r = new ByteReader(runs);
  const pages = blocks.map((b) => Buffer.from(b));
  return memories.map(({ name, shared, size, paged, at }) => {
    const isNew = name === '';
    const buffer = isNew ? (shared ? new SharedArrayBuffer(size) : new ArrayBuffer(size)) : named(name, size);
    const bytes = Buffer.from(buffer as ArrayBuffer);
    if (paged) {
      restorePages(bytes, r, pages, isNew);
    } else {
      bytes.set(small.subarray(at, at + size));
    }
    return buffer;
  });
}

/** `isZero`: nothing was written to the memory yet. */
function restorePages(bytes: Buffer, runs: ByteReader, blocks: readonly Buffer[], isZero: boolean): void {
  for (let at = 0; at < bytes.length; ) {
    const zeroes = runs.count() * PAGE;
    if (!isZero) {
      clear(bytes, at, Math.min(at + zeroes, bytes.length));
    }
    at += zeroes;
    const length = runs.count() * PAGE;
    if (length > 0) {
      const block = blocks[runs.count()] as Buffer;
      const from = runs.count() * PAGE;
      block.copy(bytes, at, from, from + Math.min(length, bytes.length - at));
      at += length;
    }
  }
}

type Fill = (o: object, next: () => unknown) => void;

/** How the objects of a shape are made and filled. */
interface Maker {
  readonly prototype: object | null;
  readonly fill: Fill;
}

/** What fills objects with these keys: compiling them takes longer than all else of a checkpoint. */
const fillers = new Map<string, Fill>();
/** Structs have fewer shapes; tables that are objects may have any number. */
const MOST_FILLERS = 2000;

/** Named stores keep V8's objects fast; stores by computed names would not, beyond a dozen fields. */
function filler(keys: readonly string[]): Fill {
  const lines = keys.map((key) => `o[${JSON.stringify(key)}]=next();`).join('\n');
  let fill = fillers.get(lines);
  if (!fill) {
    fill = new Function('o', 'next', lines) as Fill;
    if (fillers.size >= MOST_FILLERS) {
      fillers.clear();
    }
    fillers.set(lines, fill);
  }
  return fill;
}

class TreeReader {
  readonly #root: Record<string, unknown>;
  readonly #tables: Tables;
  readonly #heads: ByteReader;
  readonly #bodies: ByteReader;
  readonly #places: ByteReader;
  readonly #symbols: object[];
  readonly #makers: Maker[];
  readonly #objects: object[] = [];
  /** For each object what fills it, or for maps and sets, and arrays, how many entries they have. */
  readonly #fills: (Fill | number)[] = [];

  constructor(root: object, tables: Tables, sections: Sections, symbols: SymbolTable) {
    this.#root = root as Record<string, unknown>;
    this.#tables = tables;
    this.#heads = new ByteReader(sections.heads);
    this.#bodies = new ByteReader(sections.bodies);
    this.#places = new ByteReader(sections.places);
    this.#symbols = tables.symbols.map((path) => symbols.resolve(path));
    this.#makers = tables.shapes.map((shape) => this.#maker(shape));
  }

  #maker({ type, keys }: Shape): Maker {
    const of = type === PLAIN ? Object : type === BARE ? null : (this.#symbols[type] as { prototype?: object });
    if (of !== null && of.prototype === undefined) {
      throw new CheckpointError(`the checkpoint does not belong to this program: ${String(of)} is no class`);
    }
    return { prototype: of?.prototype ?? null, fill: filler(keys) };
  }

  /** All objects, in their order. */
  read(memories: readonly ArrayBufferLike[]): readonly object[] {
    const objects = this.#objects;
    for (let size = this.#heads.size; this.#heads.at < size; ) {
      objects.push(this.#make(memories));
    }
    const next = (): unknown => this.#value();
    for (let i = 0; i < objects.length; i++) {
      this.#fill(objects[i] as object, this.#fills[i] as Fill | number, next);
    }
    return objects;
  }

  #make(memories: readonly ArrayBufferLike[]): object {
    const kind = this.#heads.count();
    if (kind >= KIND.SHAPE) {
      const { prototype, fill } = this.#makers[kind - KIND.SHAPE] as Maker;
      if (this.#objects.length === 0) {
        this.#fills.push(this.#rootFill(this.#tables.shapes[kind - KIND.SHAPE] as Shape));
        return this.#root;
      }
      this.#fills.push(fill);
      return Object.create(prototype) as object;
    }
    if (kind === KIND.VIEW || kind === KIND.BUFFER) {
      this.#fills.push(0);
      return this.#view(kind === KIND.VIEW ? this.#heads.byte() : -1, memories);
    }
    this.#fills.push(this.#heads.count());
    return kind === KIND.ARRAY ? [] : kind === KIND.MAP ? new Map() : new Set();
  }

  /** The root stays the object that it is, and so does its field that belongs to no checkpoint. */
  #rootFill({ keys }: Shape): Fill {
    return (_o, next) => {
      for (const key of keys) {
        const v = next();
        if (v !== KEPT) {
          this.#root[key] = v;
        }
      }
    };
  }

  #view(type: number, memories: readonly ArrayBufferLike[]): object {
    const buffer = memories[this.#places.count()] as ArrayBufferLike;
    const offset = this.#places.count();
    const length = this.#places.count() - 1;
    const View = VIEWS[type];
    if (View === undefined) {
      return buffer;
    }
    return View === Buffer
      ? Buffer.from(buffer as ArrayBuffer, offset, length)
      : new (View as Uint8ArrayConstructor)(buffer, offset, length);
  }

  #fill(o: object, fill: Fill | number, next: () => unknown): void {
    if (typeof fill === 'function') {
      fill(o, next);
    } else if (Array.isArray(o)) {
      for (let i = 0; i < fill; i++) {
        o.push(next());
      }
    } else if (o instanceof Map) {
      for (let i = 0; i < fill; i++) {
        const key = next();
        o.set(key, next());
      }
    } else if (o instanceof Set) {
      for (let i = 0; i < fill; i++) {
        o.add(next());
      }
    }
  }

  #value(): unknown {
    const bodies = this.#bodies;
    const tag = bodies.byte();
    switch (tag) {
      case TAG.UNDEFINED:
        return undefined;
      case TAG.NULL:
        return null;
      case TAG.FALSE:
        return false;
      case TAG.TRUE:
        return true;
      case TAG.OBJECT:
        return this.#objects[bodies.count()];
      case TAG.TEXT:
        return this.#tables.texts[bodies.count()];
      case TAG.EMPTY_TEXT:
        return '';
      case TAG.SYMBOL:
        return this.#symbols[bodies.count()];
      case TAG.BIGINT:
        return BigInt(this.#tables.texts[bodies.count()] as string);
      case TAG.KEPT:
        return KEPT;
      default:
        return bodies.number(tag);
    }
  }
}

/** Stands for the value of the root's field that stays what it is. */
const KEPT = Symbol('kept');
