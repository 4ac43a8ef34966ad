/** The terminal that a user types at: the line with its prompt and history, Ctrl-D, Ctrl-R, Ctrl-Z, questions. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import { Keyboard, type Taken, type TerminalInput } from './keyboard.ts';
import { ReverseSearch } from './reverse-search.ts';

const HISTORY_SIZE = 1000;
/** Takes what is on the cursor's line away. */
export const CLEAR_LINE = '\r\x1b[K';

export interface TerminalOptions {
  readonly input: TerminalInput;
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Where the history is kept; empty: nowhere. */
  readonly historyFile: string;
  readonly complete: (line: string) => [words: string[], begun: string];
  readonly onLine: (line: string) => void;
  readonly onInterrupt: () => void;
  /** The input has ended. */
  readonly onEnd: () => void;
  /** Ctrl-D on an empty line. */
  readonly onTypedEnd: () => void;
}

export class Terminal {
  /** Somebody sits there. */
  readonly tty: boolean;
  readonly #options: TerminalOptions;
  readonly #keyboard: Keyboard | undefined;
  readonly #lines: Interface;
  /** Newest first. */
  #history: readonly string[];
  /** The prompt is on the screen. */
  #prompting = false;
  #continued = (): void => this.#comeBack();

  constructor(options: TerminalOptions) {
    const { input, output, historyFile } = options;
    this.#options = options;
    this.tty = input.isTTY === true && output.isTTY === true;
    this.#history = this.tty ? readHistory(historyFile) : [];
    this.#keyboard = this.tty ? new Keyboard(input, this.#special(), new Map([['\x1a', this.#suspend]])) : undefined;
    this.#lines = createInterface({
      input: this.#keyboard ?? input,
      output,
      terminal: this.tty,
      history: [...this.#history],
      historySize: HISTORY_SIZE,
      removeHistoryDuplicates: true,
      completer: options.complete,
    });
    this.#listen();
  }

  #listen(): void {
    const { historyFile, onLine, onInterrupt, onEnd } = this.#options;
    this.#lines.on('line', (line) => {
      this.#prompting = false;
      onLine(line);
    });
    this.#lines.on('SIGINT', onInterrupt);
    this.#lines.on('close', onEnd);
    if (this.tty) {
      process.on('SIGCONT', this.#continued);
      this.#lines.on('history', (history: string[]) => {
        this.#history = history;
        writeHistory(historyFile, history);
      });
    }
  }

  #special(): ReadonlyMap<string, () => boolean> {
    return new Map([
      ['\x04', () => this.#typedEnd()],
      ['\x12', () => this.#search()],
    ]);
  }

  /** Ctrl-D deletes within a line; on an empty one it is an end. */
  #typedEnd(): boolean {
    if (this.#lines.line !== '') {
      return false;
    }
    this.#prompting = false;
    this.#options.onTypedEnd();
    return true;
  }

  prompt(text: string): void {
    this.#prompting = true;
    this.#lines.setPrompt(text);
    this.#lines.prompt();
  }

  /** Text that comes while the prompt waits goes above it. */
  above(text: string): void {
    this.#options.output.write(`${CLEAR_LINE}${text.endsWith('\n') ? text : `${text}\n`}`);
    this.#redraw();
  }

  /** Forgets what is on the line; only a terminal has one that can be edited. */
  dropLine(): void {
    if (!this.tty) {
      return;
    }
    this.#lines.write(null, { ctrl: true, name: 'e' });
    this.#lines.write(null, { ctrl: true, name: 'u' });
  }

  /** A line that is no command: an answer. Undefined for Ctrl-C; Ctrl-D is `end`. */
  ask(question: string, end: string): Promise<string | undefined> {
    const { output } = this.#options;
    let answer = '';
    const redraw = (): void => void output.write(`${question}${answer}`);
    redraw();
    return new Promise((resolve) => {
      const take = (key: string): Taken => {
        if (key === '\r' || key === '\n' || key === '\x03' || key === '\x04') {
          output.write(key === '\x04' ? `${end}\n` : '\n');
          resolve(key === '\x03' ? undefined : key === '\x04' ? end : answer);
          return 'done';
        }
        if (key === '\x7f' || key === '\b') {
          output.write(answer === '' ? '' : '\b \b');
          answer = answer.slice(0, -1);
        } else if (key >= ' ') {
          answer += key;
          output.write(key);
        }
        return 'more';
      };
      this.#keyboard?.give({ take, redraw });
    });
  }

  /** Ctrl-C from outside while a question waits. */
  interruptQuestion(): boolean {
    const asked = this.#keyboard?.taker;
    return asked !== undefined && asked.take('\x03') === 'done';
  }

  close(): void {
    process.off('SIGCONT', this.#continued);
    this.#lines.close();
    this.#keyboard?.close();
  }

  /** Ctrl-R. */
  #search(): boolean {
    if (!this.#prompting) {
      return false;
    }
    const before = this.#lines.line;
    const search = new ReverseSearch(this.#history);
    const redraw = (): void => void this.#options.output.write(`${CLEAR_LINE}${search.shown}`);
    const take = (key: string): Taken => {
      const what = search.take(key);
      if (what === 'searching') {
        redraw();
        return 'more';
      }
      this.#options.output.write(CLEAR_LINE);
      this.dropLine();
      this.#lines.write(what === 'given up' ? before : search.line);
      this.#lines.prompt(true);
      return what === 'given up' ? 'done' : 'not mine';
    };
    this.#keyboard?.give({ take, redraw });
    redraw();
    return true;
  }

  #redraw(): void {
    const taker = this.#keyboard?.taker;
    if (taker) {
      taker.redraw();
    } else if (this.#prompting) {
      this.#lines.prompt(true);
    }
  }

  /** Ctrl-Z: the shell takes over. The whole job stops, whatever started the debugger. */
  #suspend = (): void => {
    this.#keyboard?.setRawMode(false);
    process.kill(0, 'SIGTSTP');
  };

  /** `fg`. The shell has set the terminal as it likes it, so it is set again, though nothing has changed for Node. */
  #comeBack(): void {
    this.#keyboard?.setRawMode(false);
    this.#keyboard?.setRawMode(true);
    this.#redraw();
  }
}

/** False for pipes and devices, which would hold up the prompt. */
function keepsHistory(file: string): boolean {
  return file !== '' && (statSync(file, { throwIfNoEntry: false })?.isFile() ?? true);
}

/** Lines of the history file, newest first. */
function readHistory(file: string): string[] {
  try {
    return (keepsHistory(file) ? readFileSync(file, 'utf8') : '')
      .split('\n')
      .filter((l) => l !== '')
      .slice(-HISTORY_SIZE)
      .reverse();
  } catch {
    return [];
  }
}

function writeHistory(file: string, history: readonly string[]): void {
  try {
    if (keepsHistory(file)) {
      writeFileSync(file, `${[...history].slice(0, HISTORY_SIZE).reverse().join('\n')}\n`, { mode: 0o600 });
    }
  } catch {
    // A home directory that cannot be written to is no reason to stop debugging.
  }
}
