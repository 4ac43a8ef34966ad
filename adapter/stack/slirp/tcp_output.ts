/**
 * TCP output (libslirp's tcp_output.c, which is BSD's): decides whether a segment is due, and sends it to the guest.
 */
import { AF_INET } from '../util/host.ts';
import { wr16, wr32 } from '../wire/bytes.ts';
import { IP_DST, IP_HLEN, IP_OFF, IP_P, IP_SRC, IP_TOS, IP_TTL, IPDEFTTL, IPPROTO_TCP, MAXTTL } from '../wire/ip.ts';
import { IP6_DST, IP6_FLOW, IP6_FLOW_BASIC, IP6_HLEN, IP6_HLIM, IP6_NXT, IP6_SRC } from '../wire/ip6.ts';
import {
  set_th_off,
  TCP_HLEN,
  TCPOLEN_MAXSEG,
  TCPOPT_DATA,
  TCPOPT_KIND,
  TCPOPT_LEN,
  TCPOPT_MAXSEG,
  TH_ACK,
  TH_ACKNO,
  TH_DPORT,
  TH_FIN,
  TH_FLAGS,
  TH_PUSH,
  TH_RST,
  TH_SEQ,
  TH_SPORT,
  TH_SUM,
  TH_SYN,
  TH_URG,
  TH_URP,
  TH_WIN,
} from '../wire/tcp.ts';
import { ip_pseudo_cksum, ip6_pseudo_cksum } from './cksum.ts';
import { ip_output } from './ip_output.ts';
import { ip6_output } from './ip6_output.ts';
import { M_IP, m_get, m_inc, type mbuf } from './mbuf.ts';
import { sbcopy, sbspace } from './sbuf.ts';
import type { socket } from './so_state.ts';
import {
  SEQ_GT,
  SEQ_LT,
  TCP_MAXRXTSHIFT,
  TCP_MAXWIN,
  TCPS_CLOSED,
  TCPT_PERSIST,
  TCPT_RANGESET,
  TCPT_REXMT,
  TCPTV_PERSMAX,
  TCPTV_PERSMIN,
  TF_ACKNOW,
  TF_DELACK,
  TF_SENTFIN,
  tcp_backoff,
  type tcpcb,
} from './tcp.ts';
import { tcp_mss } from './tcp_cb.ts';

/** Flags of a segment by the connection's state. */
const tcp_outflags: readonly number[] = [
  TH_RST | TH_ACK,
  0,
  TH_SYN,
  TH_SYN | TH_ACK,
  TH_ACK,
  TH_ACK,
  TH_FIN | TH_ACK,
  TH_FIN | TH_ACK,
  TH_FIN | TH_ACK,
  TH_ACK,
  TH_ACK,
];

/**
 * True if a segment of `len` bytes, `off` behind the first unacknowledged
 * one, is to go out now (RFC 1122, section 4.2.3.4, and BSD).
 */
function tcp_should_send(tp: tcpcb, so: socket, off: number, len: number, flags: number, win: number): boolean {
  if (len > 0) {
    if (len === tp.t_maxseg || len + off >= so.so_snd.sb_cc || tp.t_force) {
      return true;
    }
    if ((tp.max_sndwnd > 0 && len >= tp.max_sndwnd / 2) || SEQ_LT(tp.snd_nxt, tp.snd_max)) {
      return true;
    }
  }
  if (win > 0 && tcp_window_opens(tp)) {
    return true;
  }
  if ((tp.t_flags & TF_ACKNOW) !== 0 || (flags & (TH_SYN | TH_RST)) !== 0 || SEQ_GT(tp.snd_up, tp.snd_una)) {
    return true;
  }
  return (flags & TH_FIN) !== 0 && ((tp.t_flags & TF_SENTFIN) === 0 || tp.snd_nxt === tp.snd_una);
}

/** True if there is so much more room than the guest was told of that it is to be told (RFC 1122, section 4.2.3.3). */
export function tcp_window_opens(tp: tcpcb): boolean {
  const sb = tp.t_socket.so_rcv;
  const adv = Math.min(sbspace(sb), TCP_MAXWIN) - ((tp.rcv_adv - tp.rcv_nxt) | 0);
  return adv >= 2 * tp.t_maxseg || 2 * adv >= sb.sb_datalen;
}

/**
 * Sends what the connection may and should send: data, acknowledgements, window updates, SYN, FIN, RST.
 * @packet m
 */
