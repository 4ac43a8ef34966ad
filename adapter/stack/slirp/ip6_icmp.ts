/** ICMPv6 and neighbor discovery (libslirp's ip6_icmp.c; RFC 4443, 4861, 8106). */
import { AF_INET6 } from '../util/host.ts';
import { NO_ADDR } from '../util/sockets.ts';
import { QEMU_CLOCK_VIRTUAL, timer_del, timer_mod, timer_new_ns } from '../util/timer.ts';
import { rd8, wr16, wr32 } from '../wire/bytes.ts';
import { ETH_ALEN } from '../wire/ethernet.ts';
import {
  ICMP6_CODE,
  ICMP6_DATA,
  ICMP6_ECHO_REPLY,
  ICMP6_ECHO_REQUEST,
  ICMP6_ERROR_HLEN,
  ICMP6_MINLEN,
  ICMP6_MTU,
  ICMP6_NDP_NA,
  ICMP6_NDP_NS,
  ICMP6_NDP_RA,
  ICMP6_NDP_RS,
  ICMP6_TOOBIG,
  ICMP6_TYPE,
  ICMP6_UNREACH,
  ICMP6_UNREACH_ADDRESS,
  ICMP6_UNREACH_NO_ROUTE,
  ICMP6_UNREACH_PORT,
  ND_NA_FLAG_OVERRIDE,
  ND_NA_FLAG_ROUTER,
  ND_NA_FLAG_SOLICITED,
  ND_NA_FLAGS,
  ND_NA_HLEN,
  ND_NA_TARGET,
  ND_NS_HLEN,
  ND_NS_TARGET,
  ND_OPT_LINKADDR,
  ND_OPT_LINKADDR_HLEN,
  ND_OPT_PI_FLAG_AUTO,
  ND_OPT_PI_FLAG_ONLINK,
  ND_OPT_PI_FLAGS,
  ND_OPT_PI_HLEN,
  ND_OPT_PI_PREFERRED_TIME,
  ND_OPT_PI_PREFIX,
  ND_OPT_PI_PREFIX_LEN,
  ND_OPT_PI_VALID_TIME,
  ND_OPT_PREFIX_INFORMATION,
  ND_OPT_RDNSS,
  ND_OPT_RDNSS_ADDR,
  ND_OPT_RDNSS_HLEN,
  ND_OPT_RDNSS_LIFETIME,
  ND_OPT_SOURCE_LINKADDR,
  ND_OPT_TARGET_LINKADDR,
  ND_RA_CURHOPLIMIT,
  ND_RA_HLEN,
  ND_RA_ROUTER_LIFETIME,
  ND_RS_HLEN,
  ndp_option,
} from '../wire/icmp6.ts';
import { IPDEFTTL, IPPROTO_ICMPV6, MAXTTL } from '../wire/ip.ts';
import { IP6_DST, IP6_HLEN, IP6_HLIM, IP6_SRC } from '../wire/ip6.ts';
import { ip6_pseudo_cksum } from './cksum.ts';
import { slirp_ethaddr6 } from './ethaddr.ts';
import { g_rand_int_range } from './grand.ts';
import { icmp6_finish, icmp6_packet } from './icmp6_packet.ts';
import { type Slirp, slirp_update_time } from './instance.ts';
import { in6_all_nodes, in6_is_solicited_node, in6_linklocal, in6_multicast, in6_unspecified } from './ip6.ts';
import { ip6_output } from './ip6_output.ts';
import { M_ETH, M_IP, m_drop, m_free, type mbuf } from './mbuf.ts';
import { ndp_table_add } from './ndp_table.ts';
import { in6_equal } from './solist.ts';
import { get_dns_addr } from './sotranslate.ts';

/** Router advertisements come at random intervals between these, in milliseconds. */
const NDP_MIN_RA_INTERVAL = 200000;
const NDP_MAX_RA_INTERVAL = 600000;

/**
 * Lifetimes that are advertised, seconds; that of the name server
 * is libslirp's, twice the interval above in milliseconds.
 */
const ADV_DEFAULT_LIFETIME = 1800;
const ADV_VALID_LIFETIME = 86400;
const ADV_PREF_LIFETIME = 14400;
const RDNSS_LIFETIME = 2 * NDP_MAX_RA_INTERVAL;

