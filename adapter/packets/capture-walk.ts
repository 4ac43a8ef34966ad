/** The packets of a capture one after another, each with all that its capture and the packets before say of it. */
import { type Capture, type CaptureInterface, type CapturePacket, linktypeKind } from './capture.ts';
import { Conversations } from './conversations.ts';
import { type LinkType, PacketView } from './packet-view.ts';

/**
 * Aims a view at each packet of a capture in turn and gives it. The view is the same one each time: what is wanted of a
 * packet has to be asked before the next.
 */
export function walkCapture(capture: Capture): Generator<PacketView, void> {
  return walkPackets(capture.packets, capture);
}

/** The same for packets that are read one after another; `capture` is about them. */
export function* walkPackets(
  packets: Iterable<CapturePacket>,
  capture: Pick<Capture, 'interfaces' | 'format' | 'comments'>,
): Generator<PacketView, void> {
  const view = new PacketView();
  const conversations = new Conversations();
  let first: CapturePacket | undefined;
  let before: CapturePacket | undefined;
  for (const packet of packets) {
    const iface = capture.interfaces[packet.iface];
    aim(view, packet, iface);
    first ??= packet;
    view.checksums = false;
    view.frame = {
      packet,
      first,
      before: before ?? packet,
      iface,
      seconds: secondsBetween(first, packet),
      section: capture.format === 'pcapng' ? 1 : undefined,
      comments: capture.comments.get(packet.number) ?? [],
    };
    view.number = packet.number;
    conversations.add(view);
    yield view;
    before = packet;
  }
}

function secondsBetween(a: CapturePacket, b: CapturePacket): number {
  return b.tsSec - a.tsSec + (b.tsNsec - a.tsNsec) / 1e9;
}

/** Link layers with a header of their own. */
const LINKS: Readonly<Record<number, LinkType>> = { 0: 'null', 108: 'null', 113: 'sll', 276: 'sll2' };

/** Points the view at the packet, whatever its link layer. */
function aim(view: PacketView, packet: CapturePacket, iface: CaptureInterface | undefined): void {
  const linktype = iface?.linktype ?? -1;
  const { data, len } = packet;
  view.set(data, 0, data.length, linktypeKind(linktype) ?? LINKS[linktype] ?? 'other', len);
}
