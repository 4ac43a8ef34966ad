/**
 * Addresses as the guest sees them and as the host does (libslirp's
 * `sotranslate_in`, `sotranslate_out`, `sotranslate_accept`).
 */
import { machine } from '../softmmu/machine.ts';
import { AF_INET, AF_INET6, type sockaddr } from '../util/host.ts';
import { NO_ADDR, sockaddr_in, sockaddr_in6 } from '../util/sockets.ts';
import { INADDR_BROADCAST, INADDR_LOOPBACK } from '../wire/ip.ts';
import { in6_addr_loopback, in6_equal_net, in6_zero } from './ip6.ts';
import type { socket } from './so_state.ts';
import { in6_equal } from './solist.ts';

/** The host's first name server of a family, or NO_ADDR if it has none (libslirp's `get_dns_addr`). */
export function get_dns_addr(family: number): sockaddr {
  return machine.host.nameservers.find((ns) => ns.sa_family === family) ?? NO_ADDR;
}

/** The port that the guest is to see: the name server's is 53, wherever the host's listens. */
function sotranslate_port(so: socket, addr: sockaddr): number {
  const dns = so.so_fport === 53 && addr.sin_port === get_dns_addr(addr.sa_family).sin_port;
  return dns ? so.so_fport : addr.sin_port;
}

/** Where a packet for the foreign end of a socket goes on the host, or NO_ADDR if it is not allowed (EPERM). */
export function sotranslate_out(so: socket): sockaddr {
  return so.so_ffamily === AF_INET6 ? sotranslate_out6(so) : sotranslate_out4(so);
}

/**
 * `sotranslate_out` for IPv4: the gateway and 255.255.255.255
 * are the host's loopback, the name server's address is its DNS.
 */
function sotranslate_out4(so: socket): sockaddr {
  const slirp = so.slirp;
  if (!slirp.disable_dns && so.so_faddr === slirp.vnameserver_addr) {
    return so.so_fport === 53 ? get_dns_addr(AF_INET) : NO_ADDR;
  }
  if (so.so_faddr === slirp.vhost_addr || so.so_faddr === INADDR_BROADCAST) {
    return slirp.disable_host_loopback ? NO_ADDR : sockaddr_in(INADDR_LOOPBACK, so.so_fport);
  }
  return sockaddr_in(so.so_faddr, so.so_fport);
}

/** `sotranslate_out` for IPv6: every address in the prefix is the host's loopback, but for the name server's. */
function sotranslate_out6(so: socket): sockaddr {
  const slirp = so.slirp;
  const faddr = so.so_faddr6!;
  if (in6_equal_net(faddr, slirp.vprefix_addr6, slirp.vprefix_len)) {
    if (!slirp.disable_dns && in6_equal(faddr, slirp.vnameserver_addr6)) {
      return so.so_fport === 53 ? get_dns_addr(AF_INET6) : NO_ADDR;
    }
    return slirp.disable_host_loopback ? NO_ADDR : sockaddr_in6(in6_addr_loopback(), so.so_fport);
  }
  return sockaddr_in6(faddr, so.so_fport);
}

/** The address that the guest is to see as the source of a datagram from `addr` for this socket. */
export function sotranslate_in(so: socket, addr: sockaddr): sockaddr {
  const slirp = so.slirp;
  if (so.so_ffamily === AF_INET6) {
    const sin6 = addr.sin6_addr ?? in6_zero();
    const inside = in6_equal_net(so.so_faddr6!, slirp.vprefix_addr6, slirp.vprefix_len);
    const alias = inside && (in6_equal(sin6, in6_addr_loopback()) || !in6_equal(so.so_faddr6, slirp.vhost_addr6));
    return alias ? sockaddr_in6(so.so_faddr6!, sotranslate_port(so, addr)) : addr;
  }
  if ((so.so_faddr & slirp.vnetwork_mask) >>> 0 === slirp.vnetwork_addr) {
    const inv_mask = ~slirp.vnetwork_mask >>> 0;
    if ((so.so_faddr & inv_mask) >>> 0 === inv_mask) {
      return sockaddr_in(slirp.vhost_addr, addr.sin_port);
    }
    if (addr.sin_addr === INADDR_LOOPBACK || so.so_faddr !== slirp.vhost_addr) {
      return sockaddr_in(so.so_faddr, sotranslate_port(so, addr));
    }
  }
  return addr;
}

/**
 * Sets the foreign address of an accepted connection to what the
 * guest is to see: the host's own addresses become the gateway's. In replays they are a capture's, and stay.
 */
export function sotranslate_accept(so: socket, peer: sockaddr): void {
  const slirp = so.slirp;
  so.so_fport = peer.sin_port;
  if (so.so_lfamily === AF_INET6) {
    so.so_ffamily = AF_INET6;
    const a = peer.sin6_addr ?? in6_zero();
    const own = !slirp.keep_peers && (in6_equal(a, in6_addr_loopback()) || in6_equal(a, in6_zero()));
    so.so_faddr6 = own || peer.sa_family !== AF_INET6 ? slirp.vhost_addr6 : a;
    return;
  }
  so.so_ffamily = AF_INET;
  const own = peer.sa_family !== AF_INET || peer.sin_addr === 0 || (!slirp.keep_peers && peer.sin_addr >>> 24 === 127);
  so.so_faddr = own ? slirp.vhost_addr : peer.sin_addr;
}
