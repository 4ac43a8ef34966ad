/** The sockets of UDP flows and forwarded UDP ports (libslirp's udp.c in part). */
import { machine } from '../softmmu/machine.ts';
import { drop_nothing } from '../util/drop.ts';
import { AF_INET, SOCK_DGRAM, type sockaddr } from '../util/host.ts';
import { bind_dgram, type HostSocket, open_dgram } from '../util/sockets.ts';
import { IPPROTO_UDP } from '../wire/ip.ts';
import type { Slirp } from './instance.ts';
import { m_drop } from './mbuf.ts';
import {
  SO_EXPIRE,
  SS_HOSTFWD,
  SS_ISFCONNECTED,
  slirp_udb_touch,
  soattach_fd,
  type socket,
  socreate,
  sofree,
} from './so_state.ts';
import { solist_append } from './solist.ts';

/** UDP flows at most; beyond that the oldest is closed. */
export const UDP_MAX_SOCKETS = 1024;

/** Opens the host socket of a new flow, after the oldest one where there are too many. */
export function udp_attach(so: socket, af: number): void {
  const slirp = so.slirp;
  while (slirp.udb.count >= UDP_MAX_SOCKETS) {
    udp_evict(slirp.udb.head!);
  }
  soattach_fd(so, open_dgram(machine.sockets, machine.host, SOCK_DGRAM, af, null));
  so.so_state |= SS_ISFCONNECTED;
  so.so_expire = slirp.curtime + SO_EXPIRE;
  solist_append(slirp.udb, so);
  slirp.udb_hash.insert(so);
}

/** Closes the oldest UDP or ping socket, because there are too many. */
export function udp_evict(so: socket): void {
  if (so.so_m) {
    m_drop(so.so_m, 'UDP_NO_SOCKET');
    so.so_m = null;
  } else {
    drop_nothing('UDP_NO_SOCKET');
  }
  udp_detach(so);
}

/** Closes a UDP or ping socket. */
export function udp_detach(so: socket): void {
  sofree(so);
}

/** Forwards a UDP port of the host to the guest. Returns the socket, or the error's name. */
export function udp_listen(
  slirp: Slirp,
  host_addr: sockaddr,
  guest_addr: number,
  guest_port: number,
): { so: socket | null; errno: string; port: number } {
  const r: { socket: HostSocket; errno: string } = bind_dgram(machine.sockets, machine.host, host_addr);
  if (r.errno !== '') {
    return { so: null, errno: r.errno, port: 0 };
  }
  const so = socreate(slirp, IPPROTO_UDP);
  soattach_fd(so, r.socket);
  so.so_ffamily = AF_INET;
  so.so_faddr = slirp.vhost_addr;
  so.so_fport = r.socket.local.sin_port;
  so.so_lfamily = AF_INET;
  so.so_laddr = guest_addr;
  so.so_lport = guest_port;
  so.so_state = SS_ISFCONNECTED | SS_HOSTFWD;
  so.so_expire = 0;
  slirp_udb_touch(so);
  slirp.udb_hash.insert(so);
  return { so, errno: '', port: so.so_fport };
}
