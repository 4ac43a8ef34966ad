/** The user network's entry points (libslirp's slirp.c): frames of the guest in, the poll loop, frames to the guest out. */
import { machine } from '../softmmu/machine.ts';
import { drop } from '../util/drop.ts';
import { type HostSocket, POLLERR, POLLHUP, POLLIN, POLLOUT } from '../util/sockets.ts';
import { QEMU_CLOCK_VIRTUAL, type QEMUTimer, qemu_clock_get_ns } from '../util/timer.ts';
import { ARP_LEN } from '../wire/arp.ts';
import { rd16, rd32, wr16, wr32 } from '../wire/bytes.ts';
import { ETH_ALEN, ETH_HLEN, ETH_P_ARP, ETH_P_IP, ETH_P_IPV6, ETH_P_NCSI } from '../wire/ethernet.ts';
import { IP_HLEN } from '../wire/ip.ts';
import { ArpTable, arp_table_add, arp_table_search } from './arp_table.ts';
import { BOOTP_LEN, bootp_init, bootpclient, NB_BOOTP_CLIENTS } from './bootp.ts';
import { translate_dnssearch } from './dnssearch.ts';
import { type GRand, g_rand_new_with_seed } from './grand.ts';
import { if_start } from './if.ts';
import { ip_input, ip_slowtimo, type ipq } from './ip_input.ts';
import { icmp6_cleanup, icmp6_init } from './ip6_icmp.ts';
import { ip6_input } from './ip6_input.ts';
import type { SlirpCb, SlirpConfig } from './libslirp.ts';
import { ifq_link, M_ETH, M_IP, m_capacity, m_copy_in, m_get, m_inc, type mbuf } from './mbuf.ts';
import type { gfwd_list } from './misc.ts';
import { ncsi_input } from './ncsi.ts';
import { ndp_send_ns } from './ndp_send.ts';
import { NdpTable, ndp_table_search } from './ndp_table.ts';
import {
  SS_FACCEPTCONN,
  SS_FCANTRCVMORE,
  SS_ISFCONNECTED,
  SS_ISFCONNECTING,
  so_notify,
  type socket,
  sofree,
  soread,
  sorecvfrom,
  sowrite,
} from './socket.ts';
import { solist, sotable } from './solist.ts';
import { TCP_ISSINCR, type tcpcb } from './tcp.ts';
import { tcp_input } from './tcp_input.ts';
import { tcp_output, tcp_window_opens } from './tcp_output.ts';
import { tcp_connect } from './tcp_subr.ts';
import { tcp_fasttimo, tcp_slowtimo } from './tcp_timer.ts';
import { TFTP_SESSIONS_MAX, tftp_session } from './tftp.ts';
import { udp_detach } from './udp.ts';

export { type SlirpCb, SlirpConfig } from './libslirp.ts';

/** Milliseconds between the fast and the slow ticks of TCP's timers. */
export const TIMEOUT_FAST = 2;
export const TIMEOUT_SLOW = 499;
/** Nanoseconds that a packet waits for the guest's MAC address. */
const ARP_WAIT_NS = 1e9;
/** Length of the ARP replies slirp sends, padded with zeros; and of an ARP packet behind the Ethernet header. */
const ARP_REPLY_LEN = 64;
/** Slirp's MAC addresses begin with this; the address's last four bytes follow. */
const special_ethaddr: readonly number[] = [0x52, 0x55];
const special_ethaddr6: readonly number[] = [0x52, 0x56];

/** A user network. */
export class Slirp {
  readonly cb: SlirpCb;
  readonly opaque: object;
  readonly in_enabled: boolean;
  readonly in6_enabled: boolean;
  readonly restricted: boolean;
  /** The network: IPv4 addresses are numbers in host byte order, IPv6 ones 16 bytes. */
  readonly vnetwork_addr: number;
  readonly vnetwork_mask: number;
  readonly vhost_addr: number;
  readonly vprefix_addr6: Uint8Array;
  readonly vprefix_len: number;
  readonly vhost_addr6: Uint8Array;
  readonly vdhcp_startaddr: number;
  readonly vnameserver_addr: number;
  readonly vnameserver_addr6: Uint8Array;
  readonly client_hostname: string;
  readonly vdomainname: string;
  readonly vdnssearch: Uint8Array;
  readonly tftp_server_name: string;
  readonly tftp_prefix: string;
  readonly bootp_filename: string;
  readonly if_mtu: number;
  readonly if_mru: number;
  readonly disable_host_loopback: boolean;
  readonly disable_dns: boolean;
  readonly disable_dhcp: boolean;
  /** Initial sequence numbers count up from 1 as in libslirp, instead of being random. */
  fixed_iss: boolean;

