/** TCP connections: making, connecting, resetting and closing them (libslirp's tcp_subr.c). */
import { machine } from '../softmmu/machine.ts';
import { drop_nothing } from '../util/drop.ts';
import { AF_INET, AF_INET6, type sockaddr } from '../util/host.ts';
import { accept, close, connect, listen, NO_ADDR } from '../util/sockets.ts';
import { rd16, wr16 } from '../wire/bytes.ts';
import { ICMP_UNREACH, ICMP_UNREACH_HOST, ICMP_UNREACH_NET } from '../wire/icmp.ts';
import { ICMP6_UNREACH, ICMP6_UNREACH_ADDRESS, ICMP6_UNREACH_NO_ROUTE } from '../wire/icmp6.ts';
import { IPPROTO_TCP, IPTOS_LOWDELAY, IPTOS_THROUGHPUT } from '../wire/ip.ts';
import { IP6_PLEN } from '../wire/ip6.ts';
import type { Slirp } from './instance.ts';
import { icmp_send_error } from './ip_icmp.ts';
import { icmp6_send_error } from './ip6_icmp.ts';
import { m_drop, type mbuf } from './mbuf.ts';
import { ndp_first_guest } from './ndp_table.ts';
import { sbdrop, sbreserve } from './sbuf.ts';
import {
  SS_FACCEPTCONN,
  SS_HOSTFWD,
  SS_INCOMING,
  SS_ISFCONNECTED,
  SS_NOFDREF,
  SS_PERSISTENT_MASK,
  soattach_fd,
  type socket,
  soclose_fd,
  socreate,
  sofree,
  soisfconnecting,
  sototcpcb,
} from './so_state.ts';
import { solist_append, solist_remove } from './solist.ts';
import { sotranslate_accept, sotranslate_out } from './sotranslate.ts';
import {
  TCP_RCVSPACE,
  TCP_SNDSPACE,
  TCPS_CLOSE_WAIT,
  TCPS_CLOSED,
  TCPS_ESTABLISHED,
  TCPS_FIN_WAIT_1,
  TCPS_HAVERCVDSYN,
  TCPS_LAST_ACK,
  TCPS_LISTEN,
  TCPS_SYN_RECEIVED,
  TCPS_SYN_SENT,
  TCPS_TIME_WAIT,
  TCPT_2MSL,
  TCPT_KEEP,
  TCPTV_KEEP_INIT,
  TCPTV_MSL,
  TF_DELACK,
  type tcpcb,
} from './tcp.ts';
import { tcp_canceltimers, tcp_newiss, tcp_newtcpcb } from './tcp_cb.ts';
import { tcp_output } from './tcp_output.ts';
import { tcp_state_change } from './tcp_state.ts';

/**
 * Connections at most, those in TIME_WAIT aside; beyond that the
 * oldest is reset. Of those in TIME_WAIT twice as many are kept.
 */
export const TCP_MAX_SOCKETS = 8192;
export const TCP_MAX_TIME_WAIT = 32768;

/** Gives a socket a control block and puts it in the list of connections; the oldest is reset if there are too many. */
export function tcp_attach(so: socket): tcpcb {
  const slirp = so.slirp;
  const tp = tcp_newtcpcb(so);
  if (slirp.tcb.count >= TCP_MAX_SOCKETS) {
    drop_nothing('TCP_TOO_MANY');
    tcp_drop(slirp.tcb.head!.so_tcpcb!, 'EMFILE');
  }
  sbreserve(so.so_snd, TCP_SNDSPACE);
  sbreserve(so.so_rcv, TCP_RCVSPACE);
  solist_append(slirp.tcb, so);
  return tp;
}

/**
 * Starts the host's side of a connection that the guest opens.
 * Returns '' or the error's name; how it went shows in the poll loop.
 */
export function tcp_fconnect(so: socket, af: number): string {
  const to = sotranslate_out(so);
  if (to === NO_ADDR) {
    return 'EPERM';
  }
  so.so_ffamily = af;
  soattach_fd(so, connect(machine.sockets, machine.host, to, null));
  soisfconnecting(so);
  return '';
}

