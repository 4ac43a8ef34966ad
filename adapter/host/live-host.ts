/** The `Host` of a live machine, in the inferior's thread: real time, and sockets on the main thread behind the mailbox. */
import type { FrameDirection, Host, Input, sockaddr } from '../stack/util/host.ts';
import { decodeInput, Reader, Writer } from './codec.ts';
import { CTL, errnoName, type MailboxBuffers, OUT, RecordRing } from './mailbox.ts';
import { readServed, type ServedPiece } from './served-files.ts';

/** What the host needs from the thread it runs in. */
export interface LiveHostHooks {
  /** Milliseconds of a steady clock, not counting the time the inferior was stopped. */
  now(): number;
  /** Wakes the main thread: an output is in the ring. */
  ring(): void;
  /** The user asked to interrupt. */
  pause(): void;
  alloc_shared(name: string, bytes: number): ArrayBufferLike;
  frame(dir: FrameDirection, buf: Uint8Array, size: number): void;
}

/** Longest single wait in milliseconds; a wait that long ends early and is repeated. */
const MAX_WAIT = 1 << 30;
/** Bytes of outputs for which the main thread is woken before the machine's next poll. */
const WAKE_BYTES = 1 << 16;

export class LiveHost implements Host {
  now_ns = 0;
  readonly seed: number;
  readonly nameservers: readonly sockaddr[];
  private readonly ctl: Int32Array;
  private readonly input: RecordRing;
  private readonly output: RecordRing;
  private readonly pool: Uint8Array;
  private readonly hooks: LiveHostHooks;
  private readonly start: number;
  private readonly w = new Writer();
  private readonly inputs: Input[] = [];
  /** Bytes of outputs since the main thread was last woken. */
  private gathered = 0;

  constructor(buffers: MailboxBuffers, seed: number, nameservers: readonly sockaddr[], hooks: LiveHostHooks) {
    this.seed = seed;
    this.nameservers = nameservers;
    this.ctl = new Int32Array(buffers.ctl);
    this.input = new RecordRing(buffers.ctl, buffers.input, CTL.IN_HEAD, CTL.IN_TAIL);
    this.output = new RecordRing(buffers.ctl, buffers.output, CTL.OUT_HEAD, CTL.OUT_TAIL);
    this.pool = new Uint8Array(buffers.pool);
    this.hooks = hooks;
    this.start = hooks.now();
  }

  poll(timeout_ns: number): readonly Input[] {
    this.wake();
    const deadline = timeout_ns < 0 ? Number.POSITIVE_INFINITY : this.hooks.now() + timeout_ns / 1e6;
    for (;;) {
      const bell = Atomics.load(this.ctl, CTL.DOORBELL);
      if (Atomics.load(this.ctl, CTL.PAUSE) !== 0) {
        this.hooks.pause();
      }
      const left = deadline - this.hooks.now();
      if (!this.input.empty || left <= 0) {
        break;
      }
      Atomics.wait(this.ctl, CTL.DOORBELL, bell, Math.min(left, MAX_WAIT));
    }
    this.now_ns = Math.round((this.hooks.now() - this.start) * 1e6);
    this.inputs.length = 0;
    const mark = this.input.mark();
    this.input.drain(mark, (record) => {
      this.inputs.push(
        decodeInput(new Reader(record), (r) => {
          const at = r.u32();
          const n = r.u32();
          return this.pool.subarray(at, at + n);
        }),
      );
    });
    return this.inputs;
  }

  /** Hands an output over. The main thread is woken for many at a time: when the machine looks for inputs, or when much has gathered. */
  private emit(data: Uint8Array, more: Uint8Array = EMPTY): void {
    while (!this.output.push(data, more)) {
      this.wake();
      this.output.waitForRoom();
    }
    this.gathered += data.length + more.length;
    if (this.gathered >= WAKE_BYTES) {
      this.wake();
    }
  }

