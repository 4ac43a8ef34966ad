/** The PCI bus (hw/pci/pci.c): configuration space, base address registers, the interrupt pin, bus-master DMA. */

import { cpu_set_irq } from '../../softmmu/cpus.ts';
import { machine } from '../../softmmu/machine.ts';
import {
  ioport_region_add,
  type MemoryRegion,
  type MemoryRegionOps,
  memory_region_add,
  memory_region_del,
  ram_copy_in,
  ram_copy_out,
  ram_span,
} from '../../softmmu/memory.ts';
import { copy_words, type WordMemory } from '../../softmmu/ram_copy.ts';
import { rd16_le, wr16_le } from '../../wire/bytes.ts';
import type { PIIX3State } from '../isa/piix3.ts';

/** Offsets in configuration space (PCI 2.3, section 6.1). */
export const PCI_VENDOR_ID = 0x00;
export const PCI_DEVICE_ID = 0x02;
export const PCI_COMMAND = 0x04;
export const PCI_STATUS = 0x06;
export const PCI_REVISION_ID = 0x08;
export const PCI_CLASS_PROG = 0x09;
export const PCI_CLASS_DEVICE = 0x0a;
export const PCI_CACHE_LINE_SIZE = 0x0c;
export const PCI_LATENCY_TIMER = 0x0d;
export const PCI_HEADER_TYPE = 0x0e;
export const PCI_BASE_ADDRESS_0 = 0x10;
export const PCI_BASE_ADDRESS_1 = 0x14;
export const PCI_SUBSYSTEM_VENDOR_ID = 0x2c;
export const PCI_SUBSYSTEM_ID = 0x2e;
export const PCI_ROM_ADDRESS = 0x30;
export const PCI_INTERRUPT_LINE = 0x3c;
export const PCI_INTERRUPT_PIN = 0x3d;

/** Bits of PCI_COMMAND. */
export const PCI_COMMAND_IO = 0x0001;
export const PCI_COMMAND_MEMORY = 0x0002;
export const PCI_COMMAND_MASTER = 0x0004;
export const PCI_COMMAND_SERR = 0x0100;
export const PCI_COMMAND_INTX_DISABLE = 0x0400;

/** Bit of PCI_STATUS: the device asserts its interrupt. */
export const PCI_STATUS_INTERRUPT = 0x08;

/** Kinds of base address registers. */
export const PCI_BASE_ADDRESS_SPACE_MEMORY = 0x00;
export const PCI_BASE_ADDRESS_SPACE_IO = 0x01;

const PCI_CONFIG_SPACE_SIZE = 256;
const PCI_CONFIG_HEADER_SIZE = 64;
const PCI_NUM_BARS = 6;
/** An address that means "not mapped". */
const PCI_BAR_UNMAPPED = -1;

/** A base address register: what it maps, and where it is mapped now. */
export class PCIIORegion {
  readonly name: string;
  readonly size: number;
  /** PCI_BASE_ADDRESS_SPACE_MEMORY or _IO. */
  readonly type: number;
  readonly ops: MemoryRegionOps<object>;
  readonly opaque: object;
  /** Address now, or -1. */
  addr: number = PCI_BAR_UNMAPPED;
  region: MemoryRegion | null = null;
  constructor(name: string, size: number, type: number, ops: MemoryRegionOps<object>, opaque: object) {
    this.name = name;
    this.size = size;
    this.type = type;
    this.ops = ops;
    this.opaque = opaque;
  }
}

/** Handlers of a device's configuration space. */
export interface PCIConfigOps {
  readonly config_read: (d: PCIDevice, address: number, len: number) => number;
  readonly config_write: (d: PCIDevice, address: number, val: number, len: number) => void;
}

