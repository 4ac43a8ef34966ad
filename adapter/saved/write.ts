/** Writes what makes a recording behind the packets of a pcapng file. */
import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import type { CheckpointRef } from '../mailbox/checkpoint-ref.ts';
import { chunkBytes, type LogChunk } from '../mailbox/recorded.ts';
import { PcapngWriter } from '../packets/pcapng.ts';
import { type BlockParts, blocksOf, KIND, PIECE, sumIn } from './blocks.ts';
import { APPLICATION, type SavedCheckpoint, type SavedEnd, type SavedHead, type SavedMarks } from './saved.ts';

/** Where a file's bytes go, in order. */
export type Append = (bytes: Uint8Array) => Promise<void>;

/** Interfaces of the packets: who sends them. */
export const INTERFACES = ['guest', 'host'] as const;

export class SavedWriter {
  readonly #append: Append;
  readonly #sums = createHash('sha256');
  #headAt = 0;
  #blocks = 0;
  #ending = false;

  constructor(append: Append) {
    this.#append = append;
  }

  /** The file's beginning; the packets come next. */
  async begin(): Promise<void> {
    const w = new PcapngWriter();
    await this.#append(w.section(APPLICATION));
    for (const name of INTERFACES) {
      await this.#append(w.interface(name));
    }
  }

  async #block([before, content, behind]: BlockParts): Promise<void> {
    if (!this.#ending) {
      this.#sums.update(sumIn(before));
      this.#blocks++;
    }
    await this.#append(before);
    await this.#append(content);
    await this.#append(behind);
  }

  async #all(kind: number, content: Uint8Array, packed: boolean): Promise<void> {
    for await (const block of blocksOf(kind, content, packed)) {
      await this.#block(block);
    }
  }

  #json(kind: number, value: unknown): Promise<void> {
    return this.#all(kind, Buffer.from(JSON.stringify(value)), true);
  }

  /** The first block behind the packets, which is at `at` of the file. */
  head(head: SavedHead, at: number): Promise<void> {
    this.#headAt = at;
    return this.#json(KIND.HEAD, head);
  }

  /** The log. Its chunks stay as they are, so that they can be read where they lie. */
  async log(chunks: readonly LogChunk[], fd: number, told: (bytes: number) => void): Promise<void> {
    for (const chunk of chunks) {
      const bytes = chunk.memory ? chunkBytes(chunk.memory) : fromFile(fd, chunk);
      // What grows while it is written would not have the sum that was told.
      await this.#all(KIND.CHUNK, chunk.memory ? bytes.slice() : bytes, false);
      told(bytes.length);
    }
  }

  async checkpoints(all: readonly CheckpointRef[], told: (bytes: number) => void): Promise<void> {
    const numbers = new Map<SharedArrayBuffer, number>();
    for (const { bytes, pages, edge, ...plain } of all) {
      for (const block of pages.filter((page) => !numbers.has(page))) {
        numbers.set(block, numbers.size);
        // zlib takes no shared memory.
        await this.#all(KIND.PAGES, new Uint8Array(block).slice(), true);
        told(block.byteLength);
      }
      const saved: SavedCheckpoint = {
        ...plain,
        edge: Buffer.from(edge).toString('hex'),
        pages: pages.map((page) => numbers.get(page) as number),
      };
      const about = Buffer.from(JSON.stringify(saved));
      const length = Buffer.alloc(4);
      length.writeUInt32LE(about.length);
      await this.#all(KIND.CHECKPOINT, Buffer.concat([length, about, new Uint8Array(bytes)]), true);
      told(bytes.byteLength);
    }
  }

  marks(marks: SavedMarks): Promise<void> {
    return this.#json(KIND.MARKS, marks);
  }

  /** Bytes of the captures that are replayed, one file after the other. */
  async capture(path: number, size: number, told: (bytes: number) => void): Promise<void> {
    for (let at = 0; at < size; at += PIECE) {
      const piece = new Uint8Array(Math.min(PIECE, size - at));
      readWhole(path, piece, at);
      await this.#all(KIND.CAPTURE, piece, true);
      told(piece.length);
    }
  }

  async progress(memories: readonly Uint8Array[]): Promise<void> {
    for (const memory of memories) {
      await this.#all(KIND.PROGRESS, memory.slice(), true);
    }
  }

  /** Nothing comes after this. */
  async end(): Promise<void> {
    const end: SavedEnd = { headAt: this.#headAt, blocks: this.#blocks, sum: this.#sums.digest('hex') };
    this.#ending = true;
    await this.#json(KIND.END, end);
  }
}

function fromFile(fd: number, { fileAt, fileBytes }: LogChunk): Uint8Array {
  const bytes = new Uint8Array(fileBytes);
  readWhole(fd, bytes, fileAt);
  return bytes;
}

function readWhole(fd: number, bytes: Uint8Array, at: number): void {
  for (let got = 0; got < bytes.length; ) {
    const n = readSync(fd, bytes, got, bytes.length - got, at + got);
    if (n === 0) {
      throw new Error('the file has become shorter');
    }
    got += n;
  }
}