/** Starts the timer of the router advertisements. */
export function icmp6_init(slirp: Slirp): void {
  if (!slirp.in6_enabled) {
    return;
  }
  slirp.ra_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, ra_timer_handler, slirp);
  ra_timer_arm(slirp);
}

/** Stops it. */
export function icmp6_cleanup(slirp: Slirp): void {
  if (slirp.ra_timer) {
    timer_del(slirp.ra_timer);
    slirp.ra_timer = null;
  }
}

/** Sets the timer to a random time from now. */
function ra_timer_arm(slirp: Slirp): void {
  const ms = g_rand_int_range(slirp.grand, NDP_MIN_RA_INTERVAL, NDP_MAX_RA_INTERVAL);
  timer_mod(slirp.ra_timer!, slirp.curtime + ms);
}

/** Time for an unsolicited router advertisement. */
export function ra_timer_handler(slirp: Slirp): void {
  slirp_update_time(slirp);
  ra_timer_arm(slirp);
  ndp_send_ra(slirp);
}

/**
 * Takes an ICMPv6 message from the guest.
 * @packet m
 */
export function icmp6_input(m: mbuf): void {
  const slirp = m.slirp;
  const b = m.m_dat;
  const icp = m.m_data + IP6_HLEN;
  const len = m.m_len - IP6_HLEN;
  if (len < ICMP6_MINLEN) {
    m_drop(m, 'ICMP_SHORT');
    return;
  }
  if (ip6_pseudo_cksum(m, m.m_data, IPPROTO_ICMPV6, icp, len) !== 0) {
    m_drop(m, 'ICMP_CSUM');
    return;
  }
  switch (b[icp + ICMP6_TYPE]) {
    case ICMP6_ECHO_REQUEST:
      if (ip6_is_ours(slirp, b.subarray(m.m_data + IP6_DST, m.m_data + IP6_HLEN))) {
        icmp6_send_echoreply(m);
      } else {
        m_drop(m, 'ICMP_TYPE');
      }
      break;
    case ICMP6_NDP_RS:
    case ICMP6_NDP_RA:
    case ICMP6_NDP_NS:
    case ICMP6_NDP_NA:
      ndp_input(m, len);
      break;
    default:
      m_drop(m, 'ICMP_TYPE');
  }
}

/** True for slirp's own addresses: gateway and name server, fe80::2 and fe80::3. */
function ip6_is_ours(slirp: Slirp, a: Uint8Array): boolean {
  return (
    in6_equal(a, slirp.vhost_addr6) ||
    in6_equal(a, slirp.vnameserver_addr6) ||
    in6_equal(a, in6_linklocal(2)) ||
    in6_equal(a, in6_linklocal(3))
  );
}

/**
 * Answers an echo request; a code comes back as it was.
 * @packet m
 */
function icmp6_send_echoreply(m: mbuf): void {
  const b = m.m_dat;
  const src = b.slice(m.m_data + IP6_SRC, m.m_data + IP6_DST);
  const dst = b.slice(m.m_data + IP6_DST, m.m_data + IP6_HLEN);
  const len = m.m_len - IP6_HLEN;
  const r = icmp6_packet(m.slirp, ICMP6_ECHO_REPLY, rd8(b, m.m_data + IP6_HLEN + ICMP6_CODE), len, dst, src);
  r.m_dat.set(b.subarray(m.m_data + IP6_HLEN + ICMP6_DATA, m.m_data + m.m_len), M_IP + IP6_HLEN + ICMP6_DATA);
  m_free(m);
  icmp6_finish(r);
  ip6_output(null, r);
}

/**
 * Sends an ICMPv6 error about the packet `m`, from fe80::2; `m` is left as it is.
 * @packet m
 */
export function icmp6_send_error(m: mbuf, type: number, code: number): void {
  icmp6_forward(m, type, code, in6_linklocal(2));
}

/**
 * An error of a host socket as an ICMPv6 message about the last datagram, from the host that refused it.
 * @packet m
 */
