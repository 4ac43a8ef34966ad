/** One line about a packet: the columns of Wireshark's packet list. */
import { dataRange } from './app.ts';
import { appSummary } from './dissect-app.ts';
import { arpInfo, IP_PROTOCOLS } from './dissect-net.ts';
import { icmpInfo, tcpInfo } from './dissect-transport.ts';
import { ETHERTYPES } from './fields-base.ts';
import { formatEther, formatIpv4, formatIpv6, hex } from './format.ts';
import type { PacketView } from './packet-view.ts';
import { TreeBuilder } from './tree.ts';

/** Columns of the packet list. */
export interface Summary {
  readonly source: string;
  readonly destination: string;
  readonly protocol: string;
  readonly length: number;
  readonly info: string;
}

/** The columns for the packet of a view. Never throws, whatever the bytes. */
export function summary(p: PacketView): Summary {
  p.find();
  return { ...addresses(p), ...words(p), length: p.len };
}

/** `10.0.2.2 → 10.0.2.15 TCP 60 5556 → 58676 [SYN, ACK] ...`, as tshark prints it. */
export function formatSummary(s: Summary): string {
  return `${s.source} → ${s.destination} ${s.protocol} ${s.length} ${s.info}`;
}

function addresses(p: PacketView): { source: string; destination: string } {
  if (p.ip >= 0) {
    return { source: formatIpv4(p.u32(p.ip + 12)), destination: formatIpv4(p.u32(p.ip + 16)) };
  }
  if (p.ipv6 >= 0) {
    const at = p.ipv6 + 8;
    return { source: formatIpv6(p.bytes(at, at + 16)), destination: formatIpv6(p.bytes(at + 16, at + 32)) };
  }
  if (p.eth < 0) {
    return { source: '', destination: '' };
  }
  const dst = p.mac(p.eth);
  return {
    source: formatEther(p.mac(p.eth + 6)),
    destination: dst === 0xffffffffffff ? 'Broadcast' : formatEther(dst),
  };
}

function words(p: PacketView): { protocol: string; info: string } {
  if (p.arp >= 0) {
    return { protocol: 'ARP', info: arpInfo(new TreeBuilder(p)) };
  }
  if (p.ip < 0 && p.ipv6 < 0) {
    return linkWords(p);
  }
  if (p.laterFragment || p.l4 < 0) {
    return fragmentWords(p);
  }
  if (p.tcp >= 0) {
    return appSummary(p) ?? { protocol: 'TCP', info: tcpInfo(p) };
  }
  if (p.udp >= 0) {
    const n = p.payloadEnd - p.payload;
    return appSummary(p) ?? { protocol: 'UDP', info: `${p.u16(p.udp)} → ${p.u16(p.udp + 2)} Len=${n}` };
  }
  if (p.icmp >= 0 || p.icmpv6 >= 0) {
    return { protocol: p.icmp >= 0 ? 'ICMP' : 'ICMPv6', info: icmpInfo(p) };
  }
  const name = IP_PROTOCOLS[p.proto];
  const range = dataRange(p);
  return {
    protocol: name ?? (p.ip >= 0 ? 'IPv4' : 'IPv6'),
    info: `${name ?? `protocol ${p.proto}`} (${range ? range[1] - range[0] : 0} bytes)`,
  };
}

function fragmentWords(p: PacketView): { protocol: string; info: string } {
  if (p.ip < 0) {
    return { protocol: 'IPv6', info: p.laterFragment ? 'IPv6 fragment' : '[Malformed Packet]' };
  }
  const off = (p.u16(p.ip + 6) & 0x1fff) * 8;
  const proto = IP_PROTOCOLS[p.proto] ?? 'Unknown';
  const info = `Fragmented IP protocol (proto=${proto} ${p.proto}, off=${off}, ID=${p
    .u16(p.ip + 4)
    .toString(16)
    .padStart(4, '0')})`;
  return { protocol: 'IPv4', info };
}

function linkWords(p: PacketView): { protocol: string; info: string } {
  const known = { 2048: 'IPv4', 2054: 'ARP', 34525: 'IPv6' }[p.ethType];
  if (known || (p.linktype === 'ethernet' && p.eth < 0) || p.linktype === 'ip') {
    return { protocol: known ?? (p.linktype === 'ip' ? 'IP' : 'Ethernet'), info: '[Malformed Packet]' };
  }
  return { protocol: hex(p.ethType, 4), info: ETHERTYPES[p.ethType] ?? 'Ethernet II' };
}
