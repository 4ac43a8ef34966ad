/** The e1000 driver: finding, starting and watching the NIC (drivers/net/ethernet/intel/e1000/e1000_main.c). */

import { pci_config_read, pci_config_write } from '../hw/pci/pci.ts';
import { cpu_get_ns } from '../softmmu/cpus.ts';
import { rd16_le, rd32_le } from '../wire/bytes.ts';
import {
  E1000_CTRL,
  E1000_CTRL_ASDE,
  E1000_CTRL_RST,
  E1000_CTRL_SLU,
  E1000_DEFAULT_RXD,
  E1000_DEFAULT_TXD,
  E1000_DESC_SIZE,
  E1000_ICR,
  E1000_ICR_LSC,
  E1000_ICS,
  E1000_IMC,
  E1000_MTA,
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
  E1000_RDTR,
  E1000_STATUS,
  E1000_STATUS_FD,
  E1000_STATUS_LU,
  E1000_TCTL,
  E1000_TCTL_EN,
  E1000_TCTL_PSP,
  E1000_TDBAH,
  E1000_TDBAL,
  E1000_TDH,
  E1000_TDLEN,
  E1000_TDT,
  E1000_TIDV,
  E1000_TIPG,
  e1000_adapter,
  e1000_irq_enable,
  e1000_read_mac_addr,
  type e1000_ring,
  readl,
  writel,
} from './e1000_hw.ts';
import { e1000_alloc_rx_buffers, e1000_clean, e1000_xmit_frame } from './e1000_txrx.ts';
import { guest_os } from './kernel.ts';
import { mac_ntoa, NSEC_PER_SEC } from './lib.ts';
import { IFF_UP, net_device, type net_device_ops } from './net_device.ts';
import { printk } from './printk.ts';
import { memblock_alloc } from './skbuff.ts';
import { mod_timer, timer_setup } from './timer.ts';

/** PCI configuration space (PCI 2.2, 6.1), and the identity of an 82540EM. */
const PCI_VENDOR_ID = 0x00;
const PCI_COMMAND = 0x04;
const PCI_BASE_ADDRESS_0 = 0x10;
const PCI_INTERRUPT_LINE = 0x3c;
const PCI_COMMAND_IO_MEMORY_MASTER = 0x7;
const E1000_DEVICE_ID = 0x100e8086;
/** Where the guest puts BAR0 of the NIC in slot 0 when the firmware has not: each slot gets a window of its own. */
const PCI_MEMORY_WINDOW = 0xfe000000;
const PCI_WINDOW_SIZE = 0x40000;

/** Collision settings for full duplex and the inter-packet gap of copper (manual, 13.4.33 and 13.4.34). */
const E1000_TCTL_COLLISIONS = (15 << 4) | (64 << 12);
const DEFAULT_82543_TIPG = 10 | (8 << 10) | (6 << 20);

/** What the driver does for its network device. */
const e1000_netdev_ops: net_device_ops = { ndo_start_xmit: e1000_xmit_frame };

/** Name of a device function, such as `0000:00:03.0`. */
export function pci_name(devfn: number): string {
  return `0000:00:${(devfn >> 3).toString(16).padStart(2, '0')}.${devfn & 7}`;
}

/** Looks at every slot of bus 0 and probes the NICs it knows. */
export function e1000_init_module(): void {
  printk('e1000: Intel(R) PRO/1000 Network Driver', true);
  for (let devfn = 0; devfn < 256; devfn += 8) {
    if (pci_config_read(devfn, PCI_VENDOR_ID, 4) >>> 0 === E1000_DEVICE_ID) {
      e1000_probe(devfn);
    }
  }
}

/** Sets up a NIC: enables it on the PCI bus, resets it, reads its address, registers the network device. */
export function e1000_probe(devfn: number): void {
  const { net } = guest_os();
  const netdev = new net_device(`eth${net.devs.length}`);
  const adapter = new e1000_adapter(netdev, e1000_clean);
  adapter.devfn = devfn;
  adapter.watchdog_task = timer_setup(e1000_watchdog, adapter);
  if ((pci_config_read(devfn, PCI_BASE_ADDRESS_0, 4) & ~0xf) >>> 0 === 0) {
    pci_config_write(devfn, PCI_BASE_ADDRESS_0, PCI_MEMORY_WINDOW + (devfn >> 3) * PCI_WINDOW_SIZE, 4);
  }
  pci_config_write(devfn, PCI_COMMAND, pci_config_read(devfn, PCI_COMMAND, 2) | PCI_COMMAND_IO_MEMORY_MASTER, 2);
  adapter.hw_addr = (pci_config_read(devfn, PCI_BASE_ADDRESS_0, 4) & ~0xf) >>> 0;
  netdev.base_addr = adapter.hw_addr;
  netdev.irq = pci_config_read(devfn, PCI_INTERRUPT_LINE, 1);
  netdev.netdev_ops = e1000_netdev_ops;
  netdev.priv = adapter;
  netdev.ifindex = net.devs.length + 2;
  e1000_reset_hw(adapter);
  if (!e1000_read_mac_addr(adapter)) {
    printk(`e1000 ${pci_name(devfn)}: EEPROM Read Error`, true);
    return;
  }
  net.devs.push(netdev);
  net.adapters.push(adapter);
  printk(`e1000 ${pci_name(devfn)} ${netdev.name}: (PCI:33MHz:32-bit) ${mac_ntoa(netdev.dev_addr)}`, true);
  printk(`e1000 ${pci_name(devfn)} ${netdev.name}: Intel(R) PRO/1000 Network Connection`, true);
}

