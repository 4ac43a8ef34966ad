/**
 * The bytes of a checkpoint's tree. Objects are numbered in the order in which they are first met from the root, which
 * is 0. `heads` has for each what is needed to make it, `bodies` what it holds; so all are made before any is filled.
 */
import type { SymbolPath } from './checkpoint-symbols.ts';

/** Granularity in which large memories are kept, and shared with earlier checkpoints. */
export const PAGE = 4096;
/** Up to here a memory is written whole. */
export const SMALL_MEMORY = 4 * PAGE;

/** First byte of a value. Smaller ones are that number itself. */
export const TAG = {
  SMALL: 200,
  UNDEFINED: 200,
  NULL: 201,
  FALSE: 202,
  TRUE: 203,
  /** 16 bits, signed. */
  INT16: 204,
  INT32: 205,
  FLOAT64: 206,
  /** The number of an object. */
  OBJECT: 207,
  /** The number of a text. */
  TEXT: 208,
  EMPTY_TEXT: 209,
  /** The number of a function or constant. */
  SYMBOL: 210,
  /** The number of a text that holds an integer. */
  BIGINT: 211,
  /** What the field holds where the checkpoint is restored. */
  KEPT: 212,
} as const;

/** What an object is; from `SHAPE` on, the number of its shape is added. */
export const KIND = { ARRAY: 0, MAP: 1, SET: 2, VIEW: 3, BUFFER: 4, SHAPE: 5 } as const;

/** Typed arrays; `Buffer` is Node's. */
export const VIEWS = [
  Uint8Array,
  Uint32Array,
  Uint16Array,
  Int32Array,
  Float64Array,
  Int8Array,
  Int16Array,
  Float32Array,
  Uint8ClampedArray,
  BigInt64Array,
  BigUint64Array,
  DataView,
  Buffer,
] as const;

/** Class and fields of an object. The class is a number of a symbol, or one of the two below. */
export interface Shape {
  readonly type: number;
  readonly keys: readonly string[];
}

/** An object without a class, and one without even a prototype. */
export const PLAIN = -1;
export const BARE = -2;

/** A stretch of memory that views look into. */
export interface Memory {
  /** What `Host.alloc_shared` calls it, or empty. */
  readonly name: string;
  readonly shared: boolean;
  readonly size: number;
  readonly paged: boolean;
  /** Where its bytes are in the section of small memories; paged ones have their runs one after the other instead. */
  readonly at: number;
}

/** What is not in the streams of bytes. */
export interface Tables {
  readonly symbols: readonly SymbolPath[];
  readonly shapes: readonly Shape[];
  readonly texts: readonly string[];
  readonly memories: readonly Memory[];
  /** Structs that have been made so far (see `Births`). */
  readonly born: number;
}

/**
 * Sections of a checkpoint. `places` has for each view and buffer, in their order, its memory, its offset in bytes, and
 * 1 more than its length in elements, or 0 for a buffer. `runs` has the pages of the paged memories, in their order:
 * how many are zero, how many follow that are one after the other in a block of pages, and if any, which block and
 * where. `births` has for each object 1 more than its number if it is a struct, or 0.
 */
export interface Sections {
  readonly tables: Uint8Array;
  readonly heads: Uint8Array;
  readonly bodies: Uint8Array;
  readonly places: Uint8Array;
  readonly small: Uint8Array;
  readonly runs: Uint8Array;
  readonly births: Uint8Array;
}

const SECTIONS = ['tables', 'heads', 'bodies', 'places', 'small', 'runs', 'births'] as const;
/** Their lengths, in words of 32 bits. */
const HEADER = 4 * SECTIONS.length;

const rounded = (n: number): number => (n + 7) & ~7;

