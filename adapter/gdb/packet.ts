/** `print $pkt` and `info packet`: the packet that the selected frame handles, dissected. */

import { CommandError } from '../commands/command.ts';
import { dissect_bytes, format_tree } from '../packets/dissect.ts';
import type { GdbInterpreter } from './interpreter.ts';

export async function print_packet(gdb: GdbInterpreter): Promise<void> {
  const frame = await gdb.selected();
  const packet = await gdb.engine.packet(frame.index);
  if (!packet) {
    throw new CommandError(`There is no $pkt here: ${frame.fn.name} does not handle a packet.`);
  }
  const tree = dissect_bytes(packet.bytes, packet.linktype);
  gdb.out(`${format_tree(tree).trimEnd()}\n`);
}