export function icmp6_forward_error(m: mbuf, errno: string, src: Uint8Array): void {
  const code =
    errno === 'EHOSTUNREACH'
      ? ICMP6_UNREACH_ADDRESS
      : errno === 'ENETUNREACH'
        ? ICMP6_UNREACH_NO_ROUTE
        : ICMP6_UNREACH_PORT;
  icmp6_forward(m, ICMP6_UNREACH, code, src);
}

/**
 * Sends an ICMPv6 error with as much of the packet `m` as fits the MTU,
 * from `src`. What is not one host gets none (RFC 4443, section 2.4).
 * @packet m
 */
function icmp6_forward(m: mbuf, type: number, code: number, src: Uint8Array): void {
  const b = m.m_dat;
  const ip = m.m_data;
  const dst = b.slice(ip + IP6_SRC, ip + IP6_DST);
  if (in6_multicast(dst) || in6_unspecified(dst)) {
    return;
  }
  const quote = Math.min(m.m_len, m.slirp.if_mtu - IP6_HLEN - ICMP6_ERROR_HLEN);
  const r = icmp6_packet(m.slirp, type, code, ICMP6_ERROR_HLEN + quote, src, dst);
  if (type === ICMP6_TOOBIG) {
    wr32(r.m_dat, M_IP + IP6_HLEN + ICMP6_MTU, m.slirp.if_mtu);
  }
  r.m_dat.set(b.subarray(ip, ip + quote), M_IP + IP6_HLEN + ICMP6_ERROR_HLEN);
  icmp6_finish(r);
  ip6_output(null, r);
}

/**
 * Sends a router advertisement to all nodes (RFC 4861, section 4.2; RFC 8106).
 * @packet m
 */
export function ndp_send_ra(slirp: Slirp): void {
  const dns = get_dns_addr(AF_INET6) !== NO_ADDR;
  const source = ND_RA_HLEN;
  const prefix = source + ND_OPT_LINKADDR_HLEN;
  const rdnss = prefix + ND_OPT_PI_HLEN;
  const len = rdnss + (dns ? ND_OPT_RDNSS_HLEN : 0);
  const m = icmp6_packet(slirp, ICMP6_NDP_RA, 0, len, in6_linklocal(2), in6_all_nodes());
  const b = m.m_dat;
  const ra = M_IP + IP6_HLEN;
  b[ra + ND_RA_CURHOPLIMIT] = IPDEFTTL;
  wr16(b, ra + ND_RA_ROUTER_LIFETIME, ADV_DEFAULT_LIFETIME);
  ndp_option(b, ra + source, ND_OPT_SOURCE_LINKADDR, ND_OPT_LINKADDR_HLEN);
  slirp_ethaddr6(b, ra + source + ND_OPT_LINKADDR, in6_linklocal(2), 0);
  const pi = ra + prefix;
  ndp_option(b, pi, ND_OPT_PREFIX_INFORMATION, ND_OPT_PI_HLEN);
  b[pi + ND_OPT_PI_PREFIX_LEN] = slirp.vprefix_len;
  b[pi + ND_OPT_PI_FLAGS] = ND_OPT_PI_FLAG_ONLINK | ND_OPT_PI_FLAG_AUTO;
  wr32(b, pi + ND_OPT_PI_VALID_TIME, ADV_VALID_LIFETIME);
  wr32(b, pi + ND_OPT_PI_PREFERRED_TIME, ADV_PREF_LIFETIME);
  b.set(slirp.vprefix_addr6, pi + ND_OPT_PI_PREFIX);
  if (dns) {
    const ns = ra + rdnss;
    ndp_option(b, ns, ND_OPT_RDNSS, ND_OPT_RDNSS_HLEN);
    wr32(b, ns + ND_OPT_RDNSS_LIFETIME, RDNSS_LIFETIME);
    b.set(slirp.vnameserver_addr6, ns + ND_OPT_RDNSS_ADDR);
  }
  icmp6_finish(m);
  ip6_output(null, m);
}

/**
 * Answers a neighbor solicitation for one of slirp's addresses (RFC 4861, section 4.4).
 * @packet m
 */