/** Accepts a connection to a forwarded port and opens one to the guest: sends it a SYN. */
export function tcp_connect(inso: socket): void {
  const slirp = inso.slirp;
  const s = accept(inso.s!);
  if (!s) {
    return;
  }
  let guest6 = inso.so_laddr6;
  if (inso.so_lfamily === AF_INET6 && guest6 === null) {
    guest6 = ndp_first_guest(slirp);
    if (guest6 === null) {
      // The guest's IPv6 address is not known yet.
      drop_nothing('TCP_NO_GUEST');
      close(machine.sockets, machine.host, s, false);
      return;
    }
  }
  const so = socreate(slirp, IPPROTO_TCP);
  so.so_lfamily = inso.so_lfamily;
  so.so_laddr = inso.so_laddr;
  so.so_laddr6 = guest6;
  so.so_lport = inso.so_lport;
  const tp = tcp_attach(so);
  sotranslate_accept(so, s.peer);
  soattach_fd(so, s);
  tcp_evict(so);
  slirp.tcb_hash.insert(so);
  so.so_state = (so.so_state & SS_PERSISTENT_MASK & ~SS_NOFDREF) | SS_INCOMING;
  so.so_iptos = tcp_tos(so);
  tcp_state_change(tp, TCPS_SYN_SENT);
  tp.t_timer[TCPT_KEEP] = TCPTV_KEEP_INIT;
  tcp_newiss(slirp, tp);
  tcp_output(tp);
}

/** Closes an older connection with the same two ends, such as one in TIME_WAIT whose port the host has used again. */
function tcp_evict(so: socket): void {
  const old = so.slirp.tcb_hash.find(so);
  if (old) {
    tcp_close(sototcpcb(old));
  }
}

/**
 * Type of service of a connection by its ports (RFC 1349): bulk
 * protocols want throughput, interactive ones low delay; else 0.
 */
export function tcp_tos(so: socket): number {
  switch (so.so_fport) {
    case 20:
    case 80:
    case 6667:
    case 6668:
      return IPTOS_THROUGHPUT;
    case 21:
    case 23:
    case 113:
    case 513:
    case 543:
    case 544:
    case 7070:
      return IPTOS_LOWDELAY;
    default:
      return so.so_lport === 21 ? IPTOS_LOWDELAY : 0;
  }
}

/**
 * Tells the guest that the destination of its SYN `m`, which begins with the data, cannot be reached.
 * @packet m
 */
export function tcp_unreachable(m: mbuf, af: number, errno: string): void {
  m.m_len += m.m_data - m.m_ip;
  m.m_data = m.m_ip;
  const host = errno === 'EHOSTUNREACH';
  if (af === AF_INET) {
    icmp_send_error(m, ICMP_UNREACH, host ? ICMP_UNREACH_HOST : ICMP_UNREACH_NET, 0, errno);
  } else {
    // Libslirp's segments have the length in the host's order here, and so the guest sees it, bytes swapped, in the
    // quotation.
    const plen = rd16(m.m_dat, m.m_ip + IP6_PLEN);
    wr16(m.m_dat, m.m_ip + IP6_PLEN, ((plen & 0xff) << 8) | (plen >> 8));
    icmp6_send_error(m, ICMP6_UNREACH, host ? ICMP6_UNREACH_ADDRESS : ICMP6_UNREACH_NO_ROUTE);
  }
}

/** Gives a connection up: resets it if the guest knows of it, then closes it. */
export function tcp_drop(tp: tcpcb, errno: string): void {
  if (TCPS_HAVERCVDSYN(tp.t_state)) {
    tcp_state_change(tp, TCPS_CLOSED);
    tcp_output(tp);
  }
  tcp_close(tp);
}

/**
 * Ends a connection at once: frees the control block, the socket and what they hold.
 * @packet m
 */
export function tcp_close(tp: tcpcb): void {
  const so = tp.t_socket;
  while (tp.seg_next) {
    const m = tp.seg_next;
    tp.seg_next = m.m_nextpkt;
    m.m_nextpkt = null;
    m_drop(m, 'TCP_NO_CONN');
  }
  tp.seg_bytes = 0;
  tp.t_flags &= ~TF_DELACK;
  tcp_state_change(tp, TCPS_CLOSED);
  tcp_flush(so);
  sofree(so);
  so.so_tcpcb = null;
  so.so_state = (so.so_state & SS_PERSISTENT_MASK) | SS_NOFDREF;
}

