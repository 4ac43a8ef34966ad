/**
 * TCP input (libslirp's tcp_input.c, which is BSD's; RFC 9293). `tcp_input` takes a segment through the steps of RFC
 * 9293, section 3.10.7. The steps themselves are in tcp_steps.ts; only `tcp_input` sends or ends anything.
 */
import type { DropReason } from '../util/drop_reasons.ts';
import { AF_INET } from '../util/host.ts';
import { IPPROTO_TCP } from '../wire/ip.ts';
import { IP6_DST, IP6_HLEN, IP6_SRC } from '../wire/ip6.ts';
import { TH_ACK, TH_FIN, TH_RST, TH_SYN, TH_URG } from '../wire/tcp.ts';
import type { Slirp } from './instance.ts';
import { m_drop, m_free, type mbuf } from './mbuf.ts';
import { guestfwd_find, tcp_ctl } from './misc.ts';
import { sbspace } from './sbuf.ts';
import { SS_CTL, SS_ISFCONNECTING, SS_NOFDREF, type socket, socreate, sototcpcb } from './so_state.ts';
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
  TF_ACKNOW,
  type tcpcb,
  type tcpiphdr,
} from './tcp.ts';
import { tcp_after_fast_retransmit, tcp_fast_retransmit, tcp_update_window } from './tcp_acks.ts';
import { tcp_header } from './tcp_header.ts';
import { tcp_output } from './tcp_output.ts';
import { tcp_present, tcp_reass } from './tcp_reass.ts';
import { tcp_reset } from './tcp_respond.ts';
import { tcp_state_change } from './tcp_state.ts';
import * as step from './tcp_steps.ts';
import { tcp_attach, tcp_close, tcp_drop, tcp_fconnect, tcp_tos, tcp_unreachable } from './tcp_subr.ts';
import { CONTINUE } from './tcp_verdict.ts';

/**
 * The connection of a segment, or null.
 * @packet m
 */
function tcp_findso(slirp: Slirp, m: mbuf, af: number): socket | null {
  const ti = m.m_ti;
  if (af === AF_INET) {
    return solookup(slirp.tcb_hash, ti.ti_src, ti.ti_sport, ti.ti_dst, ti.ti_dport);
  }
  const src = m.m_dat.subarray(m.m_ip + IP6_SRC, m.m_ip + IP6_DST);
  const dst = m.m_dat.subarray(m.m_ip + IP6_DST, m.m_ip + IP6_HLEN);
  return solookup6(slirp.tcb_hash, src, ti.ti_sport, dst, ti.ti_dport);
}

/**
 * True if a segment without a connection may open one: a SYN and
 * nothing else; in a restricted network only to a guest forward.
 */
function tcp_may_open(slirp: Slirp, ti: tcpiphdr, af: number): boolean {
  if ((ti.ti_flags & (TH_SYN | TH_FIN | TH_RST | TH_URG | TH_ACK)) !== TH_SYN) {
    return false;
  }
  return !slirp.restricted || (af === AF_INET && guestfwd_find(slirp, ti.ti_dst, ti.ti_dport) !== null);
}

/**
 * A socket for the connection that the guest opens with the SYN `m`.
 * @packet m
 */
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
  tcp_state_change(tcp_attach(so), TCPS_LISTEN);
  slirp.tcb_hash.insert(so);
  return so;
}

/** Why a segment that has no connection and may not open one is reset. */
function tcp_not_opened(slirp: Slirp, ti: tcpiphdr): DropReason {
  return slirp.restricted && (ti.ti_flags & (TH_SYN | TH_ACK)) === TH_SYN ? 'RESTRICTED' : 'TCP_NO_CONN';
}

/** True if a SYN opens the connection anew while its last one is in TIME_WAIT (RFC 1122, section 4.2.2.13). */
function tcp_opens_again(tp: tcpcb, so: socket, ti: tcpiphdr): boolean {
  return (
    tp.t_state === TCPS_TIME_WAIT &&
    (ti.ti_flags & (TH_SYN | TH_RST)) === TH_SYN &&
    SEQ_GT(ti.ti_seq, (tp.rcv_nxt + tcp_receive_window(tp, so)) >>> 0)
  );
}

/** The window that the guest may fill: what there is room for, and never less than it was told. */
function tcp_receive_window(tp: tcpcb, so: socket): number {
  return Math.max(0, sbspace(so.so_rcv), (tp.rcv_adv - tp.rcv_nxt) | 0);
}

/**
 * The host side of a connection stands: takes the guest's SYN. Data
 * that came with it waits for the connection to be established.
 * @packet syn
 */
