/** ICMPv6 messages that slirp sends: their headers and checksum. */
import { wr16, wr32 } from '../wire/bytes.ts';
import { ICMP6_CKSUM, ICMP6_CODE, ICMP6_TYPE } from '../wire/icmp6.ts';
import { IPPROTO_ICMPV6, MAXTTL } from '../wire/ip.ts';
import { IP6_DST, IP6_FLOW, IP6_FLOW_BASIC, IP6_HLEN, IP6_HLIM, IP6_NXT, IP6_PLEN, IP6_SRC } from '../wire/ip6.ts';
import { ip6_pseudo_cksum } from './cksum.ts';
import type { Slirp } from './instance.ts';
import { M_IP, m_get, m_inc, type mbuf } from './mbuf.ts';

/**
 * A packet for an ICMPv6 message of `len` bytes with its IPv6 header; addresses are 16 bytes.
 * @packet m
 */
export function icmp6_packet(
  slirp: Slirp,
  type: number,
  code: number,
  len: number,
  src: Uint8Array,
  dst: Uint8Array,
): mbuf {
  const m = m_get(slirp);
  m_inc(m, IP6_HLEN + len);
  const b = m.m_dat;
  m.m_ip = M_IP;
  m.m_len = IP6_HLEN + len;
  b.fill(0, M_IP, M_IP + m.m_len);
  wr32(b, M_IP + IP6_FLOW, IP6_FLOW_BASIC);
  wr16(b, M_IP + IP6_PLEN, len);
  b[M_IP + IP6_NXT] = IPPROTO_ICMPV6;
  b[M_IP + IP6_HLIM] = MAXTTL;
  b.set(src, M_IP + IP6_SRC);
  b.set(dst, M_IP + IP6_DST);
  b[M_IP + IP6_HLEN + ICMP6_TYPE] = type;
  b[M_IP + IP6_HLEN + ICMP6_CODE] = code;
  return m;
}

/**
 * Fills in the checksum of an ICMPv6 packet.
 * @packet m
 */
export function icmp6_finish(m: mbuf): void {
  const icp = m.m_data + IP6_HLEN;
  wr16(m.m_dat, icp + ICMP6_CKSUM, 0);
  wr16(m.m_dat, icp + ICMP6_CKSUM, ip6_pseudo_cksum(m, m.m_data, IPPROTO_ICMPV6, icp, m.m_len - IP6_HLEN));
}
