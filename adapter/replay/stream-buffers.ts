/**
 * Memory for what the host's streams bring: used again once the stack has taken the bytes, as new memory for each piece
 * costs more than to copy into it.
 */

/** Sizes are powers of two, from this one on. */
const LEAST = 1 << 12;
/** Bytes that wait to be used again at most. */
const MOST_FREE = 8 << 20;

export class StreamBuffers {
  /** Free ones by the logarithm of their size. */
  readonly #free: ArrayBuffer[][] = [];
  #bytes = 0;
  /** What the stack has not taken yet, by descriptor, the oldest first. */
  readonly #lent = new Map<number, Lent>();

  /** `length` bytes that hold anything. */
  take(length: number): Uint8Array {
    const size = Math.max(LEAST, 2 ** Math.ceil(Math.log2(length)));
    const buffer = this.#free[Math.log2(size)]?.pop();
    if (buffer) {
      this.#bytes -= size;
    }
    return new Uint8Array(buffer ?? new ArrayBuffer(size), 0, length);
  }

  /** The stack gets `data` for socket `fd`. */
  lend(fd: number, data: Uint8Array): void {
    const lent = this.#lent.get(fd);
    if (lent) {
      lent.pieces.push(data);
    } else {
      this.#lent.set(fd, { pieces: [data], taken: 0 });
    }
  }

  /** The stack has taken so many bytes of what `fd` brought. */
  consumed(fd: number, bytes: number): void {
    const lent = this.#lent.get(fd);
    if (!lent) {
      return;
    }
    lent.taken += bytes;
    for (let first = lent.pieces[0]; first && first.length <= lent.taken; first = lent.pieces[0]) {
      lent.taken -= first.length;
      lent.pieces.shift();
      this.#give(first.buffer);
    }
  }

  /** `fd` is closed: what it still has belongs to it. */
  closed(fd: number): void {
    this.#lent.delete(fd);
  }

  #give(buffer: ArrayBufferLike): void {
    const place = Math.log2(buffer.byteLength);
    const fits = buffer.byteLength >= LEAST && Number.isInteger(place) && buffer instanceof ArrayBuffer;
    if (fits && this.#bytes + buffer.byteLength <= MOST_FREE) {
      this.#bytes += buffer.byteLength;
      this.#free[place] ??= [];
      this.#free[place].push(buffer);
    }
  }
}

/** Pieces of a socket, and how many bytes of the first ones have been taken. */
interface Lent {
  readonly pieces: Uint8Array[];
  taken: number;
}
