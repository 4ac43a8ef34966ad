/** The human monitor (monitor/hmp.c): commands about the machine, in QEMU's words. */

import { type AnnounceParameters, announce_limits, qemu_announce_self } from '../net/announce.ts';
import { netfilter_object_add, netfilter_object_del, netfilter_print_info } from '../net/filter_init.ts';
import { hmp_netdev_add, hmp_netdev_del } from '../net/hmp_netdev.ts';
import { net_hub_id_for_client } from '../net/hub.ts';
import { type NetClientState, qmp_set_link } from '../net/net.ts';
import { hmp_hostfwd_add, hmp_hostfwd_remove, hmp_info_neighbors, hmp_info_usernet } from '../net/slirp.ts';
import { machine } from '../softmmu/machine.ts';
import { DROP_REASONS, type DropReason } from '../util/drop.ts';
import { OptionError, qemu_opts_parse } from '../util/qemu-option.ts';

/** A command: its arguments as `help` shows them, what it does, and who does it. */
interface HmpCommand {
  readonly name: string;
  readonly params: string;
  readonly help: string;
  readonly cmd: (args: readonly string[]) => string;
}

/** A client's line of `info network`, and its filters. */
function print_net_client(nc: NetClientState): string {
  const filters = nc.filters.map((f) => `  - ${netfilter_print_info(f)}\n`);
  const head = filters.length > 0 ? 'filters:\n' : '';
  return `${nc.name}: index=${nc.queue_index},type=${nc.info.type},${nc.info_str}\n${head}${filters.join('')}`;
}

/** The hubs and what their ports are linked to. */
function net_hub_info(): string {
  let out = '';
  for (const hub of machine.net.hubs) {
    out += `hub ${hub.id}\n`;
    for (const port of hub.ports) {
      out += ` \\ ${port.nc.name}${port.nc.peer ? `: ${print_net_client(port.nc.peer)}` : '\n'}`;
    }
  }
  return out;
}

/** `info network`: hubs first, then the clients that are in none. */
export function hmp_info_network(): string {
  let out = net_hub_info();
  for (const nc of machine.net.net_clients) {
    if (net_hub_id_for_client(nc) >= 0) {
      continue;
    }
    if (!nc.peer || nc.info.type === 'nic') {
      out += print_net_client(nc);
    }
    if (nc.peer && nc.info.type === 'nic') {
      out += ` \\ ${print_net_client(nc.peer)}`;
    }
  }
  return out;
}

/** `info drops`: how many packets were given up, by reason. */
export function hmp_info_drops(): string {
  const lines = [...machine.drops.by_reason].map(
    ([reason, n]) => `${String(n).padStart(8)}  ${reason.padEnd(18)} ${DROP_REASONS[reason as DropReason]}\n`,
  );
  return lines.length > 0 ? lines.join('') : 'no packet was dropped\n';
}

/** `set_link NAME on|off`. */
export function hmp_set_link(args: readonly string[]): string {
  const [name, state] = args;
  if (name === undefined || (state !== 'on' && state !== 'off')) {
    return `${name === undefined ? 'set_link: string expected' : "Expected 'on' or 'off'"}\nTry "help set_link" for more information\n`;
  }
  return qmp_set_link(name, state === 'on') ? '' : `Error: Device '${name}' not found\n`;
}

/** `announce_self [interfaces] [id]`: `interfaces` are names of NICs with commas between them. */
export function hmp_announce_self(args: readonly string[]): string {
  const [interfaces = '', id = ''] = args;
  if (args.length > 2) {
    return 'announce_self: extraneous characters at the end of line\nTry "help announce_self" for more information\n';
  }
  qemu_announce_self(
    interfaces.split(',').filter((name) => name !== ''),
    id,
  );
  return '';
}

/** `migrate_set_parameter announce-initial|-max|-rounds|-step VALUE`: how announcements are repeated. */
export function hmp_migrate_set_parameter(args: readonly string[]): string {
  const [name = '', value = ''] = args;
  const key = name.replace(/^announce-/, '');
  if (args.length !== 2) {
    return 'migrate_set_parameter: string expected\nTry "help migrate_set_parameter" for more information\n';
  }
  if (!name.startsWith('announce-') || !Object.hasOwn(announce_limits, key)) {
    const known = Object.keys(announce_limits).map((k) => `announce-${k}`);
    return `Error: invalid parameter value: ${name}; known: ${known.join(', ')}\n`;
  }
  const param = key as keyof AnnounceParameters;
  const [min, max] = announce_limits[param];
  const n = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (!(n >= min && n <= max)) {
    return `Error: Parameter 'announce_${key}' expects a value between ${min} and ${max}\n`;
  }
  machine.net.announce_params[param] = n;
  return '';
}

