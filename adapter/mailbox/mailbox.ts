/**
 * The mailbox between the main thread and the inferior: two rings of records in shared memory, a pool for the bytes
 * that sockets receive, and a page of control words. One producer and one consumer each way.
 */

import { Reader, Writer } from './codec.ts';

/** Indices of the control words (Int32). */
export const CTL = {
  /** Bumped and notified by the main thread when there is something for the inferior. */
  DOORBELL: 0,
  IN_HEAD: 1,
  IN_TAIL: 2,
  OUT_HEAD: 3,
  OUT_TAIL: 4,
  /** 1 while the main thread is idle and wants a message when an output comes. */
  OUT_IDLE: 5,
  /** 1 when the user asked to interrupt: the inferior takes it back to 0 and stops. */
  PAUSE: 6,
  /** Answer to the last `listen`: bumped when `LISTEN_PORT` / `LISTEN_ERRNO` are there. */
  LISTEN_DONE: 7,
  LISTEN_PORT: 8,
  /** Number of an errno in the table of `errnoNames`, 0 for success. */
  LISTEN_ERRNO: 9,
  /** Set to 1 and notified: `main` may begin. */
  GO: 10,
  /** 1 while the inferior sleeps, or is about to, until the doorbell rings. */
  IN_WAITING: 11,
  /** What an inferior that has stopped lightly is told (see inferior/light-stop.ts). */
  LIGHT: 12,
  /** How many bundles of notes the main thread has taken. */
  NOTES_TAKEN: 13,
} as const;

/** What a thread that has stopped lightly is told. */
export const LIGHT = {
  WAIT: 0,
  /** Go on. */
  GO: 1,
  /** Go into the inspector. */
  HARDEN: 2,
  /** There are requests to evaluate something. */
  EVALUATE: 3,
} as const;

/** First byte of an output record; the fields that follow are in the order of `Host`'s methods. */
export const OUT = {
  LISTEN: 1,
  CONNECT: 2,
  OPEN: 3,
  SEND: 4,
  SENDTO: 5,
  CONSUMED: 6,
  SHUTDOWN: 7,
  CLOSE: 8,
  CONSOLE: 9,
  /** The reply to a monitor command is there: all the `MONITOR_TEXT` before it. */
  MONITOR_REPLY: 10,
  REPORT: 11,
  /** A logpoint spoke: breakpoint, probe, text. */
  LOG: 12,
  QTEST: 13,
  WRITE_FILE: 14,
  MONITOR_TEXT: 15,
  /** A change that was asked for is done: its number. */
  CHANGED: 16,
  /** Bytes of the pool belong into the log: where they are, how many, and the place in the log. */
  KEEP: 17,
} as const;

/** Bytes of the ring of inputs and of the ring of outputs. */
export const IN_RING = 1 << 20;
export const OUT_RING = 2 << 20;
/**
 * The pool for received data: bytes of a page, pages, and how many of them may be used before streams get little each.
 * Memory is only taken by pages that were used.
 */
export const POOL_PAGE = 1 << 18;
export const POOL_PAGES = 256;
export const POOL_PLENTY = 64;

/** The shared buffers of one machine. */
export interface MailboxBuffers {
  readonly ctl: SharedArrayBuffer;
  readonly input: SharedArrayBuffer;
  readonly output: SharedArrayBuffer;
  readonly pool: SharedArrayBuffer;
}

export function createMailbox(): MailboxBuffers {
  return {
    ctl: new SharedArrayBuffer(256),
    input: new SharedArrayBuffer(IN_RING),
    output: new SharedArrayBuffer(OUT_RING),
    pool: new SharedArrayBuffer(POOL_PAGE * POOL_PAGES),
  };
}

const PAD = 0xffffffff;
/** Bytes in front of a record: its length. */
const LENGTH = 4;

/**
 * One direction: records of bytes, each kept contiguous, in a ring. `head` is the producer's count of bytes, `tail` the
 * consumer's.
 */
export class RecordRing {
  readonly #ctl: Int32Array;
  readonly #view: DataView;
  readonly #size: number;
  readonly #headWord: number;
  readonly #tailWord: number;
  readonly #w: Writer;
  readonly #r: Reader;
  /** Where the record begins that is being written, and the bytes skipped in front of it. */
  #at = 0;
  #skip = 0;

