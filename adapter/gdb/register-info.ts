/** `info registers`. */

import { CommandError } from '../commands/command.ts';
import { chooseNic } from '../inspect/nics.ts';
import { decodeRegister, findRegisters, REGISTER_GROUPS, registerNames } from '../inspect/registers.ts';
import type { RegisterInfo } from '../stack/hw/net/e1000_regs.ts';
import { E1000_REGISTERS } from '../stack/hw/net/e1000_regs.ts';
import { near } from '../stack/util/near.ts';
import type { GdbInterpreter } from './interpreter.ts';

/** Elements of a register array that are shown when all are zero but a few. */
const MAX_ELEMENTS = 256;

/** Groups of which only registers that are not 0 are listed, unless they are named. */
const COUNTER_GROUPS: ReadonlySet<string> = new Set(['FIFO', 'Wakeup', 'Statistics']);

export function infoRegisters(gdb: GdbInterpreter, args: string): void {
  const words = args.split(/[\s,]+/).filter((w) => w !== '');
  const { nic, rest: wanted } = chooseNic(gdb.engine, words);
  if (!nic) {
    throw new CommandError(
      gdb.engine.state === 'none' || gdb.engine.state === 'exited'
        ? 'The program has no registers now.'
        : 'The machine has no e1000.',
    );
  }
  const { registers: mac, phy } = nic;
  if (wanted.length > 0) {
    for (const name of wanted) {
      const found = findRegisters(name);
      if (!found) {
        const like = near(name.replace(/^\$/, ''), [...registerNames(), ...REGISTER_GROUPS]);
        throw new CommandError(
          `Invalid register \`${name}'${like.length > 0 ? `; did you mean ${like.join(', ')}?` : ''}`,
        );
      }
      gdb.out(found.map((r) => rows(r, mac, phy, true)).join(''));
    }
    return;
  }
  for (const group of REGISTER_GROUPS) {
    const sparse = COUNTER_GROUPS.has(group);
    const text = E1000_REGISTERS.filter((r) => r.group === group && !(sparse && (mac[r.offset >> 2] ?? 0) === 0))
      .map((r) => rows(r, mac, phy, false))
      .join('');
    if (text !== '') {
      gdb.out(`${group}${sparse ? ' (those that are not 0)' : ''}:\n${text}`);
    }
  }
}

/** A register's row; an array has one for each element that is not zero (all of them when it was asked for by name). */
function rows(r: RegisterInfo, mac: Uint32Array, phy: Uint16Array | undefined, all: boolean): string {
  if (r.group === 'PHY') {
    const value = phy?.[r.offset];
    return value === undefined ? '' : row(r, r.name, value);
  }
  if (r.count === 1) {
    return row(r, r.name, mac[r.offset >> 2] ?? 0);
  }
  let text = '';
  for (let i = 0; i < Math.min(r.count, MAX_ELEMENTS); i++) {
    const value = mac[(r.offset + i * r.stride) >> 2] ?? 0;
    if (value !== 0 || all) {
      text += row(r, `${r.name}[${i}]`, value);
    }
  }
  return text;
}

function row(r: RegisterInfo, name: string, value: number): string {
  const decoded = decodeRegister(r, value) || String(value);
  return `${name.padEnd(15)}${`0x${value.toString(16)}`.padEnd(19)}${decoded}\n`;
}
