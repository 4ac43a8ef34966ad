/** Dissection for display: the layers of a packet with all their fields, worded as in Wireshark. */

import { dataRange } from './app.ts';
import { dissectApp } from './dissect-app.ts';
import { dissectArp, dissectIp, dissectIpv6 } from './dissect-net.ts';
import { dissectIcmp, dissectIcmpv6, dissectTcp, dissectUdp } from './dissect-transport.ts';
import { ETHERTYPES, frameProtocols } from './fields-base.ts';
import { formatBytes, formatEther } from './format.ts';
import { type LinkType, PacketView } from './packet-view.ts';
import { TreeBuilder, type TreeNode } from './tree.ts';

export { formatTree as format_tree, type TreeNode } from './tree.ts';

/** What is known of a packet beside its bytes. */
export interface DissectOptions {
  /** `frame.number`; without it the Frame line has none. */
  readonly number?: number;
  /** Length on the wire, if the capture cut the packet. */
  readonly wireLength?: number;
}

/** Dissects the packet of a view (with its `conversations`, if relative numbers are wanted). Never throws, whatever the bytes. */
export function dissect(p: PacketView, options: DissectOptions = {}): TreeNode[] {
  p.find();
  const t = new TreeBuilder(p);
  const out = [frameLayer(t, options)];
  if (p.linktype === 'ethernet') {
    out.push(p.eth >= 0 ? ethernetLayer(t) : t.malformed('Ethernet', p.off));
  }
  if (p.vlan >= 0) {
    out.push(vlanLayer(t));
  }
  out.push(...networkLayers(t));
  if (p.l4 >= 0 && !p.laterFragment) {
    out.push(...transportLayers(t));
  }
  const range = dataRange(p);
  if (range) {
    out.push(dataLayer(t, range[0], range[1]));
  }
  return out;
}

/** `dissect` for bytes. */
export function dissectBytes(
  buf: Uint8Array,
  linktype: LinkType = 'ethernet',
  options: DissectOptions = {},
): TreeNode[] {
  return dissect(new PacketView(buf, linktype), options);
}

function frameLayer(t: TreeBuilder, o: DissectOptions): TreeNode {
  const { off, len } = t.p;
  const wire = Math.max(o.wireLength ?? len, len);
  const number = o.number ?? t.p.number;
  const title =
    `Frame${number > 0 ? ` ${number}` : ''}: ${wire} bytes on wire (${wire * 8} bits), ` +
    `${len} bytes captured (${len * 8} bits)`;
  const protocols = frameProtocols(t.p);
  return t.node('frame', title, '', off, len, [
    ...(number > 0 ? [t.node('frame.number', `Frame Number: ${number}`, String(number), off, 0)] : []),
    t.node('frame.len', `Frame Length: ${wire} bytes (${wire * 8} bits)`, String(wire), off, 0),
    t.node('frame.cap_len', `Capture Length: ${len} bytes (${len * 8} bits)`, String(len), off, 0),
    t.node('frame.protocols', `[Protocols in frame: ${protocols}]`, protocols, off, 0),
  ]);
}

/** The remark Wireshark makes on a MAC address. */
function macNote(mac: number): string {
  return mac === 0xffffffffffff ? 'Broadcast' : '';
}

function macWords(mac: number): string {
  const text = formatEther(mac);
  return mac === 0xffffffffffff ? `Broadcast (${text})` : `${text} (${text})`;
}

function ethernetLayer(t: TreeBuilder): TreeNode {
  const { p } = t;
  const at = p.eth;
  const type = p.u16(at + 12);
  const title = `Ethernet II, Src: ${macWords(p.mac(at + 6))}, Dst: ${macWords(p.mac(at))}`;
  const children = [
    t.field('eth.dst', at, 6, macNote(p.mac(at))),
    t.field('eth.src', at + 6, 6, macNote(p.mac(at + 6))),
    t.named('eth.type', ETHERTYPES[type] ?? 'Unknown', at + 12, 2),
  ];
  const trailer = p.l3End < p.limit && (p.arp >= 0 || p.ip >= 0 || p.ipv6 >= 0) ? p.l3End : p.limit;
  const from = p.arp >= 0 ? Math.min(p.limit, p.arp + 28) : trailer;
  if (from < p.limit) {
    const bytes = p.bytes(from, p.limit);
    const name = bytes.every((b) => b === 0) ? 'eth.padding' : 'eth.trailer';
    const value = formatBytes(bytes).replaceAll(':', '');
    children.push(
      t.node(name, `${name === 'eth.padding' ? 'Padding' : 'Trailer'}: ${value}`, value, from, bytes.length),
    );
  }
  return t.node('eth', title, '', at, 14, children);
}

function vlanLayer(t: TreeBuilder): TreeNode {
  const { p } = t;
  const tci = p.u16(p.vlan);
  const title = `802.1Q Virtual LAN, PRI: ${tci >> 13}, DEI: ${(tci >> 12) & 1}, ID: ${tci & 0xfff}`;
  const type = p.u16(p.vlan + 2);
  return t.node('vlan', title, '', p.vlan, 4, [
    t.bits('vlan.priority', p.vlan, 16, 0xe000, 'Priority'),
    t.bits('vlan.dei', p.vlan, 16, 0x1000, 'DEI'),
    t.bits('vlan.id', p.vlan, 16, 0x0fff, 'ID'),
    t.named('vlan.etype', ETHERTYPES[type] ?? 'Unknown', p.vlan + 2, 2),
  ]);
}

function networkLayers(t: TreeBuilder): TreeNode[] {
  const { p } = t;
  if (p.arp >= 0) {
    return [dissectArp(t)];
  }
  if (p.ip >= 0) {
    return [dissectIp(t)];
  }
  if (p.ipv6 >= 0) {
    return [dissectIpv6(t)];
  }
  const known = { 2048: 'IPv4', 2054: 'ARP', 34525: 'IPv6' }[p.ethType];
  return known ? [t.malformed(known, p.l3)] : [];
}

function transportLayers(t: TreeBuilder): TreeNode[] {
  const { p } = t;
  if (p.tcp >= 0) {
    return [dissectTcp(t), ...dissectApp(t)];
  }
  if (p.udp >= 0) {
    return [dissectUdp(t), ...dissectApp(t)];
  }
  if (p.icmp >= 0) {
    return [dissectIcmp(t)];
  }
  if (p.icmpv6 >= 0) {
    return [dissectIcmpv6(t)];
  }
  const known = { 1: 'ICMP', 6: 'TCP', 17: 'UDP', 58: 'ICMPv6' }[p.proto];
  return known ? [t.malformed(known, p.l4)] : [];
}

function dataLayer(t: TreeBuilder, from: number, to: number): TreeNode {
  const n = to - from;
  const value = formatBytes(t.p.bytes(from, to)).replaceAll(':', '');
  return t.node('data', `Data (${n} byte${n === 1 ? '' : 's'})`, '', from, n, [
    t.node('data.data', `Data: ${value}`, value, from, n),
    t.node('data.len', `[Length: ${n}]`, String(n), from, 0),
  ]);
}
