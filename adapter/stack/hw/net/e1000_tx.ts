/** The e1000's transmitter: descriptors, segmentation, checksums, VLAN tags (8254x manual, sections 3.3 to 3.5). */

import { qemu_get_queue, qemu_receive_packet, qemu_send_packet } from '../../net/net.ts';
import { copy_words, net_checksum_add, WordMemory } from '../../softmmu/ram_copy.ts';
import { drop } from '../../util/drop.ts';
import { rd16, rd32, wr16, wr32 } from '../../wire/bytes.ts';
import {
  ETH_DHOST,
  ETH_TYPE,
  is_broadcast_ether_addr,
  is_multicast_ether_addr,
  VLAN_HLEN,
  VLAN_TCI,
} from '../../wire/ethernet.ts';
import { IP_ID, IP_LEN } from '../../wire/ip.ts';
import { IP6_PLEN } from '../../wire/ip6.ts';
import { TH_FIN, TH_FLAGS, TH_PUSH, TH_SEQ } from '../../wire/tcp.ts';
import { UH_ULEN } from '../../wire/udp.ts';
import { pci_dma_read, pci_dma_read_packet, pci_dma_write } from '../pci/pci.ts';
import type { E1000State } from './e1000.ts';
import {
  desc_buffer_addr,
  TXC_HDR_LEN,
  TXC_IPCSE,
  TXC_IPCSO,
  TXC_IPCSS,
  TXC_MSS,
  TXC_TUCSE,
  TXC_TUCSO,
  TXC_TUCSS,
  TXD_LOWER,
  TXD_UPPER,
} from './e1000_desc.ts';
import {
  E1000_DESC_SIZE,
  E1000_ICR_TXDW,
  E1000_ICR_TXQE,
  E1000_TCTL_EN,
  E1000_TXD_CMD_DEXT,
  E1000_TXD_CMD_EOP,
  E1000_TXD_CMD_IDE,
  E1000_TXD_CMD_IP,
  E1000_TXD_CMD_RPS,
  E1000_TXD_CMD_RS,
  E1000_TXD_CMD_TCP,
  E1000_TXD_CMD_TSE,
  E1000_TXD_DTYP_D,
  E1000_TXD_POPTS_IXSM,
  E1000_TXD_POPTS_TXSM,
  E1000_TXD_STAT_DD,
  E1000_TXD_STAT_ERRORS,
  MII_BMCR,
  MII_BMCR_LOOPBACK,
} from './e1000_hw.ts';
import { set_ics } from './e1000_intr.ts';
import {
  BPTC,
  GOTCH,
  GOTCL,
  GPTC,
  MPTC,
  PTC64,
  TCTL,
  TDBAH,
  TDBAL,
  TDH,
  TDLEN,
  TDT,
  TOTH,
  TOTL,
  TPT,
  TSCTC,
  VET,
} from './e1000_regs.ts';
import {
  ETH_FCS_LEN,
  e1000x_grow_8reg_if_not_full,
  e1000x_inc_reg_if_not_full,
  e1000x_increase_size_stats,
  e1000x_is_vlan_txd,
  e1000x_txd_props,
  e1000x_vlan_enabled,
} from './e1000x_common.ts';

/** Bytes of payload a packet may gather before EOP. */
const TX_DATA_SIZE = 0x10000;
/** Bytes of a VLAN tag, in front of them. */
export const TX_VLAN_ROOM = VLAN_HLEN;
/** Longest header of a packet under segmentation, and one more. */
const TX_HEADER_SIZE = 256;

/** The transmitter: the packet under construction and its offload contexts. */
export class E1000Tx {
  /** Memory of the packet: 4 bytes of room for a VLAN tag (`vlan`), then `data`. */
  readonly mem: WordMemory = new WordMemory(TX_VLAN_ROOM + TX_DATA_SIZE);
  readonly vlan: Uint8Array = this.mem.bytes;
  readonly data: Uint8Array = this.vlan.subarray(TX_VLAN_ROOM);
  readonly header: WordMemory = new WordMemory(TX_HEADER_SIZE);
  readonly vlan_header: Uint8Array = new Uint8Array(VLAN_HLEN);
  /** Bytes in `data`. */
  size = 0;
  /** Checksums to insert (POPTS). */
  sum_needed = 0;
  vlan_needed = false;
  /** The packet is to be segmented. */
  cptse = false;
  /** Segments sent of it. */
  tso_frames = 0;
  /** `start_xmit` is at work. */
  busy = false;
  readonly props: e1000x_txd_props = new e1000x_txd_props();
  readonly tso_props: e1000x_txd_props = new e1000x_txd_props();
  /** The descriptor at work. */
  readonly desc: Uint8Array = new Uint8Array(E1000_DESC_SIZE);
  readonly desc_view: DataView = new DataView(this.desc.buffer);
}