export function tcp_output(tp: tcpcb): void {
  const so = tp.t_socket;
  const idle = tp.snd_max === tp.snd_una;
  if (idle && tp.t_idle >= tp.t_rxtcur) {
    // Idle for a round trip: slow start again.
    tp.snd_cwnd = tp.t_maxseg;
  }
  for (;;) {
    const off = (tp.snd_nxt - tp.snd_una) | 0;
    let win = Math.min(tp.snd_wnd, tp.snd_cwnd);
    let flags = tcp_outflags[tp.t_state]!;
    if (tp.t_force) {
      if (win === 0) {
        // A probe of a closed window: one byte, and no FIN before the data is out.
        if (off < so.so_snd.sb_cc) {
          flags &= ~TH_FIN;
        }
        win = 1;
      } else {
        tp.t_timer[TCPT_PERSIST] = 0;
        tp.t_rxtshift = 0;
      }
    }
    let len = Math.min(so.so_snd.sb_cc, win) - off;
    if (flags & TH_RST) {
      // What there was to send is given up with the connection.
      len = 0;
    } else if (len < 0) {
      // The window has shrunk, or the FIN has been sent and nothing more.
      len = 0;
      if (win === 0) {
        tp.t_timer[TCPT_REXMT] = 0;
        tp.snd_nxt = tp.snd_una;
      }
    }
    const sendalot = len > tp.t_maxseg;
    if (sendalot) {
      len = tp.t_maxseg;
    }
    if (SEQ_LT((tp.snd_nxt + len) >>> 0, (tp.snd_una + so.so_snd.sb_cc) >>> 0)) {
      flags &= ~TH_FIN;
    }
    win = sbspace(so.so_rcv);
    if (!tcp_should_send(tp, so, off, len, flags, win)) {
      if (so.so_snd.sb_cc > 0 && tp.t_timer[TCPT_REXMT] === 0 && tp.t_timer[TCPT_PERSIST] === 0) {
        tp.t_rxtshift = 0;
        tcp_setpersist(tp);
      }
      return;
    }
    const m = tcp_segment(tp, so, Math.max(0, (tp.snd_nxt - tp.snd_una) | 0), len, flags, win);
    if (so.so_ffamily === AF_INET) {
      ip_output(so, m);
    } else {
      ip6_output(so, m);
    }
    tp.t_flags &= ~(TF_ACKNOW | TF_DELACK);
    if (!sendalot || tp.t_state === TCPS_CLOSED) {
      return;
    }
  }
}

/**
 * Makes the segment and moves the connection's send variables past it.
 * @packet m
 */
function tcp_segment(tp: tcpcb, so: socket, off: number, len: number, flags0: number, space: number): mbuf {
  let flags = flags0;
  const m = m_get(so.slirp);
  const v4 = so.so_ffamily === AF_INET;
  const th = M_IP + (v4 ? IP_HLEN : IP6_HLEN);
  const optlen = (flags & TH_SYN) !== 0 ? TCPOLEN_MAXSEG : 0;
  const hdrlen = TCP_HLEN + optlen;
  m.m_ip = M_IP;
  m.m_len = th - M_IP + hdrlen + len;
  m_inc(m, m.m_len);
  const b = m.m_dat;
  if (optlen > 0) {
    tp.snd_nxt = tp.iss;
    const opt = th + TCP_HLEN;
    b[opt + TCPOPT_KIND] = TCPOPT_MAXSEG;
    b[opt + TCPOPT_LEN] = TCPOLEN_MAXSEG;
    wr16(b, opt + TCPOPT_DATA, tcp_mss(tp, 0));
  }
  if (len > 0) {
    sbcopy(so.so_snd, off, len, m, th + hdrlen);
    if (off + len === so.so_snd.sb_cc) {
      flags |= TH_PUSH;
    }
  }
  if ((flags & TH_FIN) !== 0 && (tp.t_flags & TF_SENTFIN) !== 0 && tp.snd_nxt === tp.snd_max) {
    tp.snd_nxt = (tp.snd_nxt - 1) >>> 0;
  }
  const persisting = tp.t_timer[TCPT_PERSIST]! > 0;
  const seq = len > 0 || (flags & (TH_SYN | TH_FIN)) !== 0 || persisting ? tp.snd_nxt : tp.snd_max;
  const win = tcp_window(tp, so, space);
  let urp = 0;
  if (SEQ_GT(tp.snd_up, tp.snd_nxt)) {
    urp = Math.min(65535, (tp.snd_up - seq) | 0);
    flags |= TH_URG;
  } else {
    tp.snd_up = tp.snd_una;
  }
  wr16(b, th + TH_SPORT, so.so_fport);
  wr16(b, th + TH_DPORT, so.so_lport);
  wr32(b, th + TH_SEQ, seq);
  wr32(b, th + TH_ACKNO, (flags & TH_ACK) !== 0 ? tp.rcv_nxt : 0);
  set_th_off(b, th, hdrlen);
  b[th + TH_FLAGS] = flags;
  wr16(b, th + TH_WIN, win);
  wr16(b, th + TH_SUM, 0);
  wr16(b, th + TH_URP, urp);
  tp.t_resent = !persisting && (len > 0 || (flags & (TH_SYN | TH_FIN)) !== 0) && SEQ_LT(seq, tp.snd_max);
  tcp_advance(tp, len, flags);
  if (win > 0 && SEQ_GT((tp.rcv_nxt + win) >>> 0, tp.rcv_adv)) {
    tp.rcv_adv = (tp.rcv_nxt + win) >>> 0;
  }
  tcp_fill_ip(m, so, th, v4);
  return m;
}

