/** What tells packets from each other: what they say from their IP header on, whatever headers are before it. */
import { FIELDS, type PacketView } from '../../packets/fields.ts';
import type { Hop } from './journey.ts';

/** Who a packet is. */
export interface Identity {
  /** The same for packets that say the same. */
  readonly key: string;
  /** Both hosts, the protocol and IPv4's identification: the same for all fragments of a datagram. Empty for others. */
  readonly datagram: string;
  readonly fragment: boolean;
}

/** Bytes of a stream that a segment carries. */
export interface StreamBytes {
  /** See `streamName`. */
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly syn: boolean;
  readonly fin: boolean;
}

function field(view: PacketView, name: string): number {
  return Number(FIELDS[name]?.get(view) ?? -1);
}

function hexOf(view: PacketView, from: number, length: number): string {
  return Buffer.from(view.bytes(from, from + length)).toString('hex');
}

/** Undefined for a packet that cannot be told from others. */
export function identityOf(view: PacketView): Identity | undefined {
  const layers = view.layers();
  const ip = layers.find((l) => l.protocol.name === 'ip' || l.protocol.name === 'ipv6');
  const arp = layers.find((l) => l.protocol.name === 'arp');
  if (arp) {
    return { key: `arp ${hexOf(view, arp.at, 28)}`, datagram: '', fragment: false };
  }
  if (!ip) {
    return undefined;
  }
  const v4 = ip.protocol.name === 'ip';
  const hosts = v4 ? hexOf(view, ip.at + 12, 8) : hexOf(view, ip.at + 8, 32);
  const datagram = v4 ? `${hosts} ${view.u8(ip.at + 9)} ${view.u16(ip.at + 4)}` : '';
  const place = v4 ? view.u16(ip.at + 6) & 0x3fff : 0;
  if (place !== 0) {
    return { key: `frag ${datagram} ${place}`, datagram, fragment: true };
  }
  const above = ip.above;
  if (!above) {
    return undefined;
  }
  return {
    key: `${above.protocol.name} ${hosts} ${said(view, above.protocol.name, above.at)}`,
    datagram,
    fragment: false,
  };
}

/** What stays the same of a message above IP: not its checksum, which may be put right on the way. */
function said(view: PacketView, protocol: string, at: number): string {
  if (protocol === 'tcp') {
    return hexOf(view, at, 16);
  }
  const [head, body] = protocol === 'udp' ? [6, 8] : [2, 4];
  return `${hexOf(view, at, head)} ${hexOf(view, at + body, 24)}`;
}

/** The stream of a segment, and the numbers of its bytes; undefined for what is none. */
export function streamOf(view: PacketView): StreamBytes | undefined {
  const l = view.layers().find((x) => x.protocol.name === 'tcp' && !x.quoted);
  const ip = l?.below;
  const v4 = ip?.protocol.name === 'ip';
  // Headers may stand between IPv6's own and TCP's.
  const v6 = v4 ? undefined : view.layers().findLast((x) => x.protocol.name === 'ipv6' && l && x.at < l.at);
  if (!l || !ip || !(v4 || v6)) {
    return undefined;
  }
  const address = (at: number): string => view.bytes(at, at + 16).join();
  const [src, dst] = v6
    ? [address(v6.at + 8), address(v6.at + 24)]
    : [field(view, 'ip.src') >>> 0, field(view, 'ip.dst') >>> 0];
  const from = view.u32(l.at + 4);
  const to = (from + Math.max(0, field(view, 'tcp.len'))) >>> 0;
  const flags = view.u8(l.at + 13);
  const syn = (flags & 2) !== 0;
  const fin = (flags & 1) !== 0;
  return { name: streamName(src, view.u16(l.at), dst, view.u16(l.at + 2)), from, to, syn, fin };
}

/** A direction of a connection; addresses are numbers, and of IPv6 texts of their bytes. */
export function streamName(src: number | string, sport: number, dst: number | string, dport: number): string {
  const [from, to] = [src, dst].map((a) => (typeof a === 'number' ? a >>> 0 : a));
  return `${from}:${sport}>${to}:${dport}`;
}

/** What a user sees differ between two functions. */
export function changesSince(
  before: Hop,
  old: PacketView,
  view: PacketView,
  packet: Pick<Hop, 'bytes' | 'link'>,
): string {
  const found: string[] = [];
  if (before.link !== packet.link) {
    found.push(packet.link === 'ethernet' ? 'Ethernet header put on' : 'Ethernet header taken off');
  } else if (before.bytes.length !== packet.bytes.length) {
    found.push(`${before.bytes.length} -> ${packet.bytes.length} bytes`);
  }
  for (const [name, label] of [
    ['ip.ttl', 'TTL'],
    ['ip.id', 'id'],
    ['eth.dst', 'destination MAC'],
  ] as const) {
    const [a, b] = [field(old, name), field(view, name)];
    if (a !== b && a >= 0 && b >= 0) {
      found.push(name === 'eth.dst' ? label : `${label} ${a} -> ${b}`);
    }
  }
  return found.join(', ');
}
