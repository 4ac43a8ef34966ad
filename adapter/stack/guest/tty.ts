/**
 * The console: line editing and Ctrl-C (drivers/tty/n_tty.c). What is typed is edited and echoed when a program reads
 * it, so that lines typed ahead appear behind the prompt that takes them.
 */

import { machine } from '../softmmu/machine.ts';
import { EAGAIN } from './errno.ts';
import { do_exit } from './exit.ts';
import { text_to_bytes } from './lib.ts';
import { type task_struct, wake_up_process } from './sched.ts';
import type { tty_struct } from './tty_struct.ts';

/** Characters typed ahead that are kept. */
const N_TTY_BUF_SIZE = 1 << 20;
/** Exit code of a program that Ctrl-C has ended. */
export const EXIT_SIGINT = 130;

/** Prints on the console. */
export function tty_write(text: string): void {
  if (text !== '') {
    machine.host.console_write(text);
  }
}

/** Text typed on the console arrives. */
export function n_tty_receive_buf(tty: tty_struct, text: string): void {
  for (const c of text) {
    if (c === '\x03') {
      isig(tty);
    } else if (tty.read_buf.length < N_TTY_BUF_SIZE) {
      tty.read_buf += c;
    }
  }
  if (tty.reader && tty.read_buf !== '') {
    wake_up_process(tty.reader);
  }
}

/** Ctrl-C: throws the input away and ends the programs in the foreground. */
export function isig(tty: tty_struct): void {
  tty.read_buf = '';
  tty.line = '';
  tty.cooked = new Uint8Array(0);
  tty.cooked_pos = 0;
  tty.interrupted = true;
  tty_write('^C\n');
  for (const task of tty.foreground) {
    if (!task.exited) {
      task.program.sigint?.(task);
    }
    do_exit(task, EXIT_SIGINT);
  }
  tty.foreground = [];
  if (tty.session) {
    wake_up_process(tty.session);
  }
}

/**
 * Takes the next line, with its newline; empty at the end of input (Ctrl-D); null when there is none yet, and `task` is
 * woken later.
 */
export function tty_read_line(tty: tty_struct, task: task_struct): string | null {
  let echo = '';
  let result: string | null = null;
  let i = 0;
  while (i < tty.read_buf.length && result === null) {
    const c = tty.read_buf[i++]!;
    if (c === '\n' && tty.cr) {
      tty.cr = false;
      continue;
    }
    tty.cr = c === '\r';
    if (c === '\n' || c === '\r') {
      echo += '\n';
      result = `${tty.line}\n`;
    } else if (c === '\x04') {
      result = tty.line;
    } else if (c === '\x7f' || c === '\b') {
      echo += tty.line === '' ? '' : '\b \b';
      tty.line = tty.line.slice(0, -1);
    } else if (c === '\x15') {
      echo += '\b \b'.repeat(tty.line.length);
      tty.line = '';
    } else {
      echo += c;
      tty.line += c;
    }
  }
  tty.read_buf = tty.read_buf.slice(i);
  tty_write(echo);
  if (result === null) {
    tty.reader = task;
  } else {
    tty.line = '';
  }
  return result;
}

/** Reads bytes of the console for a program; see `vfs_read`. Programs in the background read nothing. */
export function tty_read(tty: tty_struct, task: task_struct, buf: Uint8Array, off: number, len: number): number {
  if (tty.cooked_pos === tty.cooked.length) {
    const line = tty_read_line(tty, task);
    if (line === null) {
      return -EAGAIN;
    }
    tty.cooked = text_to_bytes(line);
    tty.cooked_pos = 0;
  }
  const n = Math.min(len, tty.cooked.length - tty.cooked_pos);
  buf.set(tty.cooked.subarray(tty.cooked_pos, tty.cooked_pos + n), off);
  tty.cooked_pos += n;
  return n;
}
