/** What `info` says of the network: rings, the user network, drops. */
import { CommandError } from '../commands/command.ts';
import { askMonitor } from '../inspect/connections.ts';
import { chooseNic, nicElsewhere, noNicText } from '../inspect/nics.ts';
import type { RingKind } from '../inspect/rings.ts';
import type { GdbInterpreter } from './interpreter.ts';
import { ringText } from './rings.ts';

/** What the machine's monitor says, whether the machine runs or is stopped. */
export async function infoMonitor(gdb: GdbInterpreter, what: string): Promise<void> {
  if (gdb.engine.state === 'none' || gdb.engine.state === 'exited') {
    throw new CommandError('The program is not being run.');
  }
  const text = await askMonitor(gdb.engine, what);
  gdb.out(text === '' || text.endsWith('\n') ? text : `${text}\n`);
}

export function infoRing(gdb: GdbInterpreter, args: string): void {
  const { nic, rest } = chooseNic(
    gdb.engine,
    args.split(/\s+/).filter((w) => w !== ''),
  );
  const kinds = ringKinds(rest.join(' '));
  if (!nic) {
    throw new CommandError(
      nicElsewhere(gdb.engine) ? noNicText(gdb.engine) : 'The machine has no e1000, or is not being run.',
    );
  }
  for (const kind of kinds) {
    gdb.out(ringText(kind, nic.registers, gdb.engine.memory));
  }
}

/** The rings that a word means; both without one. */
function ringKinds(word: string): readonly RingKind[] {
  const which = word.toLowerCase();
  if (which === '') {
    return ['rx', 'tx'];
  }
  if (which !== 'rx' && which !== 'tx') {
    const hint =
      'use "info ring rx" or "info ring tx", and the name of a NIC, such as e1000.1, for another than the first';
    throw new CommandError(`Unknown ring "${word}": ${hint}.`);
  }
  return [which];
}
