/** How much memory the frames of a zstd file want (RFC 8878, section 3.1.1), before anybody sets it aside for them. */
import { CaptureError } from './types.ts';

/** What zstd itself unpacks without being told to: a window of 128 MB. */
const MAX_WINDOW = 2 ** 27;

const MAGIC = 0xfd2fb528;
/** The last four bits of the magic numbers of skippable frames are anything. */
const SKIPPABLE = 0x184d2a5;
const MAGIC_LENGTH = 4;
const SINGLE_SEGMENT = 0x20;
const CHECKSUM = 4;
const CHECKSUM_LENGTH = 4;
const DICTIONARY_LENGTHS = [0, 1, 2, 4] as const;
const CONTENT_LENGTHS = [0, 2, 4, 8] as const;
const BLOCK_HEADER = 3;
const BLOCK_RLE = 1;

/** Walks over packed bytes as they come, in pieces of any length. */
export class ZstdFrames {
  /** Bytes of what is read now that have come, how many it takes, and who reads it then. */
  #have: number[] = [];
  #want = MAGIC_LENGTH;
  #read: () => void = () => this.#magic();
  /** Bytes to be skipped before that. */
  #skip = 0;
  #checksum = 0;

  /** Takes the next bytes. Throws `CaptureError` at a frame that wants too much. */
  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const skipped = Math.min(this.#skip, bytes.length - at);
      this.#skip -= skipped;
      at += skipped;
      if (at < bytes.length) {
        this.#have.push(bytes[at++] ?? 0);
        if (this.#have.length === this.#want) {
          this.#read();
        }
      }
    }
  }

  /** Next come `want` bytes for `read`, which is given those so far as well if it is to `keep` them. */
  #expect(want: number, read: () => void, keep = false): void {
    this.#have = keep ? this.#have : [];
    this.#want = want;
    this.#read = read;
  }

  /** A number of `length` bytes at `at` of what has come. */
  #number(at: number, length: number): number {
    let n = 0;
    for (let i = length - 1; i >= 0; i--) {
      n = n * 256 + (this.#have[at + i] ?? 0);
    }
    return n;
  }

  #magic(): void {
    const magic = this.#number(0, MAGIC_LENGTH);
    if (magic === MAGIC) {
      this.#expect(1, () => this.#descriptor());
    } else if (magic >>> 4 === SKIPPABLE) {
      this.#expect(4, () => this.#skippable());
    } else {
      // No zstd: who unpacks it says so.
      this.#skip = Number.POSITIVE_INFINITY;
    }
  }

  #skippable(): void {
    this.#skip = this.#number(0, 4);
    this.#expect(MAGIC_LENGTH, () => this.#magic());
  }

  #descriptor(): void {
    const flags = this.#have[0] ?? 0;
    const single = (flags & SINGLE_SEGMENT) !== 0;
    this.#checksum = flags & CHECKSUM ? CHECKSUM_LENGTH : 0;
    const dictionary = DICTIONARY_LENGTHS[flags & 3] ?? 0;
    const content = flags >> 6 === 0 ? Number(single) : (CONTENT_LENGTHS[flags >> 6] ?? 0);
    const window = single ? 0 : 1;
    const all = 1 + window + dictionary + content;
    const done = (): void => {
      const [at, length] = [1 + window + dictionary, content];
      // Sizes of two bytes count from 256.
      this.#check(single ? this.#number(at, length) + (length === 2 ? 256 : 0) : windowOf(this.#have[1] ?? 0));
      this.#expect(BLOCK_HEADER, () => this.#block());
    };
    this.#expect(all, done, true);
  }

  #check(window: number): void {
    if (window > MAX_WINDOW) {
      const mb = Math.ceil(window / 2 ** 20).toLocaleString('en-US');
      throw new CaptureError(`unpacking it takes ${mb} MB of memory, more than zstd allows (128 MB)`);
    }
  }

  #block(): void {
    const header = this.#number(0, BLOCK_HEADER);
    const type = (header >> 1) & 3;
    this.#skip = type === BLOCK_RLE ? 1 : header >> 3;
    if (header & 1) {
      this.#skip += this.#checksum;
      this.#expect(MAGIC_LENGTH, () => this.#magic());
    } else {
      this.#expect(BLOCK_HEADER, () => this.#block());
    }
  }
}

/** The window that a byte of a frame header stands for. */
function windowOf(byte: number): number {
  const base = 2 ** (10 + (byte >> 3));
  return base + (base / 8) * (byte & 7);
}
