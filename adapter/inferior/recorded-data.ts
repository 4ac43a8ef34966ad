/** Reads the data of recorded inputs: what stands in the log, or in the capture that the recording is a replay of. */
import { getInline, type Reader } from '../mailbox/codec.ts';
import type { ByteSource } from '../packets/byte-source.ts';
import { CaptureError } from '../packets/types.ts';
import { type CaptureFile, FileSource } from '../replay/file-source.ts';
import { mergedSource } from '../replay/merge.ts';
import { NOWHERE, REFERENCE, sumOf, wordsOf } from '../replay/reference-sum.ts';

/** Data of a reference is no longer than that, whatever a file says. */
const MOST = 1 << 23;

const changed = () => new CaptureError('the capture has been changed since it was read: the past needs it as it was');

/** Reads data of a recorded input: what `putInline` or `References` wrote. */
export class RecordedData {
  readonly #open: () => ByteSource;
  #opened: ByteSource | undefined;

  /** The recording is a replay of the capture in these files, or in memory. */
  constructor(capture: readonly CaptureFile[] | ByteSource) {
    this.#open = () => ('read' in capture ? capture : mergedSource(capture.map((file) => new FileSource(file))));
  }

  /** The data, in memory of its own. Throws `CaptureError` where the capture is not what it was. */
  readonly read = (r: Reader): Uint8Array => {
    const begin = r.pos;
    const length = r.u32();
    const how = r.u8();
    if (how < REFERENCE) {
      r.pos = begin;
      return getInline(r);
    }
    if (length > MOST) {
      throw new RangeError(`an input of ${length} bytes`);
    }
    const phase = how & 3;
    const buffer = new ArrayBuffer((phase + length + 3) & ~3);
    const data = new Uint8Array(buffer, phase, length);
    const sum = r.u32();
    this.#gather(r, data);
    for (let n = r.u8(); n > 0; n--) {
      const at = r.u8();
      const bytes = r.raw(r.u8());
      data.set(bytes.subarray(0, Math.max(0, length - at)), Math.min(at, length));
    }
    if (sumOf(data, wordsOf(buffer)) !== sum) {
      throw changed();
    }
    return data;
  };

  #gather(r: Reader, data: Uint8Array): void {
    let at = r.u8();
    for (let n = r.u32(); n > 0; n--) {
      const place = r.u32() + r.u8() * 2 ** 32;
      const length = r.u32();
      if (at + length > data.length) {
        throw new RangeError('an input is longer than it says');
      }
      if (place !== NOWHERE) {
        const bytes = this.#source.read(place, length);
        if (bytes.length !== length) {
          throw changed();
        }
        data.set(bytes, at);
      }
      at += length;
    }
  }

  get #source(): ByteSource {
    this.#opened ??= this.#open();
    return this.#opened;
  }
}
