/**
 * The keys of a terminal, for whoever waits for them: the line editor, a question, the pager, the search in the
 * history. The line editor (Node's readline) reads this stream as if it were the terminal.
 */
import { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** A terminal that is read. */
export type TerminalInput = NodeJS.ReadableStream & {
  readonly isTTY?: boolean;
  readonly setRawMode?: (mode: boolean) => unknown;
};

/** What became of a key: more are wanted, or none; or it is for whoever comes next. */
export type Taken = 'more' | 'done' | 'not mine';

/** Who gets the keys instead of the line editor. */
export interface Taker {
  readonly take: (key: string) => Taken;
  /** Shows again what it shows. */
  readonly redraw: () => void;
}

export class Keyboard extends Readable {
  readonly isTTY = true;
  isRaw = false;
  readonly #input: TerminalInput;
  /** Keys that are not the line editor's. One that answers false is, this time. */
  readonly #special: ReadonlyMap<string, () => boolean>;
  readonly #always: ReadonlyMap<string, () => void>;
  readonly #decoder = new StringDecoder('utf8');
  #taker: Taker | undefined;

  /** `always` are keys that nobody else gets. */
  constructor(
    input: TerminalInput,
    special: ReadonlyMap<string, () => boolean>,
    always: ReadonlyMap<string, () => void>,
  ) {
    super({ read: () => undefined });
    this.#input = input;
    this.#special = special;
    this.#always = always;
    input.on('data', this.#arrived);
    input.once('end', this.#ended);
    input.once('error', this.#ended);
  }

  get taker(): Taker | undefined {
    return this.#taker;
  }

  /** From now on keys are `taker`'s, until it wants no more. */
  give(taker: Taker): void {
    this.#taker = taker;
  }

  setRawMode(mode: boolean): this {
    this.isRaw = mode;
    this.#input.setRawMode?.(mode);
    return this;
  }

  /** Lets go of the terminal. */
  close(): void {
    this.#input.off('data', this.#arrived);
    this.#input.off('end', this.#ended);
    this.#input.pause();
  }

  readonly #ended = (): void => {
    this.push(null);
  };

  readonly #arrived = (chunk: Buffer | string): void => {
    let plain = '';
    for (const key of typeof chunk === 'string' ? chunk : this.#decoder.write(chunk)) {
      if (this.#isPlain(key)) {
        plain += key;
        continue;
      }
      this.#edit(plain);
      plain = this.#handled(key) ? '' : key;
    }
    this.#edit(plain);
  };

  #isPlain(key: string): boolean {
    return this.#taker === undefined && !this.#special.has(key) && !this.#always.has(key);
  }

  /** Whether a key was somebody else's than the line editor's. */
  #handled(key: string): boolean {
    const always = this.#always.get(key);
    if (always) {
      always();
      return true;
    }
    if (this.#taker) {
      const taken = this.#taker.take(key);
      if (taken !== 'more') {
        this.#taker = undefined;
      }
      if (taken !== 'not mine') {
        return true;
      }
    }
    return this.#special.get(key)?.() ?? false;
  }

  /** The line editor gets keys at once: the next key may be about what they did. */
  #edit(text: string): void {
    if (text !== '') {
      this.emit('data', text);
    }
  }
}
