/** IPv4 (RFC 791). */
import { checkIp, onesSum } from '../checksum.ts';
import {
  bits,
  checksum,
  computed,
  either,
  expertField,
  HIDDEN,
  ipv4,
  parts,
  uint8,
  uint16,
  variable,
} from '../declare.ts';
import { formatIpv4, hex } from '../format.ts';
import { type FragmentFields, fragmentParts, rememberFragment } from '../fragments.ts';
import { LATER_FRAGMENT, type Layer } from '../layer.ts';
import type { Memory } from '../memory.ts';
import type { PacketView } from '../packet-view.ts';
import { type Expert, type FieldDeclaration, type Names, type Part, Protocol } from '../protocol.ts';
import { IP_PROTOCOLS } from './ip-protocols.ts';
import { ETHERTYPE_IP, IPPROTO_UDP } from './numbers.ts';

const DSCP: Names = {
  0: 'CS0',
  2: 'LE',
  8: 'CS1',
  10: 'AF11',
  46: 'EF',
  48: 'CS6',
  56: 'CS7',
};
const ECN: Names = { 0: 'Not-ECT', 1: 'ECT(1)', 2: 'ECT(0)', 3: 'CE' };
/** The word at 6: more fragments follow, and where this one belongs, in units of 8 bytes. */
const MORE_FRAGMENTS = 0x2000;
const OFFSET = 0x1fff;

function dscp(p: PacketView, l: Layer): string {
  return DSCP[p.u8(l.at + 1) >> 2] ?? 'Unknown';
}

function ecn(p: PacketView, l: Layer): string {
  return ECN[p.u8(l.at + 1) & 3] ?? '';
}

function open(p: PacketView, l: Layer): boolean {
  const length = (p.u8(l.at) & 15) * 4;
  if (p.u8(l.at) >> 4 !== 4 || length < 20 || l.at + length > l.end) {
    return false;
  }
  const total = p.u16(l.at + 2);
  l.body = l.at + length;
  // 0 is what a NIC with TSO puts there: the length of the frame counts.
  l.wireEnd = total === 0 ? l.wireEnd : Math.min(l.wireEnd, Math.max(l.body, l.at + total));
  l.end = Math.min(l.end, l.wireEnd);
  l.key = (p.u16(l.at + 6) & OFFSET) === 0 ? p.u8(l.at + 9) : LATER_FRAGMENT;
  return true;
}

/** A fragment waits for the others of its datagram. */
function remember(p: PacketView, l: Layer, memory: Memory): object | null {
  const word = p.u16(l.at + 6);
  if ((word & (MORE_FRAGMENTS | OFFSET)) === 0 || l.short) {
    return null;
  }
  const protocol = p.u8(l.at + 9);
  const key = `4 ${p.u32(l.at + 12)} ${p.u32(l.at + 16)} ${p.u16(l.at + 4)} ${protocol}`;
  return rememberFragment(p, l, memory, {
    key,
    offset: (word & OFFSET) * 8,
    more: (word & MORE_FRAGMENTS) !== 0,
    protocol,
  });
}

const FRAGMENTS: FragmentFields = {
  whole: variable('ip.fragments', 'IPv4 Fragments', 'bytes', { many: false }),
  fragment: variable('ip.fragment', 'IPv4 Fragment', 'uint32'),
  count: variable('ip.fragment.count', 'Fragment count', 'uint32', { many: false }),
  length: variable('ip.reassembled.length', 'Reassembled IPv4 length', 'uint32', { many: false }),
  data: variable('ip.reassembled.data', 'Reassembled IPv4 data', 'bytes', { many: false }),
};

const TTL_LOCAL = expertField(
  'ip.ttl.lncb',
  '"Time To Live" != 1 for a packet sent to the Local Network Control Block',
);
const TTL_SMALL = expertField('ip.ttl.too_small', '"Time To Live" too small');
/** 224.0.0.0/24 is for the local network: packets to it should have a time to live of 1 (RFC 3171). */
const LOCAL_CONTROL = 0xe0000000;
/** A time to live below looks wrong, unless a multicast is meant to go that far. */
const LEAST_TTL = 5;
const IPPROTO_PIM = 103;
/** Of these a receiver sees by 255 that no router was between (RFC 5798, RFC 6762). */
const IPPROTO_VRRP = 112;
const MDNS_GROUP = 0xe00000fb;

function experts(p: PacketView, l: Layer): Expert[] {
  const ttl = p.u8(l.at + 8);
  const to = p.u32(l.at + 16);
  const multicast = to >>> 28 === 0xe;
  const about = { severity: 'note', group: 'sequence' } as const;
  if (to - LOCAL_CONTROL >= 0 && to - LOCAL_CONTROL < 256) {
    const protocol = p.u8(l.at + 9);
    const right = protocol === IPPROTO_VRRP || (protocol === IPPROTO_UDP && to === MDNS_GROUP) ? 255 : 1;
    const message = `"Time To Live" != ${right} for a packet sent to the Local Network Control Block (see RFC 3171)`;
    return ttl === right ? [] : [{ field: TTL_LOCAL, message, ...about }];
  }
  const small = ttl < LEAST_TTL && !multicast && p.u8(l.at + 9) !== IPPROTO_PIM;
  return small ? [{ field: TTL_SMALL, message: `"Time To Live" only ${ttl}`, ...about }] : [];
}

/** Names of hosts; there are none but the addresses. */
function host(name: string, description: string, off: number): FieldDeclaration {
  return computed(name, description, 'string', (p, l) => formatIpv4(p.u32(l.at + off)), {
    place: (_, l) => [l.at + off, 4],
    ...HIDDEN,
  });
}

const srcHost = host('ip.src_host', 'Source Host', 12);
const dstHost = host('ip.dst_host', 'Destination Host', 16);

