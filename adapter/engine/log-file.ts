/**
 * The file that old chunks of a log go to. It has no name once it is open, so it is gone when the process is, however
 * that ends; where the system cannot do that, it is removed at the process's exit.
 */
import { close, openSync, readSync, unlinkSync, write } from 'node:fs';
import { join } from 'node:path';
import { chunkBytes, type LogChunk, memoryChunk, type Recording, truncatedChunk } from '../mailbox/recorded.ts';
import { type TemporaryFolder, temporaryFolder } from '../temporary.ts';

/** Where chunks are written to. */
export interface LogStore {
  /** For reading, by any thread of this process. */
  readonly fd: number;
  /** Writes all of `bytes` at `at`. Rejects with what the system says. */
  write(bytes: Uint8Array, at: number): Promise<void>;
  close(): void;
}

export class LogFile implements LogStore {
  readonly fd: number;
  readonly #folder: TemporaryFolder | undefined;

  /** Makes the file in a fresh folder. Throws what the system says. */
  constructor() {
    const folder = temporaryFolder();
    const path = join(folder.path, 'log');
    try {
      this.fd = openSync(path, 'wx+', 0o600);
    } catch (e) {
      folder.remove();
      throw e;
    }
    try {
      unlinkSync(path);
      folder.remove();
    } catch {
      // Not on Windows: there an open file has a name.
      this.#folder = folder;
    }
  }

  write(bytes: Uint8Array, at: number): Promise<void> {
    return writeAll(this.fd, bytes, at);
  }

  close(): void {
    close(this.fd, () => this.#folder?.remove());
  }
}

/** Writes all of `bytes` at `at` of a file. */
export function writeAll(fd: number, bytes: Uint8Array, at: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const from = (done: number): void => {
      write(fd, bytes, done, bytes.length - done, at + done, (error, n) => {
        if (error) {
          reject(error);
        } else if (done + n < bytes.length) {
          from(done + n);
        } else {
          resolve();
        }
      });
    };
    from(0);
  });
}

/** The part of a log before a place, the last of it in memory of its own: where it lies, more may come. */
export function chunksBefore({ chunks, fd }: Pick<Recording, 'chunks' | 'fd'>, at: number): LogChunk[] {
  const before = chunks.filter((c) => c.start < at);
  const last = before.pop();
  if (last) {
    const bytes = last.memory ? chunkBytes(last.memory) : readAll(fd, last.fileAt, last.fileBytes);
    before.push(memoryChunk(truncatedChunk(bytes, at - last.start)));
  }
  return before;
}

/** Bytes of a file. Throws where it has fewer. */
export function readAll(fd: number, at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let got = 0; got < length; ) {
    const n = readSync(fd, bytes, got, length - got, at + got);
    if (n === 0) {
      throw new RangeError('the file has become shorter');
    }
    got += n;
  }
  return bytes;
}
