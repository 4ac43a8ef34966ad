/** The net core (net/net.c): clients in pairs, and how a packet gets from one to its peer. */

import { machine } from '../softmmu/machine.ts';
import { drop } from '../util/drop.ts';
import { iov_size, iov_to_buf, type iovec } from '../util/iov.ts';
import type { QemuOpts } from '../util/qemu-option.ts';
import { ETH_ALEN } from '../wire/ethernet.ts';
import { AnnounceParameters, type AnnounceTimer } from './announce_timer.ts';
import { filter_receive, filter_receive_iov, NET_FILTER_DIRECTION_RX, NET_FILTER_DIRECTION_TX } from './filter.ts';
import { type NetHub, net_hub_flush } from './hub_ports.ts';
import { link_faults, link_faults_send, link_faults_sendv } from './link_faults.ts';
import {
  NET_BUFSIZE,
  type NetClientInfo,
  NetClientState,
  QEMU_NET_PACKET_FLAG_NONE,
  QEMU_NET_PACKET_FLAG_RAW,
  qemu_can_receive_packet,
} from './net_client.ts';
import type { NetPacketSent } from './net_queue.ts';
import {
  qemu_net_queue_flush,
  qemu_net_queue_purge,
  qemu_net_queue_receive,
  qemu_net_queue_send,
  qemu_net_queue_send_iov,
} from './queue.ts';
import type { SlirpState } from './slirp.ts';

/** A NIC's side of the net core. */
export class NICState {
  readonly nc: NetClientState;
  readonly opaque: object;
  constructor(nc: NetClientState, opaque: object) {
    this.nc = nc;
    this.opaque = opaque;
  }
}

/** All of the net core's state. */
export class NetState {
  readonly net_clients: NetClientState[] = [];
  /** Newest first. */
  readonly hubs: NetHub[] = [];
  readonly slirp_stacks: SlirpState[] = [];
  /** `-chardev` options, for those who name one. */
  readonly chardevs: QemuOpts[] = [];
  /** Announcements under way (`announce_self`), by id, and how the next ones will be. */
  readonly announce: Map<string, AnnounceTimer> = new Map();
  readonly announce_params: AnnounceParameters = new AnnounceParameters();
  /** MAC addresses given out by default so far. */
  default_macs = 0;
  /** `acpi-index` and `bootindex` (counted from 1) of devices, which no two may share. */
  readonly acpi_indexes: number[] = [];
  readonly bootindexes: number[] = [];
}

/** A name nobody has: `model.N`. */
function assign_name(model: string): string {
  let id = 0;
  for (const nc of machine.net.net_clients) {
    if (nc.model === model) {
      id++;
    }
  }
  return `${model}.${id}`;
}

/** A new client, linked to `peer` if that is given. An empty `name` gets `model.N`. */
export function qemu_new_net_client(
  info: NetClientInfo,
  peer: NetClientState | null,
  model: string,
  name: string,
  opaque: object,
): NetClientState {
  const nc_name = name === '' ? assign_name(model) : name;
  const nc = new NetClientState(info, model, nc_name, opaque, qemu_deliver_packet_iov);
  if (peer) {
    nc.peer = peer;
    peer.peer = nc;
  }
  machine.net.net_clients.push(nc);
  return nc;
}

/** The net client of a NIC. `opaque` is the device. */
export function qemu_new_nic(
  info: NetClientInfo,
  peer: NetClientState | null,
  model: string,
  name: string,
  opaque: object,
): NICState {
  return new NICState(qemu_new_net_client(info, peer, model, name, opaque), opaque);
}

/** The first client of a NIC. */
export function qemu_get_queue(nic: NICState): NetClientState {
  return nic.nc;
}

/**
 * A MAC address as text.
 * @nodebug @pure
 */
export function qemu_ether_ntoa(mac: Uint8Array): string {
  return Array.from(mac.subarray(0, ETH_ALEN), (b) => b.toString(16).padStart(2, '0')).join(':');
}

/** What `info network` says of a NIC. */
export function qemu_format_nic_info_str(nc: NetClientState, macaddr: Uint8Array): void {
  nc.info_str = `model=${nc.model},macaddr=${qemu_ether_ntoa(macaddr)}`;
}

