/** `print $pkt`, `print/x $pkt` and `info packet`: the packet that the selected frame handles. */

import { CommandError } from '../commands/command.ts';
import { packetBytesOf, packetView } from '../inspect/packets.ts';
import { viewAmongOthers } from '../inspect/remembered.ts';
import { dissect, formatTree } from '../packets/dissect.ts';
import { hexDump } from '../packets/format.ts';
import type { GdbInterpreter } from './interpreter.ts';

/** What is printed of a packet: the tree of its layers, or of those of one protocol, or its bytes. */
interface PacketParts {
  readonly bytes: boolean;
  readonly layer?: string | undefined;
}

/** Prints the packet. Throws `CommandError` if it has no such layer. */
export async function printPacket(gdb: GdbInterpreter, { bytes, layer }: PacketParts): Promise<void> {
  const packet = await packetBytesOf(gdb.engine, await gdb.selected());
  if (bytes) {
    gdb.out(hexDump(packet.bytes, 0));
    return;
  }
  const layers = dissect(packetView(packet)).filter(({ name }) => layer === undefined || name === layer);
  if (layers.length === 0) {
    throw new CommandError(`$pkt.${layer}: <not in this packet>`);
  }
  gdb.out(`${formatTree(layers).trimEnd()}\n`);
}

/** `info packet`: the tree, with what the packets before say of this one (which executes history again), and bytes. */
export async function infoPacket(gdb: GdbInterpreter, args: string): Promise<void> {
  if (args.trim() !== '') {
    throw new CommandError(
      `"info packet" takes no argument: it is about the packet of this frame. "packets" lists those that passed.`,
    );
  }
  const frame = await gdb.selected();
  const packet = await packetBytesOf(gdb.engine, frame);
  const view = (await viewAmongOthers(gdb.engine, frame, gdb.evaluator.filters.layer)) ?? packetView(packet);
  gdb.out(`${formatTree(dissect(view)).trimEnd()}\n\n${hexDump(packet.bytes, 0)}`);
}
