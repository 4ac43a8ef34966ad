/** Writes what came out of the stack in a replay: for each TCP connection a file a direction, and an index. */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConnectionAccount } from './account.ts';
import type { Flow } from './flow.ts';

/** Bytes that are held back before they are written. */
const MAX_HELD = 4 << 20;

/** One direction of a connection. */
class StreamFile {
  readonly path: string;
  chunks: Uint8Array[] = [];
  /** Place of the next byte to write; the first one is 1. */
  next = 1;
  /** Pieces that came before what is to stand before them. */
  readonly early: { from: number; bytes: Uint8Array }[] = [];
  constructor(path: string) {
    this.path = path;
    writeFileSync(path, new Uint8Array(0));
  }
}

export class StreamFiles {
  readonly #folder: string;
  readonly #files = new Map<string, StreamFile>();
  #held = 0;

  /** Files go to `folder`, which is made. */
  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  toHost(flow: Flow, bytes: Uint8Array): void {
    const file = this.#file(flow.id, 'to-host');
    this.#append(file, bytes.slice());
  }

  /** Bytes of slirp's stream as they reached the ring: again, late or in another order than the stream's. */
  toGuest(flow: Flow, from: number, bytes: Uint8Array): void {
    const file = this.#file(flow.id, 'to-guest');
    if (from > file.next) {
      file.early.push({ from, bytes: bytes.slice() });
      return;
    }
    this.#take(file, from, bytes.slice());
    file.early.sort((a, b) => a.from - b.from);
    while (file.early[0] && file.early[0].from <= file.next) {
      const piece = file.early.shift();
      if (piece) {
        this.#take(file, piece.from, piece.bytes);
      }
    }
  }

  #take(file: StreamFile, from: number, bytes: Uint8Array): void {
    if (from + bytes.length > file.next) {
      this.#append(file, bytes.subarray(file.next - from));
      file.next = from + bytes.length;
    }
  }

  #file(id: number, direction: string): StreamFile {
    const name = `${id}.${direction}.bin`;
    let file = this.#files.get(name);
    if (!file) {
      file = new StreamFile(join(this.#folder, name));
      this.#files.set(name, file);
    }
    return file;
  }

  #append(file: StreamFile, bytes: Uint8Array): void {
    file.chunks.push(bytes);
    this.#held += bytes.length;
    if (this.#held > MAX_HELD) {
      this.#flush();
    }
  }

  #flush(): void {
    for (const file of this.#files.values()) {
      if (file.chunks.length > 0) {
        appendFileSync(file.path, Buffer.concat(file.chunks));
        file.chunks = [];
      }
    }
    this.#held = 0;
  }

  /** Writes what is left, and the index of all connections. */
  finish(connections: Iterable<ConnectionAccount>): void {
    const index = [];
    for (const c of connections) {
      const played = c.status !== 'not played';
      for (const direction of played ? ['to-host', 'to-guest'] : []) {
        this.#file(c.stream, direction);
      }
      index.push({
        stream: c.stream,
        guest: c.guest,
        guest_port: c.guestPort,
        remote: c.remote,
        remote_port: c.remotePort,
        initiator: c.initiator,
        status: c.status,
        files: played ? { to_host: `${c.stream}.to-host.bin`, to_guest: `${c.stream}.to-guest.bin` } : {},
      });
    }
    this.#flush();
    writeFileSync(join(this.#folder, 'index.json'), `${JSON.stringify(index, null, 1)}\n`);
  }
}
