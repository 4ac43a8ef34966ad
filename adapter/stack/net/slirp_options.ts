/** The parameters of `-netdev user` (net/slirp.c): checks, defaults, and the rules of forwarded ports. */
import { SlirpConfig } from '../slirp/libslirp.ts';
import type { sockaddr } from '../util/host.ts';
import {
  option_error,
  type QemuOpts,
  qemu_opt_get,
  qemu_opt_get_all,
  qemu_opt_get_bool,
  qemu_opt_get_number,
  qemu_opt_has,
} from '../util/qemu-option.ts';
import { sockaddr_in, sockaddr_un } from '../util/sockets.ts';
import { inet_aton, inet_pton6 } from './inet.ts';

/** Parameters of `-netdev user`, but `id` and `type`. */
export const NETDEV_USER_PARAMS: readonly string[] = [
  'ipv4',
  'ipv6',
  'net',
  'host',
  'restrict',
  'hostname',
  'dhcpstart',
  'dns',
  'dnssearch',
  'domainname',
  'tftp',
  'tftp-server-name',
  'bootfile',
  'hostfwd',
  'guestfwd',
  'smb',
  'smbserver',
  'ipv6-net',
  'ipv6-prefix',
  'ipv6-prefixlen',
  'ipv6-host',
  'ipv6-dns',
];

/** Longest host name, domain name and TFTP server name. */
const NAME_MAX = 255;

/** A rule of `hostfwd`, parsed. */
export interface HostfwdRule {
  readonly is_udp: boolean;
  readonly host_addr: sockaddr;
  /** 0: the first address DHCP gives out. */
  readonly guest_addr: number;
  readonly guest_port: number;
}

/** A rule of `guestfwd`, parsed: connections to the address go to a command or a Unix socket. */
export interface GuestfwdRule {
  /** 0: the network's address 4. */
  readonly server: number;
  readonly port: number;
  /** After `cmd:`, and after `unix:`; the other one is empty. */
  readonly cmd: string;
  readonly path: string;
}

/** A port number from `min` to 65535, or -1. */
export function parse_port(text: string, min: number): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  return port >= min && port <= 65535 ? port : -1;
}

/** An address, `0` if the text is empty, or -1. */
export function parse_addr(text: string): number {
  return text === '' ? 0 : inet_aton(text);
}

/** The guest's half of a rule, `[addr]:port`; a string says what is wrong. */
function parse_guest_end(text: string): { readonly addr: number; readonly port: number } | string {
  const colon = text.indexOf(':');
  if (colon < 0) {
    return 'Missing guest address';
  }
  const addr = parse_addr(text.slice(0, colon));
  const port = parse_port(text.slice(colon + 1), 1);
  return addr < 0 ? 'Bad guest address' : port < 0 ? 'Bad guest port' : { addr, port };
}

/**
 * Parses `[tcp|udp|unix]:[hostaddr]:hostport-[guestaddr]:guestport`, or `unix:/path-[guestaddr]:guestport`. Returns what is wrong
 * as a string.
 */
export function parse_hostfwd(rule: string): HostfwdRule | string {
  const colon = rule.indexOf(':');
  if (colon < 0) {
    return "No ':' separators";
  }
  const proto = rule.slice(0, colon);
  const rest = rule.slice(colon + 1);
  if (!['', 'tcp', 'udp', 'unix'].includes(proto)) {
    return `Bad protocol name '${proto}', expected tcp, udp or unix`;
  }
  const dash = proto === 'unix' ? rest.lastIndexOf('-') : rest.indexOf('-');
  if (dash < 0) {
    return 'Bad host port separator';
  }
  const host_addr = parse_hostfwd_host(proto, rest.slice(0, dash));
  if (typeof host_addr === 'string') {
    return host_addr;
  }
  const guest = parse_guest_end(rest.slice(dash + 1));
  if (typeof guest === 'string') {
    return guest;
  }
  return { is_udp: proto === 'udp', host_addr, guest_addr: guest.addr, guest_port: guest.port };
}

/** The host's half of a rule; a string says what is wrong. */
export function parse_hostfwd_host(proto: string, text: string): sockaddr | string {
  if (proto === 'unix') {
    return text.startsWith('/') ? sockaddr_un(text) : 'Bad socket path, expected an absolute one';
  }
  const colon = text.indexOf(':');
  if (colon < 0) {
    return 'Missing : separator';
  }
  const addr = parse_addr(text.slice(0, colon));
  const port = parse_port(text.slice(colon + 1), 0);
  return addr < 0 ? 'Bad host address' : port < 0 ? 'Bad host port' : sockaddr_in(addr, port);
}

