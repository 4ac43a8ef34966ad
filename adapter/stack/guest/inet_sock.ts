/**
 * What all sockets have in common (include/net/inet_sock.h). It stands alone, and imports no code that needs it,
 * because other structs extend it.
 */
import type { net_device } from './net_device.ts';
import type { task_struct } from './sched.ts';
import { sk_buff_head } from './skb_queue.ts';

/** A socket (`struct sock` with `struct inet_sock`). Addresses and ports are in host byte order. */
export class sock {
  readonly sk_protocol: number;
  /** A TCP state; `TCP_CLOSE` for the others until they are connected. */
  sk_state = 7;
  /** Own address, or 0 for any. */
  inet_saddr = 0;
  /** Own port; the identifier of a ping socket. */
  inet_num = 0;
  inet_daddr = 0;
  inet_dport = 0;
  /** A positive error number that the next call returns, or 0. */
  sk_err = 0;
  sk_shutdown = 0;
  sk_receive_queue: sk_buff_head = new sk_buff_head();
  /** Who waits for something to happen. */
  sk_wq: task_struct | null = null;
  /** Datagram sockets: where the last datagram read came from, and its time to live. */
  msg_addr = 0;
  msg_port = 0;
  msg_ttl = 0;
  /** Nobody holds it any more. */
  sk_dead = false;
  /** The device that it sends by, whatever the routes say, or null. */
  sk_bound_dev: net_device | null = null;
  constructor(protocol: number) {
    this.sk_protocol = protocol;
  }
}
