/** The DHCP and BOOTP server (libslirp's bootp.c; RFC 951, 2131, 2132): 16 addresses, each bound to a MAC address for good. */
import { arp_table_add } from './arp_table.ts';
import { INADDR_BROADCAST, IP_HLEN, IPTOS_LOWDELAY, rd32, UDP_HLEN, wr32 } from './ip.ts';
import { M_IP, m_drop, m_free, m_get, m_inc, m_zero, type mbuf } from './mbuf.ts';
import type { Slirp } from './slirp.ts';
import { in6_equal } from './solist.ts';
import { udp_output } from './udp.ts';

/** Addresses that are given out. */
export const NB_BOOTP_CLIENTS = 16;
const LEASE_TIME = 24 * 3600;

const BOOTP_REPLY = 2;
/** Offsets in a BOOTP message; its fixed part ends where the options begin. */
const BP_XID = 4;
const BP_CIADDR = 12;
const BP_YIADDR = 16;
const BP_SIADDR = 20;
const BP_CHADDR = 28;
const BP_FILE = 108;
const BP_VEND = 236;
/** Room for options in a reply, and the length of a reply. */
const DHCP_OPT_LEN = 312;
const BOOTP_LEN = BP_VEND + DHCP_OPT_LEN;
const RFC1533_COOKIE = 0x63825363;

const RFC1533_PAD = 0;
const RFC1533_NETMASK = 1;
const RFC1533_GATEWAY = 3;
const RFC1533_DNS = 6;
const RFC1533_HOSTNAME = 12;
const RFC1533_DOMAINNAME = 15;
const RFC2132_REQ_ADDR = 50;
const RFC2132_LEASE_TIME = 51;
const RFC2132_MSG_TYPE = 53;
const RFC2132_SRV_ID = 54;
const RFC2132_MESSAGE = 56;
const RFC2132_VENDOR_CLASS = 60;
const RFC2132_TFTP_SERVER_NAME = 66;
const RFC1533_END = 255;

const DHCPDISCOVER = 1;
const DHCPOFFER = 2;
const DHCPREQUEST = 3;
const DHCPACK = 5;
const DHCPNAK = 6;

/** One of the addresses: the MAC address that has it. */
export class bootpclient {
  allocated = false;
  macaddr: Uint8Array = new Uint8Array(16);
}

/** What a client asks for. */
class bootp_request {
  msg_type = 0;
  /** Address it wants, 0: none. */
  req_addr = 0;
}

/** The answer to a request: the address, or 255.255.255.255 for a refusal. */
class bootp_lease {
  readonly addr: number;
  readonly bc: bootpclient | null;
  constructor(addr: number, bc: bootpclient | null) {
    this.addr = addr;
    this.bc = bc;
  }
}

/** The lease that the MAC address `mac` (zero padded to 16 bytes) has, or null. */
function find_addr(slirp: Slirp, mac: Uint8Array): bootp_lease | null {
  for (let i = 0; i < NB_BOOTP_CLIENTS; i++) {
    const bc = slirp.bootp_clients[i]!;
    if (bc.allocated && in6_equal(bc.macaddr, mac)) {
      return new bootp_lease((slirp.vdhcp_startaddr + i) >>> 0, bc);
    }
  }
  return null;
}

/** The first address that is free or `mac`'s own already, or null if all are taken. */
function get_new_addr(slirp: Slirp, mac: Uint8Array): bootp_lease | null {
  for (let i = 0; i < NB_BOOTP_CLIENTS; i++) {
    const bc = slirp.bootp_clients[i]!;
    if (!bc.allocated || in6_equal(bc.macaddr, mac)) {
      return new bootp_lease((slirp.vdhcp_startaddr + i) >>> 0, bc);
    }
  }
  return null;
}

/** The address `addr` if it is in the pool and free or `mac`'s own, else null. */
function request_addr(slirp: Slirp, addr: number, mac: Uint8Array): bootp_lease | null {
  const bc = slirp.bootp_clients[addr - slirp.vdhcp_startaddr];
  return bc && (!bc.allocated || in6_equal(bc.macaddr, mac)) ? new bootp_lease(addr, bc) : null;
}

