/**
 * TCP input (libslirp's tcp_input.c, which is BSD's; RFC 793). `tcp_input` takes a segment through the steps of RFC 793, section
 * 3.9. The steps themselves are in tcp_steps.ts; only `tcp_input` sends or ends anything.
 */
import { AF_INET } from '../util/host.ts';
import { IPPROTO_TCP } from '../wire/ip.ts';
import { IP6_DST, IP6_HLEN, IP6_SRC } from '../wire/ip6.ts';
import { TH_ACK, TH_FIN, TH_RST, TH_SYN, TH_URG } from '../wire/tcp.ts';
import type { Slirp } from './instance.ts';
import { m_drop, m_free, type mbuf } from './mbuf.ts';
import { guestfwd_find, tcp_ctl } from './misc.ts';
import { sbspace } from './sbuf.ts';
import { SS_CTL, SS_ISFCONNECTING, SS_NOFDREF, type socket, socreate } from './so_state.ts';
import { sbappend } from './socket.ts';
import { solookup, solookup6 } from './solist.ts';
import {
  SEQ_GT,
  TCPS_ESTABLISHED,
  TCPS_HAVERCVDFIN,
  TCPS_LISTEN,
  TCPS_SYN_RECEIVED,
  TCPS_SYN_SENT,
  TCPS_TIME_WAIT,
  TCPT_KEEP,
  TCPTV_KEEP_IDLE,
  TF_ACKNOW,
  type tcpcb,
  type tcpiphdr,
} from './tcp.ts';
import { tcp_header } from './tcp_header.ts';
import { tcp_output } from './tcp_output.ts';
import { tcp_present, tcp_reass } from './tcp_reass.ts';
import * as step from './tcp_steps.ts';
import { tcp_attach, tcp_close, tcp_drop, tcp_fconnect, tcp_reset, tcp_tos, tcp_unreachable } from './tcp_subr.ts';

/** The connection of a segment, or null. */
function tcp_findso(slirp: Slirp, m: mbuf, af: number): socket | null {
  const ti = m.m_ti;
  if (af === AF_INET) {
    return solookup(slirp.tcb_hash, ti.ti_src, ti.ti_sport, ti.ti_dst, ti.ti_dport);
  }
  const src = m.m_dat.subarray(m.m_ip + IP6_SRC, m.m_ip + IP6_DST);
  const dst = m.m_dat.subarray(m.m_ip + IP6_DST, m.m_ip + IP6_HLEN);
  return solookup6(slirp.tcb_hash, src, ti.ti_sport, dst, ti.ti_dport);
}

/** True if a segment without a connection may open one: a SYN and nothing else; in a restricted network only to a guest forward. */
function tcp_may_open(slirp: Slirp, ti: tcpiphdr, af: number): boolean {
  if ((ti.ti_flags & (TH_SYN | TH_FIN | TH_RST | TH_URG | TH_ACK)) !== TH_SYN) {
    return false;
  }
  return !slirp.restricted || (af === AF_INET && guestfwd_find(slirp, ti.ti_dst, ti.ti_dport) !== null);
}

/** A socket for the connection that the guest opens with the SYN `m`. */
function tcp_newso(slirp: Slirp, m: mbuf, af: number): socket {
  const ti = m.m_ti;
  const so = socreate(slirp, IPPROTO_TCP);
  so.so_lfamily = af;
  so.so_ffamily = af;
  so.so_lport = ti.ti_sport;
  so.so_fport = ti.ti_dport;
  if (af === AF_INET) {
    so.so_laddr = ti.ti_src;
    so.so_faddr = ti.ti_dst;
    so.guestfwd = guestfwd_find(slirp, ti.ti_dst, ti.ti_dport);
    if (so.guestfwd) {
      so.so_state |= SS_CTL;
    }
  } else {
    so.so_laddr6 = m.m_dat.slice(m.m_ip + IP6_SRC, m.m_ip + IP6_DST);
    so.so_faddr6 = m.m_dat.slice(m.m_ip + IP6_DST, m.m_ip + IP6_HLEN);
  }
  so.so_iptos = tcp_tos(so);
  tcp_attach(so).t_state = TCPS_LISTEN;
  slirp.tcb_hash.insert(so);
  return so;
}