  /** The clock in milliseconds and nanoseconds, as of the last input or poll. */
  curtime = 0;
  clock_ns = 0;
  /** Milliseconds of the last slow tick, and of the first delayed acknowledgement (-1: none). The first tick comes at once. */
  last_slowtimo = -TIMEOUT_SLOW;
  time_fasttimo = -1;

  arp_table: ArpTable = new ArpTable();
  ndp_table: NdpTable = new NdpTable();
  grand: GRand;
  ra_timer: QEMUTimer | null = null;
  bootp_clients: bootpclient[] = Array.from({ length: NB_BOOTP_CLIENTS }, () => new bootpclient());
  /** The replies of the DHCP server as far as they do not depend on the request. */
  bootp_lease: Uint8Array = new Uint8Array(BOOTP_LEN);
  bootp_nak: Uint8Array = new Uint8Array(BOOTP_LEN);
  tftp_sessions: tftp_session[] = Array.from({ length: TFTP_SESSIONS_MAX }, () => new tftp_session());
  guestfwd_list: gfwd_list[] = [];

  /** The output queues, packets in them, and whether `if_start` runs. */
  if_fastq: ifq_link = new ifq_link();
  if_batchq: ifq_link = new ifq_link();
  if_count = 0;
  if_start_busy = false;

  /** Pool of packet buffers of `m_size` bytes. */
  m_size: number;
  m_freelist: mbuf | null = null;
  m_free_count = 0;

  /** Identification of the next IPv4 packet. */
  ip_id = 0;
  /** Incomplete datagrams by flow and identification, oldest first, and the bytes they hold. */
  ipq: Map<string, ipq> = new Map();
  ipq_bytes = 0;

  /** TCP connections, those in TIME_WAIT (in order of their end), UDP flows, those that answered DNS, pings, forwarded ports. */
  tcb: solist = new solist();
  time_wait: solist = new solist();
  udb: solist = new solist();
  udb_fast: solist = new solist();
  icmp: solist = new solist();
  hostfwds: solist = new solist();
  tcb_hash: sotable = new sotable(true);
  udb_hash: sotable = new sotable(false);
  /** Sockets made so far. */
  so_created = 0;
  /** Sockets to write at the end of the turn. */
  so_wq: socket[] = [];
  /** Connections that owe the guest an acknowledgement. */
  delack: tcpcb[] = [];
  tcp_iss = 1;
  /** Slow ticks so far. */
  tcp_now = 0;

  /** The ARP reply and request that slirp sends. */
  arp_reply: Uint8Array = new Uint8Array(ARP_REPLY_LEN);

  constructor(cfg: SlirpConfig, cb: SlirpCb, opaque: object) {
    this.cb = cb;
    this.opaque = opaque;
    this.in_enabled = cfg.in_enabled;
    this.in6_enabled = cfg.in6_enabled;
    this.restricted = cfg.restricted;
    this.vnetwork_addr = (cfg.vnetwork & cfg.vnetmask) >>> 0;
    this.vnetwork_mask = cfg.vnetmask >>> 0;
    this.vhost_addr = cfg.vhost >>> 0;
    this.vprefix_addr6 = cfg.vprefix_addr6.slice();
    this.vprefix_len = cfg.vprefix_len;
    this.vhost_addr6 = cfg.vhost6.slice();
    this.vdhcp_startaddr = cfg.vdhcp_start >>> 0;
    this.vnameserver_addr = cfg.vnameserver >>> 0;
    this.vnameserver_addr6 = cfg.vnameserver6.slice();
    this.client_hostname = cfg.vhostname.slice(0, 32);
    this.vdomainname = cfg.vdomainname;
    this.vdnssearch = translate_dnssearch(cfg.vdnssearch);
    this.tftp_server_name = cfg.tftp_server_name;
    this.tftp_prefix = cfg.tftp_path;
    this.bootp_filename = cfg.bootfile;
    this.if_mtu = cfg.if_mtu === 0 ? 1500 : cfg.if_mtu;
    this.if_mru = cfg.if_mru === 0 ? 1500 : cfg.if_mru;
    this.disable_host_loopback = cfg.disable_host_loopback;
    this.disable_dns = cfg.disable_dns;
    this.disable_dhcp = cfg.disable_dhcp;
    this.fixed_iss = cfg.fixed_iss;
    this.m_size = m_capacity(Math.max(this.if_mtu, this.if_mru));
    this.grand = g_rand_new_with_seed(cfg.fixed_iss ? 12345 : machine.host.seed);
  }
}