  constructor(ctl: SharedArrayBuffer, ring: SharedArrayBuffer, headWord: number, tailWord: number) {
    this.#ctl = new Int32Array(ctl);
    this.#view = new DataView(ring);
    this.#size = ring.byteLength;
    this.#headWord = headWord;
    this.#tailWord = tailWord;
    this.#w = new Writer(new Uint8Array(ring));
    this.#r = new Reader(new Uint8Array(ring));
  }

  /** Largest record that fits at all. */
  get maxRecord(): number {
    return this.#size / 4;
  }

  get empty(): boolean {
    return Atomics.load(this.#ctl, this.#headWord) === Atomics.load(this.#ctl, this.#tailWord);
  }

  /**
   * Begins a record of at most `max` bytes: what is written to the writer it returns is in the ring once `commit` is
   * called. Null if there is no room now.
   */
  begin(max: number): Writer | null {
    const need = (LENGTH + max + 7) & ~7;
    const head = Atomics.load(this.#ctl, this.#headWord);
    const used = (head - Atomics.load(this.#ctl, this.#tailWord)) >>> 0;
    const at = (head >>> 0) % this.#size;
    const toEnd = this.#size - at;
    const skip = toEnd < need ? toEnd : 0;
    if (used + skip + need > this.#size) {
      return null;
    }
    if (skip > 0) {
      this.#view.setUint32(at, PAD, true);
    }
    this.#skip = skip;
    this.#at = skip > 0 ? 0 : at;
    this.#w.length = this.#at + LENGTH;
    return this.#w;
  }

  /** Hands the record over that was begun. Returns its length. */
  commit(): number {
    const length = this.#w.length - this.#at;
    this.#view.setUint32(this.#at, length, true);
    Atomics.store(
      this.#ctl,
      this.#headWord,
      (Atomics.load(this.#ctl, this.#headWord) + this.#skip + ((length + 7) & ~7)) | 0,
    );
    return length;
  }

  /** The consumer's snapshot of what is there now. */
  mark(): number {
    return Atomics.load(this.#ctl, this.#headWord);
  }

  /**
   * Calls `take` with each record up to `mark` (views of it are valid during the call), then frees it. Stops behind one
   * for which `take` returns false.
   */
  drain(mark: number, take: (record: Reader) => unknown): void {
    let tail = Atomics.load(this.#ctl, this.#tailWord);
    const r = this.#r;
    for (let more = true; more && tail !== mark; ) {
      const at = (tail >>> 0) % this.#size;
      const length = this.#view.getUint32(at, true);
      if (length === PAD) {
        tail = (tail + this.#size - at) | 0;
      } else {
        r.pos = at + LENGTH;
        r.end = at + length;
        more = take(r) !== false;
        tail = (tail + ((length + 7) & ~7)) | 0;
      }
      Atomics.store(this.#ctl, this.#tailWord, tail);
    }
    Atomics.notify(this.#ctl, this.#tailWord);
  }

  /** Blocks until the consumer has freed something (worker threads only). */
  waitForRoom(): void {
    const tail = Atomics.load(this.#ctl, this.#tailWord);
    Atomics.wait(this.#ctl, this.#tailWord, tail, 100);
  }
}

/** Names of errnos that can cross the mailbox as a number: 1 is the first. An unknown one becomes `EIO`. */
export const errnoNames = [
  'EIO',
  'EADDRINUSE',
  'EADDRNOTAVAIL',
  'EACCES',
  'EPERM',
  'EINVAL',
  'EMFILE',
  'ENOENT',
  'ENOTDIR',
  'EAFNOSUPPORT',
  'ENOTSOCK',
  'EISDIR',
  'ENAMETOOLONG',
  'ENOPKG',
];

export function errnoNumber(name: string): number {
  return name === '' ? 0 : Math.max(0, errnoNames.indexOf(name)) + 1;
}

export function errnoName(n: number): string {
  return n === 0 ? '' : (errnoNames[n - 1] ?? 'EIO');
}
