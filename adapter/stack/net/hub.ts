/** Hubs (net/hub.c): what comes in at one port goes out at all others. */

import { machine } from '../softmmu/machine.ts';
import { iov_size, type iovec } from '../util/iov.ts';
import { NetHub, NetHubPort } from './hub_ports.ts';
import { qemu_new_net_client, qemu_send_packet, qemu_sendv_packet } from './net.ts';
import { type NetClientInfo, type NetClientState, qemu_can_send_packet } from './net_client.ts';

/**
 * Repeats a frame to all ports but the one it came from.
 * @packet buf len
 */
export function net_hub_receive(hub: NetHub, source_port: NetHubPort, buf: Uint8Array, len: number): number {
  for (const port of hub.ports) {
    if (port !== source_port) {
      qemu_send_packet(port.nc, buf, len);
    }
  }
  return len;
}

/**
 * `net_hub_receive` for a frame in pieces.
 * @packet iov iovcnt
 */
export function net_hub_receive_iov(
  hub: NetHub,
  source_port: NetHubPort,
  iov: readonly iovec[],
  iovcnt: number,
): number {
  const len = iov_size(iov, iovcnt);
  for (const port of hub.ports) {
    if (port !== source_port) {
      qemu_sendv_packet(port.nc, iov, iovcnt);
    }
  }
  return len;
}

/** A port can take a frame as soon as one of the others can pass it on. */
export function net_hub_port_can_receive(nc: NetClientState): boolean {
  const src_port = nc.opaque as NetHubPort;
  for (const port of src_port.hub.ports) {
    if (port !== src_port && qemu_can_send_packet(port.nc)) {
      return true;
    }
  }
  return false;
}

/**
 * A frame arrives at a port.
 * @packet buf len
 */
export function net_hub_port_receive(nc: NetClientState, buf: Uint8Array, len: number): number {
  const port = nc.opaque as NetHubPort;
  return net_hub_receive(port.hub, port, buf, len);
}

/**
 * A frame in pieces arrives at a port.
 * @packet iov iovcnt
 */
export function net_hub_port_receive_iov(nc: NetClientState, iov: readonly iovec[], iovcnt: number): number {
  const port = nc.opaque as NetHubPort;
  return net_hub_receive_iov(port.hub, port, iov, iovcnt);
}

const net_hub_port_info: NetClientInfo = {
  type: 'hubport',
  receive: net_hub_port_receive,
  receive_iov: net_hub_port_receive_iov,
  can_receive: net_hub_port_can_receive,
  link_status_changed: null,
  do_not_pad: false,
};

/** The hub of this id, or null. */
function net_hub_find(id: number): NetHub | null {
  return machine.net.hubs.find((h) => h.id === id) ?? null;
}

/** A new port named `name` (empty: `hubNportM`), linked to `hubpeer` if given. */
function net_hub_port_new(hub: NetHub, name: string, hubpeer: NetClientState | null): NetHubPort {
  const port = new NetHubPort(hub, hub.ports.length);
  const default_name = `hub${hub.id}port${port.id}`;
  port.nc = qemu_new_net_client(net_hub_port_info, hubpeer, 'hub', name === '' ? default_name : name, port);
  port.nc.info_str = `hubid=${hub.id}`;
  hub.ports.unshift(port);
  return port;
}

/** Adds a port to hub `hub_id`, making the hub if it is the first. Returns the port's client. */
export function net_hub_add_port(hub_id: number, name: string, hubpeer: NetClientState | null): NetClientState {
  let hub = net_hub_find(hub_id);
  if (!hub) {
    hub = new NetHub(hub_id);
    machine.net.hubs.unshift(hub);
  }
  return net_hub_port_new(hub, name, hubpeer).nc;
}

/** The hub a client is a port of, or is linked to: its id, or -1. */
export function net_hub_id_for_client(nc: NetClientState): number {
  const port = nc.info.type === 'hubport' ? nc : nc.peer?.info.type === 'hubport' ? nc.peer : null;
  return port ? (port.opaque as NetHubPort).hub.id : -1;
}

/** Lowest id that no hub has. */
export function net_hub_free_id(): number {
  let id = 0;
  while (net_hub_find(id)) {
    id++;
  }
  return id;
}
