/** The queue in front of a net client (include/net/queue.h): its structs. The code for it is in queue.ts. */

import { iovec } from '../util/iov.ts';
import type { NetClientState } from './net_client.ts';

/** Called when a queued packet was delivered (`ret` > 0), or purged (`ret` 0). */
export type NetPacketSent = (sender: NetClientState, ret: number) => void;

/** Packets a queue holds when their sender does not wait for them to be sent. */
export const NET_QUEUE_MAXLEN = 10000;

/** A packet that waits. */
export class NetPacket {
  readonly sender: NetClientState;
  readonly flags: number;
  readonly sent_cb: NetPacketSent | null;
  readonly data: Uint8Array;
  readonly size: number;
  /**
   * Keeps what it is given.
   * @packet data size
   */
  constructor(sender: NetClientState, flags: number, sent_cb: NetPacketSent | null, data: Uint8Array, size: number) {
    this.sender = sender;
    this.flags = flags;
    this.sent_cb = sent_cb;
    this.data = data;
    this.size = size;
  }
}

/**
 * Hands a packet to what is behind the queue: a net client, or what follows a filter. Returns its size, 0 for "not
 * now", or negative.
 */
export type NetQueueDeliverFunc = (
  sender: NetClientState | null,
  flags: number,
  iov: readonly iovec[],
  iovcnt: number,
  opaque: object,
) => number;

/** Packets on their way to a client. */
export class NetQueue {
  readonly deliver: NetQueueDeliverFunc;
  /** The client that the packets are delivered to, or the filter that keeps them. */
  readonly opaque: object;
  nq_maxlen = NET_QUEUE_MAXLEN;
  /** Packets that wait; those before `head` are gone already. */
  packets: (NetPacket | null)[] = [];
  head = 0;
  nq_count = 0;
  /** A delivery is under way: what is sent meanwhile waits. */
  delivering = false;
  /** The list a single buffer is delivered in; used only while `delivering`. */
  readonly scratch_iov: iovec[] = [new iovec(new Uint8Array(0), 0)];
  constructor(deliver: NetQueueDeliverFunc, opaque: object) {
    this.deliver = deliver;
    this.opaque = opaque;
  }
}
