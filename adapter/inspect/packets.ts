/** Packets as they are shown: dissected, or as a line of a packet list. */
import type { EngineApi, GuestMemory, PacketBytes } from '../engine/api.ts';
import { dissect, type TreeNode } from '../packets/dissect.ts';
import { PacketView } from '../packets/fields.ts';
import { tcp } from '../packets/protocols/tcp.ts';
import { formatSummary, summary } from '../packets/summary.ts';
import type { Descriptor } from './descriptors.ts';

/** The layers of the packet that a frame's function handles; undefined if it handles none. */
export async function framePacket(engine: EngineApi, frame: number): Promise<readonly TreeNode[] | undefined> {
  const packet = await engine.packet(frame);
  return packet && dissect(packetView(packet));
}

/** A view of a packet, with what is known of it besides its bytes. */
export function packetView({ bytes, linktype, known }: PacketBytes): PacketView {
  const view = new PacketView(bytes, linktype);
  if (known) {
    view.known = {
      numberOf: () => known.number,
      secondsOf: () => known.seconds,
      relative: (p, l) => (l && l !== p.first(tcp) ? undefined : (known.relative ?? undefined)),
    };
  }
  return view;
}

/** Bytes of a descriptor's buffer that are looked at. */
const MAX_BUFFER = 16384;

/** What is in a descriptor's buffer; empty where there is no memory. */
export function bufferBytes(memory: GuestMemory, { address, length }: Descriptor): Uint8Array {
  return address === undefined ? new Uint8Array(0) : memory.read(address, Math.min(length, MAX_BUFFER));
}

/** Wireshark's line for a frame; a later fragment of a packet is not one, and reads as what it looks like. */
export function frameSummary(bytes: Uint8Array): string {
  return formatSummary(summary(new PacketView(bytes, 'ethernet')));
}
