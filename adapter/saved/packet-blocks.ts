/** Writes packets to a pcapng file whose interfaces are described already: the guest's are 0, those to it 1. */
import { writeSync } from 'node:fs';
import type { FrameDirection } from '../stack/util/host.ts';

/** Where packets go, and which. */
export interface PacketsFile {
  readonly fd: number;
  /** Where in the file they go. */
  readonly at: number;
  /** So many are written at most. */
  readonly most: number;
  /** What the machine's clock counts from, in milliseconds since the epoch. */
  readonly begun: number;
}

const EPB = 6;
const FIXED = 28;
const FLAGS = 12;
const OPT_FLAGS = 2;
/** `epb_flags`: the guest's packets go out, the others come in. */
const OUTBOUND = 2;
const INBOUND = 1;
const NS = 1_000_000_000n;

export class PacketBlocks {
  readonly #file: PacketsFile;
  readonly #base: bigint;
  readonly #bytes = new Uint8Array(1 << 20);
  readonly #view = new DataView(this.#bytes.buffer);
  #used = 0;
  #at: number;
  #left: number;

  constructor(file: PacketsFile) {
    this.#file = file;
    this.#base = (BigInt(Math.floor(file.begun)) * NS) / 1000n;
    this.#at = file.at;
    this.#left = file.most;
  }

  /** A packet passes the edge at `ns` of the machine's clock. */
  add(direction: FrameDirection, buf: Uint8Array, size: number, ns: number): void {
    const pad = -size & 3;
    const total = FIXED + size + pad + FLAGS + 4;
    if (this.#left <= 0 || total > this.#bytes.length) {
      return;
    }
    this.#left--;
    if (this.#used + total > this.#bytes.length) {
      this.flush();
    }
    const time = this.#base + BigInt(Math.max(0, Math.round(ns)));
    const guest = direction === 0;
    const at = this.#used;
    const words = [EPB, total, guest ? 0 : 1, Number(time >> 32n), Number(time & 0xffffffffn), size, size];
    words.forEach((word, i) => void this.#view.setUint32(at + 4 * i, word, true));
    this.#bytes.set(buf.subarray(0, size), at + FIXED);
    const behind = at + FIXED + size;
    this.#bytes.fill(0, behind, behind + pad + FLAGS);
    this.#view.setUint32(behind + pad, OPT_FLAGS | (4 << 16), true);
    this.#view.setUint32(behind + pad + 4, guest ? OUTBOUND : INBOUND, true);
    this.#view.setUint32(behind + pad + FLAGS, total, true);
    this.#used += total;
  }

  /** Writes what is still in memory. */
  flush(): void {
    for (let done = 0; done < this.#used; ) {
      const n = writeSync(this.#file.fd, this.#bytes, done, this.#used - done, this.#at);
      done += n;
      this.#at += n;
    }
    this.#used = 0;
  }
}