  private wake(): void {
    if (this.gathered === 0) {
      return;
    }
    this.gathered = 0;
    if (Atomics.load(this.ctl, CTL.OUT_IDLE) === 1 && Atomics.exchange(this.ctl, CTL.OUT_IDLE, 0) === 1) {
      this.hooks.ring();
    }
  }

  alloc_shared(name: string, bytes: number): ArrayBufferLike {
    return this.hooks.alloc_shared(name, bytes);
  }

  listen(fd: number, type: number, addr: sockaddr): { errno: string; port: number } {
    const done = Atomics.load(this.ctl, CTL.LISTEN_DONE);
    this.emit(this.w.reset().u8(OUT.LISTEN).u32(fd).u8(type).sockaddr(addr).data);
    this.wake();
    Atomics.wait(this.ctl, CTL.LISTEN_DONE, done);
    return {
      errno: errnoName(Atomics.load(this.ctl, CTL.LISTEN_ERRNO)),
      port: Atomics.load(this.ctl, CTL.LISTEN_PORT),
    };
  }

  connect(fd: number, addr: sockaddr, bind: sockaddr | null): void {
    this.emit(this.w.reset().u8(OUT.CONNECT).u32(fd).sockaddr(addr).sockaddr(bind).data);
  }

  open(fd: number, type: number, family: number, bind: sockaddr | null): void {
    this.emit(this.w.reset().u8(OUT.OPEN).u32(fd).u8(type).u8(family).sockaddr(bind).data);
  }

  send(fd: number, buf: Uint8Array, off: number, len: number): void {
    const max = this.output.maxRecord - 64;
    for (let at = 0; at < len; at += max) {
      const n = Math.min(max, len - at);
      this.emit(this.w.reset().u8(OUT.SEND).u32(fd).data, buf.subarray(off + at, off + at + n));
    }
  }

  sendto(fd: number, buf: Uint8Array, off: number, len: number, to: sockaddr, ttl: number): void {
    this.emit(this.w.reset().u8(OUT.SENDTO).u32(fd).u8(ttl).sockaddr(to).data, buf.subarray(off, off + len));
  }

  consumed(fd: number, bytes: number): void {
    this.emit(this.w.reset().u8(OUT.CONSUMED).u32(fd).u32(bytes).data);
  }

  shutdown(fd: number): void {
    this.emit(this.w.reset().u8(OUT.SHUTDOWN).u32(fd).data);
  }

  close(fd: number, reset: boolean): void {
    this.emit(
      this.w
        .reset()
        .u8(OUT.CLOSE)
        .u32(fd)
        .u8(reset ? 1 : 0).data,
    );
  }

  console_write(text: string): void {
    this.emit(this.w.reset().u8(OUT.CONSOLE).text(text).data);
  }

  monitor_reply(id: number, text: string): void {
    this.emit(this.w.reset().u8(OUT.MONITOR_REPLY).u32(id).text(text).data);
  }

  qtest_send(text: string): void {
    this.emit(this.w.reset().u8(OUT.QTEST).text(text).data);
  }

  write_file(path: string, create: boolean, buf: Uint8Array, off: number, len: number): void {
    this.emit(
      this.w
        .reset()
        .u8(OUT.WRITE_FILE)
        .u8(create ? 1 : 0)
        .text(path).data,
      buf.subarray(off, off + len),
    );
  }

  read_file(dir: string, name: string, off: number, len: number): ServedPiece {
    return readServed(dir, name, off, len);
  }

  report(level: 'info' | 'warning' | 'error', text: string): void {
    this.emit(this.w.reset().u8(OUT.REPORT).text(level).text(text).data);
  }

  /** Output of a logpoint; not of the stack, but in order with what the stack prints. */
  log(breakpoint: number, probe: number, text: string): void {
    this.emit(this.w.reset().u8(OUT.LOG).u32(breakpoint).u32(probe).text(text).data);
  }

  frame(dir: FrameDirection, buf: Uint8Array, size: number): void {
    this.hooks.frame(dir, buf, size);
  }
}

const EMPTY = new Uint8Array(0);
