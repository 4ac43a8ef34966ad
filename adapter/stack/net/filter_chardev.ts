/**
 * Packets over a `-chardev socket`, each behind its length: what `filter-mirror` and `filter-redirector` send and read.
 */

import { drop } from '../util/drop.ts';
import { iov_size, iov_to_buf, type iovec } from '../util/iov.ts';
import { option_error, type QemuOpts } from '../util/qemu-option.ts';
import { NET_BUFSIZE } from './net_client.ts';
import { type NetSocketReceived, type NetSocketState, net_socket_open } from './socket.ts';
import { chardev_ends, find_chardev } from './socket_options.ts';
import { net_stream_send } from './socket_stream.ts';

/** A character device that packets are sent to. */
export class ChardevPackets {
  readonly link: NetSocketState;
  /** A packet that came in pieces. */
  readonly packet: Uint8Array = new Uint8Array(NET_BUFSIZE);
  constructor(link: NetSocketState) {
    this.link = link;
  }
}

/**
 * What comes over a connection that is only sent to.
 * @packet buf size
 */
export function chardev_discard(_opaque: object, buf: Uint8Array, size: number): void {
  drop(buf, size, 'NO_PEER');
}

const discard: NetSocketReceived = { packet: chardev_discard, opaque: {} };

/**
 * Opens the `-chardev` of this id; `received` takes its packets. `missing` is what to say when there is none. Throws an
 * OptionError.
 */
export function chardev_open(
  opts: QemuOpts,
  id: string,
  missing: string,
  received: NetSocketReceived | null,
): NetSocketState {
  const chardev = find_chardev(id);
  if (!chardev) {
    throw option_error(opts, `${missing}; it has to be a -chardev socket`);
  }
  const link = net_socket_open('stream', chardev_ends(chardev), id, received ?? discard);
  if (typeof link === 'string') {
    throw option_error(chardev, link);
  }
  return link;
}

/**
 * Sends a packet; one that there is nobody or no room for is dropped.
 * @packet iov iovcnt
 */
export function chardev_send_iov(s: ChardevPackets, iov: readonly iovec[], iovcnt: number): void {
  const size = Math.min(iov_size(iov, iovcnt), NET_BUFSIZE);
  const { sock, scratch } = s.link;
  iov_to_buf(iov, iovcnt, 0, s.packet, 0, size);
  if (!sock?.connected) {
    drop(s.packet, size, 'NO_PEER');
  } else if (!net_stream_send(sock, scratch, s.packet, size)) {
    drop(s.packet, size, 'QUEUE_FULL');
  }
}
