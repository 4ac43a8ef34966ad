/** `print $pkt`, `print/x $pkt` and `info packet`: the packet that the selected frame handles. */

import { CommandError } from '../commands/command.ts';
import { packetBytesOf, packetView } from '../inspect/packets.ts';
import { dissect, formatTree } from '../packets/dissect.ts';
import { hexDump } from '../packets/format.ts';
import type { GdbInterpreter } from './interpreter.ts';

/** What is printed of a packet: the tree of its layers, or of those of one protocol, and its bytes. */
interface PacketParts {
  readonly tree: boolean;
  readonly bytes: boolean;
  readonly layer?: string | undefined;
}

/** Prints the packet. Throws `CommandError` if it has no such layer. */
export async function printPacket(gdb: GdbInterpreter, { tree, bytes, layer }: PacketParts): Promise<void> {
  const packet = await packetBytesOf(gdb.engine, await gdb.selected());
  const layers = tree ? dissect(packetView(packet)).filter(({ name }) => layer === undefined || name === layer) : [];
  if (tree && layers.length === 0) {
    throw new CommandError(`$pkt.${layer}: <not in this packet>`);
  }
  gdb.out(tree ? `${formatTree(layers).trimEnd()}\n` : '');
  gdb.out(bytes ? `${tree ? '\n' : ''}${hexDump(packet.bytes, 0)}` : '');
}