/** A function on the bus. */
export class PCIDevice {
  readonly name: string;
  /** Slot << 3 | function. */
  readonly devfn: number;
  readonly bus: PCIBus;
  readonly config: Uint8Array = new Uint8Array(PCI_CONFIG_SPACE_SIZE);
  /** Bits that the guest may write. */
  readonly wmask: Uint8Array = new Uint8Array(PCI_CONFIG_SPACE_SIZE);
  readonly config_ops: PCIConfigOps;
  readonly io_regions: (PCIIORegion | null)[] = [null, null, null, null, null, null];
  /** Level of the interrupt pin as the device drives it. */
  irq_state = false;
  /** What of it gets through (PCI_COMMAND_INTX_DISABLE). */
  irq_level = false;
  /** Input of the CPU that the pin is wired to. */
  irq_num = 0;
  constructor(bus: PCIBus, name: string, devfn: number, config_ops: PCIConfigOps) {
    this.bus = bus;
    this.name = name;
    this.devfn = devfn;
    this.config_ops = config_ops;
  }
}

/** Bus 0 with its host bridge. */
export class PCIBus {
  /** Devices by devfn. */
  readonly devices: Map<number, PCIDevice> = new Map();
  /** The ISA bridge, which routes interrupts; a bare bus has none. */
  piix3: PIIX3State | null = null;
  /** What the ISA bridge does when INTA of the device at `devfn` changes its level. */
  set_irq: ((s: PIIX3State, devfn: number, level: boolean) => void) | null = null;
  /** Last value of port 0xcf8 (CONFIG_ADDRESS). */
  config_reg = 0;
}

/** Reads configuration space (`len` 1, 2 or 4) as the device stores it. */
export function pci_default_read_config(d: PCIDevice, address: number, len: number): number {
  let val = 0;
  for (let i = 0; i < len; i++) {
    val |= (d.config[(address + i) & 0xff] ?? 0) << (i * 8);
  }
  return val >>> 0;
}

/** Writes configuration space where it is writable, then maps what the command and base address registers now say. */
export function pci_default_write_config(d: PCIDevice, address: number, val: number, len: number): void {
  const was_irq_disabled = pci_irq_disabled(d);
  for (let i = 0; i < len; i++) {
    const a = (address + i) & 0xff;
    const mask = d.wmask[a]!;
    d.config[a] = (d.config[a]! & ~mask) | ((val >>> (i * 8)) & mask);
  }
  pci_update_mappings(d);
  if (was_irq_disabled !== pci_irq_disabled(d)) {
    pci_change_irq_level(d, d.irq_state && !pci_irq_disabled(d));
  }
}

/** Has the bridge `s` hear of the interrupts on a bus. */
export function pci_bus_irqs(
  bus: PCIBus,
  set_irq: (s: PIIX3State, devfn: number, level: boolean) => void,
  s: PIIX3State,
): void {
  bus.piix3 = s;
  bus.set_irq = set_irq;
}

/** The level of a device's pin as the machine sees it. */
function pci_change_irq_level(d: PCIDevice, level: boolean): void {
  if (level === d.irq_level) {
    return;
  }
  d.irq_level = level;
  cpu_set_irq(machine.cpu, d.irq_num, level);
  if (d.bus.piix3 && d.bus.set_irq) {
    d.bus.set_irq(d.bus.piix3, d.devfn, level);
  }
}

/** The handlers of a device that needs nothing special. */
export const pci_default_config_ops: PCIConfigOps = {
  config_read: pci_default_read_config,
  config_write: pci_default_write_config,
};

/**
 * Stores a 16-bit value in configuration space, writable or not.
 * @nodebug
 */
export function pci_set_word(config: Uint8Array, offset: number, val: number): void {
  wr16_le(config, offset, val);
}

/**
 * Reads a 16-bit value of configuration space.
 * @nodebug
 */
export function pci_get_word(config: Uint8Array, offset: number): number {
  return rd16_le(config, offset);
}

/**
 * Stores a 32-bit value in configuration space, writable or not.
 * @nodebug
 */
