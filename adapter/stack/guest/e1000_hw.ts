/**
 * The 82540EM as its driver sees it: register offsets, bits, and the accessors (e1000_hw.c; Intel 8254x manual, chapter
 * 13).
 */

import { address_space_ldl, address_space_stl } from '../softmmu/memory.ts';
import { wr16_le } from '../wire/bytes.ts';
import { ETH_HLEN } from '../wire/ethernet.ts';
import { napi_struct, type net_device } from './net_device.ts';
import type { sk_buff } from './sk_buff.ts';
import type { timer_list } from './timer.ts';

export const E1000_CTRL = 0x0000;
export const E1000_STATUS = 0x0008;
export const E1000_EERD = 0x0014;
export const E1000_MDIC = 0x0020;
export const E1000_ICR = 0x00c0;
export const E1000_ICS = 0x00c8;
export const E1000_IMS = 0x00d0;
export const E1000_IMC = 0x00d8;
export const E1000_RCTL = 0x0100;
export const E1000_TCTL = 0x0400;
export const E1000_TIPG = 0x0410;
export const E1000_RDBAL = 0x2800;
export const E1000_RDBAH = 0x2804;
export const E1000_RDLEN = 0x2808;
export const E1000_RDH = 0x2810;
export const E1000_RDT = 0x2818;
export const E1000_RDTR = 0x2820;
export const E1000_TDBAL = 0x3800;
export const E1000_TDBAH = 0x3804;
export const E1000_TDLEN = 0x3808;
export const E1000_TDH = 0x3810;
export const E1000_TDT = 0x3818;
export const E1000_TIDV = 0x3820;
export const E1000_MTA = 0x5200;
export const E1000_RAL = 0x5400;
export const E1000_RAH = 0x5404;

export const E1000_CTRL_ASDE = 0x20;
export const E1000_CTRL_SLU = 0x40;
export const E1000_CTRL_RST = 0x04000000;
export const E1000_STATUS_FD = 0x1;
export const E1000_STATUS_LU = 0x2;
export const E1000_EERD_START = 0x1;
export const E1000_EERD_DONE = 0x10;
export const E1000_ICR_TXDW = 0x1;
export const E1000_ICR_LSC = 0x4;
export const E1000_IMS_ENABLE_MASK = 0x9d; // RXT0 | RXDMT0 | RXSEQ | LSC | TXDW
export const E1000_RCTL_EN = 0x2;
export const E1000_RCTL_BAM = 0x8000;
export const E1000_TCTL_EN = 0x2;
export const E1000_TCTL_PSP = 0x8;
export const E1000_RAH_AV = 0x80000000;
/** Where the half of an address begins that RAH holds; RAL has the four bytes in front of it. */
export const E1000_RAH_BYTES = 4;

/** Receive descriptor: status bits, error bits that spoil a frame. */
export const E1000_RXD_STAT_DD = 0x1;
export const E1000_RXD_STAT_EOP = 0x2;
export const E1000_RXD_ERR_FRAME_ERR_MASK = 0x97;
/** Transmit descriptor: command bits (in the upper byte of its third word), status bit. */
export const E1000_TXD_CMD_EOP = 0x01000000;
export const E1000_TXD_CMD_IFCS = 0x02000000;
export const E1000_TXD_CMD_RS = 0x08000000;
export const E1000_TXD_STAT_DD = 0x1;

/** Descriptors in each ring, and bytes of one. */
export const E1000_DEFAULT_RXD = 256;
export const E1000_DEFAULT_TXD = 256;
export const E1000_DESC_SIZE = 16;
/** Words of four bytes of a descriptor: its buffer's address; length and, of a transmit descriptor, command; status. */
export const DESC_ADDR_LOW = 0;
export const DESC_ADDR_HIGH = 1;
export const DESC_LOWER = 2;
export const DESC_UPPER = 3;

/** A descriptor ring. */
export class e1000_ring {
  /** Physical address of the descriptors. */
  dma = 0;
  /** Bytes. */
  size = 0;
  count = 0;
  /** The first descriptor that the next packet, or the next fresh buffer, goes into. */
  next_to_use = 0;
  /** The first descriptor that the NIC has not been seen to finish. */
  next_to_clean = 0;
  /** The packet of each descriptor. */
  buffer_info: (sk_buff | null)[] = [];
}

/** The driver's state for one NIC. */
export class e1000_adapter {
  readonly netdev: net_device;
  readonly napi: napi_struct;
  devfn = 0;
  /** Guest-physical address of the registers (BAR0). */
  hw_addr = 0;
  tx_ring: e1000_ring = new e1000_ring();
  rx_ring: e1000_ring = new e1000_ring();
  link_speed = 0;
  link_duplex = 0;
  watchdog_task!: timer_list;
  constructor(netdev: net_device, poll: (napi: napi_struct, budget: number) => number) {
    this.netdev = netdev;
    this.napi = new napi_struct(netdev, poll);
  }
}

/**
 * Reads a register.
 * @nodebug
 */
export function readl(adapter: e1000_adapter, reg: number): number {
  return address_space_ldl(adapter.hw_addr + reg) >>> 0;
}

/**
 * Writes a register.
 * @nodebug
 */
export function writel(value: number, adapter: e1000_adapter, reg: number): void {
  address_space_stl(adapter.hw_addr + reg, value >>> 0);
}

/** Reads of EERD until the EEPROM counts as dead. */
const EEPROM_ATTEMPTS = 10000;

/** Reads a 16-bit word of the EEPROM through EERD, or -1 when it never answers. */
export function e1000_read_eeprom(adapter: e1000_adapter, offset: number): number {
  writel((offset << 8) | E1000_EERD_START, adapter, E1000_EERD);
  for (let i = 0; i < EEPROM_ATTEMPTS; i++) {
    const v = readl(adapter, E1000_EERD);
    if (v & E1000_EERD_DONE) {
      return v >>> 16;
    }
  }
  return -1;
}

/** Takes the MAC address from the first three words of the EEPROM. Returns false when it cannot be read. */
export function e1000_read_mac_addr(adapter: e1000_adapter): boolean {
  for (let i = 0; i < 3; i++) {
    const word = e1000_read_eeprom(adapter, i);
    if (word < 0) {
      return false;
    }
    wr16_le(adapter.netdev.dev_addr, 2 * i, word);
  }
  return true;
}

/** Unmasks the NIC's interrupts. */
export function e1000_irq_enable(adapter: e1000_adapter): void {
  writel(E1000_IMS_ENABLE_MASK, adapter, E1000_IMS);
}

/** Masks them. */
export function e1000_irq_disable(adapter: e1000_adapter): void {
  writel(0xffffffff, adapter, E1000_IMC);
}

/** Largest frame, without FCS, that the device sends. */
export function e1000_max_frame(netdev: net_device): number {
  return netdev.mtu + ETH_HLEN;
}
