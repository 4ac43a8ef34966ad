/** The DHCP and BOOTP server (libslirp's bootp.c; RFC 951, 2131, 2132). */
import { ARPHRD_ETHER } from '../wire/arp.ts';
import { put_string, rd8, rd32, wr32 } from '../wire/bytes.ts';
import {
  BOOTP_CLIENT,
  BOOTP_REPLY,
  BOOTP_REQUEST,
  BOOTP_SERVER,
  BP_CHADDR,
  BP_CIADDR,
  BP_FILE,
  BP_HLEN,
  BP_HTYPE,
  BP_OP,
  BP_OPTIONS,
  BP_SIADDR,
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
  RFC1533_COOKIE_LEN,
  RFC1533_DNS,
  RFC1533_DOMAINNAME,
  RFC1533_END,
  RFC1533_GATEWAY,
  RFC1533_HOSTNAME,
  RFC1533_NETMASK,
  RFC1533_PAD,
  RFC2132_LEASE_TIME,
  RFC2132_MESSAGE,
  RFC2132_MSG_TYPE,
  RFC2132_REQ_ADDR,
  RFC2132_SRV_ID,
  RFC2132_TFTP_SERVER_NAME,
  RFC2132_VENDOR_CLASS,
} from '../wire/dhcp.ts';
import { ETH_ALEN } from '../wire/ethernet.ts';
import { IN_ADDR_LEN, INADDR_BROADCAST, IP_HLEN, IPTOS_LOWDELAY } from '../wire/ip.ts';
import { UDP_HLEN } from '../wire/udp.ts';
import { arp_table_add } from './arp_table.ts';
import { BOOTP_LEN, find_addr, get_new_addr, request_addr } from './bootp_clients.ts';
import type { Slirp } from './instance.ts';
import { M_IP, m_drop, m_free, m_get, m_inc, type mbuf } from './mbuf.ts';
import { udp_output } from './udp_output.ts';

const LEASE_TIME = 24 * 3600;

/** What a client asks for. */
class bootp_request {
  msg_type = 0;
  /** Address it wants, 0: none. */
  req_addr = 0;
}

/** Reads the options of a message, from `p` up to `end`. A length that reaches beyond the end stops it. */
function dhcp_decode(b: Uint8Array, start: number, end: number): bootp_request {
  const r = new bootp_request();
  if (end - start <= RFC1533_COOKIE_LEN || rd32(b, start) !== RFC1533_COOKIE) {
    return r;
  }
  let p = start + RFC1533_COOKIE_LEN;
  while (p < end) {
    const tag = rd8(b, p + DHCP_OPT_TAG);
    if (tag === RFC1533_PAD) {
      p++;
      continue;
    }
    if (tag === RFC1533_END || p + DHCP_OPT_LEN >= end) {
      break;
    }
    const len = rd8(b, p + DHCP_OPT_LEN);
    p += DHCP_OPT_DATA;
    if (p + len > end) {
      break;
    }
    if (tag === RFC2132_MSG_TYPE && len >= 1) {
      r.msg_type = rd8(b, p);
    } else if (tag === RFC2132_REQ_ADDR && len >= 4) {
      r.req_addr = rd32(b, p);
    }
    p += len;
  }
  return r;
}

/**
 * Chooses the address for a request of the client whose MAC address is at `mac` of `b`. The broadcast address means a
 * refusal, 0 that the pool is exhausted and nobody answers.
 */
function dhcp_choose(slirp: Slirp, r: bootp_request, b: Uint8Array, mac: number): number {
  if (r.msg_type === DHCPDISCOVER) {
    return (r.req_addr !== 0 && request_addr(slirp, r.req_addr, b, mac)) || get_new_addr(slirp, b, mac);
  }
  if (r.req_addr !== 0) {
    return request_addr(slirp, r.req_addr, b, mac) || INADDR_BROADCAST;
  }
  // A client that asks for no address and has none is given one: Windows does that.
  return find_addr(slirp, b, mac) || get_new_addr(slirp, b, mac);
}

/**
 * Takes a BOOTP or DHCP message from the guest; `m` begins with the IP header.
 * @packet m
 */
