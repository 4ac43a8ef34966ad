/** The user network as a net client (net/slirp.c): frames to and from slirp, forwarded ports. */

import {
  type Slirp,
  type SlirpCb,
  slirp_add_exec,
  slirp_add_hostfwd,
  slirp_add_unix,
  slirp_connection_info,
  slirp_input,
  slirp_neighbor_info,
  slirp_new,
  slirp_remove_hostfwd,
} from '../slirp/slirp.ts';
import { machine } from '../softmmu/machine.ts';
import { AF_UNIX, type sockaddr } from '../util/host.ts';
import { OptionError, option_error, type QemuOpts } from '../util/qemu-option.ts';
import { net_hub_id_for_client } from './hub.ts';
import { type NetClientInfo, type NetClientState, qemu_new_net_client, qemu_send_packet } from './net.ts';
import {
  type HostfwdRule,
  type NetdevUserOptions,
  parse_guestfwd,
  parse_hostfwd,
  parse_hostfwd_host,
  parse_netdev_user,
} from './slirp_options.ts';

/** Shortest frame without FCS (IEEE 802.3). */
const ETH_ZLEN = 60;

/** A user network and its net client. */
export class SlirpState {
  nc!: NetClientState;
  slirp!: Slirp;
  /** Memory for a frame that is padded. */
  readonly min_pkt: Uint8Array = new Uint8Array(ETH_ZLEN);
}

/**
 * An address of the host in dotted notation; a socket of the Unix domain shows its path.
 * @nodebug
 */
function host_addr_text(addr: sockaddr): string {
  if (addr.sa_family === AF_UNIX) {
    return addr.sun_path;
  }
  return `${inet_text(addr.sin_addr)}:${addr.sin_port}`;
}

/**
 * An IPv4 address in dotted notation.
 * @nodebug
 */
function inet_text(addr: number): string {
  return `${addr >>> 24}.${(addr >>> 16) & 0xff}.${(addr >>> 8) & 0xff}.${addr & 0xff}`;
}

/** Slirp sends a frame to the guest: padded to 60 bytes when the peer wants that, and sent on. */
export function slirp_output(opaque: object, buf: Uint8Array, size: number): void {
  const s = opaque as SlirpState;
  let pkt = buf;
  let pkt_len = size;
  if (size < ETH_ZLEN && s.nc.peer && !s.nc.peer.info.do_not_pad) {
    pkt = s.min_pkt;
    for (let i = 0; i < ETH_ZLEN; i++) {
      pkt[i] = i < size ? buf[i]! : 0;
    }
    pkt_len = ETH_ZLEN;
  }
  machine.host.frame(1, pkt, pkt_len);
  qemu_send_packet(s.nc, pkt, pkt_len);
}

/** A frame from the guest reaches slirp. */
export function net_slirp_receive(nc: NetClientState, buf: Uint8Array, size: number): number {
  const s = nc.opaque as SlirpState;
  machine.host.frame(0, buf, size);
  slirp_input(s.slirp, buf, size);
  return size;
}

const slirp_cb: SlirpCb = { send_packet: slirp_output };

const net_slirp_info: NetClientInfo = {
  type: 'user',
  receive: net_slirp_receive,
  receive_iov: null,
  can_receive: null,
  link_status_changed: null,
  do_not_pad: false,
};

/** Forwards a port. Returns what went wrong, or ''. The rule's real port is reported to the user. */
function slirp_hostfwd(s: SlirpState, rule: HostfwdRule, text: string): string {
  const guest_addr = rule.guest_addr !== 0 ? rule.guest_addr : s.slirp.vdhcp_startaddr;
  const r = slirp_add_hostfwd(s.slirp, rule.is_udp, rule.host_addr, guest_addr, rule.guest_port);
  if (r.errno !== '') {
    return `Could not set up host forwarding rule '${text}': ${errno_text(r.errno)}`;
  }
  const proto = rule.host_addr.sa_family === AF_UNIX ? 'unix' : rule.is_udp ? 'udp' : 'tcp';
  const host = host_addr_text({ ...rule.host_addr, sin_port: r.port });
  machine.host.report('info', `hostfwd ${proto} ${host} -> ${inet_text(guest_addr)}:${rule.guest_port}`);
  return '';
}

/** What the names of common errors mean. */
const ERRNO_TEXT: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use (EADDRINUSE)',
  EACCES: 'permission denied (EACCES)',
  EADDRNOTAVAIL: 'the host does not have this address (EADDRNOTAVAIL)',
};

/** An error of the host in words. */
function errno_text(errno: string): string {
  return ERRNO_TEXT[errno] ?? errno;
}