/** The default MAC address of the next NIC: 52:54:00:12:34:56 and up. */
export function qemu_macaddr_default(): Uint8Array {
  return new Uint8Array([0x52, 0x54, 0x00, 0x12, 0x34, (0x56 + machine.net.default_macs++) & 0xff]);
}

/** The client of this name, or null. */
export function qemu_find_netdev(id: string): NetClientState | null {
  return machine.net.net_clients.find((nc) => nc.name === id && nc.info.type !== 'nic') ?? null;
}

/**
 * Gives a packet to the client `opaque`. Returns the size taken; 0 closes the client until it flushes its queue.
 * @packet iov iovcnt
 */
export function qemu_deliver_packet_iov(
  _sender: NetClientState | null,
  flags: number,
  iov: readonly iovec[],
  iovcnt: number,
  opaque: object,
): number {
  const nc = opaque as NetClientState;
  if (nc.link_down) {
    drop(iov[0]!.iov_base, iov[0]!.iov_len, 'LINK_DOWN');
    return iov_size(iov, iovcnt);
  }
  if (nc.receive_disabled) {
    return 0;
  }
  let ret: number;
  if (nc.info.receive_iov && (flags & QEMU_NET_PACKET_FLAG_RAW) === 0) {
    ret = nc.info.receive_iov(nc, iov, iovcnt);
  } else {
    ret = nc_sendv_compat(nc, iov, iovcnt, flags);
  }
  if (ret === 0) {
    nc.receive_disabled = true;
  }
  return ret;
}

/**
 * Delivers a packet in pieces to a client that takes only whole ones.
 * @packet iov iovcnt
 */
export function nc_sendv_compat(nc: NetClientState, iov: readonly iovec[], iovcnt: number, flags: number): number {
  let buffer = iov[0]!.iov_base;
  let offset = iov[0]!.iov_len;
  if (iovcnt !== 1) {
    offset = Math.min(iov_size(iov, iovcnt), NET_BUFSIZE);
    buffer = new Uint8Array(offset);
    iov_to_buf(iov, iovcnt, 0, buffer, 0, offset);
  }
  return nc.info.receive!(nc, buffer, offset);
}

/**
 * Sends a packet to the peer; a busy peer gets it later. Returns the size, or 0 if it waits.
 * @packet buf size
 */
export function qemu_send_packet(nc: NetClientState, buf: Uint8Array, size: number): number {
  return qemu_send_packet_async(nc, buf, size, null);
}

/**
 * `qemu_send_packet`, and when it returned 0, `sent_cb` is called once the packet is delivered.
 * @packet buf size
 */
export function qemu_send_packet_async(
  sender: NetClientState,
  buf: Uint8Array,
  size: number,
  sent_cb: NetPacketSent | null,
): number {
  return qemu_send_packet_async_with_flags(sender, QEMU_NET_PACKET_FLAG_NONE, buf, size, sent_cb);
}

/**
 * Where every packet from `sender` starts out: to the peer's queue.
 * @packet buf size
 */
export function qemu_send_packet_async_with_flags(
  sender: NetClientState,
  flags: number,
  buf: Uint8Array,
  size: number,
  sent_cb: NetPacketSent | null,
): number {
  if (sender.link_down || !sender.peer) {
    drop(buf, size, sender.link_down ? 'LINK_DOWN' : 'NO_PEER');
    return size;
  }
  if (sender.filters.length > 0) {
    const ret = filter_receive(sender, NET_FILTER_DIRECTION_TX, sender, flags, buf, size, sent_cb);
    if (ret !== 0) {
      return ret;
    }
  }
  if (sender.peer.filters.length > 0) {
    const ret = filter_receive(sender.peer, NET_FILTER_DIRECTION_RX, sender, flags, buf, size, sent_cb);
    if (ret !== 0) {
      return ret;
    }
  }
  if (sender.faults) {
    return link_faults_send(sender, flags, buf, size);
  }
  const queue = sender.peer.incoming_queue;
  return qemu_net_queue_send(queue, sender, flags, buf, size, sent_cb);
}

/**
 * `qemu_send_packet` for a packet in pieces.
 * @packet iov iovcnt
 */
export function qemu_sendv_packet(nc: NetClientState, iov: readonly iovec[], iovcnt: number): number {
  return qemu_sendv_packet_async(nc, iov, iovcnt, null);
}

/**
 * `qemu_send_packet_async` for a packet in pieces. Returns -1 for one longer than `NET_BUFSIZE`.
 * @packet iov iovcnt
 */
