/**
 * The `Host` of a live machine, in the inferior's thread: real time, and sockets on the main thread behind the mailbox.
 */

import { type Change, decodeChange } from '../mailbox/change.ts';
import { CHANGE_REQUEST, decodeInput, type Reader, type Writer } from '../mailbox/codec.ts';
import { CTL, errnoName, type MailboxBuffers, OUT, RecordRing } from '../mailbox/mailbox.ts';
import type { FrameDirection, Host, Input, sockaddr } from '../stack/util/host.ts';
import { readServed, type ServedPiece } from './served-files.ts';
import { wordsSum } from './words-sum.ts';

/** What the host needs from the thread it runs in. */
export interface LiveHostHooks {
  /** Milliseconds of a steady clock, not counting the time the inferior was stopped. */
  now(): number;
  /** Wakes the main thread: an output is in the ring. */
  ring(): void;
  /** The user asked to interrupt. */
  pause(): void;
  /** The debugger asked for a change while the machine ran; `id` is the request's number. */
  change?(id: number, change: Change): void;
  allocShared(name: string, bytes: number): ArrayBufferLike;
  frame(dir: FrameDirection, buf: Uint8Array, size: number): void;
}

/** Longest single wait in milliseconds; a wait that long ends early and is repeated. */
const MAX_WAIT = 1 << 30;
/** Bytes of text in one output. */
const TEXT_PIECE = 1 << 15;
/** Room for an address without a path and what stands beside it in an output. */
const ADDRESS = 64;
/** Bytes of outputs for which the main thread is woken before the machine's next poll. */
const WAKE_BYTES = 1 << 16;
/** Bytes of inputs that were consumed for which it is woken: well below what it reads ahead (`RECEIVE_WINDOW`). */
const WAKE_RELEASED = 1 << 20;
/**
 * Bytes of inputs after which a turn takes no more: its record is to find room in a chunk of the log, as memory that is
 * made for one record alone is never used again.
 */
const TURN_BYTES = 1 << 18;
/** Fewer bytes of the pool are copied faster than told of. */
const LEAST_KEPT = 2048;

export class LiveHost implements Host {
  readonly words_sum = wordsSum;
  now_ns = 0;
  readonly seed: number;
  readonly nameservers: readonly sockaddr[];
  readonly #ctl: Int32Array;
  readonly #input: RecordRing;
  readonly #output: RecordRing;
  readonly #pool: Uint8Array;
  readonly #hooks: LiveHostHooks;
  readonly #start: number;
  readonly #inputs: Input[] = [];
  /**
   * Bytes of outputs since the main thread was last woken, and of inputs that were consumed: telling of those alone can
   * wait.
   */
  #gathered = 0;
  #released = 0;
  /** Bytes of data in the inputs of this turn. */
  #turn = 0;

  constructor(buffers: MailboxBuffers, seed: number, nameservers: readonly sockaddr[], hooks: LiveHostHooks) {
    this.seed = seed;
    this.nameservers = nameservers;
    this.#ctl = new Int32Array(buffers.ctl);
    this.#input = new RecordRing(buffers.ctl, buffers.input, CTL.IN_HEAD, CTL.IN_TAIL);
    this.#output = new RecordRing(buffers.ctl, buffers.output, CTL.OUT_HEAD, CTL.OUT_TAIL);
    this.#pool = new Uint8Array(buffers.pool);
    this.#hooks = hooks;
    this.#start = hooks.now();
  }

