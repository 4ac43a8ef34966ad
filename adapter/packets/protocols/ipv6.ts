/** IPv6 (RFC 8200) with its extension headers. */
import { onesSum } from '../checksum.ts';
import { cutWords } from '../cut.ts';
import { ipv6 as address, bits, computed, either, HIDDEN, parts, uint8, uint16, variable } from '../declare.ts';
import { formatIpv6, hex } from '../format.ts';
import { type FragmentFields, fragmentParts, rememberFragment } from '../fragments.ts';
import { LATER_FRAGMENT, type Layer, UNKNOWN } from '../layer.ts';
import type { Memory } from '../memory.ts';
import type { PacketView } from '../packet-view.ts';
import { type FieldDeclaration, type Part, Protocol } from '../protocol.ts';
import { IP_PROTOCOLS } from './ip-protocols.ts';
import { ETHERTYPE_IPV6, IPPROTO_AH, IPPROTO_FRAGMENT } from './numbers.ts';

const HEADER = 40;
const NO_NEXT_HEADER = 59;
/** Extension headers walked at most. */
const MAX_EXTENSIONS = 16;

/** Offset of a fragment in its datagram, in the word at 2 of the fragment header. */
const FRAGMENT_OFFSET = 0xfff8;

/** What `frame.protocols` calls extension headers, by their numbers. */
const EXTENSION_NAMES: Readonly<Record<number, string>> = {
  0: 'ipv6.hopopts',
  43: 'ipv6.routing',
  [IPPROTO_FRAGMENT]: 'ipv6.fraghdr',
  [IPPROTO_AH]: 'ah',
  60: 'ipv6.dstopts',
};

function chain(p: PacketView, l: Layer): string {
  const out = ['ipv6'];
  let at = l.at + HEADER;
  let number = p.u8(l.at + 6);
  while (isExtension(number) && at + 8 <= l.end && out.length <= MAX_EXTENSIONS) {
    out.push(EXTENSION_NAMES[number] ?? '');
    const next = p.u8(at);
    at += extensionLength(p, number, at);
    number = next;
  }
  return out.join(':');
}

/** Hop-by-hop, routing, fragment, authentication, destination options. */
function isExtension(number: number): boolean {
  switch (number) {
    case 0:
    case 43:
    case IPPROTO_FRAGMENT:
    case IPPROTO_AH:
    case 60:
      return true;
    default:
      return false;
  }
}

function extensionLength(p: PacketView, number: number, at: number): number {
  switch (number) {
    case IPPROTO_FRAGMENT:
      return 8;
    case IPPROTO_AH:
      return (p.u8(at + 1) + 2) * 4;
    default:
      return (p.u8(at + 1) + 1) * 8;
  }
}

/**
 * What follows the extension headers: a protocol's number, `UNKNOWN` if the packet ends in them, or `LATER_FRAGMENT`.
 */
interface Walk {
  body: number;
  next: number;
  fragment: boolean;
  /** Where the fragment header is, and the byte before it that announces it; -1 without. */
  fragmentAt: number;
  announcedAt: number;
}

/** Where an IPv6 packet begins and ends. */
type Extent = Pick<Layer, 'at' | 'end'>;

/** Walks over the extension headers. The result is used again. */
function walk(p: PacketView, l: Extent): Walk {
  let at = l.at + HEADER;
  let next = p.u8(l.at + 6);
  let later = false;
  let announcedAt = l.at + 6;
  WALK.fragment = false;
  WALK.fragmentAt = WALK.announcedAt = -1;
  for (let i = 0; i < MAX_EXTENSIONS && isExtension(next) && !later && at <= l.end; i++) {
    if (at + 8 > l.end) {
      at = l.end + 1;
      break;
    }
    if (next === IPPROTO_FRAGMENT) {
      WALK.fragment = true;
      WALK.fragmentAt = at;
      WALK.announcedAt = announcedAt;
      later = (p.u16(at + 2) & FRAGMENT_OFFSET) !== 0;
    }
    const size = extensionLength(p, next, at);
    next = p.u8(at);
    announcedAt = at;
    at += size;
  }
  WALK.body = Math.min(at, l.end);
  WALK.next = at > l.end ? UNKNOWN : later ? LATER_FRAGMENT : next;
  return WALK;
}

