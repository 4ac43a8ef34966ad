/** How long the rest of a line is waited for, in milliseconds. */
const REST_MS = 100;
/** Characters of a line that are kept until it ends. */
const MOST = 4096;

/** Text that comes in pieces, as a guest prints it: whole lines, and what there is of one when no more comes. */
export class WholeLines {
  readonly #show: (text: string) => void;
  #begun = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(show: (text: string) => void) {
    this.#show = show;
  }

  add(piece: string): void {
    const text = this.#begun + piece;
    const end = text.lastIndexOf('\n') + 1;
    this.#begun = text.slice(end);
    clearTimeout(this.#timer);
    if (end > 0) {
      this.#show(text.slice(0, end));
    }
    if (this.#begun.length > MOST) {
      this.flush();
    } else if (this.#begun !== '') {
      this.#timer = setTimeout(() => this.flush(), REST_MS);
    }
  }

  /** Shows what there is of a line. */
  flush(): void {
    const begun = this.#begun;
    this.#begun = '';
    clearTimeout(this.#timer);
    if (begun !== '') {
      this.#show(begun);
    }
  }
}
