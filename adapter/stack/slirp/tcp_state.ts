/** Changes of a TCP connection's state (FreeBSD's tcp_state_change): all go through here, so that they can be seen. */
import type { tcpcb } from './tcp.ts';

/** The connection goes to another of the states `TCPS_*` (RFC 9293, section 3.3.2). Break here to see each change. */
export function tcp_state_change(tp: tcpcb, newstate: number): void {
  tp.t_state = newstate;
}
