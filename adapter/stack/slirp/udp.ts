/** UDP over IPv4 (libslirp's udp.c; RFC 768): one host socket for each address and port of the guest. */
import { AF_INET } from '../util/host.ts';
import { rd8, rd16, rd32, wr16 } from '../wire/bytes.ts';
import { BOOTP_SERVER } from '../wire/dhcp.ts';
import { ICMP_TIMXCEED, ICMP_UNREACH, ICMP_UNREACH_NET } from '../wire/icmp.ts';
import { INADDR_BROADCAST, IP_DST, IP_HLEN, IP_LEN, IP_SRC, IP_TOS, IP_TTL, IPPROTO_UDP } from '../wire/ip.ts';
import { TFTP_SERVER } from '../wire/tftp.ts';
import { UDP_HLEN, UH_DPORT, UH_SPORT, UH_SUM, UH_ULEN } from '../wire/udp.ts';
import { bootp_input } from './bootp.ts';
import { ip_pseudo_cksum } from './cksum.ts';
import type { Slirp } from './instance.ts';
import { icmp_send_error } from './ip_icmp.ts';
import { ip_stripoptions } from './ip_output.ts';
import { m_drop, m_free, type mbuf } from './mbuf.ts';
import { type socket, socreate, sosendto } from './so_state.ts';
import { solookup } from './solist.ts';
import { tftp_input } from './tftp.ts';
import { udp_attach } from './udp_sock.ts';

/**
 * Checks the UDP header of a packet without IP options, and cuts
 * what is behind the datagram. Returns false if it has been dropped.
 * @packet m
 */
function udp_header(m: mbuf): boolean {
  const b = m.m_dat;
  const ip = m.m_data;
  const uh = ip + IP_HLEN;
  const ip_len = m.m_len - IP_HLEN;
  const len = ip_len < UDP_HLEN ? 0 : rd16(b, uh + UH_ULEN);
  if (ip_len < UDP_HLEN || len > ip_len) {
    m_drop(m, 'UDP_SHORT');
    return false;
  }
  if (len < ip_len) {
    m.m_len = IP_HLEN + len;
    wr16(b, ip + IP_LEN, m.m_len);
  }
  if (rd16(b, uh + UH_SUM) !== 0 && ip_pseudo_cksum(m, ip, IPPROTO_UDP, uh, len) !== 0) {
    m_drop(m, 'UDP_CSUM');
    return false;
  }
  return true;
}

/** True for what the DHCP server answers. */
function udp_is_dhcp(slirp: Slirp, ip_dst: number, uh_dport: number): boolean {
  const ours = ip_dst === slirp.vhost_addr || ip_dst === INADDR_BROADCAST;
  return uh_dport === BOOTP_SERVER && ours && !slirp.disable_dhcp;
}

/**
 * Takes a UDP datagram from the guest: DHCP and TFTP are served here, the rest goes out through a host socket.
 * @packet m
 */
export function udp_input(m: mbuf, iphlen: number): void {
  const slirp = m.slirp;
  ip_stripoptions(m, iphlen);
  if (!udp_header(m)) {
    return;
  }
  const b = m.m_dat;
  const ip = m.m_data;
  const uh = ip + IP_HLEN;
  const uh_sport = rd16(b, uh + UH_SPORT);
  const uh_dport = rd16(b, uh + UH_DPORT);
  const ip_src = rd32(b, ip + IP_SRC);
  const ip_dst = rd32(b, ip + IP_DST);
  if (udp_is_dhcp(slirp, ip_dst, uh_dport)) {
    bootp_input(m);
    return;
  }
  if (uh_dport === TFTP_SERVER && ip_dst === slirp.vhost_addr) {
    tftp_input(m, AF_INET);
    return;
  }
  if (slirp.restricted) {
    m_drop(m, 'RESTRICTED');
    return;
  }
  let so = solookup(slirp.udb_hash, ip_src, uh_sport, 0, 0);
  if (!so) {
    so = socreate(slirp, IPPROTO_UDP);
    so.so_lfamily = AF_INET;
    so.so_laddr = ip_src;
    so.so_lport = uh_sport;
    so.so_fport = uh_dport;
    // Libslirp clears the field while it checks the checksum.
    so.so_iptos = rd16(b, uh + UH_SUM) === 0 ? rd8(b, ip + IP_TOS) : 0;
    udp_attach(so, AF_INET);
  }
  so.so_ffamily = AF_INET;
  so.so_faddr = ip_dst;
  so.so_fport = uh_dport;
  udp_send(so, m);
}

/**
 * Sends a datagram to the host, and keeps it: an ICMP error that comes back has to quote it.
 * @packet m
 */
function udp_send(so: socket, m: mbuf): void {
  const ttl = rd8(m.m_dat, m.m_data + IP_TTL);
  if (ttl <= 1) {
    icmp_send_error(m, ICMP_TIMXCEED, 0, 0, 'ttl');
    m_drop(m, 'IP_TTL');
    return;
  }
  m.m_data += IP_HLEN + UDP_HLEN;
  m.m_len -= IP_HLEN + UDP_HLEN;
  // A length below the header's is one that no host would send.
  const errno = m.m_len < 0 ? 'EMSGSIZE' : sosendto(so, m, ttl - 1);
  m.m_data -= IP_HLEN + UDP_HLEN;
  m.m_len += IP_HLEN + UDP_HLEN;
  if (errno !== '') {
    icmp_send_error(m, ICMP_UNREACH, ICMP_UNREACH_NET, 0, errno);
    m_drop(m, m.m_len < IP_HLEN + UDP_HLEN ? 'UDP_SHORT' : 'HOST_ERROR');
    return;
  }
  if (so.so_m) {
    m_free(so.so_m);
  }
  so.so_m = m;
}