/**
 * Address of the transmit ring.
 * @nodebug
 */
export function tx_desc_base(s: E1000State): number {
  return s.mac_reg[TDBAH]! * 0x100000000 + ((s.mac_reg[TDBAL]! & ~0xf) >>> 0);
}

/** Writes TCTL or TDT, and transmits. */
export function set_tctl(s: E1000State, index: number, val: number): void {
  s.mac_reg[index] = val;
  s.mac_reg[TDT]! &= 0xffff;
  start_xmit(s);
}

/** Processes the descriptors between TDH and TDT, at most one lap of the ring. */
export function start_xmit(s: E1000State): void {
  const mac_reg = s.mac_reg;
  if ((mac_reg[TCTL]! & E1000_TCTL_EN) === 0) {
    return;
  }
  // A frame that is answered while it is sent may not start another transmission inside this one.
  if (s.tx.busy) {
    return;
  }
  s.tx.busy = true;
  const tdh_start = mac_reg[TDH]!;
  let cause = E1000_ICR_TXQE;
  while (mac_reg[TDH] !== mac_reg[TDT]) {
    const base = tx_desc_base(s) + E1000_DESC_SIZE * mac_reg[TDH]!;
    pci_dma_read(s.parent_obj, base, s.tx.desc, 0, E1000_DESC_SIZE);
    process_tx_desc(s, s.tx.desc_view);
    cause |= txdesc_writeback(s, base);
    mac_reg[TDH]!++;
    if (mac_reg[TDH]! * E1000_DESC_SIZE >= mac_reg[TDLEN]!) {
      mac_reg[TDH] = 0;
    }
    // A driver that puts the tail, or the head, outside the ring must not keep us here.
    if (mac_reg[TDH] === tdh_start || tdh_start >= mac_reg[TDLEN]! / E1000_DESC_SIZE) {
      drop(s.tx.desc, E1000_DESC_SIZE, 'TX_BAD_DESC');
      break;
    }
  }
  s.tx.busy = false;
  set_ics(s, 0, cause);
}

/** Reports a descriptor done if it asks for that. Returns the interrupt cause. */
export function txdesc_writeback(s: E1000State, base: number): number {
  const dp = s.tx.desc_view;
  if ((dp.getUint32(TXD_LOWER, true) & (E1000_TXD_CMD_RS | E1000_TXD_CMD_RPS)) === 0) {
    return 0;
  }
  const upper = dp.getUint32(TXD_UPPER, true);
  dp.setUint32(TXD_UPPER, (upper | E1000_TXD_STAT_DD) & ~E1000_TXD_STAT_ERRORS, true);
  pci_dma_write(s.parent_obj, base + TXD_UPPER, s.tx.desc, TXD_UPPER, E1000_DESC_SIZE - TXD_UPPER);
  return E1000_ICR_TXDW;
}

/** Takes an offload context from a context descriptor (table 3-15). */
export function e1000x_read_tx_ctx_descr(d: DataView, props: e1000x_txd_props): void {
  const op = d.getUint32(TXD_LOWER, true);
  props.ipcss = d.getUint8(TXC_IPCSS);
  props.ipcso = d.getUint8(TXC_IPCSO);
  props.ipcse = d.getUint16(TXC_IPCSE, true);
  props.tucss = d.getUint8(TXC_TUCSS);
  props.tucso = d.getUint8(TXC_TUCSO);
  props.tucse = d.getUint16(TXC_TUCSE, true);
  props.paylen = op & 0xfffff;
  props.hdr_len = d.getUint8(TXC_HDR_LEN);
  props.mss = d.getUint16(TXC_MSS, true);
  props.ip = (op & E1000_TXD_CMD_IP) !== 0;
  props.tcp = (op & E1000_TXD_CMD_TCP) !== 0;
}

/**
 * One descriptor: a context, or data that completes a packet when EOP is set. Under segmentation a segment is sent each
 * time one is full, and the rest at EOP; after a payload that filled its last segment the rest is a segment without
 * payload, as with QEMU's device.
 */
