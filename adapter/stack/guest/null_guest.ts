/** No guest at all (`-guest none`): the CPU idles, and whoever drives the machine drives the devices. */
import type { CPUState, GuestOps } from '../softmmu/cpus.ts';

/** Nothing to keep. */
export class NullGuest {}

/** Nothing to start. */
export function null_guest_boot(cpu: CPUState): void {}

/** Nobody serves interrupts, so they stay off. */
export function null_guest_irq(cpu: CPUState): void {
  cpu.interrupts_masked = true;
}

/** Nothing to run. */
export function null_guest_run(cpu: CPUState): void {}

/** Nobody reads the console. */
export function null_guest_console(cpu: CPUState, text: string): void {}

export const null_guest_ops: GuestOps = {
  name: 'none',
  boot: null_guest_boot,
  do_irq: null_guest_irq,
  run: null_guest_run,
  console_input: null_guest_console,
  trace_frame: null,
};
