/** The human monitor (monitor/hmp.c): commands about the machine, in QEMU's words. */

import { qemu_announce_self } from '../net/announce.ts';
import { type AnnounceParameters, announce_limits } from '../net/announce_timer.ts';
import { netfilter_object_add, netfilter_object_del, netfilter_print_info } from '../net/filter_init.ts';
import { hmp_netdev_add, hmp_netdev_del } from '../net/hmp_netdev.ts';
import { net_hub_id_for_client } from '../net/hub.ts';
import { qmp_set_link } from '../net/net.ts';
import type { NetClientState } from '../net/net_client.ts';
import {
  hmp_hostfwd_add,
  hmp_hostfwd_remove,
  hmp_info_neighbors,
  hmp_info_sockets,
  hmp_info_usernet,
  hmp_usernet_close,
} from '../net/slirp.ts';
import { machine } from '../softmmu/machine.ts';
import { DROP_REASONS, type DropReason } from '../util/drop_reasons.ts';
import { OptionError, qemu_opts_parse } from '../util/qemu-option.ts';

/** A command: its arguments as `help` shows them, how many there must and may be, what it does, and who does it. */
interface HmpCommand {
  readonly name: string;
  readonly alias?: string;
  readonly args: readonly [number, number];
  readonly params: string;
  readonly help: string;
  readonly cmd: (args: readonly string[]) => string;
}

