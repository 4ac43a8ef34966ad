/** Files that the machine serves to its guest (`tftp=`): reads that cannot leave the directory. */
import { closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { resolve, sep } from 'node:path';

/** A piece of a file, or why there is none. */
export interface ServedPiece {
  /** Empty on success. */
  readonly errno: string;
  /** Bytes of the whole file. */
  readonly size: number;
  readonly data: Uint8Array;
}

const failed = (errno: string): ServedPiece => ({ errno, size: 0, data: new Uint8Array(0) });

/**
 * Up to `len` bytes at `off` of the file `name` below `dir`. A name that leads out of the directory, by `..` or by a
 * symbolic link, is `EACCES`; what is not a regular file `EISDIR`.
 */
export function readServed(dir: string, name: string, off: number, len: number): ServedPiece {
  let fd = -1;
  try {
    const root = realpathSync(dir);
    const path = realpathSync(resolve(root, `.${sep}${name}`));
    if (!path.startsWith(root.endsWith(sep) ? root : root + sep)) {
      return failed('EACCES');
    }
    // A pipe's open would wait for its other end, and the path may have become a link since.
    fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0));
    const stat = fstatSync(fd);
    if (!stat.isFile()) {
      return failed('EISDIR');
    }
    const data = new Uint8Array(len);
    const n = len > 0 ? readSync(fd, data, 0, len, off) : 0;
    return { errno: '', size: stat.size, data: data.subarray(0, n) };
  } catch (e) {
    return failed((e as NodeJS.ErrnoException).code ?? 'EIO');
  } finally {
    if (fd >= 0) {
      closeSync(fd);
    }
  }
}
