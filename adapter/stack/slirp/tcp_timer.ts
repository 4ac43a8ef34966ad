/** TCP's timers (libslirp's tcp_timer.c, which is BSD's): slow ticks of 499 ms, fast ones of 2 ms. */
import { machine } from '../softmmu/machine.ts';
import { close } from '../util/sockets.ts';
import type { Slirp } from './instance.ts';
import { sototcpcb } from './so_state.ts';
import {
  TCP_ISSINCR,
  TCP_MAXIDLE,
  TCP_MAXRXTSHIFT,
  TCP_MINMSS,
  TCP_RTT_SHIFT,
  TCP_RTTVAR_SHIFT,
  TCPS_CLOSE_WAIT,
  TCPS_ESTABLISHED,
  TCPS_TIME_WAIT,
  TCPT_2MSL,
  TCPT_KEEP,
  TCPT_NTIMERS,
  TCPT_PERSIST,
  TCPT_RANGESET,
  TCPT_REXMT,
  TCPTV_KEEP_IDLE,
  TCPTV_KEEPINTVL,
  TCPTV_REXMTMAX,
  TF_ACKNOW,
  TF_DELACK,
  tcp_backoff,
  type tcpcb,
} from './tcp.ts';
import { tcp_output, tcp_setpersist } from './tcp_output.ts';
import { tcp_close, tcp_drop } from './tcp_subr.ts';

/** Fast tick: sends the acknowledgements that were delayed, of the newest connection first. */
export function tcp_fasttimo(slirp: Slirp): void {
  const list = slirp.delack;
  slirp.delack = [];
  if (list.length > 1) {
    list.sort((a, b) => b.t_socket.so_number - a.t_socket.so_number);
  }
  for (const tp of list) {
    tp.t_delack = -1;
    if ((tp.t_flags & TF_DELACK) !== 0) {
      tp.t_flags &= ~TF_DELACK;
      tp.t_flags |= TF_ACKNOW;
      tcp_output(tp);
    }
  }
}

/** Slow tick: counts the timers of every connection down, the newest first, and runs those that expire. */
export function tcp_slowtimo(slirp: Slirp): void {
  slirp.tcp_now++;
  let so = slirp.tcb.tail;
  while (so) {
    const next = so.so_prev;
    const tp = sototcpcb(so);
    for (let i = 0; i < TCPT_NTIMERS && so.so_tcpcb === tp; i++) {
      if (tp.t_timer[i]! > 0 && --tp.t_timer[i]! === 0) {
        tcp_timers(tp, i);
      }
    }
    tp.t_idle++;
    if (tp.t_rtt > 0) {
      tp.t_rtt++;
    }
    so = next;
  }
  while (slirp.time_wait.head && sototcpcb(slirp.time_wait.head).t_tw_expire <= slirp.tcp_now) {
    tcp_close(sototcpcb(slirp.time_wait.head));
  }
  slirp.tcp_iss = (slirp.tcp_iss + TCP_ISSINCR) >>> 0;
}

/**
 * Takes a measured round trip of `rtt` ticks into the estimate
 * (Jacobson 1988), and sets the retransmission time-out by it.
 */
export function tcp_xmit_timer(tp: tcpcb, rtt: number): void {
  if (tp.t_srtt !== 0) {
    let delta = rtt - 1 - (tp.t_srtt >> TCP_RTT_SHIFT);
    tp.t_srtt = Math.max(1, tp.t_srtt + delta);
    delta = Math.abs(delta) - (tp.t_rttvar >> TCP_RTTVAR_SHIFT);
    tp.t_rttvar = Math.max(1, tp.t_rttvar + delta);
  } else {
    tp.t_srtt = rtt << TCP_RTT_SHIFT;
    tp.t_rttvar = rtt << (TCP_RTTVAR_SHIFT - 1);
  }
  tp.t_rtt = 0;
  tp.t_rxtshift = 0;
  tp.t_rxtcur = TCPT_RANGESET((tp.t_srtt >> TCP_RTT_SHIFT) + tp.t_rttvar, tp.t_rttmin, TCPTV_REXMTMAX);
}

/** A timer of a connection has expired. */
export function tcp_timers(tp: tcpcb, timer: number): void {
  switch (timer) {
    case TCPT_2MSL:
      if (tp.t_state !== TCPS_TIME_WAIT && tp.t_idle <= TCP_MAXIDLE) {
        tp.t_timer[TCPT_2MSL] = TCPTV_KEEPINTVL;
      } else {
        tcp_close(tp);
      }
      break;
    case TCPT_REXMT:
      tcp_rexmt_timo(tp);
      break;
    case TCPT_PERSIST:
      tcp_setpersist(tp);
      tp.t_force = true;
      tcp_output(tp);
      tp.t_force = false;
      break;
    case TCPT_KEEP:
      tcp_keep_timo(tp);
      break;
  }
}

/**
 * Nothing was acknowledged in time: backs off, shrinks the window to
 * one segment, and sends again from the first unacknowledged byte.
 */
function tcp_rexmt_timo(tp: tcpcb): void {
  if (++tp.t_rxtshift > TCP_MAXRXTSHIFT) {
    // Perhaps large packets do not get through: half the size, until it makes no sense any more.
    tp.t_maxseg >>= 1;
    if (tp.t_maxseg < TCP_MINMSS) {
      tcp_drop(tp, 'ETIMEDOUT');
      return;
    }
    tp.t_rxtshift = 6;
  }
  const rexmt = ((tp.t_srtt >> TCP_RTT_SHIFT) + tp.t_rttvar) * tcp_backoff[tp.t_rxtshift]!;
  tp.t_rxtcur = TCPT_RANGESET(rexmt, tp.t_rttmin, TCPTV_REXMTMAX);
  tp.t_timer[TCPT_REXMT] = tp.t_rxtcur;
  if (tp.t_rxtshift > TCP_MAXRXTSHIFT / 4) {
    // The estimate is of no use: keep its effect, and start over with the next sample.
    tp.t_rttvar += tp.t_srtt >> TCP_RTT_SHIFT;
    tp.t_srtt = 0;
  }
  tp.snd_nxt = tp.snd_una;
  tp.t_rtt = 0;
  const win = Math.max(2, Math.floor(Math.min(tp.snd_wnd, tp.snd_cwnd) / 2 / tp.t_maxseg));
  tp.snd_cwnd = tp.t_maxseg;
  tp.snd_ssthresh = win * tp.t_maxseg;
  tp.t_dupacks = 0;
  tcp_output(tp);
}

/**
 * The connection was not established within 75 s: gives it up. Keep-alive of established ones is off, as in libslirp.
 */
function tcp_keep_timo(tp: tcpcb): void {
  if (tp.t_state < TCPS_ESTABLISHED) {
    const so = tp.t_socket;
    if (so.s?.connecting) {
      const s = so.s;
      so.s = null;
      close(machine.sockets, machine.host, s, true);
    }
    tcp_drop(tp, 'ETIMEDOUT');
  } else if (tp.t_state <= TCPS_CLOSE_WAIT) {
    tp.t_timer[TCPT_KEEP] = TCPTV_KEEP_IDLE;
  }
}