export function process_tx_desc(s: E1000State, dp: DataView): void {
  const tp = s.tx;
  const txd_lower = dp.getUint32(TXD_LOWER, true);
  const dtype = txd_lower & (E1000_TXD_CMD_DEXT | E1000_TXD_DTYP_D);
  s.mit_ide = s.mit_ide || (txd_lower & E1000_TXD_CMD_IDE) !== 0;
  if (dtype === E1000_TXD_CMD_DEXT) {
    const tse = (txd_lower & E1000_TXD_CMD_TSE) !== 0;
    e1000x_read_tx_ctx_descr(dp, tse ? tp.tso_props : tp.props);
    tp.tso_frames = tse ? 0 : tp.tso_frames;
    return;
  }
  const legacy = dtype !== (E1000_TXD_CMD_DEXT | E1000_TXD_DTYP_D);
  e1000_tx_options(s, legacy, txd_lower, dp.getUint32(TXD_UPPER, true));
  const msh = tp.cptse ? tp.tso_props.hdr_len + tp.tso_props.mss : tp.data.length;
  let addr = desc_buffer_addr(dp);
  let split_size = txd_lower & 0xffff;
  // Each round moves at least one byte, or it is the last.
  while (split_size > 0 && tp.size < msh) {
    const bytes = e1000_tx_gather(s, addr, Math.min(split_size, msh - tp.size));
    if (bytes === 0 || !tp.cptse) {
      break;
    }
    if (tp.size === msh) {
      xmit_seg(s);
      e1000_tx_copy_header(tp.mem, TX_VLAN_ROOM, tp.header, 0, tp.tso_props.hdr_len);
      tp.size = tp.tso_props.hdr_len;
    }
    addr += bytes;
    split_size -= bytes;
  }
  if ((txd_lower & E1000_TXD_CMD_EOP) === 0) {
    return;
  }
  if (tp.cptse && tp.size < tp.tso_props.hdr_len) {
    drop(tp.data, tp.size, 'TX_BAD_DESC');
  } else {
    xmit_seg(s);
  }
  e1000_tx_forget(tp);
}

/** What a data descriptor asks for: checksums (the first of a packet decides), segmentation, a VLAN tag. */
function e1000_tx_options(s: E1000State, legacy: boolean, txd_lower: number, txd_upper: number): void {
  const tp = s.tx;
  if (legacy) {
    // QEMU's device does not insert the checksum that IC, CSS and CSO ask for, and neither does this one.
    tp.cptse = false;
  } else {
    if (tp.size === 0) {
      tp.sum_needed = (txd_upper >>> 8) & 0xff;
    }
    tp.cptse = (txd_lower & E1000_TXD_CMD_TSE) !== 0;
  }
  const last = tp.cptse || (txd_lower & E1000_TXD_CMD_EOP) !== 0;
  if (last && e1000x_vlan_enabled(s.mac_reg) && e1000x_is_vlan_txd(txd_lower)) {
    tp.vlan_needed = true;
    wr16(tp.vlan_header, 0, s.mac_reg[VET]! & 0xffff);
    wr16(tp.vlan_header, VLAN_TCI - ETH_TYPE, txd_upper >>> 16);
  }
}

/**
 * Adds up to `len` bytes at `addr` to the packet, of which 64 KiB are kept. Returns how many. The headers of a
 * segmented one are noted.
 */
function e1000_tx_gather(s: E1000State, addr: number, len: number): number {
  const tp = s.tx;
  const bytes = Math.min(len, tp.data.length - tp.size);
  pci_dma_read_packet(s.parent_obj, addr, tp.mem, TX_VLAN_ROOM + tp.size, bytes);
  const sz = tp.size + bytes;
  const hdr_len = tp.tso_props.hdr_len;
  if (tp.cptse && sz >= hdr_len && tp.size < hdr_len) {
    e1000_tx_copy_header(tp.header, 0, tp.mem, TX_VLAN_ROOM, hdr_len);
  }
  // A field of 16 bits in QEMU: 64 KiB leave a packet of no length.
  tp.size = sz & 0xffff;
  return bytes;
}

/**
 * Copies the headers of a segmented packet.
 * @nodebug
 */
function e1000_tx_copy_header(to: WordMemory, d: number, from: WordMemory, s: number, len: number): void {
  copy_words(to.bytes, to.words, d, from.bytes, from.words, s, len);
}

/** The next descriptor starts a new packet. */
export function e1000_tx_forget(tp: E1000Tx): void {
  tp.tso_frames = 0;
  tp.sum_needed = 0;
  tp.vlan_needed = false;
  tp.size = 0;
  tp.cptse = false;
}

/**
 * Internet checksum over bytes `css` to `n` of the packet in `mem`, or to `cse` included when that is set, stored at
 * `sloc` unless that is outside the packet. An offset or start beyond the packet sums nothing.
 */
export function putsum(mem: WordMemory, n: number, sloc: number, css: number, cse: number): void {
  const end = cse !== 0 && cse < n ? cse + 1 : n;
  // Of a packet without a byte the last one's index is 2^32 - 1 in QEMU.
  if (sloc >= (end - 1) >>> 0) {
    return;
  }
  const sum = net_checksum_add(mem, TX_VLAN_ROOM + css, TX_VLAN_ROOM + end);
  // A checksum of zero is sent as all ones (RFC 768).
  wr16(mem.bytes, TX_VLAN_ROOM + sloc, ~sum & 0xffff || 0xffff);
}

