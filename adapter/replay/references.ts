/**
 * What a recording keeps of a replay's inputs: not their bytes, but where in the capture those are, and what was changed
 * in them. It is checked when it is written; a sum tells whether the capture is still the same when it is read.
 */
import { getInline, type Reader, type Writer } from '../mailbox/codec.ts';
import type { ByteSource } from '../packets/byte-source.ts';
import type { PacketIndex } from '../packets/capture-index.ts';
import { LinkLayer } from '../packets/link-layer.ts';
import { TcpIpView } from '../packets/tcp-ip-view.ts';
import { CaptureError } from '../packets/types.ts';
import { type CaptureFile, FileSource } from './file-source.ts';
import { mergedSource } from './merge.ts';
import type { ReplayPlan } from './plan.ts';

/** Shorter data is kept as it is. */
export const LEAST_REFERRED = 128;
/** Changes are in the headers, which are no longer than that; what is behind has to be equal. */
const HEADERS = 160;
/** Equal bytes between two changes that are not worth a change of their own. */
const MERGED = 3;
const ETHERNET = 14;
/** Stands where inline data says how much it is padded, which is less; the low bits are the data's place in a word. */
const REFERENCE = 0x80;
/** The place of bytes that the capture has not: they are 0. */
export const NOWHERE = 2 ** 40 - 1;
/** Data of a reference is no longer than that, whatever a file says. */
const MOST = 1 << 23;

const zeros = new Uint8Array(1 << 16);
const changed = () => new CaptureError('the capture has been changed since it was read: the past needs it as it was');

/** Where the bytes of an input are in the capture: places and lengths in turn; `NOWHERE` for zeros. */
export type Places = readonly number[];

/** A sum over bytes that begin at any place in a word; both sides have to have them at the same one. */
function sumOf(data: Uint8Array, words: Int32Array): number {
  const end = data.byteOffset + data.length;
  const [first, last] = [(data.byteOffset + 3) >> 2, end >> 2];
  let a = data.length;
  let b = 0;
  for (let i = first; i < last; i++) {
    a = (a + (words[i] as number)) | 0;
    b = (b + a) | 0;
  }
  for (let i = 0; i < first * 4 - data.byteOffset; i++) {
    a = (a + (data[i] as number)) | 0;
    b = (b + a) | 0;
  }
  for (let i = last * 4 - data.byteOffset; i < data.length; i++) {
    a = (a + (data[i] as number)) | 0;
    b = (b + a) | 0;
  }
  return (a ^ Math.imul(b, 0x9e3779b1)) >>> 0;
}

const wordsOf = (buffer: ArrayBufferLike): Int32Array => new Int32Array(buffer, 0, buffer.byteLength >> 2);

const isEqual = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** Writes references for the inputs of a replay. */
export class References {
  readonly #source: ByteSource;
  readonly #index: PacketIndex;
  readonly #plan: ReplayPlan;
  readonly #link = new LinkLayer();
  readonly #view = new TcpIpView();
  /** The memory that was summed last, as words: frames lie in few buffers. */
  #buffer: ArrayBufferLike = new ArrayBuffer(0);
  #words: Int32Array = new Int32Array(0);

  constructor(source: ByteSource, index: PacketIndex, plan: ReplayPlan) {
    this.#source = source;
    this.#index = index;
    this.#plan = plan;
  }

  /** Writes where the bytes of a stream or datagram are. False if they are to be written themselves. */
  pieces(w: Writer, data: Uint8Array, places: Places): boolean {
    if (data.length < LEAST_REFERRED + 9 * (places.length / 2)) {
      return false;
    }
    this.#begin(w, data, 0, places.length / 2);
    for (let i = 0; i < places.length; i += 2) {
      putPiece(w, places[i] as number, places[i + 1] as number);
    }
    w.u8(0);
    return true;
  }

  /** Writes where the bytes of a frame that packet `number` has become are. False as above. */
  frame(w: Writer, data: Uint8Array, number: number): boolean {
    const i = number - 1;
    if (data.length < LEAST_REFERRED || number <= 0) {
      return false;
    }
    const captured = this.#index.bytes(this.#source, i);
    const l3 = this.#plan.slirp ? ETHERNET : this.#link.find(this.#index.linktype(i), captured).l3;
    const shift = l3 - ETHERNET;
    const wire = Math.max(captured.length, this.#index.columns.len[i] ?? 0);
    if (wire - shift === data.length) {
      return this.#aligned(w, data, i, captured, shift);
    }
    // It may be one of several segments that the packet was split into.
    const p = this.#view.set(data, 0, data.length, 'ethernet').find();
    const { tcp, seq } = this.#plan.packets;
    const at = tcp[i] ?? 0;
    if (p.tcp < 0 || p.fragment || at <= 0) {
      return false;
    }
    const header = ((captured[at + 12] ?? 0) >> 4) * 4;
    const payload = at + header + ((p.u32(p.tcp + 4) - (seq[i] ?? 0)) | 0);
    return payload >= at && this.#aligned(w, data, i, captured, payload - p.payload, p.payload);
  }

  /** Byte `k` of the frame is byte `k + shift` of the packet, from byte `skip` on; changes are in the headers. */
  #aligned(w: Writer, data: Uint8Array, i: number, captured: Uint8Array, shift: number, from = 0): boolean {
    const skip = Math.max(from, -shift, 0);
    const there = Math.min(captured.length - shift, data.length);
    const head = Math.max(skip, Math.min(HEADERS, there));
    const cut = data.length - there;
    if (there <= skip || skip > HEADERS || cut > zeros.length) {
      return false;
    }
    if (
      !isEqual(data.subarray(head, there), captured.subarray(head + shift, there + shift)) ||
      (cut > 0 && !isEqual(data.subarray(there), zeros.subarray(0, cut)))
    ) {
      return false;
    }
    this.#begin(w, data, skip, 1);
    putPiece(w, (this.#index.columns.offset[i] ?? 0) + shift + skip, there - skip);
    putChanges(w, data, captured, skip, head, shift);
    return true;
  }

  #begin(w: Writer, data: Uint8Array, skip: number, pieces: number): void {
    if (data.buffer !== this.#buffer) {
      this.#buffer = data.buffer;
      this.#words = wordsOf(data.buffer);
    }
    w.u32(data.length).u8(REFERENCE | (data.byteOffset & 3));
    w.u32(sumOf(data, this.#words)).u8(skip).u32(pieces);
  }
}

function putPiece(w: Writer, place: number, length: number): void {
  w.u32(place % 2 ** 32)
    .u8(Math.floor(place / 2 ** 32))
    .u32(length);
}

/** The bytes before `skip`, and those up to `head` that are not the packet's. */
function putChanges(
  w: Writer,
  data: Uint8Array,
  captured: Uint8Array,
  skip: number,
  head: number,
  shift: number,
): void {
  const countAt = w.length;
  w.u8(0);
  let count = 0;
  let from = skip > 0 ? 0 : -1;
  let end = skip;
  for (let k = skip; k <= head; k++) {
    const differs = k < head && data[k] !== captured[k + shift];
    if (from >= 0 && (k === head || (differs && k - end > MERGED))) {
      w.u8(from)
        .u8(end - from)
        .raw(data, from, end - from);
      count++;
      from = -1;
    }
    if (differs) {
      from = from < 0 ? k : from;
      end = k + 1;
    }
  }
  w.bytes[countAt] = count;
}

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
