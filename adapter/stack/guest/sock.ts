/** Sockets: what all protocols share, and the tables that find them (net/core/sock.c, net/ipv4/inet_hashtables.c). */

import { qemu_random_u32 } from '../util/random.ts';
import { EADDRINUSE } from './errno.ts';
import type { sock } from './inet_sock.ts';
import { guest_os } from './kernel.ts';
import { wake_up_process } from './sched.ts';
import type { sk_buff } from './sk_buff.ts';
import type { tcp_sock } from './tcp_sock.ts';

/** Which directions of a socket are shut down. */
export const RCV_SHUTDOWN = 1;
export const SEND_SHUTDOWN = 2;

/** Ports that the kernel picks from (`ip_local_port_range`). */
const LOCAL_PORT_MIN = 32768;
const LOCAL_PORT_MAX = 60999;

/** There is something to read: wakes the program that waits. */
export function sock_def_readable(sk: sock): void {
  if (sk.sk_wq) {
    wake_up_process(sk.sk_wq);
  }
}

/** There is room to write. */
export function sock_def_write_space(sk: sock): void {
  if (sk.sk_wq) {
    wake_up_process(sk.sk_wq);
  }
}

/** The socket has failed. */
export function sk_error_report(sk: sock): void {
  if (sk.sk_wq) {
    wake_up_process(sk.sk_wq);
  }
}

/** Takes the pending error, as a positive number. */
export function sock_error(sk: sock): number {
  const err = sk.sk_err;
  sk.sk_err = 0;
  return err;
}

/**
 * Gives a datagram socket the port `num` (0: a free one). Returns 0 or -EADDRINUSE.
 */
export function inet_dgram_bind(sk: sock, table: Map<number, sock>, num: number): number {
  let port = num;
  for (let tries = 0; port === 0 && tries < 4096; tries++) {
    const candidate = LOCAL_PORT_MIN + (qemu_random_u32() % (LOCAL_PORT_MAX - LOCAL_PORT_MIN + 1));
    port = table.has(candidate) ? 0 : candidate;
  }
  if (port === 0 || table.has(port)) {
    return -EADDRINUSE;
  }
  sk.inet_num = port;
  table.set(port, sk);
  return 0;
}

/**
 * Finds the connection of a segment.
 * @nodebug
 */
export function __inet_lookup_established(saddr: number, sport: number, daddr: number, dport: number): tcp_sock | null {
  let sk = guest_os().net.inet.ehash.get(((dport << 16) | sport) >>> 0) ?? null;
  while (sk && (sk.inet_daddr !== saddr || sk.inet_saddr !== daddr)) {
    sk = sk.hash_next;
  }
  return sk;
}

/** Enters a connection in the table. */
export function inet_ehash_insert(sk: tcp_sock): void {
  const { ehash } = guest_os().net.inet;
  const key = ((sk.inet_num << 16) | sk.inet_dport) >>> 0;
  sk.hash_next = ehash.get(key) ?? null;
  ehash.set(key, sk);
}

/** Removes a connection from the table. */
export function inet_unhash(sk: tcp_sock): void {
  const { ehash } = guest_os().net.inet;
  const key = ((sk.inet_num << 16) | sk.inet_dport) >>> 0;
  let prev: tcp_sock | null = null;
  for (let p = ehash.get(key) ?? null; p; prev = p, p = p.hash_next) {
    if (p !== sk) {
      continue;
    }
    if (prev) {
      prev.hash_next = sk.hash_next;
    } else if (sk.hash_next) {
      ehash.set(key, sk.hash_next);
    } else {
      ehash.delete(key);
    }
    sk.hash_next = null;
    return;
  }
}

/** A port of our own for a connection to `daddr:dport`, not in use for that peer; 0 when there is none. */
export function inet_hash_connect(saddr: number, daddr: number, dport: number): number {
  const { lhash } = guest_os().net.inet;
  const range = LOCAL_PORT_MAX - LOCAL_PORT_MIN + 1;
  const offset = qemu_random_u32() % range;
  for (let i = 0; i < range; i++) {
    const port = LOCAL_PORT_MIN + ((offset + i) % range);
    if (!lhash.has(port) && !__inet_lookup_established(daddr, dport, saddr, port)) {
      return port;
    }
  }
  return 0;
}

/**
 * Copies up to `len` bytes of a packet from byte `off` of its data to `buf` at `pos`; returns how many.
 * @nodebug
 */
export function skb_copy_datagram(skb: sk_buff, off: number, buf: Uint8Array, pos: number, len: number): number {
  const n = Math.min(len, skb.len - off);
  if (n > 0) {
    buf.set(skb.head.subarray(skb.data + off, skb.data + off + n), pos);
  }
  return Math.max(0, n);
}
