/** Programs that show and set the network's configuration: ifconfig, route, arp, netstat (Busybox networking). */
import { NUD_INCOMPLETE, NUD_REACHABLE } from '../arp.ts';
import { do_exit } from '../exit.ts';
import { bb_error_msg, printf } from '../file.ts';
import type { sock } from '../inet_sock.ts';
import { guest_os } from '../kernel.ts';
import { inet_aton, inet_ntoa, mac_ntoa } from '../lib.ts';
import { IFF_LOOPBACK, IFF_UP, type net_device } from '../net_device.ts';
import type { task_struct } from '../sched.ts';
import type { program } from '../task.ts';
import { type tcp_sock, tcp_state_name } from '../tcp_sock.ts';
import { no_poll } from './coreutils.ts';
import { bb_show_usage, getopt } from './getopt.ts';
import { ifconfig_address } from './udhcpc.ts';

/** Bytes of a NIC's register window. */
const E1000_MMIO_SIZE = 0x20000;
/** A size with its unit, as Busybox prints it. */
function human(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let v = bytes;
  let u = 0;
  for (; v >= 1024 && u < units.length - 1; u++) {
    v /= 1024;
  }
  return `${v.toFixed(1)} ${units[u]}`;
}

/** What `ifconfig` prints of a device. */
function display_interface(dev: net_device): string {
  const lo = (dev.flags & IFF_LOOPBACK) !== 0;
  const pad = '          ';
  const s = dev.stats;
  const encap = lo ? 'Local Loopback' : `Ethernet  HWaddr ${mac_ntoa(dev.dev_addr)}`;
  let text = `${dev.name.padEnd(10)}Link encap:${encap}  \n`;
  if (dev.ifa_address !== 0) {
    const bcast = lo ? '' : `  Bcast:${inet_ntoa(dev.ifa_broadcast)}`;
    text += `${pad}inet addr:${inet_ntoa(dev.ifa_address)}${bcast}  Mask:${inet_ntoa(dev.ifa_mask)}\n`;
  }
  const up = dev.flags & IFF_UP ? 'UP ' : '';
  const running = dev.carrier ? 'RUNNING ' : '';
  text += `${pad}${up}${lo ? 'LOOPBACK ' : 'BROADCAST '}${running}${lo ? '' : 'MULTICAST '} MTU:${dev.mtu}  Metric:1\n`;
  text += `${pad}RX packets:${s.rx_packets} errors:${s.rx_errors} dropped:${s.rx_dropped} overruns:0 frame:0\n`;
  text += `${pad}TX packets:${s.tx_packets} errors:${s.tx_errors} dropped:${s.tx_dropped} overruns:0 carrier:0\n`;
  text += `${pad}collisions:0 txqueuelen:1000 \n`;
  text += `${pad}RX bytes:${s.rx_bytes} (${human(s.rx_bytes)})  TX bytes:${s.tx_bytes} (${human(s.tx_bytes)})\n`;
  if (!lo) {
    const hex = (n: number): string => n.toString(16);
    text += `${pad}Interrupt:${dev.irq} Memory:${hex(dev.base_addr)}-${hex(dev.base_addr + E1000_MMIO_SIZE)} \n`;
  }
  return `${text}\n`;
}

/** Shows devices, or changes one. */
function ifconfig_main(task: task_struct): void {
  const { devs, lo } = guest_os().net;
  const args = task.argv.slice(1).filter((a) => a !== '-a');
  const all = [...devs, lo];
  if (args.length === 0) {
    printf(task, all.map(display_interface).join(''));
    do_exit(task, 0);
    return;
  }
  const dev = all.find((d) => d.name === args[0]);
  if (args[0]!.startsWith('-')) {
    bb_show_usage(task, `invalid option -- '${args[0]!.slice(1)}'`);
  } else if (!dev) {
    const what = args.length === 1 ? `${args[0]}: error fetching interface information` : 'SIOCSIFADDR';
    bb_error_msg(task, `${what}: ${args.length === 1 ? 'Device not found' : 'No such device'}`);
    do_exit(task, 1);
  } else if (args.length === 1) {
    printf(task, display_interface(dev));
    do_exit(task, 0);
  } else {
    ifconfig_set(task, dev, args.slice(1));
  }
}

