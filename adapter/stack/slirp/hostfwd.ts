/** Ports of the host that lead into the guest (`hostfwd`). */
import { AF_INET, AF_INET6, AF_UNIX, type sockaddr } from '../util/host.ts';
import type { Slirp } from './instance.ts';
import { type socket, sofree } from './so_state.ts';
import { tcp_listen } from './tcp_subr.ts';
import { udp_listen } from './udp_sock.ts';

/**
 * What became of a forwarding: `errno` is the error's name or empty,
 * `port` the host's port (the one chosen if 0 was asked for).
 */
export interface hostfwd_result {
  readonly errno: string;
  readonly port: number;
}

/**
 * Forwards a port of the host (address family and port in `host_addr`, port 0 for any; AF_UNIX: a socket's path) to a
 * port of the guest. `guest_addr` 0 is the first address that DHCP gives out.
 */
export function slirp_add_hostfwd(
  slirp: Slirp,
  is_udp: boolean,
  host_addr: sockaddr,
  guest_addr: number,
  guest_port: number,
): hostfwd_result {
  const guest = guest_addr === 0 ? slirp.vdhcp_startaddr : guest_addr >>> 0;
  if (guest_port < 1 || guest_port > 65535 || (is_udp && host_addr.sa_family !== AF_INET)) {
    return { errno: 'EINVAL', port: 0 };
  }
  const r = is_udp
    ? udp_listen(slirp, host_addr, guest, guest_port)
    : tcp_listen(slirp, host_addr, AF_INET, guest, null, guest_port);
  return { errno: r.errno, port: r.port };
}

/**
 * Forwards a port of the host to a port of the guest over IPv6.
 * `guest_addr6` null is the guest's address, once it is known.
 */
export function slirp_add_hostxfwd6(
  slirp: Slirp,
  host_addr: sockaddr,
  guest_addr6: Uint8Array | null,
  guest_port: number,
): hostfwd_result {
  const r = tcp_listen(slirp, host_addr, AF_INET6, 0, guest_addr6, guest_port);
  return { errno: r.errno, port: r.port };
}

/** True if a forwarding socket has this host end. */
function listens_on(so: socket, host_addr: sockaddr): boolean {
  const local = so.s?.local;
  if (!local || local.sa_family !== host_addr.sa_family) {
    return false;
  }
  if (host_addr.sa_family === AF_UNIX) {
    return local.sun_path === host_addr.sun_path;
  }
  const same_in6 = local.sin6_addr?.every((v, i) => v === host_addr.sin6_addr?.[i]) ?? true;
  return local.sin_port === host_addr.sin_port && local.sin_addr === host_addr.sin_addr && same_in6;
}

/** Ends a forwarding; connections made through it go on. Returns false if there is none. */
export function slirp_remove_hostfwd(slirp: Slirp, is_udp: boolean, host_addr: sockaddr): boolean {
  for (let so = slirp.hostfwds.head; so; so = so.so_next) {
    if ((so.so_tcpcb === null) === is_udp && listens_on(so, host_addr)) {
      sofree(so);
      return true;
    }
  }
  return false;
}
