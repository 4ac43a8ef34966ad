/** Pings of the network on behalf of the guest. Node has no ICMP sockets, so the system's ping program sends them. */
import { type ChildProcess, spawn } from 'node:child_process';

/** Programs that may run at a time; an echo beyond that is lost, as on a busy network. */
const MAX_PINGS = 16;
/** Seconds to wait for the answer. */
const WAIT_S = 4;

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

/**
 * Runs ping; null if that cannot even be tried. Without file descriptors Node gives a child that has no streams, and
 * 'error' follows.
 */
function startPing(address: string, size: number): ChildProcess | null {
  try {
    return spawn('ping', pingArgs(address, Math.max(0, size)), { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch {
    return null;
  }
}

export class Pings {
  readonly #running = new Set<ChildProcess>();

  /**
   * Pings `address`. `done` is called with '' when the answer comes, with an errno when it cannot be sent, and not at
   * all when none comes.
   */
  ping(address: string, size: number, done: (errno: string) => void): void {
    if (this.#running.size >= MAX_PINGS) {
      return;
    }
    const child = startPing(address, size);
    if (child === null) {
      done('EACCES');
      return;
    }
    this.#running.add(child);
    let message = '';
    child.on('error', () => {
      this.#running.delete(child);
      done('EACCES');
    });
    child.stderr
      ?.on('data', (text) => {
        message = (message + text).slice(0, 1024);
      })
      .on('error', () => undefined);
    child.on('close', (code) => {
      if (this.#running.delete(child) && code === 0) {
        done('');
      } else if (code !== null && code > 1) {
        done(pingErrno(message));
      }
    });
  }

  dispose(): void {
    for (const child of this.#running) {
      child.kill();
    }
    this.#running.clear();
  }
}
