/** `print $pkt` and `info packet`: the packet that the selected frame handles, dissected. */

import { CommandError } from '../commands/command.ts';
import { dissectBytes, formatTree } from '../packets/dissect.ts';
import type { GdbInterpreter } from './interpreter.ts';

export async function printPacket(gdb: GdbInterpreter): Promise<void> {
  const frame = await gdb.selected();
  const packet = await gdb.engine.packet(frame.index);
  if (!packet) {
    throw new CommandError(`There is no $pkt here: ${frame.fn.name} does not handle a packet.`);
  }
  const tree = dissectBytes(packet.bytes, packet.linktype);
  gdb.out(`${formatTree(tree).trimEnd()}\n`);
}
