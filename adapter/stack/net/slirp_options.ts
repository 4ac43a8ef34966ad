/**
 * The parameters of `-netdev user` (net/slirp.c): checks and defaults. Rules of forwarded ports are in slirp_rules.ts.
 */
import { SlirpConfig } from '../slirp/libslirp.ts';
import {
  option_error,
  type QemuOpts,
  qemu_opt_get,
  qemu_opt_get_all,
  qemu_opt_get_bool,
  qemu_opt_get_number,
  qemu_opt_has,
} from '../util/qemu-option.ts';
import { inet_aton, inet_ntoa, inet_pton6 } from './inet.ts';
import { NETDEV_USER_OPTIONS } from './slirp_params.ts';
import { HOSTFWD_SYNTAX, parse_hostfwd } from './slirp_rules.ts';

/** Names of the parameters of `-netdev user`, but `id` and `type`. */
export const NETDEV_USER_PARAMS: readonly string[] = NETDEV_USER_OPTIONS.map((o) => o.name);

/** Longest host name, domain name and TFTP server name. */
const NAME_MAX = 255;

/** What `-netdev user` asks for. */
export class NetdevUserOptions {
  readonly config: SlirpConfig = new SlirpConfig();
  /** The rules as typed. */
  hostfwd: string[] = [];
  guestfwd: string[] = [];
  /** The directory to share over SMB; null: none. */
  smb: string | null = null;
  /** Address of the SMB server, 0 for the network's address 4. */
  smbserver = 0;
}

/** The mask of an address without one: private networks as they are meant (RFC 1918), else the old classes. */
function class_mask(net: number): number {
  if (net >>> 20 === 0xac1) {
    return 0xfff00000;
  }
  if (net >>> 16 === 0xc0a8) {
    return 0xffff0000;
  }
  return net < 0x80000000 ? 0xff000000 : net < 0xc0000000 ? 0xffff0000 : 0xffffff00;
}

/** The mask behind the slash of `net=`: a count of bits, or an address. */
function parse_netmask(opts: QemuOpts, text: string): number {
  const bits = /^[+-]?\d*$/.test(text) ? Number(text) : Number.NaN;
  const mask = inet_aton(text);
  if (bits < 4 || bits > 32) {
    throw option_error(opts, `Invalid netmask provided (must be in range 4-32), not net=.../${text}`);
  }
  if (Number.isNaN(bits) && mask < 0) {
    throw option_error(opts, `Failed to parse netmask '${text}' of net=, expected such as 24 or 255.255.255.0`);
  }
  return Number.isNaN(bits) ? mask : (0xffffffff << (32 - bits)) >>> 0;
}

/** The network of `net=`: address and mask. */
function parse_net(opts: QemuOpts, text: string): { readonly net: number; readonly mask: number } {
  const slash = text.indexOf('/');
  const net = inet_aton(slash < 0 ? text : text.slice(0, slash));
  if (net < 0) {
    throw option_error(opts, `Failed to parse network address net='${text}', expected such as 10.0.2.0/24`);
  }
  return { net, mask: slash < 0 ? class_mask(net) : parse_netmask(opts, text.slice(slash + 1)) };
}

/** An IPv4 address of the network. */
function parse_member(opts: QemuOpts, name: string, what: string, cfg: SlirpConfig, must_belong: boolean): number {
  const text = qemu_opt_get(opts, name);
  const addr = inet_aton(text);
  const near = inet_ntoa((cfg.vnetwork | (0x0209 & ~cfg.vnetmask)) >>> 0);
  if (addr < 0) {
    throw option_error(opts, `Failed to parse ${what}: ${name}='${text}', expected an IPv4 address such as ${near}`);
  }
  if (must_belong && (addr & cfg.vnetmask) >>> 0 !== cfg.vnetwork) {
    const net = `${inet_ntoa(cfg.vnetwork)}/${inet_ntoa(cfg.vnetmask)}`;
    throw option_error(
      opts,
      `${what} doesn't belong to network: ${name}=${text} is not in ${net}, expected such as ${near}`,
    );
  }
  return addr;
}