export function qemu_sendv_packet_async(
  sender: NetClientState,
  iov: readonly iovec[],
  iovcnt: number,
  sent_cb: NetPacketSent | null,
): number {
  const size = iov_size(iov, iovcnt);
  if (size > NET_BUFSIZE) {
    drop(iov[0]!.iov_base, iov[0]!.iov_len, 'RX_OVERSIZE');
    return -1;
  }
  if (sender.link_down || !sender.peer) {
    drop(iov[0]!.iov_base, iov[0]!.iov_len, sender.link_down ? 'LINK_DOWN' : 'NO_PEER');
    return size;
  }
  const flags = QEMU_NET_PACKET_FLAG_NONE;
  if (sender.filters.length > 0) {
    const ret = filter_receive_iov(sender, NET_FILTER_DIRECTION_TX, sender, flags, iov, iovcnt, sent_cb);
    if (ret !== 0) {
      return ret;
    }
  }
  if (sender.peer.filters.length > 0) {
    const ret = filter_receive_iov(sender.peer, NET_FILTER_DIRECTION_RX, sender, flags, iov, iovcnt, sent_cb);
    if (ret !== 0) {
      return ret;
    }
  }
  if (sender.faults) {
    return link_faults_sendv(sender, flags, iov, iovcnt);
  }
  const queue = sender.peer.incoming_queue;
  return qemu_net_queue_send_iov(queue, sender, QEMU_NET_PACKET_FLAG_NONE, iov, iovcnt, sent_cb);
}

/**
 * Hands a client a packet of its own (loopback). Returns 0 if it cannot take one now.
 * @packet buf size
 */
export function qemu_receive_packet(nc: NetClientState, buf: Uint8Array, size: number): number {
  if (!qemu_can_receive_packet(nc)) {
    drop(buf, size, 'RX_DISABLED');
    return 0;
  }
  return qemu_net_queue_receive(nc.incoming_queue, buf, size);
}

/** Offers a client what waits for it, or forgets it (`purge`). */
export function qemu_flush_or_purge_queued_packets(nc: NetClientState, purge: boolean): void {
  nc.receive_disabled = false;
  if (nc.peer && nc.peer.info.type === 'hubport') {
    net_hub_flush(nc.peer);
  }
  if (!qemu_net_queue_flush(nc.incoming_queue) && purge && nc.peer) {
    qemu_net_queue_purge(nc.incoming_queue, nc.peer);
  }
}

/** A client can receive again: delivers what waits for it. */
export function qemu_flush_queued_packets(nc: NetClientState): void {
  qemu_flush_or_purge_queued_packets(nc, false);
}

/** Forgets what waits in the peer's queue from this client. */
export function qemu_purge_queued_packets(nc: NetClientState): void {
  if (nc.peer) {
    qemu_net_queue_purge(nc.peer.incoming_queue, nc);
  }
}

/** `set_link`: plugs or unplugs the cable of a client. A backend's link also drops at its NIC. */
/**
 * Has the link of a client lose, repeat, reorder (parts of all packets) and delay what goes over it, either way; all 0:
 * nothing any more. False if there is no such client.
 */
export function net_set_faults(name: string, faults: readonly [number, number, number, number]): boolean {
  const nc = machine.net.net_clients.find((c) => c.name === name);
  if (!nc) {
    return false;
  }
  const [loss, duplicate, reorder, delay_ns] = faults;
  const some = loss + duplicate + reorder + delay_ns > 0;
  for (const end of [nc, nc.peer]) {
    if (end) {
      end.faults = some ? new link_faults(loss * 2 ** 32, duplicate * 2 ** 32, reorder * 2 ** 32, delay_ns) : null;
    }
  }
  return true;
}

/** `set_link`: false if there is no such client. */
export function qmp_set_link(name: string, up: boolean): boolean {
  const nc = machine.net.net_clients.find((c) => c.name === name);
  if (!nc) {
    return false;
  }
  nc.link_down = !up;
  nc.info.link_status_changed?.(nc);
  const peer = nc.peer;
  if (peer) {
    // Of the peers only a NIC's own link changes: the other clients of a hub can still talk to each other.
    if (peer.info.type === 'nic') {
      peer.link_down = !up;
    }
    peer.info.link_status_changed?.(peer);
  }
  return true;
}
