/**
 * The guest of a replay: no operating system, only a driver that puts the frames of a capture on the NIC's transmit
 * ring and keeps its receive ring running. What the frames say was decided outside (the replay's `Host`); here they
 * pass the hardware as any guest's frames do: descriptors in guest memory, MMIO, interrupts (Intel 8254x manual, 3.2
 * and 3.3).
 */

import { E1000_RCTL_MPE, E1000_RCTL_UPE } from '../hw/net/e1000_hw.ts';
import {
  PCI_BASE_ADDRESS_0,
  PCI_COMMAND,
  PCI_COMMAND_IO,
  PCI_COMMAND_MASTER,
  PCI_COMMAND_MEMORY,
  PCI_VENDOR_ID,
  pci_config_read,
  pci_config_write,
} from '../hw/pci/pci.ts';
import type { CPUState, GuestOps } from '../softmmu/cpus.ts';
import { machine } from '../softmmu/machine.ts';
import { address_space_ldl, address_space_stl, address_space_stq, address_space_write } from '../softmmu/memory.ts';
import { drop } from '../util/drop.ts';
import { rd16_le, rd32_le } from '../wire/bytes.ts';
import { ETH_ALEN, ETH_DHOST, ETH_SHOST } from '../wire/ethernet.ts';
import {
  DESC_LOWER,
  DESC_UPPER,
  E1000_CTRL,
  E1000_CTRL_ASDE,
  E1000_CTRL_RST,
  E1000_CTRL_SLU,
  E1000_DESC_SIZE,
  E1000_ICR,
  E1000_IMC,
  E1000_IMS,
  E1000_IMS_ENABLE_MASK,
  E1000_RAH,
  E1000_RAH_AV,
  E1000_RAH_BYTES,
  E1000_RAL,
  E1000_RCTL,
  E1000_RCTL_BAM,
  E1000_RCTL_EN,
  E1000_RDBAH,
  E1000_RDBAL,
  E1000_RDH,
  E1000_RDLEN,
  E1000_RDT,
  E1000_RXD_STAT_DD,
  E1000_TCTL,
  E1000_TCTL_EN,
  E1000_TCTL_PSP,
  E1000_TDBAH,
  E1000_TDBAL,
  E1000_TDH,
  E1000_TDLEN,
  E1000_TDT,
  E1000_TXD_CMD_EOP,
  E1000_TXD_CMD_IFCS,
  E1000_TXD_CMD_RS,
  E1000_TXD_STAT_DD,
} from './e1000_hw.ts';

/** Vendor and device id of the 82540EM, as the first word of its configuration space. */
const E1000_PCI_ID = 0x100e8086;
/** Descriptors in each ring, and bytes of each buffer. */
const RING_COUNT = 256;
const BUFFER_SIZE = 2048;
const RING_SIZE = RING_COUNT * E1000_DESC_SIZE;
/** Where it all lies in guest RAM; the first MiB belongs to the firmware. */
const RX_RING = 0x100000;
const TX_RING = RX_RING + RING_SIZE;
const RX_BUFFERS = TX_RING + RING_SIZE;
const TX_BUFFERS = RX_BUFFERS + RING_COUNT * BUFFER_SIZE;
const RAM_NEEDED = TX_BUFFERS + RING_COUNT * BUFFER_SIZE;
const ETH_FCS_LEN = 4;

/** A frame that waits for the CPU to run. */
export class TraceFrame {
  readonly buf: Uint8Array;
  /** Number of its packet in the capture, counted from 1; 0: the replay made it up. */
  readonly number: number;
  /**
   * Keeps what it is given.
   * @packet buf
   */
  constructor(buf: Uint8Array, number: number) {
    this.buf = buf;
    this.number = number;
  }
}

/** The guest's state. */
export class TraceGuest {
  /** Guest-physical address of the NIC's registers (BAR0), or 0 without a NIC. */
  hw_addr = 0;
  /** The address in the NIC's receive filter: that of the last frame's sender. */
  mac: Uint8Array = new Uint8Array(6);
  rx_next_to_clean = 0;
  tx_next_to_use = 0;
  /** Frames of the capture that are due. */
  tx_queue: TraceFrame[] = [];
  frames_sent = 0;
  /** Number in the capture of the frame sent last. */
  packet_number = 0;
  frames_received = 0;
  bytes_received = 0;
  /** Frames to groups and to everybody. */
  multicast_received = 0;
}

/** A guest that is switched off. */
export function trace_guest_new(): TraceGuest {
  return new TraceGuest();
}

/** What the CPU runs in a replay. */
export const trace_guest_ops: GuestOps = {
  name: 'trace',
  boot: trace_boot,
  do_irq: trace_intr,
  run: trace_run,
  console_input: trace_console_input,
  trace_frame: trace_frame,
};

