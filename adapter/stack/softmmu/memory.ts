/**
 * Guest physical memory and I/O ports (softmmu/memory.c, softmmu/physmem.c): RAM at 0, device regions elsewhere.
 *
 * Accesses are little-endian, as on x86. Nothing answers at an address that is not mapped: reads give 0, writes are
 * lost.
 */
import { machine } from './machine.ts';
import { copy_words, WordMemory } from './ram_copy.ts';

/** Callbacks of a device region. `addr` counts from the region's start; `size` is 1, 2 or 4 bytes. */
export interface MemoryRegionOps<T extends object> {
  readonly read: (opaque: T, addr: number, size: number) => number;
  readonly write: (opaque: T, addr: number, val: number, size: number) => void;
  /**
   * Bytes of the accesses the device implements: narrower ones are widened, wider ones split
   * (`impl.min/max_access_size`).
   */
  readonly min_access_size: number;
  readonly max_access_size: number;
}

/** A range of addresses that a device answers. */
export class MemoryRegion {
  readonly name: string;
  base: number;
  readonly size: number;
  readonly ops: MemoryRegionOps<object>;
  readonly opaque: object;
  constructor(name: string, base: number, size: number, ops: MemoryRegionOps<object>, opaque: object) {
    this.name = name;
    this.base = base;
    this.size = size;
    this.ops = ops;
    this.opaque = opaque;
  }
}

/** Bytes of the longest packet memory that is copied through `MemoryMap.bounce`, and 8 more. */
const BOUNCE_SIZE = 4096 + 8;

/** What is mapped where. */
export class MemoryMap {
  /** RAM at physical address 0 (the same bytes as `machine.ram`). */
  readonly ram: Uint8Array;
  readonly ram_view: DataView;
  readonly ram_words: Int32Array;
  /** Where a packet lies while its words are moved to RAM. */
  readonly bounce: WordMemory = new WordMemory(BOUNCE_SIZE);
  /** A view of the place in it where the last long packets were, and where the last one was. */
  bounce_view: Uint8Array = new Uint8Array(0);
  bounce_at = 0;
  bounce_len = 0;
  readonly regions: MemoryRegion[] = [];
  readonly ioports: MemoryRegion[] = [];
  constructor(ram: Uint8Array) {
    this.ram = ram;
    this.ram_view = new DataView(ram.buffer, ram.byteOffset, ram.byteLength);
    this.ram_words = new Int32Array(ram.buffer, ram.byteOffset, ram.byteLength >>> 2);
  }
}

/** Maps device memory at `base`. A region added later hides an earlier one. */
export function memory_region_add<T extends object>(
  name: string,
  base: number,
  size: number,
  ops: MemoryRegionOps<T>,
  opaque: T,
): MemoryRegion {
  const mr = new MemoryRegion(name, base, size, ops as unknown as MemoryRegionOps<object>, opaque);
  machine.memory.regions.unshift(mr);
  return mr;
}

/** Maps I/O ports at `base`. */
export function ioport_region_add<T extends object>(
  name: string,
  base: number,
  size: number,
  ops: MemoryRegionOps<T>,
  opaque: T,
): MemoryRegion {
  const mr = new MemoryRegion(name, base, size, ops as unknown as MemoryRegionOps<object>, opaque);
  machine.memory.ioports.unshift(mr);
  return mr;
}

/** Unmaps a region of memory or ports; nothing happens if it is not mapped. */
export function memory_region_del(mr: MemoryRegion): void {
  for (const list of [machine.memory.regions, machine.memory.ioports]) {
    const i = list.indexOf(mr);
    if (i >= 0) {
      list.splice(i, 1);
    }
  }
}

/**
 * The region that answers at `addr`, or null.
 * @nodebug
 */
export function memory_region_find(list: readonly MemoryRegion[], addr: number): MemoryRegion | null {
  for (let i = 0; i < list.length; i++) {
    const mr = list[i]!;
    if (addr >= mr.base && addr < mr.base + mr.size) {
      return mr;
    }
  }
  return null;
}

/**
 * Bytes of the next access of a transfer of `left` bytes at `addr`: at most 4, a power of two, aligned
 * (`memory_access_size`).
 * @nodebug
 */
function memory_access_size(addr: number, left: number): number {
  if ((addr & 1) !== 0 || left < 2) {
    return 1;
  }
  return (addr & 2) !== 0 || left < 4 ? 2 : 4;
}

/**
 * Reads `size` (1, 2, 4) bytes at an aligned address of a region. A device that only knows wider accesses is asked for
 * one and the low bytes are taken, as `access_with_adjusted_size` does.
 * @nodebug
 */
function memory_region_dispatch_read(mr: MemoryRegion, addr: number, size: number): number {
  const ops = mr.ops;
  const step = Math.max(Math.min(size, ops.max_access_size), ops.min_access_size);
  let val = 0;
  for (let i = 0; i < size; i += step) {
    val |= ops.read(mr.opaque, addr - mr.base + i, step) << (i * 8);
  }
  return size === 4 ? val >>> 0 : val & ((1 << (size * 8)) - 1);
}

