/** The protocols that the guest speaks, and who takes their packets (net/ipv4/af_inet.c). */

import { ETH_P_ARP, ETH_P_IP } from '../wire/ethernet.ts';
import { IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP } from '../wire/ip.ts';
import { arp_rcv } from './arp.ts';
import { dev_add_pack } from './dev.ts';
import { icmp_rcv, ping_v4_err } from './icmp.ts';
import { ip_rcv } from './ip_input.ts';
import { guest_os } from './kernel.ts';
import type { packet_type } from './net_device.ts';
import type { net_protocol } from './net_namespace.ts';
import { tcp_v4_err, tcp_v4_rcv } from './tcp_ipv4.ts';
import { udp_err, udp_rcv } from './udp.ts';

const ip_packet_type: packet_type = { type: ETH_P_IP, func: ip_rcv };
const arp_packet_type: packet_type = { type: ETH_P_ARP, func: arp_rcv };

const icmp_protocol: net_protocol = { handler: icmp_rcv, err_handler: ping_v4_err };
const tcp_protocol: net_protocol = { handler: tcp_v4_rcv, err_handler: tcp_v4_err };
const udp_protocol: net_protocol = { handler: udp_rcv, err_handler: udp_err };

/** Registers the protocol of an IP protocol number. */
function inet_add_protocol(prot: net_protocol, protocol: number): void {
  guest_os().net.inet_protos[protocol] = prot;
}

/** Registers ARP, IP and what runs over it. */
export function inet_init(): void {
  inet_add_protocol(icmp_protocol, IPPROTO_ICMP);
  inet_add_protocol(udp_protocol, IPPROTO_UDP);
  inet_add_protocol(tcp_protocol, IPPROTO_TCP);
  dev_add_pack(ip_packet_type);
  dev_add_pack(arp_packet_type);
}
