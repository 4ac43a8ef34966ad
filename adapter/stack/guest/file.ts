/** Open files: the console, regular files, pipes, nothing (fs/file_table.c, fs/pipe.c). */
import { EAGAIN, EPIPE } from './errno.ts';
import {
  FILE_PIPE_READ,
  FILE_PIPE_WRITE,
  FILE_REGULAR,
  FILE_TTY,
  FILE_TTY_BACKGROUND,
  type file,
  type pipe_inode_info,
  wake_waiter,
} from './file_table.ts';
import { generic_file_read, generic_file_write } from './fs.ts';
import { guest_os } from './kernel.ts';
import { bytes_to_text, text_to_bytes } from './lib.ts';
import type { task_struct } from './sched.ts';
import { tty_read, tty_write } from './tty.ts';

/** Bytes in a pipe from which on its writer waits. */
const PIPE_BUF_SIZE = 65536;

/**
 * Reads up to `len` bytes. Returns how many, 0 at the end, -EAGAIN when there are none yet (the process is woken when
 * there are).
 */
export function vfs_read(task: task_struct, f: file, buf: Uint8Array, off: number, len: number): number {
  switch (f.f_type) {
    case FILE_TTY:
      return tty_read(guest_os().tty, task, buf, off, len);
    case FILE_REGULAR: {
      const n = generic_file_read(f.f_inode!, f.f_pos, buf, off, len);
      f.f_pos += n;
      return n;
    }
    case FILE_PIPE_READ:
      return pipe_read(f.f_pipe!, task, buf, off, len);
    case FILE_TTY_BACKGROUND:
      return -EAGAIN;
    default:
      return 0;
  }
}

/**
 * Writes up to `len` bytes. Returns how many or a negative error; -EAGAIN for a full pipe (the process is woken when
 * there is room).
 */
export function vfs_write(task: task_struct, f: file, buf: Uint8Array, off: number, len: number): number {
  switch (f.f_type) {
    case FILE_TTY:
      tty_write(bytes_to_text(buf, off, len));
      return len;
    case FILE_REGULAR: {
      const n = generic_file_write(f.f_inode!, f.f_pos, buf, off, len);
      f.f_pos += Math.max(0, n);
      return n;
    }
    case FILE_PIPE_WRITE: {
      const pipe = f.f_pipe!;
      if (pipe.readers > 0 && pipe.bytes >= PIPE_BUF_SIZE) {
        pipe.wr_wait = task;
        return -EAGAIN;
      }
      return pipe_write(pipe, buf.slice(off, off + len));
    }
    default:
      return len;
  }
}

/** Reads from a pipe; see `vfs_read`. */
function pipe_read(pipe: pipe_inode_info, task: task_struct, buf: Uint8Array, off: number, len: number): number {
  let n = 0;
  while (n < len && pipe.bufs.length > 0) {
    const first = pipe.bufs[0]!;
    const step = Math.min(len - n, first.length - pipe.offset);
    buf.set(first.subarray(pipe.offset, pipe.offset + step), off + n);
    n += step;
    pipe.offset += step;
    if (pipe.offset === first.length) {
      pipe.bufs.shift();
      pipe.offset = 0;
    }
  }
  pipe.bytes -= n;
  if (n > 0) {
    wake_waiter(pipe.wr_wait);
    pipe.wr_wait = null;
    return n;
  }
  pipe.rd_wait = task;
  return pipe.writers > 0 ? -EAGAIN : 0;
}

/** Appends `data`, which becomes the pipe's, without a limit. Returns its length or -EPIPE. */
function pipe_write(pipe: pipe_inode_info, data: Uint8Array): number {
  if (pipe.readers === 0) {
    return -EPIPE;
  }
  if (data.length > 0) {
    pipe.bufs.push(data);
    pipe.bytes += data.length;
    wake_waiter(pipe.rd_wait);
  }
  return data.length;
}

/** Writes text to a file, whatever its kind, at once. */
export function file_puts(f: file, text: string): void {
  if (f.f_type === FILE_TTY) {
    tty_write(text);
    return;
  }
  const data = text_to_bytes(text);
  if (f.f_type === FILE_REGULAR) {
    f.f_pos += Math.max(0, generic_file_write(f.f_inode!, f.f_pos, data, 0, data.length));
  } else if (f.f_type === FILE_PIPE_WRITE) {
    pipe_write(f.f_pipe!, data);
  }
}

/** Prints on the standard output of a process. */
export function printf(task: task_struct, text: string): void {
  file_puts(task.stdout, text);
}

/** Prints an error on its standard error: program name, colon, text. */
export function bb_error_msg(task: task_struct, text: string): void {
  file_puts(task.stderr, `${task.program.name}: ${text}\n`);
}
