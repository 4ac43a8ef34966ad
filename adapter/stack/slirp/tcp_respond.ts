/** Segments that belong to no connection's stream: resets (libslirp's tcp_subr.c in part). */
import type { DropReason } from '../util/drop_reasons.ts';
import { AF_INET } from '../util/host.ts';
import { wr16, wr32 } from '../wire/bytes.ts';
import { IP_DST, IP_HLEN, IP_OFF, IP_P, IP_SRC, IP_TOS, IP_TTL, IPDEFTTL, IPPROTO_TCP, MAXTTL } from '../wire/ip.ts';
import { IP6_DST, IP6_FLOW, IP6_FLOW_BASIC, IP6_HLEN, IP6_HLIM, IP6_NXT, IP6_SRC } from '../wire/ip6.ts';
import {
  set_th_off,
  TCP_HLEN,
  TH_ACK,
  TH_ACKNO,
  TH_DPORT,
  TH_FLAGS,
  TH_RST,
  TH_SEQ,
  TH_SPORT,
  TH_SUM,
  TH_SYN,
  TH_URP,
  TH_WIN,
} from '../wire/tcp.ts';
import { ip_pseudo_cksum, ip6_pseudo_cksum } from './cksum.ts';
import type { Slirp } from './instance.ts';
import { ip_output } from './ip_output.ts';
import { ip6_output } from './ip6_output.ts';
import { M_IP, m_drop, m_get, type mbuf } from './mbuf.ts';
import { sbspace } from './sbuf.ts';
import type { tcpcb, tcpiphdr } from './tcp.ts';

/**
 * Sends a segment without data to the sender of `ti`: a reset, or
 * for keep-alive. `m` is the segment that is answered, or null.
 * @packet m
 */
export function tcp_respond(
  slirp: Slirp,
  tp: tcpcb | null,
  ti: tcpiphdr,
  m: mbuf | null,
  ack: number,
  seq: number,
  flags: number,
  af: number,
): void {
  const r = m_get(slirp);
  const hlen = af === AF_INET ? IP_HLEN : IP6_HLEN;
  const b = r.m_dat;
  const th = M_IP + hlen;
  r.m_data = M_IP;
  r.m_ip = M_IP;
  r.m_len = hlen + TCP_HLEN;
  tcp_respond_ip(slirp, r, ti, m, af);
  wr16(b, th + TH_SPORT, ti.ti_dport);
  wr16(b, th + TH_DPORT, ti.ti_sport);
  wr32(b, th + TH_SEQ, seq);
  wr32(b, th + TH_ACKNO, ack);
  set_th_off(b, th, TCP_HLEN);
  b[th + TH_FLAGS] = flags;
  // The low 16 bits of the room there is, as libslirp does; nobody looks at the window of a reset.
  wr16(b, th + TH_WIN, tp ? sbspace(tp.t_socket.so_rcv) : 0);
  wr16(b, th + TH_SUM, 0);
  wr16(b, th + TH_URP, 0);
  if (af === AF_INET) {
    b[M_IP + IP_TTL] = flags & TH_RST ? MAXTTL : IPDEFTTL;
    wr16(b, th + TH_SUM, ip_pseudo_cksum(r, M_IP, IPPROTO_TCP, th, TCP_HLEN));
    ip_output(null, r);
  } else {
    wr16(b, th + TH_SUM, ip6_pseudo_cksum(r, M_IP, IPPROTO_TCP, th, TCP_HLEN));
    ip6_output(null, r);
  }
}

/**
 * Writes the IP header of a response, with the addresses of the packet `m` swapped.
 * @packet r
 */
function tcp_respond_ip(slirp: Slirp, r: mbuf, ti: tcpiphdr, m: mbuf | null, af: number): void {
  const b = r.m_dat;
  if (af === AF_INET) {
    b[M_IP + IP_TOS] = 0;
    wr16(b, M_IP + IP_OFF, 0);
    b[M_IP + IP_P] = IPPROTO_TCP;
    wr32(b, M_IP + IP_SRC, ti.ti_dst);
    wr32(b, M_IP + IP_DST, ti.ti_src);
    return;
  }
  wr32(b, M_IP + IP6_FLOW, IP6_FLOW_BASIC);
  b[M_IP + IP6_NXT] = IPPROTO_TCP;
  b[M_IP + IP6_HLIM] = MAXTTL;
  if (m) {
    b.set(m.m_dat.subarray(m.m_ip + IP6_DST, m.m_ip + IP6_HLEN), M_IP + IP6_SRC);
    b.set(m.m_dat.subarray(m.m_ip + IP6_SRC, m.m_ip + IP6_DST), M_IP + IP6_DST);
  }
}

/**
 * Resets the sender of a segment that has no connection (then `tp` is null) or does not fit its state (RFC 9293,
 * section 3.10.7.1), and gives the segment up.
 * @packet m
 */
export function tcp_reset(slirp: Slirp, tp: tcpcb | null, m: mbuf, af: number, reason: DropReason): void {
  const ti = m.m_ti;
  if (ti.ti_flags & TH_ACK) {
    tcp_respond(slirp, tp, ti, m, 0, ti.ti_ack, TH_RST, af);
  } else {
    const len = ti.ti_len + (ti.ti_flags & TH_SYN ? 1 : 0);
    tcp_respond(slirp, tp, ti, m, (ti.ti_seq + len) >>> 0, 0, TH_RST | TH_ACK, af);
  }
  m_drop(m, reason);
}
