/** Between the stack's socket addresses and Node's. */
import { readFileSync } from 'node:fs';
import { isIPv4, isIPv6 } from 'node:net';
import { AF_INET, AF_INET6, type sockaddr } from '../stack/util/host.ts';

/** Dotted quad of a number in host byte order. */
export function inetNtoa(addr: number): string {
  return `${addr >>> 24}.${(addr >>> 16) & 255}.${(addr >>> 8) & 255}.${addr & 255}`;
}

/** Number in host byte order of a dotted quad that `isIPv4` accepts. */
export function inetAton(text: string): number {
  return text.split('.').reduce((n, byte) => n * 256 + Number(byte), 0) >>> 0;
}

/** The 16 bytes of an IPv6 address that `isIPv6` accepts (a zone is ignored). */
export function inet6Aton(text: string): Uint8Array {
  let t = text.replace(/%.*$/, '');
  const v4 = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(t);
  if (v4) {
    const n = inetAton(v4[2] ?? '');
    t = `${v4[1]}${(n >>> 16).toString(16)}:${(n & 0xffff).toString(16)}`;
  }
  const [head = '', tail] = t.split('::');
  const groups = (s: string | undefined): number[] => (s ? s.split(':').map((g) => Number.parseInt(g, 16)) : []);
  const a = groups(head);
  const b = groups(tail);
  const words =
    tail === undefined ? a : [...a, ...new Array<number>(Math.max(0, 8 - a.length - b.length)).fill(0), ...b];
  const out = new Uint8Array(16);
  words.slice(0, 8).forEach((w, i) => {
    out[2 * i] = w >> 8;
    out[2 * i + 1] = w & 255;
  });
  return out;
}

/** Text of 16 address bytes, groups in hex (Node accepts it; not compressed). */
export function inet6Ntoa(bytes: Uint8Array): string {
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) {
    groups.push((((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)).toString(16));
  }
  return groups.join(':');
}

/** Host part of an address as Node's `net` and `dgram` take it. */
export function hostOf(a: sockaddr): string {
  return a.sa_family === AF_INET6 && a.sin6_addr ? inet6Ntoa(a.sin6_addr) : inetNtoa(a.sin_addr);
}

/** A socket address from Node's text form; IPv4-mapped IPv6 addresses become IPv4. Anything else gives 0.0.0.0. */
export function toSockaddr(address: string | undefined, port: number | undefined): sockaddr {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address ?? '');
  const text = mapped?.[1] ?? address ?? '';
  if (isIPv6(text)) {
    return { sa_family: AF_INET6, sin_addr: 0, sin_port: port ?? 0, sin6_addr: inet6Aton(text), sun_path: '' };
  }
  return {
    sa_family: AF_INET,
    sin_addr: isIPv4(text) ? inetAton(text) : 0,
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