/** Applies `[ADDRESS] [netmask MASK] [broadcast ADDRESS] [mtu N] [up|down]`. */
function ifconfig_set(task: task_struct, dev: net_device, args: readonly string[]): void {
  let { ifa_address: addr, ifa_mask: mask, ifa_broadcast: broadcast, mtu, flags } = dev;
  for (let i = 0; i < args.length; i++) {
    const word = args[i]!;
    const takes_value = word === 'netmask' || word === 'broadcast' || word === 'mtu';
    const value = takes_value ? (args[++i] ?? '') : word;
    const number = word === 'mtu' ? (/^\d{1,5}$/.test(value) ? Number(value) : -1) : inet_aton(value);
    if (word === 'up') {
      flags |= IFF_UP;
    } else if (word === 'down') {
      flags &= ~IFF_UP;
    } else if (number < 0 || (word === 'mtu' && (number < 68 || number > 1500))) {
      bb_error_msg(task, `bad address '${value}'`);
      do_exit(task, 1);
      return;
    } else if (word === 'netmask') {
      mask = number;
      broadcast = (addr | ~mask) >>> 0;
    } else if (word === 'broadcast') {
      broadcast = number;
    } else if (word === 'mtu') {
      mtu = number;
    } else {
      addr = number;
      mask = mask === 0 ? 0xffffff00 : mask;
      broadcast = (addr | ~mask) >>> 0;
      flags |= IFF_UP;
    }
  }
  ifconfig_address(dev, addr, mask, broadcast);
  dev.mtu = mtu;
  dev.flags = flags;
  do_exit(task, 0);
}

/** Shows the routes, or sets the default one. */
function route_main(task: task_struct): void {
  const { net } = guest_os();
  const words = task.argv.slice(1).filter((a) => a !== '-n');
  if (words.length === 0) {
    printf(task, display_routes());
    do_exit(task, 0);
    return;
  }
  const add = words[0] === 'add' && words[1] === 'default' && words[2] === 'gw' && words.length === 4;
  const gateway = add ? inet_aton(words[3]!) : -1;
  if (words[0] === 'del' && words[1] === 'default') {
    net.gateway = 0;
  } else if (gateway > 0) {
    net.gateway = gateway;
  } else {
    bb_show_usage(task, '');
    return;
  }
  do_exit(task, 0);
}

/** The routing table. */
function display_routes(): string {
  const { devs, gateway } = guest_os().net;
  let text = 'Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\n';
  const row = (dest: number, gw: number, mask: number, flags: string, name: string): string =>
    `${[dest, gw, mask].map((a) => inet_ntoa(a).padEnd(15)).join(' ')} ${flags.padEnd(5)} 0      0        0 ${name}\n`;
  for (const dev of devs) {
    if (dev.ifa_address === 0) {
      continue;
    }
    if (gateway !== 0 && ((gateway ^ dev.ifa_address) & dev.ifa_mask) === 0) {
      text += row(0, gateway, 0, 'UG', dev.name);
    }
    text += row((dev.ifa_address & dev.ifa_mask) >>> 0, 0, dev.ifa_mask, 'U', dev.name);
  }
  return text;
}

/** Shows the neighbours, or forgets one. */
function arp_main(task: task_struct): void {
  const { net } = guest_os();
  const o = getopt(task.argv, 'and:');
  if (o.error !== '' || o.args.length > 1) {
    bb_show_usage(task, o.error);
    return;
  }
  const forget = o.flags.get('d')?.[0];
  if (forget !== undefined) {
    const i = net.neighbours.findIndex((n) => n.primary_key === inet_aton(forget) && n.nud_state === NUD_REACHABLE);
    if (i < 0) {
      bb_error_msg(task, `No ARP entry for ${forget}`);
    } else {
      net.neighbours.splice(i, 1);
    }
    do_exit(task, i < 0 ? 1 : 0);
    return;
  }
  let text = '';
  for (const n of net.neighbours) {
    const ip = inet_ntoa(n.primary_key);
    if (o.args.length > 0 && o.args[0] !== ip) {
      continue;
    }
    if (n.nud_state === NUD_REACHABLE) {
      text += `? (${ip}) at ${mac_ntoa(n.ha)} [ether]  on ${n.dev.name}\n`;
    } else if (n.nud_state === NUD_INCOMPLETE || o.args.length > 0) {
      text += `? (${ip}) at <incomplete>  on ${n.dev.name}\n`;
    }
  }
  printf(task, text);
  do_exit(task, 0);
}

