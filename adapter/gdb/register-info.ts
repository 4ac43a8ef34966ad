/** `info registers`. */

import { CommandError } from '../commands/command.ts';
import { registersNamed } from '../commands/registers.ts';
import { chooseNic, type Nic, noNicText, Register } from '../inspect/nics.ts';
import { setFields } from '../inspect/register-notation.ts';
import { REGISTERS_BY_GROUP, type RegisterInfo } from '../inspect/registers.ts';
import { hex } from '../packets/format.ts';
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
        : noNicText(gdb.engine),
    );
  }
  for (const name of wanted) {
    gdb.out(
      registersNamed(name)
        .map((info) => rows(nic, info, true))
        .join(''),
    );
  }
  if (wanted.length === 0) {
    gdb.out(allGroups(nic));
  }
}

/** Every register, except counters that are 0. */
function allGroups(nic: Nic): string {
  let text = '';
  for (const { name, registers } of REGISTERS_BY_GROUP) {
    const sparse = COUNTER_GROUPS.has(name);
    const shown = registers.filter((info) => !sparse || new Register(nic, info).value !== 0);
    const lines = shown.map((info) => rows(nic, info, false)).join('');
    text += lines === '' ? '' : `${name}${sparse ? ' (those that are not 0)' : ''}:\n${lines}`;
  }
  return text;
}

/** A register's row; an array has one for each element that is not zero (all of them when it was asked for by name). */
function rows(nic: Nic, info: RegisterInfo, all: boolean): string {
  let text = '';
  for (let i = 0; i < Math.min(info.count, MAX_ELEMENTS); i++) {
    const register = new Register(nic, info, i);
    text += info.count === 1 || all || register.value !== 0 ? row(register) : '';
  }
  return text;
}

function row({ name, info, value }: Register): string {
  return `${name.padEnd(15)}${hex(value).padEnd(19)}${flags(info, value) || String(value)}\n`;
}

/**
 * The set bits and fields of a value, as gdb shows eflags: `[ FD ASDE SPEED=2 ]`. Empty where they say no more than the
 * number.
 */
function flags({ fields }: RegisterInfo, value: number): string {
  const [only] = fields;
  if (!only || (fields.length === 1 && only.width > 1)) {
    return '';
  }
  const words = setFields(value, fields).map(({ field, bits, meaning }) =>
    field.width === 1 ? field.name : `${field.name}=${meaning ?? bits}`,
  );
  return `[ ${[...words, ''].join(' ')}]`;
}
