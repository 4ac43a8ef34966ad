/** `-object filter-*`: from options to filters. */
import { machine } from '../softmmu/machine.ts';
import {
  id_wellformed,
  option_error,
  type QemuOpts,
  qemu_opt_get,
  qemu_opt_get_bool,
  qemu_opt_has,
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
import { filter_redirector_setup } from './filter_redirector.ts';
import { qemu_find_netdev } from './net.ts';

/** A kind of filter: its own parameters with what they are when they are not given ('': nothing), and who makes it. */
interface NetFilterKind {
  readonly params: Readonly<Record<string, string>>;
  readonly setup: NetFilterInit;
}

/** The kinds of filters. */
const filter_types: Readonly<Record<string, NetFilterKind>> = {
  'filter-dump': { params: { file: '', maxlen: '65536' }, setup: filter_dump_setup },
  'filter-mirror': { params: { outdev: '', vnet_hdr_support: 'off' }, setup: filter_mirror_setup },
  'filter-redirector': { params: { indev: '', outdev: '', vnet_hdr_support: 'off' }, setup: filter_redirector_setup },
  'filter-buffer': { params: { interval: '' }, setup: filter_buffer_setup },
};

/** Parameters of every filter. */
const filter_params: Readonly<Record<string, string>> = {
  position: 'tail',
  status: 'on',
  insert: 'behind',
  netdev: '',
  queue: 'all',
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
    const wrong = position.startsWith('id=')
      ? `filter '${position.slice(3)}' not found`
      : "Parameter 'position' expects 'head', 'tail' or 'id=<id>'";
    throw option_error(opts, wrong);
  }
  return qemu_opt_get(opts, 'insert') === 'before' ? at : at + 1;
}

/** Checks the parameters that every filter has. Returns its direction. */
function netfilter_check(opts: QemuOpts, kind: NetFilterKind): number {
  qemu_opts_validate(opts, ['qom-type', 'id', ...Object.keys(filter_params), ...Object.keys(kind.params)]);
  for (const name of ['id', 'netdev']) {
    if (!qemu_opt_has(opts, name)) {
      throw option_error(opts, `Parameter '${name}' is missing`);
    }
  }
  const id = qemu_opt_get(opts, 'id');
  if (!id_wellformed(id)) {
    throw option_error(opts, "Parameter 'id' expects an identifier");
  }
  if (netfilter_find(id)) {
    throw option_error(opts, `Duplicate ID '${id}' for object`);
  }
  const queue = qemu_opt_get(opts, 'queue', 'all');
  const direction = Object.hasOwn(directions, queue) ? directions[queue] : undefined;
  if (direction === undefined) {
    throw option_error(opts, `Parameter 'queue' does not accept value '${queue}', expected all, rx or tx`);
  }
  const insert = qemu_opt_get(opts, 'insert', 'behind');
  if (!['behind', 'before'].includes(insert)) {
    throw option_error(opts, `Parameter 'insert' does not accept value '${insert}', expected before or behind`);
  }
  if (!['on', 'off'].includes(qemu_opt_get(opts, 'status', 'on'))) {
    throw option_error(opts, "Invalid value for netfilter status, should be 'on' or 'off'");
  }
  if (qemu_opt_get_bool(opts, 'vnet_hdr_support', false)) {
    throw option_error(opts, "'vnet_hdr_support' cannot be on: no network device here has such headers");
  }
  return direction;
}

/**
 * `-object TYPE,id=ID,netdev=NETDEV[,queue=all|rx|tx][,status=on|off][,position=][,insert=],...`. Other objects are
 * ignored.
 */
export function netfilter_object_add(opts: QemuOpts): void {
  const type = qemu_opt_get(opts, 'qom-type');
  const kind = Object.hasOwn(filter_types, type) ? filter_types[type] : undefined;
  if (!kind) {
    if (/^(filter|colo)-/.test(type)) {
      const known = Object.keys(filter_types).join(', ');
      throw option_error(opts, `Parameter 'qom-type' does not accept value '${type}'; known: ${known}`);
    }
    return;
  }
  const direction = netfilter_check(opts, kind);
  const netdev = qemu_opt_get(opts, 'netdev');
  const nd = qemu_find_netdev(netdev);
  if (!nd) {
    throw option_error(opts, `Parameter 'netdev' expects a network backend id, not '${netdev}'`);
  }
  const at = netfilter_position(opts, nd.filters);
  const nf = kind.setup(opts, qemu_opt_get(opts, 'id'), nd, direction);
  nf.opts = opts;
  nd.filters.splice(at, 0, nf);
  if (!qemu_opt_get_bool(opts, 'status', true)) {
    netfilter_set_status(nf, false);
  }
}

/** A filter's line in `info network`. */
export function netfilter_print_info(nf: NetFilterState): string {
  const params = { ...filter_types[nf.info.type]!.params, ...filter_params };
  const values = Object.entries(params).map(([name, fallback]) => {
    const value = nf.opts ? qemu_opt_get(nf.opts, name, fallback) : fallback;
    return `${name}=${name === 'status' ? (nf.on ? 'on' : 'off') : value}`;
  });
  return `${nf.id}: type=${nf.info.type},${values.join(',')}`;
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
  nf.info.cleanup?.(nf);
  nf.netdev.filters.splice(nf.netdev.filters.indexOf(nf), 1);
  return true;
}
