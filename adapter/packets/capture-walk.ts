/** The packets of a capture one after another, each with all that its capture and the packets before say of it. */
import { type Capture, type CaptureInterface, type CapturePacket, linktypeKind } from './capture.ts';
import { Conversations } from './conversations.ts';
import { LinkLayer } from './link-layer.ts';
import { PacketView } from './packet-view.ts';
import { ETHERTYPE_IP, ETHERTYPE_IPV6 } from './protocols/numbers.ts';

/**
 * Aims a view at each packet of a capture in turn and gives it. The view is the same one each time: what is wanted of a
 * packet has to be asked before the next.
 */
export function* walkCapture(capture: Capture): Generator<PacketView, void> {
  const view = new PacketView();
  const link = new LinkLayer();
  const conversations = new Conversations();
  view.conversations = conversations;
  const first = capture.packets[0];
  let before = first;
  for (const packet of capture.packets) {
    const iface = capture.interfaces[packet.iface];
    aim(view, link, packet, iface);
    view.frame = { packet, first: first ?? packet, before: before ?? packet, iface };
    view.number = packet.number;
    conversations.add(view);
    yield view;
    before = packet;
  }
}

/** Points the view at where the link layer, or else IP, begins. */
function aim(view: PacketView, link: LinkLayer, packet: CapturePacket, iface: CaptureInterface | undefined): void {
  const linktype = iface?.linktype ?? -1;
  const { data, len } = packet;
  const kind = linktypeKind(linktype);
  if (kind !== undefined) {
    view.set(data, 0, data.length, kind, len);
    return;
  }
  link.find(linktype, data);
  const at = link.type === ETHERTYPE_IP || link.type === ETHERTYPE_IPV6 ? link.l3 : data.length;
  view.set(data, at, data.length - at, 'ip', len - at);
}
