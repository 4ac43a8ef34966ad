/** What the members of the e1000 family share (hw/net/e1000x_common.c): over bare register arrays. */

import { rd16, rd16_le, rd32_le } from '../../wire/bytes.ts';
import { ETH_DHOST, ETH_TYPE } from '../../wire/ethernet.ts';
import { type PCIDevice, pci_is_bus_master } from '../pci/pci.ts';
import {
  E1000_CTRL_VME,
  E1000_RAH_AV,
  E1000_RCTL_BSEX,
  E1000_RCTL_BSIZE_SHIFT,
  E1000_RCTL_EN,
  E1000_RCTL_LPE,
  E1000_RCTL_MO_SHIFT,
  E1000_RCTL_SBP,
  E1000_RCTL_SECRC,
  E1000_RCTL_VFE,
  E1000_STATUS_LU,
  E1000_TXD_CMD_VLE,
  EEPROM_CHECKSUM_REG,
  EEPROM_SUM,
  EEPROM_WORDS,
  MII_ANLPAR,
  MII_ANLPAR_ACK,
  MII_BMSR,
  MII_BMSR_AN_COMP,
  MII_BMSR_LINK_ST,
} from './e1000_hw.ts';
import {
  CTRL,
  GORCH,
  GORCL,
  GPRC,
  MPRC,
  MTA,
  PRC64,
  RA,
  RAH,
  RAL,
  RCTL,
  ROC,
  STATUS,
  TORH,
  TORL,
  TPR,
  VET,
} from './e1000_regs.ts';

/** Longest frame without RCTL.LPE: a full one with a VLAN tag, FCS included. */
const MAXIMUM_ETHERNET_VLAN_SIZE = 1522;
/** Longest frame with RCTL.LPE. */
const MAXIMUM_ETHERNET_LPE_SIZE = 16384;
/** Bytes of the frame check sequence. */
export const ETH_FCS_LEN = 4;

/**
 * Counts one more; a counter that is full stays full (13.7).
 * @nodebug
 */
export function e1000x_inc_reg_if_not_full(mac: Uint32Array, index: number): void {
  if (mac[index] !== 0xffffffff) {
    mac[index]!++;
  }
}

/**
 * Adds to a 64-bit counter in two registers; one that overflows stays full.
 * @nodebug
 */
export function e1000x_grow_8reg_if_not_full(mac: Uint32Array, index: number, size: number): void {
  const low = mac[index]! + size;
  if (low <= 0xffffffff) {
    mac[index] = low;
  } else if (mac[index + 1] !== 0xffffffff) {
    mac[index] = low % 0x100000000;
    mac[index + 1]!++;
  } else {
    mac[index] = 0xffffffff;
  }
}

/**
 * Counts a frame in one of six registers by size, from 64 bytes up; `first` is PRC64 or PTC64. Shorter ones are in
 * none.
 * @nodebug
 */
export function e1000x_increase_size_stats(mac: Uint32Array, first: number, size: number): void {
  if (size > 1023) {
    e1000x_inc_reg_if_not_full(mac, first + 5);
  } else if (size > 511) {
    e1000x_inc_reg_if_not_full(mac, first + 4);
  } else if (size > 255) {
    e1000x_inc_reg_if_not_full(mac, first + 3);
  } else if (size > 127) {
    e1000x_inc_reg_if_not_full(mac, first + 2);
  } else if (size > 64) {
    e1000x_inc_reg_if_not_full(mac, first + 1);
  } else if (size === 64) {
    e1000x_inc_reg_if_not_full(mac, first);
  }
}

/** Counts a received frame: `data_size` bytes, `data_fcs_size` as stored. Octets include the FCS. */
export function e1000x_update_rx_total_stats(mac: Uint32Array, data_size: number, data_fcs_size: number): void {
  e1000x_increase_size_stats(mac, PRC64, data_fcs_size);
  e1000x_inc_reg_if_not_full(mac, TPR);
  mac[GPRC] = mac[TPR]!;
  e1000x_grow_8reg_if_not_full(mac, TORL, data_size + ETH_FCS_LEN);
  mac[GORCL] = mac[TORL]!;
  mac[GORCH] = mac[TORH]!;
}

