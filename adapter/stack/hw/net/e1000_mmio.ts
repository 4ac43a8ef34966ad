/** Access to the e1000's registers: in memory space (BAR 0) and through the I/O window (BAR 1). */
import { qemu_format_nic_info_str, qemu_get_queue } from '../../net/net.ts';
import type { MemoryRegionOps } from '../../softmmu/memory.ts';
import { type E1000State, e1000_mac_reset, set_rdt, set_rx_control } from './e1000.ts';
import { E1000_CTRL_RST } from './e1000_hw.ts';
import { mac_icr_read, set_icr, set_ics, set_imc, set_ims } from './e1000_intr.ts';
import { flash_eerd_read, get_eecd, set_eecd, set_mdic } from './e1000_phy.ts';
import {
  AIT,
  CTRL,
  E1000_MMIO_SIZE,
  E1000_REGISTERS,
  EECD,
  EERD,
  FFLT,
  FFMT,
  FFVT,
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
  TORH,
  TORL,
  TOTH,
  TOTL,
  VET,
} from './e1000_regs.ts';
import { set_tctl } from './e1000_tx.ts';

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

/**
 * Writes a register that is just stored. The second half of the first receive address completes the station's address.
 */
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
  [TADV, set_16bit],
  [ITR, set_16bit],
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

/**
 * The flexible filters' tables: their entries are 8 bytes apart, and QEMU's device keeps the words between them as
 * well.
 */
const flexible_filters: readonly (readonly [first: number, words: number, write: WriteOp])[] = [
  [FFLT, 7, set_11bit],
  [FFMT, 255, set_4bit],
  [FFVT, 255, mac_writereg],
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
      read[index] = { rc: mac_read_clr4, ro: mac_readreg, rw: mac_readreg, wo: undefined, none: undefined }[r.access];
      write[index] = r.access === 'rw' ? mac_writereg : undefined;
    }
  }
  for (const [first, words, op] of flexible_filters) {
    read.fill(mac_readreg, first, first + words);
    write.fill(op, first, first + words);
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
 * A write to the I/O window. CTRL.RST resets the device here: drivers use the window for that, because the 82540 cannot
 * answer a memory write that resets it (Linux's `e1000_reset_hw`).
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

export const e1000_mmio_ops: MemoryRegionOps<E1000State> = {
  read: e1000_mmio_read,
  write: e1000_mmio_write,
  min_access_size: 4,
  max_access_size: 4,
};

export const e1000_io_ops: MemoryRegionOps<E1000State> = {
  read: e1000_io_read,
  write: e1000_io_write,
  min_access_size: 4,
  max_access_size: 4,
};
