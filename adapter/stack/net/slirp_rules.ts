/** The rules of forwarded ports (net/slirp.c): `hostfwd`, `guestfwd` and the old `-redir`. */
import { slirp_exec_addr } from '../slirp/misc.ts';
import { AF_INET6, AF_UNIX, type sockaddr } from '../util/host.ts';
import { OptionError, qemu_opt_get } from '../util/qemu-option.ts';
import { sockaddr_in, sockaddr_in6, sockaddr_un } from '../util/sockets.ts';
import { inet_aton, inet_ntoa, inet_ntop6, inet_pton6, parse_addr, parse_port } from './inet.ts';
import { chardev_ends, find_chardev } from './socket_options.ts';

/** What a rule looks like, for messages about one that does not. */
export const HOSTFWD_SYNTAX =
  '[tcp|udp]:[hostaddr]:hostport-[guestaddr]:guestport or unix:/path-[guestaddr]:guestport, ' +
  'IPv6 addresses in brackets, ports up to 65535';
export const GUESTFWD_SYNTAX =
  '[tcp]:[server]:port-TARGET, where TARGET is cmd:COMMAND, unix:PATH, tcp:HOST:PORT ' +
  'or chardev:ID (-chardev socket,id=ID,...)';

/** A rule of `hostfwd`, parsed. */
export interface HostfwdRule {
  readonly is_udp: boolean;
  readonly host_addr: sockaddr;
  readonly guest: GuestEnd;
}

/** The guest's end of a rule. */
interface GuestEnd {
  /** 0: the first address DHCP gives out. */
  readonly addr: number;
  /** For IPv6: the address, or 'any' for the one that the guest shows first. Null for IPv4. */
  readonly addr6: Uint8Array | 'any' | null;
  readonly port: number;
}

/** A rule of `guestfwd`, parsed: connections to the address go to `target`. */
export interface GuestfwdRule {
  /** 0: the network's address 4. */
  readonly server: number;
  readonly port: number;
  readonly target: sockaddr;
}

/** The guest's half of a rule, `[addr]:port`; a string says what is wrong. */
function parse_guest_end(text: string): GuestEnd | string {
  const colon = text.indexOf(':');
  if (colon < 0) {
    return 'Missing guest address';
  }
  const addr = parse_addr(text.slice(0, colon));
  const port = parse_port(text.slice(colon + 1), 1);
  return addr < 0 ? 'Bad guest address' : port < 0 ? 'Bad guest port' : { addr, addr6: null, port };
}

/**
 * The guest's half of a rule over IPv6: an address in brackets, or empty ones for the address that the guest shows
 * first.
 */
function parse_guest_end6(text: string): GuestEnd | string {
  const m = /^\[([^\]]*)\]:(.*)$/.exec(text);
  if (!m) {
    return 'Bad guest address, expected one in brackets behind an IPv6 host address';
  }
  const addr6 = m[1] === '' ? 'any' : inet_pton6(m[1]!);
  const port = parse_port(m[2]!, 1);
  return !addr6 ? 'Bad guest address' : port < 0 ? 'Bad guest port' : { addr: 0, addr6, port };
}

/**
 * Parses `[tcp|udp|unix]:[hostaddr]:hostport-[guestaddr]:guestport`, or `unix:/path-[guestaddr]:guestport`. Returns
 * what is wrong as a string.
 */
export function parse_hostfwd(rule: string): HostfwdRule | string {
  const colon = rule.indexOf(':');
  if (colon < 0) {
    return 'No : separators';
  }
  const proto = rule.slice(0, colon);
  const rest = rule.slice(colon + 1);
  if (!['', 'tcp', 'udp', 'unix'].includes(proto)) {
    return 'Bad protocol name';
  }
  const ends = proto === 'unix' ? parse_hostfwd_unix(rest) : parse_hostfwd_inet(rest);
  if (typeof ends === 'string') {
    return ends;
  }
  const ip6 = ends.host.sa_family === AF_INET6;
  if (ip6 && proto === 'udp') {
    return 'Bad protocol name, expected tcp for an IPv6 host address';
  }
  const guest = ip6 ? parse_guest_end6(ends.guest) : parse_guest_end(ends.guest);
  return typeof guest === 'string' ? guest : { is_udp: proto === 'udp', host_addr: ends.host, guest };
}

/** The two ends of a rule: the host's is parsed already. */
interface HostfwdEnds {
  readonly host: sockaddr;
  readonly guest: string;
}

/** Splits `/path-[guestaddr]:guestport`; a path may have dashes, so its end is the last one. */
function parse_hostfwd_unix(rest: string): HostfwdEnds | string {
  const dash = rest.lastIndexOf('-');
  if (dash < 0) {
    return 'Bad host port separator';
  }
  const path = rest.slice(0, dash);
  return path.startsWith('/')
    ? { host: sockaddr_un(path), guest: rest.slice(dash + 1) }
    : 'Bad socket path, expected an absolute one';
}

/** Splits `[hostaddr]:hostport-[guestaddr]:guestport`. */
function parse_hostfwd_inet(rest: string): HostfwdEnds | string {
  const colon = rest.indexOf(':', rest.startsWith('[') ? rest.indexOf(']') : 0);
  if (colon < 0) {
    return 'Missing : separator';
  }
  const dash = rest.indexOf('-', colon);
  const host = parse_host_end(dash < 0 ? rest.slice(0, colon + 1) : rest.slice(0, dash));
  if (typeof host === 'string') {
    return host;
  }
  return dash < 0 ? 'Bad host port separator' : { host, guest: rest.slice(dash + 1) };
}

