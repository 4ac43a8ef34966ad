/** From options to net clients (net/net.c, the second half): `-netdev`, `-nic`, `-net`, `-device e1000`. */
import type { E1000Properties } from '../hw/net/e1000.ts';
import { machine } from '../softmmu/machine.ts';
import {
  id_wellformed,
  option_error,
  type QemuOpts,
  qemu_opt_get,
  qemu_opt_get_number,
  qemu_opt_has,
  qemu_opts_validate,
} from '../util/qemu-option.ts';
import { net_hub_add_port, net_hub_free_id } from './hub.ts';
import { qemu_find_netdev } from './net.ts';
import type { NetClientState } from './net_client.ts';
import { net_check_nic_model, net_parse_macaddr, nic_realize, parse_e1000_device } from './nic_options.ts';
import { net_init_slirp } from './slirp.ts';
import { NETDEV_USER_PARAMS } from './slirp_options.ts';
import { net_socket_open } from './socket.ts';
import {
  NETDEV_DGRAM_PARAMS,
  NETDEV_SOCKET_PARAMS,
  NETDEV_STREAM_PARAMS,
  parse_netdev_dgram,
  parse_netdev_socket,
  parse_netdev_stream,
  type SocketEnds,
} from './socket_options.ts';

/** Makes a client of one kind; `name` may be empty. */
type NetClientInit = (opts: QemuOpts, name: string, peer: NetClientState | null) => NetClientState;

/** Most hubs and ports there are numbers for. */
const HUBID_MAX = 65535;

/**
 * `-netdev hubport,id=,hubid=[,netdev=]`: a port of a hub, linked to a client that is there already if `netdev` names
 * one.
 */
export function net_init_hubport(opts: QemuOpts, name: string, peer: NetClientState | null): NetClientState {
  if (!qemu_opt_has(opts, 'hubid')) {
    throw option_error(opts, "Parameter 'hubid' is missing");
  }
  const hubid = qemu_opt_get_number(opts, 'hubid', 0, 0, HUBID_MAX);
  const netdev = qemu_opt_get(opts, 'netdev');
  const hubpeer = netdev === '' ? peer : net_find_free_netdev(opts, netdev, 'netdev not found:');
  return net_hub_add_port(hubid, name, hubpeer);
}

/** Makes a link to another program, or says what is wrong with it. */
function net_init_link(opts: QemuOpts, ends: SocketEnds, name: string, peer: NetClientState | null): NetClientState {
  const link = net_socket_open(qemu_opt_get(opts, 'type'), ends, name, null);
  if (typeof link === 'string') {
    throw option_error(opts, link);
  }
  if (peer) {
    link.nc.peer = peer;
    peer.peer = link.nc;
  }
  return link.nc;
}

/** `-netdev socket,id=,listen=[HOST]:PORT`, `connect=HOST:PORT` or `udp=HOST:PORT,localaddr=HOST:PORT`. */
export function net_init_socket(opts: QemuOpts, name: string, peer: NetClientState | null): NetClientState {
  return net_init_link(opts, parse_netdev_socket(opts), name, peer);
}

/** `-netdev stream,id=[,server=on],addr.type=inet|unix,addr.host=,addr.port=,addr.path=`. */
export function net_init_stream(opts: QemuOpts, name: string, peer: NetClientState | null): NetClientState {
  return net_init_link(opts, parse_netdev_stream(opts), name, peer);
}

/** `-netdev dgram,id=,local.type=inet,local.host=,local.port=,remote.type=inet,remote.host=,remote.port=`. */
export function net_init_dgram(opts: QemuOpts, name: string, peer: NetClientState | null): NetClientState {
  return net_init_link(opts, parse_netdev_dgram(opts), name, peer);
}

/** The kinds of `-netdev`, and who makes them. */
export const net_client_init_fun: Readonly<Record<string, NetClientInit>> = {
  user: net_init_slirp,
  hubport: net_init_hubport,
  socket: net_init_socket,
  stream: net_init_stream,
  dgram: net_init_dgram,
};

/** Parameters by kind, but `type` and `id`. */
const netdev_params: Readonly<Record<string, readonly string[]>> = {
  user: NETDEV_USER_PARAMS,
  hubport: ['hubid', 'netdev'],
  socket: NETDEV_SOCKET_PARAMS,
  stream: NETDEV_STREAM_PARAMS,
  dgram: NETDEV_DGRAM_PARAMS,
};

const NO_NETDEV = "Property 'e1000.netdev' can't find value";

/**
 * The client that a device or port may link to: it has to be there and free. `missing` is what to say before its name
 * if it is not.
 */
function net_find_free_netdev(opts: QemuOpts, id: string, missing: string): NetClientState {
  const nd = qemu_find_netdev(id);
  if (!nd) {
    const known = machine.net.net_clients.filter((nc) => nc.is_netdev).map((nc) => nc.name);
    throw option_error(opts, `${missing} '${id}'; known: ${known.length > 0 ? known.join(', ') : '(no -netdev)'}`);
  }
  if (nd.peer) {
    throw option_error(opts, `Property 'e1000.netdev' can't take value '${id}', it's in use`);
  }
  return nd;
}

