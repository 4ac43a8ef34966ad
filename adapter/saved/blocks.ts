/**
 * The blocks of a saved recording: custom blocks of a pcapng file, which other tools pass over. Each says what it
 * holds and how long that is, and has a sum over it, so damage is noticed before anybody relies on what is there.
 */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { deflateRaw, inflateRawSync } from 'node:zlib';

/**
 * A custom block that is not to be copied: tools that write a part of the packets to another file leave it out, as it
 * would not belong to them.
 */
export const CUSTOM_NO_COPY = 0x40000bad;
/** Custom blocks have a Private Enterprise Number; this is the one for examples (RFC 5612). */
export const PEN = 32473;
const MAGIC = 0x42444b50;
/** Of each block: the magic, kind and flags, lengths as stored and as unpacked, a sum. */
export const HEAD_BYTES = 24;
const SUM_AT = 16;
/** What stands before the head in a custom block: type, length, PEN. */
export const BEFORE_HEAD = 12;
/** Content of a block at most: pcapng's readers refuse blocks beyond 16 MiB. */
export const PIECE = 8 << 20;

const PACKED = 1;
const CONTINUES = 2;

/** What a block holds. */
export const KIND = {
  /** A `SavedHead` as JSON. */
  HEAD: 1,
  /** A chunk of the log, with the chunk's own header. */
  CHUNK: 2,
  /** Pages that checkpoints refer to, by their place among such blocks. */
  PAGES: 3,
  /** A `SavedCheckpoint` as JSON, its length before it, and the bytes of the tree. */
  CHECKPOINT: 4,
  /** Bookmarks and the like, as JSON. */
  MARKS: 5,
  /** A piece of the capture that is replayed. */
  CAPTURE: 6,
  /** How far a replay has come. */
  PROGRESS: 7,
  /** A `SavedEnd` as JSON: without it, the file has been cut off. */
  END: 8,
} as const;

/** The head of a block as it is in the file. */
export interface BlockHead {
  readonly kind: number;
  readonly packed: boolean;
  /** The next block of this kind goes on with the same thing. */
  readonly continues: boolean;
  readonly stored: number;
  readonly plain: number;
}

/** The sum of a block: over its head and its content. */
function sumOf(head: Uint8Array, content: Uint8Array): Buffer {
  return createHash('sha256')
    .update(head.subarray(0, SUM_AT))
    .update(content)
    .digest()
    .subarray(0, HEAD_BYTES - SUM_AT);
}

function makeHead(kind: number, flags: number, stored: Uint8Array, plain: number): Uint8Array {
  const head = new Uint8Array(HEAD_BYTES);
  const view = new DataView(head.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint8(4, kind);
  view.setUint8(5, flags);
  view.setUint32(8, stored.length, true);
  view.setUint32(12, plain, true);
  head.set(sumOf(head, stored), SUM_AT);
  return head;
}

/** A block of a file: what stands before its content, the content, and what stands behind. */
export type BlockParts = readonly [before: Uint8Array, content: Uint8Array, behind: Uint8Array];

function frame(head: Uint8Array, stored: Uint8Array): BlockParts {
  const pad = -stored.length & 3;
  const total = BEFORE_HEAD + HEAD_BYTES + stored.length + pad + 4;
  const before = new Uint8Array(BEFORE_HEAD + HEAD_BYTES);
  const view = new DataView(before.buffer);
  view.setUint32(0, CUSTOM_NO_COPY, true);
  view.setUint32(4, total, true);
  view.setUint32(8, PEN, true);
  before.set(head, BEFORE_HEAD);
  const behind = new Uint8Array(pad + 4);
  new DataView(behind.buffer).setUint32(pad, total, true);
  return [before, stored, behind];
}

const pack = promisify<Uint8Array, { level: number }, Buffer>(deflateRaw);

/** The blocks that hold `content`; packed, unless it has to lie in the file as it is. */
export async function* blocksOf(kind: number, content: Uint8Array, packed: boolean): AsyncGenerator<BlockParts, void> {
  for (let at = 0; at === 0 || at < content.length; at += PIECE) {
    const plain = content.subarray(at, at + PIECE);
    const stored = packed ? await pack(plain, { level: 1 }) : plain;
    const continues = at + PIECE < content.length ? CONTINUES : 0;
    yield frame(makeHead(kind, (packed ? PACKED : 0) | continues, stored, plain.length), stored);
  }
}

/** The head of one of our blocks, or null if it is none. `bytes` begin behind the PEN. */
export function readHead(bytes: Uint8Array): BlockHead | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < HEAD_BYTES || view.getUint32(0, true) !== MAGIC) {
    return null;
  }
  const flags = view.getUint8(5);
  return {
    kind: view.getUint8(4),
    packed: (flags & PACKED) !== 0,
    continues: (flags & CONTINUES) !== 0,
    stored: view.getUint32(8, true),
    plain: view.getUint32(12, true),
  };
}

/** The sum that a block has, as text; undefined if it is not that of its content. */
export function checkedSum(bytes: Uint8Array, { stored }: BlockHead): string | undefined {
  const content = bytes.subarray(HEAD_BYTES, HEAD_BYTES + stored);
  const sum = Buffer.from(bytes.subarray(SUM_AT, HEAD_BYTES)).toString('hex');
  return content.length === stored && sumOf(bytes, content).toString('hex') === sum ? sum : undefined;
}

/** The sum that stands in a block's first bytes. */
export function sumIn(before: Uint8Array): string {
  return Buffer.from(before.subarray(BEFORE_HEAD + SUM_AT, BEFORE_HEAD + HEAD_BYTES)).toString('hex');
}

/** The content of a block, in memory of its own. Undefined if it does not unpack to what its head says. */
export function contentOf(bytes: Uint8Array, { packed, stored, plain }: BlockHead): Uint8Array | undefined {
  const content = bytes.subarray(HEAD_BYTES, HEAD_BYTES + stored);
  if (plain > PIECE || (!packed && stored !== plain)) {
    return undefined;
  }
  if (!packed) {
    return content.slice();
  }
  try {
    // Node wants room for one byte at least.
    const out = inflateRawSync(content, { maxOutputLength: plain + 1 });
    return out.length === plain ? out : undefined;
  } catch {
    return undefined;
  }
}
