/**
 * The e1000 (Intel 82540EM) as QEMU models it (hw/net/e1000.c): the device, its receiver, its link. Register access is
 * in e1000_mmio.ts, transmitting in e1000_tx.ts, interrupts in e1000_intr.ts, PHY and EEPROM in e1000_phy.ts.
 */

import { type NICState, qemu_flush_queued_packets, qemu_format_nic_info_str, qemu_get_queue } from '../../net/net.ts';
import { NET_BUFSIZE, type NetClientState } from '../../net/net_client.ts';
import { machine } from '../../softmmu/machine.ts';
import { drop } from '../../util/drop.ts';
import { iov_size, iov_to_buf, iovec } from '../../util/iov.ts';
import {
  QEMU_CLOCK_VIRTUAL,
  type QEMUTimer,
  qemu_clock_get_ns,
  timer_del,
  timer_mod_ns,
  timer_new_ns,
  timer_pending,
} from '../../util/timer.ts';
import { rd16 } from '../../wire/bytes.ts';
import {
  ETH_DHOST,
  ETH_TYPE,
  is_broadcast_ether_addr,
  is_multicast_ether_addr,
  VLAN_HLEN,
  VLAN_TCI,
} from '../../wire/ethernet.ts';
import { type PCIDevice, pci_dma_read, pci_dma_write, pci_set_irq } from '../pci/pci.ts';
import { desc_buffer_addr, RXD_LENGTH, RXD_SPECIAL, RXD_STATUS } from './e1000_desc.ts';
import {
  E1000_DESC_SIZE,
  E1000_ICR_LSC,
  E1000_ICR_RXDMT0,
  E1000_ICR_RXO,
  E1000_ICR_RXT0,
  E1000_RCTL_BAM,
  E1000_RCTL_MPE,
  E1000_RCTL_RDMTS_SHIFT,
  E1000_RCTL_UPE,
  E1000_RXD_STAT_DD,
  E1000_RXD_STAT_EOP,
  E1000_RXD_STAT_IXSM,
  E1000_RXD_STAT_VP,
  E1000_STATUS_LU,
  EEPROM_WORDS,
  MII_BMSR,
  MII_BMSR_AN_COMP,
  MII_BMSR_LINK_ST,
  PHY_REGS,
} from './e1000_hw.ts';
import { e1000_mit_timer, set_ics } from './e1000_intr.ts';
import {
  E1000EecdState,
  e1000_autoneg_timer,
  e1000_link_up,
  e1000x_restart_autoneg,
  have_autoneg,
} from './e1000_phy.ts';
import { PHY_REGISTERS } from './e1000_phy_regs.ts';
import {
  BPRC,
  E1000_MMIO_SIZE,
  E1000_REGISTERS,
  MPC,
  MPRC,
  RCTL,
  RDBAH,
  RDBAL,
  RDH,
  RDLEN,
  RDT,
  RNBC,
  STATUS,
  VFTA,
} from './e1000_regs.ts';
import { E1000Tx, e1000_tx_forget } from './e1000_tx.ts';
import {
  e1000x_fcs_len,
  e1000x_hw_rx_enabled,
  e1000x_inc_reg_if_not_full,
  e1000x_is_oversized,
  e1000x_is_vlan_packet,
  e1000x_reset_mac_addr,
  e1000x_rx_group_filter,
  e1000x_rx_ready,
  e1000x_rxbufsize,
  e1000x_txd_props,
  e1000x_update_regs_on_link_down,
  e1000x_update_rx_total_stats,
  e1000x_vlan_enabled,
  e1000x_vlan_rx_filter_enabled,
} from './e1000x_common.ts';

/** The receiver's scratch memory. */
export class E1000Rx {
  readonly buf: Uint8Array = new Uint8Array(NET_BUFSIZE);
  readonly iov: iovec[] = [new iovec(this.buf, 0)];
  readonly desc: Uint8Array = new Uint8Array(E1000_DESC_SIZE);
  readonly desc_view: DataView = new DataView(this.desc.buffer);
}

