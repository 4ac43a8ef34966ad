/** The console's state (include/linux/tty.h). The code for it is in tty.ts. */
import type { task_struct } from './sched.ts';

/** The console. */
export class tty_struct {
  /** Typed and not looked at yet. */
  read_buf = '';
  /** The line being edited. */
  line = '';
  /** A finished line that a program has read a part of. */
  cooked: Uint8Array = new Uint8Array(0);
  cooked_pos = 0;
  /** The last character was a carriage return; a line feed behind it is the same key. */
  cr = false;
  /** Who waits for input. */
  reader: task_struct | null = null;
  /** The processes that Ctrl-C ends. */
  foreground: task_struct[] = [];
  /** The shell, which hears of a Ctrl-C as well. */
  session: task_struct | null = null;
  /** Ctrl-C was typed since the shell looked. */
  interrupted = false;
}
