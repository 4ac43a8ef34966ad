/** UDP over IPv6 (libslirp's udp6.c). */
import { AF_INET6 } from '../util/host.ts';
import { rd8, rd16, wr16 } from '../wire/bytes.ts';
import { DHCPV6_SERVER_PORT } from '../wire/dhcpv6.ts';
import { ICMP6_TIMXCEED, ICMP6_UNREACH, ICMP6_UNREACH_NO_ROUTE } from '../wire/icmp6.ts';
import { IPPROTO_UDP } from '../wire/ip.ts';
import { IP6_DST, IP6_HLEN, IP6_HLIM, IP6_PLEN, IP6_SRC } from '../wire/ip6.ts';
import { TFTP_SERVER } from '../wire/tftp.ts';
import { UDP_HLEN, UH_DPORT, UH_SPORT, UH_ULEN } from '../wire/udp.ts';
import { ip6_pseudo_cksum } from './cksum.ts';
import { dhcpv6_input } from './dhcpv6.ts';
import { icmp6_send_error } from './ip6_icmp.ts';
import { m_drop, m_free, type mbuf } from './mbuf.ts';
import { type socket, socreate, sosendto } from './so_state.ts';
import { in6_equal, solookup6 } from './solist.ts';
import { tftp_input } from './tftp.ts';
import { udp_attach } from './udp_sock.ts';

/** True for the addresses that DHCPv6 clients send to: all servers and relays (ff02::1:2). */
function is_all_dhcp_servers(a: Uint8Array): boolean {
  return in6_equal(a, Uint8Array.of(0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2));
}

/**
 * Checks the UDP header of an IPv6 packet, and cuts what is behind the datagram. Returns false if it has been dropped.
 * @packet m
 */
function udp6_header(m: mbuf): boolean {
  const b = m.m_dat;
  const ip = m.m_data;
  const uh = ip + IP6_HLEN;
  const iplen = m.m_len - IP6_HLEN;
  if (iplen < UDP_HLEN) {
    m_drop(m, 'UDP_SHORT');
    return false;
  }
  if (ip6_pseudo_cksum(m, ip, IPPROTO_UDP, uh, iplen) !== 0) {
    m_drop(m, 'UDP_CSUM');
    return false;
  }
  const len = rd16(b, uh + UH_ULEN);
  if (len > iplen) {
    m_drop(m, 'UDP_SHORT');
    return false;
  }
  if (len < iplen) {
    m.m_len = IP6_HLEN + len;
    wr16(b, ip + IP6_PLEN, len);
  }
  return true;
}

/**
 * Takes a UDP datagram over IPv6 from the guest. A restricted network takes none.
 * @packet m
 */
export function udp6_input(m: mbuf): void {
  const slirp = m.slirp;
  if (slirp.restricted) {
    m_drop(m, 'RESTRICTED');
    return;
  }
  if (!udp6_header(m)) {
    return;
  }
  const b = m.m_dat;
  const ip = m.m_data;
  const uh = ip + IP6_HLEN;
  const sport = rd16(b, uh + UH_SPORT);
  const dport = rd16(b, uh + UH_DPORT);
  const src = b.slice(ip + IP6_SRC, ip + IP6_DST);
  const dst = b.slice(ip + IP6_DST, ip + IP6_HLEN);
  if (dport === DHCPV6_SERVER_PORT && (in6_equal(dst, slirp.vhost_addr6) || is_all_dhcp_servers(dst))) {
    dhcpv6_input(m, src, sport);
    return;
  }
  if (dport === TFTP_SERVER && in6_equal(dst, slirp.vhost_addr6)) {
    tftp_input(m, AF_INET6);
    return;
  }
  let so = solookup6(slirp.udb_hash, src, sport, dst, dport);
  if (!so) {
    so = socreate(slirp, IPPROTO_UDP);
    so.so_lfamily = AF_INET6;
    so.so_laddr6 = src;
    so.so_lport = sport;
    so.so_fport = dport;
    so.so_faddr6 = dst;
    udp_attach(so, AF_INET6);
  }
  so.so_ffamily = AF_INET6;
  so.so_faddr6 = dst;
  so.so_fport = dport;
  udp6_send(so, m);
}

/**
 * Sends a datagram to the host, and keeps it for ICMPv6 errors.
 * @packet m
 */
function udp6_send(so: socket, m: mbuf): void {
  const hops = rd8(m.m_dat, m.m_data + IP6_HLIM);
  if (hops <= 1) {
    icmp6_send_error(m, ICMP6_TIMXCEED, 0);
    m_drop(m, 'IP_TTL');
    return;
  }
  m.m_data += IP6_HLEN + UDP_HLEN;
  m.m_len -= IP6_HLEN + UDP_HLEN;
  // A length below the header's is one that no host would send.
  const errno = m.m_len < 0 ? 'EMSGSIZE' : sosendto(so, m, hops - 1);
  m.m_data -= IP6_HLEN + UDP_HLEN;
  m.m_len += IP6_HLEN + UDP_HLEN;
  if (errno !== '') {
    icmp6_send_error(m, ICMP6_UNREACH, ICMP6_UNREACH_NO_ROUTE);
    m_drop(m, m.m_len < IP6_HLEN + UDP_HLEN ? 'UDP_SHORT' : 'HOST_ERROR');
    return;
  }
  if (so.so_m) {
    m_free(so.so_m);
  }
  so.so_m = m;
}