/**
 * Writes all that waits for the host, past the limit of what may be under way: the socket is about to be closed, and
 * what the guest sent before goes out first, as it would have with a write per segment.
 */
function tcp_flush(so: socket): void {
  const sb = so.so_rcv;
  while (sb.sb_cc > 0 && so.s && so.s.errno === '' && (so.so_state & SS_ISFCONNECTED) !== 0) {
    const len = Math.min(sb.sb_cc, sb.sb_data.length - sb.sb_rptr);
    machine.host.send(so.s.fd, sb.sb_data, sb.sb_rptr, len);
    sbdrop(sb, len);
  }
}

/** The host has closed its side: sends the guest a FIN behind the data, or ends what was not established. */
export function tcp_sockclosed(tp: tcpcb): void {
  switch (tp.t_state) {
    case TCPS_CLOSED:
    case TCPS_LISTEN:
    case TCPS_SYN_SENT:
      tcp_state_change(tp, TCPS_CLOSED);
      tcp_close(tp);
      return;
    case TCPS_SYN_RECEIVED:
    case TCPS_ESTABLISHED:
      tcp_state_change(tp, TCPS_FIN_WAIT_1);
      break;
    case TCPS_CLOSE_WAIT:
      tcp_state_change(tp, TCPS_LAST_ACK);
      break;
  }
  tcp_output(tp);
}

/**
 * Both sides have closed: the connection stays for 2 MSL to
 * answer what is repeated. Its host socket is closed already now.
 */
export function tcp_time_wait(tp: tcpcb): void {
  const so = tp.t_socket;
  const slirp = so.slirp;
  tcp_state_change(tp, TCPS_TIME_WAIT);
  tcp_canceltimers(tp);
  tcp_restart_time_wait(tp);
  tcp_flush(so);
  soclose_fd(so);
  if (slirp.time_wait.count > TCP_MAX_TIME_WAIT) {
    drop_nothing('TCP_TOO_MANY');
    tcp_close(sototcpcb(slirp.time_wait.head!));
  }
}

/** Starts the 2 MSL over: the connection goes to the end of the list, which so is in order of expiry. */
function tcp_restart_time_wait(tp: tcpcb): void {
  const so = tp.t_socket;
  const slirp = so.slirp;
  tp.t_timer[TCPT_2MSL] = 2 * TCPTV_MSL;
  tp.t_tw_expire = slirp.tcp_now + 2 * TCPTV_MSL;
  if (so.so_list) {
    solist_remove(so.so_list, so);
  }
  solist_append(slirp.time_wait, so);
}

/** Forwards a TCP port (or Unix socket) of the host to the guest. Returns the listening socket, or the error's name. */
export function tcp_listen(
  slirp: Slirp,
  host_addr: sockaddr,
  guest_family: number,
  guest_addr: number,
  guest_addr6: Uint8Array | null,
  guest_port: number,
): { so: socket | null; errno: string; port: number } {
  const r = listen(machine.sockets, machine.host, host_addr);
  if (r.errno !== '') {
    return { so: null, errno: r.errno, port: 0 };
  }
  const so = socreate(slirp, IPPROTO_TCP);
  const tp = tcp_newtcpcb(so);
  tcp_state_change(tp, TCPS_LISTEN);
  soattach_fd(so, r.socket);
  so.so_lfamily = guest_family;
  so.so_laddr = guest_addr;
  so.so_laddr6 = guest_addr6;
  so.so_lport = guest_port;
  so.so_ffamily = host_addr.sa_family === AF_INET6 ? AF_INET6 : AF_INET;
  so.so_faddr = host_addr.sin_addr;
  so.so_faddr6 = host_addr.sin6_addr;
  so.so_fport = r.socket.local.sin_port;
  so.so_state = SS_FACCEPTCONN | SS_HOSTFWD;
  solist_append(slirp.hostfwds, so);
  return { so, errno: '', port: so.so_fport };
}
