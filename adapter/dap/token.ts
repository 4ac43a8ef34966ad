/**
 * The lock of a session that anybody on this machine can connect to. It opens to a `launch` or `attach` with the right
 * `token`; until then nothing is done for the client but to greet it and to let it go.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { type Arguments, RequestError } from './arguments.ts';

/** A token that somebody chose has at least this many characters. */
export const MIN_TOKEN_LENGTH = 16;

/** So many wrong tokens end the connection. */
const MAX_ATTEMPTS = 3;

/** What a client may ask for before it has shown the token: none of them reaches the engine's machine. */
const FREE = new Set(['initialize', 'cancel', 'disconnect']);

/** Requests that carry the token. */
const KEYS = new Set(['launch', 'attach']);

export class TokenLock {
  readonly #token: string;
  #open = false;
  #failures = 0;

  constructor(token: string) {
    this.#token = token;
  }

  get open(): boolean {
    return this.#open;
  }

  /** True for what the client may ask for now. */
  passes(command: string): boolean {
    return this.#open || FREE.has(command);
  }

  /** The client has been wrong too often. */
  get exhausted(): boolean {
    return this.#failures >= MAX_ATTEMPTS;
  }

  /** Lets a request through, which may open the lock, or throws a `RequestError` that says what is missing. */
  admit(command: string, args: Arguments): void {
    if (this.passes(command)) {
      return;
    }
    if (!KEYS.has(command)) {
      throw new RequestError(
        `${command}: this adapter does nothing before a "launch" with the attribute "token"; it printed one on stderr`,
      );
    }
    const token = args.raw['token'];
    if (typeof token !== 'string' || !equal(token, this.#token)) {
      this.#failures++;
      const what = args.has('token') ? 'is wrong' : 'is missing';
      throw new RequestError(
        `${command}: the attribute "token" ${what}; the adapter printed it on stderr at its start`,
      );
    }
    this.#open = true;
  }
}

/** Compares in a time that tells nothing of where the texts differ, nor of how long the right one is. */
function equal(a: string, b: string): boolean {
  const [x, y] = [a, b].map((text) => createHash('sha256').update(text).digest());
  return x !== undefined && y !== undefined && timingSafeEqual(x, y);
}