function tcp_syn_received(so: socket, syn: mbuf): void {
  const tp = sototcpcb(so);
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
 * The host connection of `so` has been made: the guest's SYN, which was kept, goes on. Returns false if there is none.
 * @packet syn
 */
function tcp_host_connected(so: socket): boolean {
  const syn = so.so_m;
  so.so_m = null;
  so.so_state &= ~(SS_ISFCONNECTING | SS_NOFDREF);
  if (syn) {
    tcp_syn_received(so, syn);
  }
  return syn !== null;
}

/** True if a segment brings data or a FIN that the connection is to take in: none does behind the guest's FIN. */
function tcp_has_text(tp: tcpcb, ti: tcpiphdr): boolean {
  return (ti.ti_len > 0 || (ti.ti_flags & TH_FIN) !== 0) && !TCPS_HAVERCVDFIN(tp.t_state);
}

/**
 * Takes a segment from the guest: `m` begins with the IP header of `iphlen` bytes. With `m` null, the host connection
 * of `inso` has been made, and the guest's SYN, which was kept, goes on. The order is that of RFC 9293, section 3.10.7.
 * @packet m
 */
export function tcp_input(m: mbuf | null, iphlen: number, inso: socket | null, af: number): void {
  if (m === null) {
    if (tcp_host_connected(inso!)) {
      tcp_output(sototcpcb(inso!));
    }
    return;
  }
  if (!tcp_header(m, iphlen, af)) {
    return;
  }
  const slirp = m.slirp;
  const ti = m.m_ti;
  let so = tcp_findso(slirp, m, af);
  if (so !== null && tcp_opens_again(sototcpcb(so), so, ti)) {
    tcp_close(sototcpcb(so));
    so = null;
  }
  if (so === null) {
    if (!tcp_may_open(slirp, ti, af)) {
      tcp_reset(slirp, null, m, af, tcp_not_opened(slirp, ti));
      return;
    }
    so = tcp_newso(slirp, m, af);
  }
  const tp: tcpcb = sototcpcb(so);
  if ((so.so_state & SS_ISFCONNECTING) !== 0) {
    m_drop(m, 'TCP_CONNECTING');
    return;
  }
  step.tcp_heard(tp, m, ti);

  // Header prediction: nearly all that comes is the next acknowledgement or the next data.
  switch (step.tcp_predict(tp, so, ti)) {
    case step.NEXT_ACK:
      m_free(m);
      if (so.so_snd.sb_cc > 0) {
        tcp_output(tp);
      }
      return;
    case step.NEXT_DATA:
      sbappend(so, m);
      if (so.so_tcpcb === tp) {
        tcp_output(tp);
      }
      return;
  }

  // A SYN that opens a connection: it waits for the host's side.
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

  // Sequence number, RST, SYN and ACK are checked in this order.
  tp.rcv_wnd = tcp_receive_window(tp, so);
  const una = tp.snd_una;
  const syn_received = tp.t_state === TCPS_SYN_RECEIVED;
  const verdict = tp.t_state === TCPS_SYN_SENT ? step.tcp_syn_sent(tp, so, m) : step.tcp_check(tp, so, m);
  if (verdict !== CONTINUE) {
    const { ends, answer, reason } = verdict;
    if (reason === '') {
      m_free(m);
    }
    if (ends === 'close') {
      tcp_close(tp);
    } else if (ends !== '') {
      tcp_drop(tp, ends);
    }
    if (answer === 'retransmit') {
      const onxt = tcp_fast_retransmit(tp, ti.ti_ack);
      tcp_output(tp);
      tcp_after_fast_retransmit(tp, onxt);
    } else if (answer === 'output') {
      tcp_output(tp);
    } else if (answer === 'ack' && (ti.ti_flags & TH_RST) === 0) {
      tp.t_flags |= TF_ACKNOW;
      tcp_output(tp);
    }
    if (reason !== '' && answer === 'reset') {
      tcp_reset(slirp, ends === '' ? tp : null, m, af, reason);
    } else if (reason !== '') {
      m_drop(m, reason);
    }
    return;
  }

  // The segment is acceptable: its window, urgent pointer, data and FIN.
  const all_acked = tp.snd_una !== una && tp.snd_una === tp.snd_max;
  const needoutput = tcp_update_window(tp, ti) || all_acked;
  step.tcp_urgent(tp, so, ti);
  if ((so.so_state & SS_CTL) !== 0 && syn_received && so.s === null && tp.t_state >= TCPS_ESTABLISHED) {
    tcp_ctl(so);
  }
  if (syn_received && tp.seg_next !== null) {
    tcp_present(tp, so);
  }
  let fin = 0;
  if (!tcp_has_text(tp, ti)) {
    if (ti.ti_len > 0) {
      m_drop(m, 'TCP_AFTER_FIN');
    } else {
      m_free(m);
    }
  } else if (ti.ti_seq === tp.rcv_nxt && tp.seg_next === null && tp.t_state === TCPS_ESTABLISHED) {
    fin = ti.ti_flags & TH_FIN;
    step.tcp_delay_ack(tp, m, ti);
    tp.rcv_nxt = (tp.rcv_nxt + ti.ti_len) >>> 0;
    sbappend(so, m);
  } else {
    tcp_reass(tp, m);
    tp.t_flags |= TF_ACKNOW;
    fin = tcp_present(tp, so);
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
