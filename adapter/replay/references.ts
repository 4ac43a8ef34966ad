/**
 * What a recording keeps of a replay's inputs: not their bytes, but where in the capture those are, and what was
 * changed in them. It is checked when it is written; a sum tells whether the capture is still the same when it is read.
 */
import type { Writer } from '../mailbox/codec.ts';
import type { ByteSource } from '../packets/byte-source.ts';
import type { PacketIndex } from '../packets/capture-index.ts';
import { LinkLayer } from '../packets/link-layer.ts';
import { TcpIpView } from '../packets/tcp-ip-view.ts';
import type { ReplayPlan } from './plan.ts';
import { REFERENCE, sumOf, wordsOf } from './reference-sum.ts';

/** Shorter data is kept as it is. */
export const LEAST_REFERRED = 128;
/** Changes are in the headers, which are no longer than that; what is behind has to be equal. */
const HEADERS = 160;
/** Equal bytes between two changes that are not worth a change of their own. */
const MERGED = 3;
const ETHERNET = 14;

const zeros = new Uint8Array(1 << 16);

/** Where the bytes of an input are in the capture: places and lengths in turn; `NOWHERE` for zeros. */
export type Places = readonly number[];

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
