/** The stack's shared memory, which goes by names. */
import { PAGE } from './checkpoint-format.ts';

const ZEROES = Buffer.alloc(64 * PAGE);

/** Writes zeroes where there is something else, so that the kernel gives no memory for what stays as it was. */
export function clear(bytes: Buffer, from: number, to: number): void {
  for (let at = from; at < to; at += ZEROES.length) {
    const end = Math.min(at + ZEROES.length, to);
    if (bytes.compare(ZEROES, 0, end - at, at, end) !== 0) {
      bytes.fill(0, at, end);
    }
  }
}

/**
 * Gives memory by name, in bytes that are zero. A thread that executes machines one after the other has each use the
 * memory of the one before: collectors of garbage do not feel the weight of shared memory, so gigabytes would gather.
 */
export class NamedMemory {
  /** The latest of each name. */
  readonly #byName: Map<string, ArrayBufferLike>;
  readonly #names = new WeakMap<ArrayBufferLike, string>();
  /** Is told of memory that is new. */
  readonly #made: (name: string, buffer: SharedArrayBuffer) => void;
  /** What the machine before had, and this one has not asked for yet. */
  #free = new Map<string, ArrayBufferLike>();

  constructor(byName: Map<string, ArrayBufferLike>, made: (name: string, buffer: SharedArrayBuffer) => void) {
    this.#byName = byName;
    this.#made = made;
  }

  /** Another machine begins, of which nothing is there yet. */
  restart(): void {
    this.#free = new Map(this.#byName);
  }

  /** Memory of zeroes that nobody has. */
  alloc(name: string, bytes: number): ArrayBufferLike {
    const free = this.#free.get(name);
    this.#free.delete(name);
    if (free?.byteLength === bytes) {
      clear(Buffer.from(free as ArrayBuffer), 0, bytes);
      return free;
    }
    const buffer = new SharedArrayBuffer(bytes);
    this.#byName.set(name, buffer);
    this.#names.set(buffer, name);
    this.#made(name, buffer);
    return buffer;
  }

  /** What has this name, for a checkpoint to be put there; it is made if there is none. */
  at(name: string, bytes: number): ArrayBufferLike {
    this.#free.delete(name);
    return this.#byName.get(name) ?? this.alloc(name, bytes);
  }

  /** What a buffer is called; empty for one without a name. */
  nameOf(buffer: ArrayBufferLike): string {
    return this.#names.get(buffer) ?? '';
  }
}
