/**
 * A client of QEMU's Machine Protocol: has a guest stand still, and go on. Messages are JSON objects, one a line
 * (QEMU's docs/interop/qmp-spec). What cannot be reached or understood is no guest that stands still, and no error.
 */
import { connect, type Socket } from 'node:net';

/** An answer that takes longer is not waited for. */
const ANSWER_MS = 2_000;
/** What QEMU says is short: more than this without an end of line is something else. */
const MOST = 1 << 20;

type Waiting = (ok: boolean) => void;

export class QmpClient {
  readonly #path: string;
  #socket: Socket | undefined;
  #ready: Promise<boolean> | undefined;
  #text = '';
  /** Who waits for an answer, by the number of the question; 0 is the greeting. */
  readonly #waiting = new Map<number, Waiting>();
  #count = 0;
  #closed = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** Has the guest's processors stand still; resolves to whether they do. */
  stop(): Promise<boolean> {
    return this.#command('stop');
  }

  /** Has them go on. */
  cont(): Promise<boolean> {
    return this.#command('cont');
  }

  /** Has QEMU end. */
  quit(): Promise<boolean> {
    return this.#command('quit');
  }

  close(): void {
    this.#closed = true;
    this.#lose();
  }

  async #command(execute: string): Promise<boolean> {
    this.#ready ??= this.#connect();
    return (await this.#ready) && this.#ask(execute);
  }

  async #connect(): Promise<boolean> {
    if (this.#closed) {
      return false;
    }
    const socket = connect(this.#path);
    this.#socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#take(text));
    socket.on('error', () => undefined);
    socket.on('close', () => this.#socket === socket && this.#lose());
    socket.unref();
    return (await this.#answer(0)) && this.#ask('qmp_capabilities');
  }

  #ask(execute: string): Promise<boolean> {
    const id = ++this.#count;
    this.#socket?.write(`${JSON.stringify({ execute, id })}\n`);
    return this.#answer(id);
  }

  #answer(id: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => done(false), ANSWER_MS);
      const done = (ok: boolean): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(ok);
      };
      this.#waiting.set(id, done);
    });
  }

  #take(text: string): void {
    const lines = (this.#text + text).split('\n');
    this.#text = lines.pop() ?? '';
    for (const line of lines) {
      this.#message(line);
    }
    if (this.#text.length > MOST) {
      this.#lose();
    }
  }

  #message(line: string): void {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      return;
    }
    if (typeof message !== 'object' || message === null) {
      return;
    }
    if ('QMP' in message) {
      this.#waiting.get(0)?.(true);
    } else if ('id' in message && typeof message.id === 'number') {
      this.#waiting.get(message.id)?.('return' in message);
    }
  }

  /** The next command connects again. */
  #lose(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
    this.#ready = undefined;
    this.#text = '';
    for (const done of [...this.#waiting.values()]) {
      done(false);
    }
  }
}
