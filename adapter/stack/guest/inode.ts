/** The file system's structs (include/linux/fs.h). The code for them is in fs.ts. */

/** A file, or a directory when `children` is there. */
export class inode {
  readonly i_ino: number;
  children: Map<string, inode> | null;
  i_size = 0;
  pages: Uint8Array[] = [];
  /** Nanoseconds of the guest's clock. */
  i_mtime = 0;
  constructor(ino: number, children: Map<string, inode> | null) {
    this.i_ino = ino;
    this.children = children;
  }
}

/** The tree. */
export class filesystem {
  next_ino = 2;
  root: inode = new inode(1, new Map());
  /** Bytes of memory in use. */
  used = 0;
}
