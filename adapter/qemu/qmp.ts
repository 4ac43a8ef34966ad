/**
 * A client of QEMU's Machine Protocol: has a guest stand still, and go on. Messages are JSON objects, one a line
 * (QEMU's docs/interop/qmp-spec). What cannot be reached or understood is no guest that stands still, and no error.
 */
import { connect, type Socket } from 'node:net';

/** An answer that takes longer is not waited for. */
const ANSWER_MS = 2_000;
/** What QEMU says is short: more than this without an end of line is something else. */
const MOST = 1 << 20;

/** Hears what an answer returns; undefined if there is none, or an error. */
type Waiting = (returned: unknown) => void;

export class QmpClient {
  readonly #path: string;
  #socket: Socket | undefined;
  #ready: Promise<boolean> | undefined;
  #text = '';
  /** Who waits for an answer, by the number of the question; 0 is the greeting. */
  readonly #waiting = new Map<number, Waiting>();
  #count = 0;
  #closed = false;
  /** Nobody waits for the greeting any more. */
  #late = false;
  /** The guest stands still because we said so. */
  #stopped = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** Has the guest's processors stand still; resolves to whether they do. */
  async stop(): Promise<boolean> {
    if (!this.#stopped && !isRunning(await this.#command('query-status'))) {
      return true;
    }
    const done = (await this.#command('stop')) !== undefined;
    this.#stopped ||= done;
    return done;
  }

  /** Has them go on, unless somebody else has them stand still. */
  async cont(): Promise<void> {
    if (this.#stopped && (await this.#command('cont')) !== undefined) {
      this.#stopped = false;
    }
  }

  /** Has QEMU end. */
  async quit(): Promise<void> {
    await this.#command('quit');
  }

  close(): void {
    this.#closed = true;
    this.#lose();
  }

  async #command(execute: string): Promise<unknown> {
    this.#ready ??= this.#connect();
    return (await this.#ready) ? this.#ask(execute) : undefined;
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
    this.#late = (await this.#answer(0)) === undefined;
    return !this.#late && this.#negotiated();
  }

  async #negotiated(): Promise<boolean> {
    return (await this.#ask('qmp_capabilities')) !== undefined;
  }

  #ask(execute: string): Promise<unknown> {
    const id = ++this.#count;
    this.#socket?.write(`${JSON.stringify({ execute, id })}\n`);
    return this.#answer(id);
  }

  #answer(id: number): Promise<unknown> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => done(undefined), ANSWER_MS);
      const done: Waiting = (returned) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(returned);
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
      this.#greeted();
    } else if ('id' in message && typeof message.id === 'number') {
      this.#waiting.get(message.id)?.('return' in message ? (message.return ?? null) : undefined);
    }
  }

  /** A greeting that comes late is one all the same: QEMU serves one client at a time, and we had to wait. */
  #greeted(): void {
    const waits = this.#waiting.get(0);
    if (waits) {
      waits(true);
    } else if (this.#late) {
      this.#late = false;
      this.#ready = this.#negotiated();
    }
  }

  /** The next command connects again. */
  #lose(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
    this.#ready = undefined;
    this.#text = '';
    for (const done of [...this.#waiting.values()]) {
      done(undefined);
    }
  }
}

/** What `query-status` returns; who does not say is taken to run. */
function isRunning(status: unknown): boolean {
  return !(typeof status === 'object' && status !== null && 'running' in status && status.running === false);
}
