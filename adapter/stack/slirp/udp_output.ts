/** UDP output (libslirp's udp.c and udp6.c): puts the headers before a datagram for the guest. */
import { wr16, wr32 } from '../wire/bytes.ts';
import { IP_HLEN, IPDEFTTL, IPPROTO_UDP, MAXTTL } from '../wire/ip.ts';
import { IP6_HLEN } from '../wire/ip6.ts';
import { UDP_HLEN } from '../wire/udp.ts';
import { ip_pseudo_cksum, ip6_pseudo_cksum } from './cksum.ts';
import { ip_output } from './ip_output.ts';
import { ip6_output } from './ip6_output.ts';
import { m_drop, type mbuf } from './mbuf.ts';
import type { socket } from './so_state.ts';

/**
 * Sends a datagram to the guest: `m_data .. m_len` is the payload, with room for the headers in front. Addresses are numbers, ports in
 * host order; `so` is the socket it came from, or null.
 */
export function udp_output(
  so: socket | null,
  m: mbuf,
  saddr: number,
  sport: number,
  daddr: number,
  dport: number,
  iptos: number,
): void {
  const b = m.m_dat;
  const len = m.m_len + UDP_HLEN;
  m.m_data -= IP_HLEN + UDP_HLEN;
  m.m_len += IP_HLEN + UDP_HLEN;
  const ip = m.m_data;
  const uh = ip + IP_HLEN;
  m.m_ip = ip;
  if (m.m_len > 65535) {
    m_drop(m, 'UDP_SHORT');
    return;
  }
  b[ip + 1] = iptos;
  wr16(b, ip + 6, 0);
  b[ip + 8] = IPDEFTTL;
  b[ip + 9] = IPPROTO_UDP;
  wr32(b, ip + 12, saddr);
  wr32(b, ip + 16, daddr);
  wr16(b, uh, sport);
  wr16(b, uh + 2, dport);
  wr16(b, uh + 4, len);
  wr16(b, uh + 6, 0);
  wr16(b, uh + 6, ip_pseudo_cksum(m, ip, IPPROTO_UDP, uh, len) || 0xffff);
  ip_output(so, m);
}

/** As `udp_output`, over IPv6; addresses are 16 bytes. */
export function udp6_output(
  so: socket | null,
  m: mbuf,
  saddr: Uint8Array,
  sport: number,
  daddr: Uint8Array,
  dport: number,
  iptos: number,
): void {
  const b = m.m_dat;
  const len = m.m_len + UDP_HLEN;
  m.m_data -= IP6_HLEN + UDP_HLEN;
  m.m_len += IP6_HLEN + UDP_HLEN;
  const ip = m.m_data;
  const uh = ip + IP6_HLEN;
  m.m_ip = ip;
  wr32(b, ip, ((0x60 << 24) | (iptos << 20)) >>> 0);
  b[ip + 6] = IPPROTO_UDP;
  b[ip + 7] = MAXTTL;
  b.set(saddr, ip + 8);
  b.set(daddr, ip + 24);
  wr16(b, uh, sport);
  wr16(b, uh + 2, dport);
  wr16(b, uh + 4, len);
  wr16(b, uh + 6, 0);
  wr16(b, uh + 6, ip6_pseudo_cksum(m, ip, IPPROTO_UDP, uh, len) || 0xffff);
  ip6_output(so, m);
}
