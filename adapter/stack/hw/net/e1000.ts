/**
 * The e1000 (Intel 82540EM) as QEMU models it (hw/net/e1000.c): the device, its registers and its link.
 * Receiving is in e1000_rx.ts, transmitting in e1000_tx.ts, interrupts in e1000_intr.ts, PHY and EEPROM in e1000_phy.ts.
 */
import {
  NET_BUFSIZE,
  type NetClientInfo,
  type NetClientState,
  type NICState,
  qemu_flush_queued_packets,
  qemu_format_nic_info_str,
  qemu_get_queue,
  qemu_macaddr_default,
  qemu_new_nic,
} from '../../net/net.ts';
import { machine } from '../../softmmu/machine.ts';
import type { MemoryRegionOps } from '../../softmmu/memory.ts';
import { iovec } from '../../util/iov.ts';
import { QEMU_CLOCK_VIRTUAL, type QEMUTimer, timer_del, timer_new_ns } from '../../util/timer.ts';
import {
  PCI_BASE_ADDRESS_SPACE_IO,
  PCI_BASE_ADDRESS_SPACE_MEMORY,
  PCI_CLASS_DEVICE,
  PCI_COMMAND,
  PCI_DEVICE_ID,
  PCI_INTERRUPT_PIN,
  PCI_REVISION_ID,
  PCI_SUBSYSTEM_ID,
  PCI_SUBSYSTEM_VENDOR_ID,
  PCI_VENDOR_ID,
  type PCIConfigOps,
  type PCIDevice,
  pci_default_read_config,
  pci_default_write_config,
  pci_is_bus_master,
  pci_register_bar,
  pci_register_device,
  pci_set_irq,
  pci_set_word,
} from '../pci/pci.ts';
import {
  E1000_CTRL_RST,
  E1000_DESC_SIZE,
  E1000_DEV_ID_82540EM,
  E1000_ICR_LSC,
  E1000_STATUS_LU,
  EEPROM_WORDS,
  MII_BMSR,
  MII_BMSR_AN_COMP,
  MII_BMSR_LINK_ST,
  PCI_VENDOR_ID_INTEL,
  PHY_REGS,
} from './e1000_hw.ts';
import { e1000_mit_timer, mac_icr_read, set_icr, set_ics, set_imc, set_ims } from './e1000_intr.ts';
import {
  E1000EecdState,
  e1000_autoneg_timer,
  e1000x_restart_autoneg,
  flash_eerd_read,
  get_eecd,
  have_autoneg,
  set_eecd,
  set_mdic,
} from './e1000_phy.ts';
import { PHY_REGISTERS } from './e1000_phy_regs.ts';
import {
  AIT,
  CTRL,
  E1000_MMIO_SIZE,
  E1000_REGISTERS,
  EECD,
  EERD,
  FCAH,
  FCT,
  FCTTV,
  FFLT,
  FFMT,
  GORCH,
  GORCL,
  GOTCH,
  GOTCL,
  ICR,
  ICS,
  IMC,
  IMS,
  ITR,
  MDIC,
  MPC,
  RA,
  RADV,
  RCTL,
  RDFH,
  RDFHS,
  RDFPC,
  RDFT,
  RDFTS,
  RDH,
  RDLEN,
  RDT,
  RDTR,
  RNBC,
  STATUS,
  TADV,
  TCTL,
  TDFH,
  TDFHS,
  TDFPC,
  TDFT,
  TDFTS,
  TDH,
  TDLEN,
  TDT,
  TIDV,
  TORH,
  TORL,
  TOTH,
  TOTL,
  VET,
} from './e1000_regs.ts';
import {
  e1000_can_receive,
  e1000_flush_queue_timer,
  e1000_receive,
  e1000_receive_iov,
  set_rdt,
  set_rx_control,
} from './e1000_rx.ts';
import { e1000_tx_forget, set_tctl } from './e1000_tx.ts';
import {
  e1000x_core_prepare_eeprom,
  e1000x_reset_mac_addr,
  e1000x_txd_props,
  e1000x_update_regs_on_link_down,
  e1000x_update_regs_on_link_up,
} from './e1000x_common.ts';

/** Bytes of payload a packet may gather before EOP. */
const TX_DATA_SIZE = 0x10000;
/** Longest header of a packet under segmentation, and one more. */
const TX_HEADER_SIZE = 256;

