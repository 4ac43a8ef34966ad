/** Kernel timers over the CPU's one-shot timer (kernel/time/timer.c). */

import { cpu_get_ns, cpu_set_timer } from '../softmmu/cpus.ts';
import { machine } from '../softmmu/machine.ts';
import { guest_os } from './kernel.ts';

/** A timer: calls `function_(data)` once when the clock reaches `expires`. */
export class timer_list {
  /** Nanoseconds of the guest's clock; meaningful while `pending`. */
  expires = 0;
  pending = false;
  /** Where the timer stands in the queue: at or before `expires`, so that moving it later costs nothing. */
  queued_at = -1;
  readonly function_: (data: object) => void;
  readonly data: object;
  next: timer_list | null = null;
  constructor(fn: (data: object) => void, data: object) {
    this.function_ = fn;
    this.data = data;
  }
}

/** A timer that is not armed; `fn` is a module-level function. */
export function timer_setup<T extends object>(fn: (data: T) => void, data: T): timer_list {
  return new timer_list(fn as (data: object) => void, data);
}

/**
 * Arms a timer for the absolute time `expires` (ns); a pending one is moved.
 * @nodebug
 */
export function mod_timer(t: timer_list, expires: number): void {
  t.expires = expires;
  t.pending = true;
  if (t.queued_at >= 0) {
    if (t.queued_at <= expires) {
      return;
    }
    detach_timer(t);
  }
  enqueue_timer(t);
}

/**
 * Disarms a timer. It leaves the queue when its place there comes up.
 * @nodebug
 */
export function del_timer(t: timer_list): void {
  t.pending = false;
}

/**
 * Takes a timer out of the queue.
 * @nodebug
 */
function detach_timer(t: timer_list): void {
  const os = guest_os();
  let prev: timer_list | null = null;
  for (let p = os.timers; p; prev = p, p = p.next) {
    if (p === t) {
      if (prev) {
        prev.next = t.next;
      } else {
        os.timers = t.next;
      }
      break;
    }
  }
  t.next = null;
  t.queued_at = -1;
}

/**
 * Puts a timer in the queue, soonest first.
 * @nodebug
 */
function enqueue_timer(t: timer_list): void {
  const os = guest_os();
  t.queued_at = t.expires;
  let prev: timer_list | null = null;
  let p = os.timers;
  while (p && p.queued_at <= t.queued_at) {
    prev = p;
    p = p.next;
  }
  t.next = p;
  if (prev) {
    prev.next = t;
  } else {
    os.timers = t;
  }
}

/** Runs the timers that have expired (the TIMER_SOFTIRQ). */
export function run_timer_softirq(): void {
  const os = guest_os();
  const now = cpu_get_ns();
  for (;;) {
    const t = os.timers;
    if (!t || t.queued_at > now) {
      return;
    }
    os.timers = t.next;
    t.next = null;
    t.queued_at = -1;
    if (t.pending && t.expires > now) {
      enqueue_timer(t);
    } else if (t.pending) {
      t.pending = false;
      call_timer_fn(t);
    }
  }
}

/** Runs one timer's function. */
function call_timer_fn(t: timer_list): void {
  t.function_(t.data);
}

/** Sets the CPU's timer for the first timer in the queue. */
export function tick_program_event(): void {
  const os = guest_os();
  while (os.timers && !os.timers.pending) {
    os.timers.queued_at = -1;
    const t: timer_list = os.timers;
    os.timers = t.next;
    t.next = null;
  }
  const next = os.timers ? os.timers.queued_at : -1;
  if (next !== os.next_event || next >= 0) {
    os.next_event = next;
    cpu_set_timer(machine.cpu, next);
  }
}
