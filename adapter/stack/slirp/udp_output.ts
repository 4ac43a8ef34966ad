/** UDP output (libslirp's udp.c and udp6.c): puts the headers before a datagram for the guest. */
import { wr16, wr32 } from '../wire/bytes.ts';
import {
  IP_DST,
  IP_HLEN,
  IP_MAXPACKET,
  IP_OFF,
  IP_P,
  IP_SRC,
  IP_TOS,
  IP_TTL,
  IPDEFTTL,
  IPPROTO_UDP,
  MAXTTL,
} from '../wire/ip.ts';
import {
  IP6_DST,
  IP6_FLOW,
  IP6_FLOW_BASIC,
  IP6_HLEN,
  IP6_HLIM,
  IP6_NXT,
  IP6_SRC,
  IP6_TCLASS_SHIFT,
} from '../wire/ip6.ts';
import { UDP_HLEN, UH_DPORT, UH_SPORT, UH_SUM, UH_SUM_ZERO, UH_ULEN } from '../wire/udp.ts';
import { ip_pseudo_cksum, ip6_pseudo_cksum } from './cksum.ts';
import { ip_output } from './ip_output.ts';
import { ip6_output } from './ip6_output.ts';
import { m_drop, type mbuf } from './mbuf.ts';
import type { socket } from './so_state.ts';

/**
 * Sends a datagram to the guest: `m_data .. m_len` is the payload, with room for the headers in front. Addresses are
 * numbers, ports in host order; `so` is the socket it came from, or null.
 * @packet m
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
  if (m.m_len > IP_MAXPACKET) {
    m_drop(m, 'UDP_SHORT');
    return;
  }
  b[ip + IP_TOS] = iptos;
  wr16(b, ip + IP_OFF, 0);
  b[ip + IP_TTL] = IPDEFTTL;
  b[ip + IP_P] = IPPROTO_UDP;
  wr32(b, ip + IP_SRC, saddr);
  wr32(b, ip + IP_DST, daddr);
  wr16(b, uh + UH_SPORT, sport);
  wr16(b, uh + UH_DPORT, dport);
  wr16(b, uh + UH_ULEN, len);
  wr16(b, uh + UH_SUM, 0);
  wr16(b, uh + UH_SUM, ip_pseudo_cksum(m, ip, IPPROTO_UDP, uh, len) || UH_SUM_ZERO);
  ip_output(so, m);
}

/**
 * As `udp_output`, over IPv6; addresses are 16 bytes.
 * @packet m
 */
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
  wr32(b, ip + IP6_FLOW, IP6_FLOW_BASIC | (iptos << IP6_TCLASS_SHIFT));
  b[ip + IP6_NXT] = IPPROTO_UDP;
  b[ip + IP6_HLIM] = MAXTTL;
  b.set(saddr, ip + IP6_SRC);
  b.set(daddr, ip + IP6_DST);
  wr16(b, uh + UH_SPORT, sport);
  wr16(b, uh + UH_DPORT, dport);
  wr16(b, uh + UH_ULEN, len);
  wr16(b, uh + UH_SUM, 0);
  wr16(b, uh + UH_SUM, ip6_pseudo_cksum(m, ip, IPPROTO_UDP, uh, len) || UH_SUM_ZERO);
  ip6_output(so, m);
}
