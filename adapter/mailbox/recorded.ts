/**
 * The log of a machine: all that came into it, in the order in which it did. The inferior writes it into chunks of
 * shared memory, which the main thread keeps, also when the machine is gone; old ones may lie in a file.
 *
 * A record is its tag, its length, and what the tag says. It lies in one chunk, and has a place: the count of bytes of
 * records before it since the machine started, which goes on growing when old chunks leave.
 */
import { readSync } from 'node:fs';
import type { sockaddr } from '../stack/util/host.ts';
import { Reader, Writer } from './codec.ts';

/** First byte of a record. */
export const LOG = {
  /**
   * One `poll`: ticks before it (f64), the clock (f64), a check (u32), count of inputs (u32), inputs; in a replay what
   * of its account has changed (replay/numbers.ts).
   */
  TURN: 1,
  /** The answer of `listen`: errno (text), port (u32). */
  LISTEN: 2,
  /** The answer of `read_file`: errno (text), size of the file (f64), bytes. */
  READ_FILE: 3,
  /** The debugger changed something: position, clock and change (mailbox/change.ts). */
  CHANGE: 4,
  /**
   * In a replay, when the user network has sent a frame: the packet of the capture that it is (u32), how they compare
   * (u8), and what of the account has changed.
   */
  SENT: 5,
  /** In a replay, after a turn: connections that its frames began or ended (see `KnownPackets.changes`), u32 each. */
  FLOWS: 6,
} as const;

/** Tag and length. */
export const RECORD_HEADER = 5;
/** Bytes of records in a chunk, unless one record needs more, or little is kept. */
export const CHUNK_BYTES = 1 << 20;
/** In front of a chunk's records: bytes of records in use (i32) and where in the log the first one is (f64). */
export const CHUNK_HEADER_BYTES = 16;
const START = 8;

/** Memory of a chunk in which `need` bytes of records fit. */
export function chunkSize(need = CHUNK_BYTES): number {
  return CHUNK_HEADER_BYTES + ((need + 7) & ~7);
}

/** What a recording needs besides its log. */
export interface RecordingHeader {
  readonly buildId: string;
  readonly argv: readonly string[];
  readonly seed: number;
  readonly nameservers: readonly sockaddr[];
}

/** A chunk of the log: in memory, or in the log's file. */
export interface LogChunk {
  /** Where in the log its first record is. */
  readonly start: number;
  readonly memory: SharedArrayBuffer | null;
  /** Where in the file it lies, and its bytes there, the chunk's header included. */
  readonly fileAt: number;
  readonly fileBytes: number;
}

/** A recording as the main thread holds it. It can be handed to another thread. */
export interface Recording extends RecordingHeader {
  /** In order; the last one grows while the machine runs. */
  readonly chunks: readonly LogChunk[];
  /** The open file that old chunks lie in; -1: none. */
  readonly fd: number;
  /** The capture that it is a replay of: open files, which the log refers to. */
  readonly captures: readonly { readonly fd: number; readonly size: number }[];
  /** Some of its changes need frames, so that only an inferior with an inspector can execute it. */
  readonly framed: boolean;
  /** It has changes at all: only the build with probes comes to the positions at which they were made. */
  readonly changed: boolean;
}

/** The first place in the log that a new chunk of shared memory holds. */
export function chunkStart(memory: SharedArrayBuffer): number {
  return new Float64Array(memory, START, 1)[0] ?? 0;
}

/** Bytes of records in a chunk so far. */
export function chunkUsed(memory: SharedArrayBuffer): number {
  return Atomics.load(new Int32Array(memory, 0, 1), 0);
}

/** The whole chunk as far as it is in use, as a file keeps it. */
export function chunkBytes(memory: SharedArrayBuffer): Uint8Array {
  return new Uint8Array(memory, 0, CHUNK_HEADER_BYTES + chunkUsed(memory));
}

/** The same chunk with fewer bytes of records, in memory of its own. */
export function truncatedChunk(chunk: Uint8Array, used: number): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(CHUNK_HEADER_BYTES + used);
  new Uint8Array(memory).set(chunk.subarray(0, CHUNK_HEADER_BYTES + used));
  new Int32Array(memory, 0, 1)[0] = used;
  return memory;
}

/** A chunk that is in memory. */
export function memoryChunk(memory: SharedArrayBuffer): LogChunk {
  return { start: chunkStart(memory), memory, fileAt: -1, fileBytes: 0 };
}

/** The inferior's end: appends records, and hands each new chunk over before anything is in it. */
export class LogWriter {
  readonly #newChunk: (chunk: SharedArrayBuffer, spare: boolean) => void;
  readonly #spare: () => SharedArrayBuffer | undefined;
  /** Bytes of records in a chunk that is made here. */
  readonly #room: number;
  #used: Int32Array = new Int32Array(1);
  #bytes: Uint8Array = new Uint8Array(0);
  #w = new Writer(this.#bytes);
  /** Where in the chunk the record begins that is being written. */
  #record = 0;
  /** Where in the log the next record will be. */
  at = 0;

  /**
   * `spare` gives a chunk of the usual size, of `room` bytes of records, that nobody reads any more: fresh memory costs
   * more than the copies. `newChunk` hears whether a chunk was one of those.
   */
  constructor(
    newChunk: (chunk: SharedArrayBuffer, spare: boolean) => void,
    spare: () => SharedArrayBuffer | undefined = () => undefined,
    room = CHUNK_BYTES,
  ) {
    this.#newChunk = newChunk;
    this.#spare = spare;
    this.#room = room;
  }

