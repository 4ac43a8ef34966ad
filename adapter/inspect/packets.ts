/** Packets as they are shown: dissected, or as a line of a packet list. */
import { type EngineApi, EngineError, type Frame, type GuestMemory, type PacketBytes } from '../engine/api.ts';
import { dissect, type TreeNode } from '../packets/dissect.ts';
import { FIELDS, PacketView } from '../packets/fields.ts';
import { flagsText, tcp } from '../packets/protocols/tcp.ts';
import { formatSummary, summary } from '../packets/summary.ts';
import type { Descriptor } from './descriptors.ts';

/** The layers of the packet that a frame's function handles; undefined if it handles none. */
export async function framePacket(engine: EngineApi, frame: number): Promise<readonly TreeNode[] | undefined> {
  const packet = await engine.packet(frame);
  return packet && dissect(packetView(packet));
}

/** The packet that a frame's function handles. Throws `EngineError` if it handles none. */
export async function packetBytesOf(engine: EngineApi, { index, fn }: Frame): Promise<PacketBytes> {
  const packet = await engine.packet(index);
  if (!packet) {
    throw new EngineError(`There is no $pkt here: ${fn.name} does not handle a packet.`);
  }
  return packet;
}

/** The line of a packet list for the packet that a frame's function handles; undefined if it handles none. */
export async function framePacketSummary(engine: EngineApi, frame: number): Promise<string | undefined> {
  const packet = await engine.packet(frame);
  return packet && formatSummary(summary(packetView(packet)));
}

/**
 * `[590 bytes: 10.0.2.2:80 -> 10.0.2.15:1024 TCP [PSH, ACK]]`: a packet as the argument of the frame's function, which
 * calls it `name`; undefined if it has none.
 */
export async function packetArgument(
  engine: EngineApi,
  { fn, index }: Frame,
): Promise<{ readonly name: string; readonly text: string } | undefined> {
  const name = fn.packet?.name;
  if (name === undefined || !fn.params.some((p) => p.name === name)) {
    return undefined;
  }
  const packet = await engine.packet(index);
  return packet && { name, text: `[${packet.bytes.length} bytes: ${packetEnds(packetView(packet))}]` };
}

/** `10.0.2.2:80 -> 10.0.2.15:1024 TCP [PSH, ACK]`: who speaks to whom, and how. */
export function packetEnds(view: PacketView): string {
  const { source, destination, protocol } = summary(view);
  const inTcp = view.first(tcp) !== null;
  const [from, to] = ['srcport', 'dstport'].map((end) => FIELDS[`${inTcp ? 'tcp' : 'udp'}.${end}`]?.get(view));
  const flags = inTcp ? ` [${flagsText(Number(FIELDS['tcp.flags']?.get(view) ?? 0))}]` : '';
  return `${packetEnd(source, from)} -> ${packetEnd(destination, to)} ${inTcp ? 'TCP' : protocol}${flags}`;
}

function packetEnd(address: string, port: unknown): string {
  if (typeof port !== 'number') {
    return address;
  }
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** A view of a packet, with what is known of it besides its bytes. */
export function packetView({ bytes, linktype, known }: PacketBytes): PacketView {
  const view = new PacketView(bytes, linktype);
  if (known) {
    view.known = {
      numberOf: () => known.number,
      secondsOf: () => known.seconds,
      recordOf: () => known.record,
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