/** Parses `[tcp]:server:port-cmd:command` or `...-unix:/path`. Returns what is wrong as a string. */
export function parse_guestfwd(rule: string): GuestfwdRule | string {
  const m = /^(tcp)?:([^:]*):(\d+)-(cmd|unix):(.+)$/.exec(rule);
  if (!m) {
    return 'expected [tcp]:server:port-cmd:command or [tcp]:server:port-unix:/path';
  }
  const server = parse_addr(m[2]!);
  const port = parse_port(m[3]!, 1);
  if (server < 0 || port < 0) {
    return server < 0 ? 'Bad server address' : 'Bad server port';
  }
  return { server, port, cmd: m[4] === 'cmd' ? m[5]! : '', path: m[4] === 'unix' ? m[5]! : '' };
}

/** What `-netdev user` asks for. */
export class NetdevUserOptions {
  readonly config: SlirpConfig = new SlirpConfig();
  /** The rules as typed. */
  hostfwd: string[] = [];
  guestfwd: string[] = [];
}

/** The network of `net=`: address and mask. Without a mask, the old classes decide. */
function parse_net(opts: QemuOpts, text: string): { readonly net: number; readonly mask: number } {
  const slash = text.indexOf('/');
  const net = inet_aton(slash < 0 ? text : text.slice(0, slash));
  if (net < 0) {
    throw option_error(opts, `Failed to parse network address '${text}', expected such as 10.0.2.0/24`);
  }
  if (slash < 0) {
    return { net, mask: net < 0x80000000 ? 0xff000000 : net < 0xc0000000 ? 0xffff0000 : 0xffffff00 };
  }
  const bits = text.slice(slash + 1);
  if (!/^\d+$/.test(bits)) {
    const mask = inet_aton(bits);
    if (mask < 0) {
      throw option_error(opts, `Failed to parse netmask '${bits}'`);
    }
    return { net, mask };
  }
  if (Number(bits) < 4 || Number(bits) > 32) {
    throw option_error(opts, `Invalid netmask provided (must be in range 4-32), not ${bits}`);
  }
  return { net, mask: (0xffffffff << (32 - Number(bits))) >>> 0 };
}

/** An IPv4 address of the network. */
function parse_member(opts: QemuOpts, name: string, what: string, cfg: SlirpConfig, must_belong: boolean): number {
  const addr = inet_aton(qemu_opt_get(opts, name));
  if (addr < 0) {
    throw option_error(opts, `Failed to parse ${what} '${qemu_opt_get(opts, name)}'`);
  }
  if (must_belong && (addr & cfg.vnetmask) >>> 0 !== cfg.vnetwork) {
    throw option_error(opts, `${what} doesn't belong to network`);
  }
  return addr;
}

/** `net`, `host`, `dns`, `dhcpstart`. */
function parse_ipv4(opts: QemuOpts, cfg: SlirpConfig): void {
  if (!cfg.in_enabled && ['net', 'host', 'dns', 'dhcpstart'].some((n) => qemu_opt_has(opts, n))) {
    throw option_error(opts, 'IPv4 disabled but netmask/host/dns provided');
  }
  if (qemu_opt_has(opts, 'net')) {
    const { net, mask } = parse_net(opts, qemu_opt_get(opts, 'net'));
    cfg.vnetwork = (net & mask) >>> 0;
    cfg.vnetmask = mask;
    cfg.vhost = (cfg.vnetwork | (0x0202 & ~mask)) >>> 0;
    cfg.vdhcp_start = (cfg.vnetwork | (0x020f & ~mask)) >>> 0;
    cfg.vnameserver = (cfg.vnetwork | (0x0203 & ~mask)) >>> 0;
  }
  if (qemu_opt_has(opts, 'host')) {
    cfg.vhost = parse_member(opts, 'host', 'Host', cfg, true);
  }
  if (qemu_opt_has(opts, 'dns')) {
    cfg.vnameserver = parse_member(opts, 'dns', 'DNS', cfg, cfg.restricted);
  }
  if (cfg.in_enabled && cfg.vnameserver === cfg.vhost) {
    throw option_error(opts, 'DNS must be different from host');
  }
  if (qemu_opt_has(opts, 'dhcpstart')) {
    cfg.vdhcp_start = parse_member(opts, 'dhcpstart', 'DHCP', cfg, true);
  }
  if (cfg.in_enabled && (cfg.vdhcp_start === cfg.vhost || cfg.vdhcp_start === cfg.vnameserver)) {
    throw option_error(opts, 'DHCP must be different from host and DNS');
  }
}

/** Do the first `bits` bits agree? */
function in6_same_prefix(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  for (let i = 0; i < bits; i++) {
    const mask = 0x80 >> (i & 7);
    if ((a[i >> 3]! & mask) !== (b[i >> 3]! & mask)) {
      return false;
    }
  }
  return true;
}

/** An IPv6 address. */
function parse_in6(opts: QemuOpts, what: string, text: string): Uint8Array {
  const addr = inet_pton6(text);
  if (!addr) {
    throw option_error(opts, `Failed to parse IPv6 ${what} '${text}'`);
  }
  return addr;
}