/**
 * Reads a register of the NIC.
 * @nodebug
 */
function trace_readl(g: TraceGuest, reg: number): number {
  return address_space_ldl(g.hw_addr + reg) >>> 0;
}

/**
 * Writes a register of the NIC.
 * @nodebug
 */
function trace_writel(g: TraceGuest, reg: number, value: number): void {
  address_space_stl(g.hw_addr + reg, value >>> 0);
}

/** Power on: finds the NIC and starts it. */
export function trace_boot(cpu: CPUState): void {
  const g = cpu.guest as TraceGuest;
  for (let devfn = 0; devfn < 256 && g.hw_addr === 0; devfn += 8) {
    if (pci_config_read(devfn, PCI_VENDOR_ID, 4) >>> 0 === E1000_PCI_ID) {
      const command = PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
      pci_config_write(devfn, PCI_COMMAND, pci_config_read(devfn, PCI_COMMAND, 2) | command, 2);
      g.hw_addr = (pci_config_read(devfn, PCI_BASE_ADDRESS_0, 4) & ~0xf) >>> 0;
    }
  }
  if (g.hw_addr === 0) {
    machine.host.report(
      'error',
      'replay: the machine has no e1000, so its frames cannot be sent (-device e1000,netdev=ID)',
    );
    return;
  }
  if (machine.ram.length < RAM_NEEDED) {
    machine.host.report(
      'error',
      `replay: the machine needs ${RAM_NEEDED >>> 20} MiB of memory, it has ${machine.ram.length} bytes`,
    );
    g.hw_addr = 0;
    return;
  }
  trace_start_nic(g);
}

/**
 * Resets the NIC, gives it its rings and unmasks its interrupts. RCTL comes last, when the receive ring has buffers.
 * All multicast is accepted, since the capture does not say which groups its guest had joined, and all unicast, since
 * it may have sent from several addresses.
 */
export function trace_start_nic(g: TraceGuest): void {
  trace_writel(g, E1000_IMC, 0xffffffff);
  trace_writel(g, E1000_CTRL, trace_readl(g, E1000_CTRL) | E1000_CTRL_RST);
  trace_writel(g, E1000_CTRL, E1000_CTRL_SLU | E1000_CTRL_ASDE);
  trace_readl(g, E1000_ICR);
  trace_writel(g, E1000_TDBAL, TX_RING);
  trace_writel(g, E1000_TDBAH, 0);
  trace_writel(g, E1000_TDLEN, RING_SIZE);
  trace_writel(g, E1000_TDH, 0);
  trace_writel(g, E1000_TDT, 0);
  trace_writel(g, E1000_TCTL, E1000_TCTL_EN | E1000_TCTL_PSP);
  for (let i = 0; i < RING_COUNT; i++) {
    trace_give_rx_buffer(i);
  }
  trace_writel(g, E1000_RDBAL, RX_RING);
  trace_writel(g, E1000_RDBAH, 0);
  trace_writel(g, E1000_RDLEN, RING_SIZE);
  trace_writel(g, E1000_RDH, 0);
  trace_writel(g, E1000_RDT, RING_COUNT - 1);
  trace_writel(g, E1000_RCTL, E1000_RCTL_EN | E1000_RCTL_BAM | E1000_RCTL_MPE | E1000_RCTL_UPE);
  trace_writel(g, E1000_IMS, E1000_IMS_ENABLE_MASK);
}

/**
 * Makes receive descriptor `i` ready for a frame.
 * @nodebug
 */
function trace_give_rx_buffer(i: number): void {
  address_space_stq(RX_RING + i * E1000_DESC_SIZE, RX_BUFFERS + i * BUFFER_SIZE);
  address_space_stq(RX_RING + i * E1000_DESC_SIZE + 4 * DESC_LOWER, 0);
}

/** The interrupt handler: reading ICR clears the causes; received frames are taken off the ring. */
export function trace_intr(cpu: CPUState): void {
  const g = cpu.guest as TraceGuest;
  trace_readl(g, E1000_ICR);
  trace_clean_rx_irq(g);
}

/** Takes the frames that the NIC has written and gives their descriptors back. */
export function trace_clean_rx_irq(g: TraceGuest): void {
  let cleaned = 0;
  for (; cleaned < RING_COUNT; cleaned++) {
    const i = g.rx_next_to_clean;
    const desc = RX_RING + i * E1000_DESC_SIZE;
    if (!(address_space_ldl(desc + 4 * DESC_UPPER) & E1000_RXD_STAT_DD)) {
      break;
    }
    const size = Math.max(0, (address_space_ldl(desc + 4 * DESC_LOWER) & 0xffff) - ETH_FCS_LEN);
    const addr = RX_BUFFERS + i * BUFFER_SIZE;
    trace_receive(g, machine.ram.subarray(addr, addr + Math.min(size, BUFFER_SIZE)), size);
    trace_give_rx_buffer(i);
    g.rx_next_to_clean = (i + 1) % RING_COUNT;
  }
  if (cleaned > 0) {
    trace_writel(g, E1000_RDT, (g.rx_next_to_clean + RING_COUNT - 1) % RING_COUNT);
  }
}

