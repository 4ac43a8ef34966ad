/**
 * `netdev_add` and `netdev_del` of the monitor: backends that come and go while the machine runs (net/net.c,
 * net/net-hmp-cmds.c).
 */

import { machine } from '../softmmu/machine.ts';
import { OptionError, qemu_opts_parse } from '../util/qemu-option.ts';
import type { NetHubPort } from './hub_ports.ts';
import { qemu_find_netdev, qemu_purge_queued_packets } from './net.ts';
import type { NetClientState } from './net_client.ts';
import { net_client_init } from './net_init.ts';
import { net_slirp_cleanup, type SlirpState } from './slirp.ts';
import { NetSocketState, net_socket_close } from './socket.ts';

/**
 * `netdev_add TYPE,id=ID,...`: as `-netdev`. What links to it is told to do so by name: a hub's port, `netdev_add
 * hubport,netdev=ID,...`.
 */
export function hmp_netdev_add(args: readonly string[]): string {
  const before = [...machine.net.net_clients];
  const opts = qemu_opts_parse('netdev_add', args[0] ?? '', 'type');
  try {
    net_client_init(opts);
    return '';
  } catch (e) {
    if (!(e instanceof OptionError)) {
      throw e;
    }
    // A client whose ports could not be forwarded was made already.
    for (const nc of machine.net.net_clients.filter((c) => !before.includes(c))) {
      qemu_del_net_client(nc);
    }
    return `Error: ${e.message.replace(`${opts.option}: `, '')}\n`;
  }
}

/** Takes an element out of a list. */
function list_remove<T>(list: T[], element: T): void {
  const at = list.indexOf(element);
  if (at >= 0) {
    list.splice(at, 1);
  }
}

/** Ends a client: it is linked to nothing any more, and what waits for it or from it is forgotten. */
export function qemu_del_net_client(nc: NetClientState): void {
  qemu_purge_queued_packets(nc);
  const { peer } = nc;
  if (peer) {
    qemu_purge_queued_packets(peer);
    nc.peer = null;
    peer.peer = null;
    if (peer.info.type === 'nic') {
      // The NIC stays, with its cable pulled.
      peer.link_down = true;
      peer.info.link_status_changed?.(peer);
    }
  }
  list_remove(machine.net.net_clients, nc);
  if (nc.info.type === 'user') {
    const s = nc.opaque as SlirpState;
    list_remove(machine.net.slirp_stacks, s);
    list_remove(machine.slirps, s.slirp);
    net_slirp_cleanup(s);
  } else if (nc.opaque instanceof NetSocketState) {
    net_socket_close(nc.opaque);
  } else if (nc.info.type === 'hubport') {
    const port = nc.opaque as NetHubPort;
    list_remove(port.hub.ports, port);
  }
}

/** `netdev_del ID`. */
export function hmp_netdev_del(args: readonly string[]): string {
  const nc = qemu_find_netdev(args[0]!);
  if (!nc) {
    return `Error: Device '${args[0]}' not found\n`;
  }
  qemu_del_net_client(nc);
  return '';
}
