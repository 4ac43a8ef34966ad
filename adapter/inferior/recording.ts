/**
 * The recording: what each turn of the main loop consumed. It determines everything the stack does, so a second
 * inferior that is given the same bytes does the same thing, tick for tick.
 */

import { decodeInput, encodeInput, getInline, putInline, Reader, Writer } from '../mailbox/codec.ts';
import { ChunkWriter, type RecordingHeader } from '../mailbox/recorded.ts';
import type { FrameDirection, Host, Input, sockaddr } from '../stack/util/host.ts';
import type { ServedPiece } from './served-files.ts';

const TURN = 1;
const LISTEN = 2;
const READ_FILE = 3;

/** Who is told of turns: one ends when the machine asks for inputs, and the next begins when it gets them. */
export interface TurnWatch {
  turnEnds(): void;
  turnBegins(): void;
}

/** A `Host` that records what another one gives. Past `limit` bytes it stops recording and says so once. */
export class RecordingHost implements Host {
  readonly #inner: Host;
  readonly #limit: number;
  readonly #chunks: ChunkWriter;
  readonly #turns: TurnWatch | null;
  readonly #w = new Writer();
  #total = 0;
  #full = false;

  constructor(
    inner: Host,
    limit: number,
    newChunk: (chunk: SharedArrayBuffer) => void,
    turns: TurnWatch | null = null,
  ) {
    this.#inner = inner;
    this.#limit = limit;
    this.#turns = turns;
    this.#chunks = new ChunkWriter(newChunk);
  }

  get now_ns(): number {
    return this.#inner.now_ns;
  }

  get seed(): number {
    return this.#inner.seed;
  }

  get nameservers(): readonly sockaddr[] {
    return this.#inner.nameservers;
  }

  #write(data: Uint8Array): void {
    if (this.#total + data.length > this.#limit) {
      this.#full = true;
      this.#inner.report(
        'warning',
        `the recording has reached its limit of ${this.#limit} bytes and ends here (launch option "recordLimit")`,
      );
      return;
    }
    this.#total += data.length;
    this.#chunks.write(data);
  }

  /** Where the next record will be. */
  get logAt(): number {
    return this.#total;
  }

  poll(timeoutNs: number): readonly Input[] {
    this.#turns?.turnEnds();
    const inputs = this.#inner.poll(timeoutNs);
    this.#turns?.turnBegins();
    if (!this.#full) {
      const w = this.#w.reset().u8(TURN).f64(this.#inner.now_ns).u32(inputs.length);
      for (const input of inputs) {
        encodeInput(w, input, putInline);
      }
      this.#write(w.data);
    }
    return inputs;
  }

  listen(fd: number, type: number, addr: sockaddr): { errno: string; port: number } {
    const r = this.#inner.listen(fd, type, addr);
    if (!this.#full) {
      this.#write(this.#w.reset().u8(LISTEN).text(r.errno).u32(r.port).data);
    }
    return r;
  }

  read_file(dir: string, name: string, off: number, len: number): ServedPiece {
    const r = this.#inner.read_file?.(dir, name, off, len) ?? { errno: 'ENOENT', size: 0, data: new Uint8Array(0) };
    if (!this.#full) {
      this.#write(this.#w.reset().u8(READ_FILE).text(r.errno).f64(r.size).blob(r.data).data);
    }
    return r;
  }

  alloc_shared(name: string, bytes: number): ArrayBufferLike {
    return this.#inner.alloc_shared(name, bytes);
  }

  connect(fd: number, addr: sockaddr, bind: sockaddr | null): void {
    this.#inner.connect(fd, addr, bind);
  }

  open(fd: number, type: number, family: number, bind: sockaddr | null): void {
    this.#inner.open(fd, type, family, bind);
  }

  send(fd: number, buf: Uint8Array, off: number, len: number): void {
    this.#inner.send(fd, buf, off, len);
  }

  sendto(fd: number, buf: Uint8Array, off: number, len: number, to: sockaddr, ttl: number): void {
    this.#inner.sendto(fd, buf, off, len, to, ttl);
  }

  consumed(fd: number, bytes: number): void {
    this.#inner.consumed(fd, bytes);
  }

  shutdown(fd: number): void {
    this.#inner.shutdown(fd);
  }

  close(fd: number, reset: boolean): void {
    this.#inner.close(fd, reset);
  }

  console_write(text: string): void {
    this.#inner.console_write(text);
  }

  monitor_reply(id: number, text: string): void {
    this.#inner.monitor_reply(id, text);
  }

  qtest_send(text: string): void {
    this.#inner.qtest_send?.(text);
  }

  write_file(path: string, create: boolean, buf: Uint8Array, off: number, len: number): void {
    this.#inner.write_file?.(path, create, buf, off, len);
  }

  report(level: 'info' | 'warning' | 'error', text: string): void {
    this.#inner.report(level, text);
  }

  received(buf: Uint8Array, size: number): void {
    this.#inner.received?.(buf, size);
  }

  frame(dir: FrameDirection, buf: Uint8Array, size: number): void {
    this.#inner.frame(dir, buf, size);
  }
}

