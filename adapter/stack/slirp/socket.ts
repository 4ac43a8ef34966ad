/** Slirp's sockets (libslirp's socket.c): one for each TCP connection, UDP flow, ping or forwarded port, between guest and host. */
import { machine } from '../softmmu/machine.ts';
import { drop_nothing } from '../util/drop.ts';
import { AF_INET6, type sockaddr } from '../util/host.ts';
import {
  close,
  EAGAIN,
  type HostSocket,
  NO_ADDR,
  next_datagram,
  POLLIN,
  recv,
  recvfrom,
  send,
  send_oob,
  sendto,
  shutdown_wr,
  socket_error,
  socket_poll_again,
} from '../util/sockets.ts';
import { ICMP_UNREACH, ICMP_UNREACH_HOST, ICMP_UNREACH_NET, ICMP_UNREACH_PORT } from '../wire/icmp.ts';
import { ICMP6_UNREACH, ICMP6_UNREACH_NO_ROUTE } from '../wire/icmp6.ts';
import { INADDR_LOOPBACK, IP_HLEN, IPPROTO_ICMP, IPPROTO_UDP } from '../wire/ip.ts';
import { IP6_HLEN } from '../wire/ip6.ts';
import { UDP_HLEN } from '../wire/udp.ts';
import { if_forget } from './if.ts';
import { icmp_forward_error, icmp_receive, icmp_send_error } from './ip_icmp.ts';
import { icmp6_forward_error, icmp6_send_error } from './ip6_icmp.ts';
import { M_IP, m_drop, m_free, m_get, m_inc, type mbuf } from './mbuf.ts';
import { sbappend_bytes, sbdrop, sbfree, sbspace, sbuf, sbwptr } from './sbuf.ts';
import type { Slirp } from './slirp.ts';
import { in6_equal, type solist, solist_append, solist_remove } from './solist.ts';
import { sotranslate_in, sotranslate_out } from './sotranslate.ts';
import type { tcpcb } from './tcp.ts';
import { tcp_close, tcp_drop, tcp_sockclosed, tcp_unreachable } from './tcp_subr.ts';
import { udp_output } from './udp.ts';
import { udp6_output } from './udp6.ts';

/** States of a socket: bits of `so_state`. */
export const SS_NOFDREF = 0x001;
export const SS_ISFCONNECTING = 0x002;
export const SS_ISFCONNECTED = 0x004;
export const SS_FCANTRCVMORE = 0x008;
export const SS_FCANTSENDMORE = 0x010;
export const SS_FWDRAIN = 0x040;
export const SS_CTL = 0x080;
export const SS_FACCEPTCONN = 0x100;
/** The bits that say what the socket is, and stay. */
export const SS_PERSISTENT_MASK = 0xf000;
export const SS_HOSTFWD = 0x1000;
export const SS_INCOMING = 0x2000;

/** Milliseconds without traffic after which UDP and ping sockets are closed; the second for DNS, after an answer. */
export const SO_EXPIRE = 240000;
export const SO_EXPIREFAST = 10000;

/** Packets of a UDP socket that may wait for the guest's MAC address before it is read no more. */
export const SO_QUEUED_MAX = 4;
/** Datagrams read from one socket in a turn, so that none starves the others. */
const UDP_BURST = 64;
/** Bytes for the host that are written before the end of the turn. */
const SOWRITE_BATCH = 65536;

/** A socket. f = foreign, the host's side (the address the guest talks to); l = local, the guest's side. */
export class socket {
  readonly slirp: Slirp;
  /** The host's socket; null if there is none (yet, or any more). */
  s: HostSocket | null = null;
  so_next: socket | null = null;
  so_prev: socket | null = null;
  /** The list it is in. */
  so_list: solist | null = null;
  so_hash_next: socket | null = null;
  so_hashed = false;
  /** Packet that is kept: the SYN while the host connects, the last datagram for ICMP errors. */
  so_m: mbuf | null = null;
  so_ffamily = 0;
  /** IPv4 addresses are numbers in host byte order; IPv6 addresses 16 bytes or null. */
  so_faddr = 0;
  so_fport = 0;
  so_faddr6: Uint8Array | null = null;
  so_lfamily = 0;
  so_laddr = 0;
  so_lport = 0;
  so_laddr6: Uint8Array | null = null;
  /** Type of service of the packets to the guest. */
  so_iptos = 0;
  /** IP protocol. */
  so_type: number;
  /** How many sockets there were before it. */
  readonly so_number: number;
  so_state: number = SS_NOFDREF;
  so_tcpcb: tcpcb | null = null;
  /** Milliseconds at which it expires, 0: never. */
  so_expire = 0;
  /** Packets in the output queue; packets put there since it last was empty. */
  so_queued = 0;
  so_nqueued = 0;
  /** Bytes at the front of `so_rcv` that go to the host as urgent data. */
  so_urgc = 0;
  /** From the guest to the host, and from the host to the guest. */
  so_rcv: sbuf = new sbuf();
  so_snd: sbuf = new sbuf();
  /** The guest forward it belongs to. */
  guestfwd: object | null = null;
  /** True while it is not read because its packets wait in the output queue. */
  so_held = false;
  /** True while it is in `Slirp.so_wq`, to be written at the end of the turn. */
  so_wqueued = false;
  constructor(slirp: Slirp, type: number) {
    this.slirp = slirp;
    this.so_number = slirp.so_created++;
    this.so_type = type;
  }
}

/** A new socket, not in any table yet. */
export function socreate(slirp: Slirp, type: number): socket {
  return new socket(slirp, type);
}

