/**
 * The steps of `tcp_input` (RFC 9293, section 3.10.7, and BSD):
 * they update the connection, and give a verdict on the segment.
 */
import { TH_ACK, TH_FIN, TH_PUSH, TH_RST, TH_SYN, TH_URG } from '../wire/tcp.ts';
import { m_adj, type mbuf } from './mbuf.ts';
import { sbspace } from './sbuf.ts';
import { SS_CTL, SS_FCANTSENDMORE, SS_NOFDREF, type socket, sofwdrain, soisfconnected, sototcpcb } from './so_state.ts';
import {
  SEQ_GT,
  SEQ_LEQ,
  SEQ_LT,
  TCP_MINMSS,
  TCPS_CLOSE_WAIT,
  TCPS_CLOSING,
  TCPS_ESTABLISHED,
  TCPS_FIN_WAIT_1,
  TCPS_FIN_WAIT_2,
  TCPS_HAVERCVDFIN,
  TCPS_LISTEN,
  TCPS_SYN_RECEIVED,
  TCPT_KEEP,
  TCPT_REXMT,
  TCPTV_KEEP_IDLE,
  TCPTV_KEEP_INIT,
  TF_ACKNOW,
  TF_DELACK,
  type tcpcb,
  type tcpiphdr,
} from './tcp.ts';
import { tcp_ack, tcp_acked } from './tcp_acks.ts';
import { tcp_mss, tcp_newiss, tcp_rcvseqinit } from './tcp_cb.ts';
import { tcp_mss_option } from './tcp_header.ts';
import { tcp_state_change } from './tcp_state.ts';
import { tcp_time_wait } from './tcp_subr.ts';
import { tcp_xmit_timer } from './tcp_timer.ts';
import {
  AFTER_CLOSE,
  BAD_ACK,
  BAD_SYN,
  CLOSE,
  CONTINUE,
  NO_ACK,
  OUT_OF_WINDOW,
  REFUSED,
  SYN_SENT_BAD_ACK,
  SYN_SENT_BAD_RST,
  SYN_SENT_NO_SYN,
  type tcp_verdict,
} from './tcp_verdict.ts';

/** Segments up to this length that begin with ESC, as typed keys do, are acknowledged at once. */
const ESC_ACK_LEN = 5;

/** What `tcp_predict` says of a segment. */
export const UNEXPECTED = 0;
export const NEXT_ACK = 1;
export const NEXT_DATA = 2;

/** True if a segment is in sequence, with no unusual flag and the window as it was, while nothing is sent again. */
function tcp_is_expected(tp: tcpcb, ti: tcpiphdr): boolean {
  return (
    tp.t_state === TCPS_ESTABLISHED &&
    (ti.ti_flags & (TH_SYN | TH_FIN | TH_RST | TH_URG | TH_ACK)) === TH_ACK &&
    ti.ti_seq === tp.rcv_nxt &&
    ti.ti_win > 0 &&
    ti.ti_win === tp.snd_wnd &&
    tp.snd_nxt === tp.snd_max
  );
}

/**
 * Header prediction: nearly every segment of an established connection is a pure acknowledgement of something new while
 * the congestion window is open, or the next data. Takes either into the connection, and says which it is.
 */
export function tcp_predict(tp: tcpcb, so: socket, ti: tcpiphdr): number {
  if (!tcp_is_expected(tp, ti)) {
    return UNEXPECTED;
  }
  if (ti.ti_len === 0) {
    if (SEQ_GT(ti.ti_ack, tp.snd_una) && SEQ_LEQ(ti.ti_ack, tp.snd_max) && tp.snd_cwnd >= tp.snd_wnd) {
      tcp_acked(tp, so, ti.ti_ack);
      return NEXT_ACK;
    }
  } else if (ti.ti_ack === tp.snd_una && tp.seg_next === null && ti.ti_len <= sbspace(so.so_rcv)) {
    tp.rcv_nxt = (tp.rcv_nxt + ti.ti_len) >>> 0;
    tp.t_flags |= TF_ACKNOW;
    return NEXT_DATA;
  }
  return UNEXPECTED;
}

/**
 * Keeps the guest's SYN while the host connects.
 * @packet m
 */
export function tcp_keep_syn(so: socket, m: mbuf): void {
  const tp = sototcpcb(so);
  m.m_len += m.m_data - m.m_ip;
  m.m_data = m.m_ip;
  so.so_m = m;
  tp.irs = m.m_ti.ti_seq;
  tcp_rcvseqinit(tp);
  tp.t_timer[TCPT_KEEP] = TCPTV_KEEP_INIT;
  tcp_state_change(tp, TCPS_SYN_RECEIVED);
}

/**
 * The host side stands: takes the guest's SYN `m`, so that a SYN-ACK can be sent.
 * @packet m
 */