function ndp_send_na(slirp: Slirp, m: mbuf): void {
  const src = m.m_dat.slice(m.m_data + IP6_SRC, m.m_data + IP6_DST);
  const target = m.m_dat.slice(m.m_data + IP6_HLEN + ND_NS_TARGET, m.m_data + IP6_HLEN + ND_NS_HLEN);
  const dst = in6_unspecified(src) ? in6_all_nodes() : src;
  const r = icmp6_packet(slirp, ICMP6_NDP_NA, 0, ND_NA_HLEN + ND_OPT_LINKADDR_HLEN, target, dst);
  const na = M_IP + IP6_HLEN;
  // Router and override; solicited unless the guest only checks whether the address is free.
  const solicited = in6_multicast(dst) ? 0 : ND_NA_FLAG_SOLICITED;
  r.m_dat[na + ND_NA_FLAGS] = ND_NA_FLAG_ROUTER | ND_NA_FLAG_OVERRIDE | solicited;
  r.m_dat.set(target, na + ND_NA_TARGET);
  ndp_option(r.m_dat, na + ND_NA_HLEN, ND_OPT_TARGET_LINKADDR, ND_OPT_LINKADDR_HLEN);
  slirp_ethaddr6(r.m_dat, na + ND_NA_HLEN + ND_OPT_LINKADDR, target, 0);
  icmp6_finish(r);
  ip6_output(null, r);
}

/**
 * Takes a neighbor discovery message from the guest. It has to come from the link, that is with hop limit 255.
 * @packet m
 */
export function ndp_input(m: mbuf, len: number): void {
  const slirp = m.slirp;
  const b = m.m_dat;
  const ip = m.m_data;
  const icp = ip + IP6_HLEN;
  if (b[ip + IP6_HLIM] !== MAXTTL || b[icp + ICMP6_CODE] !== 0) {
    m_drop(m, 'NDP_BAD');
    return;
  }
  const src = b.slice(ip + IP6_SRC, ip + IP6_DST);
  const mac = b.slice(M_ETH + ETH_ALEN, M_ETH + 2 * ETH_ALEN);
  switch (b[icp + ICMP6_TYPE]) {
    case ICMP6_NDP_RS:
      if (len < ND_RS_HLEN) {
        m_drop(m, 'NDP_BAD');
        return;
      }
      ndp_table_add(slirp, src, mac);
      m_free(m);
      ndp_send_ra(slirp);
      return;
    case ICMP6_NDP_NS:
      ndp_input_ns(slirp, m, len, src, mac);
      return;
    case ICMP6_NDP_NA: {
      const dst = b.subarray(ip + IP6_DST, ip + IP6_HLEN);
      const target = b.subarray(icp + ND_NA_TARGET, icp + ND_NA_HLEN);
      const solicited = (rd8(b, icp + ND_NA_FLAGS) & ND_NA_FLAG_SOLICITED) !== 0;
      if (len < ND_NA_HLEN || in6_multicast(target) || (in6_multicast(dst) && solicited)) {
        m_drop(m, 'NDP_BAD');
        return;
      }
      ndp_table_add(slirp, src, mac);
      m_free(m);
      return;
    }
    default:
      // A router's advertisement: there is one router, slirp.
      m_drop(m, 'ICMP_TYPE');
  }
}

/**
 * A neighbor solicitation: answers it if it is for one of slirp's addresses.
 * @packet m
 */
function ndp_input_ns(slirp: Slirp, m: mbuf, len: number, src: Uint8Array, mac: Uint8Array): void {
  const b = m.m_dat;
  const icp = m.m_data + IP6_HLEN;
  const target = b.subarray(icp + ND_NS_TARGET, icp + ND_NS_HLEN);
  const solicited = in6_is_solicited_node(b.subarray(m.m_data + IP6_DST, m.m_data + IP6_HLEN));
  if (len < ND_NS_HLEN || in6_multicast(target) || (in6_unspecified(src) && !solicited)) {
    m_drop(m, 'NDP_BAD');
    return;
  }
  if (!ip6_is_ours(slirp, target)) {
    m_drop(m, 'NDP_NOT_OURS');
    return;
  }
  ndp_table_add(slirp, src, mac);
  ndp_send_na(slirp, m);
  m_free(m);
}
