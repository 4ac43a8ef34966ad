/**
 * Channel 0 of the PC's interval timer (hw/timer/i8254.c) as a reset leaves it: a square wave of 18.2 Hz on interrupt
 * line 0. Nothing programs it; it is there because `clock_step` without a time goes to its next edge, and because the
 * test protocol reports line 0.
 */
import { machine } from '../../softmmu/machine.ts';
import { qtest_irq_handler } from '../../softmmu/qtest_irq.ts';
import { QEMU_CLOCK_VIRTUAL, type QEMUTimer, timer_mod_ns, timer_new_ns } from '../../util/timer.ts';

/** Counts a second. */
const PIT_FREQ = 1193182;
/** Counts of a period in mode 3, high for the first half. */
const PIT_COUNT = 0x10000;
const NANOSECONDS_PER_SECOND = 1e9;
const PIT_PERIOD_NS = 55e6;

/** The channel. */
export class PITChannelState {
  readonly irq_timer: QEMUTimer;
  next_transition_time = 0;
  irq_level = false;
  constructor() {
    this.irq_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, pit_irq_timer, this as PITChannelState);
  }
}

/**
 * `floor(a * b / c)` without loss for a `b` and `c` below 2^31 (`muldiv64`).
 * @nodebug
 */
function muldiv64(a: number, b: number, c: number): number {
  const rest = a % c;
  return ((a - rest) / c) * b + Math.floor((rest * b) / c);
}

/** Whether the output is high at `time`. */
export function pit_get_out(time: number): boolean {
  return muldiv64(time, PIT_FREQ, NANOSECONDS_PER_SECOND) % PIT_COUNT < PIT_COUNT / 2;
}

/**
 * The edge after `time`, rounded down to a nanosecond as QEMU does, which is why a nanosecond later it is found a
 * second time.
 */
export function pit_get_next_transition_time(time: number): number {
  const half = PIT_COUNT / 2;
  const edge = (Math.floor(muldiv64(time, PIT_FREQ, NANOSECONDS_PER_SECOND) / half) + 1) * half;
  return Math.max(muldiv64(edge, NANOSECONDS_PER_SECOND, PIT_FREQ), time + 1);
}

/** An edge: drives line 0 and waits for the next one. */
export function pit_irq_timer(s: PITChannelState): void {
  const level = pit_get_out(s.next_transition_time);
  if (level !== s.irq_level) {
    s.irq_level = level;
    qtest_irq_handler('ioapic', true, 0, level);
  }
  s.next_transition_time = pit_get_next_transition_time(s.next_transition_time);
  timer_mod_ns(s.irq_timer, s.next_transition_time);
}

/** Before the clock moves on to `time` with nobody who watches line 0: leaves out all edges but the last few. */
export function pit_skip(s: PITChannelState, time: number): void {
  if (s.next_transition_time < time - 4 * PIT_PERIOD_NS) {
    s.next_transition_time = pit_get_next_transition_time(time - 2 * PIT_PERIOD_NS);
    s.irq_level = pit_get_out(s.next_transition_time - 1);
    timer_mod_ns(s.irq_timer, s.next_transition_time);
  }
}

/** Starts the timer at the virtual clock's beginning. */
export function i8254_pit_init(): void {
  machine.pit = new PITChannelState();
  machine.pit.next_transition_time = pit_get_next_transition_time(0);
  timer_mod_ns(machine.pit.irq_timer, machine.pit.next_transition_time);
}
