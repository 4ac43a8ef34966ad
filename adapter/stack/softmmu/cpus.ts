/** The virtual CPU: runs the guest when there is something for it to do, between turns of the main loop. */
import {
  QEMU_CLOCK_VIRTUAL,
  type QEMUTimer,
  qemu_clock_get_ns,
  timer_del,
  timer_mod_ns,
  timer_new_ns,
} from '../util/timer.ts';

/** What a guest is to the CPU: module-level functions over its own state object. */
export interface GuestOps {
  readonly name: string;
  /** Power on: called once, in the first `cpu_exec`. */
  readonly boot: (cpu: CPUState) => void;
  /**
   * The interrupt line is asserted: the guest's handler. Called again until the line drops or `cpu.interrupts_masked`.
   */
  readonly do_irq: (cpu: CPUState) => void;
  /** Runs what is runnable, then returns (the guest's `hlt`). */
  readonly run: (cpu: CPUState) => void;
  /** Text typed on the console. */
  readonly console_input: (cpu: CPUState, text: string) => void;
  /** A frame from a trace (the trace guest transmits it). */
  readonly trace_frame: ((cpu: CPUState, frame: Uint8Array, number: number) => void) | null;
}

/** The CPU of the machine. */
export class CPUState {
  readonly ops: GuestOps;
  /** The guest's own state (`GuestOS` of guest/). */
  readonly guest: object;
  booted = false;
  /** Level of the interrupt line (INTx of the NICs, ORed): one bit a device. */
  interrupt_request = 0;
  /** The guest has interrupts disabled (`cli`). */
  interrupts_masked = false;
  /** Interrupts that the guest has taken so far. */
  interrupts = 0;
  /** There is work for `run`: console input, an expired guest timer, or the guest asked for another turn. */
  runnable = true;
  /** The one-shot timer of the guest (its local APIC timer); see `cpu_set_timer`. */
  readonly apic_timer: QEMUTimer;
  constructor(ops: GuestOps, guest: object) {
    this.ops = ops;
    this.guest = guest;
    this.apic_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, cpu_timer_expired, this as CPUState);
  }
}

/** The guest's timer went off. */
export function cpu_timer_expired(cpu: CPUState): void {
  cpu.runnable = true;
}

/** Has the guest run again at the virtual time `ns` (-1: no timer). The clock is `cpu_get_ns`. */
export function cpu_set_timer(cpu: CPUState, ns: number): void {
  if (ns < 0) {
    timer_del(cpu.apic_timer);
  } else {
    timer_mod_ns(cpu.apic_timer, ns);
  }
}

/**
 * The guest's clock (its TSC), in nanoseconds.
 * @nodebug
 */
export function cpu_get_ns(): number {
  return qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
}

/** Makes the guest run in this turn of the main loop. */
export function cpu_kick(cpu: CPUState): void {
  cpu.runnable = true;
}

/** Drives one of the interrupt inputs (`n` = 0..31). */
export function cpu_set_irq(cpu: CPUState, n: number, level: boolean): void {
  if (level) {
    cpu.interrupt_request |= 1 << n;
  } else {
    cpu.interrupt_request &= ~(1 << n);
  }
}

/** True when `cpu_exec` would do something. */
export function cpu_has_work(cpu: CPUState): boolean {
  return cpu.runnable || (cpu.interrupt_request !== 0 && !cpu.interrupts_masked);
}

/**
 * Times a level-triggered line may call the handler in one go; a guest that never clears the cause must not hang the
 * machine.
 */
const IRQ_STORM_LIMIT = 1000;

/** Runs the guest until it idles: boot, interrupts, then its runnable programs. */
export function cpu_exec(cpu: CPUState): void {
  cpu.runnable = false;
  if (!cpu.booted) {
    cpu.booted = true;
    cpu.ops.boot(cpu);
  }
  for (let i = 0; i < IRQ_STORM_LIMIT && cpu.interrupt_request !== 0 && !cpu.interrupts_masked; i++) {
    cpu.interrupts++;
    cpu.ops.do_irq(cpu);
  }
  cpu.ops.run(cpu);
}
