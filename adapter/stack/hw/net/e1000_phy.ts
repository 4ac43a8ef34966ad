/** The e1000's PHY behind MDIC and its EEPROM behind EECD and EERD (8254x manual, sections 5.6, 8.2 and 13.4). */

import { qemu_flush_queued_packets, qemu_get_queue } from '../../net/net.ts';
import { QEMU_CLOCK_VIRTUAL, qemu_clock_get_ns, timer_mod_ns } from '../../util/timer.ts';
import type { E1000State } from './e1000.ts';
import {
  E1000_EECD_CS,
  E1000_EECD_DI,
  E1000_EECD_DO,
  E1000_EECD_FWE_MASK,
  E1000_EECD_GNT,
  E1000_EECD_PRES,
  E1000_EECD_REQ,
  E1000_EECD_SK,
  E1000_EERD_ADDR_SHIFT,
  E1000_EERD_DATA_SHIFT,
  E1000_EERD_DONE,
  E1000_EERD_START,
  E1000_ICR_LSC,
  E1000_ICR_MDAC,
  E1000_MDIC_DATA_MASK,
  E1000_MDIC_ERROR,
  E1000_MDIC_INT_EN,
  E1000_MDIC_OP_READ,
  E1000_MDIC_OP_WRITE,
  E1000_MDIC_PHY_MASK,
  E1000_MDIC_PHY_SHIFT,
  E1000_MDIC_READY,
  E1000_MDIC_REG_MASK,
  E1000_MDIC_REG_SHIFT,
  EEPROM_READ_OPCODE_MICROWIRE,
  EEPROM_WORDS,
  MII_BMCR,
  MII_BMCR_ANRESTART,
  MII_BMCR_AUTOEN,
  MII_BMCR_RESET,
} from './e1000_hw.ts';
import { set_ics } from './e1000_intr.ts';
import { PHY_REGISTERS } from './e1000_phy_regs.ts';
import { EERD, MDIC } from './e1000_regs.ts';
import {
  e1000x_update_regs_on_autoneg_done,
  e1000x_update_regs_on_link_down,
  e1000x_update_regs_on_link_up,
} from './e1000x_common.ts';

/** How long autonegotiation takes. */
const AUTONEG_DELAY_NS = 500e6;
/** Bits of the PHY's address in MDIC: the internal PHY is number 1. */
const PHY_ADDRESS = 1;
/** Bits of BMCR that do not stay: reserved ones, and the two that start something. */
const BMCR_SELF_CLEARING = 0x3f | MII_BMCR_RESET | MII_BMCR_ANRESTART;

/** Does the PHY negotiate by itself? */
export function have_autoneg(s: E1000State): boolean {
  return s.autonegotiation && (s.phy_reg[MII_BMCR]! & MII_BMCR_AUTOEN) !== 0;
}

/** The link goes down until autonegotiation has ended. */
export function e1000x_restart_autoneg(s: E1000State): void {
  e1000x_update_regs_on_link_down(s.mac_reg, s.phy_reg);
  timer_mod_ns(s.autoneg_timer, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + AUTONEG_DELAY_NS);
}

/** Autonegotiation ends, unless the cable was pulled meanwhile. */
export function e1000_autoneg_timer(s: E1000State): void {
  if (!s.nic.nc.link_down) {
    e1000x_update_regs_on_autoneg_done(s.mac_reg, s.phy_reg);
    e1000_link_up(s);
    set_ics(s, 0, E1000_ICR_LSC);
  }
}

/** Writes the PHY's control register. */
export function set_phy_ctrl(s: E1000State, index: number, val: number): void {
  s.phy_reg[MII_BMCR] = val & ~BMCR_SELF_CLEARING;
  if (have_autoneg(s) && (val & MII_BMCR_ANRESTART) !== 0) {
    e1000x_restart_autoneg(s);
  }
}

/**
 * A write to MDIC reads or writes a PHY register at once. Another PHY, or a register that is not there, sets the error
 * bit.
 */
