/** One user network and all that it remembers (libslirp's slirp.h). */
import { machine } from '../softmmu/machine.ts';
import { QEMU_CLOCK_VIRTUAL, type QEMUTimer, qemu_clock_get_ns } from '../util/timer.ts';
import { ArpTable } from './arp_table.ts';
import { BOOTP_LEN, bootpclient, NB_BOOTP_CLIENTS } from './bootp_clients.ts';
import { translate_dnssearch } from './dnssearch.ts';
import { type GRand, g_rand_new_with_seed } from './grand.ts';
import type { ipq } from './ip_input.ts';
import type { SlirpCb, SlirpConfig } from './libslirp.ts';
import { ifq_link, m_capacity, type mbuf } from './mbuf.ts';
import type { gfwd_list } from './misc.ts';
import { NdpTable } from './ndp_table.ts';
import type { socket } from './so_state.ts';
import { solist, sotable } from './solist.ts';
import type { tcpcb } from './tcp.ts';
import { TFTP_SESSIONS_MAX, tftp_session } from './tftp_sessions.ts';

/** Milliseconds between the fast and the slow ticks of TCP's timers. */
export const TIMEOUT_FAST = 2;
export const TIMEOUT_SLOW = 499;
/** Length of the ARP replies slirp sends, padded with zeros. */
export const ARP_REPLY_LEN = 64;

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
  readonly keep_peers: boolean;

  /** The clock in milliseconds and nanoseconds, as of the last input or poll. */
  curtime = 0;
  clock_ns = 0;
  /**
   * Milliseconds of the last slow tick, and of the first delayed
   * acknowledgement (-1: none). The first tick comes at once.
   */
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

  /**
   * TCP connections, those in TIME_WAIT (in order of their end),
   * UDP flows, those that answered DNS, pings, forwarded ports.
   */
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
    this.keep_peers = cfg.keep_peers;
    this.m_size = m_capacity(Math.max(this.if_mtu, this.if_mru));
    this.grand = g_rand_new_with_seed(cfg.fixed_iss ? 12345 : machine.host.seed);
  }
}

/**
 * Reads the clock.
 * @nodebug
 */
export function slirp_update_time(slirp: Slirp): void {
  slirp.clock_ns = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
  slirp.curtime = Math.floor(slirp.clock_ns / 1e6);
}
