/**
 * The log of one run as the main thread keeps it: the last bytes of it, up to a size. The newest are in memory, older
 * ones in a file; what is too old leaves, a chunk at a time, up to a checkpoint that a re-execution can begin at.
 */
import type { CheckpointRef } from '../mailbox/checkpoint-ref.ts';
import { LogLimit } from '../mailbox/log-limit.ts';
import {
  CHUNK_BYTES,
  CHUNK_HEADER_BYTES,
  chunkBytes,
  chunkSize,
  chunkUsed,
  type LogChunk,
  memoryChunk,
} from '../mailbox/recorded.ts';
import { CheckpointStore } from './checkpoint-store.ts';
import { LogFile, type LogStore } from './log-file.ts';

/** Bytes of the log that may be in memory: the inferior waits for the file before it writes more. */
export const HISTORY_MEMORY = 64 << 20;
/** Such a part of them stays there; what is older goes to the file. */
const STAYS = 4;
/** Less than this is not worth a checkpoint. */
const LEAST = 1 << 20;
/** How far a single turn may go beyond the size: it brings no more than the pools of the mailbox hold. */
const ONE_TURN = 64 << 20;
/** A chunk is at most one part in so many of what is kept: a chunk leaves as a whole. */
const CHUNKS = 16;
/** A checkpoint is due at the latest when such a part of what is kept, or all of the memory, has been written. */
const STRETCHES = 4;

/** The system gives memory a page at a time, when something first writes there. */
const SYSTEM_PAGE = 4096;

/** What `Recording` has of a history. */
export interface KeptLog {
  readonly chunks: readonly LogChunk[];
  readonly fd: number;
}

export interface HistoryOptions {
  /** Bytes that are kept; a few more where one turn brings as much. */
  readonly size: number;
  /** Bytes of them in memory. */
  readonly memory?: number;
  /** A line for the user. */
  readonly warn: (text: string) => void;
  readonly open?: () => LogStore;
}

export class History {
  readonly limit: LogLimit;
  /** What a re-execution can begin at. */
  readonly checkpoints: CheckpointStore;
  readonly #size: number;
  readonly #memory: number;
  readonly #warn: (text: string) => void;
  readonly #open: () => LogStore;
  #chunks: LogChunk[] = [];
  /** Chunks that a re-execution may be reading, and memory of others that are not needed any more. */
  readonly #lent = new WeakSet<SharedArrayBuffer>();
  #free: SharedArrayBuffer[] = [];
  readonly #chunkSize: number;
  #file: LogStore | undefined;
  /** The file cannot be used any more; what it has can still be read. */
  #broken = false;
  #closed = false;
  /** A chunk is on its way to the file. */
  #writing = false;
  /** The inferior waits at the limit. */
  #waiting = false;
  /** Chunks have come since it was last looked what may leave. */
  #grown = false;

  constructor(options: HistoryOptions, checkpoints: readonly CheckpointRef[] = []) {
    this.checkpoints = new CheckpointStore(checkpoints);
    this.#size = Math.max(LEAST, options.size);
    this.#memory = Math.min(options.memory ?? HISTORY_MEMORY, this.#size);
    this.#warn = options.warn;
    this.#open = options.open ?? (() => new LogFile());
    const room = Math.min(CHUNK_BYTES, this.#size / CHUNKS);
    this.#chunkSize = chunkSize(room);
    this.limit = new LogLimit(this.#memory, room, Math.min(this.#memory, this.#size / STRETCHES));
  }

  /** What is kept, for re-executions. */
  get log(): KeptLog {
    for (const { memory } of this.#chunks) {
      if (memory) {
        this.#lent.add(memory);
      }
    }
    return { chunks: [...this.#chunks], fd: this.#file?.fd ?? -1 };
  }

  /** Where what is kept begins; null: with the machine. */
  get oldest(): CheckpointRef | null {
    return this.#start > 0 ? (this.checkpoints.all[0] ?? null) : null;
  }

  /** Chunks that are in memory. */
  get inMemory(): number {
    return this.#chunks.filter((c) => c.memory).length;
  }

  /** Bytes of the log that are kept. */
  get bytes(): number {
    return this.#end - this.#start;
  }

  get #start(): number {
    return this.#chunks[0]?.start ?? 0;
  }

  get #end(): number {
    const last = this.#chunks.at(-1);
    return last?.memory ? last.start + chunkUsed(last.memory) : (last?.start ?? 0);
  }

  /** The first byte that is in memory. */
  get #memoryStart(): number {
    return this.#chunks.find((c) => c.memory)?.start ?? 0;
  }

  /** The inferior has begun a new chunk. */
  add(memory: SharedArrayBuffer): void {
    this.#chunks.push(memoryChunk(memory));
    this.#grown = true;
  }

  /** All chunks but the last are complete: the oldest may leave, or go to the file. */
  settle(): void {
    if (this.#grown) {
      this.#settle();
    }
  }

  #settle(): void {
    this.#grown = false;
    this.#evict();
    this.#spill();
    this.#setLimit();
  }

  /** Copies bytes that the inferior has left out to their place. */
  fill(data: Uint8Array, place: number): void {
    const chunk = this.#chunks.findLast((c) => c.start <= place);
    if (chunk?.memory) {
      new Uint8Array(chunk.memory, CHUNK_HEADER_BYTES).set(data, place - chunk.start);
    }
  }