  /** Begins a record of at most `max` bytes; what is written to the writer is part of it. */
  begin(tag: number, max: number): Writer {
    if (this.#record + RECORD_HEADER + max > this.#bytes.length) {
      this.#open(RECORD_HEADER + max);
    }
    this.#w.length = this.#record;
    return this.#w.u8(tag).u32(0);
  }

  #open(need: number): void {
    const room = this.#room;
    const spare = need <= room ? this.#spare() : undefined;
    const chunk = spare ?? new SharedArrayBuffer(chunkSize(Math.max(room, need)));
    new Float64Array(chunk, START, 1)[0] = this.at;
    this.#used = new Int32Array(chunk, 0, 1);
    this.#used[0] = 0;
    this.#bytes = new Uint8Array(chunk, CHUNK_HEADER_BYTES);
    this.#w = new Writer(this.#bytes);
    this.#record = 0;
    this.#newChunk(chunk, spare !== undefined);
  }

  /** Where in the log the next byte of the record will be. */
  get place(): number {
    return this.at + this.#w.length - this.#record;
  }

  /** The record that was begun is complete. */
  commit(): void {
    const { bytes, length: end } = this.#w;
    const length = end - this.#record;
    if (bytes !== this.#bytes) {
      // It became longer than was said, and the writer went on in memory of its own.
      this.#used[0] = this.#record;
      const record = bytes.subarray(this.#record, end);
      this.#open(length);
      this.#bytes.set(record);
      this.#w.length = length;
    }
    this.#w.patch(this.#record + 1, length - RECORD_HEADER);
    this.#record += length;
    this.at += length;
    Atomics.store(this.#used, 0, this.#record);
  }
}

/** Reads a log from one record to the next. The current record's content is what `r` reads. */
export class LogReader {
  readonly #recording: Pick<Recording, 'chunks' | 'fd'>;
  #chunk = -1;
  #memory: SharedArrayBuffer | null = null;
  #bytes: Uint8Array = new Uint8Array(0);
  #length = 0;
  #start = 0;
  /** In the chunk: where the next record begins. */
  #next = 0;
  r = new Reader(this.#bytes);

  /** From the first record that is kept, or from the one at `at`. */
  constructor(recording: Pick<Recording, 'chunks' | 'fd'>, at?: number) {
    this.#recording = recording;
    this.seek(at ?? recording.chunks[0]?.start ?? 0);
  }

  /** Goes to the record at a place of the log. Throws RangeError where nothing is kept. */
  seek(at: number): void {
    const { chunks } = this.#recording;
    if (chunks.length === 0) {
      return;
    }
    const i = chunks.findLastIndex((c) => c.start <= at);
    if (i < 0) {
      throw new RangeError(`byte ${at} of the recording is no longer kept; it begins at ${chunks[0]?.start}`);
    }
    this.#load(i);
    this.#next = at - this.#start;
    if (this.#next > this.#length) {
      throw new RangeError(`the recording ends before byte ${at}`);
    }
  }

  #load(i: number): void {
    const chunk = this.#recording.chunks[i] as LogChunk;
    this.#chunk = i;
    this.#memory = chunk.memory;
    if (chunk.memory) {
      this.#bytes = new Uint8Array(chunk.memory, CHUNK_HEADER_BYTES);
    } else {
      this.#bytes = this.#fromFile(chunk).subarray(CHUNK_HEADER_BYTES);
    }
    this.#start = chunk.start;
    this.#length = this.#bytes.length;
    this.r = new Reader(this.#bytes);
    this.#next = 0;
  }

  /** A chunk of the file. Its place may have been given to another one while it was read. */
  #fromFile({ start, fileAt, fileBytes }: LogChunk): Uint8Array {
    const bytes = new Uint8Array(fileBytes);
    const head = new Uint8Array(CHUNK_HEADER_BYTES);
    this.#read(bytes, fileAt);
    this.#read(head, fileAt);
    for (const { buffer } of [bytes, head]) {
      if (new Float64Array(buffer, START, 1)[0] !== start) {
        throw new RangeError(`byte ${start} of the recording is no longer kept`);
      }
    }
    return bytes;
  }

  #read(bytes: Uint8Array, at: number): void {
    for (let got = 0; got < bytes.length; ) {
      const n = readSync(this.#recording.fd, bytes, got, bytes.length - got, at + got);
      if (n === 0) {
        return;
      }
      got += n;
    }
  }

  /** Tag of the next record; 0 at the end of the log so far. */
  peek(): number {
    for (;;) {
      const length = this.#memory ? chunkUsed(this.#memory) : this.#length;
      if (this.#next < length) {
        return this.#bytes[this.#next] ?? 0;
      }
      if (this.#chunk + 1 >= this.#recording.chunks.length) {
        return 0;
      }
      this.#load(this.#chunk + 1);
    }
  }

  /** Looks into the next record without going on to it. */
  look(): Reader {
    this.#enter();
    return this.r;
  }

  /** Goes on to the next record; `r` reads what is in it. Throws RangeError at the end. */
  take(): number {
    const tag = this.peek();
    if (tag === 0) {
      throw new RangeError('the recording has ended');
    }
    this.#enter();
    this.#next = this.r.end;
    return tag;
  }

  #enter(): void {
    const { r } = this;
    r.pos = this.#next + 1;
    r.end = this.#bytes.length;
    r.end = r.u32() + r.pos;
    if (r.end > this.#bytes.length) {
      throw new RangeError(`the recording is damaged at byte ${this.at}`);
    }
  }

  /** Where in the log the next record is. */
  get at(): number {
    return this.#start + this.#next;
  }
}
