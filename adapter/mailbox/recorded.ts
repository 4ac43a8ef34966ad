/**
 * A recording in shared memory: pieces that the inferior fills and the main thread keeps, also when the machine is
 * gone.
 */
import type { sockaddr } from '../stack/util/host.ts';

/** Size of one piece, without the count of bytes in use in front of it. */
const CHUNK = 1 << 20;
const HEADER = 4;

/** What a recording needs besides its turns. */
export interface RecordingHeader {
  readonly buildId: string;
  readonly argv: readonly string[];
  readonly seed: number;
  readonly nameservers: readonly sockaddr[];
}

/** A recording as the main thread holds it; `chunks` grow while the machine runs. */
export interface Recording extends RecordingHeader {
  readonly chunks: readonly SharedArrayBuffer[];
}

/** The inferior's end: appends to pieces, and hands each new one over before anything is in it. */
export class ChunkWriter {
  readonly #newChunk: (chunk: SharedArrayBuffer) => void;
  #chunk: Uint8Array = new Uint8Array(0);
  #used: Int32Array = new Int32Array(1);

  constructor(newChunk: (chunk: SharedArrayBuffer) => void) {
    this.#newChunk = newChunk;
  }

  write(data: Uint8Array): void {
    for (let at = 0; at < data.length; ) {
      const used = Atomics.load(this.#used, 0);
      const room = this.#chunk.length - used;
      if (room === 0) {
        const chunk = new SharedArrayBuffer(HEADER + CHUNK);
        this.#chunk = new Uint8Array(chunk, HEADER);
        this.#used = new Int32Array(chunk, 0, 1);
        this.#newChunk(chunk);
        continue;
      }
      const n = Math.min(room, data.length - at);
      this.#chunk.set(data.subarray(at, at + n), used);
      Atomics.store(this.#used, 0, used + n);
      at += n;
    }
  }
}

/** Bytes of a recording so far. */
export function recordedSize({ chunks }: Recording): number {
  return chunks.reduce((n, c) => n + Atomics.load(new Int32Array(c, 0, 1), 0), 0);
}

/** The turns of a recording up to now, as one array of bytes. */
export function recordedBytes(recording: Recording): Uint8Array {
  const parts = recording.chunks.map((c) => new Uint8Array(c, HEADER, Atomics.load(new Int32Array(c, 0, 1), 0)));
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}
