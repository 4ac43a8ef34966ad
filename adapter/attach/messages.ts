/** What a prompt and the machine that it is attached to tell each other: one JSON value a line. */
import type { Duplex } from 'node:stream';
import type { Action } from '../gdb/cli.ts';

/** The first one: who types, and what the command line asked for. */
export interface Hello {
  readonly hello: {
    readonly quiet: boolean;
    readonly batch: boolean;
    readonly silent: boolean;
    readonly early: readonly Action[];
    readonly actions: readonly Action[];
    readonly init: { readonly home: boolean; readonly folder: boolean };
    /** Relative paths are meant from here. */
    readonly cwd: string;
    /** Input and output are a terminal. */
    readonly input: boolean;
    readonly output: boolean;
    readonly styled: boolean;
    readonly columns: number;
    readonly rows: number;
  };
}

export type FromPrompt =
  | Hello
  | { readonly keys: string }
  | { readonly size: readonly [columns: number, rows: number] }
  | { readonly interrupt: true }
  /** Its input has ended. */
  | { readonly end: true };

export type ToPrompt =
  | { readonly out: string }
  | { readonly err: string }
  | { readonly raw: boolean }
  /** All has been said; the status of the prompt. */
  | { readonly exit: number }
  /** Nobody can attach, and why. */
  | { readonly refused: string };

/** Characters of a message; a prompt has no reason to send more. */
const LONGEST = 1 << 24;

/** Has `take` called with each message of a stream; one that is none ends it. */
export function readMessages<T>(stream: Duplex, take: (message: T) => void): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    try {
      for (const line of lines) {
        take(JSON.parse(line) as T);
      }
    } catch (e) {
      stream.destroy(e instanceof Error ? e : new Error(String(e)));
    }
    if (rest.length > LONGEST) {
      stream.destroy(new Error('a message is too long'));
    }
  });
}

export function sendMessage<T extends object>(stream: Duplex, message: T): void {
  if (stream.writable) {
    stream.write(`${JSON.stringify(message)}\n`);
  }
}