/**
 * Writes `size` (1, 2, 4) bytes at an aligned address of a region.
 * @nodebug
 */
function memory_region_dispatch_write(mr: MemoryRegion, addr: number, val: number, size: number): void {
  const ops = mr.ops;
  const step = Math.max(Math.min(size, ops.max_access_size), ops.min_access_size);
  const mask = step >= 4 ? 0xffffffff : (1 << (step * 8)) - 1;
  for (let i = 0; i < size; i += step) {
    ops.write(mr.opaque, addr - mr.base + i, ((val >>> (i * 8)) & mask) >>> 0, step);
  }
}

/**
 * Reads `size` bytes of device space at any alignment, split into the accesses a bus would make. `none` (0 or -1) is
 * what reads where nobody answers.
 * @nodebug
 */
function io_read(list: readonly MemoryRegion[], addr: number, size: number, none: number): number {
  if (memory_access_size(addr, size) === size) {
    const mr = memory_region_find(list, addr);
    if (mr) {
      return memory_region_dispatch_read(mr, addr, size);
    }
  }
  let val = 0;
  for (let i = 0; i < size; ) {
    const n = memory_access_size(addr + i, size - i);
    const mr = memory_region_find(list, addr + i);
    if (mr) {
      val |= memory_region_dispatch_read(mr, addr + i, n) << (i * 8);
    } else {
      val |= (n === 4 ? none : none & ((1 << (n * 8)) - 1)) << (i * 8);
    }
    i += n;
  }
  return val >>> 0;
}

/**
 * Writes `size` bytes of device space at any alignment.
 * @nodebug
 */
function io_write(list: readonly MemoryRegion[], addr: number, val: number, size: number): void {
  if (memory_access_size(addr, size) === size) {
    const mr = memory_region_find(list, addr);
    if (mr) {
      memory_region_dispatch_write(mr, addr, val, size);
    }
    return;
  }
  for (let i = 0; i < size; ) {
    const n = memory_access_size(addr + i, size - i);
    const mr = memory_region_find(list, addr + i);
    if (mr) {
      const part = val >>> (i * 8);
      memory_region_dispatch_write(mr, addr + i, n === 4 ? part : part & ((1 << (n * 8)) - 1), n);
    }
    i += n;
  }
}

/**
 * Reads a byte of guest physical memory.
 * @nodebug
 */
export function address_space_ldub(addr: number): number {
  const m = machine.memory;
  return addr < m.ram.length ? m.ram[addr]! : io_read(m.regions, addr, 1, 0);
}

/**
 * Reads 16 bits of guest physical memory, little-endian.
 * @nodebug
 */
export function address_space_lduw(addr: number): number {
  const m = machine.memory;
  return addr + 2 <= m.ram.length ? m.ram_view.getUint16(addr, true) : io_read(m.regions, addr, 2, 0);
}

/**
 * Reads 32 bits of guest physical memory, little-endian.
 * @nodebug
 */
export function address_space_ldl(addr: number): number {
  const m = machine.memory;
  return addr + 4 <= m.ram.length ? m.ram_view.getUint32(addr, true) : io_read(m.regions, addr, 4, 0);
}

/**
 * Reads 64 bits of guest physical memory as a number: exact below 2^53, which every address is.
 * @nodebug
 */
export function address_space_ldq(addr: number): number {
  return address_space_ldl(addr) + address_space_ldl(addr + 4) * 0x100000000;
}

/**
 * Writes a byte.
 * @nodebug
 */
export function address_space_stb(addr: number, val: number): void {
  const m = machine.memory;
  if (addr < m.ram.length) {
    m.ram[addr] = val;
  } else {
    io_write(m.regions, addr, val & 0xff, 1);
  }
}

/**
 * Writes 16 bits, little-endian.
 * @nodebug
 */
export function address_space_stw(addr: number, val: number): void {
  const m = machine.memory;
  if (addr + 2 <= m.ram.length) {
    m.ram_view.setUint16(addr, val, true);
  } else {
    io_write(m.regions, addr, val & 0xffff, 2);
  }
}

/**
 * Writes 32 bits, little-endian.
 * @nodebug
 */
export function address_space_stl(addr: number, val: number): void {
  const m = machine.memory;
  if (addr + 4 <= m.ram.length) {
    m.ram_view.setUint32(addr, val, true);
  } else {
    io_write(m.regions, addr, val >>> 0, 4);
  }
}

/**
 * Writes 64 bits, little-endian; `val` is an unsigned integer below 2^53.
 * @nodebug
 */
export function address_space_stq(addr: number, val: number): void {
  address_space_stl(addr, val % 0x100000000);
  address_space_stl(addr + 4, Math.floor(val / 0x100000000));
}

/**
 * Copies `len` bytes of guest physical memory to `buf` at `off`.
 * @nodebug @reads memory addr len @writes buf off len
 */
