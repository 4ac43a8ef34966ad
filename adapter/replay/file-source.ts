/** A capture in a file, read through a window: nothing but the window is in memory. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { ByteSource } from '../packets/byte-source.ts';
import { CaptureError } from '../packets/types.ts';

/** What is read for a jump into the file; a window in use doubles, since what follows will be asked for too. */
const FIRST_READ = 1 << 13;
/** A window is small enough for a processor's cache, so that what was read is still there when it is looked at. */
const WINDOW = 1 << 18;
/** How many there are: a replay looks some hundred packets ahead, and back at packets that came out of order. */
const WINDOWS = 8;
/** Bytes of a glance at most. */
const GLANCE = 4096;

interface Window {
  bytes: Uint8Array;
  start: number;
  length: number;
}

/** An open capture, which any thread of this process can read. It is as long as it was when it was opened. */
export interface CaptureFile {
  readonly fd: number;
  readonly size: number;
}

export class FileSource implements ByteSource, CaptureFile {
  readonly size: number;
  /** For reading, by any thread of this process. */
  readonly fd: number;
  /** The one that was used last comes first. */
  readonly #windows: Window[] = [];
  readonly #small = new Uint8Array(GLANCE);

  /** Opens the file, or reads one that somebody else has open. Throws what the system says. */
  constructor(file: string | CaptureFile) {
    this.fd = typeof file === 'string' ? openSync(file, 'r') : file.fd;
    this.size = typeof file === 'string' ? fstatSync(this.fd).size : file.size;
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
    while (place < windows.length && !canHold(windows[place], at, end)) {
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
      w.start = at;
      w.length = 0;
    }
    if (!holds(w, at, end)) {
      this.#fill(w, Math.max(FIRST_READ, Math.min(2 * w.length, WINDOW), end - w.start));
    }
    return w;
  }

  /** Reads until there are `length` bytes, or the file ends. */
  #fill(w: Window, length: number): void {
    if (length > w.bytes.length) {
      w.bytes = new Uint8Array(length);
    }
    while (w.length < length) {
      const n = readSync(this.fd, w.bytes, w.length, length - w.length, w.start + w.length);
      if (n === 0) {
        break;
      }
      w.length += n;
    }
    if (w.length < Math.min(length, this.size - w.start)) {
      throw new CaptureError('the capture has become shorter while it was read');
    }
  }

  close(): void {
    closeSync(this.fd);
  }
}

/** True if the window holds the bytes, or does after reading a little more. */
function canHold(w: Window | undefined, at: number, end: number): boolean {
  return w !== undefined && at >= w.start && at <= w.start + w.length && end <= w.start + w.bytes.length;
}

function holds(w: Window | undefined, at: number, end: number): boolean {
  return w !== undefined && at >= w.start && end <= w.start + w.length;
}