/** The host side of a connection stands: takes the guest's SYN. Data that came with it waits for the connection to be established. */
function tcp_syn_received(so: socket, syn: mbuf): void {
  const tp = so.so_tcpcb!;
  const ti = syn.m_ti;
  step.tcp_accept_syn(so, syn);
  if (ti.ti_len > 0) {
    syn.m_data = ti.ti_data;
    syn.m_len = ti.ti_len;
    ti.ti_seq = (ti.ti_seq + 1) >>> 0;
    tcp_reass(tp, syn);
  } else {
    m_free(syn);
  }
}

/**
 * Takes a segment from the guest: `m` begins with the IP header of `iphlen` bytes. With `m` null, the host connection of `inso` has been
 * made, and the guest's SYN, which was kept, goes on.
 */
export function tcp_input(m: mbuf | null, iphlen: number, inso: socket | null, af: number): void {
  if (m === null) {
    const so = inso!;
    const syn = so.so_m;
    so.so_m = null;
    so.so_state &= ~(SS_ISFCONNECTING | SS_NOFDREF);
    if (syn) {
      tcp_syn_received(so, syn);
      tcp_output(so.so_tcpcb!);
    }
    return;
  }
  const slirp = m.slirp;
  const ti = m.m_ti;
  if (!tcp_header(m, iphlen, af)) {
    return;
  }
  let so: socket | null;
  for (;;) {
    so = tcp_findso(slirp, m, af);
    if (so === null) {
      if (!tcp_may_open(slirp, ti, af)) {
        const refused = slirp.restricted && (ti.ti_flags & (TH_SYN | TH_ACK)) === TH_SYN;
        tcp_reset(slirp, null, m, af, refused ? 'RESTRICTED' : 'TCP_NO_CONN');
        return;
      }
      so = tcp_newso(slirp, m, af);
    }
    const tp = so.so_tcpcb!;
    if (
      tp.t_state === TCPS_TIME_WAIT &&
      (ti.ti_flags & (TH_SYN | TH_RST)) === TH_SYN &&
      SEQ_GT(ti.ti_seq, (tp.rcv_nxt + Math.max(0, sbspace(so.so_rcv), (tp.rcv_adv - tp.rcv_nxt) | 0)) >>> 0)
    ) {
      tcp_close(tp);
      continue;
    }
    break;
  }
  const tp: tcpcb = so.so_tcpcb!;
  if ((so.so_state & SS_ISFCONNECTING) !== 0) {
    m_drop(m, 'TCP_CONNECTING');
    return;
  }
  tp.t_idle = 0;
  tp.t_timer[TCPT_KEEP] = TCPTV_KEEP_IDLE;
  if ((ti.ti_flags & TH_SYN) !== 0 && tp.t_state !== TCPS_LISTEN) {
    step.tcp_dooptions(tp, m, ti);
  }

  // Header prediction: nearly every segment of an established connection is the next one, or a pure acknowledgement.
  if (tp.t_state === TCPS_ESTABLISHED && step.tcp_predict(tp, ti)) {
    if (ti.ti_len === 0) {
      if (step.tcp_predict_ack(tp, ti)) {
        step.tcp_acked(tp, so, ti.ti_ack);
        m_free(m);
        if (so.so_snd.sb_cc > 0) {
          tcp_output(tp);
        }
        return;
      }
    } else if (ti.ti_ack === tp.snd_una && tp.seg_next === null && ti.ti_len <= sbspace(so.so_rcv)) {
      tp.rcv_nxt = (tp.rcv_nxt + ti.ti_len) >>> 0;
      tp.t_flags |= TF_ACKNOW;
      sbappend(so, m);
      if (so.so_tcpcb === tp) {
        tcp_output(tp);
      }
      return;
    }
  }

  if (tp.t_state === TCPS_LISTEN) {
    if ((so.so_state & SS_CTL) !== 0) {
      tcp_syn_received(so, m);
      tcp_output(tp);
      return;
    }
    const errno = tcp_fconnect(so, af);
    if (errno !== '') {
      tcp_unreachable(m, af, errno);
      tcp_close(tp);
      m_drop(m, 'HOST_ERROR');
      return;
    }
    step.tcp_keep_syn(so, m);
    return;
  }

  tp.rcv_wnd = Math.max(0, sbspace(so.so_rcv), (tp.rcv_adv - tp.rcv_nxt) | 0);
  const una = tp.snd_una;
  const syn_received = tp.t_state === TCPS_SYN_RECEIVED;
  const next = tp.t_state === TCPS_SYN_SENT ? step.tcp_syn_sent(tp, so, m) : step.tcp_check(tp, so, m);
  switch (next) {
    case step.DROP:
      m_drop(m, 'TCP_BAD_SEGMENT');
      return;
    case step.CLOSE:
      m_free(m);
      tcp_close(tp);
      return;
    case step.REFUSED:
      m_free(m);
      tcp_drop(tp, 'ECONNREFUSED');
      return;
    case step.RESET_CONNECTION:
      tcp_drop(tp, 'ECONNRESET');
      tcp_reset(slirp, null, m, af, 'TCP_BAD_SEGMENT');
      return;
    case step.CLOSE_WITH_RESET:
      tcp_close(tp);
      tcp_reset(slirp, null, m, af, 'TCP_BAD_SEGMENT');
      return;
    case step.DROP_WITH_RESET:
      tcp_reset(slirp, tp, m, af, 'TCP_BAD_SEGMENT');
      return;
    case step.DROP_AFTER_ACK:
      if ((ti.ti_flags & TH_RST) === 0) {
        tp.t_flags |= TF_ACKNOW;
        tcp_output(tp);
      }
      m_drop(m, 'TCP_BAD_SEGMENT');
      return;
    case step.FAST_RETRANSMIT: {
      const onxt = step.tcp_fast_retransmit(tp, ti.ti_ack);
      m_free(m);
      tcp_output(tp);
      step.tcp_after_fast_retransmit(tp, onxt);
      return;
    }
    case step.OUTPUT_AND_DROP:
      m_free(m);
      tcp_output(tp);
      return;
  }

  let needoutput = tp.snd_una !== una && tp.snd_una === tp.snd_max;
  if (step.tcp_update_window(tp, ti)) {
    needoutput = true;
  }
  step.tcp_urgent(tp, so, ti);
  if ((so.so_state & SS_CTL) !== 0 && syn_received && so.s === null && tp.t_state >= TCPS_ESTABLISHED) {
    tcp_ctl(so);
  }
  if (syn_received && tp.seg_next !== null) {
    tcp_present(tp, so);
  }

  let fin = ti.ti_flags & TH_FIN;
  if ((ti.ti_len > 0 || fin !== 0) && !TCPS_HAVERCVDFIN(tp.t_state)) {
    if (ti.ti_seq === tp.rcv_nxt && tp.seg_next === null && tp.t_state === TCPS_ESTABLISHED) {
      step.tcp_delay_ack(tp, m, ti);
      tp.rcv_nxt = (tp.rcv_nxt + ti.ti_len) >>> 0;
      sbappend(so, m);
    } else {
      tcp_reass(tp, m);
      tp.t_flags |= TF_ACKNOW;
      fin = tcp_present(tp, so);
    }
  } else {
    if (ti.ti_len > 0) {
      m_drop(m, 'TCP_BAD_SEGMENT');
    } else {
      m_free(m);
    }
    fin = 0;
  }
  if (so.so_tcpcb !== tp) {
    return;
  }
  if (fin !== 0) {
    step.tcp_fin(tp, so);
  }
  if (needoutput || (tp.t_flags & TF_ACKNOW) !== 0) {
    tcp_output(tp);
  }
}