/**
 * A frame has reached the guest. How the guest answered is in the capture: whoever plays that is told.
 * @packet buf size
 */
export function trace_receive(g: TraceGuest, buf: Uint8Array, size: number): void {
  g.frames_received++;
  g.bytes_received += size;
  g.multicast_received += buf[ETH_DHOST]! & 1;
  machine.host.received?.(buf, size);
}

/**
 * The guest's only program: transmits the frames that are due.
 * @packet buf
 */
export function trace_run(cpu: CPUState): void {
  const g = cpu.guest as TraceGuest;
  const frames = g.tx_queue;
  g.tx_queue = [];
  for (const { buf, number } of frames) {
    if (g.hw_addr === 0) {
      drop(buf, buf.length, 'NO_PEER');
    } else {
      trace_set_mac(g, buf);
      trace_xmit_frame(g, buf, buf.length, number);
    }
  }
}

/** There is no shell. */
export function trace_console_input(cpu: CPUState, text: string): void {
  machine.host.console_write('This guest plays a capture; it has no shell.\n');
}

/**
 * A frame of the capture is due: the guest sends it when it runs next.
 * @packet frame
 */
export function trace_frame(cpu: CPUState, frame: Uint8Array, number: number): void {
  (cpu.guest as TraceGuest).tx_queue.push(new TraceFrame(frame, number));
}

/**
 * Gives the NIC the address of the sender of `frame`, as a driver does when its address is changed.
 * @packet frame
 */
function trace_set_mac(g: TraceGuest, frame: Uint8Array): void {
  let same = true;
  for (let i = 0; i < ETH_ALEN; i++) {
    const b = frame[ETH_SHOST + i] ?? 0;
    same = same && g.mac[i] === b;
    g.mac[i] = b;
  }
  if (same) {
    return;
  }
  trace_writel(g, E1000_RAL, rd32_le(g.mac, 0));
  trace_writel(g, E1000_RAH, rd16_le(g.mac, E1000_RAH_BYTES) | E1000_RAH_AV);
}

/**
 * Puts a frame on the transmit ring, in as many buffers as it takes, and rings the doorbell. `number` is that of its
 * packet in the capture: breakpoints on a packet of the guest are here.
 * @packet buf size
 */
export function trace_xmit_frame(g: TraceGuest, buf: Uint8Array, size: number, number: number): void {
  const count = Math.max(1, Math.ceil(size / BUFFER_SIZE));
  if (!trace_tx_room(g, count)) {
    drop(buf, size, 'QUEUE_FULL');
    return;
  }
  for (let k = 0; k < count; k++) {
    const i = g.tx_next_to_use;
    const n = Math.min(BUFFER_SIZE, size - k * BUFFER_SIZE);
    const addr = TX_BUFFERS + i * BUFFER_SIZE;
    address_space_write(addr, buf, k * BUFFER_SIZE, n);
    const cmd = E1000_TXD_CMD_IFCS | E1000_TXD_CMD_RS | (k === count - 1 ? E1000_TXD_CMD_EOP : 0);
    address_space_stq(TX_RING + i * E1000_DESC_SIZE, addr);
    address_space_stl(TX_RING + i * E1000_DESC_SIZE + 4 * DESC_LOWER, (cmd | n) >>> 0);
    address_space_stl(TX_RING + i * E1000_DESC_SIZE + 4 * DESC_UPPER, 0);
    g.tx_next_to_use = (i + 1) % RING_COUNT;
  }
  g.frames_sent++;
  g.packet_number = number;
  trace_writel(g, E1000_TDT, g.tx_next_to_use);
}

/** True when the NIC is done with `count` descriptors from the next one on: they were never used, or carry DD. */
function trace_tx_room(g: TraceGuest, count: number): boolean {
  for (let k = 0; k < count; k++) {
    const desc = TX_RING + ((g.tx_next_to_use + k) % RING_COUNT) * E1000_DESC_SIZE;
    const used = address_space_ldl(desc + 4 * DESC_LOWER) !== 0;
    if (used && !(address_space_ldl(desc + 4 * DESC_UPPER) & E1000_TXD_STAT_DD)) {
      return false;
    }
  }
  return count < RING_COUNT;
}
