/** `-object filter-*`: from options to filters. */
import { machine } from '../softmmu/machine.ts';
import {
  option_error,
  type QemuOpts,
  qemu_opt_get,
  qemu_opt_get_bool,
  qemu_opts_validate,
} from '../util/qemu-option.ts';
import {
  NET_FILTER_DIRECTION_ALL,
  NET_FILTER_DIRECTION_RX,
  NET_FILTER_DIRECTION_TX,
  type NetFilterInit,
  type NetFilterState,
} from './filter.ts';
import { filter_buffer_setup } from './filter_buffer.ts';
import { filter_dump_setup } from './filter_dump.ts';
import { filter_mirror_setup } from './filter_mirror.ts';
import { qemu_find_netdev } from './net.ts';

/** The kinds of filters: their own parameters, and who makes them. */
const filter_types: Readonly<Record<string, { readonly params: readonly string[]; readonly setup: NetFilterInit }>> = {
  'filter-dump': { params: ['file', 'maxlen'], setup: filter_dump_setup },
  'filter-mirror': { params: ['outdev'], setup: filter_mirror_setup },
  'filter-buffer': { params: ['interval'], setup: filter_buffer_setup },
};

const directions: Readonly<Record<string, number>> = {
  all: NET_FILTER_DIRECTION_ALL,
  rx: NET_FILTER_DIRECTION_RX,
  tx: NET_FILTER_DIRECTION_TX,
};

/** The filter of this id, or null. */
export function netfilter_find(id: string): NetFilterState | null {
  for (const nc of machine.net.net_clients) {
    const nf = nc.filters.find((f) => f.id === id);
    if (nf) {
      return nf;
    }
  }
  return null;
}

/** Where in the list of filters `position` and `insert` put a new one. */
function netfilter_position(opts: QemuOpts, filters: readonly NetFilterState[]): number {
  const position = qemu_opt_get(opts, 'position', 'tail');
  if (position === 'head') {
    return 0;
  }
  if (position === 'tail') {
    return filters.length;
  }
  const at = filters.findIndex((f) => `id=${f.id}` === position);
  if (at < 0) {
    throw option_error(opts, `Parameter 'position' expects 'head', 'tail' or 'id=' and a filter, not '${position}'`);
  }
  return qemu_opt_get(opts, 'insert', 'behind') === 'before' ? at : at + 1;
}

/** `-object TYPE,id=ID,netdev=NETDEV[,queue=all|rx|tx][,status=on|off][,position=][,insert=],...`. Other objects are ignored. */
export function netfilter_object_add(opts: QemuOpts): void {
  const type = qemu_opt_get(opts, 'qom-type');
  const kind = Object.hasOwn(filter_types, type) ? filter_types[type] : undefined;
  if (!kind) {
    if (/^(filter|colo)-/.test(type)) {
      throw option_error(opts, `invalid object type: ${type}; known: ${Object.keys(filter_types).join(', ')}`);
    }
    return;
  }
  qemu_opts_validate(opts, ['qom-type', 'id', 'netdev', 'queue', 'status', 'position', 'insert', ...kind.params]);
  const id = qemu_opt_get(opts, 'id');
  if (id === '') {
    throw option_error(opts, "Parameter 'id' is missing");
  }
  if (netfilter_find(id)) {
    throw option_error(opts, `attempt to add duplicate property '${id}' to object (type 'container')`);
  }
  const netdev = qemu_opt_get(opts, 'netdev');
  const nd = qemu_find_netdev(netdev);
  if (!nd) {
    throw option_error(opts, `Parameter 'netdev' expects a network backend id, not '${netdev}'`);
  }
  const queue = qemu_opt_get(opts, 'queue', 'all');
  const direction = directions[queue];
  if (direction === undefined) {
    throw option_error(opts, `Parameter 'queue' expects 'all', 'rx' or 'tx', not '${queue}'`);
  }
  const at = netfilter_position(opts, nd.filters);
  const nf = kind.setup(opts, id, nd, direction);
  nd.filters.splice(at, 0, nf);
  if (!qemu_opt_get_bool(opts, 'status', true)) {
    netfilter_set_status(nf, false);
  }
}

/** `object_del`, and the property `status`: switches a filter. */
export function netfilter_set_status(nf: NetFilterState, on: boolean): void {
  if (nf.on !== on) {
    nf.on = on;
    nf.info.status_changed?.(nf);
  }
}

/** Takes a filter away. Returns false when there is none of this id. */
export function netfilter_object_del(id: string): boolean {
  const nf = netfilter_find(id);
  if (!nf) {
    return false;
  }
  netfilter_set_status(nf, false);
  nf.netdev.filters.splice(nf.netdev.filters.indexOf(nf), 1);
  return true;
}
