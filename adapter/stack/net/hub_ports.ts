/** A hub's ports, and delivering what waits at them (net/hub.c). What they do with frames is in hub.ts. */
import type { NetClientState } from './net_client.ts';
import { qemu_net_queue_flush } from './queue.ts';

/** A port of a hub. */
export class NetHubPort {
  readonly id: number;
  readonly hub: NetHub;
  nc!: NetClientState;
  constructor(hub: NetHub, id: number) {
    this.hub = hub;
    this.id = id;
  }
}

/** A hub with its ports, newest first. */
export class NetHub {
  readonly id: number;
  readonly ports: NetHubPort[] = [];
  constructor(id: number) {
    this.id = id;
  }
}

/** Delivers what waits at the hub's other ports. Returns true if any queue came empty. */
export function net_hub_flush(nc: NetClientState): boolean {
  const source_port = nc.opaque as NetHubPort;
  let ret = false;
  for (const port of source_port.hub.ports) {
    if (port !== source_port && qemu_net_queue_flush(port.nc.incoming_queue)) {
      ret = true;
    }
  }
  return ret;
}
