/**
 * Temporary folders: each is gone when it is not needed any more, or when its process ends. What a process that was
 * killed left is removed by the next one that begins; for that a folder's name says whose it is.
 */
import { lstatSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TemporaryFolder {
  readonly path: string;
  /** Removes it with what is in it. Throws nothing: what cannot be removed stays. */
  remove(): void;
}

const folders = new Set<string>();

function removeAll(): void {
  for (const path of folders) {
    removeFolder(path);
  }
}

/** Makes a folder that only this user can look into. Throws the system's errors. */
export function temporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), `pktgdb-${processSpace()}-${process.pid}-`));
  if (folders.size === 0) {
    process.once('exit', removeAll);
  }
  folders.add(path);
  const remove = (): void => {
    if (folders.delete(path) && folders.size === 0) {
      process.off('exit', removeAll);
    }
    removeFolder(path);
  };
  return { path, remove };
}

/** Signals that end a program. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Has a program that such a signal ends remove its folders first. */
export function removeAtSignals(): void {
  for (const signal of ENDING) {
    process.once(signal, () => {
      removeAll();
      process.kill(process.pid, signal);
    });
  }
}

/**
 * Has an error that nobody catches end this program at once, after its text and its folders. Node would wait for its
 * threads, and one that stands at a stop never ends.
 */
export function endAtErrors(name: string): void {
  process.once('uncaughtException', (error: unknown) => {
    try {
      writeSync(2, `${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    } catch {
      // Nobody reads it.
    }
    removeAll();
    process.kill(process.pid, 'SIGKILL');
  });
}

/** Removes the temporary folders of processes that live no more. Looks only at this user's. */
export function sweepTemporaryFolders(): void {
  const ours = new RegExp(`^pktgdb-${processSpace()}-([1-9]\\d*)-\\w{6}$`);
  for (const name of namesIn(tmpdir())) {
    const pid = Number(ours.exec(name)?.[1] ?? 0);
    const path = join(tmpdir(), name);
    if (pid > 0 && !lives(pid) && isOwn(path)) {
      removeFolder(path);
    }
  }
}

/** What numbers of processes mean depends on the container they are in, and folders may be shared between some. */
function processSpace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0';
  }
}

/** Whether a process of that number is there. */
export function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (e) {
    return (e as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function isOwn(path: string): boolean {
  try {
    const { uid } = lstatSync(path);
    return process.getuid === undefined || uid === process.getuid();
  } catch {
    return false;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function removeFolder(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 20 });
  } catch {
    // A program that is just ending may write on. What it leaves is for the next process to remove.
  }
}
