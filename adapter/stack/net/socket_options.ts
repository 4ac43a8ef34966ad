/** Options of `-netdev socket`, `stream` and `dgram`, and of `-chardev socket`: where the two ends are. */
import { machine } from '../softmmu/machine.ts';
import { AF_UNIX, FD_PREFIX, type sockaddr } from '../util/host.ts';
import {
  option_error,
  type QemuOpts,
  qemu_opt_get,
  qemu_opt_get_bool,
  qemu_opt_get_number,
  qemu_opt_has,
  qemu_opts_validate,
} from '../util/qemu-option.ts';
import { sockaddr_fd, sockaddr_in, sockaddr_un } from '../util/sockets.ts';
import { parse_addr, parse_port } from './inet.ts';

/** The ends of a link: `local` without `remote` waits for a connection, `remote` alone makes one. */
export interface SocketEnds {
  readonly dgram: boolean;
  readonly local: sockaddr | null;
  readonly remote: sockaddr | null;
  /** Seconds after which a connection that is gone is made again; 0: not. */
  readonly reconnect_s: number;
}

/** Parameters by kind. */
export const NETDEV_SOCKET_PARAMS: readonly string[] = ['listen', 'connect', 'mcast', 'udp', 'localaddr'];
export const NETDEV_STREAM_PARAMS: readonly string[] = [
  'server',
  'reconnect',
  'addr.str',
  ...socket_address_params('addr'),
];
export const NETDEV_DGRAM_PARAMS: readonly string[] = [
  ...socket_address_params('local'),
  ...socket_address_params('remote'),
];

/** The parameters of one address. */
function socket_address_params(prefix: string): string[] {
  return ['type', 'host', 'port', 'path', 'ipv4', 'ipv6', 'to', 'keep-alive'].map((p) => `${prefix}.${p}`);
}

/** An address as text. */
export function addr_text(a: sockaddr): string {
  const octets = [a.sin_addr >>> 24, (a.sin_addr >>> 16) & 255, (a.sin_addr >>> 8) & 255, a.sin_addr & 255];
  if (a.sa_family === AF_UNIX) {
    return a.sun_path.startsWith(FD_PREFIX) ? a.sun_path : `unix:${a.sun_path}`;
  }
  return `${octets.join('.')}:${a.sin_port}`;
}

/** `host` and `port`; an empty host is any of ours, or the loopback to connect to. */
function inet_address(opts: QemuOpts, host: string, port: string, connecting: boolean): sockaddr {
  const addr = host === 'localhost' || (host === '' && connecting) ? 0x7f000001 : parse_addr(host);
  const number = parse_port(port, connecting ? 1 : 0);
  if (addr < 0) {
    throw option_error(opts, `'${host}' is no IPv4 address, expected such as 127.0.0.1 (names are not looked up)`);
  }
  if (number < 0) {
    throw option_error(opts, `'${port}' is no port, expected a number up to 65535`);
  }
  return sockaddr_in(addr, number);
}

/** `HOST:PORT`. */
function host_port(opts: QemuOpts, text: string, connecting: boolean): sockaddr {
  const colon = text.lastIndexOf(':');
  if (colon < 0) {
    throw option_error(opts, `host address '${text}' doesn't contain ':' separating host from port`);
  }
  return inet_address(opts, text.slice(0, colon), text.slice(colon + 1), connecting);
}

/** `PREFIX.str=NUMBER`: a connected socket that whoever started this program has left open. */
function fd_address(opts: QemuOpts, prefix: string, connecting: boolean): sockaddr {
  const text = qemu_opt_get(opts, `${prefix}.str`);
  if (!connecting || prefix !== 'addr') {
    throw option_error(opts, `${prefix}.type=fd takes the socket of a connected stream; it goes without server=on`);
  }
  if (!/^\d{1,9}$/.test(text)) {
    throw option_error(opts, `Parameter '${prefix}.str' expects the number of an open file, not '${text}'`);
  }
  return sockaddr_fd(Number(text));
}