export function set_mdic(s: E1000State, index: number, val: number): void {
  const data = val & E1000_MDIC_DATA_MASK;
  const addr = (val & E1000_MDIC_REG_MASK) >>> E1000_MDIC_REG_SHIFT;
  const access = PHY_REGISTERS.find((r) => r.offset === addr)?.access;
  let mdic = val;
  if ((val & E1000_MDIC_PHY_MASK) >>> E1000_MDIC_PHY_SHIFT !== PHY_ADDRESS) {
    mdic = s.mac_reg[MDIC]! | E1000_MDIC_ERROR;
  } else if ((val & E1000_MDIC_OP_READ) !== 0) {
    mdic = access ? (val ^ data) | s.phy_reg[addr]! : val | E1000_MDIC_ERROR;
  } else if ((val & E1000_MDIC_OP_WRITE) !== 0) {
    if (access !== 'rw') {
      mdic = val | E1000_MDIC_ERROR;
    } else if (addr === MII_BMCR) {
      set_phy_ctrl(s, addr, data);
    } else {
      s.phy_reg[addr] = data;
    }
  }
  s.mac_reg[MDIC] = mdic | E1000_MDIC_READY;
  if ((mdic & E1000_MDIC_INT_EN) !== 0) {
    set_ics(s, 0, E1000_ICR_MDAC);
  }
}

/** State of the microwire EEPROM's serial line. */
export class E1000EecdState {
  val_in = 0;
  bitnum_in = 0;
  bitnum_out = 0;
  reading = false;
  old_eecd = 0;
}

/** Reads EECD: the control lines, and the data line from the EEPROM (high while nothing is read). */
export function get_eecd(s: E1000State, index: number): number {
  const e = s.eecd_state;
  const word = s.eeprom_data[(e.bitnum_out >> 4) & (EEPROM_WORDS - 1)]!;
  const bit = (word >> (15 - (e.bitnum_out & 15))) & 1;
  return E1000_EECD_PRES | E1000_EECD_GNT | e.old_eecd | (!e.reading || bit !== 0 ? E1000_EECD_DO : 0);
}

/** Bits of a microwire command: start, two of the opcode, six of the address. */
const MICROWIRE_COMMAND_BITS = 9;

/** Writes EECD: a driver clocks a command in on rising edges of SK, and the data out on falling ones. */
export function set_eecd(s: E1000State, index: number, val: number): void {
  const e = s.eecd_state;
  const changed = val ^ e.old_eecd;
  e.old_eecd = val & (E1000_EECD_SK | E1000_EECD_CS | E1000_EECD_DI | E1000_EECD_FWE_MASK | E1000_EECD_REQ);
  if ((val & E1000_EECD_CS) === 0) {
    return;
  }
  if ((changed & E1000_EECD_CS) !== 0) {
    e.val_in = 0;
    e.bitnum_in = 0;
    e.bitnum_out = 0;
    e.reading = false;
  }
  if ((changed & E1000_EECD_SK) === 0) {
    return;
  }
  if ((val & E1000_EECD_SK) === 0) {
    e.bitnum_out++;
    return;
  }
  e.val_in = ((e.val_in << 1) | ((val & E1000_EECD_DI) !== 0 ? 1 : 0)) & 0xffff;
  e.bitnum_in++;
  if (e.bitnum_in === MICROWIRE_COMMAND_BITS && !e.reading) {
    // One falling edge later the first bit of the word is out.
    e.bitnum_out = (e.val_in & 0x3f) * 16 - 1;
    e.reading = ((e.val_in >> 6) & 7) === EEPROM_READ_OPCODE_MICROWIRE;
  }
}

/** Reads EERD: the word whose address was written with START, or no data when the EEPROM has no such word. */
export function flash_eerd_read(s: E1000State, index: number): number {
  const r = s.mac_reg[EERD]! & ~E1000_EERD_START;
  if ((s.mac_reg[EERD]! & E1000_EERD_START) === 0) {
    return s.mac_reg[EERD]!;
  }
  const word = r >>> E1000_EERD_ADDR_SHIFT;
  if (word >= EEPROM_WORDS) {
    return r | E1000_EERD_DONE;
  }
  return (s.eeprom_data[word]! << E1000_EERD_DATA_SHIFT) | E1000_EERD_DONE | r;
}

/* Link and reset */

/** The link is up: what waited is delivered. */
export function e1000_link_up(s: E1000State): void {
  e1000x_update_regs_on_link_up(s.mac_reg, s.phy_reg);
  qemu_flush_queued_packets(qemu_get_queue(s.nic));
}
