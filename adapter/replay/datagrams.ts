/** What packets other than TCP segments are compared by: what they answer, and what they say. */
import type { TcpIpView } from '../packets/tcp-ip-view.ts';
import { DHCP_SERVER } from './analysis.ts';

/** Another packet than a TCP segment: what it answers, what it is, and a hash of what it says. */
export interface Datagram {
  readonly group: string;
  readonly hash: number;
  readonly summary: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** What another packet answers, and what it says. */
export function datagramOf(p: TcpIpView): Datagram {
  if (p.arp >= 0 && p.arp + 28 <= p.limit) {
    const target = p.bytes(p.arp + 14, p.arp + 18).join('.');
    return {
      group: `arp ${p.u16(p.arp + 6)} ${target}`,
      hash: hash(p.bytes(p.arp, p.arp + 28)),
      summary: `ARP, ${target}`,
      fields: {},
    };
  }
  if (p.udp >= 0 && p.u16(p.udp) === DHCP_SERVER && p.payload + 240 <= p.payloadEnd) {
    return dhcpOf(p);
  }
  const at = p.ip >= 0 ? p.ip + 12 : p.ipv6 + 8;
  const n = p.ip >= 0 ? 4 : 16;
  const ends =
    p.ip < 0 && p.ipv6 < 0 ? '' : `${p.bytes(at, at + n).join('.')} ${p.bytes(at + n, at + 2 * n).join('.')}`;
  if (p.udp >= 0) {
    const ports = `${p.u16(p.udp)} ${p.u16(p.udp + 2)}`;
    const data = p.bytes(p.payload, p.payloadEnd);
    return {
      group: `udp ${ends} ${ports}`,
      hash: hash(data),
      summary: `UDP, ${ports.replace(' ', ' -> ')}`,
      fields: { 'udp.payload': String(hash(data)) },
    };
  }
  const icmp = Math.max(p.icmp, p.icmpv6);
  if (icmp >= 0) {
    const echo = p.icmp >= 0 && p.u8(icmp) === 0 ? ` ${p.u32(icmp + 4)}` : '';
    const name = `${p.icmp >= 0 ? 'ICMP' : 'ICMPv6'} type ${p.u8(icmp)}`;
    return {
      group: `icmp ${ends} ${p.u8(icmp)}${echo}`,
      hash: hash(p.bytes(icmp + 4, p.l3End)),
      summary: name,
      fields: {},
    };
  }
  return {
    group: `${p.etherType} ${p.proto} ${ends}`,
    hash: hash(p.bytes(Math.max(p.l4, p.eth + 14), p.l3End)),
    summary: `protocol ${p.proto}`,
    fields: {},
  };
}

const DHCP_TYPES = ['', 'Discover', 'Offer', 'Request', 'Decline', 'ACK', 'NAK', 'Release', 'Inform'];

/** A DHCP server's message by its transaction: kind and address are what its client goes by. */
function dhcpOf(p: TcpIpView): Datagram {
  const b = p.payload;
  let type = 0;
  for (let at = b + 240; at + 2 < p.payloadEnd && p.u8(at) !== 255; at += p.u8(at) === 0 ? 1 : 2 + p.u8(at + 1)) {
    if (p.u8(at) === 53) {
      type = p.u8(at + 2);
    }
  }
  const name = DHCP_TYPES[type] ?? String(type);
  return {
    group: `dhcp ${p.u32(b + 4)}`,
    hash: hash(p.bytes(b, p.payloadEnd)),
    summary: `DHCP ${name}`,
    fields: { 'dhcp.option.dhcp': name, 'dhcp.ip.your': p.bytes(b + 16, b + 20).join('.') },
  };
}

/** FNV-1a. */
function hash(b: Uint8Array): number {
  let h = 0x811c9dc5;
  for (const x of b) {
    h = Math.imul(h ^ x, 0x01000193);
  }
  return h >>> 0;
}