/** The address that `PREFIX.type`, `PREFIX.host` and so on give, or null without them. */
function socket_address(opts: QemuOpts, prefix: string, connecting: boolean): sockaddr | null {
  const type = qemu_opt_get(opts, `${prefix}.type`);
  switch (type) {
    case '':
      return null;
    case 'inet':
      return inet_address(
        opts,
        qemu_opt_get(opts, `${prefix}.host`),
        qemu_opt_get(opts, `${prefix}.port`, connecting ? '' : '0'),
        connecting,
      );
    case 'unix': {
      const path = qemu_opt_get(opts, `${prefix}.path`);
      if (path === '') {
        throw option_error(opts, `Parameter '${prefix}.path' is missing`);
      }
      return sockaddr_un(path);
    }
    case 'fd':
      return fd_address(opts, prefix, connecting);
    default:
      throw option_error(opts, `Parameter '${prefix}.type' expects 'inet', 'unix' or 'fd', not '${type}'`);
  }
}

/** The ends of a stream: `addr` is ours when we are the server. */
function stream_ends(addr: sockaddr, server: boolean, reconnect_s: number): SocketEnds {
  return { dgram: false, local: server ? addr : null, remote: server ? null : addr, reconnect_s };
}

/** `reconnect=SECONDS` of one that connects. */
function parse_reconnect(opts: QemuOpts, server: boolean): number {
  if (server && qemu_opt_has(opts, 'reconnect')) {
    throw option_error(opts, "'reconnect' option is incompatible with socket in server mode");
  }
  return qemu_opt_get_number(opts, 'reconnect', 0, 0, 86400);
}

/** The ends of `-netdev socket`. */
export function parse_netdev_socket(opts: QemuOpts): SocketEnds {
  const given = ['listen', 'connect', 'mcast', 'udp'].filter((n) => qemu_opt_has(opts, n));
  if (given.length !== 1) {
    throw option_error(opts, 'exactly one of listen=, connect=, mcast= or udp= is required');
  }
  if (given[0] === 'mcast') {
    throw option_error(
      opts,
      'mcast= is not supported: nothing of the host is joined to a group; use listen= and connect=, or udp=',
    );
  }
  const value = qemu_opt_get(opts, given[0]!);
  if (given[0] === 'udp') {
    if (!qemu_opt_has(opts, 'localaddr')) {
      throw option_error(opts, 'localaddr= is mandatory with udp=');
    }
    const local = host_port(opts, qemu_opt_get(opts, 'localaddr'), false);
    return { dgram: true, local, remote: host_port(opts, value, true), reconnect_s: 0 };
  }
  const connecting = given[0] === 'connect';
  const addr = host_port(opts, value, connecting);
  return stream_ends(addr, !connecting, 0);
}

/** The ends of `-netdev stream`. */
export function parse_netdev_stream(opts: QemuOpts): SocketEnds {
  const server = qemu_opt_get_bool(opts, 'server', false);
  const addr = socket_address(opts, 'addr', !server);
  if (!addr) {
    throw option_error(opts, "Parameter 'addr' is missing");
  }
  return stream_ends(addr, server, parse_reconnect(opts, server));
}

/** The ends of `-netdev dgram`. */
export function parse_netdev_dgram(opts: QemuOpts): SocketEnds {
  const local = socket_address(opts, 'local', false);
  const remote = socket_address(opts, 'remote', true);
  if (!local && !remote) {
    throw option_error(opts, 'dgram requires local= parameter, or remote= to send only');
  }
  if (local?.sa_family === AF_UNIX || remote?.sa_family === AF_UNIX) {
    throw option_error(
      opts,
      'datagrams over unix sockets are not supported: Node.js has no such sockets; use inet, or stream',
    );
  }
  return { dgram: true, local, remote, reconnect_s: 0 };
}

/** The `-chardev` of this id, or null. */
export function find_chardev(id: string): QemuOpts | null {
  return machine.net.chardevs.find((c) => qemu_opt_get(c, 'id') === id) ?? null;
}

/** The ends of `-chardev socket,id=,host=,port=|path=[,server=on]`. */
export function chardev_ends(opts: QemuOpts): SocketEnds {
  if (qemu_opt_get(opts, 'backend') !== 'socket') {
    throw option_error(opts, `'${qemu_opt_get(opts, 'backend')}' is no socket`);
  }
  qemu_opts_validate(opts, [
    'backend',
    'id',
    'host',
    'port',
    'path',
    'server',
    'wait',
    'reconnect',
    'ipv4',
    'ipv6',
    'delay',
    'nodelay',
  ]);
  const server = qemu_opt_get_bool(opts, 'server', false);
  const path = qemu_opt_get(opts, 'path');
  const addr =
    path !== ''
      ? sockaddr_un(path)
      : inet_address(opts, qemu_opt_get(opts, 'host'), qemu_opt_get(opts, 'port'), !server);
  return stream_ends(addr, server, parse_reconnect(opts, server));
}
