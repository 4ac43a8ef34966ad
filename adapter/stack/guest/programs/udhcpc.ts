/** `udhcpc`: gets an address by DHCP (Busybox udhcpc; RFC 2131, 2132). */

import { cpu_get_ns } from '../../softmmu/cpus.ts';
import { qemu_random_u32 } from '../../util/random.ts';
import { ARPHRD_ETHER } from '../../wire/arp.ts';
import { rd32, wr32 } from '../../wire/bytes.ts';
import {
  BOOTP_CLIENT,
  BOOTP_REPLY,
  BOOTP_REQUEST,
  BOOTP_SERVER,
  BP_CHADDR,
  BP_HLEN,
  BP_HTYPE,
  BP_OP,
  BP_OPTIONS,
  BP_VEND,
  BP_XID,
  BP_YIADDR,
  DHCP_OPT_DATA,
  DHCP_OPT_LEN,
  DHCP_OPT_TAG,
  DHCPACK,
  DHCPDISCOVER,
  DHCPNAK,
  DHCPOFFER,
  DHCPREQUEST,
  RFC1533_COOKIE,
  RFC1533_DNS,
  RFC1533_DOMAINNAME,
  RFC1533_END,
  RFC1533_GATEWAY,
  RFC1533_HOSTNAME,
  RFC1533_NETMASK,
  RFC1533_PAD,
  RFC2132_LEASE_TIME,
  RFC2132_MSG_TYPE,
  RFC2132_PARAM_LIST,
  RFC2132_REQ_ADDR,
  RFC2132_SRV_ID,
} from '../../wire/dhcp.ts';
import { ETH_ALEN } from '../../wire/ethernet.ts';
import { IN_ADDR_LEN, INADDR_BROADCAST } from '../../wire/ip.ts';
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

/** Smallest size of a message. */
const DHCP_SIZE = 300;
/** Largest message that is asked for. */
const DHCP_MAX_SIZE = 576;

/** Options that only a client names: the broadcast address, time servers, the size of messages. */
const OPT_BROADCAST = 28;
const OPT_NTP = 42;
const OPT_MAX_SIZE = 57;
/** What the client asks to be told. */
const PARAM_REQ = [
  RFC1533_NETMASK,
  RFC1533_GATEWAY,
  RFC1533_DNS,
  RFC1533_HOSTNAME,
  RFC1533_DOMAINNAME,
  OPT_BROADCAST,
  OPT_NTP,
];

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
  const sk = udp_socket(task, BOOTP_CLIENT);
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
  const type = dhcp_option(p, len, RFC2132_MSG_TYPE);
  const kind = type < 0 ? 0 : p[type]!;
  if (st.state === INIT_SELECTING && kind === DHCPOFFER) {
    const server = dhcp_option32(p, len, RFC2132_SRV_ID, -1);
    if (server < 0) {
      udhcpc_log(task, 'no server ID, using 0.0.0.0');
    }
    st.server = Math.max(0, server);
    st.requested_ip = rd32(p, BP_YIADDR);
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
  const addr = rd32(p, BP_YIADDR);
  const lease = dhcp_option32(p, len, RFC2132_LEASE_TIME, 3600);
  const mask = dhcp_option32(p, len, RFC1533_NETMASK, 0xffffff00);
  const broadcast = dhcp_option32(p, len, OPT_BROADCAST, (addr | ~mask) >>> 0);
  ifconfig_address(st.dev, addr, mask, broadcast);
  os.net.gateway = dhcp_option32(p, len, RFC1533_GATEWAY, os.net.gateway);
  os.net.nameserver = dhcp_option32(p, len, RFC1533_DNS, os.net.nameserver);
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
  at = add_option32(st.packet, at, RFC2132_REQ_ADDR, st.requested_ip);
  at = add_option32(st.packet, at, RFC2132_SRV_ID, st.server);
  udhcpc_send(task, st, at);
}

/** Fills in what all messages have. Returns where further options go. */
function init_packet(st: udhcpc_state, type: number): number {
  const p = st.packet;
  p.fill(0);
  p[BP_OP] = BOOTP_REQUEST;
  p[BP_HTYPE] = ARPHRD_ETHER;
  p[BP_HLEN] = ETH_ALEN;
  wr32(p, BP_XID, st.xid);
  p.set(st.dev.dev_addr, BP_CHADDR);
  wr32(p, BP_VEND, RFC1533_COOKIE);
  const options = [RFC2132_MSG_TYPE, 1, type, OPT_MAX_SIZE, 2, DHCP_MAX_SIZE >> 8, DHCP_MAX_SIZE & 255];
  options.push(RFC2132_PARAM_LIST, PARAM_REQ.length, ...PARAM_REQ);
  p.set(options, BP_OPTIONS);
  return BP_OPTIONS + options.length;
}

/** Appends an option that holds an address. */
function add_option32(p: Uint8Array, at: number, code: number, value: number): number {
  p[at + DHCP_OPT_TAG] = code;
  p[at + DHCP_OPT_LEN] = IN_ADDR_LEN;
  wr32(p, at + DHCP_OPT_DATA, value);
  return at + DHCP_OPT_DATA + IN_ADDR_LEN;
}

/** Ends the options, broadcasts the message, and sets the time to wait for the answer. */
function udhcpc_send(task: task_struct, st: udhcpc_state, end: number): void {
  st.packet[end] = RFC1533_END;
  st.packet_num++;
  st.deadline = cpu_get_ns() + st.timeout * NSEC_PER_SEC;
  schedule_timeout(task, st.timeout * NSEC_PER_SEC);
  udp_sendmsg(st.sk, st.packet, 0, Math.max(DHCP_SIZE, end + 1), INADDR_BROADCAST, BOOTP_SERVER);
}

/** True when the message of `len` bytes is a reply to us. */
function dhcp_acceptable(st: udhcpc_state, len: number): boolean {
  const p = st.packet;
  if (len < BP_OPTIONS || p[BP_OP] !== BOOTP_REPLY || rd32(p, BP_VEND) !== RFC1533_COOKIE) {
    return false;
  }
  for (let i = 0; i < ETH_ALEN; i++) {
    if (p[BP_CHADDR + i] !== st.dev.dev_addr[i]) {
      return false;
    }
  }
  return rd32(p, BP_XID) === st.xid;
}

/** Where the value of an option starts, or -1 when it is not there; options that run over the end count as missing. */
function dhcp_option(p: Uint8Array, len: number, code: number): number {
  for (let at = BP_OPTIONS; at < len && p[at] !== RFC1533_END; ) {
    if (p[at] === RFC1533_PAD) {
      at++;
      continue;
    }
    const size = at + DHCP_OPT_LEN < len ? p[at + DHCP_OPT_LEN]! : 0;
    if (size === 0 || at + DHCP_OPT_DATA + size > len) {
      return -1;
    }
    if (p[at] === code) {
      return at + DHCP_OPT_DATA;
    }
    at += DHCP_OPT_DATA + size;
  }
  return -1;
}

/** The first address (or number) in an option, or `fallback`. */
function dhcp_option32(p: Uint8Array, len: number, code: number, fallback: number): number {
  const at = dhcp_option(p, len, code);
  return at >= 0 && p[at - DHCP_OPT_DATA + DHCP_OPT_LEN]! >= IN_ADDR_LEN ? rd32(p, at) : fallback;
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
