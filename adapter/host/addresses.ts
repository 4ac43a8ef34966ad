/** Between the stack's socket addresses and Node's. */
import { readFileSync } from 'node:fs';
import { isIPv4, isIPv6 } from 'node:net';
import { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from '../packets/format.ts';
import { AF_INET, AF_INET6, type sockaddr } from '../stack/util/host.ts';

/** Host part of an address as Node's `net` and `dgram` take it. */
export function hostOf(a: sockaddr): string {
  return a.sa_family === AF_INET6 && a.sin6_addr ? formatIpv6(a.sin6_addr) : formatIpv4(a.sin_addr);
}

/** A socket address from Node's text form; IPv4-mapped IPv6 addresses become IPv4. Anything else gives 0.0.0.0. */
export function toSockaddr(address: string | undefined, port: number | undefined): sockaddr {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address ?? '');
  const text = mapped?.[1] ?? address ?? '';
  // A zone says which interface, not which address.
  const ipv6 = parseIpv6(text.replace(/%.*$/, ''));
  if (ipv6) {
    return { sa_family: AF_INET6, sin_addr: 0, sin_port: port ?? 0, sin6_addr: ipv6, sun_path: '' };
  }
  return {
    sa_family: AF_INET,
    sin_addr: parseIpv4(text) ?? 0,
    sin_port: port ?? 0,
    sin6_addr: null,
    sun_path: '',
  };
}

/** The name servers of this computer: `nameserver` lines of `path` (empty if there is no such file). */
export function hostNameservers(path = '/etc/resolv.conf'): sockaddr[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return [];
  }
  const found: sockaddr[] = [];
  for (const m of text.matchAll(/^\s*nameserver\s+(\S+)/gm)) {
    const address = (m[1] ?? '').replace(/%.*$/, '');
    if (isIPv4(address) || isIPv6(address)) {
      found.push(toSockaddr(address, 53));
    }
  }
  return found;
}
