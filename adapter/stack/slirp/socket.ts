/**
 * Slirp's sockets (libslirp's socket.c): one for each TCP connection,
 * UDP flow, ping or forwarded port, between guest and host.
 */
import { machine } from '../softmmu/machine.ts';
import { drop_nothing } from '../util/drop.ts';
import { AF_INET6, type sockaddr } from '../util/host.ts';
import {
  EAGAIN,
  next_datagram,
  recv,
  recvfrom,
  send,
  send_oob,
  socket_error,
  socket_poll_again,
} from '../util/sockets.ts';
import { ICMP_UNREACH, ICMP_UNREACH_HOST, ICMP_UNREACH_NET, ICMP_UNREACH_PORT } from '../wire/icmp.ts';
import { ICMP6_UNREACH, ICMP6_UNREACH_NO_ROUTE } from '../wire/icmp6.ts';
import { INADDR_LOOPBACK, IP_HLEN, IPPROTO_ICMP } from '../wire/ip.ts';
import { IP6_HLEN } from '../wire/ip6.ts';
import { UDP_HLEN } from '../wire/udp.ts';
import { icmp_forward_error, icmp_receive, icmp_send_error } from './ip_icmp.ts';
import { icmp6_forward_error, icmp6_send_error } from './ip6_icmp.ts';
import { M_IP, m_free, m_get, m_inc, type mbuf } from './mbuf.ts';
import { sbappend_bytes, sbdrop, sbspace, sbwptr } from './sbuf.ts';
import {
  SO_EXPIRE,
  SO_EXPIREFAST,
  SO_QUEUED_MAX,
  SS_FCANTRCVMORE,
  SS_FWDRAIN,
  SS_ISFCONNECTED,
  slirp_udb_touch,
  so_wqueue,
  type socket,
  sofcantrcvmore,
  sofcantsendmore,
  sototcpcb,
} from './so_state.ts';
import { in6_equal } from './solist.ts';
import { sotranslate_in, sotranslate_out } from './sotranslate.ts';
import { tcp_close, tcp_drop, tcp_sockclosed, tcp_unreachable } from './tcp_subr.ts';
import { udp_output, udp6_output } from './udp_output.ts';

/** Datagrams read from one socket in a turn, so that none starves the others. */
const UDP_BURST = 64;
/** Bytes for the host that are written before the end of the turn. */
const SOWRITE_BATCH = 65536;

/** True if the host socket may be read: it is connected and there is room for what comes. @pure */
function so_canread(so: socket): boolean {
  return (
    (so.so_state & (SS_FCANTRCVMORE | SS_ISFCONNECTED)) === SS_ISFCONNECTED &&
    so.so_snd.sb_cc < so.so_snd.sb_datalen >> 1
  );
}

/**
 * Reads from the host socket into `so_snd`, as much as fits. Returns the count read, 0 if there was nothing, -1 if the
 * connection is gone or at its end (then TCP has been told).
 */
export function soread(so: socket): number {
  const s = so.s!;
  const sb = so.so_snd;
  let total = 0;
  if (!so_canread(so) && s.errno === '') {
    return 0;
  }
  for (;;) {
    const room = Math.min(sbspace(sb), s.rx_bytes);
    if (room <= 0 && total > 0) {
      return total;
    }
    const w = sbwptr(sb, room);
    const nn = recv(machine.host, s, sb.sb_data, w, Math.min(room, sb.sb_data.length - w));
    if (nn > 0) {
      sb.sb_cc += nn;
      total += nn;
      continue;
    }
    if (nn === EAGAIN || total > 0) {
      return total;
    }
    const tp = sototcpcb(so);
    if (nn === 0) {
      sofcantrcvmore(so);
      tcp_sockclosed(tp);
    } else if (
      s.errno === 'ECONNRESET' ||
      s.errno === 'ECONNREFUSED' ||
      s.errno === 'ENOTCONN' ||
      s.errno === 'EPIPE'
    ) {
      tcp_drop(tp, s.errno);
    } else if (so.so_m) {
      tcp_unreachable(so.so_m, so.so_ffamily, s.errno);
      tcp_close(tp);
    } else {
      sofcantrcvmore(so);
      tcp_sockclosed(tp);
    }
    return -1;
  }
}

/** Sends the urgent bytes at the front of `so_rcv`, the last of them out of band where the host can. */
export function sosendoob(so: socket): number {
  const sb = so.so_rcv;
  // Never more than is held: libslirp up to 4.9.1 sent memory beyond the data here (CVE-2026-9539).
  so.so_urgc = Math.min(so.so_urgc, sb.sb_cc);
  let sent = 0;
  while (so.so_urgc > 0) {
    const len = Math.min(so.so_urgc, sb.sb_data.length - sb.sb_rptr);
    const n =
      len === so.so_urgc
        ? send_oob(machine.host, so.s!, sb.sb_data, sb.sb_rptr, len)
        : send(machine.host, so.s!, sb.sb_data, sb.sb_rptr, len);
    if (n <= 0) {
      return sent;
    }
    sbdrop(sb, n);
    so.so_urgc -= n;
    sent += n;
  }
  return sent;
}

/**
 * Writes what is in `so_rcv` to the host socket. Returns the count written; fewer than there are means the host takes
 * no more now, -1 that the connection is gone.
 */
