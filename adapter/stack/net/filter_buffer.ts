/** `-object filter-buffer` (net/filter-buffer.c): keeps packets and lets them go all at once, at an interval. */

import { iov_size, type iovec } from '../util/iov.ts';
import { option_error, type QemuOpts, qemu_opt_get_number, qemu_opt_has } from '../util/qemu-option.ts';
import {
  QEMU_CLOCK_VIRTUAL,
  type QEMUTimer,
  qemu_clock_get_ns,
  timer_del,
  timer_mod_ns,
  timer_new_ns,
} from '../util/timer.ts';
import { type NetFilterInfo, NetFilterState, qemu_netfilter_pass_to_next } from './filter.ts';
import type { NetClientState } from './net_client.ts';
import type { NetQueue } from './net_queue.ts';
import { qemu_net_queue_append_iov, qemu_net_queue_flush, qemu_net_queue_purge, qemu_new_net_queue } from './queue.ts';

/** The packets that one filter keeps. */
export class FilterBufferState {
  readonly interval_us: number;
  incoming_queue!: NetQueue;
  release_timer!: QEMUTimer;
  constructor(interval_us: number) {
    this.interval_us = interval_us;
  }
}

/**
 * Keeps a packet.
 * @packet iov iovcnt
 */
export function filter_buffer_receive_iov(
  nf: NetFilterState,
  sender: NetClientState,
  flags: number,
  iov: readonly iovec[],
  iovcnt: number,
): number {
  const s = nf.opaque as FilterBufferState;
  // The sender takes it for sent, so nobody is told later.
  qemu_net_queue_append_iov(s.incoming_queue, sender, flags, iov, iovcnt, null);
  return iov_size(iov, iovcnt);
}

/** Lets the packets go; what cannot go is forgotten. */
export function filter_buffer_flush(nf: NetFilterState): void {
  const s = nf.opaque as FilterBufferState;
  if (!qemu_net_queue_flush(s.incoming_queue)) {
    qemu_net_queue_purge(s.incoming_queue, nf.netdev);
  }
}

/** The interval is over. */
export function filter_buffer_release_timer(nf: NetFilterState): void {
  filter_buffer_flush(nf);
  filter_buffer_setup_timer(nf);
}

/** The next interval begins. */
function filter_buffer_setup_timer(nf: NetFilterState): void {
  const s = nf.opaque as FilterBufferState;
  timer_mod_ns(s.release_timer, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + s.interval_us * 1000);
}

/** Switched off it lets go of everything and keeps nothing more. */
function filter_buffer_status_changed(nf: NetFilterState): void {
  if (nf.on) {
    filter_buffer_setup_timer(nf);
  } else {
    timer_del((nf.opaque as FilterBufferState).release_timer);
    filter_buffer_flush(nf);
  }
}

const filter_buffer_info: NetFilterInfo = {
  type: 'filter-buffer',
  receive_iov: filter_buffer_receive_iov,
  status_changed: filter_buffer_status_changed,
  cleanup: null,
};

/** `filter-buffer,id=,netdev=,interval=MICROSECONDS`. */
export function filter_buffer_setup(opts: QemuOpts, id: string, nd: NetClientState, direction: number): NetFilterState {
  if (!qemu_opt_has(opts, 'interval')) {
    throw option_error(opts, "Parameter 'interval' is missing");
  }
  const s = new FilterBufferState(qemu_opt_get_number(opts, 'interval', 0, 1, 0xffffffff));
  const nf = new NetFilterState(id, filter_buffer_info, nd, direction, s);
  s.incoming_queue = qemu_new_net_queue(qemu_netfilter_pass_to_next, nf);
  s.release_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, filter_buffer_release_timer, nf);
  filter_buffer_setup_timer(nf);
  return nf;
}
