/** Network settings and tables (include/net/net_namespace.h, inet_hashtables.h, inet_frag.h). */
import type { neighbour } from './arp.ts';
import type { e1000_adapter } from './e1000_hw.ts';
import type { sock } from './inet_sock.ts';
import type { ipq } from './ip_fragment.ts';
import { net_device, type packet_type, softnet_data } from './net_device.ts';
import type { sk_buff } from './sk_buff.ts';
import type { tcp_sock } from './tcp_sock.ts';

/** All sockets by what packets carry. */
export class inet_hashinfo {
  /** Connections: by own and other port; those with the same ports are chained by `hash_next`. */
  ehash: Map<number, tcp_sock> = new Map();
  /** Listening sockets by port. */
  lhash: Map<number, tcp_sock> = new Map();
  udp: Map<number, sock> = new Map();
  ping: Map<number, sock> = new Map();
  /** Connections in TIME_WAIT, oldest first. */
  tw: tcp_sock[] = [];
}

/** What a protocol over IP does with datagrams, and with ICMP errors about those it sent (`struct net_protocol`). */
export interface net_protocol {
  readonly handler: (skb: sk_buff) => void;
  /** `skb` is the error; the datagram that it quotes has its IP header at `ip` and its transport header at `th`. */
  readonly err_handler: (skb: sk_buff, ip: number, th: number, err: number) => void;
}

/** All datagrams that are being put together, oldest first. */
export class ip4_frags {
  queues: ipq[] = [];
}

/** Network settings and tables (`struct net`). */
export class net {
  lo: net_device = new net_device('lo');
  /** Every network card that a driver was found for, in order of its PCI slot. */
  devs: net_device[] = [];
  adapters: e1000_adapter[] = [];
  /** The default route's gateway, or 0. */
  gateway = 0;
  /** The name server, or 0. */
  nameserver = 0;
  neighbours: neighbour[] = [];
  inet: inet_hashinfo = new inet_hashinfo();
  frags: ip4_frags = new ip4_frags();
  softnet: softnet_data = new softnet_data();
  /** Who takes packets, by their Ethernet type. */
  ptype_base: packet_type[] = [];
  /** Who takes datagrams, by their IP protocol. */
  inet_protos: (net_protocol | null)[] = new Array(256).fill(null);
  /** Identification of the next IP packet. */
  ip_ident = 1;
}
