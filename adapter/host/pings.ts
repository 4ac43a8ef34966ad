/** Pings of the network on behalf of the guest. Node has no ICMP sockets, so the system's ping program sends them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../temporary.ts';

/** Programs that may run at a time; an echo beyond that is lost, as on a busy network. */
const MAX_PINGS = 16;
/** Seconds to wait for the answer. */
const WAIT_S = 4;
/** Bytes of a message that are read. */
const MAX_MESSAGE = 1024;

/** Arguments of this system's ping for one echo with `size` bytes of data. */
function pingArgs(address: string, size: number): string[] {
  switch (process.platform) {
    case 'win32':
      return ['-n', '1', '-w', String(WAIT_S * 1000), '-l', String(size), address];
    case 'darwin':
      return ['-n', '-c', '1', '-t', String(WAIT_S), '-s', String(size), address];
    default:
      return ['-n', '-c', '1', '-W', String(WAIT_S), '-s', String(size), address];
  }
}

/** The errno that a failed ping's message means. */
function pingErrno(message: string): string {
  if (/network is unreachable|no route/i.test(message)) {
    return 'ENETUNREACH';
  }
  return /host is (unreachable|down)/i.test(message) ? 'EHOSTUNREACH' : 'EACCES';
}

/** A file without a name for what a program says. Throws the system's errors. */
function messageFile(): number {
  const folder = temporaryFolder();
  try {
    return openSync(join(folder.path, 'message'), 'wx+');
  } finally {
    folder.remove();
  }
}

/** The beginning of what is in such a file; closes it. */
function messageIn(file: number): string {
  const bytes = Buffer.alloc(MAX_MESSAGE);
  try {
    return bytes.toString('latin1', 0, readSync(file, bytes, 0, bytes.length, 0));
  } catch {
    return '';
  } finally {
    closeSync(file);
  }
}

export class Pings {
  /** With the files of what they say. A pipe would never be given back by Node if it could not be opened. */
  readonly #running = new Map<ChildProcess, number>();

  /**
   * Pings `address`. `done` is called with '' when the answer comes, with an errno when it cannot be sent, and not at
   * all when none comes.
   */
  ping(address: string, size: number, done: (errno: string) => void): void {
    if (this.#running.size >= MAX_PINGS) {
      return;
    }
    const child = this.#start(address, size);
    if (child === null) {
      done('EACCES');
      return;
    }
    child.on('error', () => {
      if (this.#end(child) !== null) {
        done('EACCES');
      }
    });
    child.on('close', (code) => {
      const message = this.#end(child);
      if (message !== null && code === 0) {
        done('');
      } else if (message !== null && code !== null && code > 1) {
        done(pingErrno(message));
      }
    });
  }

  /** Runs ping; null if that cannot even be tried. It may still fail with an 'error'. */
  #start(address: string, size: number): ChildProcess | null {
    let file: number | undefined;
    try {
      file = messageFile();
      const child = spawn('ping', pingArgs(address, Math.max(0, size)), { stdio: ['ignore', 'ignore', file] });
      this.#running.set(child, file);
      return child;
    } catch {
      if (file !== undefined) {
        closeSync(file);
      }
      return null;
    }
  }

  /** A ping has ended: what it said, or null if that was known. */
  #end(child: ChildProcess): string | null {
    const file = this.#running.get(child);
    return file !== undefined && this.#running.delete(child) ? messageIn(file) : null;
  }

  dispose(): void {
    for (const child of [...this.#running.keys()]) {
      this.#end(child);
      child.kill();
    }
  }
}