export function bootp_input(m: mbuf): void {
  const slirp = m.slirp;
  const b = m.m_dat;
  const bp = m.m_data + IP_HLEN + UDP_HLEN;
  const end = m.m_data + m.m_len;
  if (end - bp < BP_VEND || b[bp + BP_OP] !== BOOTP_REQUEST) {
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
  const mac = bp + BP_CHADDR;
  const addr = dhcp_choose(slirp, r, b, mac);
  if (addr === 0) {
    m_drop(m, 'DHCP_NO_LEASE');
    return;
  }
  if (addr !== INADDR_BROADCAST) {
    const bc = slirp.bootp_clients[addr - slirp.vdhcp_startaddr]!;
    bc.allocated = true;
    for (let i = 0; i < ETH_ALEN; i++) {
      bc.macaddr[i] = rd8(b, mac + i);
    }
    arp_table_add(slirp, addr, b, mac);
  }
  bootp_reply(m, r.msg_type, addr);
}

/** Writes the two replies there are, a lease and a refusal, but for what depends on the request. */
export function bootp_init(slirp: Slirp): void {
  for (const b of [slirp.bootp_lease, slirp.bootp_nak]) {
    b[BP_OP] = BOOTP_REPLY;
    b[BP_HTYPE] = ARPHRD_ETHER;
    b[BP_HLEN] = ETH_ALEN;
    wr32(b, BP_SIADDR, slirp.vhost_addr);
    wr32(b, BP_VEND, RFC1533_COOKIE);
  }
  wr32(slirp.bootp_nak, BP_YIADDR, INADDR_BROADCAST);
  const q = opt_type(slirp.bootp_nak, BP_OPTIONS, DHCPNAK);
  slirp.bootp_nak[opt_string(slirp.bootp_nak, q, RFC2132_MESSAGE, 'requested address not available')] = RFC1533_END;
  put_string(slirp.bootp_lease, BP_FILE, slirp.bootp_filename);
  slirp.bootp_lease[lease_options(slirp, slirp.bootp_lease)] = RFC1533_END;
}

/**
 * Broadcasts the answer to the request `q`: an offer, an
 * acknowledgement, or a refusal if `addr` is the broadcast address.
 * @packet q
 */
export function bootp_reply(q: mbuf, msg_type: number, addr: number): void {
  const slirp = q.slirp;
  const m = m_get(slirp);
  m.m_data = M_IP + IP_HLEN + UDP_HLEN;
  m_inc(m, BOOTP_LEN);
  m.m_len = BOOTP_LEN;
  const b = m.m_dat;
  const bp = m.m_data;
  if (addr === INADDR_BROADCAST) {
    b.set(slirp.bootp_nak, bp);
  } else {
    b.set(slirp.bootp_lease, bp);
    opt_type(b, bp + BP_OPTIONS, msg_type === DHCPDISCOVER ? DHCPOFFER : DHCPACK);
    wr32(b, bp + BP_YIADDR, addr);
  }
  const request = q.m_data + IP_HLEN + UDP_HLEN;
  wr32(b, bp + BP_XID, rd32(q.m_dat, request + BP_XID));
  for (let i = 0; i < ETH_ALEN; i++) {
    b[bp + BP_CHADDR + i] = rd8(q.m_dat, request + BP_CHADDR + i);
  }
  m_free(q);
  udp_output(null, m, slirp.vhost_addr, BOOTP_SERVER, INADDR_BROADCAST, BOOTP_CLIENT, IPTOS_LOWDELAY);
}

/**
 * Writes the options of an offer or acknowledgement; `bootp_reply` fills
 * in its type. Leaves out those that do not fit. Returns where they end.
 */
function lease_options(slirp: Slirp, b: Uint8Array): number {
  let p = opt_type(b, BP_OPTIONS, DHCPACK);
  p = opt_addr(b, p, RFC2132_SRV_ID, slirp.vhost_addr);
  p = opt_addr(b, p, RFC1533_NETMASK, slirp.vnetwork_mask);
  if (!slirp.restricted) {
    p = opt_addr(b, p, RFC1533_GATEWAY, slirp.vhost_addr);
    p = opt_addr(b, p, RFC1533_DNS, slirp.vnameserver_addr);
  }
  p = opt_addr(b, p, RFC2132_LEASE_TIME, LEASE_TIME);
  p = opt_string(b, p, RFC1533_HOSTNAME, slirp.client_hostname);
  p = opt_string(b, p, RFC1533_DOMAINNAME, slirp.vdomainname);
  p = opt_string(b, p, RFC2132_TFTP_SERVER_NAME, slirp.tftp_server_name);
  if (slirp.vdnssearch.length > 0 && p + slirp.vdnssearch.length <= BOOTP_LEN - 1) {
    b.set(slirp.vdnssearch, p);
    p += slirp.vdnssearch.length;
  }
  if (slirp.bootp_filename.startsWith('http://')) {
    p = opt_string(b, p, RFC2132_VENDOR_CLASS, 'HTTPClient');
  }
  return p;
}

/**
 * Writes the option with the message's type, the first one. Returns where the next one goes.
 * @nodebug
 */
function opt_type(b: Uint8Array, p: number, type: number): number {
  b[p + DHCP_OPT_TAG] = RFC2132_MSG_TYPE;
  b[p + DHCP_OPT_LEN] = 1;
  b[p + DHCP_OPT_DATA] = type;
  return p + DHCP_OPT_DATA + 1;
}

/**
 * Writes an option with a 32-bit value.
 * @nodebug
 */
function opt_addr(b: Uint8Array, p: number, tag: number, value: number): number {
  const end = p + DHCP_OPT_DATA + IN_ADDR_LEN;
  if (end > BOOTP_LEN - 1) {
    return p;
  }
  b[p + DHCP_OPT_TAG] = tag;
  b[p + DHCP_OPT_LEN] = IN_ADDR_LEN;
  wr32(b, p + DHCP_OPT_DATA, value);
  return end;
}

/**
 * Writes an option with text; empty text leaves it out.
 * @nodebug
 */
function opt_string(b: Uint8Array, p: number, tag: number, value: string): number {
  const end = p + DHCP_OPT_DATA + value.length;
  if (value.length === 0 || value.length > 255 || end > BOOTP_LEN - 1) {
    return p;
  }
  b[p + DHCP_OPT_TAG] = tag;
  b[p + DHCP_OPT_LEN] = value.length;
  put_string(b, p + DHCP_OPT_DATA, value);
  return end;
}
