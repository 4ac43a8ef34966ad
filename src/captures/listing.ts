/** A capture as text, one line a packet: line N is packet N. Needs nothing of VS Code. */

import {
  type Capture,
  CaptureError,
  type CapturePacket,
  linktypeKind,
  readCapture,
} from '../../adapter/packets/capture.ts';
import { Conversations } from '../../adapter/packets/conversations.ts';
import { LinkLayer } from '../../adapter/packets/link-layer.ts';
import { PacketView } from '../../adapter/packets/packet-view.ts';
import { ETHERTYPE_IP, ETHERTYPE_IPV6 } from '../../adapter/packets/protocols/numbers.ts';
import { type Summary, summary } from '../../adapter/packets/summary.ts';
import { unpacked } from '../../adapter/replay/unpack.ts';

/** Packets that a listing shows; an editor is no place for more. */
const MAX_PACKETS = 200_000;

/** Widest that a column of addresses or protocols gets; longer texts push the rest of their line. */
const MAX_COLUMN = 39;

/**
 * The listing of a capture's bytes.
 * Its columns are number, time since the first packet in seconds, source, destination, protocol, and a summary in
 * Wireshark's words.
 * What is to be said about the file comes after the packets, in lines that begin with `#`. Never throws.
 */
export function listing(bytes: Uint8Array): string {
  try {
    return list(readCapture(unpacked(bytes)));
  } catch (error) {
    if (error instanceof CaptureError) {
      return `# ${error.message}\n`;
    }
    throw error;
  }
}

function list(capture: Capture): string {
  const packets = capture.packets.slice(0, MAX_PACKETS);
  const rows = summaries(capture, packets);
  const width = (texts: readonly string[]): number =>
    Math.min(
      MAX_COLUMN,
      texts.reduce((n, t) => Math.max(n, t.length), 0),
    );
  const times = packets.map((p) => secondsSince(packets[0]!, p));
  const widths = {
    number: String(packets.length).length,
    time: width(times),
    source: width(rows.map((r) => r.source)),
    destination: width(rows.map((r) => r.destination)),
    protocol: width(rows.map((r) => r.protocol)),
  };
  const lines = rows.map((r, i) =>
    [
      String(packets[i]!.number).padStart(widths.number),
      times[i]!.padStart(widths.time),
      r.source.padEnd(widths.source),
      r.destination.padEnd(widths.destination),
      r.protocol.padEnd(widths.protocol),
      r.info.replace(/[\r\n]+/g, ' '),
    ]
      .join('  ')
      .trimEnd(),
  );
  return [...lines, ...remarks(capture).map((r) => `# ${r}`), ''].join('\n');
}

function summaries(capture: Capture, packets: readonly CapturePacket[]): Summary[] {
  const view = new PacketView();
  const conversations = new Conversations();
  const link = new LinkLayer();
  return packets.map((p) => {
    const linktype = capture.interfaces[p.iface]?.linktype ?? -1;
    const kind = linktypeKind(linktype);
    link.find(linktype, p.data);
    if (kind !== undefined) {
      view.set(p.data, 0, p.data.length, kind);
    } else if (link.type === ETHERTYPE_IP || link.type === ETHERTYPE_IPV6) {
      view.set(p.data, link.l3, p.data.length - link.l3, 'ip');
    } else {
      return { source: '', destination: '', protocol: 'Unknown', length: p.len, info: `${p.len} bytes` };
    }
    view.number = p.number;
    conversations.add(view);
    return summary(view);
  });
}

/** Seconds with microseconds, as Wireshark's default time column. */
function secondsSince(first: CapturePacket, p: CapturePacket): string {
  const us = (p.tsSec - first.tsSec) * 1e6 + Math.round((p.tsNsec - first.tsNsec) / 1e3);
  return (us / 1e6).toFixed(6);
}

function remarks(capture: Capture): string[] {
  const { length } = capture.packets;
  const more = length > MAX_PACKETS ? [`${length - MAX_PACKETS} more packets are not shown`] : [];
  const none = length === 0 ? ['the capture has no packets'] : [];
  return [...none, ...more, ...capture.warnings];
}
