/**
 * The guest's physical memory and the NICs' registers, read from shared memory: at any time, with no effect on the
 * machine.
 */
import type { EngineApi, GuestMemory } from './api.ts';

/** Where the firmware maps BAR0 of the first NIC, and how far below it the next ones are. */
export const NIC_BAR0 = 0xfebc0000;
export const NIC_WINDOW = 0x20000;

interface Region {
  readonly name: string;
  readonly start: number;
  readonly length: number;
  /** Name of the shared memory that it is the beginning of. */
  readonly buffer: string;
  readonly bytes: Uint8Array;
}

export class SharedGuestMemory implements GuestMemory {
  readonly #shared: ReadonlyMap<string, ArrayBufferLike>;
  readonly #write: EngineApi['writeShared'];

  constructor(shared: ReadonlyMap<string, ArrayBufferLike>, write: EngineApi['writeShared']) {
    this.#shared = shared;
    this.#write = write;
  }

  get regions(): readonly Region[] {
    const found: Region[] = [];
    for (const [name, buffer] of this.#shared) {
      const nic = /^e1000\.(\d+)\/mac_reg$/.exec(name);
      if (name === 'ram') {
        found.push({ name, buffer: name, start: 0, length: buffer.byteLength, bytes: new Uint8Array(buffer) });
      } else if (nic) {
        const start = NIC_BAR0 - Number(nic[1]) * NIC_WINDOW;
        found.push({
          name: `e1000.${nic[1]}`,
          buffer: name,
          start,
          length: Math.min(buffer.byteLength, NIC_WINDOW),
          bytes: new Uint8Array(buffer),
        });
      }
    }
    return found;
  }

  #at(address: number): Region | undefined {
    return this.regions.find((r) => address >= r.start && address < r.start + r.length);
  }

  read(address: number, length: number): Uint8Array {
    const r = this.#at(address);
    if (!r || length <= 0) {
      return new Uint8Array(0);
    }
    const off = address - r.start;
    return r.bytes.slice(off, Math.min(off + length, r.length));
  }

  async write(address: number, data: Uint8Array): Promise<number> {
    const r = this.#at(address);
    if (!r) {
      return 0;
    }
    const off = address - r.start;
    const n = Math.min(data.length, r.length - off);
    await this.#write(r.buffer, off, data.subarray(0, n));
    return n;
  }
}
