/** The e1000's state as a plain object that can be written as JSON (`vmstate_e1000` of hw/net/e1000.c), and back. */
import { qemu_format_nic_info_str, qemu_get_queue } from '../../net/net.ts';
import { type QEMUTimer, timer_del, timer_mod_ns } from '../../util/timer.ts';
import { pci_set_irq, pci_update_mappings } from '../pci/pci.ts';
import type { E1000State } from './e1000.ts';
import { E1000EecdState } from './e1000_phy.ts';
import { e1000x_txd_props } from './e1000x_common.ts';

/** Version of the layout below. */
const VMSTATE_VERSION = 1;

/** Bytes that the device looks at even of a shorter packet, where those of the one before still are: the addresses. */
const ETH_ADDRESSES_LEN = 12;

/** The packet under construction. Bytes are arrays of numbers. */
export class E1000TxVMState {
  size = 0;
  sum_needed = 0;
  vlan_needed = false;
  cptse = false;
  tso_frames = 0;
  data: number[] = [];
  header: number[] = [];
  vlan_header: number[] = [];
  props: e1000x_txd_props = new e1000x_txd_props();
  tso_props: e1000x_txd_props = new e1000x_txd_props();
}

/** Everything a driver could tell two devices apart by, and the times at which timers expire (-1: not pending). */
export class E1000VMState {
  version = VMSTATE_VERSION;
  /** PCI configuration space. */
  config: number[] = [];
  irq_state = false;
  /** Registers that are not 0: pairs of index and value. */
  mac_reg: [index: number, value: number][] = [];
  phy_reg: number[] = [];
  eeprom_data: number[] = [];
  eecd_state: E1000EecdState = new E1000EecdState();
  tx: E1000TxVMState = new E1000TxVMState();
  rxbuf_size = 0;
  rxbuf_min_shift = 0;
  ioaddr = 0;
  mit_timer_on = false;
  mit_irq_level = false;
  mit_ide = false;
  autoneg_expire = -1;
  mit_expire = -1;
  flush_queue_expire = -1;
  link_down = false;
  receive_disabled = false;
}

/** The state of a device. Nothing of it is shared with the device. */
export function e1000_save(s: E1000State): E1000VMState {
  const v = new E1000VMState();
  v.config = [...s.parent_obj.config];
  v.irq_state = s.parent_obj.irq_state;
  s.mac_reg.forEach((value, index) => {
    if (value !== 0) {
      v.mac_reg.push([index, value]);
    }
  });
  v.phy_reg = [...s.phy_reg];
  v.eeprom_data = [...s.eeprom_data];
  Object.assign(v.eecd_state, s.eecd_state);
  const { size, sum_needed, vlan_needed, cptse, tso_frames } = s.tx;
  Object.assign(v.tx, { size, sum_needed, vlan_needed, cptse, tso_frames });
  v.tx.data = [...s.tx.data.subarray(0, Math.max(size, ETH_ADDRESSES_LEN))];
  v.tx.header = [...s.tx.header.bytes];
  v.tx.vlan_header = [...s.tx.vlan_header];
  Object.assign(v.tx.props, s.tx.props);
  Object.assign(v.tx.tso_props, s.tx.tso_props);
  v.rxbuf_size = s.rxbuf_size;
  v.rxbuf_min_shift = s.rxbuf_min_shift;
  v.ioaddr = s.ioaddr;
  v.mit_timer_on = s.mit_timer_on;
  v.mit_irq_level = s.mit_irq_level;
  v.mit_ide = s.mit_ide;
  v.autoneg_expire = s.autoneg_timer.expire_time;
  v.mit_expire = s.mit_timer.expire_time;
  v.flush_queue_expire = s.flush_queue_timer.expire_time;
  const nc = qemu_get_queue(s.nic);
  v.link_down = nc.link_down;
  v.receive_disabled = nc.receive_disabled;
  return v;
}

/** Arms a timer as it was. */
function timer_restore(t: QEMUTimer, expire_ns: number): void {
  if (expire_ns < 0) {
    timer_del(t);
  } else {
    timer_mod_ns(t, expire_ns);
  }
}

/** Puts a device into a saved state. Returns what is wrong with the state, or ''; then the device is as it was. */
export function e1000_load(s: E1000State, v: E1000VMState): string {
  if (v.version !== VMSTATE_VERSION) {
    return `version ${v.version} of the e1000's state is not known, expected ${VMSTATE_VERSION}`;
  }
  if (
    v.config.length !== s.parent_obj.config.length ||
    v.tx.data.length !== Math.max(v.tx.size, ETH_ADDRESSES_LEN) ||
    v.tx.size > s.tx.data.length
  ) {
    return "the e1000's state is damaged";
  }
  s.parent_obj.config.set(v.config);
  pci_update_mappings(s.parent_obj);
  s.mac_reg.fill(0);
  for (const [index, value] of v.mac_reg) {
    s.mac_reg[index] = value;
  }
  s.phy_reg.set(v.phy_reg);
  s.eeprom_data.set(v.eeprom_data);
  Object.assign(s.eecd_state, v.eecd_state);
  const { size, sum_needed, vlan_needed, cptse, tso_frames } = v.tx;
  Object.assign(s.tx, { size, sum_needed, vlan_needed, cptse, tso_frames });
  s.tx.data.set(v.tx.data);
  s.tx.header.bytes.set(v.tx.header);
  s.tx.vlan_header.set(v.tx.vlan_header);
  Object.assign(s.tx.props, v.tx.props);
  Object.assign(s.tx.tso_props, v.tx.tso_props);
  s.rxbuf_size = v.rxbuf_size;
  s.rxbuf_min_shift = v.rxbuf_min_shift;
  s.ioaddr = v.ioaddr;
  s.mit_timer_on = v.mit_timer_on;
  s.mit_irq_level = v.mit_irq_level;
  s.mit_ide = v.mit_ide;
  timer_restore(s.autoneg_timer, v.autoneg_expire);
  timer_restore(s.mit_timer, v.mit_expire);
  timer_restore(s.flush_queue_timer, v.flush_queue_expire);
  const nc = qemu_get_queue(s.nic);
  nc.link_down = v.link_down;
  nc.receive_disabled = v.receive_disabled;
  pci_set_irq(s.parent_obj, v.irq_state ? 1 : 0);
  qemu_format_nic_info_str(nc, s.macaddr);
  return '';
}