/** What a re-execution needs from the thread it runs in. */
export interface RecordedHostHooks {
  allocShared(name: string, bytes: number): ArrayBufferLike;
  frame(dir: FrameDirection, buf: Uint8Array, size: number): void;
}

/** A moment within a recording. */
export interface RecordedStart {
  readonly nowNs: number;
  /** Where the records that follow begin. */
  readonly logAt: number;
  /** Gives the machine the state of that moment, when it is about to begin its first turn. */
  restore(): void;
}

/** A `Host` that gives a recording's inputs again. Outputs go nowhere. At its end the machine is told to quit. */
export class RecordedHost implements Host {
  now_ns = 0;
  readonly seed: number;
  readonly nameservers: readonly sockaddr[];
  readonly #r: Reader;
  readonly #hooks: RecordedHostHooks;
  /** What the first turn is to begin with instead of the machine as it is set up. */
  #from: RecordedStart | null;

  constructor(header: RecordingHeader, bytes: Uint8Array, hooks: RecordedHostHooks, from: RecordedStart | null = null) {
    this.#from = from;
    this.seed = header.seed;
    this.nameservers = header.nameservers;
    this.#r = new Reader(bytes);
    this.#hooks = hooks;
  }

  #expect(tag: number, what: string): void {
    const found = this.#r.u8();
    if (found !== tag) {
      const where = `record ${found} found at byte ${this.#r.pos - 1}`;
      throw new Error(`the recording does not belong to this program: ${what} expected, ${where}`);
    }
  }

  poll(): readonly Input[] {
    if (this.#from) {
      this.#from.restore();
      this.now_ns = this.#from.nowNs;
      this.#r.pos = this.#from.logAt;
      this.#from = null;
    }
    if (this.#r.pos >= this.#r.end) {
      return [{ type: 'quit' }];
    }
    this.#expect(TURN, 'a turn');
    this.now_ns = this.#r.f64();
    const inputs: Input[] = [];
    for (let n = this.#r.u32(); n > 0; n--) {
      inputs.push(decodeInput(this.#r, getInline));
    }
    return inputs;
  }

  listen(): { errno: string; port: number } {
    if (this.#from) {
      return { errno: '', port: 1 };
    }
    this.#expect(LISTEN, 'the answer to a listen');
    return { errno: this.#r.text(), port: this.#r.u32() };
  }

  read_file(): ServedPiece {
    this.#expect(READ_FILE, 'the answer to a read of a file');
    return { errno: this.#r.text(), size: this.#r.f64(), data: getInline(this.#r) };
  }

  alloc_shared(name: string, bytes: number): ArrayBufferLike {
    return this.#hooks.allocShared(name, bytes);
  }

  frame(dir: FrameDirection, buf: Uint8Array, size: number): void {
    this.#hooks.frame(dir, buf, size);
  }

  connect(): void {}
  open(): void {}
  send(): void {}
  sendto(): void {}
  consumed(): void {}
  shutdown(): void {}
  close(): void {}
  console_write(): void {}
  monitor_reply(): void {}
  qtest_send(): void {}
  write_file(): void {}
  report(): void {}
}