/** A client's line of `info network`, with how many packets wait for it if any do, and its filters. */
function print_net_client(nc: NetClientState): string {
  const waiting = nc.incoming_queue.nq_count;
  const queued = waiting > 0 ? `,queued=${waiting}` : '';
  const filters = nc.filters.map((f) => `  - ${netfilter_print_info(f)}\n`);
  const head = filters.length > 0 ? 'filters:\n' : '';
  return `${nc.name}: index=${nc.queue_index},type=${nc.info.type},${nc.info_str}${queued}\n${head}${filters.join('')}`;
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

/** `info drops`: how many packets were given up, by reason, and what that means. */
export function hmp_info_drops(): string {
  const lines = [...machine.drops.by_reason].map(
    ([reason, n]) => `${String(n).padEnd(7)} ${reason.padEnd(17)} ${DROP_REASONS[reason as DropReason]}\n`,
  );
  return lines.length > 0 ? `Count   Reason            Meaning\n${lines.join('')}` : 'No packet was dropped.\n';
}

/** `set_link NAME on|off`. */
export function hmp_set_link(args: readonly string[]): string {
  const [name = '', state] = args;
  if (args.length !== 2 || (state !== 'on' && state !== 'off')) {
    return `Expected 'on' or 'off'\n${try_help('set_link')}`;
  }
  return qmp_set_link(name, state === 'on') ? '' : `Error: Device '${name}' not found\n`;
}

/** `announce_self [interfaces] [id]`: `interfaces` are names of NICs with commas between them. */
export function hmp_announce_self(args: readonly string[]): string {
  const [interfaces = '', id = ''] = args;
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

/** A line of `help`. */
function help_line(c: HmpCommand): string {
  return `${c.alias === undefined ? c.name : `${c.name}|${c.alias}`} ${c.params} -- ${c.help}\n`;
}

/** `help [COMMAND]`. */
export function hmp_help(args: readonly string[]): string {
  const [name, sub] = args;
  const list = name === 'info' ? info_cmds.map((c) => ({ ...c, name: `info ${c.name}` })) : hmp_cmds;
  const wanted = name === 'info' && sub !== undefined ? `info ${sub}` : name;
  const shown = list.filter(
    (c) => wanted === undefined || wanted === 'info' || c.name === wanted || c.alias === wanted,
  );
  return shown.length === 0 ? `unknown command: '${wanted}'\n` : shown.map(help_line).join('');
}

/** `info WHAT`. */
export function hmp_info(args: readonly string[]): string {
  const [what, ...rest] = args;
  if (what === undefined) {
    return hmp_help(['info']);
  }
  const c = info_cmds.find((i) => i.name === what);
  return c ? hmp_run(c, rest, `info ${what}`) : `unknown command: 'info ${what}'\n`;
}

const info_cmds: readonly HmpCommand[] = [
  { name: 'drops', args: [0, 0], params: '', help: 'show why packets were dropped', cmd: hmp_info_drops },
  {
    name: 'neighbors',
    args: [0, 0],
    params: '',
    help: 'show the link-layer addresses that user networks know',
    cmd: hmp_info_neighbors,
  },
  {
    name: 'migrate_parameters',
    args: [0, 0],
    params: '',
    help: 'show how announcements are repeated',
    cmd: hmp_info_migrate_parameters,
  },
  { name: 'network', args: [0, 0], params: '', help: 'show the network state', cmd: hmp_info_network },
  {
    name: 'sockets',
    args: [0, 0],
    params: '',
    help: 'show the ends of user network connections as packets have them',
    cmd: hmp_info_sockets,
  },
  {
    name: 'usernet',
    args: [0, 0],
    params: '',
    help: 'show user network stack connection states',
    cmd: hmp_info_usernet,
  },
];

const hmp_cmds: readonly HmpCommand[] = [
  {
    name: 'announce_self',
    args: [0, 2],
    params: '[interfaces] [id]',
    help: 'have NICs announce their addresses (RARP) so that switches learn them',
    cmd: hmp_announce_self,
  },
  { name: 'help', alias: '?', args: [0, 2], params: '[cmd]', help: 'show the help', cmd: hmp_help },
  {
    name: 'hostfwd_add',
    args: [1, 2],
    params: '[netdev_id] [tcp|udp]:[hostaddr]:hostport-[guestaddr]:guestport',
    help: 'redirect TCP or UDP connections from host to guest (requires -net user)',
    cmd: hmp_hostfwd_add,
  },
  {
    name: 'hostfwd_remove',
    args: [1, 2],
    params: '[netdev_id] [tcp|udp]:[hostaddr]:hostport',
    help: 'remove host-to-guest TCP or UDP redirection',
    cmd: hmp_hostfwd_remove,
  },
  {
    name: 'info',
    args: [0, 3],
    params: '[subcommand]',
    help: 'show various information about the system state',
    cmd: hmp_info,
  },
  {
    name: 'migrate_set_parameter',
    args: [2, 2],
    params: 'parameter value',
    help: 'set how announcements are repeated: announce-initial, announce-max, announce-rounds, announce-step',
    cmd: hmp_migrate_set_parameter,
  },
  {
    name: 'netdev_add',
    args: [0, 1],
    params: '[user|socket|stream|dgram|hubport],id=str[,prop=value][,...]',
    help: 'add host network device',
    cmd: hmp_netdev_add,
  },
  { name: 'netdev_del', args: [1, 1], params: 'id', help: 'remove host network device', cmd: hmp_netdev_del },
  {
    name: 'object_add',
    args: [1, 9],
    params: 'qom-type,id=id,netdev=id,...',
    help: 'create a packet filter',
    cmd: hmp_object_add,
  },
  { name: 'object_del', args: [1, 1], params: 'id', help: 'destroy a packet filter', cmd: hmp_object_del },
  { name: 'quit', alias: 'q', args: [0, 0], params: '', help: 'quit the emulator', cmd: hmp_quit },
  {
    name: 'set_link',
    args: [1, 9],
    params: 'name on|off',
    help: 'change the link status of a network adapter',
    cmd: hmp_set_link,
  },
  {
    name: 'usernet_close',
    args: [1, 1],
    params: 'fd',
    help: 'close a connection of a user network (requires -net user)',
    cmd: hmp_usernet_close,
  },
];

/** Where to read on. */
function try_help(name: string): string {
  return `Try "help ${name}" for more information\n`;
}

/**
 * Runs a command, if it has the arguments it needs and no more. `path` is its name with that of the command it belongs
 * to.
 */
function hmp_run(c: HmpCommand, args: readonly string[], path: string): string {
  const [min, max] = c.args;
  if (args.length < min) {
    return `${c.name}: string expected\n${try_help(path)}`;
  }
  if (args.length > max) {
    return `${c.name}: extraneous characters at the end of line\n${try_help(path)}`;
  }
  return c.cmd(args);
}

/** What the escapes in a quoted argument stand for. */
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', '\\': '\\', "'": "'", '"': '"' };

/** The arguments of a command: words, or text in double quotes with escapes. A string says what is wrong. */
function hmp_split(text: string): string[] | string {
  const args: string[] = [];
  const word = /\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"]\S*)|(\S.*))/gy;
  for (const [, quoted, plain, rest] of text.matchAll(word)) {
    if (rest !== undefined) {
      return 'unterminated string\n';
    }
    args.push(plain ?? quoted!.replace(/\\(.)/g, (_all, c: string) => ESCAPES[c] ?? c));
  }
  return args;
}

/** Runs a command. Returns what it prints, lines with their ends; an empty line prints nothing. */
export function handle_hmp_command(line: string): string {
  const [, name = '', rest = ''] = /^\s*(\S*)(.*)$/s.exec(line) ?? [];
  if (name === '') {
    return '';
  }
  const c = hmp_cmds.find((h) => h.name === name || h.alias === name);
  const args = hmp_split(rest);
  if (!c) {
    return `unknown command: '${name}'\n`;
  }
  return typeof args === 'string' ? `${args}${hmp_run(c, [], c.name)}` : hmp_run(c, args, c.name);
}
