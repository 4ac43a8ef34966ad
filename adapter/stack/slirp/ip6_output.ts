/** IPv6 output (libslirp's ip6_output.c). */
import { wr16 } from '../wire/bytes.ts';
import { IP6_HLEN, IP6_PLEN } from '../wire/ip6.ts';
import { if_output } from './if.ts';
import { m_drop, type mbuf } from './mbuf.ts';
import type { socket } from './so_state.ts';

/**
 * Sends an IPv6 packet to the guest; the payload length is filled in
 * here. There is no fragmentation: what exceeds the MTU is dropped.
 * @packet m
 */
export function ip6_output(so: socket | null, m: mbuf): void {
  if (m.m_len > m.slirp.if_mtu) {
    m_drop(m, 'IP6_TOO_BIG');
    return;
  }
  wr16(m.m_dat, m.m_data + IP6_PLEN, m.m_len - IP6_HLEN);
  if_output(so, m);
}
