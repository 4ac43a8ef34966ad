/**
 * The built-in guest: a small operating system whose driver sees the NIC through PCI, MMIO, rings and interrupts only.
 */

import { type CPUState, cpu_kick, type GuestOps } from '../softmmu/cpus.ts';
import { machine } from '../softmmu/machine.ts';
import { inet_init } from './af_inet.ts';
import { net_rx_action, net_rx_pending } from './dev.ts';
import { e1000_init_module, e1000_open } from './e1000_main.ts';
import { e1000_intr } from './e1000_txrx.ts';
import { vfs_mkdir, write_whole } from './fs.ts';
import { GuestOS, guest_os } from './kernel.ts';
import { text_to_bytes } from './lib.ts';
import { IFF_LOOPBACK, IFF_UP } from './net_device.ts';
import { printk } from './printk.ts';
import { kernel_init } from './programs/init.ts';
import { schedule } from './sched.ts';
import { run_timer_softirq, tick_program_event } from './timer.ts';
import { n_tty_receive_buf } from './tty.ts';
import { UTS_RELEASE, UTS_VERSION } from './utsname.ts';

/** Rounds of softirqs and processes before the guest lets the machine's main loop look at the world again. */
const RUN_BUDGET = 64;

/** The state of a guest that is off. */
export function guest_new(): GuestOS {
  return new GuestOS();
}

/** Power on: devices, file system, the first process. */
export function start_kernel(cpu: CPUState): void {
  const os = guest_os();
  os.ram32 = new Uint32Array(machine.ram.buffer, machine.ram.byteOffset, machine.ram.length >> 2);
  printk(`Linux version ${UTS_RELEASE} (built-in guest) ${UTS_VERSION}`, true);
  printk(`Memory: ${Math.floor(machine.ram.length / 1024)}K available`, true);
  populate_rootfs();
  net_dev_init();
  inet_init();
  e1000_init_module();
  for (const dev of os.net.devs) {
    e1000_open(dev);
  }
  kernel_init();
}

/** The files that are there from the start. */
function populate_rootfs(): void {
  for (const dir of ['/bin', '/dev', '/etc', '/proc', '/root', '/tmp', '/var', '/var/www']) {
    vfs_mkdir(dir);
  }
  write_whole('/etc/hostname', text_to_bytes(`${guest_os().hostname}\n`));
  write_whole('/etc/hosts', text_to_bytes(`127.0.0.1\tlocalhost ${guest_os().hostname}\n`));
}

/** The loopback device. */
function net_dev_init(): void {
  const { lo } = guest_os().net;
  lo.ifindex = 1;
  lo.flags = IFF_UP | IFF_LOOPBACK;
  lo.mtu = 65536;
  lo.carrier = true;
  lo.ifa_address = 0x7f000001;
  lo.ifa_mask = 0xff000000;
}

/**
 * The interrupt line is asserted: asks the drivers whose it is. A line that nobody owns is ignored from then on, as
 * Linux does.
 */
export function do_IRQ(cpu: CPUState): void {
  let handled = false;
  for (const adapter of guest_os().net.adapters) {
    if (e1000_intr(adapter)) {
      handled = true;
    }
  }
  if (!handled) {
    printk('irq: nobody cared', true);
    cpu.interrupts_masked = true;
  }
}

/** Runs softirqs, timers and processes until there is nothing to do, then waits (`hlt`). */
export function cpu_idle(cpu: CPUState): void {
  const os = guest_os();
  for (let i = 0; i < RUN_BUDGET; i++) {
    if (cpu.interrupt_request !== 0 && !cpu.interrupts_masked) {
      do_IRQ(cpu);
    }
    run_timer_softirq();
    net_rx_action();
    schedule();
    const irq = cpu.interrupt_request !== 0 && !cpu.interrupts_masked;
    if (!net_rx_pending() && !irq && os.sched.run_queue.length === 0) {
      tick_program_event();
      return;
    }
  }
  tick_program_event();
  cpu_kick(cpu);
}

/** Text typed on the console. */
export function guest_console_input(cpu: CPUState, text: string): void {
  n_tty_receive_buf(guest_os().tty, text);
  cpu_kick(cpu);
}

/** The built-in guest for `CPUState`. */
export const guest_ops: GuestOps = {
  name: 'linux',
  boot: start_kernel,
  do_irq: do_IRQ,
  run: cpu_idle,
  console_input: guest_console_input,
  trace_frame: null,
};
