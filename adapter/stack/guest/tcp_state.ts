/** Changes of a socket's TCP state (net/ipv4/tcp.c): all go through here, so that they can be seen. */
import type { tcp_sock } from './tcp_sock.ts';

/** The socket goes to another of `TCP_STATES` (RFC 9293, section 3.3.2). Break here to see each change. */
export function tcp_set_state(sk: tcp_sock, state: number): void {
  sk.sk_state = state;
}
