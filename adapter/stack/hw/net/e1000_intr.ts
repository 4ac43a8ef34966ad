/** The e1000's interrupt causes, masks and throttling (8254x manual, sections 3.2.7 and 13.4.17 to 13.4.21). */
import { QEMU_CLOCK_VIRTUAL, qemu_clock_get_ns, timer_mod_ns } from '../../util/timer.ts';
import { pci_set_irq } from '../pci/pci.ts';
import type { E1000State } from './e1000.ts';
import { E1000_ICR_RXT0, E1000_ICR_TXDW, E1000_ICR_TXQE } from './e1000_hw.ts';
import { ICR, ICS, IMS, ITR, RADV, RDTR, TADV } from './e1000_regs.ts';

/** Units of ITR, in nanoseconds; RADV and TADV count four of them. */
const ITR_UNIT_NS = 256;
/** Shortest interval between interrupts, in units: the device makes at most 7813 a second. */
const MIT_DELAY_MIN = 500;

/** The shorter of two delays; 0 stands for none. */
function mit_update_delay(curr: number, value: number): number {
  return value !== 0 && (curr === 0 || value < curr) ? value : curr;
}

/** How long the next interrupt has to wait after this one, in units of 256 ns. */
function e1000_mit_delay(s: E1000State, pending_ints: number): number {
  let mit_delay = 0;
  if (s.mit_ide && (pending_ints & (E1000_ICR_TXQE | E1000_ICR_TXDW)) !== 0) {
    mit_delay = mit_update_delay(mit_delay, s.mac_reg[TADV]! * 4);
  }
  if (s.mac_reg[RDTR] !== 0 && (pending_ints & E1000_ICR_RXT0) !== 0) {
    mit_delay = mit_update_delay(mit_delay, s.mac_reg[RADV]! * 4);
  }
  mit_delay = mit_update_delay(mit_delay, s.mac_reg[ITR]!);
  return Math.max(mit_delay, MIT_DELAY_MIN);
}

/**
 * Sets ICR, and the interrupt line to (ICR & IMS) != 0. A rising edge is put off while the last one is younger than the
 * throttling interval; the mitigation timer then makes up for it.
 */
export function set_interrupt_cause(s: E1000State, index: number, val: number): void {
  s.mac_reg[ICR] = val;
  // ICS is for writing by the manual, but real devices read the causes there, without clearing them.
  s.mac_reg[ICS] = val;
  const pending_ints = s.mac_reg[IMS]! & val;
  if (!s.mit_irq_level && pending_ints !== 0) {
    if (s.mit_timer_on) {
      return;
    }
    if (s.mitigation) {
      const mit_delay = e1000_mit_delay(s, pending_ints);
      s.mit_timer_on = true;
      timer_mod_ns(s.mit_timer, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + mit_delay * ITR_UNIT_NS);
      s.mit_ide = false;
    }
  }
  s.mit_irq_level = pending_ints !== 0;
  pci_set_irq(s.parent_obj, s.mit_irq_level ? 1 : 0);
}

/** The throttling interval is over: an interrupt that waited is raised now. */
export function e1000_mit_timer(s: E1000State): void {
  s.mit_timer_on = false;
  set_interrupt_cause(s, 0, s.mac_reg[ICR]!);
}

/** Adds causes (a write to ICS, or the device itself). */
export function set_ics(s: E1000State, index: number, val: number): void {
  set_interrupt_cause(s, 0, val | s.mac_reg[ICR]!);
}

/** A write to ICR clears the causes written as 1. */
export function set_icr(s: E1000State, index: number, val: number): void {
  set_interrupt_cause(s, 0, s.mac_reg[ICR]! & ~val);
}

/** A write to IMC masks causes. */
export function set_imc(s: E1000State, index: number, val: number): void {
  s.mac_reg[IMS]! &= ~val;
  set_ics(s, 0, 0);
}

/** A write to IMS unmasks causes. */
export function set_ims(s: E1000State, index: number, val: number): void {
  s.mac_reg[IMS]! |= val;
  set_ics(s, 0, 0);
}

/** Reading ICR returns the causes, clears them and drops the line. */
export function mac_icr_read(s: E1000State, index: number): number {
  const ret = s.mac_reg[ICR]!;
  set_interrupt_cause(s, 0, 0);
  return ret;
}