export function tcp_accept_syn(so: socket, m: mbuf): void {
  const tp = sototcpcb(so);
  const ti = m.m_ti;
  const mss = tcp_mss_option(m, ti);
  if ((so.so_state & SS_CTL) !== 0 && mss > 0) {
    tcp_mss(tp, mss);
  } else if (mss >= TCP_MINMSS) {
    // libslirp 4.7 forgets the option while it connects, and sends up to MTU - 60 bytes: kept as the limit.
    tp.t_maxseg = Math.min(tp.t_maxseg, mss);
  }
  tp.irs = ti.ti_seq;
  tcp_rcvseqinit(tp);
  tcp_newiss(so.slirp, tp);
  tp.t_flags |= TF_ACKNOW;
  tcp_state_change(tp, TCPS_SYN_RECEIVED);
  tp.t_timer[TCPT_KEEP] = TCPTV_KEEP_INIT;
  tp.snd_wl1 = ti.ti_seq;
  tp.rcv_up = (ti.ti_seq + 1) >>> 0;
}

/**
 * The guest is there: starts the keep-alive timer over, and takes the options of a SYN, whatever becomes of it.
 * @packet m
 */
export function tcp_heard(tp: tcpcb, m: mbuf, ti: tcpiphdr): void {
  tp.t_idle = 0;
  tp.t_timer[TCPT_KEEP] = TCPTV_KEEP_IDLE;
  if ((ti.ti_flags & TH_SYN) !== 0 && tp.t_state !== TCPS_LISTEN) {
    const mss = tcp_mss_option(m, ti);
    if (mss > 0) {
      tcp_mss(tp, mss);
    }
  }
}

/**
 * State SYN_SENT: the guest answers our SYN.
 * @packet m
 */
export function tcp_syn_sent(tp: tcpcb, so: socket, m: mbuf): tcp_verdict {
  const ti = m.m_ti;
  const ack = (ti.ti_flags & TH_ACK) !== 0;
  if (ack && (SEQ_LEQ(ti.ti_ack, tp.iss) || SEQ_GT(ti.ti_ack, tp.snd_max))) {
    return SYN_SENT_BAD_ACK;
  }
  if ((ti.ti_flags & TH_RST) !== 0) {
    return ack ? REFUSED : SYN_SENT_BAD_RST;
  }
  if ((ti.ti_flags & TH_SYN) === 0) {
    return SYN_SENT_NO_SYN;
  }
  if (ack) {
    tp.snd_una = ti.ti_ack;
    if (SEQ_LT(tp.snd_nxt, tp.snd_una)) {
      tp.snd_nxt = tp.snd_una;
    }
  }
  tp.t_timer[TCPT_REXMT] = 0;
  tp.irs = ti.ti_seq;
  tcp_rcvseqinit(tp);
  tp.t_flags |= TF_ACKNOW;
  if (ack && SEQ_GT(tp.snd_una, tp.iss)) {
    tcp_state_change(tp, TCPS_ESTABLISHED);
    soisfconnected(so);
    if (tp.t_rtt > 0) {
      tcp_xmit_timer(tp, tp.t_rtt);
    }
  } else {
    tcp_state_change(tp, TCPS_SYN_RECEIVED);
  }
  ti.ti_seq = (ti.ti_seq + 1) >>> 0;
  if (ti.ti_len > tp.rcv_wnd) {
    m_adj(m, tp.rcv_wnd - ti.ti_len);
    ti.ti_len = tp.rcv_wnd;
    ti.ti_flags &= ~TH_FIN;
  }
  tp.snd_wl1 = (ti.ti_seq - 1) >>> 0;
  tp.rcv_up = ti.ti_seq;
  return CONTINUE;
}

/**
 * The other states: cuts the segment to the window, then RST, SYN and ACK in this order.
 * @packet m
 */
export function tcp_check(tp: tcpcb, so: socket, m: mbuf): tcp_verdict {
  const ti = m.m_ti;
  const trimmed = tcp_trim(tp, so, m, ti);
  if (trimmed !== CONTINUE) {
    return trimmed;
  }
  if ((ti.ti_flags & TH_RST) !== 0) {
    return CLOSE;
  }
  if ((ti.ti_flags & TH_SYN) !== 0) {
    return BAD_SYN;
  }
  if ((ti.ti_flags & TH_ACK) === 0) {
    return NO_ACK;
  }
  if (tp.t_state !== TCPS_SYN_RECEIVED) {
    return tcp_ack(tp, so, ti, false);
  }
  if (SEQ_GT(tp.snd_una, ti.ti_ack) || SEQ_GT(ti.ti_ack, tp.snd_max)) {
    return BAD_ACK;
  }
  tcp_state_change(tp, TCPS_ESTABLISHED);
  soisfconnected(so);
  tp.snd_wl1 = (ti.ti_seq - 1) >>> 0;
  return tcp_ack(tp, so, ti, true);
}

/**
 * Cuts what was received before, and what is beyond the window, off a segment.
 * @packet m
 */
