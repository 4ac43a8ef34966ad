/** Packets that do not come from where packets come from: put into the path from outside, or held back on it. */
import { slirp_input } from '../slirp/slirp.ts';
import { machine } from '../softmmu/machine.ts';
import { QEMU_CLOCK_VIRTUAL, qemu_clock_get_ns, timer_mod_ns, timer_new_ns } from '../util/timer.ts';
import { qemu_send_packet } from './net.ts';

/** Where a packet is put in: to the user network, from the NIC to the net, or from the net to the NIC. */
export type InjectEdge = 'slirp' | 'net' | 'nic';

/** A packet that is held back. */
export class held_packet {
  readonly edge: InjectEdge;
  readonly data: Uint8Array;
  constructor(edge: InjectEdge, data: Uint8Array) {
    this.edge = edge;
    this.data = data;
  }
}

/**
 * Puts a frame in at an edge, as if it came from before it.
 * @packet buf size
 */
export function net_inject(edge: InjectEdge, buf: Uint8Array, size: number): void {
  const nc = machine.nics[0]?.nic.nc ?? null;
  if (edge === 'slirp') {
    const slirp = machine.slirps[0];
    if (slirp) {
      slirp_input(slirp, buf, size);
    }
  } else if (nc && edge === 'net') {
    qemu_send_packet(nc, buf, size);
  } else if (nc?.peer) {
    qemu_send_packet(nc.peer, buf, size);
  }
}

/**
 * Keeps a copy of a frame and puts it in again `ns` later.
 * @nodebug
 */
export function net_hold(edge: InjectEdge, buf: Uint8Array, size: number, ns: number): void {
  const held = new held_packet(edge, buf.slice(0, size));
  timer_mod_ns(timer_new_ns(QEMU_CLOCK_VIRTUAL, net_release, held), qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + ns);
}

/** The time of a packet that was held back is over. */
export function net_release(held: held_packet): void {
  net_inject(held.edge, held.data, held.data.length);
}
