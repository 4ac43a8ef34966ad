/**
 * The user network's entry points (libslirp's slirp.c): frames of the guest in, the poll loop, frames to the guest out.
 */
import { machine } from '../softmmu/machine.ts';
import { drop } from '../util/drop.ts';
import { type HostSocket, POLLERR, POLLHUP, POLLIN, POLLOUT } from '../util/sockets.ts';
import { ARPOP_REPLY } from '../wire/arp.ts';
import { rd16 } from '../wire/bytes.ts';
import { ETH_HLEN, ETH_P_ARP, ETH_P_IP, ETH_P_IPV6, ETH_P_NCSI, ETH_TYPE } from '../wire/ethernet.ts';
import { IP_HLEN } from '../wire/ip.ts';
import { arp_header, arp_input } from './arp.ts';
import { bootp_init } from './bootp.ts';
import { if_start } from './if.ts';
import { Slirp, slirp_update_time, TIMEOUT_FAST, TIMEOUT_SLOW } from './instance.ts';
import { ip_input, ip_slowtimo } from './ip_input.ts';
import { icmp6_cleanup, icmp6_init } from './ip6_icmp.ts';
import { ip6_input } from './ip6_input.ts';
import type { SlirpCb, SlirpConfig } from './libslirp.ts';
import { M_ETH, M_IP, m_copy_in, m_get, m_inc } from './mbuf.ts';
import { ncsi_input } from './ncsi.ts';
import {
  SS_FACCEPTCONN,
  SS_FCANTRCVMORE,
  SS_ISFCONNECTED,
  SS_ISFCONNECTING,
  so_notify,
  type socket,
  sofree,
  sototcpcb,
} from './so_state.ts';
import { soread, sorecvfrom, sowrite } from './socket.ts';
import type { solist } from './solist.ts';
import { TCP_ISSINCR } from './tcp.ts';
import { tcp_input } from './tcp_input.ts';
import { tcp_output, tcp_window_opens } from './tcp_output.ts';
import { tcp_connect } from './tcp_subr.ts';
import { tcp_fasttimo, tcp_slowtimo } from './tcp_timer.ts';
import { udp_detach } from './udp_sock.ts';

/** Why `cfg` cannot be used, or '' if it can. */
function slirp_check_config(cfg: SlirpConfig): string {
  for (const [name, v] of [
    ['if_mtu', cfg.if_mtu],
    ['if_mru', cfg.if_mru],
  ] as const) {
    if (v !== 0 && (v < 68 || v > 65521)) {
      return `${name} is ${v}; it must be 0 (1500) or from 68 to 65521`;
    }
  }
  if (cfg.bootfile.length >= 128) {
    return `bootfile has ${cfg.bootfile.length} characters; there is room for 127`;
  }
  return '';
}

/** Makes a user network; null with the reason reported to the host if the settings cannot be used. */
export function slirp_new(cfg: SlirpConfig, cb: SlirpCb, opaque: object): Slirp | null {
  const wrong = slirp_check_config(cfg);
  if (wrong !== '') {
    machine.host.report('error', `user network: ${wrong}`);
    return null;
  }
  const slirp = new Slirp(cfg, cb, opaque);
  slirp_update_time(slirp);
  slirp.last_slowtimo = slirp.curtime - TIMEOUT_SLOW;
  arp_header(slirp.arp_reply, ARPOP_REPLY);
  bootp_init(slirp);
  icmp6_init(slirp);
  return slirp;
}

/** Closes a user network's sockets and stops its timers. */
export function slirp_cleanup(slirp: Slirp): void {
  icmp6_cleanup(slirp);
  for (const list of [slirp.tcb, slirp.time_wait, slirp.udb, slirp.udb_fast, slirp.icmp, slirp.hostfwds]) {
    while (list.head) {
      sofree(list.head);
    }
  }
  slirp.so_wq = [];
  slirp.delack = [];
  slirp.ipq.clear();
  slirp.ipq_bytes = 0;
}

/**
 * Takes a frame from the guest: `size` bytes of `buf`, from the Ethernet header on. It is copied.
 * @packet buf size
 */
