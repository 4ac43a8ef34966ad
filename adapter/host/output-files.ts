/** Files that the machine writes, such as the captures of `-object filter-dump`. */
import { WrittenFile } from '../written-file.ts';

export class OutputFiles {
  readonly #files = new Map<string, WrittenFile>();
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
        this.#files.set(path, new WrittenFile(path, { mode: 0o644 }));
      }
      this.#files.get(path)?.write(data);
    } catch (e) {
      this.#close(path);
      this.#warn(`cannot write ${path}: ${e instanceof Error ? e.message : String(e)}`);
    }
  }

  #close(path: string): void {
    this.#files.get(path)?.close();
    this.#files.delete(path);
  }

  dispose(): void {
    for (const path of [...this.#files.keys()]) {
      this.#close(path);
    }
  }
}