export function sowrite(so: socket): number {
  const sb = so.so_rcv;
  let total = 0;
  if (!so.s) {
    return -1;
  }
  if (so.so_urgc > 0) {
    total += sosendoob(so);
  }
  while (sb.sb_cc > 0) {
    const len = Math.min(sb.sb_cc, sb.sb_data.length - sb.sb_rptr);
    const n = send(machine.host, so.s, sb.sb_data, sb.sb_rptr, len);
    if (n === EAGAIN) {
      return total;
    }
    if (n < 0) {
      tcp_drop(sototcpcb(so), so.s.errno);
      return -1;
    }
    sbdrop(sb, n);
    total += n;
  }
  if ((so.so_state & SS_FWDRAIN) !== 0) {
    sofcantsendmore(so);
  }
  return total;
}

/**
 * Takes the data of a segment for the host. It is written at the end of the turn together with what follows (libslirp:
 * one `send` a segment), or at once when much has gathered.
 * @packet m
 */
export function sbappend(so: socket, m: mbuf): void {
  const sb = so.so_rcv;
  if (m.m_len <= 0) {
    m_free(m);
    return;
  }
  sbappend_bytes(sb, m.m_dat, m.m_data, Math.min(m.m_len, sbspace(sb)));
  m_free(m);
  if (so.so_urgc > 0) {
    sosendoob(so);
  }
  if (sb.sb_cc >= SOWRITE_BATCH && !so.s?.tx_blocked) {
    sowrite(so);
  } else {
    so_wqueue(so);
  }
}

/** The errno of an ICMP-like failure as the code of a destination unreachable message. */
function unreach_code(errno: string): number {
  if (errno === 'EHOSTUNREACH') {
    return ICMP_UNREACH_HOST;
  }
  return errno === 'ENETUNREACH' ? ICMP_UNREACH_NET : ICMP_UNREACH_PORT;
}

/**
 * True for an error that the host's kernel had at once, on sending. Those that came over the network have somebody's
 * address, but for a refusal, which is always the destination's.
 */
function is_local_error(errno: string, from: sockaddr | null, to: sockaddr): boolean {
  if (errno === 'ECONNREFUSED') {
    return false;
  }
  if (from === null || from.sin_addr === INADDR_LOOPBACK) {
    return true;
  }
  return to.sa_family === AF_INET6 ? in6_equal(from.sin6_addr, to.sin6_addr) : from.sin_addr === to.sin_addr;
}

/**
 * Tells the guest of an error of a UDP socket by an ICMP message about the last datagram: from the gateway if `local`,
 * else from the host that refused it.
 * @packet m
 */
function sorecverror(so: socket, errno: string, from: sockaddr | null, local: boolean): void {
  const m = so.so_m;
  if (!m) {
    drop_nothing('HOST_ERROR');
    return;
  }
  const to = sotranslate_out(so);
  if (so.so_ffamily === AF_INET6) {
    if (local) {
      icmp6_send_error(m, ICMP6_UNREACH, ICMP6_UNREACH_NO_ROUTE);
    } else {
      icmp6_forward_error(m, errno, from?.sin6_addr ?? to.sin6_addr!);
    }
    return;
  }
  if (local) {
    const host = so.so_type === IPPROTO_ICMP && errno === 'EHOSTUNREACH';
    icmp_send_error(m, ICMP_UNREACH, host ? ICMP_UNREACH_HOST : ICMP_UNREACH_NET, 0, errno);
    return;
  }
  icmp_forward_error(m, ICMP_UNREACH, unreach_code(errno), 0, errno, from?.sin_addr || to.sin_addr || INADDR_LOOPBACK);
}

/**
 * Reads what has come on a UDP or ping socket, errors first, and sends it to the guest.
 * @packet m
 */
export function sorecvfrom(so: socket): void {
  const s = so.s!;
  const slirp = so.slirp;
  if (s.errno !== '') {
    const from = s.err_from;
    const local = so.so_type === IPPROTO_ICMP || is_local_error(s.errno, from, sotranslate_out(so));
    if (!local && so.so_queued > SO_QUEUED_MAX) {
      so.so_held = true;
      return;
    }
    sorecverror(so, socket_error(s), from, local);
  }
  if (so.so_type === IPPROTO_ICMP) {
    icmp_receive(so);
    return;
  }
  for (let i = 0; i < UDP_BURST && so.s === s; i++) {
    const len = next_datagram(s);
    if (len < 0) {
      return;
    }
    if (so.so_queued > SO_QUEUED_MAX) {
      so.so_held = true;
      return;
    }
    const m = m_get(slirp);
    m.m_data = M_IP + (so.so_ffamily === AF_INET6 ? IP6_HLEN : IP_HLEN) + UDP_HLEN;
    m_inc(m, len);
    const r = recvfrom(machine.host, s, m.m_dat, m.m_data, len)!;
    m.m_len = r.n;
    if (so.so_expire !== 0) {
      so.so_expire = slirp.curtime + (so.so_fport === 53 ? SO_EXPIREFAST : SO_EXPIRE);
      slirp_udb_touch(so);
    }
    const from = sotranslate_in(so, r.from);
    if (so.so_ffamily === AF_INET6) {
      udp6_output(so, m, from.sin6_addr!, from.sin_port, so.so_laddr6!, so.so_lport, so.so_iptos);
    } else {
      udp_output(so, m, from.sin_addr, from.sin_port, so.so_laddr, so.so_lport, so.so_iptos);
    }
  }
  if (next_datagram(s) >= 0) {
    socket_poll_again(machine.sockets, s);
  }
}
