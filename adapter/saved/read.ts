/**
 * Reads a saved recording. Everything is checked before it is used: lengths, sums, and what the JSON says; a file that
 * is damaged is refused with a sentence that says where. The log stays in the file.
 */
import { createHash } from 'node:crypto';
import type { CheckpointRef } from '../mailbox/checkpoint-ref.ts';
import { CHUNK_HEADER_BYTES, type LogChunk, memoryChunk } from '../mailbox/recorded.ts';
import type { ByteSource } from '../packets/byte-source.ts';
import { PCAPNG_SHB } from '../packets/pcapng.ts';
import {
  BEFORE_HEAD,
  type BlockHead,
  CUSTOM_NO_COPY,
  checkedSum,
  contentOf,
  HEAD_BYTES,
  KIND,
  PEN,
  readHead,
} from './blocks.ts';
import { parseCheckpoint, parseEnd, parseHead, parseMarks } from './parse.ts';
import { APPLICATION, NO_MARKS, SavedError, type SavedHead, type SavedMarks, type SavedRecording } from './saved.ts';

const LEAST_BLOCK = 12;
/** A block of pcapng is no longer than that. */
const MOST_BLOCK = 16 << 20;
/** Bytes that checkpoints and the like may take in memory: a file of a few megabytes unpacks to anything. */
const MOST_MEMORY = 2 ** 31;
/** The section header is no longer than that. */
const BEGINNING = 1 << 16;
/** Blocks between two looks at whether somebody waits. */
const BLOCKS_A_SLICE = 256;

/** A block of the file. */
interface Block {
  readonly at: number;
  readonly total: number;
  readonly type: number;
}