/** `ipv6-net` (or `ipv6-prefix` and `ipv6-prefixlen`), `ipv6-host`, `ipv6-dns`. */
function parse_ipv6(opts: QemuOpts, cfg: SlirpConfig): void {
  const names = ['ipv6-net', 'ipv6-prefix', 'ipv6-prefixlen', 'ipv6-host', 'ipv6-dns'];
  if (!cfg.in6_enabled && names.some((n) => qemu_opt_has(opts, n))) {
    throw option_error(opts, 'IPv6 disabled but prefix/host6/dns6 provided');
  }
  const [net, len] = qemu_opt_get(opts, 'ipv6-net').split('/');
  const prefix = net !== '' ? net! : qemu_opt_get(opts, 'ipv6-prefix');
  if (prefix !== '') {
    cfg.vprefix_addr6 = parse_in6(opts, 'prefix', prefix);
  }
  if (len !== undefined && (!/^\d+$/.test(len) || Number(len) > 126)) {
    throw option_error(
      opts,
      `Invalid IPv6 prefix provided (IPv6 prefix length must be between 0 and 126), not '${len}'`,
    );
  }
  cfg.vprefix_len = len !== undefined ? Number(len) : qemu_opt_get_number(opts, 'ipv6-prefixlen', 64, 0, 126);
  cfg.vhost6 = cfg.vprefix_addr6.slice();
  cfg.vhost6[15]! |= 2;
  cfg.vnameserver6 = cfg.vprefix_addr6.slice();
  cfg.vnameserver6[15]! |= 3;
  if (qemu_opt_has(opts, 'ipv6-host')) {
    cfg.vhost6 = parse_in6(opts, 'host', qemu_opt_get(opts, 'ipv6-host'));
    if (!in6_same_prefix(cfg.vhost6, cfg.vprefix_addr6, cfg.vprefix_len)) {
      throw option_error(opts, "IPv6 Host doesn't belong to network");
    }
  }
  if (qemu_opt_has(opts, 'ipv6-dns')) {
    cfg.vnameserver6 = parse_in6(opts, 'DNS', qemu_opt_get(opts, 'ipv6-dns'));
    if (cfg.restricted && !in6_same_prefix(cfg.vnameserver6, cfg.vprefix_addr6, cfg.vprefix_len)) {
      throw option_error(opts, "IPv6 DNS doesn't belong to network");
    }
  }
}

/** A name with its limit. */
function parse_name(opts: QemuOpts, name: string, may_be_empty: boolean, max: number): string {
  const value = qemu_opt_get(opts, name);
  if (!may_be_empty && qemu_opt_has(opts, name) && value === '') {
    throw option_error(opts, `'${name}' parameter cannot be empty`);
  }
  if (value.length > max) {
    throw option_error(opts, `'${name}' parameter cannot be longer than ${max} bytes`);
  }
  return value;
}

/** Whether IPv4 and IPv6 are on: both by default; asking for one alone turns the other off. */
function parse_families(opts: QemuOpts, cfg: SlirpConfig): void {
  const has4 = qemu_opt_has(opts, 'ipv4');
  const has6 = qemu_opt_has(opts, 'ipv6');
  const ipv4 = qemu_opt_get_bool(opts, 'ipv4', true);
  const ipv6 = qemu_opt_get_bool(opts, 'ipv6', true);
  cfg.in_enabled = has4 || !has6 ? ipv4 : !ipv6;
  cfg.in6_enabled = has6 || !has4 ? ipv6 : !ipv4;
  if (!cfg.in_enabled && !cfg.in6_enabled) {
    throw option_error(opts, 'IPv4 and IPv6 disabled');
  }
}

/** Reads all parameters of a user network. Throws an OptionError for the first one that is wrong. */
export function parse_netdev_user(opts: QemuOpts): NetdevUserOptions {
  const user = new NetdevUserOptions();
  const cfg = user.config;
  parse_families(opts, cfg);
  cfg.restricted = qemu_opt_get_bool(opts, 'restrict', false);
  parse_ipv4(opts, cfg);
  parse_ipv6(opts, cfg);
  cfg.vhostname = parse_name(opts, 'hostname', true, NAME_MAX);
  cfg.vdomainname = parse_name(opts, 'domainname', false, NAME_MAX);
  cfg.tftp_server_name = parse_name(opts, 'tftp-server-name', true, NAME_MAX);
  cfg.bootfile = parse_name(opts, 'bootfile', true, 127);
  cfg.tftp_path = qemu_opt_get(opts, 'tftp');
  cfg.vdnssearch = qemu_opt_get_all(opts, 'dnssearch');
  user.hostfwd = qemu_opt_get_all(opts, 'hostfwd');
  user.guestfwd = qemu_opt_get_all(opts, 'guestfwd');
  for (const rule of user.hostfwd) {
    const parsed = parse_hostfwd(rule);
    if (typeof parsed === 'string') {
      throw option_error(opts, `Invalid host forwarding rule '${rule}' (${parsed})`);
    }
  }
  if (qemu_opt_has(opts, 'smb') || qemu_opt_has(opts, 'smbserver')) {
    throw option_error(opts, "'smb' needs a Samba server (smbd) run by the machine, which this one does not do");
  }
  return user;
}