/** Why `cfg` cannot be used, or '' if it can. */
function slirp_check_config(cfg: SlirpConfig): string {
  for (const [name, v] of [
    ['if_mtu', cfg.if_mtu],
    ['if_mru', cfg.if_mru],
  ] as const) {
    if (v !== 0 && (v < 68 || v > 65521)) {
      return `${name} is ${v}; it must be 0 (1500) or from 68 to 65521`;
    }
  }
  if (cfg.bootfile.length >= 128) {
    return `bootfile has ${cfg.bootfile.length} characters; there is room for 127`;
  }
  return '';
}

/** Makes a user network; null with the reason reported to the host if the settings cannot be used. */
export function slirp_new(cfg: SlirpConfig, cb: SlirpCb, opaque: object): Slirp | null {
  const wrong = slirp_check_config(cfg);
  if (wrong !== '') {
    machine.host.report('error', `user network: ${wrong}`);
    return null;
  }
  const slirp = new Slirp(cfg, cb, opaque);
  slirp_update_time(slirp);
  slirp.last_slowtimo = slirp.curtime - TIMEOUT_SLOW;
  arp_header(slirp.arp_reply, 2);
  bootp_init(slirp);
  icmp6_init(slirp);
  return slirp;
}

/** Closes a user network's sockets and stops its timers. */
export function slirp_cleanup(slirp: Slirp): void {
  icmp6_cleanup(slirp);
  for (const list of [slirp.tcb, slirp.time_wait, slirp.udb, slirp.udb_fast, slirp.icmp, slirp.hostfwds]) {
    while (list.head) {
      sofree(list.head);
    }
  }
  slirp.so_wq = [];
  slirp.delack = [];
  slirp.ipq.clear();
  slirp.ipq_bytes = 0;
}

/**
 * Reads the clock.
 * @nodebug
 */
export function slirp_update_time(slirp: Slirp): void {
  slirp.clock_ns = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
  slirp.curtime = Math.floor(slirp.clock_ns / 1e6);
}

/** Takes a frame from the guest: `size` bytes of `buf`, from the Ethernet header on. It is copied. */
export function slirp_input(slirp: Slirp, buf: Uint8Array, size: number): void {
  if (size < ETH_HLEN) {
    drop(buf, size, 'ETH_SHORT');
    return;
  }
  const proto = rd16(buf, 12);
  switch (proto) {
    case ETH_P_ARP:
      arp_input(slirp, buf, size);
      break;
    case ETH_P_IP:
    case ETH_P_IPV6: {
      const m = m_get(slirp);
      m.m_data = M_IP;
      m_inc(m, size - ETH_HLEN);
      m_copy_in(m, M_ETH, buf, 0, size);
      m.m_eth = M_ETH;
      m.m_ip = M_IP;
      m.m_len = size - ETH_HLEN;
      if (proto === ETH_P_IP) {
        ip_input(m);
      } else {
        ip6_input(m);
      }
      break;
    }
    case ETH_P_NCSI:
      ncsi_input(slirp, buf, size);
      break;
    default:
      drop(buf, size, 'ETH_TYPE');
  }
}

/** True for the addresses whose ARP requests slirp answers: the gateway, the name server and the guest forwards. */
function arp_is_ours(slirp: Slirp, ip_addr: number): boolean {
  if ((ip_addr & slirp.vnetwork_mask) >>> 0 !== slirp.vnetwork_addr) {
    return false;
  }
  return (
    ip_addr === slirp.vhost_addr ||
    ip_addr === slirp.vnameserver_addr ||
    slirp.guestfwd_list.some((f) => f.ex_addr === ip_addr)
  );
}