/**
 * The host's end of a rule, `[hostaddr]:[hostport]`; a string says what is wrong. No port is port 0: any that is free.
 */
function parse_host_end(text: string): sockaddr | string {
  const bracket = text.startsWith('[') ? text.indexOf(']') : 0;
  const colon = text.indexOf(':', bracket);
  if (colon < 0) {
    return 'Missing : separator';
  }
  const addr6 = bracket > 0 ? inet_pton6(text.slice(1, bracket)) : null;
  const addr = addr6 ? 0 : parse_addr(text.slice(0, colon));
  const word = text.slice(colon + 1);
  const port = word === '' ? 0 : parse_port(word, 0);
  return addr < 0
    ? 'Bad host address'
    : port < 0
      ? 'Bad host port'
      : addr6
        ? sockaddr_in6(addr6, port)
        : sockaddr_in(addr, port);
}

/**
 * The host's end of a rule that is to be removed, `[tcp|udp]:[hostaddr]:hostport` or `unix:/path`; null if the text is
 * none.
 */
export function parse_hostfwd_name(text: string): sockaddr | null {
  const m = /^(tcp|udp|unix)?:(.*)$/.exec(text);
  if (m?.[1] === 'unix') {
    return m[2]!.startsWith('/') ? sockaddr_un(m[2]!) : null;
  }
  const host = m && /:[^:\]]+$/.test(m[2]!) ? parse_host_end(m[2]!) : null;
  return typeof host === 'string' ? null : host;
}

/** The target of a guest forward; a string says what is wrong. */
function parse_guestfwd_target(text: string): sockaddr | string {
  const m = /^(cmd|unix|tcp|chardev):(.+)$/.exec(text);
  if (!m) {
    return `Bad target '${text}'`;
  }
  const value = m[2]!;
  switch (m[1]) {
    case 'cmd':
      return slirp_exec_addr(value);
    case 'unix':
      return sockaddr_un(value.replace(/,.*$/, ''));
    case 'tcp': {
      const colon = value.lastIndexOf(':');
      const host = value.slice(0, Math.max(0, colon));
      const addr = host === '' || host === 'localhost' ? 0x7f000001 : inet_aton(host);
      const port = parse_port(value.slice(colon + 1), 1);
      return addr < 0 || port < 0 ? `Bad target address '${value}'` : sockaddr_in(addr, port);
    }
    default:
      return chardev_target(value);
  }
}

/** The far end of a `-chardev socket`. */
function chardev_target(id: string): sockaddr | string {
  const chardev = find_chardev(id);
  if (!chardev) {
    return `there is no -chardev with id '${id}'`;
  }
  if (qemu_opt_get(chardev, 'backend') !== 'socket') {
    return `chardev '${id}' is no socket`;
  }
  return chardev_ends(chardev).remote ?? `chardev '${id}' waits for connections (server=on); it has to make them`;
}

/** Parses `[tcp]:[server]:port-TARGET`. Returns what is wrong as a string. */
export function parse_guestfwd(rule: string): GuestfwdRule | string {
  const m = /^(tcp)?:([^:]*):(0*[1-9]\d*)-(.*)$/s.exec(rule);
  if (!m) {
    return 'Bad server address or port';
  }
  const server = parse_addr(m[2]!);
  const port = Number(m[3]);
  if (server < 0 || port > 65535) {
    return server < 0 ? 'Bad server address' : 'Bad server port';
  }
  const target = parse_guestfwd_target(m[4]!);
  return typeof target === 'string' ? target : { server, port, target };
}

/** Parses `[tcp|udp]:HOSTPORT:[GUESTADDR]:GUESTPORT`, the value of `-redir`. Throws an OptionError. */
export function parse_redir(redir: string): HostfwdRule {
  const m = /^(tcp|udp)?:([^:]*):([^:]*):([^:]*)$/.exec(redir);
  const rule = m ? parse_hostfwd(`${m[1] ?? 'tcp'}::${m[2]}-${m[3]}:${m[4]}`) : 'Bad rule';
  if (typeof rule === 'string') {
    throw new OptionError(
      `-redir ${redir}: Invalid host forwarding rule '${redir}' (${rule}), ` +
        'expected [tcp|udp]:hostport:[guestaddr]:guestport',
    );
  }
  return rule;
}

/** A forwarding as text: what the host listens on, and where that leads. */
export function hostfwd_text(rule: HostfwdRule, host_port: number, dhcp_start: number): string {
  const { host_addr: host, guest } = rule;
  const proto = host.sa_family === AF_UNIX ? 'unix' : rule.is_udp ? 'udp' : 'tcp';
  const host_text = host.sin6_addr ? `[${inet_ntop6(host.sin6_addr)}]` : inet_ntoa(host.sin_addr);
  const from = host.sa_family === AF_UNIX ? host.sun_path : `${host_text}:${host_port}`;
  const addr6 = guest.addr6 === 'any' || !guest.addr6 ? '' : inet_ntop6(guest.addr6);
  const to = guest.addr6 ? `[${addr6}]` : inet_ntoa(guest.addr || dhcp_start);
  return `hostfwd ${proto} ${from} -> ${to}:${guest.port}`;
}