/** One e1000. `mac_reg`, `phy_reg` and `eeprom_data` are in memory shared with the debugger. */
export class E1000State {
  readonly parent_obj: PCIDevice;
  nic!: NICState;
  readonly macaddr: Uint8Array;
  /** Registers by byte offset / 4, such as `mac_reg[RDH]`. */
  readonly mac_reg: Uint32Array;
  readonly phy_reg: Uint16Array;
  readonly eeprom_data: Uint16Array;
  rxbuf_size = 2048;
  rxbuf_min_shift = 1;
  readonly rx: E1000Rx = new E1000Rx();
  readonly tx: E1000Tx = new E1000Tx();
  readonly eecd_state: E1000EecdState = new E1000EecdState();
  readonly autoneg_timer: QEMUTimer;
  /** Interrupt throttling: running, current level of the line, delayed interrupts asked for by a descriptor. */
  readonly mit_timer: QEMUTimer;
  mit_timer_on = false;
  mit_irq_level = false;
  mit_ide = false;
  /** Armed for a second by a write to RCTL; no frame is taken meanwhile. */
  readonly flush_queue_timer: QEMUTimer;
  /** Properties of `-device e1000`. */
  readonly autonegotiation: boolean;
  readonly mitigation: boolean;
  /** IOADDR: the register that IODATA accesses (BAR 1). */
  ioaddr = 0;
  constructor(pci_dev: PCIDevice, props: E1000Properties, name: string) {
    this.parent_obj = pci_dev;
    this.macaddr = props.mac;
    this.autonegotiation = props.autonegotiation;
    this.mitigation = props.mitigation;
    const host = machine.host;
    this.mac_reg = new Uint32Array(host.alloc_shared(`${name}/mac_reg`, E1000_MMIO_SIZE));
    this.phy_reg = new Uint16Array(host.alloc_shared(`${name}/phy_reg`, PHY_REGS * 2));
    this.eeprom_data = new Uint16Array(host.alloc_shared(`${name}/eeprom`, EEPROM_WORDS * 2));
    this.autoneg_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, e1000_autoneg_timer, this as E1000State);
    this.mit_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, e1000_mit_timer, this as E1000State);
    this.flush_queue_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, e1000_flush_queue_timer, this as E1000State);
  }
}

/** What `-device e1000` sets. */
export interface E1000Properties {
  /** Name of the net client; empty: `e1000.N`. */
  readonly id: string;
  /** Slot << 3, or -1 for the next free one. */
  readonly devfn: number;
  readonly mac: Uint8Array;
  readonly peer: NetClientState | null;
  readonly autonegotiation: boolean;
  readonly mitigation: boolean;
}

/* Receive */

/** Shortest frame without FCS; shorter ones are padded. */
export const MIN_BUF_SIZE = 60;
/** Time after a write to RCTL in which frames wait, so that a driver can finish setting up the ring. */
const FLUSH_QUEUE_DELAY_NS = 1e9;

/**
 * Address of the receive ring.
 * @nodebug
 */
export function rx_desc_base(s: E1000State): number {
  return s.mac_reg[RDBAH]! * 0x100000000 + ((s.mac_reg[RDBAL]! & ~0xf) >>> 0);
}

/** Writes RCTL: buffer size and threshold change, and frames wait for a second. */
export function set_rx_control(s: E1000State, index: number, val: number): void {
  s.mac_reg[RCTL] = val;
  s.rxbuf_size = e1000x_rxbufsize(val);
  s.rxbuf_min_shift = ((val >>> E1000_RCTL_RDMTS_SHIFT) & 3) + 1;
  timer_mod_ns(s.flush_queue_timer, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + FLUSH_QUEUE_DELAY_NS);
}

/** The pause after a write to RCTL is over. */
export function e1000_flush_queue_timer(s: E1000State): void {
  qemu_flush_queued_packets(qemu_get_queue(s.nic));
}

/** Writes RDT: the driver gives buffers, and frames that waited for them are delivered. */
export function set_rdt(s: E1000State, index: number, val: number): void {
  s.mac_reg[RDT] = val & 0xffff;
  if (e1000_has_rxbufs(s, 1)) {
    qemu_flush_queued_packets(qemu_get_queue(s.nic));
  }
}

