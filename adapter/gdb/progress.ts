/** A line that says how far something is, on a terminal and only if it takes long. */
import type { Writable } from 'node:stream';

/** What takes less time goes without. */
const SILENT_MS = 1000;
/** The line is written again after so long. */
const AGAIN_MS = 200;

export class ProgressLine {
  readonly #out: Writable & { readonly isTTY?: boolean };
  readonly #now: () => number;
  #since = -1;
  #written = -1;

  constructor(out: Writable & { readonly isTTY?: boolean }, now: () => number = () => performance.now()) {
    this.#out = out;
    this.#now = now;
  }

  /** Something goes on: `text` says how far it is. */
  show(text: string): void {
    const now = this.#now();
    if (this.#since < 0) {
      this.#since = now;
    }
    const due = this.#written < 0 ? now - this.#since >= SILENT_MS : now - this.#written >= AGAIN_MS;
    if (this.#out.isTTY === true && due) {
      this.#written = now;
      this.#out.write(`\r\x1b[K${text}`);
    }
  }

  /** Takes the line away, for other output; it comes again with the next `show`. */
  hide(): void {
    if (this.#written >= 0) {
      this.#out.write('\r\x1b[K');
      this.#written = this.#now() - AGAIN_MS;
    }
  }

  /** It is done, or has been given up. */
  end(): void {
    this.hide();
    this.#since = this.#written = -1;
  }
}