/** Reads the options of a message, from `p` up to `end`. A length that reaches beyond the end stops it. */
function dhcp_decode(b: Uint8Array, start: number, end: number): bootp_request {
  const r = new bootp_request();
  if (end - start < 5 || rd32(b, start) !== RFC1533_COOKIE) {
    return r;
  }
  let p = start + 4;
  while (p < end) {
    const tag = b[p]!;
    if (tag === RFC1533_PAD) {
      p++;
      continue;
    }
    if (tag === RFC1533_END || p + 1 >= end) {
      break;
    }
    const len = b[p + 1]!;
    p += 2;
    if (p + len > end) {
      break;
    }
    if (tag === RFC2132_MSG_TYPE && len >= 1) {
      r.msg_type = b[p]!;
    } else if (tag === RFC2132_REQ_ADDR && len >= 4) {
      r.req_addr = rd32(b, p);
    }
    p += len;
  }
  return r;
}

/** Chooses the address for a request; null: no answer, because the pool is exhausted. */
function dhcp_choose(slirp: Slirp, r: bootp_request, mac: Uint8Array): bootp_lease | null {
  if (r.msg_type === DHCPDISCOVER) {
    const wanted = r.req_addr !== 0 ? request_addr(slirp, r.req_addr, mac) : null;
    return wanted ?? get_new_addr(slirp, mac);
  }
  if (r.req_addr !== 0) {
    return request_addr(slirp, r.req_addr, mac) ?? new bootp_lease(INADDR_BROADCAST, null);
  }
  // A client that asks for no address and has none is given one: Windows does that.
  return find_addr(slirp, mac) ?? get_new_addr(slirp, mac);
}

/** Takes a BOOTP or DHCP message from the guest; `m` begins with the IP header. */
export function bootp_input(m: mbuf): void {
  const slirp = m.slirp;
  const b = m.m_dat;
  const bp = m.m_data + IP_HLEN + UDP_HLEN;
  const end = m.m_data + m.m_len;
  if (end - bp < BP_VEND || b[bp] !== 1) {
    m_drop(m, 'DHCP_BAD');
    return;
  }
  const r = dhcp_decode(b, bp + BP_VEND, end);
  if (r.msg_type === DHCPREQUEST && r.req_addr === 0) {
    // Renewal. Plain BOOTP, which is taken for a request below, has no say in its address.
    r.req_addr = rd32(b, bp + BP_CIADDR);
  }
  if (r.msg_type === 0) {
    r.msg_type = DHCPREQUEST;
  }
  if (r.msg_type !== DHCPDISCOVER && r.msg_type !== DHCPREQUEST) {
    m_drop(m, 'DHCP_BAD');
    return;
  }
  const mac = new Uint8Array(16);
  for (let i = 0; i < 6; i++) {
    mac[i] = b[bp + BP_CHADDR + i]!;
  }
  const lease = dhcp_choose(slirp, r, mac);
  if (!lease) {
    m_drop(m, 'DHCP_NO_LEASE');
    return;
  }
  if (lease.bc) {
    lease.bc.allocated = true;
    lease.bc.macaddr = mac;
    arp_table_add(slirp, lease.addr, mac, 0);
  }
  const xid = rd32(b, bp + BP_XID);
  m_free(m);
  bootp_reply(slirp, r.msg_type, xid, lease.addr, mac);
}

