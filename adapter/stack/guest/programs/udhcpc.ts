/** `udhcpc`: gets an address by DHCP (Busybox udhcpc; RFC 2131, 2132). */

import { cpu_get_ns } from '../../softmmu/cpus.ts';
import { qemu_random_u32 } from '../../util/random.ts';
import { rd32, wr16, wr32 } from '../../wire/bytes.ts';
import { EAGAIN } from '../errno.ts';
import { do_exit } from '../exit.ts';
import { file_puts } from '../file.ts';
import { write_whole } from '../fs.ts';
import type { sock } from '../inet_sock.ts';
import { guest_os } from '../kernel.ts';
import { inet_ntoa, NSEC_PER_SEC, text_to_bytes } from '../lib.ts';
import { IFF_UP, type net_device } from '../net_device.ts';
import { schedule_timeout, type task_struct } from '../sched.ts';
import { udp_socket } from '../socket.ts';
import type { program } from '../task.ts';
import { udp_recvmsg, udp_sendmsg } from '../udp.ts';
import { bb_show_usage, getopt, optarg } from './getopt.ts';

/** Layout of a message (RFC 2131, figure 1) and its smallest size. */
const BOOTREQUEST = 1;
const BOOTREPLY = 2;
const DHCP_XID = 4;
const DHCP_YIADDR = 16;
const DHCP_CHADDR = 28;
const DHCP_COOKIE = 236;
const DHCP_OPTIONS = 240;
const DHCP_MAGIC = 0x63825363;
const DHCP_SIZE = 300;
const SERVER_PORT = 67;
const CLIENT_PORT = 68;

const OPT_SUBNET = 1;
const OPT_ROUTER = 3;
const OPT_DNS = 6;
const OPT_BROADCAST = 28;
const OPT_REQUESTED_IP = 50;
const OPT_LEASE_TIME = 51;
const OPT_MESSAGE_TYPE = 53;
const OPT_SERVER_ID = 54;
const OPT_END = 255;

const DHCPDISCOVER = 1;
const DHCPOFFER = 2;
const DHCPREQUEST = 3;
const DHCPACK = 5;
const DHCPNAK = 6;

const INIT_SELECTING = 0;
const REQUESTING = 1;

/** State of a client. */
class udhcpc_state {
  dev!: net_device;
  sk!: sock;
  state = INIT_SELECTING;
  xid = 0;
  /** Messages sent in this state, how many may be, seconds between them. */
  packet_num = 0;
  discover_retries = 3;
  timeout = 3;
  deadline = 0;
  requested_ip = 0;
  server = 0;
  /** A message being built or read. */
  packet: Uint8Array = new Uint8Array(1500);
}

/** Parses the command line and sends the first message. */
function udhcpc_main(task: task_struct): void {
  const o = getopt(task.argv, 'qnfi:t:T:');
  if (o.error !== '' || o.args.length > 0) {
    bb_show_usage(task, o.error);
    return;
  }
  const name = optarg(o, 'i', 'eth0');
  const dev = guest_os().net.devs.find((d) => d.name === name);
  const sk = udp_socket(task, CLIENT_PORT);
  if (!dev || !sk) {
    udhcpc_log(task, dev ? 'bind: Address in use' : 'SIOCGIFINDEX: No such device');
    do_exit(task, 1);
    return;
  }
  const st = new udhcpc_state();
  st.dev = dev;
  st.sk = sk;
  sk.sk_bound_dev = dev;
  st.discover_retries = Math.max(1, Number(optarg(o, 't', '3')) || 3);
  st.timeout = Math.max(1, Number(optarg(o, 'T', '3')) || 3);
  task.state = st;
  udhcpc_log(task, 'started, v1.36.1');
  ifconfig_address(dev, 0, 0, 0);
  dev.flags |= IFF_UP;
  st.xid = qemu_random_u32();
  send_discover(task, st);
}

