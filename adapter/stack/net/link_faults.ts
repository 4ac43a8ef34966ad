/** Links that lose, delay, repeat and reorder packets, as the user of the debugger sets them (see tc-netem(8)). */
import { drop } from '../util/drop.ts';
import type { iovec } from '../util/iov.ts';
import { iov_size, iov_to_buf } from '../util/iov.ts';
import { QEMU_CLOCK_VIRTUAL, qemu_clock_get_ns, timer_mod_ns, timer_new_ns } from '../util/timer.ts';
import type { NetClientState } from './net_client.ts';
import { qemu_net_queue_send } from './queue.ts';

/** What a link does to packets that a client sends; shares are those of 2^32. */
export class link_faults {
  readonly loss: number;
  readonly duplicate: number;
  readonly reorder: number;
  readonly delay_ns: number;
  /** State of its own generator: chance does not touch that of the machine. */
  x = 0x9e3779b9;
  constructor(loss: number, duplicate: number, reorder: number, delay_ns: number) {
    this.loss = loss;
    this.duplicate = duplicate;
    this.reorder = reorder;
    this.delay_ns = delay_ns;
  }
}

/** A packet on a slow link. */
export class delayed_packet {
  readonly sender: NetClientState;
  readonly flags: number;
  readonly data: Uint8Array;
  constructor(sender: NetClientState, flags: number, data: Uint8Array) {
    this.sender = sender;
    this.flags = flags;
    this.data = data;
  }
}

/** How much longer a packet takes that later ones overtake. */
const REORDER_NS = 5e6;

/**
 * True for a share of all calls.
 * @nodebug
 */
function chance(f: link_faults, share: number): boolean {
  let x = f.x;
  x ^= x << 13;
  x ^= x >>> 17;
  x ^= x << 5;
  f.x = x >>> 0;
  return f.x < share;
}

/**
 * Sends a packet over a link with faults. Returns the size.
 * @packet buf size
 */
export function link_faults_send(sender: NetClientState, flags: number, buf: Uint8Array, size: number): number {
  const f = sender.faults!;
  if (chance(f, f.loss)) {
    drop(buf, size, 'LINK_LOSS');
    return size;
  }
  const copies = chance(f, f.duplicate) ? 2 : 1;
  const late = chance(f, f.reorder) ? REORDER_NS : 0;
  const delay = f.delay_ns + late;
  for (let i = 0; i < copies; i++) {
    link_faults_copy(sender, flags, buf, size, delay);
  }
  return size;
}

/**
 * Puts one copy of a packet on a link that takes `delay` ns.
 * @packet buf size
 */
function link_faults_copy(sender: NetClientState, flags: number, buf: Uint8Array, size: number, delay: number): void {
  if (delay === 0) {
    link_faults_deliver(sender, flags, buf, size);
    return;
  }
  const packet = new delayed_packet(sender, flags, buf.slice(0, size));
  timer_mod_ns(
    timer_new_ns(QEMU_CLOCK_VIRTUAL, link_faults_arrive, packet),
    qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + delay,
  );
}

/**
 * A copy of a packet is through the link.
 * @packet buf size
 */
function link_faults_deliver(sender: NetClientState, flags: number, buf: Uint8Array, size: number): void {
  if (sender.peer) {
    qemu_net_queue_send(sender.peer.incoming_queue, sender, flags, buf, size, null);
  } else {
    drop(buf, size, 'NO_PEER');
  }
}

/**
 * `link_faults_send` for a packet in pieces.
 * @packet iov iovcnt
 */
export function link_faults_sendv(
  sender: NetClientState,
  flags: number,
  iov: readonly iovec[],
  iovcnt: number,
): number {
  const size = iov_size(iov, iovcnt);
  const data = new Uint8Array(size);
  iov_to_buf(iov, iovcnt, 0, data, 0, size);
  return link_faults_send(sender, flags, data, size);
}

/** A packet comes out of a slow link; the other end may be gone by now. */
export function link_faults_arrive(packet: delayed_packet): void {
  link_faults_deliver(packet.sender, packet.flags, packet.data, packet.data.length);
}