/** Takes a socket out of its list and table, closes its host socket and frees what it holds. */
export function sofree(so: socket): void {
  const slirp = so.slirp;
  if (so.so_hashed) {
    (so.so_tcpcb ? slirp.tcb_hash : slirp.udb_hash).remove(so);
  }
  if (so.so_list) {
    solist_remove(so.so_list, so);
  }
  soclose_fd(so);
  if (so.so_m) {
    // A datagram has been sent and is only kept for errors; a SYN or an echo request has not got anywhere.
    if (so.so_type === IPPROTO_UDP) {
      m_free(so.so_m);
    } else {
      m_drop(so.so_m, 'HOST_ERROR');
    }
    so.so_m = null;
  }
  if (so.so_queued > 0) {
    if_forget(slirp, so);
  }
  sbfree(so.so_rcv);
  sbfree(so.so_snd);
}

/** Closes the host's socket; what was written to it is still sent. */
export function soclose_fd(so: socket): void {
  if (so.s) {
    const s = so.s;
    so.s = null;
    close(machine.sockets, machine.host, s, false);
  }
}

/** Gives a socket its host socket. */
export function soattach_fd(so: socket, s: HostSocket): void {
  so.s = s;
  s.opaque = so;
}

/** True if the host socket may be read: it is connected and there is room for what comes. */
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
    const tp = so.so_tcpcb!;
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

/** Has the host socket looked at again when there is room for what waits on it (libslirp's `notify`). */
export function so_notify(so: socket): void {
  if (so.s && (so.s.revents & POLLIN) !== 0) {
    socket_poll_again(machine.sockets, so.s);
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
 * Writes what is in `so_rcv` to the host socket. Returns the count written; fewer than there are means the host takes no more
 * now, -1 that the connection is gone.
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
      tcp_drop(so.so_tcpcb!, so.s.errno);
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
 * Takes the data of a segment for the host. It is written at the end of the turn together with what follows (libslirp: one
 * `send` a segment), or at once when much has gathered.
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

/** Has a socket written at the end of the turn. */
export function so_wqueue(so: socket): void {
  if (!so.so_wqueued) {
    so.so_wqueued = true;
    so.slirp.so_wq.push(so);
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
 * True for an error that the host's kernel had at once, on sending. Those that came over the network have somebody's address, but for
 * a refusal, which is always the destination's.
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

/** Tells the guest of an error of a UDP socket: an ICMP message about the last datagram, from the gateway if `local`, else from the host that refused it. */
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

/** Reads what has come on a UDP or ping socket, errors first, and sends it to the guest. */
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

/** Moves a UDP socket to the end of the list it expires from. */
export function slirp_udb_touch(so: socket): void {
  const slirp = so.slirp;
  const fast = so.so_expire - slirp.curtime <= SO_EXPIREFAST;
  const list = so.so_expire === 0 ? slirp.hostfwds : fast ? slirp.udb_fast : slirp.udb;
  if (list.tail !== so) {
    if (so.so_list) {
      solist_remove(so.so_list, so);
    }
    solist_append(list, so);
  }
}

/** Sends a datagram of the guest, `m_data .. m_len` of the packet, to where it goes. Returns '' or the error's name. */
export function sosendto(so: socket, m: mbuf, ttl: number): string {
  const to = sotranslate_out(so);
  if (to === NO_ADDR) {
    return 'EPERM';
  }
  sendto(machine.host, so.s!, m.m_dat, m.m_data, m.m_len, to, ttl);
  if (so.so_expire !== 0) {
    so.so_expire = so.slirp.curtime + SO_EXPIRE;
    slirp_udb_touch(so);
  }
  so.so_state = (so.so_state & SS_PERSISTENT_MASK) | SS_ISFCONNECTED;
  return '';
}

/** The host connection is being made. */
export function soisfconnecting(so: socket): void {
  so.so_state = (so.so_state & SS_PERSISTENT_MASK) | SS_ISFCONNECTING;
}

/** The connection stands on both sides: data may flow. */
export function soisfconnected(so: socket): void {
  so.so_state &= ~(SS_ISFCONNECTING | SS_FWDRAIN | SS_NOFDREF);
  so.so_state |= SS_ISFCONNECTED;
  if (so.s && so.s.revents !== 0) {
    socket_poll_again(machine.sockets, so.s);
  }
}

/** No more comes from the host. */
export function sofcantrcvmore(so: socket): void {
  so.so_state &= ~SS_ISFCONNECTING;
  if ((so.so_state & SS_FCANTSENDMORE) !== 0) {
    so.so_state = (so.so_state & SS_PERSISTENT_MASK) | SS_NOFDREF;
  } else {
    so.so_state |= SS_FCANTRCVMORE;
  }
}

/** No more goes to the host: shuts its socket down for writing. */
export function sofcantsendmore(so: socket): void {
  if ((so.so_state & SS_NOFDREF) === 0 && so.s) {
    shutdown_wr(machine.host, so.s);
  }
  so.so_state &= ~(SS_ISFCONNECTING | SS_FWDRAIN);
  if ((so.so_state & SS_FCANTRCVMORE) !== 0) {
    so.so_state = (so.so_state & SS_PERSISTENT_MASK) | SS_NOFDREF;
  } else {
    so.so_state |= SS_FCANTSENDMORE;
  }
}

/** The guest has sent its FIN: shuts the host socket down for writing once `so_rcv` has drained. */
export function sofwdrain(so: socket): void {
  if (so.so_rcv.sb_cc > 0) {
    so.so_state |= SS_FWDRAIN;
    so_wqueue(so);
  } else {
    sofcantsendmore(so);
  }
}
