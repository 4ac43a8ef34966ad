/** `print $pkt` and `info packet`: the packet that the selected frame handles, dissected. */

import { CommandError } from '../commands/command.ts';
import { framePacket } from '../inspect/packets.ts';
import { formatTree } from '../packets/dissect.ts';
import type { GdbInterpreter } from './interpreter.ts';

export async function printPacket(gdb: GdbInterpreter): Promise<void> {
  const frame = await gdb.selected();
  const layers = await framePacket(gdb.engine, frame.index);
  if (!layers) {
    throw new CommandError(`There is no $pkt here: ${frame.fn.name} does not handle a packet.`);
  }
  gdb.out(`${formatTree(layers).trimEnd()}\n`);
}
