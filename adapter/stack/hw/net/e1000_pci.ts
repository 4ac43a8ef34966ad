/** The e1000 as a PCI device: its creation, its configuration space, its EEPROM (hw/net/e1000.c). */

import { qemu_flush_queued_packets, qemu_get_queue, qemu_macaddr_default, qemu_new_nic } from '../../net/net.ts';
import type { NetClientInfo, NetClientState } from '../../net/net_client.ts';
import { machine } from '../../softmmu/machine.ts';
import {
  PCI_BASE_ADDRESS_SPACE_IO,
  PCI_BASE_ADDRESS_SPACE_MEMORY,
  PCI_CLASS_DEVICE,
  PCI_COMMAND,
  PCI_DEVICE_ID,
  PCI_INTERRUPT_PIN,
  PCI_REVISION_ID,
  PCI_ROM_ADDRESS,
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
  pci_set_long,
  pci_set_word,
} from '../pci/pci.ts';
import {
  type E1000Properties,
  E1000State,
  e1000_can_receive,
  e1000_receive,
  e1000_receive_iov,
  e1000_reset,
  e1000_set_link_status,
} from './e1000.ts';
import { E1000_DEV_ID_82540EM, PCI_VENDOR_ID_INTEL } from './e1000_hw.ts';
import { e1000_io_ops, e1000_mmio_ops } from './e1000_mmio.ts';
import { E1000_MMIO_SIZE } from './e1000_regs.ts';
import { e1000x_core_prepare_eeprom } from './e1000x_common.ts';

/* Creation */

/** Words of the EEPROM, without the station's address, ids and checksum. */
export const e1000_eeprom_template: readonly number[] = [
  0x0000, 0x0000, 0x0000, 0x0000, 0xffff, 0x0000, 0x0000, 0x0000, 0x3000, 0x1000, 0x6403, 0x0000, 0x8086, 0x0000,
  0x8086, 0x3040, 0x0008, 0x2000, 0x7e14, 0x0048, 0x1000, 0x00d8, 0x0000, 0x2700, 0x6cc9, 0x3150, 0x0722, 0x040b,
  0x0984, 0x0000, 0xc000, 0x0706, 0x1008, 0x0000, 0x0f04, 0x7fff, 0x4d01, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff,
  0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0x0100, 0x4000, 0x121c, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff,
  0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0x0000,
];

export const net_e1000_info: NetClientInfo = {
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

export const e1000_config_ops: PCIConfigOps = {
  config_read: pci_default_read_config,
  config_write: e1000_write_config,
};

/** Subsystem ids of QEMU's devices. */
export const PCI_SUBVENDOR_ID_REDHAT_QUMRANET = 0x1af4;
export const PCI_SUBDEVICE_ID_QEMU = 0x1100;
export const PCI_CLASS_NETWORK_ETHERNET = 0x0200;
/** Revision of the 82540EM that QEMU reports. */
export const E1000_REVISION = 3;
export const IOPORT_SIZE = 0x40;
/**
 * Writable bits of the expansion ROM's base address: 256 KiB, and the enable bit. The register is there for drivers
 * that size it; the ROM itself, which holds the boot code of QEMU's device, is not.
 */
export const ROM_ADDRESS_MASK = 0xfffc0001;

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
  pci_set_long(pci_dev.wmask, PCI_ROM_ADDRESS, ROM_ADDRESS_MASK);
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
