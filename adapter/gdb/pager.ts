/**
 * A page of output at a time: when the screen is full, what follows waits until the user wants it. Nothing is waited
 * for while text is written: who writes much asks `held` now and then.
 */

import { unstyled } from './styles.ts';

/** gdb's question between pages. */
export const MORE = '--Type <RET> for more, q to quit, c to continue without paging--';

/** Size of the screen; a height of 0 is no end of lines. */
export interface PageSize {
  readonly height: number;
  readonly width: number;
}

type Piece = { readonly text: string; readonly print: (text: string) => void };

export class Pager {
  readonly #size: () => PageSize;
  readonly #ask: () => Promise<string | undefined>;
  readonly #given: () => void;
  #rows = 0;
  #column = 0;
  /** What comes behind the page, while the user is asked. */
  #waiting: Piece[] = [];
  #asking: Promise<void> | undefined;
  /** The user wants no more pages, until the next command. */
  #endless = false;
  /** The user wants no more of this command's output. */
  #quit = false;

  /** `ask` shows `MORE`, and has undefined for an interrupt; `given` hears that the user gives up. */
  constructor(size: () => PageSize, ask: () => Promise<string | undefined>, given: () => void) {
    this.#size = size;
    this.#ask = ask;
    this.#given = given;
  }

  /** A new command begins, or the user has typed something: the page is empty. */
  begin(): void {
    this.#rows = this.#column = 0;
    this.#endless = this.#quit = false;
  }

  /** The output of the command was cut short. */
  get cut(): boolean {
    return this.#quit;
  }

  /** Set while text waits. */
  get held(): Promise<void> | undefined {
    return this.#asking;
  }

  /** Prints as much as fits on the page. */
  write(text: string, print: (text: string) => void): void {
    if (this.#quit) {
      return;
    }
    if (this.#asking) {
      this.#waiting.push({ text, print });
      return;
    }
    const end = this.#endless ? text.length : this.#fitting(text);
    if (end > 0) {
      print(text.slice(0, end));
    }
    if (end < text.length) {
      this.#waiting.push({ text: text.slice(end), print });
      this.#asking = this.#turn();
    }
  }

  /** How much of a text fits, in characters; counts it. */
  #fitting(text: string): number {
    const { height, width } = this.#size();
    if (height < 2) {
      return text.length;
    }
    let at = 0;
    while (at < text.length) {
      if (this.#rows >= height - 1) {
        return at;
      }
      const newline = text.indexOf('\n', at);
      const end = newline < 0 ? text.length : newline + 1;
      const shown = unstyled(text.slice(at, newline < 0 ? end : newline)).length + this.#column;
      this.#column = newline < 0 ? shown : 0;
      this.#rows += newline < 0 ? 0 : Math.max(1, width > 0 ? Math.ceil(shown / width) : 1);
      at = end;
    }
    return at;
  }

  /** Asks, page by page, until nothing waits. */
  async #turn(): Promise<void> {
    while (this.#waiting.length > 0) {
      const answer = await this.#ask();
      this.#rows = 0;
      if (answer === undefined || /^\s*q/i.test(answer)) {
        this.#quit = true;
        this.#waiting = [];
        this.#given();
        break;
      }
      this.#endless ||= /^\s*c/i.test(answer);
      const waiting = this.#waiting;
      this.#waiting = [];
      this.#show(waiting);
    }
    this.#asking = undefined;
  }

  #show(pieces: readonly Piece[]): void {
    for (const [i, { text, print }] of pieces.entries()) {
      const end = this.#endless ? text.length : this.#fitting(text);
      print(text.slice(0, end));
      if (end < text.length) {
        this.#waiting = [{ text: text.slice(end), print }, ...pieces.slice(i + 1)];
        return;
      }
    }
  }
}