const WALK: Walk = { body: 0, next: 0, fragment: false, fragmentAt: -1, announcedAt: -1 };

/** Where the fragment header of an IPv6 packet is, and the byte that announces it; -1 without. Used again. */
export function fragmentHeader(p: PacketView, l: Extent): Pick<Walk, 'fragmentAt' | 'announcedAt'> {
  return walk(p, l);
}

function open(p: PacketView, l: Layer): boolean {
  if (p.u8(l.at) >> 4 !== 6) {
    return false;
  }
  const length = p.u16(l.at + 4);
  l.wireEnd = length === 0 ? l.wireEnd : Math.min(l.wireEnd, l.at + HEADER + length);
  l.end = Math.min(l.end, l.wireEnd);
  const { body, next } = walk(p, l);
  l.body = body;
  l.key = next;
  return true;
}

/** A fragment waits for the others of its datagram. */
function remember(p: PacketView, l: Layer, memory: Memory): object | null {
  const { fragmentAt: at, body } = walk(p, l);
  if (at < 0 || l.key === UNKNOWN) {
    return null;
  }
  const word = p.u16(at + 2);
  const more = (word & 1) !== 0;
  if (word >> 3 === 0 && !more) {
    // A datagram of one fragment (RFC 6946).
    return null;
  }
  const addresses = p.bytes(l.at + 8, l.at + 40).join('.');
  const protocol = p.u8(at);
  l.body = Math.max(body, at + 8);
  return rememberFragment(p, l, memory, {
    key: `6 ${addresses} ${p.u32(at + 4)}`,
    offset: word & FRAGMENT_OFFSET,
    more,
    protocol,
  });
}

const FRAGMENTS: FragmentFields = {
  whole: variable('ipv6.fragments', 'IPv6 Fragments', 'bytes', { many: false }),
  fragment: variable('ipv6.fragment', 'IPv6 Fragment', 'uint32'),
  count: variable('ipv6.fragment.count', 'Fragment count', 'uint32', { many: false }),
  length: variable('ipv6.reassembled.length', 'Reassembled IPv6 length', 'uint32', { many: false }),
  data: variable('ipv6.reassembled.data', 'Reassembled IPv6 data', 'bytes', { many: false }),
};

/** Names of hosts; there are none but the addresses. */
function host(name: string, description: string, off: number): FieldDeclaration {
  return computed(name, description, 'string', (p, l) => formatIpv6(p.bytes(l.at + off, l.at + off + 16)), {
    place: (_, l) => [l.at + off, 16],
    ...HIDDEN,
  });
}

const srcHost = host('ipv6.src_host', 'Source Host', 8);
const dstHost = host('ipv6.dst_host', 'Destination Host', 24);

/** The extension headers, as far as they are there. */
function extensions(p: PacketView, l: Layer): Part[] {
  const out: Part[] = [];
  let at = l.at + HEADER;
  for (let number = p.u8(l.at + 6); isExtension(number) && at + 8 <= l.end && out.length < MAX_EXTENSIONS; ) {
    const length = extensionLength(p, number, at);
    const name = IP_PROTOCOLS[number] ?? 'Extension header';
    const text = String(number);
    out.push({
      name: 'ipv6.ext',
      from: at,
      length: Math.min(length, l.end - at),
      label: () => name,
      text: () => text,
    });
    number = p.u8(at);
    at += length;
  }
  return out;
}

/** True for a protocol that is dissected, but does not fit. */
function isCarried(l: Layer): boolean {
  return l.protocol.carried?.has(l.key) === true;
}