  /**
   * Memory for a chunk to come. It has been written to, if only here: fresh pages cost the inferior more than what it
   * writes there.
   */
  spare(): SharedArrayBuffer {
    const used = this.#free.pop();
    if (used) {
      return used;
    }
    const fresh = new SharedArrayBuffer(this.#chunkSize);
    const bytes = new Uint8Array(fresh);
    for (let at = 0; at < bytes.length; at += SYSTEM_PAGE) {
      bytes[at] = 0;
    }
    return fresh;
  }

  /** A chunk's memory can have another one, unless somebody reads it. */
  #release(memory: SharedArrayBuffer | null): void {
    if (memory?.byteLength === this.#chunkSize && !this.#lent.has(memory)) {
      this.#free.push(memory);
    }
  }

  /** The inferior has taken a checkpoint: what is before it may leave. */
  addCheckpoint(checkpoint: CheckpointRef): void {
    this.checkpoints.add(checkpoint);
    this.#settle();
  }

  /** The inferior is at the limit and waits. */
  full(): void {
    if (this.limit.wanted <= this.limit.at) {
      // It asked while it was given more; it may not have seen that.
      this.limit.set(this.limit.at);
      return;
    }
    this.#waiting = true;
    this.#settle();
  }

  close(): void {
    this.#closed = true;
    this.#file?.close();
    this.#file = undefined;
    this.#chunks = [];
    this.#free = [];
    this.checkpoints.dropBefore(Number.POSITIVE_INFINITY);
  }

  /** Tells the inferior how far it may go; one that waits goes on, or learns that there is no room. */
  #setLimit(): void {
    const bySize = this.#broken ? this.#memoryStart + this.#memory : this.#start + this.#size;
    const byFile = this.#memoryStart + this.#memory;
    let at = Math.min(bySize, byFile);
    if (this.#waiting && !this.#writing && at < this.limit.wanted && this.limit.wanted <= bySize + ONE_TURN) {
      at = this.limit.wanted;
    }
    const more = at > this.limit.at;
    if (this.#waiting && !more && !this.#writing) {
      const size = this.#broken ? this.#memory : this.#size;
      const settings = '("set history size", launch attribute "historySize")';
      this.limit.refuse();
      this.#warn(`the recording has reached its limit of ${size} bytes and ends here ${settings}`);
    }
    if (this.#waiting ? more || !this.#writing : at !== this.limit.at) {
      this.#waiting = false;
      this.limit.set(at);
    }
  }

  /** Lets the oldest chunks go when the limit is near, up to a checkpoint. */
  #evict(): void {
    const size = this.#broken ? this.#memory : this.#size;
    const kept = this.#broken ? this.#end - this.#memoryStart : this.bytes;
    if (kept <= size - size / 8 && !(this.#waiting && !this.#writing)) {
      return;
    }
    const enough = this.#end - (size - size / 4);
    const { all } = this.checkpoints;
    const from = all.find((c) => c.logAt >= enough) ?? all.at(-1);
    const first = from ? this.#chunks.findLastIndex((c) => c.start <= from.logAt) : 0;
    if (from && first > 0 && !(this.#writing && this.#chunks.slice(0, first).some((c) => c.memory))) {
      for (const { memory } of this.#chunks.splice(0, first)) {
        this.#release(memory);
      }
      this.checkpoints.dropBefore(from.logAt);
    }
  }

  /** Writes the oldest chunks that are in memory to the file, while there are more in memory than should be. */
  #spill(): void {
    const i = this.#chunks.findIndex((c) => c.memory);
    const chunk = this.#chunks[i];
    const tooMuch = this.#end - this.#memoryStart > this.#memory / STAYS && this.#size > this.#memory;
    if (this.#writing || this.#broken || !tooMuch || !chunk?.memory || i === this.#chunks.length - 1) {
      return;
    }
    const bytes = chunkBytes(chunk.memory);
    const fileAt = this.#place(bytes.length);
    if (fileAt < 0) {
      return;
    }
    this.#writing = true;
    this.#write(bytes, fileAt).then(
      () => this.#wrote(chunk, fileAt, bytes.length),
      (e: unknown) => this.#failed(e),
    );
  }

  async #write(bytes: Uint8Array, at: number): Promise<void> {
    this.#file ??= this.#open();
    await this.#file.write(bytes, at);
  }

  #wrote(chunk: LogChunk, fileAt: number, fileBytes: number): void {
    this.#writing = false;
    const i = this.#chunks.indexOf(chunk);
    if (i >= 0) {
      this.#chunks[i] = { start: chunk.start, memory: null, fileAt, fileBytes };
      this.#release(chunk.memory);
    }
    this.#settle();
  }

  #failed(e: unknown): void {
    this.#writing = false;
    if (this.#closed) {
      return;
    }
    this.#broken = true;
    const why = e instanceof Error ? e.message : String(e);
    const megabytes = Math.round(this.#memory / (1 << 20));
    this.#warn(
      `the history cannot be written to its file (${why}): from now on ${megabytes} MB of it are kept, in memory`,
    );
    this.#evict();
    this.#setLimit();
  }

  /** Where in the file the next chunk goes: behind the last one, or at the beginning again; -1: there is no room. */
  #place(bytes: number): number {
    const inFile = this.#chunks.filter((c) => !c.memory);
    const [oldest, newest] = [inFile[0], inFile.at(-1)];
    if (!oldest || !newest) {
      return 0;
    }
    const head = newest.fileAt + newest.fileBytes;
    const tail = oldest.fileAt;
    if (tail < head) {
      // Room for a chunk more than is kept, as the one at the end may not fit.
      return head + bytes <= this.#size + this.#size / 8 ? head : bytes < tail ? 0 : -1;
    }
    return head + bytes < tail ? head : -1;
  }
}
