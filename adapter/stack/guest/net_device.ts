/** Network devices as the kernel knows them (include/linux/netdevice.h). The code for them is in dev.ts. */

import { ETH_DATA_LEN } from '../wire/ethernet.ts';
import type { e1000_adapter } from './e1000_hw.ts';
import type { sk_buff } from './sk_buff.ts';
import { sk_buff_head } from './skb_queue.ts';
/** Packets a device may hold back while its ring is full. */
export const DEFAULT_TX_QUEUE_LEN = 1000;

/** Interface flags, as `ifconfig` shows them. */
export const IFF_UP = 0x1;
export const IFF_LOOPBACK = 0x8;

/** Counters of a device (`struct net_device_stats`). */
export class net_device_stats {
  rx_packets = 0;
  tx_packets = 0;
  rx_bytes = 0;
  tx_bytes = 0;
  rx_errors = 0;
  tx_errors = 0;
  rx_dropped = 0;
  tx_dropped = 0;
}

/** What a driver does for its device (`struct net_device_ops`). */
export interface net_device_ops {
  readonly ndo_start_xmit: (skb: sk_buff, dev: net_device) => void;
}

/** A protocol that takes packets of one Ethernet type (`struct packet_type`). */
export interface packet_type {
  readonly type: number;
  readonly func: (skb: sk_buff) => void;
}

/** A network device. */
export class net_device {
  name: string;
  ifindex = 0;
  flags = 0;
  mtu = ETH_DATA_LEN;
  dev_addr: Uint8Array = new Uint8Array(6);
  broadcast: Uint8Array = new Uint8Array([255, 255, 255, 255, 255, 255]);
  /** IPv4 configuration (`struct in_ifaddr`); 0 while there is none. */
  ifa_address = 0;
  ifa_mask = 0;
  ifa_broadcast = 0;
  /** The link is up (`netif_carrier_ok`). */
  carrier = false;
  /** The driver has no descriptor left (`netif_queue_stopped`). */
  queue_stopped = false;
  /** Packets that wait for the driver. */
  qdisc: sk_buff_head = new sk_buff_head();
  stats: net_device_stats = new net_device_stats();
  irq = 0;
  base_addr = 0;
  /** The driver's functions; null while there is no driver, and for the loopback device. */
  netdev_ops: net_device_ops | null = null;
  priv: e1000_adapter | null = null;
  constructor(name: string) {
    this.name = name;
  }
}

/** A device's place in the receive poll list. */
export class napi_struct {
  readonly dev: net_device;
  /** Receives up to `budget` packets, and returns how many there were. */
  readonly poll: (napi: napi_struct, budget: number) => number;
  scheduled = false;
  weight = 64;
  constructor(dev: net_device, poll: (napi: napi_struct, budget: number) => number) {
    this.dev = dev;
    this.poll = poll;
  }
}

/** Per-CPU receive state: devices to poll, and packets looped back. */
export class softnet_data {
  poll_list: napi_struct[] = [];
  input_pkt_queue: sk_buff_head = new sk_buff_head();
}
