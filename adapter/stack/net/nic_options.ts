/** The properties of `-device e1000`, by QEMU 7.2's names (hw/net/e1000.c, hw/pci/pci.c), and the making of the NIC. */
import type { E1000Properties } from '../hw/net/e1000.ts';
import { pci_e1000_realize } from '../hw/net/e1000_pci.ts';
import { PCI_HEADER_TYPE, type PCIDevice, pci_find_free_devfn } from '../hw/pci/pci.ts';
import { machine } from '../softmmu/machine.ts';
import { option_error, type QemuOpts, qemu_opt_get, qemu_opt_get_bool, qemu_opt_has } from '../util/qemu-option.ts';
import { qemu_macaddr_default } from './net.ts';

/** The NIC models there are, by the names QEMU has for them. */
const NIC_MODELS: readonly string[] = ['e1000', 'e1000-82540em'];

/** The only bus, as QEMU's machine `pc` names it; `PCI` is its kind. */
const PCI_BUS_NAMES: readonly string[] = ['pci.0', 'PCI'];

/** Bit of PCI_HEADER_TYPE: there are more functions than 0. */
const PCI_HEADER_TYPE_MULTI_FUNCTION = 0x80;
const PCI_FUNC_MAX = 8;
/** Greatest `acpi-index`. */
const ONBOARD_INDEX_MAX = 16383;

/** What the value of a property has to look like. */
type PropertyKind = 'bool' | 'uint32' | 'int32' | 'str';

/**
 * Properties of `-device e1000`. Those that no machine without firmware, guest of another kind or migration can show
 * are checked and have no effect: bootindex, rom*, acpi-index, extra_mac_registers, migrate_tso_props, init-vet, x-*.
 */
export const e1000_properties: Readonly<Record<string, PropertyKind>> = {
  'acpi-index': 'uint32',
  addr: 'str',
  autonegotiation: 'bool',
  bootindex: 'int32',
  bus: 'str',
  extra_mac_registers: 'bool',
  failover_pair_id: 'str',
  'init-vet': 'bool',
  mac: 'str',
  migrate_tso_props: 'bool',
  mitigation: 'bool',
  multifunction: 'bool',
  netdev: 'str',
  rombar: 'uint32',
  romfile: 'str',
  romsize: 'uint32',
  'x-pcie-extcap-init': 'bool',
  'x-pcie-lnksta-dllla': 'bool',
};

/** What `-device` says of a NIC, but its peer. */
export interface E1000Device {
  readonly props: E1000Properties;
  readonly multifunction: boolean;
}

/** Refuses a model that is not there. */
export function net_check_nic_model(opts: QemuOpts, model: string): void {
  if (!NIC_MODELS.includes(model)) {
    throw option_error(opts, `'${model}' is not a valid device model name; known: ${NIC_MODELS.join(', ')}`);
  }
}

/** A MAC address of `mac=` or `macaddr=`; without one, the next default. */
export function net_parse_macaddr(opts: QemuOpts, name: string): Uint8Array {
  if (!qemu_opt_has(opts, name)) {
    return qemu_macaddr_default();
  }
  const text = qemu_opt_get(opts, name);
  const bytes = text.split(/[:-]/).map((b) => (/^[0-9a-fA-F]{1,2}$/.test(b) ? Number.parseInt(b, 16) : -1));
  if (bytes.length !== 6 || bytes.includes(-1)) {
    throw option_error(opts, `Property 'e1000.mac' doesn't take value '${text}', expected such as 52:54:00:12:34:56`);
  }
  if ((bytes[0]! & 1) !== 0) {
    throw option_error(opts, `NIC cannot have multicast MAC address (odd 1st byte) '${text}'`);
  }
  return Uint8Array.from(bytes);
}

/** A property of 32 bits, decimal or 0x; `fallback` without it. */
function property_integer(opts: QemuOpts, name: string, kind: PropertyKind, fallback: number): number {
  if (!qemu_opt_has(opts, name)) {
    return fallback;
  }
  const text = qemu_opt_get(opts, name);
  if (!/^-?(0x[0-9a-f]+|\d+)$/i.test(text)) {
    throw option_error(opts, `Parameter '${name}' expects integer`);
  }
  const n = text.startsWith('-') ? -Number(text.slice(1)) : Number(text);
  const [min, max] = kind === 'uint32' ? [0, 0xffffffff] : [-0x80000000, 0x7fffffff];
  if (n < min || n > max) {
    throw option_error(opts, `Parameter '${name}' expects ${kind}`);
  }
  return n;
}

/** Refuses properties that no e1000 has, and values that are not of their kind. */
function check_properties(opts: QemuOpts): void {
  for (const { name } of opts.params) {
    if (name === 'driver' || name === 'id') {
      continue;
    }
    const kind = Object.hasOwn(e1000_properties, name) ? e1000_properties[name] : undefined;
    if (kind === undefined) {
      const known = Object.keys(e1000_properties).join(', ');
      throw option_error(opts, `Property 'e1000.${name}' not found; known: ${known}`);
    }
    if (kind === 'bool') {
      qemu_opt_get_bool(opts, name, false);
    } else if (kind !== 'str') {
      property_integer(opts, name, kind, 0);
    }
  }
}