export function pci_set_long(config: Uint8Array, offset: number, val: number): void {
  pci_set_word(config, offset, val & 0xffff);
  pci_set_word(config, offset + 2, val >>> 16);
}

/**
 * Reads a 32-bit value of configuration space.
 * @nodebug
 */
export function pci_get_long(config: Uint8Array, offset: number): number {
  return (pci_get_word(config, offset) | (pci_get_word(config, offset + 2) << 16)) >>> 0;
}

/** Lowest slot with no device; slots 0 to 2 are the host bridge, the ISA bridge and the display of a PC. */
const PCI_FIRST_FREE_SLOT = 3;
const PCI_SLOT_MAX = 32;

/** The devfn of the first free slot, or -1 when the bus is full. */
export function pci_find_free_devfn(bus: PCIBus): number {
  for (let slot = PCI_FIRST_FREE_SLOT; slot < PCI_SLOT_MAX; slot++) {
    if (!bus.devices.has(slot << 3)) {
      return slot << 3;
    }
  }
  return -1;
}

/** Puts a new device on the bus at a free `devfn`. */
export function pci_register_device(bus: PCIBus, name: string, devfn: number, ops: PCIConfigOps): PCIDevice {
  const d = new PCIDevice(bus, name, devfn, ops);
  d.irq_num = bus.devices.size & 31;
  pci_set_word(
    d.wmask,
    PCI_COMMAND,
    PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE,
  );
  d.wmask[PCI_CACHE_LINE_SIZE] = 0xff;
  d.wmask[PCI_INTERRUPT_LINE] = 0xff;
  // Behind the header a device without capabilities just stores what is written.
  d.wmask.fill(0xff, PCI_CONFIG_HEADER_SIZE);
  bus.devices.set(devfn, d);
  return d;
}

/** Gives a device a base address register. `size` is a power of two. */
export function pci_register_bar<T extends object>(
  d: PCIDevice,
  region_num: number,
  type: number,
  name: string,
  size: number,
  ops: MemoryRegionOps<T>,
  opaque: T,
): void {
  d.io_regions[region_num] = new PCIIORegion(name, size, type, ops as unknown as MemoryRegionOps<object>, opaque);
  const off = PCI_BASE_ADDRESS_0 + region_num * 4;
  pci_set_long(d.config, off, type);
  pci_set_long(d.wmask, off, ~(size - 1) >>> 0);
}

/** Where a base address register maps to, or -1: disabled by the command register, or not set. */
function pci_bar_address(d: PCIDevice, region_num: number, r: PCIIORegion): number {
  const cmd = pci_get_word(d.config, PCI_COMMAND);
  const bar = pci_get_long(d.config, PCI_BASE_ADDRESS_0 + region_num * 4);
  const enabled = r.type === PCI_BASE_ADDRESS_SPACE_IO ? cmd & PCI_COMMAND_IO : cmd & PCI_COMMAND_MEMORY;
  const addr = (bar & ~(r.size - 1)) >>> 0;
  const last = addr + r.size - 1;
  const limit = r.type === PCI_BASE_ADDRESS_SPACE_IO ? 0xffff : 0xfffffffe;
  return enabled === 0 || addr === 0 || last > limit ? PCI_BAR_UNMAPPED : addr;
}

/** Maps and unmaps base address registers after a change of configuration. */
export function pci_update_mappings(d: PCIDevice): void {
  for (let i = 0; i < PCI_NUM_BARS; i++) {
    const r = d.io_regions[i];
    if (!r) {
      continue;
    }
    const addr = pci_bar_address(d, i, r);
    if (addr === r.addr) {
      continue;
    }
    if (r.region) {
      memory_region_del(r.region);
      r.region = null;
    }
    r.addr = addr;
    if (addr !== PCI_BAR_UNMAPPED) {
      const add = r.type === PCI_BASE_ADDRESS_SPACE_IO ? ioport_region_add : memory_region_add;
      r.region = add(r.name, addr, r.size, r.ops, r.opaque);
    }
  }
}

