/**
 * DHCPv6 (libslirp's dhcpv6.c; RFC 8415, 5970): answers information
 * requests with the name server and the boot file's URL.
 */
import { put_string, rd16, wr16 } from '../wire/bytes.ts';
import {
  DHCPV6_MSG_TYPE,
  DHCPV6_OPT_CODE,
  DHCPV6_OPT_DATA,
  DHCPV6_OPT_LEN,
  DHCPV6_OPTIONS,
  DHCPV6_XID,
  MSGTYPE_INFO_REQUEST,
  MSGTYPE_REPLY,
  OPTION_BOOTFILE_URL,
  OPTION_CLIENTID,
  OPTION_DNS_SERVERS,
  OPTION_ORO,
} from '../wire/dhcpv6.ts';
import { IN6_ADDR_LEN, IP6_HLEN } from '../wire/ip6.ts';
import { UDP_HLEN } from '../wire/udp.ts';
import type { Slirp } from './instance.ts';
import { M_IP, m_drop, m_free, m_get, m_inc, type mbuf } from './mbuf.ts';
import { udp6_output } from './udp_output.ts';

/** The port that replies come from: 547 with its bytes swapped, as libslirp has it and guests see it. */
const DHCPV6_REPLY_PORT = 8962;

/** Longest client identifier that is taken. */
const CLIENTID_MAX = 256;

/** What a client asks for. */
class requested_infos {
  /** The client's identifier, as it came; null if there was none. */
  client_id: Uint8Array | null = null;
  want_dns = false;
  want_boot_url = false;
}

/**
 * Reads the options of a request from `p` to `end`; null if they
 * are malformed. An empty option at the very end is not looked at.
 */
function dhcpv6_parse_info_request(b: Uint8Array, start: number, end: number): requested_infos | null {
  const ri = new requested_infos();
  let p = start;
  while (p + DHCPV6_OPT_DATA < end) {
    const option = rd16(b, p + DHCPV6_OPT_CODE);
    const len = rd16(b, p + DHCPV6_OPT_LEN);
    const value = p + DHCPV6_OPT_DATA;
    if (value + len > end) {
      return null;
    }
    if (option === OPTION_CLIENTID) {
      if (len > CLIENTID_MAX) {
        return null;
      }
      ri.client_id = b.slice(value, value + len);
    } else if (option === OPTION_ORO) {
      if (len % 2 !== 0) {
        return null;
      }
      for (let i = 0; i < len; i += 2) {
        const wanted = rd16(b, value + i);
        ri.want_dns ||= wanted === OPTION_DNS_SERVERS;
        ri.want_boot_url ||= wanted === OPTION_BOOTFILE_URL;
      }
    }
    p = value + len;
  }
  return ri;
}

/** The boot file's URL: the gateway's address in full, then the file. */
function boot_url(slirp: Slirp): string {
  const groups: string[] = [];
  for (let i = 0; i < IN6_ADDR_LEN; i += 2) {
    groups.push(rd16(slirp.vhost_addr6, i).toString(16).padStart(4, '0'));
  }
  return `tftp://[${groups.join(':')}]/${slirp.bootp_filename}`;
}

/** Writes an option's number and length; its value goes at the offset that is returned. */
function option_head(b: Uint8Array, p: number, option: number, len: number): number {
  wr16(b, p + DHCPV6_OPT_CODE, option);
  wr16(b, p + DHCPV6_OPT_LEN, len);
  return p + DHCPV6_OPT_DATA;
}

/**
 * Takes a DHCPv6 message from the guest at `src`, port `sport`; `m` begins with the IPv6 header.
 * @packet m
 */
export function dhcpv6_input(m: mbuf, src: Uint8Array, sport: number): void {
  const slirp = m.slirp;
  const b = m.m_dat;
  const at = m.m_data + IP6_HLEN + UDP_HLEN;
  const end = m.m_data + m.m_len;
  if (end - at < DHCPV6_OPTIONS || b[at + DHCPV6_MSG_TYPE] !== MSGTYPE_INFO_REQUEST) {
    m_drop(m, 'DHCP_BAD');
    return;
  }
  const ri = dhcpv6_parse_info_request(b, at + DHCPV6_OPTIONS, end);
  if (!ri) {
    m_drop(m, 'DHCP_BAD');
    return;
  }
  const xid = b.slice(at + DHCPV6_XID, at + DHCPV6_OPTIONS);
  m_free(m);
  dhcpv6_reply(slirp, ri, xid, src, sport);
}

/**
 * Answers an information request.
 * @packet m
 */
function dhcpv6_reply(slirp: Slirp, ri: requested_infos, xid: Uint8Array, dst: Uint8Array, dport: number): void {
  const m = m_get(slirp);
  m.m_data = M_IP + IP6_HLEN + UDP_HLEN;
  m_inc(m, 4 + 4 + 256 + 20 + 64 + slirp.bootp_filename.length);
  const b = m.m_dat;
  let p = m.m_data;
  b[p + DHCPV6_MSG_TYPE] = MSGTYPE_REPLY;
  b.set(xid, p + DHCPV6_XID);
  p += DHCPV6_OPTIONS;
  if (ri.client_id) {
    p = option_head(b, p, OPTION_CLIENTID, ri.client_id.length);
    b.set(ri.client_id, p);
    p += ri.client_id.length;
  }
  if (ri.want_dns) {
    p = option_head(b, p, OPTION_DNS_SERVERS, IN6_ADDR_LEN);
    b.set(slirp.vnameserver_addr6, p);
    p += IN6_ADDR_LEN;
  }
  if (ri.want_boot_url && slirp.bootp_filename !== '') {
    const url = boot_url(slirp);
    p = option_head(b, p, OPTION_BOOTFILE_URL, url.length);
    put_string(b, p, url);
    p += url.length;
  }
  m.m_len = p - m.m_data;
  udp6_output(null, m, slirp.vhost_addr6, DHCPV6_REPLY_PORT, dst, dport, 0);
}
