/** The user network as a net client (net/slirp.c): frames to and from slirp, forwarded ports. */

import {
  type Slirp,
  type SlirpCb,
  slirp_add_guestfwd,
  slirp_add_hostfwd,
  slirp_add_hostxfwd6,
  slirp_cleanup,
  slirp_close_socket,
  slirp_connection_info,
  slirp_input,
  slirp_neighbor_info,
  slirp_new,
  slirp_remove_hostfwd,
  slirp_socket_info,
} from '../slirp/slirp.ts';
import { machine } from '../softmmu/machine.ts';
import { AF_UNIX } from '../util/host.ts';
import { OptionError, option_error, type QemuOpts } from '../util/qemu-option.ts';
import { close, type HostSocket } from '../util/sockets.ts';
import { ETH_ZLEN } from '../wire/ethernet.ts';
import { net_hub_id_for_client } from './hub.ts';
import { inet_ntoa } from './inet.ts';
import { qemu_new_net_client, qemu_send_packet } from './net.ts';
import type { NetClientInfo, NetClientState } from './net_client.ts';
import { type NetdevUserOptions, parse_netdev_user } from './slirp_options.ts';
import {
  GUESTFWD_SYNTAX,
  type HostfwdRule,
  hostfwd_text,
  parse_guestfwd,
  parse_hostfwd,
  parse_hostfwd_name,
  parse_redir,
} from './slirp_rules.ts';
import { SMB_PORTS, slirp_smb, smb_addr } from './slirp_smb.ts';

/** Shortest frame without FCS (IEEE 802.3). */

/** A user network and its net client. */
export class SlirpState {
  nc!: NetClientState;
  slirp!: Slirp;
  /** Memory for a frame that is padded. */
  readonly min_pkt: Uint8Array = new Uint8Array(ETH_ZLEN);
  /** Holds the host's SMB share for this network; null without `smb=`. */
  smb: HostSocket | null = null;
}

/**
 * Slirp sends a frame to the guest: padded to 60 bytes when the peer wants that, and sent on.
 * @packet buf size
 */
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

/**
 * A frame from the guest reaches slirp.
 * @packet buf size
 */
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
  const { host_addr, guest } = rule;
  const addr6 = guest.addr6 === 'any' ? null : guest.addr6;
  const r = guest.addr6
    ? slirp_add_hostxfwd6(s.slirp, host_addr, addr6, guest.port)
    : slirp_add_hostfwd(s.slirp, rule.is_udp, host_addr, guest.addr, guest.port);
  if (r.errno !== '') {
    const why = (host_addr.sa_family === AF_UNIX && ERRNO_TEXT_UNIX[r.errno]) || errno_text(r.errno);
    return `Could not set up host forwarding rule '${text}': ${why}`;
  }
  // In a replay nothing listens: who connects is in the capture.
  if (machine.cpu.ops.trace_frame === null) {
    machine.host.report('info', hostfwd_text(rule, r.port, s.slirp.vdhcp_startaddr));
  }
  return '';
}

/** What the names of common errors mean. */
const ERRNO_TEXT: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use (EADDRINUSE)',
  EACCES: 'permission denied (EACCES)',
  EADDRNOTAVAIL: 'the host does not have this address (EADDRNOTAVAIL)',
};

/** The same for the path of a socket: Node says EACCES for a directory that is not there, too. */
const ERRNO_TEXT_UNIX: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the path is in use, or is no socket (EADDRINUSE)',
  EACCES: 'no such directory, or permission denied (EACCES)',
};

/** An error of the host in words. */
function errno_text(errno: string): string {
  return ERRNO_TEXT[errno] ?? errno;
}

/** Throws an OptionError for what went wrong, if anything did. */
function check(opts: QemuOpts, wrong: string): void {
  if (wrong !== '') {
    throw option_error(opts, wrong);
  }
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
  const replays = machine.cpu.ops.trace_frame !== null;
  // The test protocol's transcripts and replays are the same each time.
  user.config.fixed_iss = machine.qtest !== null || replays;
  user.config.keep_peers = replays;
  const slirp = slirp_new(user.config, slirp_cb, s);
  if (!slirp) {
    throw option_error(opts, 'the user network refuses these settings');
  }
  s.slirp = slirp;
  s.nc.info_str = `net=${inet_ntoa(user.config.vnetwork)},restrict=${user.config.restricted ? 'on' : 'off'}`;
  machine.slirps.push(slirp);
  machine.net.slirp_stacks.push(s);
  // The last rule first, as QEMU does: tables show what is newest first, and so these in order.
  for (const text of user.hostfwd.toReversed()) {
    const rule = parse_hostfwd(text);
    check(opts, typeof rule === 'string' ? rule : slirp_hostfwd(s, rule, text));
  }
  if (user.smb !== null) {
    check(opts, net_slirp_smb(s, user.smb, user.smbserver));
  }
  for (const text of user.guestfwd) {
    check(opts, slirp_guestfwd(s, text));
  }
  return s;
}

/** Ends a user network: its connections, forwarded ports and share. */
export function net_slirp_cleanup(s: SlirpState): void {
  slirp_cleanup(s.slirp);
  if (s.smb) {
    close(machine.sockets, machine.host, s.smb, false);
    s.smb = null;
  }
}

