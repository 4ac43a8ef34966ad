/**
 * Memory for what sockets received, shared with the inferior: pages that records point into. A page is free again when the
 * inferior has consumed every piece of it. Pieces of one descriptor are consumed in order.
 */
import { POOL_PAGE, POOL_PAGES } from './mailbox.ts';

interface Piece {
  readonly page: number;
  left: number;
}

export class ReceivePool {
  private readonly bytes: Uint8Array;
  private readonly free: number[] = [];
  private readonly refs = new Int32Array(POOL_PAGES);
  private readonly pieces = new Map<number, Piece[]>();
  private current = -1;
  private used = 0;

  constructor(pool: SharedArrayBuffer) {
    this.bytes = new Uint8Array(pool);
    for (let i = POOL_PAGES - 1; i >= 0; i--) {
      this.free.push(i);
    }
  }

  /** Pages that can be had now. */
  get available(): number {
    return this.free.length;
  }

  /** Copies up to a page of `data` in. Returns offset and count, or null when the pool is exhausted. */
  put(fd: number, data: Uint8Array, whole: boolean): { at: number; n: number } | null {
    const want = Math.min(data.length, POOL_PAGE);
    if (this.current < 0 || POOL_PAGE - this.used < (whole ? want : Math.min(want, 4096))) {
      const page = this.free.pop();
      if (page === undefined) {
        return null;
      }
      this.release(this.current);
      this.current = page;
      this.used = 0;
      this.refs[page] = 1;
    }
    const n = Math.min(want, POOL_PAGE - this.used);
    const at = this.current * POOL_PAGE + this.used;
    this.bytes.set(n === data.length ? data : data.subarray(0, n), at);
    this.used += n;
    this.refs[this.current] = (this.refs[this.current] ?? 0) + 1;
    const list = this.pieces.get(fd);
    const piece = { page: this.current, left: n };
    if (list) {
      list.push(piece);
    } else {
      this.pieces.set(fd, [piece]);
    }
    return { at, n };
  }

  /** The inferior has consumed `bytes` of what was put for `fd`. */
  consumed(fd: number, bytes: number): void {
    const list = this.pieces.get(fd);
    if (!list) {
      return;
    }
    let left = bytes;
    for (let piece = list[0]; piece && (left > 0 || piece.left === 0); piece = list[0]) {
      const n = Math.min(piece.left, left);
      piece.left -= n;
      left -= n;
      if (piece.left > 0) {
        break;
      }
      list.shift();
      this.release(piece.page);
    }
    if (list.length === 0) {
      this.pieces.delete(fd);
    }
  }

  private release(page: number): void {
    if (page < 0) {
      return;
    }
    const n = (this.refs[page] ?? 0) - 1;
    this.refs[page] = n;
    if (n === 0) {
      this.free.push(page);
    }
  }
}