/** Makes a user network with its forwarded ports. */
export function net_slirp_init(
  opts: QemuOpts,
  peer: NetClientState | null,
  model: string,
  name: string,
  user: NetdevUserOptions,
): SlirpState {
  const s = new SlirpState();
  s.nc = qemu_new_net_client(net_slirp_info, peer, model, name, s);
  // The test protocol's transcripts and replays are the same each time.
  user.config.fixed_iss = machine.qtest !== null || machine.cpu.ops.trace_frame !== null;
  const slirp = slirp_new(user.config, slirp_cb, s);
  if (!slirp) {
    throw option_error(opts, 'the user network refuses these settings');
  }
  s.slirp = slirp;
  s.nc.info_str = `net=${inet_text(user.config.vnetwork)},restrict=${user.config.restricted ? 'on' : 'off'}`;
  machine.slirps.push(slirp);
  machine.net.slirp_stacks.push(s);
  for (const text of user.hostfwd) {
    const rule = parse_hostfwd(text);
    const wrong = typeof rule === 'string' ? rule : slirp_hostfwd(s, rule, text);
    if (wrong !== '') {
      throw option_error(opts, wrong);
    }
  }
  for (const text of user.guestfwd) {
    const wrong = slirp_guestfwd(s, text);
    if (wrong !== '') {
      throw option_error(opts, wrong);
    }
  }
  return s;
}

/** `-redir [tcp|udp]:HOSTPORT:[GUESTADDR]:GUESTPORT`, the old spelling of `hostfwd`, for the first user network. Throws an OptionError. */
export function net_slirp_redir(redir: string): void {
  const m = /^(tcp|udp)?:(\d*):([^:]*):(\d*)$/.exec(redir);
  const rule = m
    ? parse_hostfwd(`${m[1] ?? 'tcp'}::${m[2]}-${m[3]}:${m[4]}`)
    : 'expected [tcp|udp]:hostport:[guestaddr]:guestport';
  const s = slirp_lookup('');
  const wrong =
    typeof rule === 'string'
      ? `Invalid host forwarding rule '${redir}' (${rule})`
      : s
        ? slirp_hostfwd(s, rule, redir)
        : 'there is no user network (-netdev user) to forward to';
  if (wrong !== '') {
    throw new OptionError(`-redir ${redir}: ${wrong}`);
  }
}

/** Forwards connections of the guest. Returns what went wrong, or ''. */
function slirp_guestfwd(s: SlirpState, text: string): string {
  const rule = parse_guestfwd(text);
  if (typeof rule === 'string') {
    return `Invalid guest forwarding rule '${text}' (${rule})`;
  }
  const wrong =
    rule.cmd !== ''
      ? slirp_add_exec(s.slirp, rule.cmd, rule.server, rule.port)
      : slirp_add_unix(s.slirp, rule.path, rule.server, rule.port);
  return wrong === '' ? '' : `Conflicting/invalid host:port in guest forwarding rule '${text}': ${wrong}`;
}

/** `-netdev user`. */
export function net_init_slirp(opts: QemuOpts, name: string, peer: NetClientState | null): NetClientState {
  const user = parse_netdev_user(opts);
  return net_slirp_init(opts, peer, 'user', name, user).nc;
}

/** The user network a monitor command means: of the client `id`, or the first one. Null if there is none. */
function slirp_lookup(id: string): SlirpState | null {
  if (id === '') {
    return machine.net.slirp_stacks[0] ?? null;
  }
  return machine.net.slirp_stacks.find((s) => s.nc.name === id) ?? null;
}

/** Why `slirp_lookup` found none. */
function slirp_missing(id: string): string {
  return id === '' || machine.net.slirp_stacks.length === 0
    ? 'user mode network stack not in use\n'
    : `unrecognized netdev id '${id}'\n`;
}

/** `hostfwd_add [netdev] rule`. */
export function hmp_hostfwd_add(args: readonly string[]): string {
  const [id, text] = args.length > 1 ? [args[0]!, args[1]!] : ['', args[0] ?? ''];
  const s = slirp_lookup(id);
  if (!s) {
    return slirp_missing(id);
  }
  const rule = parse_hostfwd(text);
  if (typeof rule === 'string') {
    return `Invalid host forwarding rule '${text}' (${rule})\n`;
  }
  const wrong = slirp_hostfwd(s, rule, text);
  return wrong === '' ? '' : `${wrong}\n`;
}

/** `hostfwd_remove [netdev] [tcp|udp]:[hostaddr]:hostport`. */
export function hmp_hostfwd_remove(args: readonly string[]): string {
  const [id, text] = args.length > 1 ? [args[0]!, args[1]!] : ['', args[0] ?? ''];
  const s = slirp_lookup(id);
  if (!s) {
    return slirp_missing(id);
  }
  const m = /^(tcp|udp)?:(.*)$/.exec(text);
  const host = m ? parse_hostfwd_host('tcp', m[2]!) : 'invalid';
  if (!m || typeof host === 'string') {
    return 'invalid format\n';
  }
  const removed = slirp_remove_hostfwd(s.slirp, m[1] === 'udp', host);
  return `host forwarding rule for ${text} ${removed ? 'removed' : 'not found'}\n`;
}

/** `info usernet`. */
export function hmp_info_usernet(): string {
  return machine.net.slirp_stacks
    .map((s) => `Hub ${net_hub_id_for_client(s.nc)} (${s.nc.name}):\n${slirp_connection_info(s.slirp)}`)
    .join('');
}

/** `info neighbors`: the link-layer addresses that user networks know. */
export function hmp_info_neighbors(): string {
  return machine.net.slirp_stacks
    .map((s) => `Hub ${net_hub_id_for_client(s.nc)} (${s.nc.name}):\n${slirp_neighbor_info(s.slirp)}`)
    .join('');
}
