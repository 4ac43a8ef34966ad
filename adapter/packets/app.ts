/** Application protocols: finding them in a packet, and the variable parts that fields and dissection both need. */
import type { PacketView } from './packet-view.ts';

const DHCP_COOKIE = 0x63825363;
/** The fixed part of a BOOTP message (RFC 951). */
const BOOTP_FIXED = 236;
const HTTP_METHODS = ['GET ', 'POST ', 'HEAD ', 'PUT ', 'DELETE ', 'OPTIONS ', 'PATCH ', 'TRACE ', 'CONNECT '];

function udpPort(p: PacketView, port: number): boolean {
  return p.find().udp >= 0 && (p.u16(p.udp) === port || p.u16(p.udp + 2) === port);
}

/** Start of a DHCP or BOOTP message, or -1. */
export function dhcpAt(p: PacketView): number {
  return (udpPort(p, 67) || udpPort(p, 68)) && p.payloadEnd - p.payload >= BOOTP_FIXED ? p.payload : -1;
}

/** An option of a DHCP message: `off` is where its value starts. */
export interface DhcpOption {
  readonly code: number;
  readonly off: number;
  readonly length: number;
}

/** The options of the DHCP message at `at`, the end option included; none without the magic cookie. */
export function dhcpOptions(p: PacketView, at: number): DhcpOption[] {
  const out: DhcpOption[] = [];
  let off = at + BOOTP_FIXED;
  if (off + 4 > p.payloadEnd || p.u32(off) !== DHCP_COOKIE) {
    return out;
  }
  off += 4;
  while (off < p.payloadEnd) {
    const code = p.buf[off]!;
    if (code === 0) {
      off++;
      continue;
    }
    const length = code !== 255 && off + 1 < p.payloadEnd ? p.buf[off + 1]! : 0;
    if (code === 255) {
      out.push({ code, off: off + 1, length: 0 });
      break;
    }
    if (off + 2 + length > p.payloadEnd) {
      break;
    }
    out.push({ code, off: off + 2, length });
    off += 2 + length;
  }
  return out;
}

/** The first option `code` of a DHCP packet. */
export function dhcpOption(p: PacketView, code: number): DhcpOption | undefined {
  const at = dhcpAt(p);
  return at < 0 ? undefined : dhcpOptions(p, at).find((o) => o.code === code);
}

/** DHCP message types (RFC 2132, 9.6). */
export const DHCP_MESSAGE_TYPES: readonly string[] = [
  '',
  'Discover',
  'Offer',
  'Request',
  'Decline',
  'ACK',
  'NAK',
  'Release',
  'Inform',
];

/** Start of a DNS message (after the length word over TCP), or -1. */
export function dnsAt(p: PacketView): number {
  if (udpPort(p, 53)) {
    return p.payloadEnd - p.payload >= 12 ? p.payload : -1;
  }
  if (p.find().tcp >= 0 && (p.u16(p.tcp) === 53 || p.u16(p.tcp + 2) === 53)) {
    return p.payloadEnd - p.payload >= 14 ? p.payload + 2 : -1;
  }
  return -1;
}

/** A domain name in the DNS message that starts at `msg`, and where the bytes after it start; undefined if it is malformed. */
export function dnsName(p: PacketView, msg: number, off: number): { name: string; next: number } | undefined {
  const labels: string[] = [];
  let next = -1;
  let total = 0;
  for (let jumps = 0; jumps < 32; ) {
    if (off >= p.payloadEnd) {
      return undefined;
    }
    const n = p.buf[off]!;
    if (n === 0) {
      return { name: labels.length === 0 ? '<Root>' : labels.join('.'), next: next < 0 ? off + 1 : next };
    }
    if (n >= 0xc0) {
      if (off + 2 > p.payloadEnd) {
        return undefined;
      }
      next = next < 0 ? off + 2 : next;
      off = msg + (p.u16(off) & 0x3fff);
      jumps++;
      continue;
    }
    total += n + 1;
    if (n > 63 || total > 255 || off + 1 + n > p.payloadEnd) {
      return undefined;
    }
    let label = '';
    for (let i = off + 1; i <= off + n; i++) {
      label += String.fromCharCode(p.buf[i]!);
    }
    labels.push(label);
    off += n + 1;
  }
  return undefined;
}

/** A question or a resource record of a DNS message. */
export interface DnsRecord {
  readonly section: 'query' | 'answer' | 'authority' | 'additional';
  readonly name: string;
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
  /** The whole record, and its data; empty data for a question. */
  readonly off: number;
  readonly rdata: number;
  readonly rdlength: number;
  readonly end: number;
}