export function slirp_input(slirp: Slirp, buf: Uint8Array, size: number): void {
  if (size < ETH_HLEN) {
    drop(buf, size, 'ETH_SHORT');
    return;
  }
  const proto = rd16(buf, ETH_TYPE);
  switch (proto) {
    case ETH_P_ARP:
      arp_input(slirp, buf, size);
      break;
    case ETH_P_IP:
    case ETH_P_IPV6: {
      const m = m_get(slirp);
      m.m_data = M_IP;
      m_inc(m, size - ETH_HLEN);
      m_copy_in(m, M_ETH, buf, 0, size);
      m.m_eth = M_ETH;
      m.m_ip = M_IP;
      m.m_len = size - ETH_HLEN;
      if (proto === ETH_P_IP) {
        ip_input(m);
      } else {
        ip6_input(m);
      }
      break;
    }
    case ETH_P_NCSI:
      ncsi_input(slirp, buf, size);
      break;
    default:
      drop(buf, size, 'ETH_TYPE');
  }
}

/** True if slow ticks are needed: there are connections, flows, pings or incomplete datagrams. */
function do_slowtimo(slirp: Slirp): boolean {
  return (
    slirp.tcb.head !== null ||
    slirp.time_wait.head !== null ||
    slirp.udb.head !== null ||
    slirp.udb_fast.head !== null ||
    slirp.icmp.head !== null ||
    slirp.ipq.size > 0
  );
}

/** The earlier of `ms` (-1: never) and the time until the oldest of a list of UDP or ping sockets expires. */
function udb_soonest(slirp: Slirp, list: solist, ms: number): number {
  if (!list.head) {
    return ms;
  }
  const t = Math.max(0, list.head.so_expire - slirp.curtime);
  return ms < 0 ? t : Math.min(ms, t);
}

/** Closes the UDP or ping sockets of a list that have expired; the oldest is first. */
function udb_expire(slirp: Slirp, list: solist): void {
  while (list.head && list.head.so_expire <= slirp.curtime) {
    udp_detach(list.head);
  }
}

/**
 * Before the poll: writes what the guest sent, closes what has expired.
 * Returns the nanoseconds until something is due, -1 if nothing is.
 */
export function slirp_pollfds_fill(slirp: Slirp): number {
  slirp_update_time(slirp);
  for (let so = slirp.so_wq.shift(); so; so = slirp.so_wq.shift()) {
    so.so_wqueued = false;
    if (so.s && (so.so_state & SS_ISFCONNECTED) !== 0 && sowrite(so) > 0 && tcp_window_opens(sototcpcb(so))) {
      // What blocked the host socket has gone before POLLOUT could say so: the guest may be waiting for a window
      // update.
      tcp_output(sototcpcb(so));
    }
  }
  if (slirp.udb.head || slirp.udb_fast.head || slirp.icmp.head) {
    udb_expire(slirp, slirp.udb);
    udb_expire(slirp, slirp.udb_fast);
    udb_expire(slirp, slirp.icmp);
  }
  for (const s of machine.sockets.ready) {
    if (slirp_owner(s) === slirp) {
      return 0;
    }
  }
  let ms = do_slowtimo(slirp) ? TIMEOUT_SLOW : -1;
  if (slirp.time_fasttimo >= 0) {
    ms = TIMEOUT_FAST;
  }
  if (slirp.udb.head || slirp.udb_fast.head || slirp.icmp.head) {
    ms = udb_soonest(slirp, slirp.udb, ms);
    ms = udb_soonest(slirp, slirp.udb_fast, ms);
    ms = udb_soonest(slirp, slirp.icmp, ms);
  }
  if (slirp.if_count > 0) {
    ms = ms < 0 ? 1000 : Math.min(ms, 1000);
  }
  return ms < 0 ? -1 : ms * 1e6;
}

/** The user network that a host socket belongs to, or null. */
function slirp_owner(s: HostSocket): Slirp | null {
  return s.opaque ? (s.opaque as socket).slirp : null;
}

/**
 * A time without slow ticks has passed. libslirp ticks while ports are forwarded; with nothing to time, only the phase
 * and the sequence numbers matter.
 */
function slirp_skip_ticks(slirp: Slirp): void {
  if (slirp.hostfwds.head) {
    const ticks = Math.floor((slirp.curtime - slirp.last_slowtimo) / TIMEOUT_SLOW);
    slirp.tcp_iss = (slirp.tcp_iss + ticks * TCP_ISSINCR) >>> 0;
    slirp.last_slowtimo = slirp.curtime;
  }
}

