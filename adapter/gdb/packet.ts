/** `print $pkt`, `print $pkt.ip`, `print/x $pkt` and `info packet`: the packet that the selected frame handles. */

import { CommandError } from '../commands/command.ts';
import { packetBytesOf, packetView } from '../inspect/packets.ts';
import { dissect, formatTree } from '../packets/dissect.ts';
import { hexDump } from '../packets/format.ts';
import type { GdbInterpreter } from './interpreter.ts';

/** The whole packet, or its layers of one protocol. */
export async function printPacket(gdb: GdbInterpreter, protocol = ''): Promise<void> {
  const layers = dissect(packetView(await packetBytesOf(gdb.engine, await gdb.selected())));
  const shown = protocol === '' ? layers : layers.filter((l) => l.name === protocol);
  if (shown.length === 0) {
    throw new CommandError(`$pkt.${protocol}: <not in this packet>`);
  }
  gdb.out(`${formatTree(shown).trimEnd()}\n`);
}

export async function printBytes(gdb: GdbInterpreter): Promise<void> {
  const { bytes } = await packetBytesOf(gdb.engine, await gdb.selected());
  gdb.out(hexDump(bytes, 0));
}

/** `info packet [PROTOCOL]`: dissected; the whole packet with its bytes. */
export async function infoPacket(gdb: GdbInterpreter, args: string): Promise<void> {
  await printPacket(gdb, args.trim());
  if (args.trim() === '') {
    gdb.out('\n');
    await printBytes(gdb);
  }
}
