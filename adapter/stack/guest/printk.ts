/** Kernel messages (kernel/printk/printk.c). */

import { cpu_get_ns } from '../softmmu/cpus.ts';
import { guest_os } from './kernel.ts';
import { tty_write } from './tty.ts';

/** Kernel messages that are kept. */
const LOG_BUF_LINES = 500;

/** Logs a kernel message with its time stamp. `console` prints it as well. */
export function printk(text: string, console: boolean): void {
  const os = guest_os();
  const us = Math.floor(cpu_get_ns() / 1000);
  const line = `[${String(Math.floor(us / 1e6)).padStart(5)}.${String(us % 1e6).padStart(6, '0')}] ${text}`;
  os.log_buf.push(line);
  if (os.log_buf.length > LOG_BUF_LINES) {
    os.log_buf.shift();
  }
  if (console) {
    tty_write(`${line}\n`);
  }
}