/** Handles an ARP packet of the guest (RFC 826): answers for slirp's addresses, learns the guest's. */
export function arp_input(slirp: Slirp, pkt: Uint8Array, pkt_len: number): void {
  const ah = ETH_HLEN;
  if (!slirp.in_enabled) {
    drop(pkt, pkt_len, 'IPV4_OFF');
    return;
  }
  if (pkt_len < ETH_HLEN + ARP_LEN) {
    drop(pkt, pkt_len, 'ARP_SHORT');
    return;
  }
  const ar_op = rd16(pkt, ah + 6);
  const ar_sip = rd32(pkt, ah + 14);
  const ar_tip = rd32(pkt, ah + 24);
  if (ar_op === 2) {
    arp_table_add(slirp, ar_sip, pkt, ah + 8);
    return;
  }
  if (ar_op !== 1) {
    drop(pkt, pkt_len, 'ARP_NOT_OURS');
    return;
  }
  if (ar_tip === ar_sip) {
    // Gratuitous: the guest announces itself.
    arp_table_add(slirp, ar_sip, pkt, ah + 8);
    return;
  }
  if (!arp_is_ours(slirp, ar_tip)) {
    drop(pkt, pkt_len, 'ARP_NOT_OURS');
    return;
  }
  arp_table_add(slirp, ar_sip, pkt, ah + 8);
  arp_fill_reply(slirp.arp_reply, pkt, ar_tip);
  slirp.cb.send_packet(slirp.opaque, slirp.arp_reply, ARP_REPLY_LEN);
}

/**
 * Writes the reply to the ARP request `pkt`: `ip_addr` is at slirp's MAC address for it.
 * @nodebug
 */
function arp_fill_reply(reply: Uint8Array, pkt: Uint8Array, ip_addr: number): void {
  for (let i = 0; i < ETH_ALEN; i++) {
    reply[i] = pkt[i + ETH_ALEN]!;
    reply[ETH_HLEN + 18 + i] = pkt[ETH_HLEN + 8 + i]!;
  }
  if (rd32(reply, ETH_HLEN + 14) !== ip_addr) {
    // Else the last reply was from this address, too.
    slirp_ethaddr(reply, 6, ip_addr);
    slirp_ethaddr(reply, ETH_HLEN + 8, ip_addr);
    wr32(reply, ETH_HLEN + 14, ip_addr);
  }
  for (let i = 0; i < 4; i++) {
    reply[ETH_HLEN + 24 + i] = pkt[ETH_HLEN + 14 + i]!;
  }
}

/**
 * Writes slirp's MAC address for an IPv4 address.
 * @nodebug
 */
export function slirp_ethaddr(b: Uint8Array, o: number, ip_addr: number): void {
  b[o] = special_ethaddr[0]!;
  b[o + 1] = special_ethaddr[1]!;
  wr32(b, o + 2, ip_addr);
}

/**
 * Writes slirp's MAC address for an IPv6 address, whose last four bytes it has.
 * @nodebug
 */
export function slirp_ethaddr6(b: Uint8Array, o: number, addr: Uint8Array, at: number): void {
  b[o] = special_ethaddr6[0]!;
  b[o + 1] = special_ethaddr6[1]!;
  for (let i = 0; i < 4; i++) {
    b[o + 2 + i] = addr[at + 12 + i]!;
  }
}

/**
 * Writes the type of an ARP frame and the fixed fields of its header.
 * @nodebug
 */
function arp_header(b: Uint8Array, op: number): void {
  wr16(b, 12, ETH_P_ARP);
  wr16(b, ETH_HLEN, 1);
  wr16(b, ETH_HLEN + 2, ETH_P_IP);
  b[ETH_HLEN + 4] = ETH_ALEN;
  b[ETH_HLEN + 5] = 4;
  wr16(b, ETH_HLEN + 6, op);
}

/** Broadcasts a request for the guest's MAC address from the gateway. */
function arp_send_request(slirp: Slirp, ip_addr: number): void {
  const req = new Uint8Array(ETH_HLEN + ARP_LEN);
  req.fill(0xff, 0, ETH_ALEN);
  slirp_ethaddr(req, 6, slirp.vhost_addr);
  arp_header(req, 1);
  slirp_ethaddr(req, ETH_HLEN + 8, slirp.vhost_addr);
  wr32(req, ETH_HLEN + 14, slirp.vhost_addr);
  wr32(req, ETH_HLEN + 24, ip_addr);
  slirp.cb.send_packet(slirp.opaque, req, req.length);
}

