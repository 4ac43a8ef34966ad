/** A capture in a file, read through a window: nothing but the window is in memory. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { ByteSource } from '../packets/byte-source.ts';
import { CaptureError } from '../packets/types.ts';

/** Bytes of a window, and how many there are: a replay looks ahead, and back at packets that came out of order. */
const WINDOW = 1 << 19;
const WINDOWS = 4;
/** Bytes of a glance at most. */
const GLANCE = 4096;

interface Window {
  bytes: Uint8Array;
  start: number;
  length: number;
}

export class FileSource implements ByteSource {
  readonly size: number;
  readonly #fd: number;
  /** The one that was used last comes first. */
  readonly #windows: Window[] = [];
  readonly #small = new Uint8Array(GLANCE);

  /** Opens the file. Throws what the system says. */
  constructor(path: string) {
    this.#fd = openSync(path, 'r');
    this.size = fstatSync(this.#fd).size;
  }

  read(at: number, length: number): Uint8Array {
    const end = Math.min(this.size, at + length);
    const [first] = this.#windows;
    const w = first && holds(first, at, end) ? first : this.#use(at, Math.max(at, end));
    return w.bytes.subarray(at - w.start, Math.max(at, end) - w.start);
  }

  glance(at: number, length: number): Uint8Array {
    const end = Math.min(this.size, at + length);
    const [first] = this.#windows;
    if (first && holds(first, at, end)) {
      return first.bytes.subarray(at - first.start, end - first.start);
    }
    if (this.#windows.some((one) => holds(one, at, end)) || end - at > this.#small.length) {
      return this.read(at, length);
    }
    const n = readSync(this.#fd, this.#small, 0, end - at, at);
    return this.#small.subarray(0, n);
  }

  /** Brings the window with `[at, end)` to the front, filled if there was none. */
  #use(at: number, end: number): Window {
    const known = this.#windows.findIndex((w) => holds(w, at, end));
    const [w] =
      known >= 0
        ? this.#windows.splice(known, 1)
        : this.#windows.length < WINDOWS
          ? [{ bytes: new Uint8Array(WINDOW), start: 0, length: 0 }]
          : this.#windows.splice(WINDOWS - 1, 1);
    if (!w) {
      throw new Error('a window is missing');
    }
    this.#windows.unshift(w);
    if (known < 0) {
      this.#fill(w, at, end - at);
    }
    return w;
  }

  /** Reads from `at` on; `length` bytes at least. */
  #fill(w: Window, at: number, length: number): void {
    if (length > w.bytes.length) {
      w.bytes = new Uint8Array(length);
    }
    w.start = at;
    w.length = 0;
    while (w.length < w.bytes.length) {
      const n = readSync(this.#fd, w.bytes, w.length, w.bytes.length - w.length, at + w.length);
      if (n === 0) {
        break;
      }
      w.length += n;
    }
    if (w.length < length) {
      throw new CaptureError('the capture has become shorter while it was read');
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function holds(w: Window, at: number, end: number): boolean {
  return at >= w.start && end <= w.start + w.length;
}
