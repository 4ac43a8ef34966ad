/** ICMP (libslirp's ip_icmp.c; RFC 792): echo inside and to the host, and the errors slirp sends. */
import { machine } from '../softmmu/machine.ts';
import { AF_INET, SOCK_RAW } from '../util/host.ts';
import { next_datagram, open_dgram, recvfrom, sendto, sockaddr_in } from '../util/sockets.ts';
import { rd8, rd16, rd32, wr16, wr32 } from '../wire/bytes.ts';
import {
  ICMP_CKSUM,
  ICMP_CODE,
  ICMP_ECHO,
  ICMP_ECHOREPLY,
  ICMP_ID,
  ICMP_IREQ,
  ICMP_IREQREPLY,
  ICMP_MASKREPLY,
  ICMP_MASKREQ,
  ICMP_MINLEN,
  ICMP_TIMXCEED,
  ICMP_TSTAMP,
  ICMP_TSTAMPREPLY,
  ICMP_TYPE,
  ICMP_UNREACH,
} from '../wire/icmp.ts';
import {
  IP_DF,
  IP_DST,
  IP_HLEN,
  IP_OFF,
  IP_OFFMASK,
  IP_P,
  IP_SRC,
  IP_TOS,
  IP_TTL,
  IPPROTO_ICMP,
  ip_hl,
  MAXTTL,
} from '../wire/ip.ts';
import { cksum } from './cksum.ts';
import type { Slirp } from './instance.ts';
import { ip_output, ip_stripoptions } from './ip_output.ts';
import { m_drop, m_get, m_inc, type mbuf } from './mbuf.ts';
import { SO_EXPIRE, SS_ISFCONNECTED, soattach_fd, type socket, socreate } from './so_state.ts';
import { solist_append } from './solist.ts';
import { udp_detach, udp_evict } from './udp_sock.ts';

/**
 * An error quotes at most this much of the packet: what fits in the 576 bytes every host takes, less the two headers.
 */
export const ICMP_MAXDATALEN = 576 - 28;
/** Pings under way at most; beyond that the oldest is given up. */
export const ICMP_MAX_SOCKETS = 256;

/**
 * ICMP types that errors may be sent about (RFC 1122, section 3.2.2): those that are no errors themselves. Router
 * discovery is left out, as in libslirp.
 */
const ICMP_QUERIES: readonly number[] = [
  ICMP_ECHOREPLY,
  ICMP_ECHO,
  ICMP_TSTAMP,
  ICMP_TSTAMPREPLY,
  ICMP_IREQ,
  ICMP_IREQREPLY,
  ICMP_MASKREQ,
  ICMP_MASKREPLY,
];

/**
 * Takes an ICMP packet from the guest: answers pings of the gateway and the name server, sends others on.
 * @packet m
 */
export function icmp_input(m: mbuf, hlen: number): void {
  const slirp = m.slirp;
  const b = m.m_dat;
  const icp = m.m_data + hlen;
  const icmplen = m.m_len - hlen;
  if (icmplen < ICMP_MINLEN) {
    m_drop(m, 'ICMP_SHORT');
    return;
  }
  if (cksum(m, icp, icmplen) !== 0) {
    m_drop(m, 'ICMP_CSUM');
    return;
  }
  if (b[icp + ICMP_TYPE] !== ICMP_ECHO) {
    m_drop(m, 'ICMP_TYPE');
    return;
  }
  const ip_dst = rd32(b, m.m_data + IP_DST);
  if (ip_dst === slirp.vhost_addr || ip_dst === slirp.vnameserver_addr) {
    icmp_to_reply(m, icp);
    icmp_reflect(m);
  } else if (slirp.restricted) {
    m_drop(m, 'RESTRICTED');
  } else {
    icmp_send(slirp, m, hlen);
  }
}

/**
 * Turns an echo request into its reply; the checksum is updated for the changed type (RFC 1624, equation 3).
 * @nodebug
 */
function icmp_to_reply(m: mbuf, icp: number): void {
  const b = m.m_dat;
  b[icp + ICMP_TYPE] = ICMP_ECHOREPLY;
  const sum = (~rd16(b, icp + ICMP_CKSUM) & 0xffff) + (~(ICMP_ECHO << 8) & 0xffff);
  wr16(b, icp + ICMP_CKSUM, ~((sum & 0xffff) + (sum >>> 16)));
}

/**
 * Sends an ICMP packet back to where it came from, without IP options.
 * @packet m
 */
export function icmp_reflect(m: mbuf): void {
  const b = m.m_dat;
  ip_stripoptions(m, ip_hl(b, m.m_data));
  const ip = m.m_data;
  const ip_dst = rd32(b, ip + IP_DST);
  wr32(b, ip + IP_DST, rd32(b, ip + IP_SRC));
  wr32(b, ip + IP_SRC, ip_dst);
  b[ip + IP_TTL] = MAXTTL;
  ip_output(null, m);
}

/**
 * Sends an echo request on through an unprivileged ping socket of the host. The address is not translated.
 * @packet m
 */