/** Writes the Ethernet header of an IPv4 packet. Returns false if the guest's MAC address is not known; then it has been asked for. */
function if_encap4(slirp: Slirp, ifm: mbuf): boolean {
  const b = ifm.m_dat;
  const eth = ifm.m_data - ETH_HLEN;
  const ip_dst = rd32(b, ifm.m_data + 16);
  if (!arp_table_search(slirp, ip_dst, b, eth)) {
    if (!ifm.resolution_requested) {
      ifm.resolution_requested = true;
      ifm.expiration_date = slirp.clock_ns + ARP_WAIT_NS;
      arp_send_request(slirp, ip_dst);
    }
    return false;
  }
  slirp_ethaddr(b, eth + ETH_ALEN, slirp.vhost_addr);
  wr16(b, eth + 12, ETH_P_IP);
  return true;
}

/** As `if_encap4`, for IPv6: the MAC address comes from the neighbor table. */
function if_encap6(slirp: Slirp, ifm: mbuf): boolean {
  const b = ifm.m_dat;
  const eth = ifm.m_data - ETH_HLEN;
  if (!ndp_table_search(slirp, b, ifm.m_data + 24, b, eth)) {
    if (!ifm.resolution_requested) {
      ifm.resolution_requested = true;
      ifm.expiration_date = slirp.clock_ns + ARP_WAIT_NS;
      ndp_send_ns(slirp, b.slice(ifm.m_data + 24, ifm.m_data + 40));
    }
    return false;
  }
  slirp_ethaddr6(b, eth + ETH_ALEN, b, ifm.m_data + 8);
  wr16(b, eth + 12, ETH_P_IPV6);
  return true;
}

/** Puts the Ethernet header before an IP packet and sends it to the guest. Returns false if it has to wait for the MAC address. */
export function if_encap(slirp: Slirp, ifm: mbuf): boolean {
  if (ifm.m_data !== M_IP) {
    ifm.m_dat.copyWithin(M_IP, ifm.m_data, ifm.m_data + ifm.m_len);
    ifm.m_data = M_IP;
  }
  const v4 = ifm.m_dat[M_IP]! >> 4 === 4;
  if (!(v4 ? if_encap4(slirp, ifm) : if_encap6(slirp, ifm))) {
    return false;
  }
  ifm.m_eth = M_ETH;
  ifm.m_ip = M_IP;
  slirp.cb.send_packet(slirp.opaque, ifm.m_frame, ifm.m_len + ETH_HLEN);
  return true;
}

/** True if slow ticks are needed: there are connections, flows, pings or incomplete datagrams. */
function do_slowtimo(slirp: Slirp): boolean {
  return (
    slirp.tcb.head !== null ||
    slirp.time_wait.head !== null ||
    slirp.udb.head !== null ||
    slirp.udb_fast.head !== null ||
    slirp.icmp.head !== null ||
    slirp.ipq.size > 0
  );
}

/** Milliseconds until the oldest of a list of UDP or ping sockets expires, or -1. */
function udb_timeout(slirp: Slirp, list: solist): number {
  return list.head ? Math.max(0, list.head.so_expire - slirp.curtime) : -1;
}

/** Before the poll: writes what the guest sent, closes what has expired. Returns the nanoseconds until something is due, -1 if nothing is. */
export function slirp_pollfds_fill(slirp: Slirp): number {
  slirp_update_time(slirp);
  for (let so = slirp.so_wq.shift(); so; so = slirp.so_wq.shift()) {
    so.so_wqueued = false;
    if (so.s && (so.so_state & SS_ISFCONNECTED) !== 0 && sowrite(so) > 0 && tcp_window_opens(so.so_tcpcb!)) {
      // What blocked the host socket has gone before POLLOUT could say so: the guest may be waiting for a window update.
      tcp_output(so.so_tcpcb!);
    }
  }
  for (const list of [slirp.udb, slirp.udb_fast, slirp.icmp]) {
    while (list.head && list.head.so_expire <= slirp.curtime) {
      udp_detach(list.head);
    }
  }
  for (const s of machine.sockets.ready) {
    if (slirp_owner(s) === slirp) {
      return 0;
    }
  }
  let ms = do_slowtimo(slirp) ? TIMEOUT_SLOW : -1;
  if (slirp.time_fasttimo >= 0) {
    ms = TIMEOUT_FAST;
  }
  for (const list of [slirp.udb, slirp.udb_fast, slirp.icmp]) {
    const t = udb_timeout(slirp, list);
    ms = t < 0 ? ms : ms < 0 ? t : Math.min(ms, t);
  }
  if (slirp.if_count > 0) {
    ms = ms < 0 ? 1000 : Math.min(ms, 1000);
  }
  return ms < 0 ? -1 : ms * 1e6;
}

