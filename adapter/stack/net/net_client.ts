/**
 * Clients of the net core (include/net/net.h): one end of a link, and whether it takes a packet now. The code that
 * sends is in net.ts.
 */

import type { iovec } from '../util/iov.ts';
import type { NetFilterState } from './filter.ts';
import type { link_faults } from './link_faults.ts';
import { NetQueue, type NetQueueDeliverFunc } from './net_queue.ts';

/** Kinds of net clients, by the names `-netdev` and `info network` use. */
export type NetClientDriver = 'nic' | 'user' | 'hubport' | 'socket' | 'stream' | 'dgram' | 'none';

/** Longest packet the net core takes: a 64 KiB datagram and its headers. */
export const NET_BUFSIZE = 4096 + 65536;

export const QEMU_NET_PACKET_FLAG_NONE = 0;
/** The packet goes by any offload header as it is. */
export const QEMU_NET_PACKET_FLAG_RAW = 1;

/**
 * What a kind of client does. `receive` or `receive_iov` is there; both return the size taken, 0 for "not now", or
 * negative.
 */
export interface NetClientInfo {
  readonly type: NetClientDriver;
  readonly receive: ((nc: NetClientState, buf: Uint8Array, size: number) => number) | null;
  readonly receive_iov: ((nc: NetClientState, iov: readonly iovec[], iovcnt: number) => number) | null;
  readonly can_receive: ((nc: NetClientState) => boolean) | null;
  readonly link_status_changed: ((nc: NetClientState) => void) | null;
  /** The client takes frames shorter than 60 bytes; to others a backend pads them. */
  readonly do_not_pad: boolean;
}

/** One end of a link: a NIC, a user network, a port of a hub. */
export class NetClientState {
  readonly info: NetClientInfo;
  readonly model: string;
  readonly name: string;
  info_str = '';
  link_down = false;
  /** What the link does to packets that this client sends besides carrying them; null: nothing. */
  faults: link_faults | null = null;
  /** The client answered 0 to a packet; nothing more is offered until it flushes its queue. */
  receive_disabled = false;
  is_netdev = false;
  queue_index = 0;
  peer: NetClientState | null = null;
  readonly incoming_queue: NetQueue;
  /** What looks at the packets that this client sends and is sent. */
  readonly filters: NetFilterState[] = [];
  /** The structure it belongs to: E1000State, SlirpState, NetHubPort. */
  readonly opaque: object;
  /** `deliver` hands the client a packet of its queue. */
  constructor(info: NetClientInfo, model: string, name: string, opaque: object, deliver: NetQueueDeliverFunc) {
    this.info = info;
    this.model = model;
    this.name = name;
    this.opaque = opaque;
    this.incoming_queue = new NetQueue(deliver, this);
  }
}

/** True when `nc` would take a packet now. */
export function qemu_can_receive_packet(nc: NetClientState): boolean {
  if (nc.receive_disabled) {
    return false;
  }
  return !nc.info.can_receive || nc.info.can_receive(nc);
}

/** True when the peer of `sender` would take a packet now. */
export function qemu_can_send_packet(sender: NetClientState): boolean {
  if (!sender.peer) {
    return true;
  }
  return qemu_can_receive_packet(sender.peer);
}
