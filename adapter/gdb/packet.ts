/** `print $pkt` and `info packet`: the packet that the selected frame handles, dissected. */

import { CommandError } from '../commands/command.ts';
import { framePacket } from '../inspect/packets.ts';
import { formatTree } from '../packets/dissect.ts';
import type { GdbInterpreter } from './interpreter.ts';

/** The whole packet, or its layers of one protocol. */
export async function printPacket(gdb: GdbInterpreter, protocol = ''): Promise<void> {
  const frame = await gdb.selected();
  const layers = await framePacket(gdb.engine, frame.index);
  if (!layers) {
    throw new CommandError(`There is no $pkt here: ${frame.fn.name} does not handle a packet.`);
  }
  const shown = protocol === '' ? layers : layers.filter((l) => l.name === protocol);
  if (shown.length === 0) {
    throw new CommandError(`$pkt.${protocol}: <not in this packet>`);
  }
  gdb.out(`${formatTree(shown).trimEnd()}\n`);
}
