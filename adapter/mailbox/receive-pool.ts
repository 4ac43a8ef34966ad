/**
 * Memory for what sockets received, shared with the inferior: pages that records point into. A page is free again when
 * the inferior has consumed every piece of it. Pieces of one descriptor are consumed in order.
 */
import { POOL_PAGE, POOL_PAGES, POOL_PLENTY } from './mailbox.ts';
import { copyShared, WORD } from './shared-copy.ts';

interface Piece {
  readonly page: number;
  left: number;
}

/** What one descriptor has in the pool. */
interface Pieces {
  /**
   * Bytes put so far, modulo a word: a stream's bytes stand in the pool as they will in slirp's buffer, so that they
   * are copied by words.
   */
  phase: number;
  /** Forgotten once all is consumed. */
  closed: boolean;
  readonly list: Piece[];
}

export class ReceivePool {
  readonly #bytes: Uint8Array;
  readonly #free: number[] = [];
  readonly #refs = new Int32Array(POOL_PAGES);
  readonly #pieces = new Map<number, Pieces>();
  #current = -1;
  #used = 0;

  constructor(pool: SharedArrayBuffer) {
    this.#bytes = new Uint8Array(pool);
    for (let i = POOL_PAGES - 1; i >= 0; i--) {
      this.#free.push(i);
    }
  }

  /** True while so much is used that no stream is to have more than a little. */
  get scarce(): boolean {
    return this.#free.length <= POOL_PAGES - POOL_PLENTY;
  }

  /**
   * A page for a stream to be read into, at the offset that its next byte has in a word; `put` then takes what was read
   * without a copy. Null if pages are scarce. A page that is not put goes back with `unreserve`.
   */
  reserve(fd: number): Uint8Array | null {
    if (this.scarce) {
      return null;
    }
    const page = this.#free.pop() as number;
    return this.#bytes.subarray(page * POOL_PAGE + this.#of(fd).phase, (page + 1) * POOL_PAGE);
  }

  /** Gives a reserved page back. */
  unreserve(page: Uint8Array): void {
    this.#free.push(Math.floor(page.byteOffset / POOL_PAGE));
  }

  /**
   * Copies up to a page of `data` in, all of it if it is `whole`. Returns offset and count, or null when the pool is
   * exhausted.
   */
  put(fd: number, data: Uint8Array, whole: boolean): { at: number; n: number } | null {
    const pieces = this.#of(fd);
    if (data.buffer === this.#bytes.buffer) {
      return this.#putPage(pieces, data);
    }
    const want = Math.min(data.length, POOL_PAGE - WORD);
    let from = this.#aligned(pieces.phase);
    if (this.#current < 0 || POOL_PAGE - from < (whole ? want : Math.min(want, 4096))) {
      const page = this.#free.pop();
      if (page === undefined) {
        return null;
      }
      this.#release(this.#current);
      this.#current = page;
      this.#refs[page] = 1;
      from = pieces.phase;
    }
    const n = Math.min(want, POOL_PAGE - from);
    const at = this.#current * POOL_PAGE + from;
    copyShared(this.#bytes, at, data, 0, n);
    this.#used = from + n;
    this.#refs[this.#current] = (this.#refs[this.#current] ?? 0) + 1;
    pieces.list.push({ page: this.#current, left: n });
    if (!whole) {
      pieces.phase = (pieces.phase + n) % WORD;
    }
    return { at, n };
  }

  /** Takes bytes that were read into a reserved page; the page is now theirs. */
  #putPage(pieces: Pieces, data: Uint8Array): { at: number; n: number } {
    const page = Math.floor(data.byteOffset / POOL_PAGE);
    this.#refs[page] = 1;
    pieces.list.push({ page, left: data.length });
    pieces.phase = (pieces.phase + data.length) % WORD;
    return { at: data.byteOffset, n: data.length };
  }

  #of(fd: number): Pieces {
    let pieces = this.#pieces.get(fd);
    if (!pieces) {
      pieces = { phase: 0, closed: false, list: [] };
      this.#pieces.set(fd, pieces);
    }
    return pieces;
  }

  /** The first offset in the current page that is free and has `phase` in its word. */
  #aligned(phase: number): number {
    return this.#used + ((phase - this.#used) & (WORD - 1));
  }

  /** The inferior has consumed `bytes` of what was put for `fd`. */
  consumed(fd: number, bytes: number): void {
    const pieces = this.#pieces.get(fd);
    if (!pieces) {
      return;
    }
    const { list } = pieces;
    let left = bytes;
    for (let piece = list[0]; piece && (left > 0 || piece.left === 0); piece = list[0]) {
      const n = Math.min(piece.left, left);
      piece.left -= n;
      left -= n;
      if (piece.left > 0) {
        break;
      }
      list.shift();
      this.#release(piece.page);
    }
    if (pieces.closed && list.length === 0) {
      this.#pieces.delete(fd);
    }
  }

  /** The descriptor is closed: nothing more is put for it. */
  forget(fd: number): void {
    const pieces = this.#pieces.get(fd);
    if (pieces) {
      pieces.closed = true;
      this.consumed(fd, 0);
    }
  }

  #release(page: number): void {
    if (page < 0) {
      return;
    }
    const n = (this.#refs[page] ?? 0) - 1;
    this.#refs[page] = n;
    if (n === 0) {
      this.#free.push(page);
    }
  }
}