function icmp_send(slirp: Slirp, m: mbuf, hlen: number): void {
  const b = m.m_dat;
  const so = socreate(slirp, IPPROTO_ICMP);
  while (slirp.icmp.count >= ICMP_MAX_SOCKETS) {
    udp_evict(slirp.icmp.head!);
  }
  soattach_fd(so, open_dgram(machine.sockets, machine.host, SOCK_RAW, AF_INET, null));
  so.so_m = m;
  so.so_ffamily = AF_INET;
  so.so_lfamily = AF_INET;
  so.so_laddr = rd32(b, m.m_data + IP_SRC);
  so.so_faddr = rd32(b, m.m_data + IP_DST);
  so.so_iptos = rd8(b, m.m_data + IP_TOS);
  so.so_state = SS_ISFCONNECTED;
  so.so_expire = slirp.curtime + SO_EXPIRE;
  solist_append(slirp.icmp, so);
  sendto(machine.host, so.s!, b, m.m_data + hlen, m.m_len - hlen, sockaddr_in(so.so_faddr, 0), 0);
}

/**
 * The answer to a ping of the host has come, or its error has been forwarded: sends it to the guest and ends the ping.
 * @packet m
 */
export function icmp_receive(so: socket): void {
  const s = so.s!;
  const m = so.so_m!;
  const len = next_datagram(s);
  if (len < 0) {
    udp_detach(so);
    return;
  }
  const hlen = ip_hl(m.m_dat, m.m_data);
  const icp = m.m_data + hlen;
  const id = rd16(m.m_dat, icp + ICMP_ID);
  m_inc(m, hlen + Math.max(len, ICMP_MINLEN));
  const r = recvfrom(machine.host, s, m.m_dat, icp, len)!;
  so.so_m = null;
  udp_detach(so);
  if (r.n < ICMP_MINLEN || m.m_dat[icp + ICMP_TYPE] !== ICMP_ECHOREPLY) {
    m_drop(m, 'ICMP_TYPE');
    return;
  }
  m.m_len = hlen + r.n;
  wr16(m.m_dat, icp + ICMP_ID, id);
  wr16(m.m_dat, icp + ICMP_CKSUM, 0);
  wr16(m.m_dat, icp + ICMP_CKSUM, cksum(m, icp, r.n));
  icmp_reflect(m);
}

/**
 * True if an error may be sent about a packet (RFC 1122, section 3.2.2).
 * @packet m
 */
function icmp_may_answer(m: mbuf, hlen: number): boolean {
  const b = m.m_dat;
  const ip = m.m_data;
  if ((rd16(b, ip + IP_OFF) & IP_OFFMASK) !== 0 || (rd32(b, ip + IP_SRC) & 0x0fffffff) === 0) {
    return false;
  }
  return b[ip + IP_P] !== IPPROTO_ICMP || (m.m_len > hlen && ICMP_QUERIES.includes(rd8(b, ip + hlen + ICMP_TYPE)));
}

/**
 * Sends an ICMP error about the packet `msrc` to its sender, from the gateway. `msrc` stays as it is. With `minsize`
 * the error quotes 8 bytes only.
 * @packet msrc
 */
export function icmp_send_error(msrc: mbuf, type: number, code: number, minsize: number, message: string): void {
  icmp_forward_error(msrc, type, code, minsize, message, msrc.slirp.vhost_addr);
}

/**
 * As `icmp_send_error`, from the address `src`.
 * @packet msrc
 */
export function icmp_forward_error(
  msrc: mbuf,
  type: number,
  code: number,
  minsize: number,
  _message: string,
  src: number,
): void {
  const b = msrc.m_dat;
  const ip = msrc.m_data;
  const hlen = ip_hl(b, ip);
  if ((type !== ICMP_UNREACH && type !== ICMP_TIMXCEED) || msrc.m_len < hlen || !icmp_may_answer(msrc, hlen)) {
    return;
  }
  const quote = Math.min(msrc.m_len, minsize !== 0 ? hlen + ICMP_MINLEN : ICMP_MAXDATALEN);
  const m = m_get(msrc.slirp);
  const nip = m.m_data;
  const icp = nip + IP_HLEN;
  m_inc(m, IP_HLEN + ICMP_MINLEN + quote);
  const d = m.m_dat;
  m.m_len = IP_HLEN + ICMP_MINLEN + quote;
  m.m_ip = nip;
  d[nip + IP_TOS] = (rd8(b, ip + IP_TOS) & 0x1e) | 0xc0;
  // Libslirp builds the error in a copy of the packet's header, and DF stays.
  wr16(d, nip + IP_OFF, rd16(b, ip + IP_OFF) & IP_DF);
  d[nip + IP_TTL] = MAXTTL;
  d[nip + IP_P] = IPPROTO_ICMP;
  wr32(d, nip + IP_SRC, src);
  wr32(d, nip + IP_DST, rd32(b, ip + IP_SRC));
  d[icp + ICMP_TYPE] = type;
  d[icp + ICMP_CODE] = code;
  wr16(d, icp + ICMP_CKSUM, 0);
  wr32(d, icp + ICMP_ID, 0);
  d.set(b.subarray(ip, ip + quote), icp + ICMP_MINLEN);
  wr16(d, icp + ICMP_CKSUM, cksum(m, icp, ICMP_MINLEN + quote));
  ip_output(null, m);
}