/** Masks interrupts, stops both directions and resets the chip. */
export function e1000_reset_hw(adapter: e1000_adapter): void {
  writel(0xffffffff, adapter, E1000_IMC);
  writel(E1000_TCTL_PSP, adapter, E1000_TCTL);
  writel(readl(adapter, E1000_CTRL) | E1000_CTRL_RST, adapter, E1000_CTRL);
  writel(0xffffffff, adapter, E1000_IMC);
  readl(adapter, E1000_ICR);
}

/** Brings the interface up: rings, filters, receiver and transmitter, interrupts. */
export function e1000_open(netdev: net_device): void {
  const adapter = netdev.priv!;
  if (!e1000_setup_tx_resources(adapter.tx_ring) || !e1000_setup_rx_resources(adapter.rx_ring)) {
    printk(`e1000 ${pci_name(adapter.devfn)} ${netdev.name}: Unable to allocate memory for the descriptor rings`, true);
    return;
  }
  e1000_init_hw(adapter);
  e1000_configure(adapter);
  netdev.flags |= IFF_UP;
  e1000_irq_enable(adapter);
  // Have the interrupt handler look at the link, as a link change would.
  writel(E1000_ICR_LSC, adapter, E1000_ICS);
}

/** Link up, own address in the receive address filter, empty multicast table. */
export function e1000_init_hw(adapter: e1000_adapter): void {
  const mac = adapter.netdev.dev_addr;
  writel(readl(adapter, E1000_CTRL) | E1000_CTRL_SLU | E1000_CTRL_ASDE, adapter, E1000_CTRL);
  writel(rd32_le(mac, 0), adapter, E1000_RAL);
  writel(rd16_le(mac, E1000_RAH_BYTES) | E1000_RAH_AV, adapter, E1000_RAH);
  for (let i = 0; i < 128; i++) {
    writel(0, adapter, E1000_MTA + 4 * i);
  }
}

/** Starts the rings. RCTL comes last, once the ring has buffers. */
export function e1000_configure(adapter: e1000_adapter): void {
  e1000_configure_tx(adapter);
  e1000_configure_rx(adapter);
}

/** Memory for the transmit ring. Returns false when there is none. */
export function e1000_setup_tx_resources(ring: e1000_ring): boolean {
  return e1000_setup_ring(ring, E1000_DEFAULT_TXD);
}

/** Memory for the receive ring. Returns false when there is none. */
export function e1000_setup_rx_resources(ring: e1000_ring): boolean {
  return e1000_setup_ring(ring, E1000_DEFAULT_RXD);
}

/** A zeroed ring of `count` descriptors, aligned to a page. */
function e1000_setup_ring(ring: e1000_ring, count: number): boolean {
  const os = guest_os();
  ring.count = count;
  ring.size = count * E1000_DESC_SIZE;
  ring.dma = memblock_alloc(ring.size, 4096);
  if (ring.dma < 0) {
    return false;
  }
  os.ram32.fill(0, ring.dma >> 2, (ring.dma + ring.size) >> 2);
  for (let i = 0; i < count; i++) {
    ring.buffer_info.push(null);
  }
  return true;
}

/** Tells the NIC about the transmit ring and enables the transmitter. */
export function e1000_configure_tx(adapter: e1000_adapter): void {
  writel(adapter.tx_ring.dma, adapter, E1000_TDBAL);
  writel(0, adapter, E1000_TDBAH);
  writel(adapter.tx_ring.size, adapter, E1000_TDLEN);
  writel(0, adapter, E1000_TDH);
  writel(0, adapter, E1000_TDT);
  writel(DEFAULT_82543_TIPG, adapter, E1000_TIPG);
  writel(0, adapter, E1000_TIDV);
  writel(E1000_TCTL_EN | E1000_TCTL_PSP | E1000_TCTL_COLLISIONS, adapter, E1000_TCTL);
}

/** Tells the NIC about the receive ring, fills it with buffers of 2048 bytes and enables the receiver. */
export function e1000_configure_rx(adapter: e1000_adapter): void {
  writel(0, adapter, E1000_RDTR);
  writel(adapter.rx_ring.dma, adapter, E1000_RDBAL);
  writel(0, adapter, E1000_RDBAH);
  writel(adapter.rx_ring.size, adapter, E1000_RDLEN);
  writel(0, adapter, E1000_RDH);
  writel(0, adapter, E1000_RDT);
  e1000_alloc_rx_buffers(adapter);
  writel(E1000_RCTL_EN | E1000_RCTL_BAM, adapter, E1000_RCTL);
}

/** Follows the link: tells the stack when the carrier comes or goes. Runs after a link change and every two seconds. */
export function e1000_watchdog(adapter: e1000_adapter): void {
  const { netdev } = adapter;
  const status = readl(adapter, E1000_STATUS);
  const up = (status & E1000_STATUS_LU) !== 0;
  if (up && !netdev.carrier) {
    adapter.link_speed = [10, 100, 1000, 1000][(status >>> 6) & 3]!;
    adapter.link_duplex = status & E1000_STATUS_FD;
    const duplex = adapter.link_duplex ? 'Full' : 'Half';
    printk(
      `e1000: ${netdev.name} NIC Link is Up ${adapter.link_speed} Mbps ${duplex} Duplex, Flow Control: None`,
      true,
    );
    netdev.carrier = true;
  } else if (!up && netdev.carrier) {
    printk(`e1000: ${netdev.name} NIC Link is Down`, true);
    netdev.carrier = false;
  }
  mod_timer(adapter.watchdog_task, cpu_get_ns() + 2 * NSEC_PER_SEC);
}
