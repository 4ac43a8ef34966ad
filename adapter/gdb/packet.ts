/** `print $pkt`, `print/x $pkt` and `info packet`: the packet that the selected frame handles. */

import { packetBytesOf, packetView } from '../inspect/packets.ts';
import { dissect, formatTree } from '../packets/dissect.ts';
import { hexDump } from '../packets/format.ts';
import type { GdbInterpreter } from './interpreter.ts';

/** Dissected, as bytes, or both. */
export async function printPacket(gdb: GdbInterpreter, tree: boolean, bytes: boolean): Promise<void> {
  const packet = await packetBytesOf(gdb.engine, await gdb.selected());
  gdb.out(tree ? `${formatTree(dissect(packetView(packet))).trimEnd()}\n` : '');
  gdb.out(bytes ? `${tree ? '\n' : ''}${hexDump(packet.bytes, 0)}` : '');
}