/** Do the buffers between RDH and RDT hold `total_size` bytes? @pure */
export function e1000_has_rxbufs(s: E1000State, total_size: number): boolean {
  const rdh = s.mac_reg[RDH]!;
  const rdt = s.mac_reg[RDT]!;
  if (total_size <= s.rxbuf_size) {
    return rdh !== rdt;
  }
  const ring = s.mac_reg[RDLEN]! / E1000_DESC_SIZE;
  const bufs = rdh < rdt ? rdt - rdh : rdh > rdt ? ring + rdt - rdh : 0;
  // With RDH outside the ring this is negative, which QEMU takes for very many; the loop that fills them ends after
  // one.
  return total_size <= (bufs * s.rxbuf_size) >>> 0;
}

/** Would a frame be taken now? @pure */
export function e1000_can_receive(nc: NetClientState): boolean {
  const s = nc.opaque as E1000State;
  return e1000x_rx_ready(s.parent_obj, s.mac_reg) && e1000_has_rxbufs(s, 1) && !timer_pending(s.flush_queue_timer);
}

/**
 * A frame does not fit into the ring: counts it and raises RXO.
 * @packet buf size
 */
export function e1000_receiver_overrun(s: E1000State, buf: Uint8Array, size: number): void {
  e1000x_inc_reg_if_not_full(s.mac_reg, RNBC);
  e1000x_inc_reg_if_not_full(s.mac_reg, MPC);
  drop(buf, size, 'RX_NO_BUFFERS');
  set_ics(s, 0, E1000_ICR_RXO);
}

/**
 * Is the frame for us: VLAN filter, promiscuous modes, broadcast, receive addresses, multicast table?
 * @packet buf size
 */
export function receive_filter(s: E1000State, buf: Uint8Array, size: number): boolean {
  const rctl = s.mac_reg[RCTL]!;
  const isbcast = is_broadcast_ether_addr(buf, ETH_DHOST);
  const ismcast = is_multicast_ether_addr(buf, ETH_DHOST);
  if (e1000x_is_vlan_packet(s.mac_reg, buf) && e1000x_vlan_rx_filter_enabled(s.mac_reg)) {
    const vid = rd16(buf, VLAN_TCI) & 0xfff;
    if ((s.mac_reg[VFTA + (vid >> 5)]! & (1 << (vid & 31))) === 0) {
      return false;
    }
  }
  if (!ismcast && (rctl & E1000_RCTL_UPE) !== 0) {
    return true;
  }
  if (ismcast && (rctl & E1000_RCTL_MPE) !== 0) {
    e1000x_inc_reg_if_not_full(s.mac_reg, MPRC);
    return true;
  }
  if (isbcast && (rctl & E1000_RCTL_BAM) !== 0) {
    e1000x_inc_reg_if_not_full(s.mac_reg, BPRC);
    return true;
  }
  return e1000x_rx_group_filter(s.mac_reg, buf);
}

/**
 * A frame in one piece arrives.
 * @packet buf size
 */
export function e1000_receive(nc: NetClientState, buf: Uint8Array, size: number): number {
  const s = nc.opaque as E1000State;
  s.rx.iov[0]!.iov_base = buf;
  s.rx.iov[0]!.iov_len = size;
  return e1000_receive_iov(nc, s.rx.iov, 1);
}

/**
 * A frame arrives from the net: it is filtered and put into the buffers at the head of the receive ring, and RXT0 is
 * raised. Returns the size, 0 to have it queued, -1 when it cannot be taken.
 * @packet iov iovcnt
 */
