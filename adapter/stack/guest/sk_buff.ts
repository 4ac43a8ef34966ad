/** A packet as the kernel holds it (include/linux/skbuff.h). The code for it is in skbuff.ts. */

import { machine } from '../softmmu/machine.ts';
import type { net_device } from './net_device.ts';

/** For whom a received frame is: this host, everybody, a group, another host. */
export const PACKET_HOST = 0;
export const PACKET_BROADCAST = 1;
export const PACKET_MULTICAST = 2;
export const PACKET_OTHERHOST = 3;

/** A buffer in guest RAM that one or more `sk_buff` point into. */
export class skb_shared_info {
  /** Physical address of its first byte. */
  readonly pa: number;
  readonly size: number;
  /** How many `sk_buff` use it. */
  dataref = 0;
  constructor(pa: number, size: number) {
    this.pa = pa;
    this.size = size;
  }
}

/** A packet. */
export class sk_buff {
  /** Guest RAM; the addresses below index it. */
  head: Uint8Array = machine.ram;
  /** Address of the first byte of the current layer. */
  data = 0;
  /** Bytes from `data` on. */
  len = 0;
  /** Address behind the buffer. */
  end = 0;
  /** Addresses of the headers, or -1 while they are not there (or not looked at yet). */
  mac_header = -1;
  network_header = -1;
  transport_header = -1;
  /** Ethernet type, such as 0x0800. */
  protocol = 0;
  pkt_type = PACKET_HOST;
  dev: net_device | null = null;
  /** IP addresses and next hop: of the packet received, or to send to. */
  saddr = 0;
  daddr = 0;
  nexthop = 0;
  /**
   * `TCP_SKB_CB`: sequence numbers of the first byte and behind the last (SYN and FIN count), flags, time of the last
   * transmission.
   */
  seq = 0;
  end_seq = 0;
  ack_seq = 0;
  tcp_flags = 0;
  tstamp = 0;
  /** Lost by the last time-out, and sent again since. */
  lost = false;
  retransmitted = false;
  /** UDP and ping sockets: the sender's port, and the time to live. */
  sport = 0;
  ttl = 0;
  shinfo: skb_shared_info | null = null;
  next: sk_buff | null = null;
}

/** The packet allocator: buffers are cut from RAM once and then reused. */
export class skb_cache {
  small: skb_shared_info[] = [];
  large: skb_shared_info[] = [];
  skbs: sk_buff[] = [];
}