/** Takes a number that only one device may have; 0 or less stands for none. */
function claim(opts: QemuOpts, taken: number[], n: number, refusal: string): void {
  if (n > 0) {
    if (taken.includes(n)) {
      throw option_error(opts, refusal);
    }
    taken.push(n);
  }
}

/** Checks what only matters to firmware or other buses. */
function check_ignored_properties(opts: QemuOpts): void {
  const bus = qemu_opt_get(opts, 'bus', 'pci.0');
  if (!PCI_BUS_NAMES.includes(bus)) {
    throw option_error(opts, `Bus '${bus}' not found; known: pci.0`);
  }
  if (qemu_opt_get(opts, 'failover_pair_id') !== '') {
    throw option_error(opts, 'failover primary device must be on PCIExpress bus');
  }
  const romsize = property_integer(opts, 'romsize', 'uint32', 0xffffffff);
  if (romsize !== 0xffffffff && (romsize & (romsize - 1)) !== 0) {
    throw option_error(opts, `ROM size ${romsize} is not a power of two`);
  }
  const acpi = property_integer(opts, 'acpi-index', 'uint32', 0);
  if (acpi > ONBOARD_INDEX_MAX) {
    throw option_error(opts, `acpi-index should be less or equal to ${ONBOARD_INDEX_MAX}`);
  }
  const { acpi_indexes, bootindexes } = machine.net;
  claim(opts, acpi_indexes, acpi, `a PCI device with acpi-index = ${acpi} already exist`);
  // Boot indexes count from 0; here from 1.
  const boot = property_integer(opts, 'bootindex', 'int32', -1);
  claim(opts, bootindexes, boot + 1, `The bootindex ${boot} has already been used`);
}

/** A device as QEMU's messages name it. */
function device_text(d: PCIDevice): string {
  const nic = machine.nics.find((s) => s.parent_obj === d);
  const id = nic && !/^e1000\.\d+$/.test(nic.nic.nc.name) ? nic.nic.nc.name : '(null)';
  return `${d.name},id=${id}`;
}

/** Refuses a function that is there, or that cannot be beside those that are. */
function check_devfn(opts: QemuOpts, slot: number, fn: number, multifunction: boolean): void {
  const { devices } = machine.pci;
  const at = devices.get((slot << 3) | fn);
  if (at) {
    const where = `PCI: slot ${slot} function ${fn} not available for e1000`;
    throw option_error(opts, `${where}, in use by ${device_text(at)}`);
  }
  const first = devices.get(slot << 3);
  if (fn > 0 && first && (first.config[PCI_HEADER_TYPE]! & PCI_HEADER_TYPE_MULTI_FUNCTION) === 0) {
    throw option_error(opts, `PCI: single function device can't be populated in function ${slot}.${fn}`);
  }
  for (let other = 1; fn === 0 && !multifunction && other < PCI_FUNC_MAX; other++) {
    if (devices.has((slot << 3) | other)) {
      const where = `${slot.toString(16)}.${other}`;
      throw option_error(
        opts,
        `PCI: ${slot.toString(16)}.0 indicates single function, but ${where} is already populated.`,
      );
    }
  }
}

/** `addr=SLOT[.FUNCTION]`, hexadecimal as in QEMU, as slot << 3 | function; -1 without it. */
function device_devfn(opts: QemuOpts, multifunction: boolean): number {
  if (!qemu_opt_has(opts, 'addr')) {
    return -1;
  }
  const text = qemu_opt_get(opts, 'addr');
  const m = /^(?:0x)?([0-9a-f]{1,2})(?:\.([0-7]))?$/i.exec(text);
  const slot = m ? Number.parseInt(m[1]!, 16) : -1;
  if (slot < 0 || slot > 31) {
    throw option_error(
      opts,
      `Property 'e1000.addr' doesn't take value '${text}', expected a slot up to 1f, such as 06 or 06.0`,
    );
  }
  const fn = Number(m?.[2] ?? 0);
  check_devfn(opts, slot, fn, multifunction);
  return (slot << 3) | fn;
}

/** Reads and checks the properties of `-device e1000` but `netdev`. */
export function parse_e1000_device(opts: QemuOpts): E1000Device {
  check_properties(opts);
  const id = qemu_opt_get(opts, 'id');
  if (id !== '' && machine.nics.some((s) => s.nic.nc.name === id)) {
    throw option_error(opts, `Duplicate ID '${id}' for device`);
  }
  check_ignored_properties(opts);
  const multifunction = qemu_opt_get_bool(opts, 'multifunction', false);
  const props: E1000Properties = {
    id,
    devfn: device_devfn(opts, multifunction),
    mac: net_parse_macaddr(opts, 'mac'),
    peer: null,
    autonegotiation: qemu_opt_get_bool(opts, 'autonegotiation', true),
    mitigation: qemu_opt_get_bool(opts, 'mitigation', true),
  };
  return { props, multifunction };
}

/** Makes the NIC. */
export function nic_realize(opts: QemuOpts, props: E1000Properties, multifunction: boolean): void {
  const devfn = props.devfn >= 0 ? props.devfn : pci_find_free_devfn(machine.pci);
  if (devfn < 0) {
    throw option_error(opts, 'PCI: no slot/function available for e1000, all in use or reserved');
  }
  const s = pci_e1000_realize(props, devfn);
  if (multifunction) {
    s.parent_obj.config[PCI_HEADER_TYPE]! |= PCI_HEADER_TYPE_MULTI_FUNCTION;
  }
}