/** Makes the client that `type` says, after a check of the parameters. `extra` are names the caller handles itself. */
export function net_client_init1(
  opts: QemuOpts,
  name: string,
  peer: NetClientState | null,
  extra: readonly string[],
): NetClientState {
  const type = qemu_opt_get(opts, 'type');
  const init = net_client_init_fun[type];
  if (!qemu_opt_has(opts, 'type')) {
    throw option_error(opts, "Parameter 'type' is missing");
  }
  if (!init) {
    const known = Object.keys(net_client_init_fun).join(', ');
    throw option_error(opts, `Parameter 'type' expects a netdev backend type, not '${type}'; known: ${known}`);
  }
  qemu_opts_validate(opts, ['type', 'id', ...extra, ...netdev_params[type]!]);
  return init(opts, name, peer);
}

/** `-netdev TYPE,id=ID,...`. */
export function net_client_init(opts: QemuOpts): NetClientState {
  const id = qemu_opt_get(opts, 'id');
  if (id === '') {
    throw option_error(opts, "Parameter 'id' is missing");
  }
  if (!id_wellformed(id)) {
    throw option_error(opts, "Parameter 'id' expects an identifier: a letter, then letters, digits, '-', '.', '_'");
  }
  if (machine.net.net_clients.some((nc) => nc.name === id)) {
    throw option_error(opts, `Duplicate ID '${id}' for netdev`);
  }
  const nc = net_client_init1(opts, id, null, []);
  nc.is_netdev = true;
  return nc;
}

/**
 * `-device e1000,netdev=ID,...`. With `hub` the NIC and a backend are joined by one, so that more can join later;
 * without it, and when the backend is a port of a hub, they are linked directly.
 */
export function qdev_device_add(opts: QemuOpts, hub: boolean): void {
  net_check_nic_model(opts, qemu_opt_get(opts, 'driver'));
  const dev = parse_e1000_device(opts);
  let peer = qemu_opt_has(opts, 'netdev') ? net_find_free_netdev(opts, qemu_opt_get(opts, 'netdev'), NO_NETDEV) : null;
  if (hub && peer && peer.info.type !== 'hubport') {
    const hub_id = net_hub_free_id();
    const nic_port = net_hub_add_port(hub_id, '', null);
    net_hub_add_port(hub_id, '', peer);
    peer = nic_port;
  }
  nic_realize(opts, { ...dev.props, peer }, dev.multifunction);
}

/** The NIC of `-nic` and `-net nic`. */
function net_nic_properties(opts: QemuOpts, mac_name: string, peer: NetClientState | null): E1000Properties {
  net_check_nic_model(opts, qemu_opt_get(opts, 'model', 'e1000'));
  return {
    id: '',
    devfn: -1,
    mac: net_parse_macaddr(opts, mac_name),
    peer,
    autonegotiation: true,
    mitigation: true,
  };
}

/** `-nic user[,model=][,mac=],...`: a NIC and its network, linked directly. `-nic none` makes nothing. */
export function net_param_nic(opts: QemuOpts): void {
  if (qemu_opt_get(opts, 'type') === 'none') {
    qemu_opts_validate(opts, ['type']);
    return;
  }
  const id = qemu_opt_get(opts, 'id');
  const nc = net_client_init1(opts, id, null, ['model', 'mac', 'addr']);
  nc.is_netdev = true;
  nic_realize(opts, net_nic_properties(opts, 'mac', nc), false);
}

/** `-net nic` and `-net user`: ports of hub 0, as in QEMU's old syntax. */
export function net_param_client(opts: QemuOpts): void {
  const type = qemu_opt_get(opts, 'type');
  if (type === 'none') {
    return;
  }
  const name = qemu_opt_get(opts, 'name', qemu_opt_get(opts, 'id'));
  if (type === 'nic') {
    qemu_opts_validate(opts, ['type', 'id', 'name', 'model', 'macaddr', 'netdev', 'addr', 'vectors']);
    const netdev = qemu_opt_get(opts, 'netdev');
    const peer = netdev !== '' ? net_find_free_netdev(opts, netdev, NO_NETDEV) : net_hub_add_port(0, '', null);
    nic_realize(opts, { ...net_nic_properties(opts, 'macaddr', peer), id: name }, false);
    return;
  }
  if (type === 'hubport') {
    throw option_error(opts, "Parameter 'type' does not take 'hubport' here; use -netdev hubport");
  }
  net_client_init1(opts, name, net_hub_add_port(0, '', null), ['name']);
}

/** Tells the user about clients that nothing is linked to. */
export function net_check_clients(): void {
  for (const nc of machine.net.net_clients) {
    if (!nc.peer) {
      const kind = nc.info.type === 'nic' ? 'nic' : 'netdev';
      machine.host.report('warning', `${kind} ${nc.name} has no peer`);
    }
  }
}