/** The window to offer: none if it is small (silly window syndrome), never less than offered before. */
function tcp_window(tp: tcpcb, so: socket, space: number): number {
  let win = space;
  if (win < so.so_rcv.sb_datalen / 4 && win < tp.t_maxseg) {
    win = 0;
  }
  return Math.max(Math.min(win, TCP_MAXWIN), (tp.rcv_adv - tp.rcv_nxt) | 0, 0);
}

/** Moves the send sequence past a segment, and starts its timers. */
function tcp_advance(tp: tcpcb, len: number, flags: number): void {
  if (tp.t_force && tp.t_timer[TCPT_PERSIST]! > 0) {
    if (SEQ_GT((tp.snd_nxt + len) >>> 0, tp.snd_max)) {
      tp.snd_max = (tp.snd_nxt + len) >>> 0;
    }
    return;
  }
  const startseq = tp.snd_nxt;
  if ((flags & TH_SYN) !== 0) {
    tp.snd_nxt = (tp.snd_nxt + 1) >>> 0;
  }
  if ((flags & TH_FIN) !== 0) {
    tp.snd_nxt = (tp.snd_nxt + 1) >>> 0;
    tp.t_flags |= TF_SENTFIN;
  }
  tp.snd_nxt = (tp.snd_nxt + len) >>> 0;
  if (SEQ_GT(tp.snd_nxt, tp.snd_max)) {
    tp.snd_max = tp.snd_nxt;
    if (tp.t_rtt === 0) {
      tp.t_rtt = 1;
      tp.t_rtseq = startseq;
    }
  }
  if (tp.t_timer[TCPT_REXMT] === 0 && tp.snd_nxt !== tp.snd_una) {
    tp.t_timer[TCPT_REXMT] = tp.t_rxtcur;
    if (tp.t_timer[TCPT_PERSIST]! > 0) {
      tp.t_timer[TCPT_PERSIST] = 0;
      tp.t_rxtshift = 0;
    }
  }
}

/**
 * Fills in the IP header and the TCP checksum.
 * @nodebug
 */
function tcp_fill_ip(m: mbuf, so: socket, th: number, v4: boolean): void {
  const b = m.m_dat;
  const tcplen = m.m_len - (th - M_IP);
  if (v4) {
    b[M_IP + IP_TOS] = so.so_iptos;
    wr16(b, M_IP + IP_OFF, 0);
    b[M_IP + IP_TTL] = IPDEFTTL;
    b[M_IP + IP_P] = IPPROTO_TCP;
    wr32(b, M_IP + IP_SRC, so.so_faddr);
    wr32(b, M_IP + IP_DST, so.so_laddr);
    wr16(b, th + TH_SUM, ip_pseudo_cksum(m, M_IP, IPPROTO_TCP, th, tcplen));
    return;
  }
  wr32(b, M_IP + IP6_FLOW, IP6_FLOW_BASIC);
  b[M_IP + IP6_NXT] = IPPROTO_TCP;
  b[M_IP + IP6_HLIM] = MAXTTL;
  b.set(so.so_faddr6!, M_IP + IP6_SRC);
  b.set(so.so_laddr6!, M_IP + IP6_DST);
  wr16(b, th + TH_SUM, ip6_pseudo_cksum(m, M_IP, IPPROTO_TCP, th, tcplen));
}

/** Starts the timer that probes a window the guest has closed: 5 to 60 s, backing off. */
export function tcp_setpersist(tp: tcpcb): void {
  const t = ((tp.t_srtt >> 2) + tp.t_rttvar) >> 1;
  tp.t_timer[TCPT_PERSIST] = TCPT_RANGESET(t * tcp_backoff[tp.t_rxtshift]!, TCPTV_PERSMIN, TCPTV_PERSMAX);
  if (tp.t_rxtshift < TCP_MAXRXTSHIFT) {
    tp.t_rxtshift++;
  }
}
