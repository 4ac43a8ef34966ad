/** The file system: a tree in memory (fs/ramfs). */

import { cpu_get_ns } from '../softmmu/cpus.ts';
import { EEXIST, EISDIR, ENOENT, ENOSPC, ENOTDIR, ENOTEMPTY } from './errno.ts';
import { inode } from './inode.ts';
import { guest_os } from './kernel.ts';

/** Files are kept in pieces of this size. */
const PAGE_SIZE = 65536;
/** Bytes that all files together may hold. */
export const FS_CAPACITY = 512 * 1024 * 1024;

/**
 * An absolute path without `.`, `..` and double slashes; `path` is relative to `cwd`.
 * @nodebug
 */
export function path_normalize(cwd: string, path: string): string {
  const parts: string[] = [];
  for (const p of (path.startsWith('/') ? path : `${cwd}/${path}`).split('/')) {
    if (p === '..') {
      parts.pop();
    } else if (p !== '' && p !== '.') {
      parts.push(p);
    }
  }
  return `/${parts.join('/')}`;
}

/**
 * The inode at a normalized path, or null.
 * @nodebug
 */
export function path_lookup(path: string): inode | null {
  let node: inode | null = guest_os().fs.root;
  for (const p of path.split('/')) {
    if (p !== '') {
      node = node?.children?.get(p) ?? null;
    }
  }
  return node;
}

/** Directory part and name of a normalized path. */
function path_split(path: string): { dir: string; name: string } {
  const i = path.lastIndexOf('/');
  return { dir: path.slice(0, i) || '/', name: path.slice(i + 1) };
}

/** Creates a file (or finds it), emptied when `truncate`. Returns it or a negative error. */
export function vfs_create(path: string, truncate: boolean): inode | number {
  const { fs } = guest_os();
  const { dir, name } = path_split(path);
  const parent = path_lookup(dir);
  if (!parent) {
    return -ENOENT;
  }
  if (!parent.children) {
    return -ENOTDIR;
  }
  let node = name === '' ? parent : parent.children.get(name);
  if (node?.children) {
    return -EISDIR;
  }
  if (!node) {
    node = new inode(fs.next_ino++, null);
    parent.children.set(name, node);
  } else if (truncate) {
    inode_truncate(node);
  }
  node.i_mtime = cpu_get_ns();
  return node;
}

/** Empties a file. */
function inode_truncate(node: inode): void {
  guest_os().fs.used -= node.pages.length * PAGE_SIZE;
  node.pages = [];
  node.i_size = 0;
}

/** Makes a directory. Returns 0 or a negative error. */
export function vfs_mkdir(path: string): number {
  const { fs } = guest_os();
  const { dir, name } = path_split(path);
  const parent = path_lookup(dir);
  if (!parent?.children) {
    return parent ? -ENOTDIR : -ENOENT;
  }
  if (name === '' || parent.children.has(name)) {
    return -EEXIST;
  }
  const node = new inode(fs.next_ino++, new Map());
  node.i_mtime = cpu_get_ns();
  parent.children.set(name, node);
  return 0;
}

/** Removes a file, or an empty directory when `dir`. Returns 0 or a negative error. */
export function vfs_unlink(path: string, dir: boolean): number {
  const at = path_split(path);
  const parent = path_lookup(at.dir);
  const node = parent?.children?.get(at.name);
  if (!parent?.children || !node) {
    return -ENOENT;
  }
  if ((node.children !== null) !== dir) {
    return dir ? -ENOTDIR : -EISDIR;
  }
  if (node.children && node.children.size > 0) {
    return -ENOTEMPTY;
  }
  inode_truncate(node);
  parent.children.delete(at.name);
  return 0;
}

/** Reads up to `len` bytes at `pos` of a file. Returns how many there were. */
export function generic_file_read(node: inode, pos: number, buf: Uint8Array, off: number, len: number): number {
  const n = Math.max(0, Math.min(len, node.i_size - pos));
  for (let done = 0; done < n; ) {
    const at = pos + done;
    const page = node.pages[Math.floor(at / PAGE_SIZE)]!;
    const start = at % PAGE_SIZE;
    const step = Math.min(n - done, PAGE_SIZE - start);
    buf.set(page.subarray(start, start + step), off + done);
    done += step;
  }
  return n;
}

/** Writes `len` bytes at `pos` of a file. Returns how many, or -ENOSPC. */
export function generic_file_write(node: inode, pos: number, buf: Uint8Array, off: number, len: number): number {
  const { fs } = guest_os();
  let done = 0;
  while (done < len) {
    const at = pos + done;
    const index = Math.floor(at / PAGE_SIZE);
    while (node.pages.length <= index) {
      if (fs.used + PAGE_SIZE > FS_CAPACITY) {
        return done > 0 ? done : -ENOSPC;
      }
      fs.used += PAGE_SIZE;
      node.pages.push(new Uint8Array(PAGE_SIZE));
    }
    const start = at % PAGE_SIZE;
    const step = Math.min(len - done, PAGE_SIZE - start);
    node.pages[index]!.set(buf.subarray(off + done, off + done + step), start);
    done += step;
    node.i_size = Math.max(node.i_size, at + step);
  }
  node.i_mtime = cpu_get_ns();
  return done;
}

/** The whole of a file. */
export function read_whole(node: inode): Uint8Array {
  const b = new Uint8Array(node.i_size);
  generic_file_read(node, 0, b, 0, b.length);
  return b;
}

/** Replaces the contents of the file at `path`, which is created. Returns 0 or a negative error. */
export function write_whole(path: string, data: Uint8Array): number {
  const node = vfs_create(path, true);
  if (typeof node === 'number') {
    return node;
  }
  const n = generic_file_write(node, 0, data, 0, data.length);
  return n === data.length ? 0 : -ENOSPC;
}