/** The records of the DNS message at `msg`, as far as they can be read (64 at most). */
export function dnsRecords(p: PacketView, msg: number): DnsRecord[] {
  const out: DnsRecord[] = [];
  let off = msg + 12;
  const sections = ['query', 'answer', 'authority', 'additional'] as const;
  for (let s = 0; s < 4; s++) {
    for (let i = p.u16(msg + 4 + 2 * s); i > 0 && out.length < 64; i--) {
      const n = dnsName(p, msg, off);
      const fixed = s === 0 ? 4 : 10;
      if (!n || n.next + fixed > p.payloadEnd) {
        return out;
      }
      const rdlength = s === 0 ? 0 : p.u16(n.next + 8);
      const end = n.next + fixed + rdlength;
      if (end > p.payloadEnd) {
        return out;
      }
      out.push({
        section: sections[s]!,
        name: n.name,
        type: p.u16(n.next),
        class: p.u16(n.next + 2),
        ttl: s === 0 ? 0 : p.u32(n.next + 4),
        off,
        rdata: n.next + fixed,
        rdlength,
        end,
      });
      off = end;
    }
  }
  return out;
}

/** DNS record types by number. */
export const DNS_TYPES: Readonly<Record<number, string>> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  12: 'PTR',
  15: 'MX',
  16: 'TXT',
  28: 'AAAA',
  33: 'SRV',
  41: 'OPT',
  65: 'HTTPS',
  255: 'ANY',
};

/** Start of a TFTP message, or -1. */
export function tftpAt(p: PacketView): number {
  return udpPort(p, 69) && p.payloadEnd - p.payload >= 2 ? p.payload : -1;
}

/** TFTP opcodes (RFC 1350, RFC 2347). */
export const TFTP_OPCODES: readonly string[] = [
  '',
  'Read Request',
  'Write Request',
  'Data Packet',
  'Acknowledgement',
  'Error Code',
  'Option Acknowledgement',
];

/** The NUL-terminated strings of `[off, p.payload_end)`, with where each starts. */
export function nulStrings(p: PacketView, off: number): { off: number; text: string }[] {
  const out: { off: number; text: string }[] = [];
  while (off < p.payloadEnd) {
    const text = p.ascii(off, p.payloadEnd);
    out.push({ off, text });
    off += text.length + 1;
  }
  return out;
}

/** The first line of an HTTP/1 message, without its line end. */
export interface HttpLine {
  readonly off: number;
  readonly text: string;
  /** Length with the line end. */
  readonly length: number;
  readonly words: readonly string[];
  readonly request: boolean;
}

/** The first line of an HTTP message that starts in this segment, on any port, or undefined. */
export function httpLine(p: PacketView): HttpLine | undefined {
  if (p.find().tcp < 0 || p.payloadEnd - p.payload < 5) {
    return undefined;
  }
  const start = p.ascii(p.payload, Math.min(p.payloadEnd, p.payload + 8));
  const response = start.startsWith('HTTP/1.');
  if (!response && !HTTP_METHODS.some((m) => start.startsWith(m.slice(0, 8)))) {
    return undefined;
  }
  let end = p.payload;
  const limit = Math.min(p.payloadEnd, p.payload + 4096);
  while (end < limit && p.buf[end] !== 10) {
    end++;
  }
  const text = p.ascii(p.payload, end).replace(/\r$/, '');
  return {
    off: p.payload,
    text,
    length: Math.min(end + 1, p.payloadEnd) - p.payload,
    words: text.split(' '),
    request: !response,
  };
}

/** What the payload of UDP or TCP is, by Wireshark's protocol name: '' if there is none. */
export function appProtocol(p: PacketView): 'dhcp' | 'dns' | 'tftp' | 'http' | 'data' | '' {
  if (p.find().payload < 0 || p.payload >= p.payloadEnd) {
    return '';
  }
  if (dhcpAt(p) >= 0) {
    return 'dhcp';
  }
  if (dnsAt(p) >= 0) {
    return 'dns';
  }
  if (tftpAt(p) >= 0) {
    return 'tftp';
  }
  return httpLine(p) ? 'http' : 'data';
}

/** Bytes that no dissector takes: payload of UDP or TCP, data of an ICMP echo, later fragments; undefined if there are none. */
export function dataRange(p: PacketView): readonly [from: number, to: number] | undefined {
  p.find();
  let from = -1;
  let to = p.l3End;
  if (p.laterFragment) {
    from = p.l4;
  } else if (p.payload >= 0) {
    from = appProtocol(p) === 'data' ? p.payload : -1;
    to = p.payloadEnd;
  } else if (p.icmp >= 0 || p.icmpv6 >= 0) {
    const at = Math.max(p.icmp, p.icmpv6);
    const echo = p.icmp >= 0 ? (p.buf[at]! & 0xf7) === 0 : (p.buf[at]! & 0xfe) === 128;
    from = echo ? at + 8 : -1;
  } else if (p.l4 >= 0) {
    from = p.l4;
  } else if (p.arp < 0 && p.ip < 0 && p.ipv6 < 0) {
    from = p.l3;
  }
  return from >= 0 && from < to ? [from, to] : undefined;
}