  poll(timeoutNs: number): readonly Input[] {
    this.#wake();
    const deadline = timeoutNs < 0 ? Number.POSITIVE_INFINITY : this.#hooks.now() + timeoutNs / 1e6;
    for (;;) {
      Atomics.store(this.#ctl, CTL.IN_WAITING, 1);
      const bell = Atomics.load(this.#ctl, CTL.DOORBELL);
      if (Atomics.load(this.#ctl, CTL.PAUSE) !== 0) {
        this.#hooks.pause();
      }
      const left = deadline - this.#hooks.now();
      if (!this.#input.empty || left <= 0) {
        break;
      }
      Atomics.wait(this.#ctl, CTL.DOORBELL, bell, Math.min(left, MAX_WAIT));
    }
    Atomics.store(this.#ctl, CTL.IN_WAITING, 0);
    this.now_ns = Math.round((this.#hooks.now() - this.#start) * 1e6);
    this.#inputs.length = 0;
    this.#turn = 0;
    this.#input.drain(this.#input.mark(), this.#takeInput);
    return this.#inputs;
  }

  readonly #takeInput = (r: Reader): boolean => {
    if (r.bytes[r.pos] === CHANGE_REQUEST) {
      this.#takeChange(r);
    } else {
      this.#inputs.push(decodeInput(r, this.#pooled));
    }
    return this.#turn < TURN_BYTES;
  };

  #takeChange(r: Reader): void {
    r.u8();
    const id = r.u32();
    this.#hooks.change?.(id, decodeChange(r));
    this.#begin(OUT.CHANGED, 4).u32(id);
    this.#commit();
    this.#gathered += WAKE_BYTES;
  }

  /** Data of an input, in the pool. */
  readonly #pooled = (r: Reader): Uint8Array => {
    const at = r.u32();
    const n = r.u32();
    this.#turn += n;
    return this.#pool.subarray(at, at + n);
  };

  /**
   * Has the main thread copy bytes of an input into the log, before it uses their memory again: that costs the other
   * core. False if they are not in the pool, or too few.
   */
  keep(data: Uint8Array, place: number): boolean {
    if (data.buffer !== this.#pool.buffer || data.length < LEAST_KEPT) {
      return false;
    }
    this.#begin(OUT.KEEP, 16).u32(data.byteOffset).u32(data.length).f64(place);
    this.#output.commit();
    return true;
  }

  /** Begins an output with room for `max` bytes; waits until the main thread has made it. */
  #begin(kind: number, max: number): Writer {
    for (;;) {
      const w = this.#output.begin(max + 1);
      if (w !== null) {
        return w.u8(kind);
      }
      this.#gathered++;
      this.#wake();
      this.#output.waitForRoom();
    }
  }

  /**
   * Hands an output over. The main thread is woken for many at a time: when the machine looks for inputs, or when much
   * has gathered.
   */
  #commit(): void {
    this.#gathered += this.#output.commit();
    if (this.#gathered >= WAKE_BYTES) {
      this.#wake();
    }
  }

  #wake(): void {
    if (this.#gathered === 0) {
      return;
    }
    this.#gathered = 0;
    this.#released = 0;
    if (Atomics.load(this.#ctl, CTL.OUT_IDLE) === 1 && Atomics.exchange(this.#ctl, CTL.OUT_IDLE, 0) === 1) {
      this.#hooks.ring();
    }
  }

  alloc_shared(name: string, bytes: number): ArrayBufferLike {
    return this.#hooks.allocShared(name, bytes);
  }

  listen(fd: number, type: number, addr: sockaddr): { errno: string; port: number } {
    const done = Atomics.load(this.#ctl, CTL.LISTEN_DONE);
    this.#begin(OUT.LISTEN, ADDRESS + addr.sun_path.length * 3)
      .u32(fd)
      .u8(type)
      .sockaddr(addr);
    this.#commit();
    this.#wake();
    Atomics.wait(this.#ctl, CTL.LISTEN_DONE, done);
    return {
      errno: errnoName(Atomics.load(this.#ctl, CTL.LISTEN_ERRNO)),
      port: Atomics.load(this.#ctl, CTL.LISTEN_PORT),
    };
  }

  connect(fd: number, addr: sockaddr, bind: sockaddr | null): void {
    this.#begin(OUT.CONNECT, ADDRESS + addr.sun_path.length * 3)
      .u32(fd)
      .sockaddr(addr)
      .sockaddr(bind);
    this.#commit();
  }

  open(fd: number, type: number, family: number, bind: sockaddr | null): void {
    this.#begin(OUT.OPEN, ADDRESS).u32(fd).u8(type).u8(family).sockaddr(bind);
    this.#commit();
  }

  send(fd: number, buf: Uint8Array, off: number, len: number): void {
    const max = this.#output.maxRecord - ADDRESS;
    for (let at = 0; at < len; at += max) {
      const n = Math.min(max, len - at);
      this.#begin(OUT.SEND, 4 + n)
        .u32(fd)
        .raw(buf, off + at, n);
      this.#commit();
    }
  }

  sendto(fd: number, buf: Uint8Array, off: number, len: number, to: sockaddr, ttl: number): void {
    this.#begin(OUT.SENDTO, ADDRESS + len)
      .u32(fd)
      .u8(ttl)
      .sockaddr(to)
      .raw(buf, off, len);
    this.#commit();
  }

  consumed(fd: number, bytes: number): void {
    this.#begin(OUT.CONSUMED, 8).u32(fd).u32(bytes);
    this.#output.commit();
    this.#released += bytes;
    if (this.#released >= WAKE_RELEASED) {
      this.#gathered++;
      this.#wake();
    }
  }

  shutdown(fd: number): void {
    this.#begin(OUT.SHUTDOWN, 4).u32(fd);
    this.#commit();
  }

  close(fd: number, reset: boolean): void {
    this.#begin(OUT.CLOSE, 5)
      .u32(fd)
      .u8(reset ? 1 : 0);
    this.#commit();
  }

  /** Text of any length, in pieces. */
  #text(kind: number, text: string): void {
    const bytes = Buffer.from(text, 'utf8');
    for (let at = 0; at < bytes.length; at += TEXT_PIECE) {
      const n = Math.min(TEXT_PIECE, bytes.length - at);
      this.#begin(kind, n).raw(bytes, at, n);
      this.#commit();
    }
  }

  console_write(text: string): void {
    this.#text(OUT.CONSOLE, text);
  }

  monitor_reply(id: number, text: string): void {
    this.#text(OUT.MONITOR_TEXT, text);
    this.#begin(OUT.MONITOR_REPLY, 4).u32(id);
    this.#commit();
  }

  qtest_send(text: string): void {
    this.#text(OUT.QTEST, text);
  }

  write_file(path: string, create: boolean, buf: Uint8Array, off: number, len: number): void {
    this.#begin(OUT.WRITE_FILE, 8 + path.length * 3 + len)
      .u8(create ? 1 : 0)
      .text(path)
      .raw(buf, off, len);
    this.#commit();
  }

  read_file(dir: string, name: string, off: number, len: number): ServedPiece {
    return readServed(dir, name, off, len);
  }

  report(level: 'info' | 'warning' | 'error', text: string): void {
    const said = clipped(text);
    this.#begin(OUT.REPORT, 16 + said.length * 3)
      .text(level)
      .text(said);
    this.#commit();
  }

  /** Output of a logpoint; not of the stack, but in order with what the stack prints. */
  log(breakpoint: number, probe: number, text: string): void {
    const said = clipped(text);
    this.#begin(OUT.LOG, 12 + said.length * 3)
      .u32(breakpoint)
      .u32(probe)
      .text(said);
    this.#commit();
  }

  frame(dir: FrameDirection, buf: Uint8Array, size: number): void {
    this.#hooks.frame(dir, buf, size);
  }
}

/** A line for the user, cut if no record could hold it. */
function clipped(text: string): string {
  return text.length <= TEXT_PIECE ? text : `${text.slice(0, TEXT_PIECE)}... (${text.length} characters)`;
}