/** `IPv6 fragment (off=1448 more=y ident=0xd401bff3 nxt=17)`. */
function fragmentWords(p: PacketView, l: Layer): string {
  const { fragmentAt: at } = walk(p, l);
  const word = p.u16(at + 2);
  const place = `off=${word & FRAGMENT_OFFSET} more=${word & 1 ? 'y' : 'n'}`;
  return `IPv6 fragment (${place} ident=${hex(p.u32(at + 4))} nxt=${p.u8(at)})`;
}

function info(p: PacketView, l: Layer): string {
  if (l.key === LATER_FRAGMENT) {
    return fragmentWords(p, l);
  }
  if (l.key === UNKNOWN || l.key === NO_NEXT_HEADER) {
    return l.key === UNKNOWN ? cutWords(p, l) : 'IPv6 no next header';
  }
  const name = IP_PROTOCOLS[l.key] ?? 'Unknown';
  return isCarried(l) ? `${name} (${l.end - l.body} bytes)` : `Unknown IP Protocol: ${name} (${l.key})`;
}

function source(p: PacketView, l: Layer): string {
  return formatIpv6(p.bytes(l.at + 8, l.at + 24));
}

function destination(p: PacketView, l: Layer): string {
  return formatIpv6(p.bytes(l.at + 24, l.at + 40));
}

const src = address('ipv6.src', 'Source Address', 8);
const dst = address('ipv6.dst', 'Destination Address', 24);

export const ipv6: Protocol = new Protocol({
  name: 'ipv6',
  title: 'Internet Protocol Version 6',
  column: 'IPv6',
  found: { ethertype: [ETHERTYPE_IPV6], 'ip.proto': [41], 'ppp.protocol': [0x57] },
  header: HEADER,
  open,
  carries: 'ip.proto',
  chain,
  line: (p, l) => `Internet Protocol Version 6, Src: ${source(p, l)}, Dst: ${destination(p, l)}`,
  length: (p, l) => extensions(p, l).reduce((n, x) => n + x.length, HEADER),
  fields: [
    bits('ipv6.version', 'Version', { off: 0, width: 8, mask: 0xf0 }),
    bits(
      'ipv6.tclass',
      'Traffic Class',
      { off: 0, width: 16, mask: 0x0ff0, drawn: 0 },
      {
        hex: true,
        inside: [
          bits('ipv6.tclass.dscp', 'Differentiated Services Codepoint', { off: 0, width: 16, mask: 0x0fc0, drawn: 0 }),
          bits('ipv6.tclass.ecn', 'Explicit Congestion Notification', { off: 0, width: 16, mask: 0x0030, drawn: 0 }),
        ],
      },
    ),
    bits(
      'ipv6.flow',
      'Flow Label',
      { off: 0, width: 32, mask: 0xfffff, drawn: 0 },
      { hex: true, place: (_, l) => [l.at + 1, 3] },
    ),
    bits('ip.version', 'Version', { off: 0, width: 8, mask: 0xf0 }, HIDDEN),
    uint16('ipv6.plen', 'Payload Length', 4),
    uint8('ipv6.nxt', 'Next Header', 6, { names: IP_PROTOCOLS }),
    uint8('ipv6.hlim', 'Hop Limit', 7),
    src,
    dst,
    either('ipv6.addr', 'Source or Destination Address', src, dst),
    srcHost,
    dstHost,
    either('ipv6.host', 'Source or Destination Host', srcHost, dstHost),
    parts(extensions),
    parts((_, l) => fragmentParts(l, FRAGMENTS, 'IPv6')),
    ...Object.values(FRAGMENTS),
  ],
  addresses: (p, l) => [source(p, l), destination(p, l)],
  columnOf: (_, l) => (isCarried(l) ? (IP_PROTOCOLS[l.key] ?? 'IPv6') : 'IPv6'),
  info,
  claimedEnd: (p, l) => l.at + HEADER + p.u16(l.at + 4),
  remember,
  isFragment: (p, l) => walk(p, l).fragment,
  pseudoSum: (p, l) => onesSum(p.buf, l.at + 8, l.at + 40, l.key),
});
