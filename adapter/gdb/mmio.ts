/** `info mmio`: the driver's accesses to registers. */
import { CommandError } from '../commands/command.ts';
import { registerAccesses } from '../inspect/mmio.ts';
import { findRegister } from '../inspect/registers.ts';
import type { GdbInterpreter } from './interpreter.ts';

/** Accesses that are listed without a count. */
const LAST = 20;

export async function infoMmio(gdb: GdbInterpreter, args: string): Promise<void> {
  let most = LAST;
  let name = '';
  let way: string | undefined;
  for (const word of args.split(/\s+/).filter((w) => w !== '')) {
    if (/^\d+$/.test(word) || word === 'all') {
      most = word === 'all' ? Number.POSITIVE_INFINITY : Number(word);
    } else if (word === 'read' || word === 'write') {
      way = word;
    } else if (findRegister(word.toUpperCase())) {
      name = word.toUpperCase();
    } else {
      throw new CommandError(`There is no register "${word}"; "info registers" lists them.`);
    }
  }
  const all = (await registerAccesses(gdb.engine)).filter(
    (a) =>
      (name === '' || a.register.replace(/\[.*/, '') === name) && (way === undefined || a.write === (way === 'write')),
  );
  if (all.length === 0) {
    gdb.out('No register was accessed.\n');
    return;
  }
  gdb.out('Tick        Time          Access  Register  Value\n');
  for (const { tick, ns, write, register, value } of most === 0 ? [] : all.slice(-most)) {
    const time = (ns / 1e9).toFixed(6);
    const access = write ? 'write' : 'read';
    gdb.out(
      `${String(tick).padEnd(11)} ${time.padEnd(13)} ${access.padEnd(7)} ${register.padEnd(9)} 0x${hex(value)}\n`,
    );
  }
  gdb.out(all.length > most ? `${all.length} accesses in all.\n` : '');
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
