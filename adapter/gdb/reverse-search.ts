/** Ctrl-R: the newest line of the history that has what is typed, the one before, and so on. */

/** What a key does to the search. */
export type Searched = 'searching' | 'given up' | 'execute' | 'edit';

const BACKSPACE = /^[\x7f\b]$/;

export class ReverseSearch {
  /** Newest first. */
  readonly #history: readonly string[];
  #wanted = '';
  #at = 0;
  /** What is searched for is not there. */
  #failed = false;
  /** The line that has been found. */
  line = '';

  constructor(history: readonly string[]) {
    this.#history = history;
  }

  /** What is shown instead of the prompt and its line, as readline does it. */
  get shown(): string {
    return `(${this.#failed ? 'failed ' : ''}reverse-i-search)\`${this.#wanted}': ${this.line}`;
  }

  take(key: string): Searched {
    switch (key) {
      case '\x12':
        this.#find(this.#at + 1);
        return 'searching';
      case '\r':
      case '\n':
        return 'execute';
      case '\x07':
      case '\x03':
        return 'given up';
    }
    if (BACKSPACE.test(key)) {
      this.#wanted = this.#wanted.slice(0, -1);
      this.#find(0);
      return 'searching';
    }
    if (key < ' ') {
      return 'edit';
    }
    this.#wanted += key;
    this.#find(this.#at);
    return 'searching';
  }

  #find(from: number): void {
    const found = this.#wanted === '' ? -1 : this.#history.findIndex((l, i) => i >= from && l.includes(this.#wanted));
    this.#failed = found < 0 && this.#wanted !== '';
    if (found >= 0) {
      this.#at = found;
      this.line = this.#history[found] ?? '';
    }
  }
}
