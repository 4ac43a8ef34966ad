/** Open files as processes hold them (fs/file_table.c). Reading and writing is in file.ts. */
import type { inode } from './inode.ts';
import { type task_struct, wake_up_process } from './sched.ts';

/** What an open file is. */
export const FILE_TTY = 0;
export const FILE_REGULAR = 1;
export const FILE_PIPE_READ = 2;
export const FILE_PIPE_WRITE = 3;
export const FILE_NULL = 4;
/** The console to a program in the background: it waits for input that never comes. */
export const FILE_TTY_BACKGROUND = 5;

/** A pipe. */
export class pipe_inode_info {
  bufs: Uint8Array[] = [];
  /** Bytes of the first buffer that are read. */
  offset = 0;
  bytes = 0;
  readers = 1;
  writers = 1;
  rd_wait: task_struct | null = null;
  wr_wait: task_struct | null = null;
}

/** An open file. */
export class file {
  readonly f_type: number;
  readonly f_inode: inode | null;
  readonly f_pipe: pipe_inode_info | null;
  f_pos = 0;
  /** Processes that have it open. */
  f_count = 1;
  constructor(type: number, node: inode | null, pipe: pipe_inode_info | null) {
    this.f_type = type;
    this.f_inode = node;
    this.f_pipe = pipe;
  }
}

/** One more user of a file. */
export function get_file(f: file): file {
  f.f_count++;
  return f;
}

/** One user less; the last one closes it. */
export function fput(f: file): void {
  const pipe = f.f_pipe;
  if (--f.f_count > 0 || !pipe) {
    return;
  }
  if (f.f_type === FILE_PIPE_READ) {
    pipe.readers--;
    wake_waiter(pipe.wr_wait);
  } else {
    pipe.writers--;
    wake_waiter(pipe.rd_wait);
  }
}

/**
 * Wakes a process if there is one.
 * @nodebug
 */
export function wake_waiter(task: task_struct | null): void {
  if (task) {
    wake_up_process(task);
  }
}
