/**
 * Files that users name to be written to. Such a file may be a pipe or a device. Neither opening it nor writing to it
 * ever waits: nothing else would be heard meanwhile, not even a signal that ends the program.
 */
import { closeSync, constants, fstatSync, openSync, statSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';

export interface WriteOptions {
  /** What is in the file stays. */
  readonly append?: boolean;
  /** Permissions of a file that is made. */
  readonly mode?: number;
}

/** Bytes that wait for whoever reads a pipe. */
const MOST_WAITING = 64 << 20;

/** An open file, or pipe. */
export class WrittenFile {
  readonly #fd: number;
  readonly #pipe: Socket | undefined;
  #error: Error | undefined;

  /** Opens the file, or makes it. Throws the system's errors; for a pipe that nobody reads, words. */
  constructor(path: string, options: WriteOptions = {}) {
    this.#fd = opened(path, options);
    if (fstatSync(this.#fd).isFIFO()) {
      this.#pipe = new Socket({ fd: this.#fd, readable: false, writable: true });
      this.#pipe.on('error', (e) => {
        this.#error = e;
      });
    }
  }

  /** Writes all of it; into a pipe as fast as it is read. Throws the system's errors, those of earlier writes too. */
  write(bytes: Uint8Array): void {
    if (this.#error) {
      throw this.#error;
    }
    if (this.#pipe) {
      if (this.#pipe.writableLength + bytes.length > MOST_WAITING) {
        throw new Error('whoever reads this pipe does not keep up');
      }
      this.#pipe.write(bytes);
      return;
    }
    for (let at = 0; at < bytes.length; ) {
      at += writeSync(this.#fd, bytes, at);
    }
  }

  /** Closes it. What waits in a pipe still comes to whoever reads it, as long as this process lives. */
  close(): void {
    if (this.#pipe) {
      this.#pipe.end();
    } else {
      closeSync(this.#fd);
    }
  }

  /** Closes it, when what waits in a pipe has been read, or `signal` gives that up. Throws the system's errors. */
  async closed(signal?: AbortSignal): Promise<void> {
    const pipe = this.#pipe;
    if (!pipe) {
      closeSync(this.#fd);
      return;
    }
    const giveUp = (): unknown => pipe.destroy(new Error('nobody has read all of it'));
    signal?.addEventListener('abort', giveUp);
    try {
      await new Promise<void>((resolve, reject) => {
        pipe.once('error', reject);
        pipe.end(resolve);
        if (this.#error ?? signal?.aborted) {
          giveUp();
        }
      });
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }
}

function opened(path: string, { append = false, mode = 0o666 }: WriteOptions): number {
  const how = constants.O_WRONLY | constants.O_CREAT | (append ? constants.O_APPEND : constants.O_TRUNC);
  try {
    return openSync(path, how | (constants.O_NONBLOCK ?? 0), mode);
  } catch (e) {
    const unread = (e as NodeJS.ErrnoException).code === 'ENXIO' && statSync(path).isFIFO();
    throw unread ? new Error('nobody reads this pipe') : e;
  }
}

/**
 * Writes a file at once, or into a pipe until all of it has been read. `signal` gives that up. Throws the system's
 * errors.
 */
export async function writeWhole(
  path: string,
  bytes: Uint8Array | string,
  { signal, ...options }: WriteOptions & { readonly signal?: AbortSignal } = {},
): Promise<void> {
  const file = new WrittenFile(path, options);
  try {
    file.write(typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
  } catch (e) {
    file.close();
    throw e;
  }
  await file.closed(signal);
}
