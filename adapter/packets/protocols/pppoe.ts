/** PPP over Ethernet (RFC 2516): discovery, and the header of sessions. */
import { bits, parts, uint8, uint16, variable } from '../declare.ts';
import { printable } from '../format.ts';
import type { Layer } from '../layer.ts';
import { group, shown } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import { type FieldDeclaration, type Names, type Part, Protocol } from '../protocol.ts';

const CODES: Names = {
  0: 'Session Data',
  7: 'Active Discovery Offer (PADO)',
  9: 'Active Discovery Initiation (PADI)',
  10: 'Active Discovery Session-Grant (PADG)',
  11: 'Active Discovery Session-Credit Response (PADC)',
  12: 'Active Discovery Quality (PADQ)',
  25: 'Active Discovery Request (PADR)',
  101: 'Active Discovery Session-confirmation (PADS)',
  167: 'Active Discovery Terminate (PADT)',
};

const SERVICE = variable('pppoed.tags.service_name', 'Service-Name', 'string');
const CONCENTRATOR = variable('pppoed.tags.ac_name', 'AC-Name', 'string');
const HOST_UNIQ = variable('pppoed.tags.host_uniq', 'Host-Uniq', 'bytes');
const COOKIE = variable('pppoed.tags.ac_cookie', 'AC-Cookie', 'bytes');
const MAX_PAYLOAD = variable('pppoed.tags.max_payload', 'PPP Max Palyload', 'bytes');
const SERVICE_ERROR = variable('pppoed.tags.service_name_error', 'Service-Name-Error', 'string');
const SYSTEM_ERROR = variable('pppoed.tags.ac_system_error', 'AC-System-Error', 'string');
const GENERIC_ERROR = variable('pppoed.tags.generic_error', 'Generic-Error', 'string');

const TAGS: Readonly<Record<number, FieldDeclaration>> = {
  257: SERVICE,
  258: CONCENTRATOR,
  259: HOST_UNIQ,
  260: COOKIE,
  288: MAX_PAYLOAD,
  513: SERVICE_ERROR,
  514: SYSTEM_ERROR,
  515: GENERIC_ERROR,
};

interface Tag {
  readonly field: FieldDeclaration | undefined;
  readonly from: number;
  readonly length: number;
}

function tags(p: PacketView, l: Layer): Tag[] {
  const out: Tag[] = [];
  for (let at = l.at + 6; at + 4 <= l.end && p.u16(at) !== 0; ) {
    const length = p.u16(at + 2);
    if (at + 4 + length > l.end) {
      break;
    }
    out.push({ field: TAGS[p.u16(at)], from: at + 4, length });
    at += 4 + length;
  }
  return out;
}

function tagParts(p: PacketView, l: Layer): Part[] {
  const inside = tags(p, l).flatMap(({ field, from, length }) => {
    // A service without a name stands for any.
    if (field === undefined || (field === SERVICE && length === 0)) {
      return [];
    }
    const value = field.type === 'string' ? p.ascii(from, from + length) : p.bytes(from, from + length);
    return [shown(field, value, [from, length])];
  });
  return l.at + 6 < l.end ? [group('PPPoE Tags', [l.at + 6, l.end - l.at - 6], inside)] : [];
}

const version = (prefix: string): FieldDeclaration[] => [
  bits(`${prefix}.version`, 'Version', { off: 0, width: 8, mask: 0xf0 }),
  bits(`${prefix}.type`, 'Type', { off: 0, width: 8, mask: 0x0f }),
  uint8(`${prefix}.code`, 'Code', 1, { hex: true, names: CODES }),
  uint16(`${prefix}.session_id`, 'Session ID', 2, { hex: true }),
  uint16(`${prefix}.payload_length`, 'Payload Length', 4),
];

function measure(p: PacketView, l: Layer): void {
  l.end = Math.min(l.end, l.at + 6 + p.u16(l.at + 4));
  l.body = l.at + 6;
}

/** The name of the concentrator, in quotes. */
function info(p: PacketView, l: Layer): string {
  const named = tags(p, l).flatMap(({ field, from, length }) => {
    const text = printable(p.ascii(from, from + length));
    return field === CONCENTRATOR ? [` AC-Name='${text}'`] : [];
  });
  return `${CODES[p.u8(l.at + 1)] ?? 'Unknown'}${named.join('')}`;
}

/** The fields of the header bear the name of neither of the two protocols that have it. */
export const pppoed: Protocol = new Protocol({
  name: 'pppoed',
  title: 'PPP-over-Ethernet Discovery',
  column: 'PPPoED',
  found: { ethertype: [0x8863] },
  header: 6,
  measure: (p, l) => {
    measure(p, l);
    l.body = l.end;
  },
  fields: [
    parts(tagParts),
    SERVICE,
    CONCENTRATOR,
    HOST_UNIQ,
    COOKIE,
    MAX_PAYLOAD,
    SERVICE_ERROR,
    SYSTEM_ERROR,
    GENERIC_ERROR,
  ],
  info,
});

/** The header of sessions; its fields are `pppoe.`, as Wireshark has them. */
export const pppoe: Protocol = new Protocol({
  name: 'pppoe',
  title: 'PPP-over-Ethernet Session',
  column: 'PPPoES',
  chain: 'pppoes',
  found: { ethertype: [0x8864] },
  header: 6,
  measure: (p, l) => {
    measure(p, l);
    l.key = 0;
  },
  carries: 'pppoe.payload',
  length: () => 6,
  fields: version('pppoe'),
  info: () => 'Session',
});
