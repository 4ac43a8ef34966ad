/** TCP control blocks: their first values (libslirp's tcp_subr.c and tcp_input.c in part). */
import { AF_INET6 } from '../util/host.ts';
import { qemu_random_u32 } from '../util/random.ts';
import { IP_HLEN } from '../wire/ip.ts';
import { IP6_HLEN } from '../wire/ip6.ts';
import { TCP_HLEN } from '../wire/tcp.ts';
import type { Slirp } from './instance.ts';
import { sbreserve } from './sbuf.ts';
import type { socket } from './so_state.ts';
import {
  TCP_ISSINCR,
  TCP_MAX_WINSHIFT,
  TCP_MAXMSS,
  TCP_MAXWIN,
  TCP_MINMSS,
  TCP_RCVSPACE,
  TCP_RTTVAR_SHIFT,
  TCP_SNDSPACE,
  TCPS_CLOSED,
  TCPT_NTIMERS,
  TCPT_RANGESET,
  TCPTV_MIN,
  TCPTV_REXMTMAX,
  TCPTV_SRTTBASE,
  TCPTV_SRTTDFLT,
  tcpcb,
} from './tcp.ts';

/** A control block with BSD's initial values; the segment size is a guess until the peer says one. */
export function tcp_newtcpcb(so: socket): tcpcb {
  const slirp = so.slirp;
  const tp = new tcpcb(so);
  // libslirp's header structure has room for IPv6 addresses, hence 60 bytes for IPv4 as well.
  tp.t_maxseg = slirp.if_mtu - IP6_HLEN - TCP_HLEN;
  tp.t_srtt = TCPTV_SRTTBASE;
  tp.t_rttvar = TCPTV_SRTTDFLT << TCP_RTTVAR_SHIFT;
  tp.t_rttmin = TCPTV_MIN;
  tp.t_rxtcur = TCPT_RANGESET(((TCPTV_SRTTBASE >> 2) + (TCPTV_SRTTDFLT << 2)) >> 1, TCPTV_MIN, TCPTV_REXMTMAX);
  tp.snd_cwnd = TCP_MAXWIN << TCP_MAX_WINSHIFT;
  tp.snd_ssthresh = TCP_MAXWIN << TCP_MAX_WINSHIFT;
  tp.t_state = TCPS_CLOSED;
  so.so_tcpcb = tp;
  return tp;
}

/** Sets the send sequence to the connection's initial number. */
export function tcp_sendseqinit(tp: tcpcb): void {
  tp.snd_una = tp.iss;
  tp.snd_nxt = tp.iss;
  tp.snd_max = tp.iss;
  tp.snd_up = tp.iss;
}

/** Sets the receive sequence to what follows the peer's SYN. */
export function tcp_rcvseqinit(tp: tcpcb): void {
  tp.rcv_nxt = (tp.irs + 1) >>> 0;
  tp.rcv_adv = tp.rcv_nxt;
}

/** Chooses the initial sequence number of a connection: random, or libslirp's next one where it must repeat. */
export function tcp_newiss(slirp: Slirp, tp: tcpcb): void {
  tp.iss = slirp.fixed_iss ? slirp.tcp_iss : qemu_random_u32();
  slirp.tcp_iss = (slirp.tcp_iss + TCP_ISSINCR) >>> 0;
  tcp_sendseqinit(tp);
}

/**
 * Takes the segment size that the guest offers (0: none) and returns the one to offer it. Sets the congestion window to
 * one segment and the buffers to whole segments.
 */
export function tcp_mss(tp: tcpcb, offer: number): number {
  const so = tp.t_socket;
  const slirp = so.slirp;
  const hlen = so.so_ffamily === AF_INET6 ? IP6_HLEN : IP_HLEN;
  let mss = Math.min(slirp.if_mtu, slirp.if_mru) - hlen - TCP_HLEN;
  if (offer > 0) {
    mss = Math.min(mss, offer);
  }
  mss = Math.min(Math.max(mss, TCP_MINMSS), TCP_MAXMSS);
  if (mss < tp.t_maxseg || offer !== 0) {
    tp.t_maxseg = mss;
  }
  tp.snd_cwnd = mss;
  sbreserve(so.so_snd, TCP_SNDSPACE + (TCP_SNDSPACE % mss > 0 ? mss - (TCP_SNDSPACE % mss) : 0));
  sbreserve(so.so_rcv, TCP_RCVSPACE + (TCP_RCVSPACE % mss > 0 ? mss - (TCP_RCVSPACE % mss) : 0));
  return mss;
}

/** Stops all timers of a connection. */
export function tcp_canceltimers(tp: tcpcb): void {
  for (let i = 0; i < TCPT_NTIMERS; i++) {
    tp.t_timer[i] = 0;
  }
}