function tcp_trim(tp: tcpcb, so: socket, m: mbuf, ti: tcpiphdr): tcp_verdict {
  let todrop = (tp.rcv_nxt - ti.ti_seq) | 0;
  if (todrop > 0) {
    if ((ti.ti_flags & TH_SYN) !== 0) {
      ti.ti_flags &= ~TH_SYN;
      ti.ti_seq = (ti.ti_seq + 1) >>> 0;
      tcp_trim_urgent(ti, 1);
      todrop--;
    }
    if (todrop > ti.ti_len || (todrop === ti.ti_len && (ti.ti_flags & TH_FIN) === 0)) {
      // All of it was received before: acknowledge again.
      ti.ti_flags &= ~TH_FIN;
      tp.t_flags |= TF_ACKNOW;
      todrop = ti.ti_len;
    }
    m_adj(m, todrop);
    ti.ti_seq = (ti.ti_seq + todrop) >>> 0;
    ti.ti_len -= todrop;
    tcp_trim_urgent(ti, todrop);
  }
  if ((so.so_state & SS_NOFDREF) !== 0 && tp.t_state > TCPS_CLOSE_WAIT && ti.ti_len > 0) {
    return AFTER_CLOSE;
  }
  todrop = (ti.ti_seq + ti.ti_len - (tp.rcv_nxt + tp.rcv_wnd)) | 0;
  if (todrop > 0) {
    if (todrop >= ti.ti_len) {
      if (tp.rcv_wnd !== 0 || ti.ti_seq !== tp.rcv_nxt) {
        return OUT_OF_WINDOW;
      }
      tp.t_flags |= TF_ACKNOW;
    }
    const cut = Math.min(todrop, ti.ti_len);
    m_adj(m, -cut);
    ti.ti_len -= cut;
    ti.ti_flags &= ~(TH_PUSH | TH_FIN);
  }
  return CONTINUE;
}

/** Moves the urgent pointer of a segment that was cut by `n` at its front. */
function tcp_trim_urgent(ti: tcpiphdr, n: number): void {
  if (ti.ti_urp > n) {
    ti.ti_urp -= n;
  } else {
    ti.ti_flags &= ~TH_URG;
    ti.ti_urp = 0;
  }
}

/** Takes the urgent pointer of a segment: how many of the next bytes go to the host as urgent. */
export function tcp_urgent(tp: tcpcb, so: socket, ti: tcpiphdr): void {
  if ((ti.ti_flags & TH_URG) === 0 || ti.ti_urp === 0 || TCPS_HAVERCVDFIN(tp.t_state)) {
    if (SEQ_GT(tp.rcv_nxt, tp.rcv_up)) {
      tp.rcv_up = tp.rcv_nxt;
    }
    return;
  }
  if (ti.ti_urp + so.so_rcv.sb_cc > so.so_rcv.sb_datalen) {
    ti.ti_urp = 0;
    ti.ti_flags &= ~TH_URG;
    return;
  }
  const up = (ti.ti_seq + ti.ti_urp) >>> 0;
  if (SEQ_GT(up, tp.rcv_up)) {
    tp.rcv_up = up;
    so.so_urgc = Math.max(0, so.so_rcv.sb_cc + ((tp.rcv_up - tp.rcv_nxt) | 0));
  }
}

/**
 * Data in sequence off the fast path: its acknowledgement waits for the fast tick, but for keys.
 * @packet m
 */
export function tcp_delay_ack(tp: tcpcb, m: mbuf, ti: tcpiphdr): void {
  if (ti.ti_len > 0 && ti.ti_len <= ESC_ACK_LEN && m.m_dat[m.m_data] === 27) {
    tp.t_flags |= TF_ACKNOW;
    return;
  }
  tp.t_flags |= TF_DELACK;
  const slirp = tp.t_socket.slirp;
  if (tp.t_delack < 0) {
    tp.t_delack = slirp.delack.length;
    slirp.delack.push(tp);
    if (slirp.time_fasttimo < 0) {
      slirp.time_fasttimo = slirp.curtime;
    }
  }
}

/** The guest's FIN is next in sequence: no more goes to the host. */
export function tcp_fin(tp: tcpcb, so: socket): void {
  if (!TCPS_HAVERCVDFIN(tp.t_state)) {
    if ((so.so_state & SS_FCANTSENDMORE) === 0) {
      sofwdrain(so);
    }
    tp.t_flags |= TF_ACKNOW;
    tp.rcv_nxt = (tp.rcv_nxt + 1) >>> 0;
  }
  switch (tp.t_state) {
    case TCPS_SYN_RECEIVED:
    case TCPS_ESTABLISHED:
      tcp_state_change(tp, TCPS_CLOSE_WAIT);
      break;
    case TCPS_FIN_WAIT_1:
      tcp_state_change(tp, TCPS_CLOSING);
      break;
    case TCPS_FIN_WAIT_2:
      tcp_time_wait(tp);
      break;
  }
}