/** `net`, and the addresses that follow from it. */
function parse_network(opts: QemuOpts, cfg: SlirpConfig): void {
  if (qemu_opt_has(opts, 'net')) {
    const { net, mask } = parse_net(opts, qemu_opt_get(opts, 'net'));
    cfg.vnetwork = (net & mask) >>> 0;
    cfg.vnetmask = mask;
    cfg.vhost = (cfg.vnetwork | (0x0202 & ~mask)) >>> 0;
    cfg.vdhcp_start = (cfg.vnetwork | (0x020f & ~mask)) >>> 0;
    cfg.vnameserver = (cfg.vnetwork | (0x0203 & ~mask)) >>> 0;
  }
}

/** `net`, `host`, `dns`, `dhcpstart`. */
function parse_ipv4(opts: QemuOpts, cfg: SlirpConfig): void {
  const given = ['net', 'host', 'dns'].filter((n) => qemu_opt_has(opts, n));
  if (!cfg.in_enabled && given.length > 0) {
    throw option_error(opts, `IPv4 disabled but netmask/host/dns provided: ${given[0]}= needs ipv4=on`);
  }
  parse_network(opts, cfg);
  if (qemu_opt_has(opts, 'host')) {
    cfg.vhost = parse_member(opts, 'host', 'Host', cfg, true);
  }
  if (qemu_opt_has(opts, 'dns')) {
    cfg.vnameserver = parse_member(opts, 'dns', 'DNS', cfg, cfg.restricted);
  }
  const host = inet_ntoa(cfg.vhost);
  if (cfg.vnameserver === cfg.vhost) {
    throw option_error(opts, `DNS must be different from host: dns= and host= are both ${host}`);
  }
  if (qemu_opt_has(opts, 'dhcpstart')) {
    cfg.vdhcp_start = parse_member(opts, 'dhcpstart', 'DHCP', cfg, true);
  }
  if (cfg.vdhcp_start === cfg.vhost || cfg.vdhcp_start === cfg.vnameserver) {
    const [dhcp, dns] = [inet_ntoa(cfg.vdhcp_start), inet_ntoa(cfg.vnameserver)];
    throw option_error(
      opts,
      `DHCP must be different from host and DNS: dhcpstart= is ${dhcp}, host= ${host}, dns= ${dns} in this network`,
    );
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
function parse_in6(opts: QemuOpts, what: string, name: string, text: string): Uint8Array {
  const addr = inet_pton6(text);
  if (!addr) {
    throw option_error(opts, `Failed to parse IPv6 ${what}: ${name}='${text}', expected such as fec0::9`);
  }
  return addr;
}

/** The most bits of an IPv6 prefix. */
const IN6_PREFIX_MAX = 126;

/** Length of the IPv6 prefix: `text` is what stands behind the slash of `ipv6-net=`. */
function parse_in6_prefixlen(opts: QemuOpts, text: string | null): number {
  if (text === null) {
    return qemu_opt_get_number(opts, 'ipv6-prefixlen', 64, 0, IN6_PREFIX_MAX);
  }
  if (!/^[+-]?\d+$/.test(text) || Number(text) < 0 || Number(text) > IN6_PREFIX_MAX) {
    throw option_error(
      opts,
      'Invalid IPv6 prefix provided ' +
        `(IPv6 prefix length must be between 0 and ${IN6_PREFIX_MAX}), not ipv6-net=.../${text}`,
    );
  }
  return Number(text);
}

/** `ipv6-net`, or `ipv6-prefix` and `ipv6-prefixlen`. */
function parse_in6_network(opts: QemuOpts, cfg: SlirpConfig): void {
  const text = qemu_opt_get(opts, 'ipv6-net');
  const slash = text.indexOf('/');
  if (qemu_opt_has(opts, 'ipv6-net')) {
    cfg.vprefix_addr6 = parse_in6(opts, 'prefix', 'ipv6-net', slash < 0 ? text : text.slice(0, slash));
  } else if (qemu_opt_has(opts, 'ipv6-prefix')) {
    cfg.vprefix_addr6 = parse_in6(opts, 'prefix', 'ipv6-prefix', qemu_opt_get(opts, 'ipv6-prefix'));
  }
  cfg.vprefix_len = parse_in6_prefixlen(opts, slash < 0 ? null : text.slice(slash + 1));
}

/** An IPv6 address of the network. */
function parse_in6_member(
  opts: QemuOpts,
  name: string,
  what: string,
  cfg: SlirpConfig,
  must_belong: boolean,
): Uint8Array {
  const text = qemu_opt_get(opts, name);
  const addr = parse_in6(opts, what, name, text);
  if (must_belong && !in6_same_prefix(addr, cfg.vprefix_addr6, cfg.vprefix_len)) {
    const bits = `the first ${cfg.vprefix_len} bits of ipv6-net=`;
    throw option_error(opts, `IPv6 ${what} doesn't belong to network: ${name}=${text} does not begin with ${bits}`);
  }
  return addr;
}

/** The last byte of an IPv6 address. */
const IN6_LAST = 15;

/** `ipv6-net`, `ipv6-host`, `ipv6-dns`. */
function parse_ipv6(opts: QemuOpts, cfg: SlirpConfig): void {
  const given = ['ipv6-net', 'ipv6-prefix', 'ipv6-host', 'ipv6-dns'].filter((n) => qemu_opt_has(opts, n));
  if (!cfg.in6_enabled && given.length > 0) {
    throw option_error(opts, `IPv6 disabled but prefix/host6/dns6 provided: ${given[0]}= needs ipv6=on`);
  }
  parse_in6_network(opts, cfg);
  cfg.vhost6 = cfg.vprefix_addr6.slice();
  cfg.vhost6[IN6_LAST]! |= 2;
  cfg.vnameserver6 = cfg.vprefix_addr6.slice();
  cfg.vnameserver6[IN6_LAST]! |= 3;
  if (qemu_opt_has(opts, 'ipv6-host')) {
    cfg.vhost6 = parse_in6_member(opts, 'ipv6-host', 'Host', cfg, true);
  }
  if (qemu_opt_has(opts, 'ipv6-dns')) {
    cfg.vnameserver6 = parse_in6_member(opts, 'ipv6-dns', 'DNS', cfg, cfg.restricted);
  }
}

/** A name with its limit. */
function parse_name(opts: QemuOpts, name: string, may_be_empty: boolean, max: number): string {
  const value = qemu_opt_get(opts, name);
  if (!may_be_empty && qemu_opt_has(opts, name) && value === '') {
    throw option_error(opts, `'${name}' parameter cannot be empty, expected such as ${name}=example.org`);
  }
  if (value.length > max) {
    throw option_error(opts, `'${name}' parameter cannot exceed ${max} bytes, this one has ${value.length}`);
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
    throw option_error(opts, 'IPv4 and IPv6 disabled: one of ipv4= and ipv6= has to be on');
  }
}

/** `smb`, `smbserver`. */
function parse_smb(opts: QemuOpts, user: NetdevUserOptions): void {
  if (qemu_opt_has(opts, 'smbserver')) {
    const text = qemu_opt_get(opts, 'smbserver');
    user.smbserver = inet_aton(text);
    if (user.smbserver < 0) {
      throw option_error(opts, `Failed to parse SMB address: smbserver='${text}', expected such as 10.0.2.4`);
    }
  }
  if (qemu_opt_has(opts, 'smb')) {
    user.smb = qemu_opt_get(opts, 'smb');
  }
}

/** The smallest and the largest MTU there is. */
const MTU_MIN = 68;
const MTU_MAX = 65521;

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
  cfg.if_mtu = qemu_opt_get_number(opts, 'mtu', 0, MTU_MIN, MTU_MAX);
  cfg.if_mru = cfg.if_mtu;
  user.hostfwd = qemu_opt_get_all(opts, 'hostfwd');
  user.guestfwd = qemu_opt_get_all(opts, 'guestfwd');
  for (const rule of user.hostfwd) {
    const parsed = parse_hostfwd(rule);
    if (typeof parsed === 'string') {
      throw option_error(
        opts,
        `Invalid host forwarding rule '${rule}' (${parsed}), expected hostfwd=${HOSTFWD_SYNTAX}`,
      );
    }
  }
  parse_smb(opts, user);
  return user;
}
