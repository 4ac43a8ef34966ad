/** The socket calls of programs (net/ipv4/af_inet.c). */

import { IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP } from '../wire/ip.ts';
import { EADDRINUSE } from './errno.ts';
import { sock } from './inet_sock.ts';
import { guest_os } from './kernel.ts';
import type { task_struct } from './sched.ts';
import { skb_queue_purge } from './skbuff.ts';
import { inet_dgram_bind } from './sock.ts';
import { inet_csk_listen_start, tcp_close } from './tcp.ts';
import type { tcp_sock } from './tcp_sock.ts';
import { tcp_sk_alloc } from './tcp_timer.ts';

/** A TCP socket of a process. */
export function tcp_socket(task: task_struct): tcp_sock {
  const sk = tcp_sk_alloc();
  sock_graft(task, sk);
  return sk;
}

/** Makes a process the one that a socket wakes, and that closes it. */
export function sock_graft(task: task_struct, sk: sock): void {
  sk.sk_wq = task;
  task.sockets.push(sk);
}

/** A UDP socket on port `port` (0: any free one), or null when the port is taken. */
export function udp_socket(task: task_struct, port: number): sock | null {
  const sk = new sock(IPPROTO_UDP);
  if (inet_dgram_bind(sk, guest_os().net.inet.udp, port) < 0) {
    return null;
  }
  sock_graft(task, sk);
  return sk;
}

/** A ping socket, whose identifier is free; null when there is none. */
export function ping_socket(task: task_struct): sock | null {
  const sk = new sock(IPPROTO_ICMP);
  if (inet_dgram_bind(sk, guest_os().net.inet.ping, 0) < 0) {
    return null;
  }
  sock_graft(task, sk);
  return sk;
}

/** Binds a TCP socket to a port and listens. Returns 0 or -EADDRINUSE. */
export function inet_listen(sk: tcp_sock, port: number, backlog: number): number {
  if (guest_os().net.inet.lhash.has(port)) {
    return -EADDRINUSE;
  }
  sk.inet_num = port;
  inet_csk_listen_start(sk, backlog);
  return 0;
}

/** Closes a socket that its process holds. */
export function sock_close(task: task_struct, sk: sock): void {
  const i = task.sockets.indexOf(sk);
  if (i >= 0) {
    task.sockets.splice(i, 1);
  }
  inet_release(sk);
}

/** The last reference to a socket is gone. */
export function inet_release(sk: sock): void {
  const { inet } = guest_os().net;
  sk.sk_wq = null;
  if (sk.sk_protocol === IPPROTO_TCP) {
    tcp_close(sk as tcp_sock);
    return;
  }
  (sk.sk_protocol === IPPROTO_UDP ? inet.udp : inet.ping).delete(sk.inet_num);
  sk.sk_dead = true;
  skb_queue_purge(sk.sk_receive_queue);
}
