/**
 * The host bridge (i440FX, hw/pci-host/i440fx.c) and the ISA bridge (PIIX3, hw/isa/piix3.c) of a PC, as far as a driver
 * of a PCI device meets them: their ids, and the routing of the PCI interrupt lines PIRQA to PIRQD to interrupts 0 to
 * 15.
 */

import { machine } from '../../softmmu/machine.ts';
import { qtest_irq_handler } from '../../softmmu/qtest_irq.ts';
import {
  PCI_CLASS_DEVICE,
  PCI_DEVICE_ID,
  PCI_HEADER_TYPE,
  PCI_REVISION_ID,
  PCI_SUBSYSTEM_ID,
  PCI_SUBSYSTEM_VENDOR_ID,
  PCI_VENDOR_ID,
  type PCIBus,
  type PCIDevice,
  pci_bus_irqs,
  pci_default_config_ops,
  pci_default_read_config,
  pci_default_write_config,
  pci_register_device,
  pci_set_long,
  pci_set_word,
} from '../pci/pci.ts';

const PCI_VENDOR_ID_INTEL = 0x8086;
const PCI_DEVICE_ID_INTEL_82441 = 0x1237;
const PCI_DEVICE_ID_INTEL_82371SB_0 = 0x7000;
const PCI_CLASS_BRIDGE_HOST = 0x0600;
const PCI_CLASS_BRIDGE_ISA = 0x0601;
const PCI_HEADER_TYPE_MULTI_FUNCTION = 0x80;
const PCI_SUBVENDOR_ID_REDHAT_QUMRANET = 0x1af4;
const PCI_SUBDEVICE_ID_QEMU = 0x1100;

/** Configuration register of PIRQA's route; B, C and D follow. Bit 7 set: not routed. */
const PIIX_PIRQCA = 0x60;
const PIIX_NUM_PIRQS = 4;
const PIIX_NUM_PIC_IRQS = 16;
const PIRQ_DISABLED = 0x80;

/** The ISA bridge: how many devices assert each PIRQ, and the level of each interrupt it leads to. */
export class PIIX3State {
  readonly dev: PCIDevice;
  readonly pirq_levels: number[] = [0, 0, 0, 0];
  pic_levels = 0;
  constructor(dev: PCIDevice) {
    this.dev = dev;
  }
}

/** Drives the interrupts that the PIRQs are routed to now. */
export function piix3_update_irq_levels(s: PIIX3State): void {
  let levels = 0;
  for (let pirq = 0; pirq < PIIX_NUM_PIRQS; pirq++) {
    const route = s.dev.config[PIIX_PIRQCA + pirq]!;
    if (s.pirq_levels[pirq]! > 0 && route < PIIX_NUM_PIC_IRQS) {
      levels |= 1 << route;
    }
  }
  const changed = levels ^ s.pic_levels;
  s.pic_levels = levels;
  for (let n = 0; n < PIIX_NUM_PIC_IRQS; n++) {
    if ((changed & (1 << n)) !== 0) {
      qtest_irq_handler('ioapic', true, n, (levels & (1 << n)) !== 0);
    }
  }
}

/** The PIRQ that INTA of the device at `devfn` is wired to. */
function pci_slot_get_pirq(devfn: number): number {
  return ((devfn >> 3) - 1) & 3;
}

/** INTA of a device changes its level. */
export function piix3_set_irq(s: PIIX3State, devfn: number, level: boolean): void {
  s.pirq_levels[pci_slot_get_pirq(devfn)]! += level ? 1 : -1;
  piix3_update_irq_levels(s);
}

/** Writing a route moves the interrupt. */
export function piix3_write_config(d: PCIDevice, address: number, val: number, len: number): void {
  pci_default_write_config(d, address, val, len);
  const s = machine.pci.piix3;
  if (s && address < PIIX_PIRQCA + PIIX_NUM_PIRQS && address + len > PIIX_PIRQCA) {
    piix3_update_irq_levels(s);
  }
}

/** Vendor, device, class and subsystem of a device. */
function set_ids(d: PCIDevice, device: number, class_id: number, revision: number): void {
  pci_set_word(d.config, PCI_VENDOR_ID, PCI_VENDOR_ID_INTEL);
  pci_set_word(d.config, PCI_DEVICE_ID, device);
  pci_set_word(d.config, PCI_CLASS_DEVICE, class_id);
  pci_set_word(d.config, PCI_SUBSYSTEM_VENDOR_ID, PCI_SUBVENDOR_ID_REDHAT_QUMRANET);
  pci_set_word(d.config, PCI_SUBSYSTEM_ID, PCI_SUBDEVICE_ID_QEMU);
  d.config[PCI_REVISION_ID] = revision;
}

/** Other registers that are not 0 after a reset: byte offset and 32-bit value. */
const I440FX_RESET: readonly (readonly [number, number])[] = [
  [0x54, 0x08000000],
  [0x70, 0x00020000],
];
const PIIX3_RESET: readonly (readonly [number, number])[] = [
  [0x04, 0x02000000],
  [0x4c, 0x0003004d],
  [0x68, 0x00000200],
  [0x70, 0x00000080],
  [0x74, 0x0c0c0000],
  [0x78, 0x00000002],
  [0xa0, 0x00000008],
  [0xa8, 0x0000000f],
];

/** What registers read after a reset. */
function set_reset_values(d: PCIDevice, values: readonly (readonly [number, number])[]): void {
  for (const [offset, val] of values) {
    pci_set_long(d.config, offset, val);
  }
}

/** Puts both bridges on the bus. */
export function piix3_init(bus: PCIBus): void {
  const host = pci_register_device(bus, 'i440FX', 0, pci_default_config_ops);
  set_ids(host, PCI_DEVICE_ID_INTEL_82441, PCI_CLASS_BRIDGE_HOST, 2);
  set_reset_values(host, I440FX_RESET);
  const isa = pci_register_device(bus, 'PIIX3', 1 << 3, {
    config_read: pci_default_read_config,
    config_write: piix3_write_config,
  });
  set_ids(isa, PCI_DEVICE_ID_INTEL_82371SB_0, PCI_CLASS_BRIDGE_ISA, 0);
  set_reset_values(isa, PIIX3_RESET);
  isa.config[PCI_HEADER_TYPE] = PCI_HEADER_TYPE_MULTI_FUNCTION;
  isa.config.fill(PIRQ_DISABLED, PIIX_PIRQCA, PIIX_PIRQCA + PIIX_NUM_PIRQS);
  pci_bus_irqs(bus, piix3_set_irq, new PIIX3State(isa));
}