/** True when the receiver is on and the link up (RCTL.EN, STATUS.LU; CTRL.SLU is nothing to QEMU's device). @pure */
export function e1000x_hw_rx_enabled(mac: Uint32Array): boolean {
  return (mac[STATUS]! & E1000_STATUS_LU) !== 0 && (mac[RCTL]! & E1000_RCTL_EN) !== 0;
}

/** True when the device can put frames into memory: receiver on, link up, bus master. @pure */
export function e1000x_rx_ready(d: PCIDevice, mac: Uint32Array): boolean {
  return e1000x_hw_rx_enabled(mac) && pci_is_bus_master(d);
}

/**
 * Bytes of FCS stored behind each frame (RCTL.SECRC strips it).
 * @nodebug @pure
 */
export function e1000x_fcs_len(mac: Uint32Array): number {
  return (mac[RCTL]! & E1000_RCTL_SECRC) !== 0 ? 0 : ETH_FCS_LEN;
}

/** Size of a receive buffer by RCTL.BSIZE and BSEX (table 13-67); the reserved combination gives 2048. @pure */
export function e1000x_rxbufsize(rctl: number): number {
  const bsize = (rctl >>> E1000_RCTL_BSIZE_SHIFT) & 3;
  if (bsize === 0) {
    return 2048;
  }
  const size = 2048 >> bsize;
  return (rctl & E1000_RCTL_BSEX) !== 0 ? size * 16 : size;
}

/**
 * True when VLAN tags are inserted and stripped (CTRL.VME).
 * @nodebug @pure
 */
export function e1000x_vlan_enabled(mac: Uint32Array): boolean {
  return (mac[CTRL]! & E1000_CTRL_VME) !== 0;
}

/**
 * True when VLAN tags are filtered (RCTL.VFE).
 * @nodebug @pure
 */
export function e1000x_vlan_rx_filter_enabled(mac: Uint32Array): boolean {
  return (mac[RCTL]! & E1000_RCTL_VFE) !== 0;
}

/**
 * True when the frame carries a VLAN tag of the type in VET.
 * @nodebug @pure
 */
export function e1000x_is_vlan_packet(mac: Uint32Array, buf: Uint8Array): boolean {
  return rd16(buf, ETH_TYPE) === (mac[VET]! & 0xffff);
}

/**
 * True when the transmit descriptor asks for a VLAN tag.
 * @nodebug @pure
 */
export function e1000x_is_vlan_txd(txd_lower: number): boolean {
  return (txd_lower & E1000_TXD_CMD_VLE) !== 0;
}

/** Refuses frames that are too long (RCTL.LPE, SBP), before anything is written. Counts them in ROC. */
export function e1000x_is_oversized(mac: Uint32Array, size: number): boolean {
  const limit = (mac[RCTL]! & E1000_RCTL_LPE) !== 0 ? MAXIMUM_ETHERNET_LPE_SIZE : MAXIMUM_ETHERNET_VLAN_SIZE;
  if (size > limit && (mac[RCTL]! & E1000_RCTL_SBP) === 0) {
    e1000x_inc_reg_if_not_full(mac, ROC);
    return true;
  }
  return false;
}

/** Receive addresses of the device: pairs of RAL and RAH. */
const RA_PAIRS = 16;
/** How far the address is shifted for its index in MTA, by RCTL.MO. */
const mta_shift: readonly number[] = [4, 3, 2, 0];

/** Where the half of an address begins that RAH holds; RAL has the four bytes in front of it. */
const RAH_BYTES = 4;