/** Puts sections together in shared memory. */
export function joinSections(sections: Sections): SharedArrayBuffer {
  const all = new SharedArrayBuffer(SECTIONS.reduce((n, name) => n + rounded(sections[name].length), HEADER));
  const lengths = new Uint32Array(all, 0, SECTIONS.length);
  const bytes = new Uint8Array(all);
  let at = HEADER;
  for (const [i, name] of SECTIONS.entries()) {
    const section = sections[name];
    lengths[i] = section.length;
    bytes.set(section, at);
    at += rounded(section.length);
  }
  return all;
}

export function splitSections(all: SharedArrayBuffer): Sections {
  const lengths = new Uint32Array(all, 0, SECTIONS.length);
  let at = HEADER;
  const parts = SECTIONS.map((name, i) => {
    const section = new Uint8Array(all, at, lengths[i]);
    at += rounded(section.length);
    return [name, section] as const;
  });
  return Object.fromEntries(parts) as unknown as Sections;
}

/** Bytes that grow. */
export class Bytes {
  data: Uint8Array<ArrayBuffer> = new Uint8Array(1 << 14);
  at = 0;
  readonly #float = new Float64Array(1);
  readonly #word = new Uint8Array(this.#float.buffer);

  /** Makes room for `n` more. */
  room(n: number): void {
    if (this.at + n > this.data.length) {
      const more = new Uint8Array(Math.max(this.at + n, this.data.length * 2));
      more.set(this.data.subarray(0, this.at));
      this.data = more;
    }
  }

  byte(v: number): void {
    this.room(1);
    this.data[this.at++] = v;
  }

  /** An unsigned number below 2^53, seven bits a byte. */
  count(v: number): void {
    this.room(8);
    while (v > 0x7f) {
      this.data[this.at++] = (v % 128) | 0x80;
      v = Math.floor(v / 128);
    }
    this.data[this.at++] = v;
  }

  /** Any number, with its tag. */
  number(v: number): void {
    this.room(9);
    const { data } = this;
    const int = v | 0;
    if (int !== v || (v === 0 && 1 / v < 0)) {
      data[this.at++] = TAG.FLOAT64;
      this.#float[0] = v;
      for (let i = 0; i < 8; i++) {
        data[this.at++] = this.#word[i] as number;
      }
    } else if (int >= 0 && int < TAG.SMALL) {
      data[this.at++] = int;
    } else if (int >= -0x8000 && int < 0x8000) {
      data[this.at++] = TAG.INT16;
      data[this.at++] = int;
      data[this.at++] = int >> 8;
    } else {
      data[this.at++] = TAG.INT32;
      data[this.at++] = int;
      data[this.at++] = int >> 8;
      data[this.at++] = int >> 16;
      data[this.at++] = int >> 24;
    }
  }

  raw(data: Uint8Array): void {
    this.room(data.length);
    this.data.set(data, this.at);
    this.at += data.length;
  }

  get written(): Uint8Array<ArrayBuffer> {
    return this.data.subarray(0, this.at);
  }
}

/** Reads what `Bytes` wrote. */
export class ByteReader {
  at = 0;
  readonly #data: Uint8Array;
  readonly #float = new Float64Array(1);
  readonly #word = new Uint8Array(this.#float.buffer);

  constructor(data: Uint8Array) {
    this.#data = data;
  }

  get size(): number {
    return this.#data.length;
  }

  byte(): number {
    return this.#data[this.at++] as number;
  }

  count(): number {
    let v = 0;
    for (let scale = 1; ; scale *= 128) {
      const b = this.byte();
      v += (b & 0x7f) * scale;
      if (b < 0x80) {
        return v;
      }
    }
  }

  /** A number with this tag. */
  number(tag: number): number {
    switch (tag) {
      case TAG.INT16:
        return ((this.byte() | (this.byte() << 8)) << 16) >> 16;
      case TAG.INT32:
        return this.byte() | (this.byte() << 8) | (this.byte() << 16) | (this.byte() << 24);
      case TAG.FLOAT64:
        for (let i = 0; i < 8; i++) {
          this.#word[i] = this.byte();
        }
        return this.#float[0] as number;
      default:
        return tag;
    }
  }
}
