/** Network devices: queueing to send, NAPI and the protocol switch to receive (net/core/dev.c). */

import { drop_nothing } from '../util/drop.ts';
import { rd16 } from '../wire/bytes.ts';
import {
  ETH_DHOST,
  ETH_HLEN,
  ETH_P_IP,
  ETH_TYPE,
  ether_addr_equal,
  is_broadcast_ether_addr,
  is_multicast_ether_addr,
} from '../wire/ethernet.ts';
import { guest_os } from './kernel.ts';
import {
  DEFAULT_TX_QUEUE_LEN,
  IFF_LOOPBACK,
  IFF_UP,
  type napi_struct,
  type net_device,
  type packet_type,
  type softnet_data,
} from './net_device.ts';
import { PACKET_BROADCAST, PACKET_HOST, PACKET_MULTICAST, PACKET_OTHERHOST, type sk_buff } from './sk_buff.ts';
import { skb_dequeue, skb_queue_tail } from './skb_queue.ts';
import { kfree_skb, kfree_skb_reason, skb_copy, skb_pull } from './skbuff.ts';

/** Asks for the device to be polled (from its interrupt handler). */
export function __napi_schedule(napi: napi_struct): void {
  if (!napi.scheduled) {
    napi.scheduled = true;
    guest_os().net.softnet.poll_list.push(napi);
  }
}

/** The device has nothing more to receive. */
export function napi_complete_done(napi: napi_struct): void {
  napi.scheduled = false;
}

/** The NET_RX_SOFTIRQ: polls the devices that asked for it, once each, then what was looped back. */
export function net_rx_action(): void {
  const sd = guest_os().net.softnet;
  for (let n = sd.poll_list.length; n > 0; n--) {
    const napi = sd.poll_list.shift()!;
    const work = napi.poll(napi, napi.weight);
    if (work >= napi.weight && napi.scheduled) {
      sd.poll_list.push(napi);
    }
  }
  if (sd.input_pkt_queue.qlen > 0) {
    process_backlog(sd, 64);
  }
}

/**
 * True while `net_rx_action` has something to do.
 * @nodebug
 */
export function net_rx_pending(): boolean {
  const sd = guest_os().net.softnet;
  return sd.poll_list.length > 0 || sd.input_pkt_queue.qlen > 0;
}

/**
 * Hands looped back packets to the protocols, at most `quota`.
 * @packet skb
 */
export function process_backlog(sd: softnet_data, quota: number): void {
  for (let i = 0; i < quota; i++) {
    const skb = skb_dequeue(sd.input_pkt_queue);
    if (!skb) {
      return;
    }
    netif_receive_skb(skb);
  }
}

/**
 * Ethernet header of a received frame: sets its type and for whom it is, and takes the header off.
 * @packet skb
 */
export function eth_type_trans(skb: sk_buff, dev: net_device): number {
  const b = skb.head;
  skb.dev = dev;
  skb.mac_header = skb.data;
  const p = skb.data;
  skb_pull(skb, ETH_HLEN);
  if (is_multicast_ether_addr(b, p + ETH_DHOST)) {
    skb.pkt_type = is_broadcast_ether_addr(b, p + ETH_DHOST) ? PACKET_BROADCAST : PACKET_MULTICAST;
  } else {
    skb.pkt_type = ether_addr_equal(b, p + ETH_DHOST, dev.dev_addr) ? PACKET_HOST : PACKET_OTHERHOST;
  }
  return rd16(b, p + ETH_TYPE);
}

/**
 * A received packet enters the stack.
 * @packet skb
 */
export function netif_receive_skb(skb: sk_buff): void {
  skb.network_header = skb.data;
  __netif_receive_skb_core(skb);
}

/**
 * Gives a packet to the handler of its Ethernet type.
 * @packet skb
 */
export function __netif_receive_skb_core(skb: sk_buff): void {
  if (skb.pkt_type === PACKET_OTHERHOST) {
    kfree_skb_reason(skb, 'GUEST_NOT_OURS');
    return;
  }
  for (const pt of guest_os().net.ptype_base) {
    if (pt.type === skb.protocol) {
      pt.func(skb);
      return;
    }
  }
  kfree_skb_reason(skb, 'ETH_TYPE');
}

/** Registers the handler of an Ethernet type. */
export function dev_add_pack(pt: packet_type): void {
  guest_os().net.ptype_base.push(pt);
}

/**
 * Queues a finished frame to a device and sends what the driver takes.
 * @packet skb
 */
export function dev_queue_xmit(skb: sk_buff, dev: net_device): void {
  skb.dev = dev;
  if (dev.flags & IFF_LOOPBACK) {
    loopback_xmit(skb, dev);
    return;
  }
  if (!dev.carrier || !(dev.flags & IFF_UP)) {
    dev.stats.tx_dropped++;
    kfree_skb_reason(skb, 'LINK_DOWN');
    return;
  }
  if (dev.qdisc.qlen >= DEFAULT_TX_QUEUE_LEN) {
    dev.stats.tx_dropped++;
    kfree_skb_reason(skb, 'QUEUE_FULL');
    return;
  }
  if (dev.qdisc.qlen === 0 && !dev.queue_stopped) {
    dev_hard_start_xmit(skb, dev);
    return;
  }
  skb_queue_tail(dev.qdisc, skb);
  __qdisc_run(dev);
}

/**
 * Sends queued frames until the driver has no room.
 * @packet skb
 */
export function __qdisc_run(dev: net_device): void {
  while (!dev.queue_stopped) {
    const skb = skb_dequeue(dev.qdisc);
    if (!skb) {
      return;
    }
    dev_hard_start_xmit(skb, dev);
  }
}

/**
 * Hands a frame to the driver.
 * @packet skb
 */
export function dev_hard_start_xmit(skb: sk_buff, dev: net_device): void {
  if (!dev.netdev_ops) {
    dev.stats.tx_dropped++;
    kfree_skb_reason(skb, 'LINK_DOWN');
    return;
  }
  dev.netdev_ops.ndo_start_xmit(skb, dev);
}

/**
 * The loopback device: what is sent comes back in the next softirq, as a copy, since the sender may keep the packet.
 * @packet skb
 */
export function loopback_xmit(skb: sk_buff, dev: net_device): void {
  dev.stats.tx_packets++;
  dev.stats.tx_bytes += skb.len;
  const copy = skb_copy(skb);
  kfree_skb(skb);
  if (!copy) {
    dev.stats.rx_dropped++;
    drop_nothing('GUEST_NO_MEMORY');
    return;
  }
  copy.dev = dev;
  copy.pkt_type = PACKET_HOST;
  dev.stats.rx_packets++;
  dev.stats.rx_bytes += copy.len;
  netif_rx(copy);
}

/**
 * Queues a packet to the softirq; the loopback device has no Ethernet header.
 * @packet skb
 */
export function netif_rx(skb: sk_buff): void {
  const q = guest_os().net.softnet.input_pkt_queue;
  if (q.qlen >= DEFAULT_TX_QUEUE_LEN) {
    kfree_skb_reason(skb, 'QUEUE_FULL');
    return;
  }
  skb.protocol = ETH_P_IP;
  skb_queue_tail(q, skb);
}