/** A message has come, or the time is over. */
function udhcpc_poll(task: task_struct): void {
  const st = task.state as udhcpc_state;
  while (!task.exited) {
    const n = udp_recvmsg(st.sk, st.packet);
    if (n === -EAGAIN) {
      break;
    }
    if (n > 0 && dhcp_acceptable(st, n)) {
      udhcpc_receive(task, st, n);
    }
  }
  if (!task.exited && cpu_get_ns() >= st.deadline) {
    udhcpc_timeout(task, st);
  }
}

/** No answer: sends again, or gives up. */
function udhcpc_timeout(task: task_struct, st: udhcpc_state): void {
  if (st.packet_num >= st.discover_retries) {
    if (st.state === REQUESTING) {
      st.state = INIT_SELECTING;
      st.packet_num = 0;
      send_discover(task, st);
      return;
    }
    udhcpc_log(task, 'no lease, failing');
    do_exit(task, 1);
  } else if (st.state === REQUESTING) {
    send_select(task, st);
  } else {
    send_discover(task, st);
  }
}

/** An answer to what we sent. */
function udhcpc_receive(task: task_struct, st: udhcpc_state, len: number): void {
  const p = st.packet;
  const type = dhcp_option(p, len, OPT_MESSAGE_TYPE);
  const kind = type < 0 ? 0 : p[type]!;
  if (st.state === INIT_SELECTING && kind === DHCPOFFER) {
    const server = dhcp_option32(p, len, OPT_SERVER_ID, -1);
    if (server < 0) {
      udhcpc_log(task, 'no server ID, using 0.0.0.0');
    }
    st.server = Math.max(0, server);
    st.requested_ip = rd32(p, DHCP_YIADDR);
    st.state = REQUESTING;
    st.packet_num = 0;
    send_select(task, st);
  } else if (st.state === REQUESTING && kind === DHCPACK) {
    udhcpc_bound(task, st, len);
  } else if (st.state === REQUESTING && kind === DHCPNAK) {
    udhcpc_log(task, 'received DHCP NAK');
    st.state = INIT_SELECTING;
    st.packet_num = 0;
    st.requested_ip = 0;
    send_discover(task, st);
  }
}

/** The address is ours: configures the interface, the route and the name server. */
function udhcpc_bound(task: task_struct, st: udhcpc_state, len: number): void {
  const p = st.packet;
  const os = guest_os();
  const addr = rd32(p, DHCP_YIADDR);
  const lease = dhcp_option32(p, len, OPT_LEASE_TIME, 3600);
  const mask = dhcp_option32(p, len, OPT_SUBNET, 0xffffff00);
  const broadcast = dhcp_option32(p, len, OPT_BROADCAST, (addr | ~mask) >>> 0);
  ifconfig_address(st.dev, addr, mask, broadcast);
  os.net.gateway = dhcp_option32(p, len, OPT_ROUTER, os.net.gateway);
  os.net.nameserver = dhcp_option32(p, len, OPT_DNS, os.net.nameserver);
  if (os.net.nameserver !== 0) {
    write_whole('/etc/resolv.conf', text_to_bytes(`nameserver ${inet_ntoa(os.net.nameserver)}\n`));
  }
  const server = inet_ntoa(st.server);
  udhcpc_log(task, `lease of ${inet_ntoa(addr)} obtained from ${server}, lease time ${lease}`);
  do_exit(task, 0);
}

/** Gives a device its IPv4 configuration; 0 takes it away. */
export function ifconfig_address(dev: net_device, addr: number, mask: number, broadcast: number): void {
  dev.ifa_address = addr;
  dev.ifa_mask = mask;
  dev.ifa_broadcast = broadcast;
}

/** Asks who offers an address. */
function send_discover(task: task_struct, st: udhcpc_state): void {
  udhcpc_log(task, 'broadcasting discover');
  const end = init_packet(st, DHCPDISCOVER);
  udhcpc_send(task, st, end);
}

