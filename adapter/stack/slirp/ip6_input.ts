/** IPv6 input (libslirp's ip6_input.c; RFC 8200): packets with extension headers are dropped. */
import { AF_INET6 } from '../util/host.ts';
import { rd16 } from '../wire/bytes.ts';
import { ICMP6_TIMXCEED, ICMP6_TOOBIG } from '../wire/icmp6.ts';
import { IPPROTO_ICMPV6, IPPROTO_TCP, IPPROTO_UDP, ip_v } from '../wire/ip.ts';
import { IP6_HLEN, IP6_HLIM, IP6_NXT, IP6_PLEN } from '../wire/ip6.ts';
import { icmp6_input, icmp6_send_error } from './ip6_icmp.ts';
import { m_drop, type mbuf } from './mbuf.ts';
import { tcp_input } from './tcp_input.ts';
import { udp6_input } from './udp6.ts';

/**
 * Takes an IPv6 packet from the guest: checks the header and hands it to its protocol.
 * @packet m
 */
export function ip6_input(m: mbuf): void {
  const slirp = m.slirp;
  const b = m.m_dat;
  const ip = m.m_data;
  if (!slirp.in6_enabled) {
    m_drop(m, 'IPV6_OFF');
    return;
  }
  if (m.m_len < IP6_HLEN) {
    m_drop(m, 'IP_SHORT');
    return;
  }
  if (ip_v(b, ip) !== 6) {
    m_drop(m, 'IP_VERSION');
    return;
  }
  const len = rd16(b, ip + IP6_PLEN) + IP6_HLEN;
  if (len > slirp.if_mtu) {
    icmp6_send_error(m, ICMP6_TOOBIG, 0);
    m_drop(m, 'IP6_TOO_BIG');
    return;
  }
  if (m.m_len < len) {
    m_drop(m, 'IP_SHORT');
    return;
  }
  // Ethernet's padding.
  m.m_len = len;
  if (b[ip + IP6_HLIM] === 0) {
    icmp6_send_error(m, ICMP6_TIMXCEED, 0);
    m_drop(m, 'IP_TTL');
    return;
  }
  switch (b[ip + IP6_NXT]) {
    case IPPROTO_TCP:
      tcp_input(m, IP6_HLEN, null, AF_INET6);
      break;
    case IPPROTO_UDP:
      udp6_input(m);
      break;
    case IPPROTO_ICMPV6:
      icmp6_input(m);
      break;
    default:
      m_drop(m, 'IP6_HDR');
  }
}
