/** ICMPv6 messages that slirp sends: their headers and checksum. */
import { wr16 } from '../wire/bytes.ts';
import { IPPROTO_ICMPV6 } from '../wire/ip.ts';
import { IP6_HLEN } from '../wire/ip6.ts';
import { ip6_pseudo_cksum } from './cksum.ts';
import type { Slirp } from './instance.ts';
import { M_IP, m_get, m_inc, type mbuf } from './mbuf.ts';

/** A packet for an ICMPv6 message of `len` bytes with its IPv6 header; addresses are 16 bytes. */
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
  b[M_IP] = 0x60;
  wr16(b, M_IP + 4, len);
  b[M_IP + 6] = IPPROTO_ICMPV6;
  b[M_IP + 7] = 255;
  b.set(src, M_IP + 8);
  b.set(dst, M_IP + 24);
  b[M_IP + IP6_HLEN] = type;
  b[M_IP + IP6_HLEN + 1] = code;
  return m;
}

/** Fills in the checksum of an ICMPv6 packet. */
export function icmp6_finish(m: mbuf): void {
  const icp = m.m_data + IP6_HLEN;
  wr16(m.m_dat, icp + 2, 0);
  wr16(m.m_dat, icp + 2, ip6_pseudo_cksum(m, m.m_data, IPPROTO_ICMPV6, icp, m.m_len - IP6_HLEN));
}