/** Sends one frame: `tp.data` as it is, or as the next segment with its headers brought up to date. */
export function xmit_seg(s: E1000State): void {
  const tp = s.tx;
  const props = tp.cptse ? tp.tso_props : tp.props;
  if (tp.cptse) {
    e1000_tx_fix_headers(s, tp, props);
    tp.tso_frames++;
  }
  if ((tp.sum_needed & E1000_TXD_POPTS_TXSM) !== 0) {
    putsum(tp.mem, tp.size, props.tucso, props.tucss, props.tucse);
  }
  if ((tp.sum_needed & E1000_TXD_POPTS_IXSM) !== 0) {
    putsum(tp.mem, tp.size, props.ipcso, props.ipcss, props.ipcse);
  }
  if (tp.vlan_needed) {
    // The tag goes behind the addresses, which move 4 bytes down into the room kept before the data. A packet too short
    // for addresses is sent with what the one before left there.
    tp.vlan.copyWithin(0, VLAN_HLEN, VLAN_HLEN + ETH_TYPE);
    tp.vlan.set(tp.vlan_header, ETH_TYPE);
    e1000_send_packet(s, tp.vlan, tp.size + VLAN_HLEN);
  } else {
    e1000_send_packet(s, tp.data, tp.size);
  }
  const mac_reg = s.mac_reg;
  e1000x_inc_reg_if_not_full(mac_reg, TPT);
  e1000x_grow_8reg_if_not_full(mac_reg, TOTL, tp.size + ETH_FCS_LEN);
  mac_reg[GPTC] = mac_reg[TPT]!;
  mac_reg[GOTCL] = mac_reg[TOTL]!;
  mac_reg[GOTCH] = mac_reg[TOTH]!;
}

/** Lengths, identification, sequence number and flags of the next segment (3.5.3 and 3.5.7). */
function e1000_tx_fix_headers(s: E1000State, tp: E1000Tx, props: e1000x_txd_props): void {
  const frames = tp.tso_frames;
  const data = tp.data;
  if (props.ip) {
    wr16(data, props.ipcss + IP_LEN, tp.size - props.ipcss);
    wr16(data, props.ipcss + IP_ID, rd16(data, props.ipcss + IP_ID) + frames);
  } else {
    // IPv6. QEMU's device counts the fixed header too, though RFC 8200 does not.
    wr16(data, props.ipcss + IP6_PLEN, tp.size - props.ipcss);
  }
  const css = props.tucss;
  // 16 bits, as in QEMU: a header beyond the segment counts as a very long one.
  const len = (tp.size - css) & 0xffff;
  if (props.tcp) {
    const sofar = frames * props.mss;
    wr32(data, css + TH_SEQ, rd32(data, css + TH_SEQ) + sofar);
    // A payload shorter than what was sent already counts as a very long one, as in QEMU's unsigned sum.
    if ((props.paylen - sofar) >>> 0 > props.mss) {
      data[css + TH_FLAGS]! &= ~(TH_FIN | TH_PUSH);
    } else if (frames > 0) {
      e1000x_inc_reg_if_not_full(s.mac_reg, TSCTC);
    }
  } else {
    wr16(data, css + UH_ULEN, len);
  }
  if ((tp.sum_needed & E1000_TXD_POPTS_TXSM) !== 0) {
    // The driver left the pseudo header's sum without the length in place of the checksum.
    const sum = rd16(data, props.tucso) + len;
    wr16(data, props.tucso, (sum >>> 16) + (sum & 0xffff));
  }
}

/**
 * Gives a frame to the net core, or back to the receiver in PHY loopback.
 * @packet buf size
 */
export function e1000_send_packet(s: E1000State, buf: Uint8Array, size: number): void {
  const nc = qemu_get_queue(s.nic);
  if (size === 0) {
    // A receiver's answer to nothing, 0, would stand for "not now", and everything behind it would wait for ever.
    drop(buf, size, 'TX_BAD_DESC');
  } else if ((s.phy_reg[MII_BMCR]! & MII_BMCR_LOOPBACK) !== 0) {
    qemu_receive_packet(nc, buf, size);
  } else {
    qemu_send_packet(nc, buf, size);
  }
  inc_tx_bcast_or_mcast_count(s, buf);
  e1000x_increase_size_stats(s.mac_reg, PTC64, size + ETH_FCS_LEN);
}

/**
 * Counts a broadcast or multicast frame.
 * @nodebug
 */
function inc_tx_bcast_or_mcast_count(s: E1000State, buf: Uint8Array): void {
  if (!is_multicast_ether_addr(buf, ETH_DHOST)) {
    return;
  }
  const broadcast = is_broadcast_ether_addr(buf, ETH_DHOST);
  e1000x_inc_reg_if_not_full(s.mac_reg, broadcast ? BPTC : MPTC);
}