/** The user network that a host socket belongs to, or null. */
function slirp_owner(s: HostSocket): Slirp | null {
  return s.opaque ? (s.opaque as socket).slirp : null;
}

/** After the poll: runs the timers that are due and handles every socket that something happened to. */
export function slirp_pollfds_poll(slirp: Slirp): void {
  slirp_update_time(slirp);
  if (slirp.time_fasttimo >= 0 && slirp.curtime - slirp.time_fasttimo >= TIMEOUT_FAST) {
    tcp_fasttimo(slirp);
    slirp.time_fasttimo = -1;
  }
  if (slirp.curtime - slirp.last_slowtimo >= TIMEOUT_SLOW) {
    if (do_slowtimo(slirp)) {
      ip_slowtimo(slirp);
      tcp_slowtimo(slirp);
      slirp.last_slowtimo = slirp.curtime;
    } else if (slirp.hostfwds.head) {
      // libslirp ticks while ports are forwarded; with nothing to time, only the phase and the sequence numbers matter.
      const ticks = Math.floor((slirp.curtime - slirp.last_slowtimo) / TIMEOUT_SLOW);
      slirp.tcp_iss = (slirp.tcp_iss + ticks * TCP_ISSINCR) >>> 0;
      slirp.last_slowtimo = slirp.curtime;
    }
  }
  const ready = slirp_take_ready(slirp);
  for (const s of ready) {
    const so = s.opaque as socket | null;
    if (so === null || so.s !== s) {
      continue;
    }
    if (so.so_tcpcb === null) {
      sorecvfrom(so);
      continue;
    }
    if ((so.so_state & SS_FACCEPTCONN) !== 0) {
      // One in a turn, as libslirp: the guest's own backlog is short, and SYNs beyond it are lost for seconds.
      tcp_connect(so);
      so_notify(so);
      continue;
    }
    if ((s.revents & POLLERR) !== 0) {
      if ((so.so_state & SS_FCANTRCVMORE) !== 0 && so.so_rcv.sb_cc === 0) {
        // Nothing more is read, and there is nothing to write: it shows when the guest sends more.
        continue;
      }
      while (so.s === s && soread(so) > 0) {
        tcp_output(so.so_tcpcb!);
      }
      continue;
    }
    if ((s.revents & POLLOUT) !== 0 && (so.so_state & SS_ISFCONNECTING) !== 0) {
      tcp_input(null, IP_HLEN, so, so.so_ffamily);
    }
    while (so.s === s && (s.revents & (POLLIN | POLLHUP)) !== 0 && (so.so_state & SS_ISFCONNECTED) !== 0) {
      if (soread(so) <= 0) {
        break;
      }
      tcp_output(so.so_tcpcb);
    }
    if (so.s === s && so.so_rcv.sb_cc > 0 && (so.so_state & SS_ISFCONNECTED) !== 0 && sowrite(so) > 0) {
      // Room again: the guest may be waiting for a window update.
      tcp_output(so.so_tcpcb);
    }
  }
  if_start(slirp);
}

/** Takes this network's sockets out of the list of those that something happened to. */
function slirp_take_ready(slirp: Slirp): HostSocket[] {
  const all = machine.sockets.ready;
  if (all.length === 0) {
    return all;
  }
  const mine: HostSocket[] = [];
  const rest: HostSocket[] = [];
  for (const s of all) {
    const owner = slirp_owner(s);
    if (owner === slirp) {
      s.queued = false;
      mine.push(s);
    } else if (owner !== null) {
      rest.push(s);
    } else {
      s.queued = false;
    }
  }
  machine.sockets.ready = rest;
  return mine.length > 1 ? mine.sort(so_order) : mine;
}

/** The order in which libslirp looks at its sockets: TCP's before the others, of each the newest first. */
function so_order(a: HostSocket, b: HostSocket): number {
  const x = a.opaque as socket;
  const y = b.opaque as socket;
  return Number(x.so_tcpcb === null) - Number(y.so_tcpcb === null) || y.so_number - x.so_number;
}

export { slirp_add_hostfwd, slirp_add_hostxfwd6, slirp_remove_hostfwd } from './hostfwd.ts';
export {
  slirp_add_exec,
  slirp_add_guestfwd,
  slirp_add_unix,
  slirp_connection_info,
  slirp_neighbor_info,
  slirp_remove_guestfwd,
} from './misc.ts';
