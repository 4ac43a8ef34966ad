/**
 * The pages of large memories, shared by the checkpoints of a run. A page that has not changed is that of an earlier
 * checkpoint. It is compared with the bytes kept there, not with a hash: the copy has to be kept anyway, comparing is a
 * native call at the speed of memory, a hash in JavaScript is ten times slower, and equal is then equal.
 */
import { type Bytes, PAGE } from './checkpoint-format.ts';

/** Pages that are looked at together while no other than zeroes have been seen there. */
const GROUP = 64;
const ZEROES = Buffer.alloc(GROUP * PAGE);
/** Blocks that a checkpoint may refer to before the oldest are copied. */
const MAX_BLOCKS = 32;

/** Number of a block: none, as the page is zero or not known. */
const ZERO = 0;
const UNKNOWN = -1;

/** Pages that became known together. */
interface Block {
  readonly shared: SharedArrayBuffer;
  readonly bytes: Buffer;
  /** How many of them the checkpoint in work refers to. */
  live: number;
}

/** What is known of a buffer's pages: in which block each is, and where in that. */
class Known {
  readonly bytes: Buffer;
  readonly block: Int32Array;
  readonly index: Int32Array;

  constructor(buffer: ArrayBufferLike) {
    const pages = Math.ceil(buffer.byteLength / PAGE);
    this.bytes = Buffer.from(buffer as ArrayBuffer);
    this.block = new Int32Array(pages).fill(UNKNOWN);
    this.index = new Int32Array(pages);
  }
}

/** Pages `from` to `to` of a buffer, as a checkpoint has them. */
interface Range {
  readonly known: Known;
  readonly from: number;
  readonly to: number;
}

export class PageStore {
  readonly #known = new WeakMap<ArrayBufferLike, Known>();
  readonly #blocks = new Map<number, Block>();
  #ranges: Range[] = [];
  /** Number of the block in work, and what is in it so far. */
  #number = 0;
  #fresh = Buffer.alloc(64 * PAGE);
  #count = 0;

  begin(): void {
    this.#number++;
    this.#count = 0;
    this.#ranges = [];
    for (const block of this.#blocks.values()) {
      block.live = 0;
    }
  }

  /** Takes the pages of `buffer` from byte `lo`, where a page begins, to byte `hi`. */
  take(buffer: ArrayBufferLike, lo: number, hi: number): void {
    let known = this.#known.get(buffer);
    if (!known) {
      known = new Known(buffer);
      this.#known.set(buffer, known);
    }
    const [from, to] = [lo / PAGE, Math.ceil(hi / PAGE)];
    for (let page = from; page < to; ) {
      page += this.#skipZeroes(known, page, to) || this.#takePage(known, page);
    }
    this.#ranges.push({ known, from, to });
  }

  /** How many pages from here on are zero where nothing else was known of them: a whole group, or 0. */
  #skipZeroes(known: Known, page: number, to: number): number {
    if (page % GROUP !== 0 || page + GROUP > to) {
      return 0;
    }
    for (let p = page; p < page + GROUP; p++) {
      if (known.block[p] !== ZERO && known.block[p] !== UNKNOWN) {
        return 0;
      }
    }
    const at = page * PAGE;
    if (known.bytes.compare(ZEROES, 0, ZEROES.length, at, at + ZEROES.length) !== 0) {
      return 0;
    }
    known.block.fill(ZERO, page, page + GROUP);
    return GROUP;
  }

  #takePage(known: Known, page: number): 1 {
    const at = page * PAGE;
    const end = Math.min(at + PAGE, known.bytes.length);
    const block = this.#blocks.get(known.block[page] as number);
    const was = block ? (known.index[page] as number) * PAGE : 0;
    if (known.bytes.compare(block?.bytes ?? ZEROES, was, was + end - at, at, end) === 0) {
      if (block) {
        block.live++;
      } else {
        known.block[page] = ZERO;
      }
    } else if (block && known.bytes.compare(ZEROES, 0, end - at, at, end) === 0) {
      known.block[page] = ZERO;
    } else {
      known.block[page] = this.#number;
      known.index[page] = this.#add(known.bytes, at, end);
    }
    return 1;
  }

  /** Puts a page into the block in work; returns where. */
  #add(bytes: Buffer, at: number, end: number): number {
    const to = this.#count++ * PAGE;
    if (to + PAGE > this.#fresh.length) {
      const more = Buffer.alloc(this.#fresh.length * 2);
      this.#fresh.copy(more);
      this.#fresh = more;
    }
    bytes.copy(this.#fresh, to, at, end);
    this.#fresh.fill(0, to + end - at, to + PAGE);
    return to / PAGE;
  }

  /** Writes where the pages taken since `begin` are, in runs, and returns the blocks that these speak of. */
  finish(runs: Bytes): SharedArrayBuffer[] {
    this.#compact();
    const shared = new SharedArrayBuffer(this.#count * PAGE);
    const bytes = Buffer.from(shared);
    this.#fresh.copy(bytes, 0, 0, bytes.length);
    if (this.#count > 0) {
      this.#blocks.set(this.#number, { shared, bytes, live: this.#count });
    }
    const places = new Map([...this.#blocks.keys()].map((number, place) => [number, place]));
    for (const range of this.#ranges) {
      writeRuns(range, places, runs);
    }
    return [...this.#blocks.values()].map((block) => block.shared);
  }

  /**
   * Gives up blocks of which less than half is in use, and the oldest of too many: what is in use of them is copied. So
   * what a checkpoint keeps alive is at most twice its pages.
   */
  #compact(): void {
    const leaving = new Set<number>();
    let number = this.#blocks.size;
    for (const [id, block] of this.#blocks) {
      if (block.live * 2 * PAGE < block.bytes.length || number > MAX_BLOCKS) {
        leaving.add(id);
        number--;
      }
    }
    for (const { known, from, to } of leaving.size > 0 ? this.#ranges : []) {
      for (let page = from; page < to; page++) {
        const id = known.block[page] as number;
        if (leaving.has(id)) {
          const at = (known.index[page] as number) * PAGE;
          known.index[page] = this.#add((this.#blocks.get(id) as Block).bytes, at, at + PAGE);
          known.block[page] = this.#number;
        }
      }
    }
    for (const id of leaving) {
      this.#blocks.delete(id);
    }
  }
}

function writeRuns(
  { known: { block, index }, from, to }: Range,
  places: ReadonlyMap<number, number>,
  out: Bytes,
): void {
  for (let page = from; page < to; ) {
    const start = page;
    while (page < to && block[page] === ZERO) {
      page++;
    }
    out.count(page - start);
    const first = page;
    while (page < to && block[page] === block[first] && index[page] === (index[first] as number) + page - first) {
      page++;
    }
    out.count(page - first);
    if (page > first) {
      out.count(places.get(block[first] as number) as number);
      out.count(index[first] as number);
    }
  }
}