/** Shows the sockets. */
function netstat_main(task: task_struct): void {
  const o = getopt(task.argv, 'tunlarw');
  if (o.error !== '' || o.args.length > 0) {
    bb_show_usage(task, o.error);
    return;
  }
  if (o.flags.has('r')) {
    printf(task, display_routes());
    do_exit(task, 0);
    return;
  }
  const listening = o.flags.has('l') || o.flags.has('a');
  const connected = !o.flags.has('l') || o.flags.has('a');
  const both = !o.flags.has('t') && !o.flags.has('u') && !o.flags.has('w');
  const kind = listening && connected ? 'servers and established' : listening ? 'only servers' : 'w/o servers';
  let text = `Active Internet connections (${kind})\n`;
  text += 'Proto Recv-Q Send-Q Local Address           Foreign Address         State       \n';
  if (both || o.flags.has('t')) {
    text += netstat_tcp(listening, connected);
  }
  if (both || o.flags.has('u')) {
    text += netstat_udp(listening, connected);
  }
  printf(task, text);
  do_exit(task, 0);
}

/** Lines of the TCP sockets. */
function netstat_tcp(listening: boolean, connected: boolean): string {
  const { ehash, lhash } = guest_os().net.inet;
  let text = '';
  if (listening) {
    for (const sk of lhash.values()) {
      text += netstat_line('tcp', sk, sk.icsk_accept_queue.length, 0, 'LISTEN');
    }
  }
  if (connected) {
    for (const first of ehash.values()) {
      for (let sk: tcp_sock | null = first; sk; sk = sk.hash_next) {
        text += netstat_line('tcp', sk, sk.sk_rmem, sk.sk_wmem, tcp_state_name(sk.sk_state));
      }
    }
  }
  return text;
}

/**
 * Lines of the UDP sockets.
 * @packet skb
 */
function netstat_udp(listening: boolean, connected: boolean): string {
  let text = '';
  for (const sk of guest_os().net.inet.udp.values()) {
    let queued = 0;
    for (let skb = sk.sk_receive_queue.first; skb; skb = skb.next) {
      queued += skb.len;
    }
    if (sk.inet_daddr !== 0 ? connected : listening) {
      text += netstat_line('udp', sk, queued, 0, sk.inet_daddr !== 0 ? 'ESTABLISHED' : '');
    }
  }
  return text;
}

/** One line. */
function netstat_line(proto: string, sk: sock, recv_q: number, send_q: number, state: string): string {
  const local = `${inet_ntoa(sk.inet_saddr)}:${sk.inet_num}`.padEnd(23);
  const peer = `${inet_ntoa(sk.inet_daddr)}:${sk.inet_dport === 0 ? '*' : sk.inet_dport}`.padEnd(23);
  const queues = `${String(recv_q).padStart(6)} ${String(send_q).padStart(6)}`;
  return `${proto}   ${queues} ${local} ${peer} ${state.padEnd(12)}\n`;
}

export const ifconfig_program: program = {
  name: 'ifconfig',
  usage: 'ifconfig [-a] [INTERFACE] [ADDRESS] [netmask MASK] [broadcast ADDRESS] [mtu N] [up|down]',
  main: ifconfig_main,
  poll: no_poll,
};
export const route_program: program = {
  name: 'route',
  usage: 'route [-n] [add default gw ADDRESS | del default]',
  main: route_main,
  poll: no_poll,
};
export const arp_program: program = {
  name: 'arp',
  usage: 'arp [-an] [-d ADDRESS] [ADDRESS]',
  main: arp_main,
  poll: no_poll,
};
export const netstat_program: program = {
  name: 'netstat',
  usage: 'netstat [-ralntu]',
  main: netstat_main,
  poll: no_poll,
};