/** First addresses the firmware hands out, as SeaBIOS does on a PC. */
const BIOS_FIRST_MEM = 0xfebc0000;
const BIOS_FIRST_IO = 0xc000;

/**
 * Plays the firmware: gives every base address register a place (memory downwards, ports upwards) and switches decoding
 * on.
 */
export function pci_bios_init(bus: PCIBus): void {
  let mem = BIOS_FIRST_MEM;
  let io = BIOS_FIRST_IO;
  for (const d of bus.devices.values()) {
    d.io_regions.forEach((r, i) => {
      if (!r) {
        return;
      }
      const is_io = r.type === PCI_BASE_ADDRESS_SPACE_IO;
      d.config_ops.config_write(d, PCI_BASE_ADDRESS_0 + i * 4, is_io ? io : mem, 4);
      if (is_io) {
        io += r.size;
      } else {
        mem -= r.size;
      }
    });
    d.config_ops.config_write(d, PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_SERR, 2);
    if (d.config[PCI_INTERRUPT_PIN] !== 0) {
      d.config_ops.config_write(d, PCI_INTERRUPT_LINE, pci_irq_line(d), 1);
    }
  }
}

/** The interrupt line (IRQ 10 or 11) that a PC's firmware routes INTA of a slot to. */
function pci_irq_line(d: PCIDevice): number {
  return (((d.devfn >> 3) - 1) & 3) >= 2 ? 11 : 10;
}

/** Reads configuration space of the device at `devfn`; no device there reads as all ones. */
export function pci_config_read(devfn: number, offset: number, size: number): number {
  const d = machine.pci.devices.get(devfn);
  if (!d) {
    return size === 4 ? 0xffffffff : (1 << (size * 8)) - 1;
  }
  return d.config_ops.config_read(d, offset & 0xff, size);
}

/** Writes configuration space of the device at `devfn`. */
export function pci_config_write(devfn: number, offset: number, val: number, size: number): void {
  const d = machine.pci.devices.get(devfn);
  if (d) {
    d.config_ops.config_write(d, offset & 0xff, val, size);
  }
}

/** Bit of CONFIG_ADDRESS that enables access through port 0xcfc. */
const PCI_CONF_ENABLE = 0x80000000;

/** Reads port 0xcf8 (CONFIG_ADDRESS). */
export function pci_host_config_read(bus: PCIBus, addr: number, size: number): number {
  return bus.config_reg;
}

/** Writes port 0xcf8: which register of which device port 0xcfc means. */
export function pci_host_config_write(bus: PCIBus, addr: number, val: number, size: number): void {
  if (size === 4) {
    bus.config_reg = val;
  }
}

/** Reads port 0xcfc and the three above (CONFIG_DATA). */
export function pci_host_data_read(bus: PCIBus, addr: number, size: number): number {
  const reg = bus.config_reg;
  // Only bus 0 exists: bits 16 to 23 are the bus number.
  if ((reg & PCI_CONF_ENABLE) === 0 || (reg & 0xff0000) !== 0) {
    return size === 4 ? 0xffffffff : (1 << (size * 8)) - 1;
  }
  return pci_config_read((reg >>> 8) & 0xff, (reg & 0xff) | (addr & 3), size);
}

/** Writes port 0xcfc and the three above. */
export function pci_host_data_write(bus: PCIBus, addr: number, val: number, size: number): void {
  const reg = bus.config_reg;
  if ((reg & PCI_CONF_ENABLE) !== 0 && (reg & 0xff0000) === 0) {
    pci_config_write((reg >>> 8) & 0xff, (reg & 0xff) | (addr & 3), val, size);
  }
}

const pci_host_conf_ops: MemoryRegionOps<PCIBus> = {
  read: pci_host_config_read,
  write: pci_host_config_write,
  min_access_size: 1,
  max_access_size: 4,
};

