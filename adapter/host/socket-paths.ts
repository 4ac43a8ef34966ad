/** Paths of Unix sockets: what the system takes, and what is said of those that it does not. */
import { existsSync, lstatSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';

/** Bytes of a path (unix(7)); Node cuts longer ones off, so that the socket would be elsewhere. */
export const MOST_PATH_BYTES = process.platform === 'linux' ? 107 : 103;

export function isTooLong(path: string): boolean {
  return Buffer.byteLength(path) > MOST_PATH_BYTES;
}

/** Why nobody can listen there: Node says EACCES where there is no such folder. */
export function listenErrno(path: string, error: NodeJS.ErrnoException): string {
  const { code = 'EIO' } = error;
  return code === 'EACCES' && path !== '' && !existsSync(dirname(path)) ? 'ENOENT' : code;
}

/**
 * A stale socket file of an earlier listener is replaced, as QEMU does; any other file is left alone and makes `listen`
 * fail.
 */
export function removeSocketFile(path: string): void {
  try {
    if (lstatSync(path).isSocket()) {
      unlinkSync(path);
    }
  } catch {
    // No such file: nothing to replace.
  }
}
