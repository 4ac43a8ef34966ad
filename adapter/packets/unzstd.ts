/** Unpacks zstd (RFC 8878) in pieces, so that the reader decides how much is too much. */
import { Decompress } from 'fzstd';
import { ZstdFrames } from './zstd-frames.ts';

/**
 * Packed bytes that are unpacked in one go. Four bytes can stand for a block of 128 KiB, so this is 8 MiB that wait for
 * the reader at most.
 */
const SLICE = 256;

export class Unzstd {
  readonly #frames = new ZstdFrames();
  #pieces: Uint8Array[] = [];
  readonly #decompress = new Decompress((piece) => this.#pieces.push(piece.slice()));

  /**
   * What the next packed bytes unpack to, as it is asked for. Throws what fzstd says of bytes that are not zstd,
   * and `CaptureError` if they want too much memory.
   */
  *push(packed: Uint8Array): Generator<Uint8Array> {
    for (let i = 0; i < packed.length; i += SLICE) {
      yield* this.#next(packed.subarray(i, i + SLICE), false);
    }
  }

  /** The rest. Throws if the packed bytes have been cut off. */
  *end(): Generator<Uint8Array> {
    yield* this.#next(new Uint8Array(0), true);
  }

  *#next(slice: Uint8Array, last: boolean): Generator<Uint8Array> {
    this.#pieces = [];
    this.#frames.push(slice);
    try {
      this.#decompress.push(slice, last);
    } finally {
      // What came before the damage is good.
      yield* this.#pieces;
    }
  }
}