/** `info migrate_parameters`: of them all, those of announcements. */
export function hmp_info_migrate_parameters(): string {
  return Object.entries(machine.net.announce_params)
    .map(([name, n]) => `announce-${name}: ${n}${name === 'rounds' ? '' : ' ms'}\n`)
    .join('');
}

/** `object_add TYPE,id=ID,...`. */
export function hmp_object_add(args: readonly string[]): string {
  try {
    netfilter_object_add(qemu_opts_parse('object_add', args.join(' '), 'qom-type'));
  } catch (e) {
    if (e instanceof OptionError) {
      return `Error: ${e.message}\n`;
    }
    throw e;
  }
  return '';
}

/** `object_del ID`. */
export function hmp_object_del(args: readonly string[]): string {
  return netfilter_object_del(args[0] ?? '') ? '' : `Error: object '${args[0] ?? ''}' not found\n`;
}

/** `quit`. */
export function hmp_quit(args: readonly string[]): string {
  machine.shutdown_requested = true;
  return '';
}

/** `help [COMMAND]`. */
export function hmp_help(args: readonly string[]): string {
  const list = args[0] === 'info' ? info_cmds.map((c) => ({ ...c, name: `info ${c.name}` })) : hmp_cmds;
  const shown = list.filter((c) => args.length === 0 || args[0] === 'info' || c.name === args[0]);
  if (shown.length === 0) {
    return `unknown command: '${args[0]}'\n`;
  }
  return shown.map((c) => `${c.name}${c.params === '' ? '' : ` ${c.params}`} -- ${c.help}\n`).join('');
}

/** `info WHAT`. */
export function hmp_info(args: readonly string[]): string {
  const [what, ...rest] = args;
  if (what === undefined) {
    return hmp_help(['info']);
  }
  const c = info_cmds.find((i) => i.name === what);
  return c ? c.cmd(rest) : `unknown command: 'info ${what}'\n`;
}

const info_cmds: readonly HmpCommand[] = [
  { name: 'drops', params: '', help: 'show why packets were dropped', cmd: hmp_info_drops },
  {
    name: 'neighbors',
    params: '',
    help: 'show the link-layer addresses that user networks know',
    cmd: hmp_info_neighbors,
  },
  {
    name: 'migrate_parameters',
    params: '',
    help: 'show how announcements are repeated',
    cmd: hmp_info_migrate_parameters,
  },
  { name: 'network', params: '', help: 'show the network state', cmd: hmp_info_network },
  { name: 'usernet', params: '', help: 'show user network stack connection states', cmd: hmp_info_usernet },
];

const hmp_cmds: readonly HmpCommand[] = [
  {
    name: 'announce_self',
    params: '[interfaces] [id]',
    help: 'have NICs announce their addresses (RARP) so that switches learn them',
    cmd: hmp_announce_self,
  },
  { name: 'help', params: '[cmd]', help: 'show the help', cmd: hmp_help },
  {
    name: 'hostfwd_add',
    params: '[netdev_id] [tcp|udp]:[hostaddr]:hostport-[guestaddr]:guestport',
    help: 'redirect TCP or UDP connections from host to guest',
    cmd: hmp_hostfwd_add,
  },
  {
    name: 'hostfwd_remove',
    params: '[netdev_id] [tcp|udp]:[hostaddr]:hostport',
    help: 'remove host-to-guest TCP or UDP redirection',
    cmd: hmp_hostfwd_remove,
  },
  { name: 'info', params: '[subcommand]', help: 'show various information about the system state', cmd: hmp_info },
  {
    name: 'migrate_set_parameter',
    params: 'parameter value',
    help: 'set how announcements are repeated: announce-initial, announce-max, announce-rounds, announce-step',
    cmd: hmp_migrate_set_parameter,
  },
  {
    name: 'netdev_add',
    params: '[user|hubport],id=str[,prop=value][,...]',
    help: 'add host network device',
    cmd: hmp_netdev_add,
  },
  { name: 'netdev_del', params: 'id', help: 'remove host network device', cmd: hmp_netdev_del },
  { name: 'object_add', params: 'qom-type,id=id,netdev=id,...', help: 'create a packet filter', cmd: hmp_object_add },
  { name: 'object_del', params: 'id', help: 'destroy a packet filter', cmd: hmp_object_del },
  { name: 'quit', params: '', help: 'switch the machine off', cmd: hmp_quit },
  { name: 'set_link', params: 'name on|off', help: 'change the link status of a network adapter', cmd: hmp_set_link },
];

/** Runs a command. Returns what it prints, lines with their ends; an empty line prints nothing. */
export function handle_hmp_command(line: string): string {
  const [name, ...args] = line.trim().split(/\s+/);
  if (name === undefined || name === '') {
    return '';
  }
  const c = hmp_cmds.find(
    (h) => h.name === name || (name === '?' && h.name === 'help') || (name === 'q' && h.name === 'quit'),
  );
  return c ? c.cmd(args) : `unknown command: '${name}'\n`;
}
