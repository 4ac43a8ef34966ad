/** A shell on a terminal of its own (script(1) makes one), in which pktgdb is typed at as a user does. */
import { type ChildProcess, spawn } from 'node:child_process';
import { PKTGDB } from '../kit/paths.ts';
import { insist } from '../kit/until.ts';

export const SHELL_PROMPT = 'sh: ';
export const PROMPT = '(pktgdb) ';
export const KEY = { c: '\x03', d: '\x04', g: '\x07', r: '\x12', z: '\x1a', up: '\x1b[A' } as const;

/** What moves the cursor and clears. */
const MOVES = new RegExp(`${'\x1b'}\\[(?:\\d*[GJK]|\\?\\d+[hl])`, 'g');
/** Longer than two Ctrl-C may be apart that ask whether to quit. */
const PRESS_AGAIN_MS = 1500;

/** A colour, which tests see as `<33>`, and its end, `<>`. */
const COLOURS = new RegExp(`${'\x1b'}\\[([\\d;]*)m`, 'g');

export class ShellTerminal {
  readonly #shell: ChildProcess;
  #text = '';
  #changed: () => void = () => {};

  constructor(rows = 12, variables: Readonly<Record<string, string>> = {}) {
    const shell = `PS1="${SHELL_PROMPT}" exec bash --norc --noprofile -i`;
    const command = `stty rows ${rows} cols 80; ${shell}`;
    const { NO_COLOR: _, ...environment } = process.env;
    this.#shell = spawn('script', ['-qefc', command, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...environment, TERM: 'xterm', ...variables },
    });
    this.#shell.stdout?.on('data', (d: Buffer) => {
      this.#text += d;
      this.#changed();
    });
  }

  /** Starts the debugger and waits for its prompt. */
  async start(...args: string[]): Promise<string> {
    await this.until(SHELL_PROMPT);
    return this.type(`${process.execPath} ${PKTGDB} -q -nx ${args.join(' ')}\r`, PROMPT);
  }

  /** Types and waits for what is to come, which it returns with all that came before. */
  type(keys: string, expected: string): Promise<string> {
    this.#shell.stdin?.write(keys);
    return this.until(expected);
  }

  /** Presses a key until it has an effect: what is typed while a program takes the terminal over is thrown away. */
  press(key: string, expected: string): Promise<string> {
    return insist(() => void this.#shell.stdin?.write(key), this.until(expected), PRESS_AGAIN_MS);
  }

  /** A line, and what it prints up to the next prompt. */
  async line(text: string, prompt = PROMPT): Promise<string> {
    // The prompt may have been drawn again meanwhile, for what was typed before.
    await this.type(`${text}\r`, '\n');
    return (await this.until(prompt)).slice(0, -prompt.length);
  }

  /** What the screen has got up to the text, without the moves of the cursor. */
  async until(expected: string): Promise<string> {
    for (;;) {
      const shown = this.#text.replace(MOVES, '').replace(COLOURS, '<$1>').replaceAll('\r', '');
      const at = shown.indexOf(expected);
      if (at >= 0) {
        this.#text = shown.slice(at + expected.length);
        return shown.slice(0, at + expected.length);
      }
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  /** What has come and was not waited for: what a test that fails shows. */
  get rest(): string {
    return this.#text;
  }

  close(): void {
    this.#shell.kill('SIGKILL');
    this.#shell.stdin?.end();
  }
}