/** The transmitter: the packet under construction and its offload contexts. */
export class E1000Tx {
  /** 4 bytes of room for a VLAN tag, then `data`. */
  readonly vlan: Uint8Array = new Uint8Array(4 + TX_DATA_SIZE);
  readonly data: Uint8Array = this.vlan.subarray(4);
  readonly header: Uint8Array = new Uint8Array(TX_HEADER_SIZE);
  readonly vlan_header: Uint8Array = new Uint8Array(4);
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

/* Registers */

type ReadOp = (s: E1000State, index: number) => number;
type WriteOp = (s: E1000State, index: number, val: number) => void;

/** Reads a register that is just stored. */
export function mac_readreg(s: E1000State, index: number): number {
  return s.mac_reg[index]!;
}

/** Reads a counter and clears it. */
export function mac_read_clr4(s: E1000State, index: number): number {
  const ret = s.mac_reg[index]!;
  s.mac_reg[index] = 0;
  return ret;
}

/** Reads the high half of a 64-bit counter and clears both halves. */
export function mac_read_clr8(s: E1000State, index: number): number {
  const ret = s.mac_reg[index]!;
  s.mac_reg[index] = 0;
  s.mac_reg[index - 1] = 0;
  return ret;
}

/** Writes a register that is just stored. The second half of the first receive address completes the station's address. */
export function mac_writereg(s: E1000State, index: number, val: number): void {
  s.mac_reg[index] = val;
  if (index === RA + 1) {
    const [low, high] = [s.mac_reg[RA]!, val];
    qemu_format_nic_info_str(
      qemu_get_queue(s.nic),
      new Uint8Array([low, low >>> 8, low >>> 16, low >>> 24, high, high >>> 8]),
    );
  }
}

/** Writes a register of 16 bits. */
export function set_16bit(s: E1000State, index: number, val: number): void {
  s.mac_reg[index] = val & 0xffff;
}

/** Writes a register of 13 bits (FIFO pointers). */
export function set_13bit(s: E1000State, index: number, val: number): void {
  s.mac_reg[index] = val & 0x1fff;
}

/** Writes a register of 11 bits (FIFO pointers and filter lengths). */
export function set_11bit(s: E1000State, index: number, val: number): void {
  s.mac_reg[index] = val & 0x7ff;
}

/** Writes a register of 4 bits (filter masks). */
export function set_4bit(s: E1000State, index: number, val: number): void {
  s.mac_reg[index] = val & 0xf;
}

/** Writes the length of a ring: a multiple of 128 bytes below 1 MiB. */
export function set_dlen(s: E1000State, index: number, val: number): void {
  s.mac_reg[index] = val & 0xfff80;
}

/** Writes CTRL. RST clears itself and does nothing else, as with QEMU's device; a reset goes through the I/O window. */
export function set_ctrl(s: E1000State, index: number, val: number): void {
  s.mac_reg[CTRL] = val & ~E1000_CTRL_RST;
}

/** Reads by register that do more than give the value. */
const special_reads: readonly (readonly [number, ReadOp])[] = [
  [ICR, mac_icr_read],
  [EECD, get_eecd],
  [EERD, flash_eerd_read],
  [TORH, mac_read_clr8],
  [TOTH, mac_read_clr8],
  [GORCH, mac_read_clr8],
  [GOTCH, mac_read_clr8],
  // QEMU's device keeps these two when they are read.
  [MPC, mac_readreg],
  [RNBC, mac_readreg],
  [TORL, mac_readreg],
  [TOTL, mac_readreg],
  [GORCL, mac_readreg],
  [GOTCL, mac_readreg],
];

/** Writes by register that do more than store the value. */
const special_writes: readonly (readonly [number, WriteOp])[] = [
  [CTRL, set_ctrl],
  [EECD, set_eecd],
  [MDIC, set_mdic],
  [ICR, set_icr],
  [ICS, set_ics],
  [IMS, set_ims],
  [IMC, set_imc],
  [RCTL, set_rx_control],
  [TCTL, set_tctl],
  [TDT, set_tctl],
  [RDT, set_rdt],
  [TDLEN, set_dlen],
  [RDLEN, set_dlen],
  [TDH, set_16bit],
  [RDH, set_16bit],
  [RDTR, set_16bit],
  [RADV, set_16bit],
  [TIDV, set_16bit],
  [TADV, set_16bit],
  [ITR, set_16bit],
  [FCAH, set_16bit],
  [FCT, set_16bit],
  [FCTTV, set_16bit],
  [AIT, set_16bit],
  [VET, mac_writereg],
  [RDFH, set_13bit],
  [RDFT, set_13bit],
  [RDFHS, set_13bit],
  [RDFTS, set_13bit],
  [RDFPC, set_13bit],
  [TDFH, set_11bit],
  [TDFT, set_11bit],
  [TDFHS, set_13bit],
  [TDFTS, set_13bit],
  [TDFPC, set_13bit],
];

/** What a read or write of each 32-bit word of BAR 0 does, from the register table and the two lists above. */
interface MacOps {
  readonly read: readonly (ReadOp | undefined)[];
  readonly write: readonly (WriteOp | undefined)[];
}

/** Builds the dispatch tables. */
function e1000_make_ops(): MacOps {
  const read: (ReadOp | undefined)[] = new Array(E1000_MMIO_SIZE >> 2).fill(undefined);
  const write: (WriteOp | undefined)[] = new Array(E1000_MMIO_SIZE >> 2).fill(undefined);
  for (const r of E1000_REGISTERS) {
    for (let i = 0; i < r.count; i++) {
      const index = (r.offset + i * r.stride) >> 2;
      read[index] = r.access === 'rc' ? mac_read_clr4 : r.access === 'wo' ? undefined : mac_readreg;
      const narrow = r.offset >> 2 === FFLT ? set_11bit : r.offset >> 2 === FFMT ? set_4bit : mac_writereg;
      write[index] = r.access === 'rw' ? narrow : undefined;
    }
  }
  for (const [index, op] of special_reads) {
    read[index] = op;
  }
  for (const [index, op] of special_writes) {
    write[index] = op;
  }
  return { read, write };
}

const macreg_ops: MacOps = e1000_make_ops();

/** A read of BAR 0 by the guest. Words that are no register read as 0. */
export function e1000_mmio_read(opaque: E1000State, addr: number, size: number): number {
  const s = opaque;
  const index = (addr & (E1000_MMIO_SIZE - 1)) >>> 2;
  const op = macreg_ops.read[index];
  return op ? op(s, index) >>> 0 : 0;
}

/** A write to BAR 0 by the guest. Words that are no register, or are read-only, ignore it. */
export function e1000_mmio_write(opaque: E1000State, addr: number, val: number, size: number): void {
  const s = opaque;
  const index = (addr & (E1000_MMIO_SIZE - 1)) >>> 2;
  const op = macreg_ops.write[index];
  if (op) {
    op(s, index, val >>> 0);
  }
}

/** Offsets in BAR 1 (13.2.2): which register, and its value. */
const IOADDR = 0;
const IODATA = 4;

/** A read of the I/O window. */
export function e1000_io_read(opaque: E1000State, addr: number, size: number): number {
  if (addr === IOADDR) {
    return opaque.ioaddr;
  }
  return addr === IODATA && opaque.ioaddr < E1000_MMIO_SIZE ? e1000_mmio_read(opaque, opaque.ioaddr, size) : 0;
}

/**
 * A write to the I/O window. CTRL.RST resets the device here: drivers use the window for that, because the 82540 cannot answer a
 * memory write that resets it (Linux's `e1000_reset_hw`).
 */
export function e1000_io_write(opaque: E1000State, addr: number, val: number, size: number): void {
  if (addr === IOADDR) {
    opaque.ioaddr = val;
  } else if (addr === IODATA && opaque.ioaddr >>> 2 === CTRL && (val & E1000_CTRL_RST) !== 0) {
    e1000_mac_reset(opaque);
  } else if (addr === IODATA && opaque.ioaddr < E1000_MMIO_SIZE) {
    e1000_mmio_write(opaque, opaque.ioaddr, val, size);
  }
}

const e1000_mmio_ops: MemoryRegionOps<E1000State> = {
  read: e1000_mmio_read,
  write: e1000_mmio_write,
  min_access_size: 4,
  max_access_size: 4,
};

const e1000_io_ops: MemoryRegionOps<E1000State> = {
  read: e1000_io_read,
  write: e1000_io_write,
  min_access_size: 4,
  max_access_size: 4,
};

/* Link and reset */

/** The link is up: what waited is delivered. */
export function e1000_link_up(s: E1000State): void {
  e1000x_update_regs_on_link_up(s.mac_reg, s.phy_reg);
  qemu_flush_queued_packets(qemu_get_queue(s.nic));
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

/** Device reset (CTRL.RST through the I/O window): the MAC's registers, rings and counters; PCI configuration, PHY and link stay (13.4.1). */
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

/* Creation */

/** Words of the EEPROM, without the station's address, ids and checksum. */
const e1000_eeprom_template: readonly number[] = [
  0x0000, 0x0000, 0x0000, 0x0000, 0xffff, 0x0000, 0x0000, 0x0000, 0x3000, 0x1000, 0x6403, 0x0000, 0x8086, 0x0000,
  0x8086, 0x3040, 0x0008, 0x2000, 0x7e14, 0x0048, 0x1000, 0x00d8, 0x0000, 0x2700, 0x6cc9, 0x3150, 0x0722, 0x040b,
  0x0984, 0x0000, 0xc000, 0x0706, 0x1008, 0x0000, 0x0f04, 0x7fff, 0x4d01, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff,
  0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0x0100, 0x4000, 0x121c, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff,
  0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0x0000,
];

const net_e1000_info: NetClientInfo = {
  type: 'nic',
  receive: e1000_receive,
  receive_iov: e1000_receive_iov,
  can_receive: e1000_can_receive,
  link_status_changed: e1000_set_link_status,
  do_not_pad: false,
};

/** Becoming bus master opens the receiver: what waited is delivered. */
export function e1000_write_config(pci_dev: PCIDevice, address: number, val: number, len: number): void {
  pci_default_write_config(pci_dev, address, val, len);
  if (address <= PCI_COMMAND && address + len > PCI_COMMAND && pci_is_bus_master(pci_dev)) {
    const s = machine.nics.find((n) => n.parent_obj === pci_dev);
    if (s) {
      qemu_flush_queued_packets(qemu_get_queue(s.nic));
    }
  }
}

const e1000_config_ops: PCIConfigOps = {
  config_read: pci_default_read_config,
  config_write: e1000_write_config,
};

/** Subsystem ids of QEMU's devices. */
const PCI_SUBVENDOR_ID_REDHAT_QUMRANET = 0x1af4;
const PCI_SUBDEVICE_ID_QEMU = 0x1100;
const PCI_CLASS_NETWORK_ETHERNET = 0x0200;
/** Revision of the 82540EM that QEMU reports. */
const E1000_REVISION = 3;
const IOPORT_SIZE = 0x40;

/** Puts an e1000 on the bus at `devfn`, links it to its peer and resets it. */
export function pci_e1000_realize(props: E1000Properties, devfn: number): E1000State {
  const pci_dev = pci_register_device(machine.pci, 'e1000', devfn, e1000_config_ops);
  const s = new E1000State(pci_dev, props, `e1000.${machine.nics.length}`);
  pci_set_word(pci_dev.config, PCI_VENDOR_ID, PCI_VENDOR_ID_INTEL);
  pci_set_word(pci_dev.config, PCI_DEVICE_ID, E1000_DEV_ID_82540EM);
  pci_set_word(pci_dev.config, PCI_CLASS_DEVICE, PCI_CLASS_NETWORK_ETHERNET);
  pci_set_word(pci_dev.config, PCI_SUBSYSTEM_VENDOR_ID, PCI_SUBVENDOR_ID_REDHAT_QUMRANET);
  pci_set_word(pci_dev.config, PCI_SUBSYSTEM_ID, PCI_SUBDEVICE_ID_QEMU);
  pci_dev.config[PCI_REVISION_ID] = E1000_REVISION;
  pci_dev.config[PCI_INTERRUPT_PIN] = 1;
  pci_register_bar(pci_dev, 0, PCI_BASE_ADDRESS_SPACE_MEMORY, 'e1000-mmio', E1000_MMIO_SIZE, e1000_mmio_ops, s);
  pci_register_bar(pci_dev, 1, PCI_BASE_ADDRESS_SPACE_IO, 'e1000-io', IOPORT_SIZE, e1000_io_ops, s);
  e1000x_core_prepare_eeprom(s.eeprom_data, e1000_eeprom_template, E1000_DEV_ID_82540EM, s.macaddr);
  s.nic = qemu_new_nic(net_e1000_info, props.peer, 'e1000', props.id, s);
  machine.nics.push(s);
  e1000_reset(s);
  return s;
}

/** The properties of an e1000 that says nothing but its peer. */
export function e1000_default_properties(peer: NetClientState | null): E1000Properties {
  return { id: '', devfn: -1, mac: qemu_macaddr_default(), peer, autonegotiation: true, mitigation: true };
}
