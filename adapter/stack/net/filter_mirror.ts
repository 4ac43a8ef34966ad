/** `-object filter-mirror` (net/filter-mirror.c): sends a copy of each packet to a `-chardev socket`, behind its length. */
import { drop } from '../util/drop.ts';
import { iov_size, iov_to_buf, type iovec } from '../util/iov.ts';
import { option_error, type QemuOpts, qemu_opt_get } from '../util/qemu-option.ts';
import { type NetFilterInfo, NetFilterState } from './filter.ts';
import { NET_BUFSIZE, type NetClientState } from './net.ts';
import { type NetSocketState, net_socket_open } from './socket.ts';
import { chardev_ends, find_chardev } from './socket_options.ts';
import { net_stream_send } from './socket_stream.ts';

/** Where the copies go. */
export class MirrorState {
  /** The connection; what comes back over it has nowhere to go. */
  readonly out: NetSocketState;
  readonly packet: Uint8Array = new Uint8Array(NET_BUFSIZE);
  constructor(out: NetSocketState) {
    this.out = out;
  }
}

/** Sends a copy; the packet goes on its way. */
export function filter_mirror_receive_iov(
  nf: NetFilterState,
  _sender: NetClientState,
  _flags: number,
  iov: readonly iovec[],
  iovcnt: number,
): number {
  const s = nf.opaque as MirrorState;
  const size = Math.min(iov_size(iov, iovcnt), NET_BUFSIZE);
  const { sock, scratch } = s.out;
  iov_to_buf(iov, iovcnt, 0, s.packet, 0, size);
  if (!sock?.connected) {
    drop(s.packet, size, 'NO_PEER');
  } else if (!net_stream_send(sock, scratch, s.packet, size)) {
    drop(s.packet, size, 'QUEUE_FULL');
  }
  return 0;
}

const filter_mirror_info: NetFilterInfo = {
  type: 'filter-mirror',
  receive_iov: filter_mirror_receive_iov,
  status_changed: null,
};

/** `filter-mirror,id=,netdev=,outdev=CHARDEV`. */
export function filter_mirror_setup(opts: QemuOpts, id: string, nd: NetClientState, direction: number): NetFilterState {
  const outdev = qemu_opt_get(opts, 'outdev');
  if (outdev === '') {
    throw option_error(opts, "filter mirror needs 'outdev' property set!");
  }
  const chardev = find_chardev(outdev);
  if (!chardev) {
    throw option_error(opts, `Device '${outdev}' not found; it has to be a -chardev socket`);
  }
  const nc = net_socket_open('stream', chardev_ends(chardev), `${id}.out`, null);
  if (typeof nc === 'string') {
    throw option_error(chardev, nc);
  }
  return new NetFilterState(id, filter_mirror_info, nd, direction, new MirrorState(nc.opaque as NetSocketState));
}
