/** A capture in a file, read through a window: nothing but the window is in memory. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { ByteSource } from '../packets/byte-source.ts';
import { CaptureError } from '../packets/types.ts';

/**
 * Windows begin at multiples of this, and reach further than the next one's beginning by what a packet may have: who
 * looks ahead, and who follows, find the same ones.
 */
const STRIDE = 1 << 20;
const WINDOW = STRIDE + (1 << 16);
/** How many there are: a replay looks some hundred packets ahead, and back at packets that came out of order. */
const WINDOWS = 16;
/** Bytes of a glance at most. */
const GLANCE = 4096;

interface Window {
  bytes: Uint8Array;
  start: number;
  length: number;
}

export class FileSource implements ByteSource {
  readonly size: number;
  /** For reading, by any thread of this process. */
  readonly fd: number;
  /** The one that was used last comes first. */
  readonly #windows: Window[] = [];
  readonly #small = new Uint8Array(GLANCE);

  /** Opens the file. Throws what the system says. */
  constructor(path: string) {
    this.fd = openSync(path, 'r');
    this.size = fstatSync(this.fd).size;
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
    const n = readSync(this.fd, this.#small, 0, end - at, at);
    return this.#small.subarray(0, n);
  }

  /** Brings the window with `[at, end)` to the front, filled if there was none. */
  #use(at: number, end: number): Window {
    const windows = this.#windows;
    let place = 0;
    while (place < windows.length && !holds(windows[place], at, end)) {
      place++;
    }
    const known = windows[place];
    const oldest = windows.length < WINDOWS ? undefined : windows[WINDOWS - 1];
    const w = known ?? oldest ?? { bytes: new Uint8Array(WINDOW), start: 0, length: 0 };
    for (let i = Math.min(place, WINDOWS - 1); i > 0; i--) {
      windows[i] = windows[i - 1] ?? w;
    }
    windows[0] = w;
    if (!known) {
      const start = at - (at % STRIDE);
      this.#fill(w, end - start > WINDOW ? at : start, end);
    }
    return w;
  }

  /** Reads from `at` on; up to `end` at least. */
  #fill(w: Window, at: number, end: number): void {
    const length = end - at;
    if (length > w.bytes.length) {
      w.bytes = new Uint8Array(length);
    }
    w.start = at;
    w.length = 0;
    while (w.length < w.bytes.length) {
      const n = readSync(this.fd, w.bytes, w.length, w.bytes.length - w.length, at + w.length);
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
    closeSync(this.fd);
  }
}

function holds(w: Window | undefined, at: number, end: number): boolean {
  return w !== undefined && at >= w.start && end <= w.start + w.length;
}
