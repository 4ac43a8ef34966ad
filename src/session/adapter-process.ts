/**
 * The debug adapter as a process of its own: messages over its stdin and stdout, its stderr kept for when it dies.
 * A crash is told the client as the end of the session, with the process's last words.
 * Requests that wait are answered with an error.
 */
import { type ChildProcess, spawn } from 'node:child_process';

/** A message of the Debug Adapter Protocol, as far as it matters here. */
export interface Message {
  readonly seq: number;
  readonly type: string;
  readonly [key: string]: unknown;
}

export interface AdapterProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Gets what the adapter sends, and after a crash what ends the session. */
  readonly receive: (message: Message) => void;
  /** Gets what it prints on stderr. */
  readonly log: (text: string) => void;
  /** Called once if it ends before the session does. */
  readonly crashed: (report: string) => void;
}

/** Bytes of stderr that are kept. */
const MAX_LAST_WORDS = 4096;
/** Requests after which there is no adapter. */
const ENDING: ReadonlySet<string> = new Set(['disconnect', 'terminate']);

/** How long it may take to end when it has been told to. */
const GRACE_MS = 3000;
const SEPARATOR = '\r\n\r\n';

export class AdapterProcess {
  readonly #options: AdapterProcessOptions;
  readonly #child: ChildProcess;
  /** Commands that have not been answered, by their seq. */
  readonly #waiting = new Map<number, string>();
  #input: Buffer = Buffer.alloc(0);
  #lastWords = '';
  /** Numbers of the messages made up here; far from the adapter's own. */
  #seq = 1_000_000_000;
  #over = false;

  constructor(options: AdapterProcessOptions) {
    this.#options = options;
    this.#child = spawn(options.command, options.args, { env: options.env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stdout?.on('data', (chunk: Buffer) => this.#read(chunk));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#heard(text));
    // Writing to a process that has just died fails; 'close' reports the death.
    this.#child.stdin?.on('error', () => {});
    this.#child.once('error', (error) => this.#ended(error.message));
    this.#child.once('close', (code, signal) => {
      this.#ended(signal === null ? `it exited with code ${code}` : `it was ended by ${signal}`);
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Sends a message of the client's. */
  send(message: Message): void {
    if (message.type === 'request') {
      this.#waiting.set(message.seq, String(message['command']));
    }
    if (this.#over) {
      this.#refuse('the debugger has ended');
      return;
    }
    const body = Buffer.from(JSON.stringify(message));
    this.#child.stdin?.write(`Content-Length: ${body.length}${SEPARATOR}`);
    this.#child.stdin?.write(body);
  }

  /** The session is over: the adapter ends when its input does, or is ended. */
  dispose(): void {
    this.#over = true;
    this.#child.stdin?.end();
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), GRACE_MS);
      this.#child.once('close', () => clearTimeout(timer));
    }
  }

  #read(chunk: Buffer): void {
    this.#input = this.#input.length === 0 ? chunk : Buffer.concat([this.#input, chunk]);
    for (;;) {
      const at = this.#input.indexOf(SEPARATOR);
      const length = /Content-Length: (\d+)/i.exec(this.#input.toString('latin1', 0, Math.max(at, 0)))?.[1];
      if (at < 0) {
        return;
      }
      const start = at + SEPARATOR.length;
      if (length === undefined) {
        this.#input = this.#input.subarray(start);
        this.#heard('the adapter sent a message without a length\n');
        continue;
      }
      const end = start + Number(length);
      if (this.#input.length < end) {
        return;
      }
      const text = this.#input.toString('utf8', start, end);
      this.#input = this.#input.subarray(end);
      this.#deliver(text);
    }
  }

  #deliver(text: string): void {
    let message: Message;
    try {
      message = JSON.parse(text) as Message;
    } catch {
      this.#heard(`the adapter sent what is no message: ${text.slice(0, 200)}\n`);
      return;
    }
    if (message.type === 'response') {
      this.#waiting.delete(message['request_seq'] as number);
      // It ends itself after this one.
      this.#over ||= message['command'] === 'disconnect';
    }
    this.#options.receive(message);
  }

  #heard(text: string): void {
    this.#lastWords = (this.#lastWords + text).slice(-MAX_LAST_WORDS);
    this.#options.log(text);
  }

  #ended(how: string): void {
    if (this.#over) {
      this.#refuse('the debugger has ended');
      return;
    }
    this.#over = true;
    const words = this.#lastWords.trim();
    const report = `The packet debugger ended unexpectedly: ${how}.${words === '' ? '' : `\n${words}`}`;
    this.#refuse(report);
    this.#event('output', { category: 'stderr', output: `${report}\n` });
    this.#event('terminated', {});
    this.#options.crashed(report);
  }

  /** Answers every request that waits: with an error, but the end is what those that end it are for. */
  #refuse(message: string): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const [requestSeq, command] of waiting) {
      const body = { error: { id: 1, format: message.replace(/[{}]/g, ''), showUser: false } };
      const outcome = ENDING.has(command) ? { success: true } : { success: false, message, body };
      this.#options.receive({ seq: this.#seq++, type: 'response', request_seq: requestSeq, command, ...outcome });
    }
  }

  #event(event: string, body: object): void {
    this.#options.receive({ seq: this.#seq++, type: 'event', event, body });
  }
}
