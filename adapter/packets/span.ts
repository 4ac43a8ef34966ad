/** Parts of a text, and errors that know which part they are about. */

/** A part of a text: the offset of its first character, and the offset behind its last. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The user's mistake in a text; the message is shown as it is. */
export class TextError extends Error {
  /** The text, and below it which part is wrong (`marked`); empty where that is not shown. */
  readonly excerpt: string;
  #span: Span | undefined;

  constructor(message: string, span?: Span, excerpt = '') {
    super(message);
    this.excerpt = excerpt;
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

/** Characters of a text that are shown on either side of what is marked. */
const AROUND = 60;

/** A text with what is wrong marked below it, on two lines; empty where nobody knows, or would see it. */
export function marked(text: string, span: Span | undefined): string {
  if (span === undefined || /\p{Cc}/u.test(text)) {
    return '';
  }
  const from = span.start > AROUND ? span.start - AROUND : 0;
  const to = Math.min(text.length, Math.max(span.end, span.start + 1) + AROUND);
  const before = from > 0 ? '...' : '';
  const shown = `${before}${text.slice(from, to)}${to < text.length ? '...' : ''}`;
  const under = '^'.repeat(Math.max(1, span.end - span.start));
  return `    ${shown}\n    ${' '.repeat(before.length + span.start - from)}${under}`;
}

/** What an error says to whom lines are shown: with the part of the text that is wrong. */
export function errorText(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof TextError && error.excerpt !== '' ? `${message}\n${error.excerpt}` : message;
}
