/** QEMU's timers: two clocks, each with a list of timers in order of expiry (util/qemu-timer.c). */
import { machine, type QEMUTimerList } from '../softmmu/machine.ts';

/** Real time (the first of `machine.timers`): runs while the machine is stopped by the monitor. */
export const QEMU_CLOCK_REALTIME = 0;
/** The guest's time (the second): what devices and guests use. */
export const QEMU_CLOCK_VIRTUAL = 1;

/** A timer calls back once when its clock reaches `expire_time`; `timer_mod_ns` arms it again. */
export class QEMUTimer {
  /** Nanoseconds, or -1 while it is not pending. */
  expire_time = -1;
  readonly clock: number;
  readonly cb: (opaque: object) => void;
  readonly opaque: object;
  next: QEMUTimer | null = null;
  constructor(clock: number, cb: (opaque: object) => void, opaque: object) {
    this.clock = clock;
    this.cb = cb;
    this.opaque = opaque;
  }
}

/** A timer that is not armed yet. `cb` must be a module-level function. */
export function timer_new_ns<T extends object>(clock: number, cb: (opaque: T) => void, opaque: T): QEMUTimer {
  return new QEMUTimer(clock, cb as (opaque: object) => void, opaque);
}

/** Disarms a timer; nothing happens if it is not pending. */
export function timer_del(t: QEMUTimer): void {
  if (t.expire_time < 0) {
    return;
  }
  t.expire_time = -1;
  const list = machine.timers[t.clock]!;
  let prev: QEMUTimer | null = null;
  for (let p = list.active_timers; p; prev = p, p = p.next) {
    if (p === t) {
      if (prev) {
        prev.next = t.next;
      } else {
        list.active_timers = t.next;
      }
      t.next = null;
      return;
    }
  }
}

/** Arms a timer for the absolute time `expire_ns` of its clock; a pending one is moved. */
export function timer_mod_ns(t: QEMUTimer, expire_ns: number): void {
  timer_del(t);
  t.expire_time = Math.max(0, expire_ns);
  const list = machine.timers[t.clock]!;
  let prev: QEMUTimer | null = null;
  let p = list.active_timers;
  while (p && p.expire_time <= t.expire_time) {
    prev = p;
    p = p.next;
  }
  t.next = p;
  if (prev) {
    prev.next = t;
  } else {
    list.active_timers = t;
  }
}

/** `timer_mod_ns` in milliseconds. */
export function timer_mod(t: QEMUTimer, expire_ms: number): void {
  timer_mod_ns(t, expire_ms * 1e6);
}

/** True while the timer is armed. */
export function timer_pending(t: QEMUTimer): boolean {
  return t.expire_time >= 0;
}

/**
 * Time of a clock in nanoseconds since the machine started; it moves only between turns of the main loop.
 * @nodebug
 */
export function qemu_clock_get_ns(clock: number): number {
  const qtest = machine.qtest;
  return qtest && clock === QEMU_CLOCK_VIRTUAL ? qtest.clock_ns : machine.host.now_ns;
}

/**
 * Time of a clock in whole milliseconds.
 * @nodebug
 */
export function qemu_clock_get_ms(clock: number): number {
  return Math.floor(qemu_clock_get_ns(clock) / 1e6);
}

/**
 * Nanoseconds until the first timer of any clock expires: 0 if one has, -1 if none is armed. A clock that the test
 * protocol moves does not expire by waiting.
 */
export function qemu_clock_deadline_ns_all(): number {
  let deadline = -1;
  for (const list of machine.timers) {
    const t = list.active_timers;
    if (t && !(machine.qtest && list.clock === QEMU_CLOCK_VIRTUAL && t.expire_time > machine.qtest.clock_ns)) {
      const left = Math.max(0, t.expire_time - qemu_clock_get_ns(list.clock));
      deadline = deadline < 0 ? left : Math.min(deadline, left);
    }
  }
  return deadline;
}

/** Runs the callbacks of the timers of a list that have expired. Returns true if there were any. */
export function timerlist_run_timers(list: QEMUTimerList): boolean {
  const now = qemu_clock_get_ns(list.clock);
  let progress = false;
  for (;;) {
    const t = list.active_timers;
    if (!t || t.expire_time > now) {
      return progress;
    }
    list.active_timers = t.next;
    t.next = null;
    t.expire_time = -1;
    t.cb(t.opaque);
    progress = true;
  }
}

/** Runs the expired timers of one clock. */
export function qemu_clock_run_timers(clock: number): boolean {
  return timerlist_run_timers(machine.timers[clock]!);
}

/** Runs the expired timers of all clocks. */
export function qemu_clock_run_all_timers(): boolean {
  let progress = false;
  for (const list of machine.timers) {
    if (qemu_clock_run_timers(list.clock)) {
      progress = true;
    }
  }
  return progress;
}