const wordAt = (bytes: Uint8Array, at: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(at, true);

function blockAt(source: ByteSource, at: number): Block {
  const head = source.glance(at, LEAST_BLOCK);
  const [type, total] = head.length < LEAST_BLOCK ? [0, 0] : [wordAt(head, 0), wordAt(head, 4)];
  if (total < LEAST_BLOCK || total % 4 !== 0 || total > MOST_BLOCK || at + total > source.size) {
    throw new SavedError(`the recording is damaged or cut off at byte ${at}`);
  }
  return { at, total, type };
}

/** Our block's bytes from its head on; null if the block is another's. */
function ours(source: ByteSource, { at, total, type }: Block): Uint8Array | null {
  if (type !== CUSTOM_NO_COPY || total < BEFORE_HEAD + HEAD_BYTES + 4) {
    return null;
  }
  const head = source.glance(at + BEFORE_HEAD - 4, 4 + HEAD_BYTES);
  if (wordAt(head, 0) !== PEN || readHead(head.subarray(4)) === null) {
    return null;
  }
  return source.read(at + BEFORE_HEAD, total - BEFORE_HEAD - 4);
}

/** True if the file begins as saved recordings do. */
function begins(source: ByteSource): boolean {
  const first = source.glance(0, LEAST_BLOCK);
  if (first.length < LEAST_BLOCK || wordAt(first, 0) !== PCAPNG_SHB) {
    return false;
  }
  const section = Buffer.from(source.glance(0, Math.min(wordAt(first, 4), BEGINNING)));
  return section.includes(APPLICATION);
}

/** The block that ends at `end`; undefined if none of ours does. */
function lastBlock(source: ByteSource, end: number): Block | undefined {
  const total = end < LEAST_BLOCK ? 0 : wordAt(source.glance(end - 4, 4), 0);
  if (total < LEAST_BLOCK || total % 4 !== 0 || total > Math.min(end, MOST_BLOCK)) {
    return undefined;
  }
  const at = end - total;
  const head = source.glance(at, LEAST_BLOCK);
  return wordAt(head, 0) === CUSTOM_NO_COPY && wordAt(head, 4) === total ? blockAt(source, at) : undefined;
}

/** The content of the block at `at`, if it is ours and of this kind. */
function only(source: ByteSource, block: Block | undefined, kind: number): Uint8Array | undefined {
  const bytes = block && ours(source, block);
  const head = bytes && readHead(bytes);
  return block && bytes && head?.kind === kind ? checked(bytes, head, block.at) : undefined;
}

/** What a file says of itself if it is a saved recording; undefined if it is none. Throws `SavedError` for damage. */
export function savedHead(source: ByteSource): SavedHead | undefined {
  if (!begins(source)) {
    return undefined;
  }
  const end = only(source, lastBlock(source, source.size), KIND.END);
  const { headAt } = end ? parseEnd(end) : { headAt: -1 };
  const head = headAt < 0 || headAt >= source.size ? undefined : only(source, blockAt(source, headAt), KIND.HEAD);
  if (head) {
    return parseHead(head);
  }
  if (hasOurs(source)) {
    throw new SavedError('the recording is damaged or cut off: its end is missing');
  }
  // Some tool has copied the packets alone.
  return undefined;
}

/** True if some block of the file is ours, or cannot be read. */
function hasOurs(source: ByteSource): boolean {
  for (let at = 0; at < source.size; ) {
    const block = blockAt(source, at);
    if (ours(source, block)) {
      return true;
    }
    at += block.total;
  }
  return false;
}

/** A block's content. */
function checked(bytes: Uint8Array, head: BlockHead, at: number): Uint8Array {
  const content = checkedSum(bytes, head) === undefined ? undefined : contentOf(bytes, head);
  if (!content) {
    throw new SavedError(`the recording is damaged at byte ${at}: the sum of a block is wrong`);
  }
  return content;
}

type Fail = (why: string) => SavedError;

const allThere = <T>(values: readonly (T | undefined)[]): values is readonly T[] => !values.includes(undefined);

/** Puts the blocks together. */
class Reading {
  readonly #sums = createHash('sha256');
  readonly #chunks: LogChunk[] = [];
  readonly #pages: SharedArrayBuffer[] = [];
  readonly #checkpoints: CheckpointRef[] = [];
  readonly #progress: Uint8Array[] = [];
  /** Pieces of the thing that goes on in the next block. */
  #pieces: Uint8Array[] = [];
  #kind = 0;
  #blocks = 0;
  #memory = 0;
  #head: SavedHead | undefined;
  #marks: SavedMarks = NO_MARKS;
  #ended = false;

  /** `take` gets each piece of the replayed captures. */
  readonly #capture: (piece: Uint8Array) => void;

  constructor(capture: (piece: Uint8Array) => void) {
    this.#capture = capture;
  }

  block(bytes: Uint8Array, head: BlockHead, at: number): void {
    const fail: Fail = (why) => new SavedError(`the recording is damaged at byte ${at}: ${why}`);
    const sum = checkedSum(bytes, head);
    if (this.#ended || sum === undefined) {
      throw fail(this.#ended ? 'something comes after its end' : 'the sum of a block is wrong');
    }
    if (head.kind === KIND.END) {
      const end = parseEnd(checked(bytes, head, at));
      if (end.blocks !== this.#blocks || end.sum !== this.#sums.digest('hex') || this.#pieces.length > 0) {
        throw fail('blocks are missing before its end');
      }
      this.#ended = true;
      return;
    }
    this.#sums.update(sum);
    this.#blocks++;
    const whole = this.#pieces.length === 0 && !head.continues;
    if (head.kind === KIND.CHUNK && whole && !head.packed) {
      this.#chunk(bytes.subarray(HEAD_BYTES, HEAD_BYTES + head.stored), at + BEFORE_HEAD + HEAD_BYTES, fail);
      return;
    }
    if (this.#pieces.length > 0 && head.kind !== this.#kind) {
      throw fail('a block is missing');
    }
    this.#memory += head.kind === KIND.CAPTURE ? 0 : head.plain;
    if (this.#memory > MOST_MEMORY) {
      throw fail(`it would take more than ${MOST_MEMORY} bytes of memory`);
    }
    this.#kind = head.kind;
    this.#pieces.push(checked(bytes, head, at));
    if (!head.continues) {
      const content = this.#pieces.length === 1 ? (this.#pieces[0] as Uint8Array) : Buffer.concat(this.#pieces);
      this.#pieces = [];
      this.#whole(content, fail);
    }
  }

  #whole(content: Uint8Array, fail: Fail): void {
    switch (this.#kind) {
      case KIND.HEAD:
        this.#head ??= parseHead(content);
        break;
      case KIND.CHUNK:
        this.#bigChunk(content, fail);
        break;
      case KIND.PAGES:
        this.#pages.push(shared(content));
        break;
      case KIND.CHECKPOINT:
        this.#checkpoints.push(this.#checkpoint(content, fail));
        break;
      case KIND.MARKS:
        this.#marks = parseMarks(content);
        break;
      case KIND.CAPTURE:
        this.#capture(content);
        break;
      case KIND.PROGRESS:
        this.#progress.push(content);
        break;
      default:
        throw fail(`a block is of the unknown kind ${this.#kind}`);
    }
  }

  #chunk(content: Uint8Array, fileAt: number, fail: Fail): void {
    const { start } = this.#place(content, fail);
    this.#chunks.push({ start, memory: null, fileAt, fileBytes: content.length });
  }

  /** One that does not fit into a block goes to memory. */
  #bigChunk(content: Uint8Array, fail: Fail): void {
    this.#place(content, fail);
    this.#chunks.push(memoryChunk(shared(content)));
  }

  /** Where in the log a chunk begins: where the one before ends. */
  #place(content: Uint8Array, fail: Fail): { start: number } {
    const view = new DataView(content.buffer, content.byteOffset, content.length);
    if (content.length < CHUNK_HEADER_BYTES || view.getInt32(0, true) !== content.length - CHUNK_HEADER_BYTES) {
      throw fail('a part of the log has another length');
    }
    const start = view.getFloat64(8, true);
    if (!(start >= 0) || (this.#chunks.length > 0 && start !== this.#end)) {
      throw fail('a part of the log is missing');
    }
    this.#end = start + content.length - CHUNK_HEADER_BYTES;
    return { start };
  }
  #end = 0;

  #checkpoint(content: Uint8Array, fail: Fail): CheckpointRef {
    const length = content.length < 4 ? 0 : wordAt(content, 0);
    if (length === 0 || 4 + length > content.length) {
      throw fail('a checkpoint is too short');
    }
    const { pages, edge, ...plain } = parseCheckpoint(content.subarray(4, 4 + length));
    const blocks = pages.map((number) => this.#pages[number]);
    if (!allThere(blocks)) {
      throw fail('pages of a checkpoint are missing');
    }
    const last = this.#checkpoints.at(-1);
    if (last && (plain.number <= last.number || plain.tick < last.tick || plain.logAt < last.logAt)) {
      throw fail('checkpoints are in disorder');
    }
    const bytes = shared(content.subarray(4 + length));
    return { ...plain, edge: Uint8Array.from(Buffer.from(edge, 'hex')), bytes, pages: blocks };
  }

  finish(): Omit<SavedRecording, 'capture'> {
    if (!this.#ended || !this.#head) {
      throw new SavedError('the recording is cut off: its end is missing');
    }
    const [first] = this.#chunks;
    const start = first?.start ?? 0;
    const lost = start > 0 && !this.#checkpoints.some((c) => c.logAt >= start);
    if (lost || this.#checkpoints.some((c) => c.logAt > this.#end)) {
      throw new SavedError('the recording is damaged: its log and its checkpoints do not belong together');
    }
    return {
      head: this.#head,
      chunks: this.#chunks,
      checkpoints: this.#checkpoints,
      marks: this.#marks,
      progress: this.#progress,
    };
  }
}

function shared(content: Uint8Array): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(content.length);
  new Uint8Array(memory).set(content);
  return memory;
}

/**
 * Reads a whole recording; yields now and then how many bytes are done. `capture` gets the pieces of the captures that
 * it replays, in order. Throws `SavedError`.
 */
export function* readSaved(
  source: ByteSource,
  capture: (piece: Uint8Array) => void,
): Generator<number, Omit<SavedRecording, 'capture'>> {
  const reading = new Reading(capture);
  for (let at = 0, blocks = 1; at < source.size; blocks++) {
    const block = blockAt(source, at);
    const bytes = ours(source, block);
    const head = bytes && readHead(bytes);
    if (bytes && head) {
      reading.block(bytes, head, at);
    }
    at += block.total;
    if (blocks % BLOCKS_A_SLICE === 0 || bytes) {
      yield at;
    }
  }
  return reading.finish();
}
