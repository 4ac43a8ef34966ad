/** The guest's state: everything the built-in operating system remembers hangs off one `GuestOS`. */
import { cpu_get_ns } from '../softmmu/cpus.ts';
import { machine } from '../softmmu/machine.ts';
import type { neighbour } from './arp.ts';
import { net_device, softnet_data } from './dev.ts';
import type { e1000_adapter } from './e1000_hw.ts';
import { filesystem } from './fs.ts';
import { ip4_frags } from './ip_fragment.ts';
import { scheduler } from './sched.ts';
import { skb_cache } from './skbuff.ts';
import { inet_hashinfo } from './sock.ts';
import type { timer_list } from './timer.ts';
import { tty_struct, tty_write } from './tty.ts';

/** Network settings and tables (`struct net`). */
export class net {
  lo: net_device = new net_device('lo');
  /** Every network card that a driver was found for, in order of its PCI slot. */
  devs: net_device[] = [];
  adapters: e1000_adapter[] = [];
  /** The default route's gateway, or 0. */
  gateway = 0;
  /** The name server, or 0. */
  nameserver = 0;
  neighbours: neighbour[] = [];
  inet: inet_hashinfo = new inet_hashinfo();
  frags: ip4_frags = new ip4_frags();
  softnet: softnet_data = new softnet_data();
  /** Identification of the next IP packet. */
  ip_ident = 1;
}

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

/** Kernel messages that are kept. */
const LOG_BUF_LINES = 500;

/**
 * The guest that runs on the machine.
 * @nodebug
 */
export function guest_os(): GuestOS {
  return machine.cpu.guest as GuestOS;
}

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
