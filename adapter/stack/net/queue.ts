/**
 * The queue in front of a net client (net/queue.c).
 *
 * A packet is delivered at once when the receiver can take it and is not in the middle of a delivery; otherwise it
 * waits here, so a client never sees a packet while it still handles another one. A flush delivers what waits, in
 * order.
 */

import { drop } from '../util/drop.ts';
import { iov_size, iov_to_buf, type iovec } from '../util/iov.ts';
import { type NetClientState, qemu_can_send_packet } from './net_client.ts';
import { NetPacket, type NetPacketSent, NetQueue, type NetQueueDeliverFunc } from './net_queue.ts';

/** A queue of packets for `opaque`. */
export function qemu_new_net_queue(deliver: NetQueueDeliverFunc, opaque: object): NetQueue {
  return new NetQueue(deliver, opaque);
}

/** Takes the first packet off. */
function qemu_net_queue_pop(queue: NetQueue): NetPacket {
  const packet = queue.packets[queue.head]!;
  queue.packets[queue.head++] = null;
  queue.nq_count--;
  if (queue.nq_count === 0) {
    queue.packets.length = 0;
    queue.head = 0;
  } else if (queue.head > 1024 && queue.head * 2 > queue.packets.length) {
    queue.packets.splice(0, queue.head);
    queue.head = 0;
  }
  return packet;
}

/** Puts a packet that was not taken back in front. */
function qemu_net_queue_unpop(queue: NetQueue, packet: NetPacket): void {
  if (queue.head > 0) {
    queue.packets[--queue.head] = packet;
  } else {
    queue.packets.unshift(packet);
  }
  queue.nq_count++;
}

/**
 * Keeps a copy of a packet for later. A full queue drops it, unless the sender waits for `sent_cb`.
 * @packet buf size
 */
export function qemu_net_queue_append(
  queue: NetQueue,
  sender: NetClientState,
  flags: number,
  buf: Uint8Array,
  size: number,
  sent_cb: NetPacketSent | null,
): void {
  if (queue.nq_count >= queue.nq_maxlen && !sent_cb) {
    drop(buf, size, 'QUEUE_FULL');
    return;
  }
  queue.packets.push(new NetPacket(sender, flags, sent_cb, buf.slice(0, size), size));
  queue.nq_count++;
}

/**
 * `qemu_net_queue_append` for a packet in pieces.
 * @packet iov iovcnt
 */
export function qemu_net_queue_append_iov(
  queue: NetQueue,
  sender: NetClientState,
  flags: number,
  iov: readonly iovec[],
  iovcnt: number,
  sent_cb: NetPacketSent | null,
): void {
  const size = iov_size(iov, iovcnt);
  const data = new Uint8Array(size);
  iov_to_buf(iov, iovcnt, 0, data, 0, size);
  if (queue.nq_count >= queue.nq_maxlen && !sent_cb) {
    drop(data, size, 'QUEUE_FULL');
    return;
  }
  queue.packets.push(new NetPacket(sender, flags, sent_cb, data, size));
  queue.nq_count++;
}

/**
 * Hands a packet to the client now. Returns its size, 0 if the client cannot take it yet, or a negative number.
 * @packet data size
 */
export function qemu_net_queue_deliver(
  queue: NetQueue,
  sender: NetClientState | null,
  flags: number,
  data: Uint8Array,
  size: number,
): number {
  const iov = queue.scratch_iov;
  iov[0]!.iov_base = data;
  iov[0]!.iov_len = size;
  queue.delivering = true;
  const deliver = queue.deliver;
  const ret = deliver(sender, flags, iov, 1, queue.opaque);
  queue.delivering = false;
  return ret;
}

/**
 * `qemu_net_queue_deliver` for a packet in pieces.
 * @packet iov iovcnt
 */
export function qemu_net_queue_deliver_iov(
  queue: NetQueue,
  sender: NetClientState | null,
  flags: number,
  iov: readonly iovec[],
  iovcnt: number,
): number {
  queue.delivering = true;
  const deliver = queue.deliver;
  const ret = deliver(sender, flags, iov, iovcnt, queue.opaque);
  queue.delivering = false;
  return ret;
}

/**
 * Delivers a packet that the client sends to itself (a NIC in loopback). Returns 0 when one is being delivered already.
 * @packet buf size
 */
export function qemu_net_queue_receive(queue: NetQueue, buf: Uint8Array, size: number): number {
  if (queue.delivering) {
    drop(buf, size, 'TX_LOOPBACK_BUSY');
    return 0;
  }
  return qemu_net_queue_deliver(queue, null, 0, buf, size);
}

/**
 * Delivers a packet, or queues it. Returns what the client said, 0 if it was queued.
 * @packet buf size
 */
export function qemu_net_queue_send(
  queue: NetQueue,
  sender: NetClientState,
  flags: number,
  buf: Uint8Array,
  size: number,
  sent_cb: NetPacketSent | null,
): number {
  if (queue.delivering || !qemu_can_send_packet(sender)) {
    qemu_net_queue_append(queue, sender, flags, buf, size, sent_cb);
    return 0;
  }
  const ret = qemu_net_queue_deliver(queue, sender, flags, buf, size);
  if (ret === 0) {
    qemu_net_queue_append(queue, sender, flags, buf, size, sent_cb);
    return 0;
  }
  qemu_net_queue_flush(queue);
  return ret;
}

/**
 * `qemu_net_queue_send` for a packet in pieces.
 * @packet iov iovcnt
 */
export function qemu_net_queue_send_iov(
  queue: NetQueue,
  sender: NetClientState,
  flags: number,
  iov: readonly iovec[],
  iovcnt: number,
  sent_cb: NetPacketSent | null,
): number {
  if (queue.delivering || !qemu_can_send_packet(sender)) {
    qemu_net_queue_append_iov(queue, sender, flags, iov, iovcnt, sent_cb);
    return 0;
  }
  const ret = qemu_net_queue_deliver_iov(queue, sender, flags, iov, iovcnt);
  if (ret === 0) {
    qemu_net_queue_append_iov(queue, sender, flags, iov, iovcnt, sent_cb);
    return 0;
  }
  qemu_net_queue_flush(queue);
  return ret;
}

/** Forgets the packets that `from` sent, telling their senders. */
export function qemu_net_queue_purge(queue: NetQueue, from: NetClientState): void {
  const purged: NetPacket[] = [];
  const kept: NetPacket[] = [];
  for (let i = queue.head; i < queue.packets.length; i++) {
    const packet = queue.packets[i]!;
    (packet.sender === from ? purged : kept).push(packet);
  }
  queue.packets = kept;
  queue.head = 0;
  queue.nq_count = kept.length;
  for (const packet of purged) {
    drop(packet.data, packet.size, 'LINK_DOWN');
    packet.sent_cb?.(packet.sender, 0);
  }
}

/** Delivers what waits until the client stops taking it. Returns true when the queue is empty. */
export function qemu_net_queue_flush(queue: NetQueue): boolean {
  if (queue.delivering) {
    return false;
  }
  while (queue.nq_count > 0) {
    const packet = qemu_net_queue_pop(queue);
    const ret = qemu_net_queue_deliver(queue, packet.sender, packet.flags, packet.data, packet.size);
    if (ret === 0) {
      qemu_net_queue_unpop(queue, packet);
      return false;
    }
    packet.sent_cb?.(packet.sender, ret);
  }
  return true;
}
