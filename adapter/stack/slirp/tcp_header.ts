/** Reading TCP headers. */
import { AF_INET } from '../util/host.ts';
import { rd8, rd16, rd32 } from '../wire/bytes.ts';
import { IP_DST, IP_SRC, IPPROTO_TCP } from '../wire/ip.ts';
import {
  TCP_HLEN,
  TCPOLEN_MAXSEG,
  TCPOPT_DATA,
  TCPOPT_EOL,
  TCPOPT_KIND,
  TCPOPT_LEN,
  TCPOPT_MAXSEG,
  TCPOPT_NOP,
  TH_ACKNO,
  TH_DPORT,
  TH_FLAGMASK,
  TH_FLAGS,
  TH_SEQ,
  TH_SPORT,
  TH_URP,
  TH_WIN,
  th_off,
} from '../wire/tcp.ts';
import { ip_pseudo_cksum, ip6_pseudo_cksum } from './cksum.ts';
import { m_drop, type mbuf } from './mbuf.ts';
import type { tcpiphdr } from './tcp.ts';

/**
 * Checks the TCP header of a packet that begins with its IP header, reads it into `m_ti`, and moves the packet's
 * beginning to the data. Returns false if the segment was no good, and has been dropped.
 * @packet m
 */
export function tcp_header(m: mbuf, iphlen: number, af: number): boolean {
  const b = m.m_dat;
  const ip = m.m_data;
  const th = ip + iphlen;
  const tlen = m.m_len - iphlen;
  if (tlen < TCP_HLEN) {
    m_drop(m, 'TCP_SHORT');
    return false;
  }
  const sum =
    af === AF_INET ? ip_pseudo_cksum(m, ip, IPPROTO_TCP, th, tlen) : ip6_pseudo_cksum(m, ip, IPPROTO_TCP, th, tlen);
  if (sum !== 0) {
    m_drop(m, 'TCP_CSUM');
    return false;
  }
  const off = th_off(b, th);
  if (off < TCP_HLEN || off > tlen) {
    m_drop(m, 'TCP_SHORT');
    return false;
  }
  const ti = m.m_ti;
  if (af === AF_INET) {
    ti.ti_src = rd32(b, ip + IP_SRC);
    ti.ti_dst = rd32(b, ip + IP_DST);
  }
  ti.ti_sport = rd16(b, th + TH_SPORT);
  ti.ti_dport = rd16(b, th + TH_DPORT);
  ti.ti_seq = rd32(b, th + TH_SEQ);
  ti.ti_ack = rd32(b, th + TH_ACKNO);
  ti.ti_off = off;
  ti.ti_flags = rd8(b, th + TH_FLAGS) & TH_FLAGMASK;
  ti.ti_win = rd16(b, th + TH_WIN);
  ti.ti_urp = rd16(b, th + TH_URP);
  ti.ti_len = tlen - off;
  ti.ti_data = th + off;
  m.m_ip = ip;
  m.m_data = th + off;
  m.m_len = ti.ti_len;
  return true;
}

/**
 * The maximum segment size among the options of a segment, or 0. Options that make no sense end the list.
 * @packet m
 */
export function tcp_mss_option(m: mbuf, ti: tcpiphdr): number {
  const b = m.m_dat;
  let p = ti.ti_data - ti.ti_off + TCP_HLEN;
  while (p < ti.ti_data) {
    const opt = rd8(b, p + TCPOPT_KIND);
    if (opt === TCPOPT_EOL) {
      return 0;
    }
    if (opt === TCPOPT_NOP) {
      p++;
      continue;
    }
    const len = p + TCPOPT_LEN < ti.ti_data ? rd8(b, p + TCPOPT_LEN) : 0;
    if (len < TCPOPT_DATA || p + len > ti.ti_data) {
      return 0;
    }
    if (opt === TCPOPT_MAXSEG && len === TCPOLEN_MAXSEG) {
      return rd16(b, p + TCPOPT_DATA);
    }
    p += len;
  }
  return 0;
}
