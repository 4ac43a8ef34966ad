/**
 * The e1000 driver's data path: interrupt, NAPI poll, receive and transmit rings (e1000_main.c; manual, 3.2 and 3.3).
 */

import { cpu_get_ns } from '../softmmu/cpus.ts';
import { ETH_HLEN } from '../wire/ethernet.ts';
import { __napi_schedule, __qdisc_run, eth_type_trans, napi_complete_done, netif_receive_skb } from './dev.ts';
import {
  DESC_ADDR_HIGH,
  DESC_ADDR_LOW,
  DESC_LOWER,
  DESC_UPPER,
  E1000_DESC_SIZE,
  E1000_ICR,
  E1000_ICR_LSC,
  E1000_RDT,
  E1000_RXD_ERR_FRAME_ERR_MASK,
  E1000_RXD_STAT_DD,
  E1000_RXD_STAT_EOP,
  E1000_TDT,
  E1000_TXD_CMD_EOP,
  E1000_TXD_CMD_IFCS,
  E1000_TXD_CMD_RS,
  E1000_TXD_STAT_DD,
  type e1000_adapter,
  e1000_irq_disable,
  e1000_irq_enable,
  e1000_max_frame,
  readl,
  writel,
} from './e1000_hw.ts';
import { guest_os } from './kernel.ts';
import type { napi_struct, net_device } from './net_device.ts';
import type { sk_buff } from './sk_buff.ts';
import { alloc_skb, kfree_skb, kfree_skb_reason, NET_IP_ALIGN, skb_put } from './skbuff.ts';
import { mod_timer } from './timer.ts';

/** Bytes the NIC may write into a receive buffer: the longest frame it accepts, with its FCS and a VLAN tag. */
const E1000_RXBUFFER = 1526;
/** The NIC counts the frame check sequence. */
const ETH_FCS_LEN = 4;
/** Receive buffers are given back in steps of this many, as each write of RDT costs. */
const E1000_RX_BUFFER_WRITE = 16;

/**
 * The interrupt handler: reads (and so clears) the causes, masks the NIC and leaves the work to the poll. Returns false
 * if it was not ours.
 */
export function e1000_intr(adapter: e1000_adapter): boolean {
  const icr = readl(adapter, E1000_ICR);
  if (icr === 0) {
    return false;
  }
  if (icr & E1000_ICR_LSC) {
    mod_timer(adapter.watchdog_task, cpu_get_ns());
  }
  e1000_irq_disable(adapter);
  __napi_schedule(adapter.napi);
  return true;
}

/**
 * NAPI poll: cleans both rings, at most `budget` received frames. Unmasks interrupts once there is less than that to
 * do.
 */
export function e1000_clean(napi: napi_struct, budget: number): number {
  const adapter = napi.dev.priv!;
  e1000_clean_tx_irq(adapter);
  const work_done = e1000_clean_rx_irq(adapter, budget);
  if (work_done < budget) {
    napi_complete_done(napi);
    e1000_irq_enable(adapter);
  }
  return work_done;
}

/**
 * Frees the packets that the NIC has sent, and lets the queue go on.
 * @packet skb
 */
export function e1000_clean_tx_irq(adapter: e1000_adapter): void {
  const { ram32 } = guest_os();
  const ring = adapter.tx_ring;
  let i = ring.next_to_clean;
  while (i !== ring.next_to_use) {
    const desc = (ring.dma + i * E1000_DESC_SIZE) >> 2;
    if (!(ram32[desc + DESC_UPPER]! & E1000_TXD_STAT_DD)) {
      break;
    }
    const skb = ring.buffer_info[i];
    if (skb) {
      kfree_skb(skb);
      ring.buffer_info[i] = null;
    }
    i = i + 1 === ring.count ? 0 : i + 1;
  }
  ring.next_to_clean = i;
  if (adapter.netdev.queue_stopped && e1000_desc_unused(adapter) > 0) {
    adapter.netdev.queue_stopped = false;
    __qdisc_run(adapter.netdev);
  }
}

/**
 * Descriptors of the transmit ring that are free; one stays empty so that head = tail means empty.
 * @nodebug
 */
function e1000_desc_unused(adapter: e1000_adapter): number {
  const ring = adapter.tx_ring;
  return (ring.next_to_clean - ring.next_to_use - 1 + ring.count) % ring.count;
}

/**
 * Takes the frames that the NIC has written out of the ring and hands them up, at most `budget`. Returns how many there
 * were.
 * @packet skb
 */
export function e1000_clean_rx_irq(adapter: e1000_adapter, budget: number): number {
  const { ram32 } = guest_os();
  const ring = adapter.rx_ring;
  let work_done = 0;
  let cleaned = 0;
  while (work_done < budget) {
    const desc = (ring.dma + ring.next_to_clean * E1000_DESC_SIZE) >> 2;
    const staterr = ram32[desc + DESC_UPPER]!;
    const skb = ring.buffer_info[ring.next_to_clean];
    if (!(staterr & E1000_RXD_STAT_DD) || !skb) {
      break;
    }
    ring.buffer_info[ring.next_to_clean] = null;
    const length = Math.max(0, (ram32[desc + DESC_LOWER]! & 0xffff) - ETH_FCS_LEN);
    ram32[desc + DESC_UPPER] = 0;
    ring.next_to_clean = ring.next_to_clean + 1 === ring.count ? 0 : ring.next_to_clean + 1;
    work_done++;
    e1000_receive_skb(adapter, skb, staterr, length);
    if (++cleaned >= E1000_RX_BUFFER_WRITE) {
      e1000_alloc_rx_buffers(adapter);
      cleaned = 0;
    }
  }
  if (cleaned > 0) {
    e1000_alloc_rx_buffers(adapter);
  }
  return work_done;
}

