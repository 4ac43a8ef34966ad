/**
 * `-object filter-redirector` (net/filter-mirror.c): takes the packets of a netdev away to one `-chardev socket`, and
 * puts those that come from another in their place.
 */

import { iov_size, iovec } from '../util/iov.ts';
import { option_error, type QemuOpts, qemu_opt_get } from '../util/qemu-option.ts';
import {
  NET_FILTER_DIRECTION_RX,
  NET_FILTER_DIRECTION_TX,
  type NetFilterInfo,
  NetFilterState,
  qemu_netfilter_looks,
  qemu_netfilter_pass_on,
} from './filter.ts';
import { ChardevPackets, chardev_open, chardev_send_iov } from './filter_chardev.ts';
import { type NetClientState, QEMU_NET_PACKET_FLAG_NONE } from './net_client.ts';
import { type NetSocketState, net_socket_close } from './socket.ts';

/** Where packets go and come from. */
export class RedirectorState {
  out: ChardevPackets | null = null;
  indev: NetSocketState | null = null;
}

/**
 * Takes a packet away if there is a place for it.
 * @packet iov iovcnt
 */
export function filter_redirector_receive_iov(
  nf: NetFilterState,
  _sender: NetClientState,
  _flags: number,
  iov: readonly iovec[],
  iovcnt: number,
): number {
  const { out } = nf.opaque as RedirectorState;
  if (!out) {
    return 0;
  }
  chardev_send_iov(out, iov, iovcnt);
  return iov_size(iov, iovcnt);
}

/**
 * A packet from `indev` goes on behind the filter, in each direction that the filter looks.
 * @packet buf size
 */
export function redirector_to_filter(opaque: object, buf: Uint8Array, size: number): void {
  const nf = opaque as NetFilterState;
  const iov = [new iovec(buf, size)];
  if (qemu_netfilter_looks(nf, NET_FILTER_DIRECTION_TX)) {
    qemu_netfilter_pass_on(nf, NET_FILTER_DIRECTION_TX, nf.netdev, QEMU_NET_PACKET_FLAG_NONE, iov, 1);
  }
  if (qemu_netfilter_looks(nf, NET_FILTER_DIRECTION_RX) && nf.netdev.peer) {
    qemu_netfilter_pass_on(nf, NET_FILTER_DIRECTION_RX, nf.netdev.peer, QEMU_NET_PACKET_FLAG_NONE, iov, 1);
  }
}

/** Hangs up. */
export function filter_redirector_cleanup(nf: NetFilterState): void {
  const { indev, out } = nf.opaque as RedirectorState;
  for (const link of [indev, out?.link]) {
    if (link) {
      net_socket_close(link);
    }
  }
}

const filter_redirector_info: NetFilterInfo = {
  type: 'filter-redirector',
  receive_iov: filter_redirector_receive_iov,
  status_changed: null,
  cleanup: filter_redirector_cleanup,
};

/** `filter-redirector,id=,netdev=[,indev=CHARDEV][,outdev=CHARDEV]`. */
export function filter_redirector_setup(
  opts: QemuOpts,
  id: string,
  nd: NetClientState,
  direction: number,
): NetFilterState {
  const [indev, outdev] = [qemu_opt_get(opts, 'indev'), qemu_opt_get(opts, 'outdev')];
  if (indev === '' && outdev === '') {
    throw option_error(opts, "filter redirector needs 'indev' or 'outdev' at least one property set");
  }
  if (indev === outdev) {
    throw option_error(opts, "'indev' and 'outdev' could not be same for filter redirector");
  }
  const s = new RedirectorState();
  const nf = new NetFilterState(id, filter_redirector_info, nd, direction, s);
  if (indev !== '') {
    s.indev = chardev_open(opts, indev, `IN Device '${indev}' not found`, { packet: redirector_to_filter, opaque: nf });
  }
  if (outdev !== '') {
    s.out = new ChardevPackets(chardev_open(opts, outdev, `OUT Device '${outdev}' not found`, null));
  }
  return nf;
}
