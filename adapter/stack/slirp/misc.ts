/** Guest forwards, and the tables that `info usernet` and `info neighbors` print (libslirp's misc.c). */
import { inet_ntoa, inet_ntop6 } from '../net/inet.ts';
import { machine } from '../softmmu/machine.ts';
import { AF_INET, AF_INET6, type sockaddr } from '../util/host.ts';
import { connect, NO_ADDR, sockaddr_un } from '../util/sockets.ts';
import type { Slirp } from './instance.ts';
import { SS_HOSTFWD, SS_INCOMING, soattach_fd, type socket, sototcpcb } from './so_state.ts';
import type { solist } from './solist.ts';
import { tcpstates } from './tcp.ts';
import { tcp_close, tcp_drop } from './tcp_subr.ts';
import { udp_detach } from './udp_sock.ts';

/**
 * A Unix socket's path that begins so is a command line: the
 * host starts it, with the connection as its input and output.
 */
export const EXEC_PREFIX = 'exec:';

/** A guest forward: a connection of the guest to `ex_addr:ex_fport` goes to a socket or a command of the host. */
export class gfwd_list {
  readonly ex_addr: number;
  readonly ex_fport: number;
  /** Where it goes; a path that begins with EXEC_PREFIX is a command line. */
  readonly ex_target: sockaddr;
  constructor(addr: number, port: number, target: sockaddr) {
    this.ex_addr = addr;
    this.ex_fport = port;
    this.ex_target = target;
  }
}

/** The guest forward of an address and port, or null. */
export function guestfwd_find(slirp: Slirp, addr: number, port: number): gfwd_list | null {
  for (const f of slirp.guestfwd_list) {
    if (f.ex_addr === addr && f.ex_fport === port) {
      return f;
    }
  }
  return null;
}

/** The guest has opened a connection to a guest forward: connects it. */
export function tcp_ctl(so: socket): void {
  const f = so.guestfwd as gfwd_list | null;
  if (!f) {
    tcp_close(sototcpcb(so));
    return;
  }
  soattach_fd(so, connect(machine.sockets, machine.host, f.ex_target, null));
}

/**
 * Forwards connections of the guest to a socket of the host, which is connected for each. `guest_addr` 0 is the
 * default, x.x.x.4. Returns '' or why it cannot be: the address has to be in the network, neither the gateway's nor the
 * name server's, and not forwarded yet.
 */
export function slirp_add_guestfwd(slirp: Slirp, target: sockaddr, guest_addr: number, guest_port: number): string {
  const addr = guest_addr === 0 ? (slirp.vnetwork_addr | (0x0204 & ~slirp.vnetwork_mask)) >>> 0 : guest_addr >>> 0;
  if ((addr & slirp.vnetwork_mask) >>> 0 !== slirp.vnetwork_addr) {
    return `the address ${inet_ntoa(addr)} is not in the network`;
  }
  if (addr === slirp.vhost_addr || addr === slirp.vnameserver_addr) {
    return `the address ${inet_ntoa(addr)} is the gateway's or the name server's`;
  }
  if (guestfwd_find(slirp, addr, guest_port)) {
    return `${inet_ntoa(addr)}:${guest_port} is forwarded already`;
  }
  slirp.guestfwd_list.push(new gfwd_list(addr, guest_port, target));
  return '';
}

/** As `slirp_add_guestfwd`, to a Unix socket. */
export function slirp_add_unix(slirp: Slirp, path: string, guest_addr: number, guest_port: number): string {
  return slirp_add_guestfwd(slirp, sockaddr_un(path), guest_addr, guest_port);
}

/** The address that stands for a command line. */
export function slirp_exec_addr(cmdline: string): sockaddr {
  return sockaddr_un(`${EXEC_PREFIX}${cmdline}`);
}

/** As `slirp_add_guestfwd`, to a command that the host starts for each connection. */
export function slirp_add_exec(slirp: Slirp, cmdline: string, guest_addr: number, guest_port: number): string {
  return slirp_add_guestfwd(slirp, slirp_exec_addr(cmdline), guest_addr, guest_port);
}

/** Ends a guest forward; connections that stand go on. */
export function slirp_remove_guestfwd(slirp: Slirp, guest_addr: number, guest_port: number): boolean {
  const f = guestfwd_find(slirp, guest_addr, guest_port);
  slirp.guestfwd_list = slirp.guestfwd_list.filter((e) => e !== f);
  return f !== null;
}

/** An end of a socket in the table: `*` for any address. */
function end_addr(family: number, addr: number, addr6: Uint8Array | null): string {
  if (family === AF_INET6) {
    return addr6 ? inet_ntop6(addr6) : '*';
  }
  return family === AF_INET && addr !== 0 ? inet_ntoa(addr) : '*';
}

/** One row of `info usernet`. */
function connection_row(
  state: string,
  so: socket,
  src: string,
  sport: number | string,
  dst: string,
  dport: number | string,
): string {
  const fd = so.s ? so.s.fd : -1;
  const pad = (v: string | number, n: number): string => String(v).padStart(n);
  return `  ${state.padEnd(17)} ${pad(fd, 3)} ${pad(src, 15)} ${pad(sport, 5)} ${pad(dst, 15)} ${pad(dport, 5)} ${pad(
    so.so_rcv.sb_cc,
    5,
  )} ${pad(so.so_snd.sb_cc, 5)}\n`;
}

