/** Files that the machine writes, such as the captures of `-object filter-dump`. */
import { closeSync, openSync, writeSync } from 'node:fs';

export class OutputFiles {
  readonly #fds = new Map<string, number>();
  readonly #warn: (text: string) => void;

  /** `warn` is told once for each file that cannot be written. */
  constructor(warn: (text: string) => void) {
    this.#warn = warn;
  }

  /** Appends to a file; `create` makes or empties it first. A file that cannot be written is given up. */
  write(path: string, create: boolean, data: Uint8Array): void {
    try {
      if (create) {
        this.#close(path);
        this.#fds.set(path, openSync(path, 'w', 0o644));
      }
      const fd = this.#fds.get(path);
      for (let at = 0; fd !== undefined && at < data.length; ) {
        at += writeSync(fd, data, at);
      }
    } catch (e) {
      this.#close(path);
      this.#warn(`cannot write ${path}: ${e instanceof Error ? e.message : String(e)}`);
    }
  }

  #close(path: string): void {
    const fd = this.#fds.get(path);
    this.#fds.delete(path);
    if (fd !== undefined) {
      closeSync(fd);
    }
  }

  dispose(): void {
    for (const path of [...this.#fds.keys()]) {
      this.#close(path);
    }
  }
}
