/** Neighbor solicitations that slirp sends to find the guest (libslirp's `ndp_send_ns`; RFC 4861, section 4.3). */
import {
  ICMP6_NDP_NS,
  ND_NS_HLEN,
  ND_NS_TARGET,
  ND_OPT_LINKADDR,
  ND_OPT_LINKADDR_HLEN,
  ND_OPT_SOURCE_LINKADDR,
  ndp_option,
} from '../wire/icmp6.ts';
import { IP6_HLEN } from '../wire/ip6.ts';
import { slirp_ethaddr6 } from './ethaddr.ts';
import { icmp6_finish, icmp6_packet } from './icmp6_packet.ts';
import type { Slirp } from './instance.ts';
import { in6_solicited_node } from './ip6.ts';
import { ip6_output } from './ip6_output.ts';
import { M_IP } from './mbuf.ts';

/**
 * Asks for the MAC address of `addr` (16 bytes) from the gateway.
 * @packet m
 */
export function ndp_send_ns(slirp: Slirp, addr: Uint8Array): void {
  const m = icmp6_packet(
    slirp,
    ICMP6_NDP_NS,
    0,
    ND_NS_HLEN + ND_OPT_LINKADDR_HLEN,
    slirp.vhost_addr6,
    in6_solicited_node(addr),
  );
  const ns = M_IP + IP6_HLEN;
  m.m_dat.set(addr, ns + ND_NS_TARGET);
  ndp_option(m.m_dat, ns + ND_NS_HLEN, ND_OPT_SOURCE_LINKADDR, ND_OPT_LINKADDR_HLEN);
  slirp_ethaddr6(m.m_dat, ns + ND_NS_HLEN + ND_OPT_LINKADDR, slirp.vhost_addr6, 0);
  icmp6_finish(m);
  ip6_output(null, m);
}