export function e1000_receive_iov(nc: NetClientState, iov: readonly iovec[], iovcnt: number): number {
  const s = nc.opaque as E1000State;
  const size = iov_size(iov, iovcnt);
  if (!e1000x_hw_rx_enabled(s.mac_reg)) {
    drop(iov[0]!.iov_base, iov[0]!.iov_len, 'RX_DISABLED');
    return -1;
  }
  if (timer_pending(s.flush_queue_timer)) {
    return 0;
  }
  if (e1000x_is_oversized(s.mac_reg, size)) {
    drop(iov[0]!.iov_base, iov[0]!.iov_len, 'RX_OVERSIZE');
    return size;
  }
  const buf = e1000_rx_linearize(s, iov, iovcnt, size);
  let len = Math.max(size, MIN_BUF_SIZE);
  if (!receive_filter(s, buf, len)) {
    drop(buf, len, 'RX_FILTER');
    return size;
  }
  let vlan_special = 0;
  let vlan_status = 0;
  let frame = buf;
  if (e1000x_vlan_enabled(s.mac_reg) && e1000x_is_vlan_packet(s.mac_reg, buf)) {
    vlan_special = rd16(buf, VLAN_TCI);
    vlan_status = E1000_RXD_STAT_VP;
    frame = e1000_rx_strip_vlan(s, buf, len);
    len -= VLAN_HLEN;
  }
  const total_size = len + e1000x_fcs_len(s.mac_reg);
  if (!e1000_has_rxbufs(s, total_size) || !e1000_rx_write(s, frame, len, total_size, vlan_status, vlan_special)) {
    e1000_receiver_overrun(s, frame, len);
    return -1;
  }
  e1000x_update_rx_total_stats(s.mac_reg, len, total_size);
  set_ics(s, 0, e1000_rx_causes(s));
  return size;
}

/**
 * The frame in one array of at least 60 bytes: the sender's own if it is one, else a copy, padded with zeros.
 * @packet iov iovcnt
 */
function e1000_rx_linearize(s: E1000State, iov: readonly iovec[], iovcnt: number, size: number): Uint8Array {
  if (iovcnt === 1 && size >= MIN_BUF_SIZE) {
    return iov[0]!.iov_base;
  }
  const buf = s.rx.buf;
  iov_to_buf(iov, iovcnt, 0, buf, 0, Math.min(size, buf.length));
  if (size < MIN_BUF_SIZE) {
    buf.fill(0, size, MIN_BUF_SIZE);
  }
  return buf;
}

/**
 * The frame without the VLAN tag behind its addresses, in the receiver's own memory.
 * @packet buf len
 */
function e1000_rx_strip_vlan(s: E1000State, buf: Uint8Array, len: number): Uint8Array {
  const dst = s.rx.buf;
  if (dst !== buf) {
    dst.set(buf.subarray(0, ETH_TYPE));
  }
  dst.set(buf.subarray(ETH_TYPE + VLAN_HLEN, len), ETH_TYPE);
  return dst;
}

/**
 * Writes a frame of `len` bytes, and FCS bytes up to `total_size`, to the buffers from RDH on. Descriptors without a
 * buffer are passed over. Returns false when a lap of the ring was not enough.
 * @packet buf len
 */
function e1000_rx_write(
  s: E1000State,
  buf: Uint8Array,
  len: number,
  total_size: number,
  vlan_status: number,
  vlan_special: number,
): boolean {
  const mac_reg = s.mac_reg;
  const desc = s.rx.desc_view;
  const rdh_start = mac_reg[RDH]!;
  let desc_offset = 0;
  do {
    const desc_size = Math.min(total_size - desc_offset, s.rxbuf_size);
    const base = rx_desc_base(s) + E1000_DESC_SIZE * mac_reg[RDH]!;
    pci_dma_read(s.parent_obj, base, s.rx.desc, 0, E1000_DESC_SIZE);
    const buffer_addr = desc_buffer_addr(desc);
    let status = desc.getUint8(RXD_STATUS) | vlan_status | E1000_RXD_STAT_DD;
    if (buffer_addr !== 0) {
      if (desc_offset < len) {
        // The FCS is not stored: its bytes are counted, and the buffer keeps what it had there.
        pci_dma_write(s.parent_obj, buffer_addr, buf, desc_offset, Math.min(len - desc_offset, desc_size));
      }
      desc_offset += desc_size;
      desc.setUint16(RXD_LENGTH, desc_size, true);
      status =
        desc_offset >= total_size ? status | E1000_RXD_STAT_EOP | E1000_RXD_STAT_IXSM : status & ~E1000_RXD_STAT_EOP;
    }
    desc.setUint8(RXD_STATUS, status);
    desc.setUint16(RXD_SPECIAL, vlan_special, true);
    pci_dma_write(s.parent_obj, base, s.rx.desc, 0, E1000_DESC_SIZE);
    mac_reg[RDH]!++;
    if (mac_reg[RDH]! * E1000_DESC_SIZE >= mac_reg[RDLEN]!) {
      mac_reg[RDH] = 0;
    }
    if (mac_reg[RDH] === rdh_start || rdh_start >= mac_reg[RDLEN]! / E1000_DESC_SIZE) {
      return false;
    }
  } while (desc_offset < total_size);
  return true;
}