/** Asks for the address that was offered. */
function send_select(task: task_struct, st: udhcpc_state): void {
  udhcpc_log(task, `broadcasting select for ${inet_ntoa(st.requested_ip)}, server ${inet_ntoa(st.server)}`);
  let at = init_packet(st, DHCPREQUEST);
  at = add_option32(st.packet, at, OPT_REQUESTED_IP, st.requested_ip);
  at = add_option32(st.packet, at, OPT_SERVER_ID, st.server);
  udhcpc_send(task, st, at);
}

/** Fills in what all messages have. Returns where further options go. */
function init_packet(st: udhcpc_state, type: number): number {
  const p = st.packet;
  p.fill(0);
  p[0] = BOOTREQUEST;
  p[1] = 1;
  p[2] = 6;
  wr32(p, DHCP_XID, st.xid);
  p.set(st.dev.dev_addr, DHCP_CHADDR);
  wr32(p, DHCP_COOKIE, DHCP_MAGIC);
  const options = [OPT_MESSAGE_TYPE, 1, type, 57, 2, 576 >> 8, 576 & 255];
  options.push(55, 7, OPT_SUBNET, OPT_ROUTER, OPT_DNS, 12, 15, OPT_BROADCAST, 42);
  p.set(options, DHCP_OPTIONS);
  return DHCP_OPTIONS + options.length;
}

/** Appends an option that holds an address. */
function add_option32(p: Uint8Array, at: number, code: number, value: number): number {
  wr16(p, at, (code << 8) | 4);
  wr32(p, at + 2, value);
  return at + 6;
}

/** Ends the options, broadcasts the message, and sets the time to wait for the answer. */
function udhcpc_send(task: task_struct, st: udhcpc_state, end: number): void {
  st.packet[end] = OPT_END;
  st.packet_num++;
  st.deadline = cpu_get_ns() + st.timeout * NSEC_PER_SEC;
  schedule_timeout(task, st.timeout * NSEC_PER_SEC);
  udp_sendmsg(st.sk, st.packet, 0, Math.max(DHCP_SIZE, end + 1), 0xffffffff, SERVER_PORT);
}

/** True when the message of `len` bytes is a reply to us. */
function dhcp_acceptable(st: udhcpc_state, len: number): boolean {
  const p = st.packet;
  if (len < DHCP_OPTIONS || p[0] !== BOOTREPLY || rd32(p, DHCP_COOKIE) !== DHCP_MAGIC) {
    return false;
  }
  for (let i = 0; i < 6; i++) {
    if (p[DHCP_CHADDR + i] !== st.dev.dev_addr[i]) {
      return false;
    }
  }
  return rd32(p, DHCP_XID) === st.xid;
}

/** Where the value of an option starts, or -1 when it is not there; options that run over the end count as missing. */
function dhcp_option(p: Uint8Array, len: number, code: number): number {
  for (let at = DHCP_OPTIONS; at < len && p[at] !== OPT_END; ) {
    if (p[at] === 0) {
      at++;
      continue;
    }
    const size = at + 1 < len ? p[at + 1]! : 0;
    if (size === 0 || at + 2 + size > len) {
      return -1;
    }
    if (p[at] === code) {
      return at + 2;
    }
    at += 2 + size;
  }
  return -1;
}

/** The first address (or number) in an option, or `fallback`. */
function dhcp_option32(p: Uint8Array, len: number, code: number, fallback: number): number {
  const at = dhcp_option(p, len, code);
  return at >= 0 && p[at - 1]! >= 4 ? rd32(p, at) : fallback;
}

/** Prints a message. */
function udhcpc_log(task: task_struct, text: string): void {
  file_puts(task.stderr, `udhcpc: ${text}\n`);
}

/** `udhcpc`. */
export const udhcpc_program: program = {
  name: 'udhcpc',
  usage: `udhcpc [-fqn] [-i IFACE] [-t N] [-T SEC]

	-i IFACE	Interface to use (default eth0)
	-t N		Send up to N discover packets (default 3)
	-T SEC		Pause between packets (default 3)
	-n		Exit if lease is not obtained
	-q		Exit after obtaining lease
	-f		Run in foreground`,
  main: udhcpc_main,
  poll: udhcpc_poll,
};
