/**
 * Filters (net/filter.c): they see the packets that a netdev sends and is sent, and may keep them. `-object
 * filter-dump`, `filter-mirror`, `filter-redirector` and `filter-buffer` are in files of their own.
 */

import { drop } from '../util/drop.ts';
import { iov_size, iovec } from '../util/iov.ts';
import type { QemuOpts } from '../util/qemu-option.ts';
import type { NetClientState } from './net_client.ts';
import type { NetPacketSent } from './net_queue.ts';
import { qemu_net_queue_send_iov } from './queue.ts';

/** What a filter sees: all, packets sent to its netdev (`rx`), packets its netdev sends (`tx`). */
export const NET_FILTER_DIRECTION_ALL = 0;
export const NET_FILTER_DIRECTION_RX = 1;
export const NET_FILTER_DIRECTION_TX = 2;

/** What a kind of filter does with a packet: 0 lets it pass, its size means that it was taken. */
export type NetFilterReceive = (
  nf: NetFilterState,
  sender: NetClientState,
  flags: number,
  iov: readonly iovec[],
  iovcnt: number,
  sent_cb: NetPacketSent | null,
) => number;

/** A kind of filter. */
export interface NetFilterInfo {
  readonly type: string;
  readonly receive_iov: NetFilterReceive;
  /** `status` was changed to `nf.on`. */
  readonly status_changed: ((nf: NetFilterState) => void) | null;
  /** The filter is taken away. */
  readonly cleanup: ((nf: NetFilterState) => void) | null;
}

/** One filter. */
export class NetFilterState {
  readonly id: string;
  readonly info: NetFilterInfo;
  readonly netdev: NetClientState;
  readonly direction: number;
  on = true;
  /** As it was made, for `info network`. */
  opts: QemuOpts | null = null;
  /** The structure of its kind. */
  readonly opaque: object;
  constructor(id: string, info: NetFilterInfo, netdev: NetClientState, direction: number, opaque: object) {
    this.id = id;
    this.info = info;
    this.netdev = netdev;
    this.direction = direction;
    this.opaque = opaque;
  }
}

/** Makes the filter of one `-object`; `nd` is its netdev. */
export type NetFilterInit = (opts: QemuOpts, id: string, nd: NetClientState, direction: number) => NetFilterState;

/** True when a filter looks that way. */
export function qemu_netfilter_looks(nf: NetFilterState, direction: number): boolean {
  return nf.direction === NET_FILTER_DIRECTION_ALL || nf.direction === direction;
}

/**
 * Shows one filter a packet if it is on and looks that way.
 * @packet iov iovcnt
 */
export function qemu_netfilter_receive(
  nf: NetFilterState,
  direction: number,
  sender: NetClientState,
  flags: number,
  iov: readonly iovec[],
  iovcnt: number,
  sent_cb: NetPacketSent | null,
): number {
  if (nf.on && qemu_netfilter_looks(nf, direction)) {
    return nf.info.receive_iov(nf, sender, flags, iov, iovcnt, sent_cb);
  }
  return 0;
}

/**
 * Shows a packet to the filters of `nc`: in their order on the way out, in reverse on the way in. Returns 0, or the
 * size when one has taken it.
 * @packet iov iovcnt
 */
export function filter_receive_iov(
  nc: NetClientState,
  direction: number,
  sender: NetClientState,
  flags: number,
  iov: readonly iovec[],
  iovcnt: number,
  sent_cb: NetPacketSent | null,
): number {
  const n = nc.filters.length;
  for (let i = 0; i < n; i++) {
    const nf = nc.filters[direction === NET_FILTER_DIRECTION_TX ? i : n - 1 - i]!;
    const ret = qemu_netfilter_receive(nf, direction, sender, flags, iov, iovcnt, sent_cb);
    if (ret !== 0) {
      return ret;
    }
  }
  return 0;
}

/**
 * `filter_receive_iov` for a packet in one piece.
 * @packet buf size
 */
export function filter_receive(
  nc: NetClientState,
  direction: number,
  sender: NetClientState,
  flags: number,
  buf: Uint8Array,
  size: number,
  sent_cb: NetPacketSent | null,
): number {
  return filter_receive_iov(nc, direction, sender, flags, [new iovec(buf, size)], 1, sent_cb);
}

/**
 * A filter lets go of a packet that it kept: the filters behind it see it, then the receiver gets it.
 * @packet iov iovcnt
 */
export function qemu_netfilter_pass_to_next(
  sender: NetClientState | null,
  flags: number,
  iov: readonly iovec[],
  iovcnt: number,
  opaque: object,
): number {
  const nf = opaque as NetFilterState;
  const out =
    nf.direction === NET_FILTER_DIRECTION_ALL ? sender === nf.netdev : nf.direction === NET_FILTER_DIRECTION_TX;
  if (!sender) {
    drop(iov[0]!.iov_base, iov[0]!.iov_len, 'NO_PEER');
    return iov_size(iov, iovcnt);
  }
  const direction = out ? NET_FILTER_DIRECTION_TX : NET_FILTER_DIRECTION_RX;
  return qemu_netfilter_pass_on(nf, direction, sender, flags, iov, iovcnt);
}

/**
 * Shows a packet on its way from `sender` to the filters behind `nf`, and gives it to the receiver. Returns its size.
 * @packet iov iovcnt
 */
export function qemu_netfilter_pass_on(
  nf: NetFilterState,
  direction: number,
  sender: NetClientState,
  flags: number,
  iov: readonly iovec[],
  iovcnt: number,
): number {
  const size = iov_size(iov, iovcnt);
  if (!sender.peer) {
    drop(iov[0]!.iov_base, iov[0]!.iov_len, 'NO_PEER');
    return size;
  }
  const step = direction === NET_FILTER_DIRECTION_TX ? 1 : -1;
  const filters = nf.netdev.filters;
  for (let i = filters.indexOf(nf) + step; i >= 0 && i < filters.length; i += step) {
    const ret = qemu_netfilter_receive(filters[i]!, direction, sender, flags, iov, iovcnt, null);
    if (ret !== 0) {
      return ret;
    }
  }
  qemu_net_queue_send_iov(sender.peer.incoming_queue, sender, flags, iov, iovcnt, null);
  return size;
}