/**
 * `-redir [tcp|udp]:HOSTPORT:[GUESTADDR]:GUESTPORT`, the old spelling
 * of `hostfwd`, for the first user network. Throws an OptionError.
 */
export function net_slirp_redir(redir: string): void {
  const rule = parse_redir(redir);
  const s = slirp_lookup('');
  const wrong =
    typeof s === 'string' ? 'there is no user network (-netdev user) to forward to' : slirp_hostfwd(s, rule, redir);
  if (wrong !== '') {
    throw new OptionError(`-redir ${redir}: ${wrong}`);
  }
}

/** Shares a directory of the host at `server` (0: the network's address 4). Returns what went wrong, or ''. */
function net_slirp_smb(s: SlirpState, dir: string, server: number): string {
  const target = smb_addr(dir);
  for (const port of SMB_PORTS) {
    const wrong = slirp_add_guestfwd(s.slirp, target, server, port);
    if (wrong !== '') {
      return `Conflicting/invalid smbserver address: ${wrong}`;
    }
  }
  const share = slirp_smb(target, dir);
  if (typeof share === 'string') {
    return share;
  }
  s.smb = share;
  return '';
}

/** Forwards connections of the guest. Returns what went wrong, or ''. */
function slirp_guestfwd(s: SlirpState, text: string): string {
  const rule = parse_guestfwd(text);
  if (typeof rule === 'string') {
    return `Invalid guest forwarding rule '${text}' (${rule}), expected guestfwd=${GUESTFWD_SYNTAX}`;
  }
  const wrong = slirp_add_guestfwd(s.slirp, rule.target, rule.server, rule.port);
  return wrong === '' ? '' : `Conflicting/invalid host:port in guest forwarding rule '${text}': ${wrong}`;
}

/** `-netdev user`. */
export function net_init_slirp(opts: QemuOpts, name: string, peer: NetClientState | null): NetClientState {
  const user = parse_netdev_user(opts);
  return net_slirp_init(opts, peer, 'user', name, user).nc;
}

/** The user network of the client `id`, or the first one. A string says why there is none. */
function slirp_lookup(id: string): SlirpState | string {
  const stacks = machine.net.slirp_stacks;
  if (id === '') {
    return stacks[0] ?? 'user mode network stack not in use\n';
  }
  const nc = machine.net.net_clients.find((c) => c.info.type !== 'nic' && c.name === id);
  return !nc ? `unrecognized netdev id '${id}'\n` : (stacks.find((s) => s.nc === nc) ?? 'invalid device specified\n');
}

/** `hostfwd_add [netdev] rule`. */
export function hmp_hostfwd_add(args: readonly string[]): string {
  const text = args.at(-1)!;
  const s = slirp_lookup(args.length > 1 ? args[0]! : '');
  if (typeof s === 'string') {
    return s;
  }
  const rule = parse_hostfwd(text);
  if (typeof rule === 'string') {
    return `Invalid host forwarding rule '${text}' (${rule})\n`;
  }
  const wrong = slirp_hostfwd(s, rule, text);
  return wrong === '' ? '' : `${wrong}\n`;
}

/** `hostfwd_remove [netdev] [tcp|udp|unix]:[hostaddr]:hostport`. */
export function hmp_hostfwd_remove(args: readonly string[]): string {
  const text = args.at(-1)!;
  const s = slirp_lookup(args.length > 1 ? args[0]! : '');
  if (typeof s === 'string') {
    return s;
  }
  const host = parse_hostfwd_name(text);
  if (!host) {
    return 'invalid format\n';
  }
  const removed = slirp_remove_hostfwd(s.slirp, text.startsWith('udp:'), host);
  return `host forwarding rule for ${text} ${removed ? 'removed' : 'not found'}\n`;
}

/** `info usernet`. */
export function hmp_info_usernet(): string {
  return machine.net.slirp_stacks
    .map((s) => `Hub ${net_hub_id_for_client(s.nc)} (${s.nc.name}):\n${slirp_connection_info(s.slirp)}`)
    .join('');
}

/** `info sockets`: the ends of connections as packets have them. */
export function hmp_info_sockets(): string {
  return machine.net.slirp_stacks
    .map((s) => `Hub ${net_hub_id_for_client(s.nc)} (${s.nc.name}):\n${slirp_socket_info(s.slirp)}`)
    .join('');
}

/** `usernet_close fd`: ends a connection of a user network, by its number in `info usernet`. */
export function hmp_usernet_close(args: readonly string[]): string {
  const fd = Number(args[0]);
  return machine.net.slirp_stacks.some((s) => slirp_close_socket(s.slirp, fd))
    ? ''
    : `Error: no connection has the file descriptor '${args[0]}'\n`;
}

/** `info neighbors`: the link-layer addresses that user networks know. */
export function hmp_info_neighbors(): string {
  return machine.net.slirp_stacks
    .map((s) => `Hub ${net_hub_id_for_client(s.nc)} (${s.nc.name}):\n${slirp_neighbor_info(s.slirp)}`)
    .join('');
}