/** The row of a forwarded port: the host's end is the one that listens. */
function hostfwd_row(so: socket): string {
  const src = so.s ? so.s.local : NO_ADDR;
  return connection_row(
    so.so_tcpcb ? 'TCP[HOST_FORWARD]' : 'UDP[HOST_FORWARD]',
    so,
    end_addr(src.sa_family, src.sin_addr, src.sin6_addr),
    src.sin_port,
    end_addr(so.so_lfamily, so.so_laddr, so.so_laddr6),
    so.so_lport,
  );
}

/** The row of a socket. */
function socket_row(slirp: Slirp, so: socket): string {
  if ((so.so_state & SS_HOSTFWD) !== 0) {
    return hostfwd_row(so);
  }
  const local = end_addr(so.so_lfamily, so.so_laddr, so.so_laddr6);
  const foreign = end_addr(so.so_ffamily, so.so_faddr, so.so_faddr6);
  const left = Math.floor((so.so_expire - slirp.curtime) / 1000);
  if (so.so_list === slirp.icmp) {
    return connection_row(`ICMP[${left} sec]`, so, local, '-', foreign, '-');
  }
  const state = so.so_tcpcb ? `TCP[${tcpstates[so.so_tcpcb.t_state]}]` : `UDP[${left} sec]`;
  if ((so.so_state & SS_INCOMING) === 0) {
    return connection_row(state, so, local, so.so_lport, foreign, so.so_fport);
  }
  // As with libslirp: the host's end is the port that is forwarded, whoever the client is.
  const host = so.s && so.s.local !== NO_ADDR ? so.s.local : null;
  return host
    ? connection_row(
        state,
        so,
        end_addr(host.sa_family, host.sin_addr, host.sin6_addr),
        host.sin_port,
        local,
        so.so_lport,
      )
    : connection_row(state, so, foreign, so.so_fport, local, so.so_lport);
}

/** The table of `info usernet`, with its header line, as QEMU prints it: what is newest first, forwarded ports last. */
export function slirp_connection_info(slirp: Slirp): string {
  let text = '  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\n';
  const rows = (list: solist, wanted: (so: socket) => boolean): void => {
    for (let so = list.tail; so; so = so.so_prev) {
      text += wanted(so) ? socket_row(slirp, so) : '';
    }
  };
  const all = (): boolean => true;
  rows(slirp.tcb, all);
  rows(slirp.time_wait, all);
  rows(slirp.hostfwds, (so) => so.so_tcpcb !== null);
  rows(slirp.udb, all);
  rows(slirp.udb_fast, all);
  rows(slirp.hostfwds, (so) => so.so_tcpcb === null);
  rows(slirp.icmp, all);
  return text;
}

/** The sockets that are no forwards, in every list. */
function connections(slirp: Slirp): socket[] {
  const found: socket[] = [];
  for (const list of [slirp.tcb, slirp.time_wait, slirp.udb, slirp.udb_fast, slirp.icmp]) {
    for (let so = list.tail; so; so = so.so_prev) {
      found.push(so);
    }
  }
  return found.filter((so) => so.s !== null && (so.so_state & SS_HOSTFWD) === 0);
}

/**
 * The table of `info sockets`: the ends of each connection as its packets have them, the guest's first. That of
 * `info usernet` has the host's port of a forwarded one, which is the same for all of them.
 */
export function slirp_socket_info(slirp: Slirp): string {
  let text = '  FD Guest Address    Port  Peer Address     Port\n';
  for (const so of connections(slirp)) {
    const [local, foreign] = [
      end_addr(so.so_lfamily, so.so_laddr, so.so_laddr6),
      end_addr(so.so_ffamily, so.so_faddr, so.so_faddr6),
    ];
    const ends = [local.padStart(15), String(so.so_lport).padStart(5), foreign.padStart(15), so.so_fport];
    text += `  ${String(so.s!.fd).padStart(3)} ${ends.join(' ')}\n`;
  }
  return text;
}

/**
 * Closes the connection whose host socket is `fd`: the guest's end of a TCP connection is reset. False: there is none.
 */
export function slirp_close_socket(slirp: Slirp, fd: number): boolean {
  const so = connections(slirp).find((one) => one.s!.fd === fd);
  if (!so) {
    return false;
  }
  if (so.so_tcpcb) {
    tcp_drop(sototcpcb(so), 'ECONNABORTED');
  } else {
    udp_detach(so);
  }
  return true;
}

/** A MAC address as text. */
function mac_text(mac: Uint8Array): string {
  return [...mac].map((x) => x.toString(16).padStart(2, '0')).join(':');
}

/** The guest's MAC addresses that slirp knows, as `info neighbors` prints them. */
export function slirp_neighbor_info(slirp: Slirp): string {
  let text = '  Table  MacAddr            IP Address\n';
  for (const e of slirp.arp_table.table) {
    if (e.ar_sip !== 0) {
      text += `  ARP    ${mac_text(e.ar_sha)}  ${inet_ntoa(e.ar_sip).padStart(15)}\n`;
    }
  }
  for (const e of slirp.ndp_table.table) {
    if (e.used) {
      text += `  NDP    ${mac_text(e.eth_addr)}  ${inet_ntop6(e.ip_addr).padStart(15)}\n`;
    }
  }
  return text;
}