/**
 * Does the destination address match a receive address or the multicast table (13.5.1, 13.5.2)?
 * @packet buf
 */
export function e1000x_rx_group_filter(mac: Uint32Array, buf: Uint8Array): boolean {
  const low = rd32_le(buf, ETH_DHOST);
  const high = rd16_le(buf, ETH_DHOST + RAH_BYTES);
  for (let i = 0; i < RA_PAIRS; i++) {
    const rah = mac[RA + 2 * i + 1]!;
    if ((rah & E1000_RAH_AV) !== 0 && (rah & 0xffff) === high && mac[RA + 2 * i] === low) {
      return true;
    }
  }
  const hash = (high >>> mta_shift[(mac[RCTL]! >>> E1000_RCTL_MO_SHIFT) & 3]!) & 0xfff;
  if ((mac[MTA + (hash >> 5)]! & (1 << (hash & 31))) !== 0) {
    e1000x_inc_reg_if_not_full(mac, MPRC);
    return true;
  }
  return false;
}

/** Puts the station's address into the first receive address. */
export function e1000x_reset_mac_addr(mac: Uint32Array, mac_addr: Uint8Array): void {
  mac[RAL] = rd32_le(mac_addr, 0);
  mac[RAH] = (rd16_le(mac_addr, RAH_BYTES) | E1000_RAH_AV) >>> 0;
}

/**
 * Fills the EEPROM: the template, the station's address, the device id and the checksum word (5.6.35: the sum is
 * 0xBABA).
 */
export function e1000x_core_prepare_eeprom(
  eeprom: Uint16Array,
  templ: readonly number[],
  dev_id: number,
  macaddr: Uint8Array,
): void {
  eeprom.set(templ);
  for (let i = 0; i < 3; i++) {
    eeprom[i] = rd16_le(macaddr, 2 * i);
  }
  eeprom[11] = dev_id;
  eeprom[13] = dev_id;
  let sum = 0;
  for (let i = 0; i < EEPROM_CHECKSUM_REG && i < EEPROM_WORDS; i++) {
    sum += eeprom[i]!;
  }
  eeprom[EEPROM_CHECKSUM_REG] = (EEPROM_SUM - sum) & 0xffff;
}

/** The link is gone: MAC and PHY say so. */
export function e1000x_update_regs_on_link_down(mac: Uint32Array, phy: Uint16Array): void {
  mac[STATUS]! &= ~E1000_STATUS_LU;
  phy[MII_BMSR]! &= ~(MII_BMSR_LINK_ST | MII_BMSR_AN_COMP);
  phy[MII_ANLPAR]! &= ~MII_ANLPAR_ACK;
}

/** The link is there. */
export function e1000x_update_regs_on_link_up(mac: Uint32Array, phy: Uint16Array): void {
  mac[STATUS]! |= E1000_STATUS_LU;
  phy[MII_BMSR]! |= MII_BMSR_LINK_ST;
}

/** Autonegotiation has ended: the link is there and the partner acknowledged. */
export function e1000x_update_regs_on_autoneg_done(mac: Uint32Array, phy: Uint16Array): void {
  e1000x_update_regs_on_link_up(mac, phy);
  phy[MII_ANLPAR]! |= MII_ANLPAR_ACK;
  phy[MII_BMSR]! |= MII_BMSR_AN_COMP;
}

/** Properties of an offload context (context descriptor, 3.3.6). */
export class e1000x_txd_props {
  /** IP checksum: start, place, end. */
  ipcss = 0;
  ipcso = 0;
  ipcse = 0;
  /** TCP or UDP checksum: start, place, end. */
  tucss = 0;
  tucso = 0;
  tucse = 0;
  /** Bytes of payload to segment, of the headers before it, and of payload in a segment. */
  paylen = 0;
  hdr_len = 0;
  mss = 0;
  /** IPv4 (else IPv6), and TCP (else UDP). */
  ip = false;
  tcp = false;
}
