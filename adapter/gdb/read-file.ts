/** Files that commands read whole: scripts, and what is put into memory. Pipes and devices never hold up the prompt. */
import { closeSync, constants, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { Socket } from 'node:net';
import { CommandError } from '../commands/command.ts';

/** Bytes that are taken from what has no length. */
const MOST = 64 << 20;
const CHUNK = 1 << 16;

/**
 * What is in a file. A pipe is read until whoever writes to it is done, or `signal` gives it up. Throws the system's
 * errors, and `CommandError` for what has no end or was given up.
 */
export async function readWhole(path: string, signal: AbortSignal): Promise<Buffer> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || stat.isFile() || stat.isDirectory()) {
    return readFileSync(path);
  }
  // Opening a pipe waits for a writer, and nothing is heard meanwhile, not even a signal that ends the program.
  const fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of piecesOf(fd, signal)) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MOST) {
      throw new CommandError(`it is longer than ${MOST} bytes.`);
    }
  }
  return Buffer.concat(chunks);
}

async function* piecesOf(fd: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const pipe = pipeOf(fd);
  if (pipe === undefined) {
    yield* deviceBytes(fd);
    return;
  }
  const giveUp = (): unknown => pipe.destroy(new CommandError('Quit'));
  signal.addEventListener('abort', giveUp);
  try {
    yield* pipe;
  } finally {
    signal.removeEventListener('abort', giveUp);
    pipe.destroy();
  }
}

/** The pipe, or undefined for a device, which is no stream to the system. */
function pipeOf(fd: number): Socket | undefined {
  try {
    return new Socket({ fd, readable: true, writable: false });
  } catch {
    return undefined;
  }
}

function* deviceBytes(fd: number): Generator<Uint8Array> {
  try {
    for (;;) {
      const chunk = new Uint8Array(CHUNK);
      const n = readSync(fd, chunk);
      if (n === 0) {
        return;
      }
      yield chunk.subarray(0, n);
    }
  } finally {
    closeSync(fd);
  }
}