/**
 * True if a host socket with an error is left alone: nothing more is
 * read, nothing is to be written. It shows when the guest sends more.
 */
function so_error_waits(so: socket): boolean {
  return (so.so_state & SS_FCANTRCVMORE) !== 0 && so.so_rcv.sb_cc === 0;
}

/** True while the host socket `s` of `so` is connected, and `so` has not let go of it. */
function so_is_up(so: socket, s: HostSocket): boolean {
  return so.s === s && (so.so_state & SS_ISFCONNECTED) !== 0;
}

/** After the poll: runs the timers that are due and handles every socket that something happened to. */
export function slirp_pollfds_poll(slirp: Slirp): void {
  slirp_update_time(slirp);
  if (slirp.time_fasttimo >= 0 && slirp.curtime - slirp.time_fasttimo >= TIMEOUT_FAST) {
    tcp_fasttimo(slirp);
    slirp.time_fasttimo = -1;
  }
  if (slirp.curtime - slirp.last_slowtimo >= TIMEOUT_SLOW) {
    if (do_slowtimo(slirp)) {
      ip_slowtimo(slirp);
      tcp_slowtimo(slirp);
      slirp.last_slowtimo = slirp.curtime;
    } else {
      slirp_skip_ticks(slirp);
    }
  }
  for (const s of slirp_take_ready(slirp)) {
    const so = s.opaque as socket | null;
    if (so === null || so.s !== s) {
      continue;
    }
    if (so.so_tcpcb === null) {
      sorecvfrom(so);
    } else if ((so.so_state & SS_FACCEPTCONN) !== 0) {
      // One in a turn, as libslirp: the guest's own backlog is short, and SYNs beyond it are lost for seconds.
      tcp_connect(so);
      so_notify(so);
    } else if ((s.revents & POLLERR) !== 0) {
      const waits = so_error_waits(so);
      while (!waits && so.s === s && soread(so) > 0) {
        tcp_output(sototcpcb(so));
      }
    } else {
      if ((s.revents & POLLOUT) !== 0 && (so.so_state & SS_ISFCONNECTING) !== 0) {
        tcp_input(null, IP_HLEN, so, so.so_ffamily);
      }
      while ((s.revents & (POLLIN | POLLHUP)) !== 0 && so_is_up(so, s) && soread(so) > 0) {
        tcp_output(so.so_tcpcb);
      }
      if (so.so_rcv.sb_cc > 0 && so_is_up(so, s) && sowrite(so) > 0) {
        // Room again: the guest may be waiting for a window update.
        tcp_output(so.so_tcpcb);
      }
    }
  }
  if_start(slirp);
}

/** Takes this network's sockets out of the list of those that something happened to. */
function slirp_take_ready(slirp: Slirp): HostSocket[] {
  const all = machine.sockets.ready;
  if (all.length === 0) {
    return all;
  }
  const mine: HostSocket[] = [];
  const rest: HostSocket[] = [];
  for (const s of all) {
    const owner = slirp_owner(s);
    if (owner === slirp) {
      s.queued = false;
      mine.push(s);
    } else if (owner !== null) {
      rest.push(s);
    } else {
      s.queued = false;
    }
  }
  machine.sockets.ready = rest;
  return mine.length > 1 ? mine.sort(so_order) : mine;
}

/** The order in which libslirp looks at its sockets: TCP's before the others, of each the newest first. */
function so_order(a: HostSocket, b: HostSocket): number {
  const x = a.opaque as socket;
  const y = b.opaque as socket;
  return Number(x.so_tcpcb === null) - Number(y.so_tcpcb === null) || y.so_number - x.so_number;
}

export { slirp_add_hostfwd, slirp_add_hostxfwd6, slirp_remove_hostfwd } from './hostfwd.ts';
export type { Slirp } from './instance.ts';
export { type SlirpCb, SlirpConfig } from './libslirp.ts';
export {
  slirp_add_exec,
  slirp_add_guestfwd,
  slirp_add_unix,
  slirp_close_socket,
  slirp_connection_info,
  slirp_neighbor_info,
  slirp_remove_guestfwd,
  slirp_socket_info,
} from './misc.ts';