/** Causes of a frame received: RXT0, and RXDMT0 when few buffers are left (RCTL.RDMTS). */
function e1000_rx_causes(s: E1000State): number {
  const ring = s.mac_reg[RDLEN]!;
  let rdt = s.mac_reg[RDT]!;
  if (rdt < s.mac_reg[RDH]!) {
    rdt += ring / E1000_DESC_SIZE;
  }
  const left = (rdt - s.mac_reg[RDH]!) * E1000_DESC_SIZE;
  return left <= ring >>> s.rxbuf_min_shift ? E1000_ICR_RXT0 | E1000_ICR_RXDMT0 : E1000_ICR_RXT0;
}

/** The cable was plugged or pulled (`set_link`). */
export function e1000_set_link_status(nc: NetClientState): void {
  const s = nc.opaque as E1000State;
  const old_status = s.mac_reg[STATUS];
  if (nc.link_down) {
    e1000x_update_regs_on_link_down(s.mac_reg, s.phy_reg);
  } else if (have_autoneg(s) && (s.phy_reg[MII_BMSR]! & MII_BMSR_AN_COMP) === 0) {
    e1000x_restart_autoneg(s);
  } else {
    e1000_link_up(s);
  }
  if (s.mac_reg[STATUS] !== old_status) {
    set_ics(s, 0, E1000_ICR_LSC);
  }
}

/**
 * Device reset (CTRL.RST through the I/O window): the MAC's registers, rings and counters; PCI configuration, PHY and
 * link stay (13.4.1).
 */
export function e1000_mac_reset(s: E1000State): void {
  timer_del(s.mit_timer);
  timer_del(s.flush_queue_timer);
  s.mit_timer_on = false;
  s.mit_irq_level = false;
  s.mit_ide = false;
  s.rxbuf_size = 2048;
  s.rxbuf_min_shift = 1;
  s.ioaddr = 0;
  s.mac_reg.fill(0);
  for (const r of E1000_REGISTERS) {
    s.mac_reg[r.offset >> 2] = r.reset;
  }
  if ((s.phy_reg[MII_BMSR]! & MII_BMSR_LINK_ST) === 0) {
    s.mac_reg[STATUS]! &= ~E1000_STATUS_LU;
  }
  e1000x_reset_mac_addr(s.mac_reg, s.macaddr);
  Object.assign(s.tx.props, new e1000x_txd_props());
  Object.assign(s.tx.tso_props, new e1000x_txd_props());
  e1000_tx_forget(s.tx);
  Object.assign(s.eecd_state, new E1000EecdState());
  pci_set_irq(s.parent_obj, 0);
  qemu_format_nic_info_str(qemu_get_queue(s.nic), s.macaddr);
}

/** Power-on reset. */
export function e1000_reset(s: E1000State): void {
  timer_del(s.autoneg_timer);
  s.phy_reg.fill(0);
  for (const r of PHY_REGISTERS) {
    s.phy_reg[r.offset] = r.reset;
  }
  e1000_mac_reset(s);
  if (qemu_get_queue(s.nic).link_down) {
    e1000x_update_regs_on_link_down(s.mac_reg, s.phy_reg);
  }
}
