/** The guest's acknowledgements (RFC 9293, section 3.10.7.4, and RFC 5681): a step of `tcp_input`. */
import { TH_ACK } from '../wire/tcp.ts';
import { sbdrop } from './sbuf.ts';
import { SS_FCANTRCVMORE, so_notify, type socket } from './so_state.ts';
import {
  SEQ_GT,
  SEQ_LEQ,
  SEQ_LT,
  TCP_MAX_WINSHIFT,
  TCP_MAXIDLE,
  TCP_MAXWIN,
  TCPS_CLOSING,
  TCPS_FIN_WAIT_1,
  TCPS_FIN_WAIT_2,
  TCPS_LAST_ACK,
  TCPT_2MSL,
  TCPT_PERSIST,
  TCPT_REXMT,
  type tcpcb,
  type tcpiphdr,
} from './tcp.ts';
import { tcp_state_change } from './tcp_state.ts';
import { tcp_time_wait } from './tcp_subr.ts';
import { tcp_xmit_timer } from './tcp_timer.ts';
import { ACK_UNSENT, CLOSE, CONTINUE, FAST_RETRANSMIT, MORE_DUPACKS, type tcp_verdict } from './tcp_verdict.ts';

/** Duplicate acknowledgements after which a segment is taken for lost (RFC 5681, section 3.2). */
export const TCPREXMTTHRESH = 3;

/** Everything up to `ack` has arrived: frees the bytes and restarts the retransmission timer. */
export function tcp_acked(tp: tcpcb, so: socket, ack: number): void {
  if (tp.t_rtt > 0 && SEQ_GT(ack, tp.t_rtseq)) {
    tcp_xmit_timer(tp, tp.t_rtt);
  }
  const acked = (ack - tp.snd_una) | 0;
  tp.snd_una = ack;
  if (tp.snd_una === tp.snd_max) {
    tp.t_timer[TCPT_REXMT] = 0;
  } else if (tp.t_timer[TCPT_PERSIST] === 0) {
    tp.t_timer[TCPT_REXMT] = tp.t_rxtcur;
  }
  if (sbdrop(so.so_snd, acked)) {
    so_notify(so);
  }
}

/** Takes the acknowledgement of a segment; `opened` if it is the one of our SYN. */
export function tcp_ack(tp: tcpcb, so: socket, ti: tcpiphdr, opened: boolean): tcp_verdict {
  if (!opened && SEQ_LEQ(ti.ti_ack, tp.snd_una)) {
    return tcp_duplicate_ack(tp, ti);
  }
  if (tp.t_dupacks > TCPREXMTTHRESH && tp.snd_cwnd > tp.snd_ssthresh) {
    tp.snd_cwnd = tp.snd_ssthresh;
  }
  tp.t_dupacks = 0;
  if (SEQ_GT(ti.ti_ack, tp.snd_max)) {
    return ACK_UNSENT;
  }
  const syn = opened && SEQ_GT(ti.ti_ack, tp.iss) && SEQ_LEQ(tp.snd_una, tp.iss) ? 1 : 0;
  const acked = ((ti.ti_ack - tp.snd_una) | 0) - syn;
  const held = so.so_snd.sb_cc;
  tp.snd_una = (tp.snd_una + syn) >>> 0;
  const ourfinisacked = acked > held;
  tp.snd_wnd = Math.max(0, tp.snd_wnd - Math.min(acked, held));
  tcp_acked(tp, so, ti.ti_ack);
  // Slow start below the threshold, then about one segment more each round trip.
  const incr = tp.snd_cwnd > tp.snd_ssthresh ? Math.floor((tp.t_maxseg * tp.t_maxseg) / tp.snd_cwnd) : tp.t_maxseg;
  tp.snd_cwnd = Math.min(tp.snd_cwnd + incr, TCP_MAXWIN << TCP_MAX_WINSHIFT);
  if (SEQ_LT(tp.snd_nxt, tp.snd_una)) {
    tp.snd_nxt = tp.snd_una;
  }
  return tcp_fin_acked(tp, so, ourfinisacked);
}

/** An acknowledgement that acknowledges nothing new: three in a row mean a lost segment. */
function tcp_duplicate_ack(tp: tcpcb, ti: tcpiphdr): tcp_verdict {
  if (ti.ti_len > 0 || ti.ti_win !== tp.snd_wnd) {
    tp.t_dupacks = 0;
    return CONTINUE;
  }
  if (tp.t_timer[TCPT_REXMT] === 0 || ti.ti_ack !== tp.snd_una) {
    tp.t_dupacks = 0;
  } else if (++tp.t_dupacks === TCPREXMTTHRESH) {
    return FAST_RETRANSMIT;
  } else if (tp.t_dupacks > TCPREXMTTHRESH) {
    tp.snd_cwnd += tp.t_maxseg;
    return MORE_DUPACKS;
  }
  return CONTINUE;
}

/** Sets the connection up to send the lost segment alone. Returns where it had been. */
export function tcp_fast_retransmit(tp: tcpcb, ack: number): number {
  const onxt = tp.snd_nxt;
  const win = Math.max(2, Math.floor(Math.min(tp.snd_wnd, tp.snd_cwnd) / 2 / tp.t_maxseg));
  tp.snd_ssthresh = win * tp.t_maxseg;
  tp.t_timer[TCPT_REXMT] = 0;
  tp.t_rtt = 0;
  tp.snd_nxt = ack;
  tp.snd_cwnd = tp.t_maxseg;
  return onxt;
}

/** The lost segment has been sent: goes on from `onxt`, with the window for what has left the network. */
export function tcp_after_fast_retransmit(tp: tcpcb, onxt: number): void {
  tp.snd_cwnd = tp.snd_ssthresh + tp.t_maxseg * tp.t_dupacks;
  if (SEQ_GT(onxt, tp.snd_nxt)) {
    tp.snd_nxt = onxt;
  }
}

/** The states that the acknowledgement of our FIN ends. */
function tcp_fin_acked(tp: tcpcb, so: socket, ourfinisacked: boolean): tcp_verdict {
  switch (tp.t_state) {
    case TCPS_FIN_WAIT_1:
      if (ourfinisacked) {
        if ((so.so_state & SS_FCANTRCVMORE) !== 0) {
          tp.t_timer[TCPT_2MSL] = TCP_MAXIDLE;
        }
        tcp_state_change(tp, TCPS_FIN_WAIT_2);
      }
      break;
    case TCPS_CLOSING:
      if (ourfinisacked) {
        tcp_time_wait(tp);
      }
      break;
    case TCPS_LAST_ACK:
      if (ourfinisacked) {
        return CLOSE;
      }
      break;
  }
  return CONTINUE;
}

/** Takes the window of a segment if it is newer than the last. Returns true if so. */
export function tcp_update_window(tp: tcpcb, ti: tcpiphdr): boolean {
  if ((ti.ti_flags & TH_ACK) === 0) {
    return false;
  }
  const newer =
    SEQ_LT(tp.snd_wl1, ti.ti_seq) ||
    (tp.snd_wl1 === ti.ti_seq &&
      (SEQ_LT(tp.snd_wl2, ti.ti_ack) || (tp.snd_wl2 === ti.ti_ack && ti.ti_win > tp.snd_wnd)));
  if (newer) {
    tp.snd_wnd = ti.ti_win;
    tp.snd_wl1 = ti.ti_seq;
    tp.snd_wl2 = ti.ti_ack;
    tp.max_sndwnd = Math.max(tp.max_sndwnd, tp.snd_wnd);
  }
  return newer;
}