const pci_host_data_ops: MemoryRegionOps<PCIBus> = {
  read: pci_host_data_read,
  write: pci_host_data_write,
  min_access_size: 1,
  max_access_size: 4,
};

/** A new bus with its configuration ports mapped. `machine.memory` must be there. */
export function pci_root_bus_new(): PCIBus {
  const bus = new PCIBus();
  ioport_region_add('pci-conf-idx', 0xcf8, 4, pci_host_conf_ops, bus);
  ioport_region_add('pci-conf-data', 0xcfc, 4, pci_host_data_ops, bus);
  return bus;
}

/**
 * True when the command register keeps the device from interrupting.
 * @nodebug
 */
function pci_irq_disabled(d: PCIDevice): boolean {
  return (pci_get_word(d.config, PCI_COMMAND) & PCI_COMMAND_INTX_DISABLE) !== 0;
}

/** Drives the interrupt pin of a device (level: 0 or 1). */
export function pci_set_irq(pci_dev: PCIDevice, level: number): void {
  const asserted = level !== 0;
  if (asserted === pci_dev.irq_state) {
    return;
  }
  pci_dev.irq_state = asserted;
  if (asserted) {
    pci_dev.config[PCI_STATUS]! |= PCI_STATUS_INTERRUPT;
  } else {
    pci_dev.config[PCI_STATUS]! &= ~PCI_STATUS_INTERRUPT;
  }
  if (!pci_irq_disabled(pci_dev)) {
    pci_change_irq_level(pci_dev, asserted);
  }
}

/**
 * True when the device may read and write memory by itself.
 * @nodebug @pure
 */
export function pci_is_bus_master(d: PCIDevice): boolean {
  return (d.config[PCI_COMMAND]! & PCI_COMMAND_MASTER) !== 0;
}

/**
 * How many of `len` bytes from `addr` a device's DMA reaches: those that are RAM, and none while it is not bus master.
 * @nodebug
 */
function pci_dma_span(d: PCIDevice, addr: number, len: number): number {
  return pci_is_bus_master(d) ? ram_span(machine.memory, addr, len) : 0;
}

/**
 * DMA from guest RAM into `buf` at `off`. What is not RAM (a device's registers, nothing) reads as zeros, and so does
 * everything when the device is not bus master. Returns false if any byte was not RAM.
 * @nodebug @reads memory addr len @writes buf off len
 */
export function pci_dma_read(d: PCIDevice, addr: number, buf: Uint8Array, off: number, len: number): boolean {
  const n = pci_dma_span(d, addr, len);
  if (n > 0) {
    ram_copy_out(machine.memory, addr, buf, off, n);
  }
  if (n < len) {
    buf.fill(0, off + n, off + len);
    return false;
  }
  return true;
}

/**
 * `pci_dma_read` into the memory of a packet.
 * @nodebug @reads memory addr len
 */
export function pci_dma_read_packet(d: PCIDevice, addr: number, mem: WordMemory, off: number, len: number): boolean {
  const n = pci_dma_span(d, addr, len);
  const m = machine.memory;
  if (n > 0) {
    copy_words(mem.bytes, mem.words, off, m.ram, m.ram_words, addr, n);
  }
  if (n < len) {
    mem.bytes.fill(0, off + n, off + len);
    return false;
  }
  return true;
}

/**
 * DMA from `buf` at `off` into guest RAM. Bytes for anything but RAM are lost, so a device can never reach its own
 * registers. Returns false if any byte was lost.
 * @nodebug @reads buf off len @writes memory addr len
 */
export function pci_dma_write(d: PCIDevice, addr: number, buf: Uint8Array, off: number, len: number): boolean {
  const n = pci_dma_span(d, addr, len);
  if (n > 0) {
    ram_copy_in(machine.memory, addr, buf, off, n);
  }
  return n === len;
}