/**
 * Hands a received frame to the stack, unless the NIC has marked it bad. `staterr` is the descriptor's last word.
 * @packet skb
 */
export function e1000_receive_skb(adapter: e1000_adapter, skb: sk_buff, staterr: number, length: number): void {
  const { netdev } = adapter;
  const errors = (staterr >>> 8) & 255;
  skb.mac_header = skb.data;
  skb_put(skb, Math.min(length, E1000_RXBUFFER));
  if (!(staterr & E1000_RXD_STAT_EOP) || errors & E1000_RXD_ERR_FRAME_ERR_MASK || length < ETH_HLEN) {
    netdev.stats.rx_errors++;
    kfree_skb_reason(skb, length < ETH_HLEN ? 'ETH_SHORT' : 'GUEST_BAD');
    return;
  }
  netdev.stats.rx_packets++;
  netdev.stats.rx_bytes += length;
  skb.protocol = eth_type_trans(skb, netdev);
  netif_receive_skb(skb);
}

/**
 * Puts fresh buffers into the empty descriptors and moves the tail.
 * @packet skb
 */
export function e1000_alloc_rx_buffers(adapter: e1000_adapter): void {
  const { ram32 } = guest_os();
  const ring = adapter.rx_ring;
  let i = ring.next_to_use;
  for (;;) {
    const after = i + 1 === ring.count ? 0 : i + 1;
    if (after === ring.next_to_clean || ring.buffer_info[i]) {
      break;
    }
    const skb = alloc_skb(E1000_RXBUFFER + NET_IP_ALIGN);
    if (!skb) {
      break;
    }
    skb.data += NET_IP_ALIGN;
    ring.buffer_info[i] = skb;
    const desc = (ring.dma + i * E1000_DESC_SIZE) >> 2;
    ram32[desc + DESC_ADDR_LOW] = skb.data;
    ram32[desc + DESC_ADDR_HIGH] = 0;
    ram32[desc + DESC_LOWER] = 0;
    ram32[desc + DESC_UPPER] = 0;
    i = after;
  }
  if (i !== ring.next_to_use) {
    ring.next_to_use = i;
    writel(i, adapter, E1000_RDT);
  }
}

/**
 * Puts a frame on the transmit ring and rings the doorbell. The NIC reads the frame from where it lies.
 * @packet skb
 */
export function e1000_xmit_frame(skb: sk_buff, netdev: net_device): void {
  const adapter = netdev.priv!;
  const { ram32 } = guest_os();
  const ring = adapter.tx_ring;
  if (skb.len <= 0 || skb.len > e1000_max_frame(netdev) || skb.data < skb.end - skb.shinfo!.size) {
    netdev.stats.tx_errors++;
    kfree_skb_reason(skb, 'TX_BAD_DESC');
    return;
  }
  e1000_clean_tx_irq_if_low(adapter);
  const i = ring.next_to_use;
  const desc = (ring.dma + i * E1000_DESC_SIZE) >> 2;
  ram32[desc + DESC_ADDR_LOW] = skb.data;
  ram32[desc + DESC_ADDR_HIGH] = 0;
  ram32[desc + DESC_LOWER] = (E1000_TXD_CMD_EOP | E1000_TXD_CMD_IFCS | E1000_TXD_CMD_RS | skb.len) >>> 0;
  ram32[desc + DESC_UPPER] = 0;
  ring.buffer_info[i] = skb;
  ring.next_to_use = i + 1 === ring.count ? 0 : i + 1;
  netdev.stats.tx_packets++;
  netdev.stats.tx_bytes += skb.len;
  if (e1000_desc_unused(adapter) === 0) {
    netdev.queue_stopped = true;
  }
  writel(ring.next_to_use, adapter, E1000_TDT);
}

/**
 * Reaps sent packets when the ring is half full, so that a burst does not have to wait for the interrupt.
 * @nodebug
 */
function e1000_clean_tx_irq_if_low(adapter: e1000_adapter): void {
  const ring = adapter.tx_ring;
  if (e1000_desc_unused(adapter) > ring.count / 2) {
    return;
  }
  const { ram32 } = guest_os();
  let i = ring.next_to_clean;
  while (i !== ring.next_to_use && ram32[((ring.dma + i * E1000_DESC_SIZE) >> 2) + DESC_UPPER]! & E1000_TXD_STAT_DD) {
    const skb = ring.buffer_info[i];
    if (skb) {
      kfree_skb(skb);
    }
    ring.buffer_info[i] = null;
    i = i + 1 === ring.count ? 0 : i + 1;
  }
  ring.next_to_clean = i;
}
