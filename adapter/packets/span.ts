/** Parts of a text, and errors that know which part they are about. */

/** A part of a text: the offset of its first character, and the offset behind its last. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The user's mistake in a text; the message is shown as it is. */
export class TextError extends Error {
  #span: Span | undefined;

  constructor(message: string, span?: Span) {
    super(message);
    this.#span = span;
  }

  /** The part that is wrong; undefined where only the whole text can be blamed. */
  get span(): Span | undefined {
    return this.#span;
  }

  /** Blames a part, unless a smaller one is known already. */
  blame(span: Span | undefined): this {
    this.#span ??= span;
    return this;
  }

  /** The text turned out to be a part of another one, which it begins in at `offset`. */
  move(offset: number): void {
    if (this.#span) {
      this.#span = { start: this.#span.start + offset, end: this.#span.end + offset };
    }
  }
}

/** Reads `text`, which begins at `offset` of a larger text. Spans of errors then count from the start of the larger. */
export function within<T>(text: string, offset: number, read: (text: string) => T): T {
  try {
    return read(text);
  } catch (error) {
    if (error instanceof TextError) {
      error.blame({ start: 0, end: text.length }).move(offset);
    }
    throw error;
  }
}