/** Answers a request with an offer, an acknowledgement or (`addr` is the broadcast address) a refusal; it is broadcast. */
export function bootp_reply(slirp: Slirp, msg_type: number, xid: number, addr: number, mac: Uint8Array): void {
  const m = m_get(slirp);
  m.m_data = M_IP + IP_HLEN + UDP_HLEN;
  m_inc(m, BOOTP_LEN);
  m.m_len = BOOTP_LEN;
  const b = m.m_dat;
  const bp = m.m_data;
  m_zero(m, bp, BOOTP_LEN);
  b[bp] = BOOTP_REPLY;
  b[bp + 1] = 1;
  b[bp + 2] = 6;
  wr32(b, bp + BP_XID, xid);
  wr32(b, bp + BP_YIADDR, addr);
  wr32(b, bp + BP_SIADDR, slirp.vhost_addr);
  for (let i = 0; i < 6; i++) {
    b[bp + BP_CHADDR + i] = mac[i]!;
  }
  wr32(b, bp + BP_VEND, RFC1533_COOKIE);
  const q = bp + BP_VEND + 4;
  const end = bp + BOOTP_LEN - 1;
  if (addr === INADDR_BROADCAST) {
    b[
      opt_string(
        b,
        opt_bytes(b, q, end, RFC2132_MSG_TYPE, [DHCPNAK]),
        end,
        RFC2132_MESSAGE,
        'requested address not available',
      )
    ] = RFC1533_END;
  } else {
    put_string(b, bp + BP_FILE, slirp.bootp_filename);
    b[lease_options(slirp, b, q, end, msg_type === DHCPDISCOVER ? DHCPOFFER : DHCPACK)] = RFC1533_END;
  }
  udp_output(null, m, slirp.vhost_addr, 67, INADDR_BROADCAST, 68, IPTOS_LOWDELAY);
}

/** Writes the options of an offer or acknowledgement from `q` on; those that do not fit are left out. Returns where they end. */
function lease_options(slirp: Slirp, b: Uint8Array, q: number, end: number, type: number): number {
  let p = opt_bytes(b, q, end, RFC2132_MSG_TYPE, [type]);
  p = opt_addr(b, p, end, RFC2132_SRV_ID, slirp.vhost_addr);
  p = opt_addr(b, p, end, RFC1533_NETMASK, slirp.vnetwork_mask);
  if (!slirp.restricted) {
    p = opt_addr(b, p, end, RFC1533_GATEWAY, slirp.vhost_addr);
    p = opt_addr(b, p, end, RFC1533_DNS, slirp.vnameserver_addr);
  }
  p = opt_addr(b, p, end, RFC2132_LEASE_TIME, LEASE_TIME);
  p = opt_string(b, p, end, RFC1533_HOSTNAME, slirp.client_hostname);
  p = opt_string(b, p, end, RFC1533_DOMAINNAME, slirp.vdomainname);
  p = opt_string(b, p, end, RFC2132_TFTP_SERVER_NAME, slirp.tftp_server_name);
  if (slirp.vdnssearch.length > 0 && p + slirp.vdnssearch.length <= end) {
    b.set(slirp.vdnssearch, p);
    p += slirp.vdnssearch.length;
  }
  if (slirp.bootp_filename.startsWith('http://')) {
    p = opt_string(b, p, end, RFC2132_VENDOR_CLASS, 'HTTPClient');
  }
  return p;
}

/**
 * Writes an option with bytes as its value, if it fits. Returns where the next one goes.
 * @nodebug
 */
function opt_bytes(b: Uint8Array, p: number, end: number, tag: number, value: readonly number[]): number {
  if (p + 2 + value.length > end) {
    return p;
  }
  b[p] = tag;
  b[p + 1] = value.length;
  for (let i = 0; i < value.length; i++) {
    b[p + 2 + i] = value[i]!;
  }
  return p + 2 + value.length;
}

/**
 * Writes an option with a 32-bit value.
 * @nodebug
 */
function opt_addr(b: Uint8Array, p: number, end: number, tag: number, value: number): number {
  if (p + 6 > end) {
    return p;
  }
  b[p] = tag;
  b[p + 1] = 4;
  wr32(b, p + 2, value);
  return p + 6;
}

/**
 * Writes an option with text; empty text leaves it out.
 * @nodebug
 */
function opt_string(b: Uint8Array, p: number, end: number, tag: number, value: string): number {
  if (value.length === 0 || value.length > 255 || p + 2 + value.length > end) {
    return p;
  }
  b[p] = tag;
  b[p + 1] = value.length;
  put_string(b, p + 2, value);
  return p + 2 + value.length;
}

/**
 * Writes text, one byte a character.
 * @nodebug
 */
export function put_string(b: Uint8Array, p: number, value: string): void {
  for (let i = 0; i < value.length; i++) {
    b[p + i] = value.charCodeAt(i);
  }
}
