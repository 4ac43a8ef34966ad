/**
 * Opens captures as people have them: plain, packed with gzip or zstd, from a pipe. What is packed goes to a file of
 * its own first.
 */
import {
  accessSync,
  closeSync,
  constants,
  createReadStream,
  createWriteStream,
  open,
  openSync,
  readFileSync,
  readSync,
  statSync,
} from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { Duplex, type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import { createGunzip } from 'node:zlib';
import { CaptureError } from '../packets/types.ts';
import { Unzstd } from '../packets/unzstd.ts';
import { temporaryFolder } from '../temporary.ts';
import { FileSource } from './file-source.ts';

/** Unpacked bytes of a capture at most. */
const MAX_UNPACKED = 64 * 2 ** 30;
/** Of each packed byte, above some gigabytes: gzip makes no more of it, but zstd makes anything of kilobytes. */
const MAX_RATIO = 1100;
const ANY_RATIO = 2 * 2 ** 30;
/** The same where all of it comes into memory at once. */
const MAX_IN_MEMORY = 2 ** 31 - 1;

/** Between two attempts to give a pipe up that is about to be opened, in milliseconds. */
const RETRY_MS = 20;

/** A capture that can be read, and the name of the file where its bytes are. */
export interface OpenedCapture {
  readonly source: FileSource;
  readonly path: string;
  /** Closes it, and removes the file if it was unpacked for this. */
  close(): void;
}

/**
 * Opens a capture; `-` is standard input. `told` hears how many bytes have been unpacked, which are `most` at most;
 * `signal` gives it up. Throws `CaptureError`.
 */
export async function openCapture(
  path: string,
  told: (bytes: number) => void = () => {},
  signal?: AbortSignal,
  most = MAX_UNPACKED,
): Promise<OpenedCapture> {
  const packed = path === '-' ? 'stdin' : packingOf(path);
  if (packed === 'plain') {
    const source = new FileSource(path);
    return { source, path, close: () => source.close() };
  }
  const folder = temporaryFolder();
  try {
    const file = join(folder.path, 'capture');
    const watch = { told, signal, most };
    await unpack(path, packed, file, watch);
    // What came through a pipe may be packed as well.
    const inner = packed === 'stdin' ? packingOf(file) : 'plain';
    const whole = inner === 'plain' ? file : join(folder.path, 'unpacked');
    if (inner !== 'plain') {
      await unpack(file, inner, whole, watch);
    }
    const source = new FileSource(whole);
    return {
      source,
      path: whole,
      close: () => {
        source.close();
        folder.remove();
      },
    };
  } catch (e) {
    folder.remove();
    throw e;
  }
}

/**
 * All bytes of a capture, unpacked, for programs that look at whole files. `signal` gives it up. Throws `CaptureError`.
 */
export async function captureBytes(path: string, signal?: AbortSignal): Promise<Uint8Array> {
  const opened = await openCapture(path, undefined, signal, MAX_IN_MEMORY);
  try {
    return readFileSync(opened.path);
  } finally {
    opened.close();
  }
}

type Packing = 'plain' | 'gzip' | 'zstd' | 'stdin';

/** How a file is packed, by its first bytes. What is no regular file is read through once. */
function packingOf(path: string): Packing {
  let stat: ReturnType<typeof statSync>;
  try {
    stat = statSync(path);
  } catch (e) {
    throw new CaptureError(reason(e));
  }
  if (stat.isDirectory()) {
    throw new CaptureError('it is a folder');
  }
  if (!stat.isFile()) {
    return 'stdin';
  }
  const head = firstBytes(path);
  if (head[0] === 0x1f && head[1] === 0x8b) {
    return 'gzip';
  }
  return head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd ? 'zstd' : 'plain';
}

function firstBytes(path: string): Uint8Array {
  const head = new Uint8Array(4);
  let fd = -1;
  try {
    fd = openSync(path, 'r');
    readSync(fd, head, 0, 4, 0);
    return head;
  } catch (e) {
    throw new CaptureError(reason(e));
  } finally {
    if (fd >= 0) {
      closeSync(fd);
    }
  }
}

/** How much there may be of it, who hears how much there is, and who gives it up. */
interface Watch {
  readonly told: (bytes: number) => void;
  readonly signal: AbortSignal | undefined;
  readonly most: number;
}

/** How many bytes a file of so many may unpack to, where no more than `most` are wanted. */
export function mostUnpacked(packedBytes: number, most = MAX_UNPACKED): number {
  return Math.min(most, Math.max(ANY_RATIO, MAX_RATIO * packedBytes));
}

/** Copies a packed or piped capture to `file`, unpacked. */
async function unpack(path: string, packed: Packing, file: string, watch: Watch): Promise<void> {
  const { told, signal } = watch;
  const most = packed === 'stdin' ? watch.most : mostUnpacked(statSync(path).size, watch.most);
  let total = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      total += chunk.length;
      told(total);
      done(total > most ? new CaptureError(`it unpacks to more than ${most} bytes`) : null, chunk);
    },
  });
  const input =
    path === '-' ? standardInput() : packed === 'stdin' ? await openPipe(path, signal) : createReadStream(path);
  const stages = packed === 'gzip' ? [createGunzip()] : packed === 'zstd' ? [Duplex.from(unzstd)] : [];
  try {
    await pipeline([input, ...stages, counter, createWriteStream(file)], signal ? { signal } : {});
  } catch (e) {
    if (signal?.aborted) {
      throw e;
    }
    // A file that is cut off still has what comes before; of a disk that is full nobody would see what is missing.
    if (total === 0 || e instanceof CaptureError || (e as NodeJS.ErrnoException).syscall === 'write') {
      throw e instanceof CaptureError ? e : new CaptureError(`it cannot be unpacked: ${reason(e)}`);
    }
  }
}

/** Standard input, by its number where `process.stdin` is empty: in a worker thread. */
function standardInput(): Readable {
  return isMainThread ? process.stdin : createReadStream('', { fd: 0, autoClose: false });
}

/** Opens a pipe for reading so that neither opening it nor reading from it keeps the program from ending. */
async function openPipe(path: string, signal: AbortSignal | undefined): Promise<Readable> {
  signal?.throwIfAborted();
  // Opening waits for somebody who writes: to give up, that is us, as soon as it does wait.
  let retry: NodeJS.Timeout | undefined;
  const giveUp = (): void => {
    retry = setTimeout(giveUp, RETRY_MS);
    try {
      closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK));
    } catch {
      // Nobody waits yet, or any more.
    }
  };
  signal?.addEventListener('abort', giveUp);
  try {
    const fd = await promisify(open)(path, 'r');
    signal?.throwIfAborted();
    return readerOf(path, fd);
  } finally {
    signal?.removeEventListener('abort', giveUp);
    clearTimeout(retry);
  }
}

function readerOf(path: string, fd: number): Readable {
  try {
    return new Socket({ fd, readable: true, writable: false });
  } catch {
    // A device, which is no stream to the system.
    return createReadStream(path, { fd });
  }
}

/** A stage of a pipeline that unpacks zstd. */
async function* unzstd(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const stage = new Unzstd();
  for await (const chunk of packed) {
    yield* stage.push(chunk);
  }
  yield* stage.end();
}

/** Throws a `CaptureError` if a file cannot be opened for reading, without a look at what is in it. */
export function checkReadable(path: string): void {
  try {
    accessSync(path, constants.R_OK);
  } catch (e) {
    throw new CaptureError(reason(e));
  }
}

function reason(e: unknown): string {
  const { code, message } = e as NodeJS.ErrnoException;
  return code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'it may not be read' : message;
}
