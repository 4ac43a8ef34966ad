/** IPv4 output (libslirp's ip_output.c): completes the header, fragments, and queues for the guest. */
import { rd16, wr16 } from '../wire/bytes.ts';
import { IP_DF, IP_HLEN, IP_ID, IP_LEN, IP_MF, IP_OFF, IP_SUM, IP_VHL, IP_VHL_BASIC } from '../wire/ip.ts';
import { cksum } from './cksum.ts';
import { if_output } from './if.ts';
import { M_IP, m_adj, m_drop, m_free, m_get, type mbuf } from './mbuf.ts';
import type { socket } from './so_state.ts';

/**
 * Sends an IPv4 packet to the guest. Version, identification, length and checksum are filled in here; of the fragment
 * field only DF is kept. `so` is the socket it belongs to, for the queues, or null.
 * @packet m0
 */
export function ip_output(so: socket | null, m0: mbuf): void {
  const slirp = m0.slirp;
  const b = m0.m_dat;
  const ip = m0.m_data;
  b[ip + IP_VHL] = IP_VHL_BASIC;
  wr16(b, ip + IP_LEN, m0.m_len);
  wr16(b, ip + IP_ID, slirp.ip_id);
  slirp.ip_id = (slirp.ip_id + 1) & 0xffff;
  const off = rd16(b, ip + IP_OFF) & IP_DF;
  if (m0.m_len <= slirp.if_mtu) {
    wr16(b, ip + IP_OFF, off);
    wr16(b, ip + IP_SUM, 0);
    wr16(b, ip + IP_SUM, cksum(m0, ip, IP_HLEN));
    if_output(so, m0);
    return;
  }
  if (off !== 0) {
    m_drop(m0, 'IP_FRAG');
    return;
  }
  const len = (slirp.if_mtu - IP_HLEN) & ~7;
  for (let at = 0; at < m0.m_len - IP_HLEN; at += len) {
    if_output(so, ip_fragment(m0, at, Math.min(len, m0.m_len - IP_HLEN - at)));
  }
  m_free(m0);
}

/**
 * The fragment of `m0` with `len` bytes from offset `at` of its payload.
 * @packet m0
 */
function ip_fragment(m0: mbuf, at: number, len: number): mbuf {
  const m = m_get(m0.slirp);
  m.m_ip = M_IP;
  m.m_len = IP_HLEN + len;
  m.m_dat.set(m0.m_dat.subarray(m0.m_data, m0.m_data + IP_HLEN), M_IP);
  const from = m0.m_data + IP_HLEN + at;
  m.m_dat.set(m0.m_dat.subarray(from, from + len), M_IP + IP_HLEN);
  const more = at + len < m0.m_len - IP_HLEN;
  wr16(m.m_dat, M_IP + IP_LEN, m.m_len);
  wr16(m.m_dat, M_IP + IP_OFF, (at >> 3) | (more ? IP_MF : 0));
  wr16(m.m_dat, M_IP + IP_SUM, 0);
  wr16(m.m_dat, M_IP + IP_SUM, cksum(m, M_IP, IP_HLEN));
  return m;
}

/**
 * Removes the options of an IPv4 header of `hlen` bytes in a packet that begins with it.
 * @packet m
 */
export function ip_stripoptions(m: mbuf, hlen: number): void {
  const olen = hlen - IP_HLEN;
  if (olen > 0) {
    // The Ethernet header moves along, so that the packet still is a frame.
    const from = m.m_eth >= 0 ? m.m_eth : m.m_data;
    m.m_dat.copyWithin(from + olen, from, m.m_data + IP_HLEN);
    m.m_eth = m.m_eth >= 0 ? m.m_eth + olen : m.m_eth;
    m_adj(m, olen);
    m.m_ip = m.m_data;
    m.m_dat[m.m_data + IP_VHL] = IP_VHL_BASIC;
    wr16(m.m_dat, m.m_data + IP_LEN, m.m_len);
  }
}