export function address_space_read(addr: number, buf: Uint8Array, off: number, len: number): void {
  const m = machine.memory;
  let n = ram_span(m, addr, len);
  if (n > 0) {
    ram_copy_out(m, addr, buf, off, n);
  }
  while (n < len) {
    const step = memory_access_size(addr + n, len - n);
    const val = io_read(m.regions, addr + n, step, 0);
    for (let i = 0; i < step; i++) {
      buf[off + n + i] = val >>> (i * 8);
    }
    n += step;
  }
}

/**
 * Copies `len` bytes of `buf` at `off` to guest physical memory.
 * @nodebug @reads buf off len @writes memory addr len
 */
export function address_space_write(addr: number, buf: Uint8Array, off: number, len: number): void {
  const m = machine.memory;
  let n = ram_span(m, addr, len);
  if (n > 0) {
    ram_copy_in(m, addr, buf, off, n);
  }
  while (n < len) {
    const step = memory_access_size(addr + n, len - n);
    let val = 0;
    for (let i = 0; i < step; i++) {
      val |= buf[off + n + i]! << (i * 8);
    }
    io_write(m.regions, addr + n, val >>> 0, step);
    n += step;
  }
}

/**
 * How many of `len` bytes from `addr` are RAM.
 * @nodebug
 */
export function ram_span(m: MemoryMap, addr: number, len: number): number {
  return addr >= 0 && addr < m.ram.length ? Math.min(len, m.ram.length - addr) : 0;
}

/** Up to this a loop over bytes beats everything else. */
const COPY_LOOP_MAX = 32;

/**
 * Copies `len` bytes from RAM, all of which exist.
 * @nodebug @reads memory addr len @writes buf off len
 */
export function ram_copy_out(m: MemoryMap, addr: number, buf: Uint8Array, off: number, len: number): void {
  if (len <= COPY_LOOP_MAX) {
    const ram = m.ram;
    for (let i = 0; i < len; i++) {
      buf[off + i] = ram[addr + i]!;
    }
  } else {
    buf.set(m.ram.subarray(addr, addr + len), off);
  }
}

/** From this length on a view that is there already beats a loop over words. */
const COPY_VIEW_MIN = 512;

/**
 * A view of `len` bytes of the bounce buffer from `at` on. Packets in a row are mostly as long, so one view is kept;
 * null when the last packet was not as long either, since a view for each costs more than it gains.
 * @nodebug
 */
function bounce_part(m: MemoryMap, at: number, len: number): Uint8Array | null {
  if (m.bounce_view.length === len && m.bounce_view.byteOffset === at) {
    return m.bounce_view;
  }
  const again = m.bounce_len === len && m.bounce_at === at;
  m.bounce_len = len;
  m.bounce_at = at;
  if (!again) {
    return null;
  }
  m.bounce_view = m.bounce.bytes.subarray(at, at + len);
  return m.bounce_view;
}

/**
 * Copies `len` bytes to RAM, all of which exist. A packet's memory is copied as a whole to where its words lie as those
 * of RAM do, as that needs no view of the part that is meant.
 * @nodebug @reads buf off len @writes memory addr len
 */
export function ram_copy_in(m: MemoryMap, addr: number, buf: Uint8Array, off: number, len: number): void {
  const bounce = m.bounce;
  if (len <= COPY_LOOP_MAX) {
    const ram = m.ram;
    for (let i = 0; i < len; i++) {
      ram[addr + i] = buf[off + i]!;
    }
  } else if (buf.length <= BOUNCE_SIZE - 8) {
    const shift = (addr - off) & 7;
    bounce.bytes.set(buf, shift);
    const part = len >= COPY_VIEW_MIN ? bounce_part(m, off + shift, len) : null;
    if (part) {
      m.ram.set(part, addr);
    } else {
      copy_words(m.ram, m.ram_words, addr, bounce.bytes, bounce.words, off + shift, len);
    }
  } else {
    m.ram.set(off === 0 && len === buf.length ? buf : buf.subarray(off, off + len), addr);
  }
}

/**
 * Reads a byte of an I/O port; ports nobody answers read as all ones, as on a PC's bus.
 * @nodebug
 */
export function cpu_inb(port: number): number {
  return io_read(machine.memory.ioports, port, 1, -1);
}

/**
 * Reads 16 bits of an I/O port.
 * @nodebug
 */
export function cpu_inw(port: number): number {
  return io_read(machine.memory.ioports, port, 2, -1);
}

/**
 * Reads 32 bits of an I/O port.
 * @nodebug
 */
export function cpu_inl(port: number): number {
  return io_read(machine.memory.ioports, port, 4, -1);
}

/**
 * Writes a byte to an I/O port.
 * @nodebug
 */
export function cpu_outb(port: number, val: number): void {
  io_write(machine.memory.ioports, port, val & 0xff, 1);
}

/**
 * Writes 16 bits to an I/O port.
 * @nodebug
 */
export function cpu_outw(port: number, val: number): void {
  io_write(machine.memory.ioports, port, val & 0xffff, 2);
}

/**
 * Writes 32 bits to an I/O port.
 * @nodebug
 */
export function cpu_outl(port: number, val: number): void {
  io_write(machine.memory.ioports, port, val >>> 0, 4);
}