function claimedEnd(p: PacketView, l: Layer): number {
  return l.at + p.u16(l.at + 2);
}

function flagsText(p: PacketView, l: Layer): string {
  return hex(p.u8(l.at + 6) >> 5);
}

function flagsLabel(p: PacketView, l: Layer): string {
  const flags = p.u8(l.at + 6) >> 5;
  const words = [flags & 2 ? ", Don't fragment" : '', flags & 1 ? ', More fragments' : ''].join('');
  return `${flags.toString(2).padStart(3, '0')}. .... = Flags: ${flagsText(p, l)}${words}`;
}

/** Lines without a field of their own: options, and what the capture does not have. */
function remarks(p: PacketView, l: Layer): Part[] {
  const options = l.body - l.at - 20;
  const missing = claimedEnd(p, l) - p.limit;
  const out: Part[] = [];
  if (options > 0) {
    const label = (): string => `Options: (${options} bytes)`;
    out.push({ name: 'ip.options', from: l.at + 20, length: options, label });
  }
  if (missing > 0) {
    const label = (): string => `[Packet is ${missing} bytes shorter than its Total Length says]`;
    out.push({ from: l.at + 2, length: 2, label });
  }
  return out;
}

/** True for a protocol that is dissected, but does not fit. */
function isCarried(l: Layer): boolean {
  return l.protocol.carried?.has(l.key) === true;
}

function info(p: PacketView, l: Layer): string {
  const number = p.u8(l.at + 9);
  const name = IP_PROTOCOLS[number];
  if (l.key === LATER_FRAGMENT) {
    const off = (p.u16(l.at + 6) & OFFSET) * 8;
    const id = hex(p.u16(l.at + 4), 4).slice(2);
    return `Fragmented IP protocol (proto=${name ?? 'Unknown'} ${number}, off=${off}, ID=${id})`;
  }
  return isCarried(l) ? `${name} (${l.end - l.body} bytes)` : `${name ?? 'Unknown'} (${number})`;
}

const src = ipv4('ip.src', 'Source Address', 12);
const dst = ipv4('ip.dst', 'Destination Address', 16);

export const ip: Protocol = new Protocol({
  name: 'ip',
  title: 'Internet Protocol Version 4',
  column: 'IPv4',
  found: { ethertype: [ETHERTYPE_IP], 'ip.proto': [4], 'ppp.protocol': [0x21] },
  header: 20,
  open,
  carries: 'ip.proto',
  line: (p, l) =>
    `Internet Protocol Version 4, Src: ${formatIpv4(p.u32(l.at + 12))}, Dst: ${formatIpv4(p.u32(l.at + 16))}`,
  fields: [
    bits('ip.version', 'Version', { off: 0, width: 8, mask: 0xf0 }),
    bits(
      'ip.hdr_len',
      'Header Length',
      { off: 0, width: 8, mask: 0x0f, times: 4 },
      { words: (_, l) => `${l.body - l.at} bytes (${(l.body - l.at) / 4})` },
    ),
    uint8('ip.dsfield', 'Differentiated Services Field', 1, {
      hex: true,
      note: (p, l) => `DSCP: ${dscp(p, l)}, ECN: ${ecn(p, l)}`,
      inside: [
        bits('ip.dsfield.dscp', 'Differentiated Services Codepoint', { off: 1, width: 8, mask: 0xfc }, { names: DSCP }),
        bits('ip.dsfield.ecn', 'Explicit Congestion Notification', { off: 1, width: 8, mask: 0x03 }, { names: ECN }),
      ],
    }),
    uint16('ip.len', 'Total Length', 2),
    uint16('ip.id', 'Identification', 4, { hex: true, note: (p, l) => String(p.u16(l.at + 4)) }),
    bits(
      'ip.flags',
      'Flags',
      { off: 6, width: 8, mask: 0xe0, drawn: 0 },
      {
        hex: true,
        label: flagsLabel,
        text: flagsText,
        inside: [
          bits('ip.flags.rb', 'Reserved bit', { off: 6, width: 8, mask: 0x80 }),
          bits('ip.flags.df', "Don't fragment", { off: 6, width: 8, mask: 0x40 }),
          bits('ip.flags.mf', 'More fragments', { off: 6, width: 8, mask: 0x20 }),
        ],
      },
    ),
    bits(
      'ip.frag_offset',
      'Fragment Offset',
      { off: 6, width: 16, mask: OFFSET },
      { words: (p, l) => String((p.u16(l.at + 6) & OFFSET) * 8) },
    ),
    uint8('ip.ttl', 'Time to Live', 8),
    uint8('ip.proto', 'Protocol', 9, { names: IP_PROTOCOLS }),
    checksum('ip.checksum', 'Header Checksum', 10, checkIp),
    src,
    dst,
    either('ip.addr', 'Source or Destination Address', src, dst),
    srcHost,
    dstHost,
    either('ip.host', 'Source or Destination Host', srcHost, dstHost),
    parts(remarks),
    parts((_, l) => fragmentParts(l, FRAGMENTS, 'IPv4')),
    ...Object.values(FRAGMENTS),
    TTL_LOCAL,
    TTL_SMALL,
  ],
  addresses: (p, l) => [formatIpv4(p.u32(l.at + 12)), formatIpv4(p.u32(l.at + 16))],
  columnOf: (_, l) => (isCarried(l) ? (IP_PROTOCOLS[l.key] ?? 'IPv4') : 'IPv4'),
  info,
  claimedEnd,
  remember,
  experts,
  isFragment: (p, l) => (p.u16(l.at + 6) & (MORE_FRAGMENTS | OFFSET)) !== 0,
  pseudoSum: (p, l) => onesSum(p.buf, l.at + 12, l.at + 20, l.key),
});
