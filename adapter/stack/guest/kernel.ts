/** The guest's state: everything the built-in operating system remembers hangs off one `GuestOS`. */

import { machine } from '../softmmu/machine.ts';
import { filesystem } from './inode.ts';
import { net } from './net_namespace.ts';
import { skb_cache } from './sk_buff.ts';
import { scheduler } from './task.ts';
import type { timer_list } from './timer.ts';
import { tty_struct } from './tty_struct.ts';

/** The guest. */
export class GuestOS {
  hostname = 'guest';
  /** RAM as 32-bit words, for checksums and descriptors. */
  ram32: Uint32Array = new Uint32Array(0);
  /** RAM below this address is taken; the first MiB belongs to the firmware. */
  memblock = 0x100000;
  skb_cache: skb_cache = new skb_cache();
  net: net = new net();
  timers: timer_list | null = null;
  /** What the CPU's timer is set to (ns), or -1. */
  next_event = -1;
  sched: scheduler = new scheduler();
  tty: tty_struct = new tty_struct();
  fs: filesystem = new filesystem();
  /** Kernel messages, newest last (`dmesg`). */
  log_buf: string[] = [];
}

/**
 * The guest that runs on the machine.
 * @nodebug
 */
export function guest_os(): GuestOS {
  return machine.cpu.guest as GuestOS;
}
