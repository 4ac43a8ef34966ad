/** What `info` says of the network: rings, the user network, drops. */
import { CommandError } from '../commands/command.ts';
import { chooseNic } from '../inspect/nics.ts';
import type { GdbInterpreter } from './interpreter.ts';
import { ringText } from './rings.ts';

export function infoRing(gdb: GdbInterpreter, args: string): void {
  const { nic, rest } = chooseNic(
    gdb.engine,
    args.split(/\s+/).filter((w) => w !== ''),
  );
  const which = rest.join(' ').toLowerCase();
  const wanted = (['rx', 'tx'] as const).filter((ring) => which === '' || ring === which);
  if (wanted.length === 0) {
    const hint =
      'use "info ring rx" or "info ring tx", and the name of a NIC, such as e1000.1, for another than the first';
    throw new CommandError(`Unknown ring "${rest.join(' ')}": ${hint}.`);
  }
  if (!nic) {
    throw new CommandError('The machine has no e1000, or is not being run.');
  }
  for (const ring of wanted) {
    gdb.out(ringText(ring, nic.registers, gdb.engine.memory));
  }
}
