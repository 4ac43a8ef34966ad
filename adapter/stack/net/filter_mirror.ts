/**
 * `-object filter-mirror` (net/filter-mirror.c): sends a copy of each packet to a `-chardev socket`, behind its length.
 */

import type { iovec } from '../util/iov.ts';
import { option_error, type QemuOpts, qemu_opt_get } from '../util/qemu-option.ts';
import { type NetFilterInfo, NetFilterState } from './filter.ts';
import { ChardevPackets, chardev_open, chardev_send_iov } from './filter_chardev.ts';
import type { NetClientState } from './net_client.ts';
import { net_socket_close } from './socket.ts';

/**
 * Sends a copy; the packet goes on its way.
 * @packet iov iovcnt
 */
export function filter_mirror_receive_iov(
  nf: NetFilterState,
  _sender: NetClientState,
  _flags: number,
  iov: readonly iovec[],
  iovcnt: number,
): number {
  chardev_send_iov(nf.opaque as ChardevPackets, iov, iovcnt);
  return 0;
}

/** Hangs up. */
export function filter_mirror_cleanup(nf: NetFilterState): void {
  net_socket_close((nf.opaque as ChardevPackets).link);
}

const filter_mirror_info: NetFilterInfo = {
  type: 'filter-mirror',
  receive_iov: filter_mirror_receive_iov,
  status_changed: null,
  cleanup: filter_mirror_cleanup,
};

/** `filter-mirror,id=,netdev=,outdev=CHARDEV`. */
export function filter_mirror_setup(opts: QemuOpts, id: string, nd: NetClientState, direction: number): NetFilterState {
  const outdev = qemu_opt_get(opts, 'outdev');
  if (outdev === '') {
    throw option_error(opts, "Parameter 'outdev' is missing");
  }
  const out = chardev_open(opts, outdev, `Device '${outdev}' not found`, null);
  return new NetFilterState(id, filter_mirror_info, nd, direction, new ChardevPackets(out));
}
