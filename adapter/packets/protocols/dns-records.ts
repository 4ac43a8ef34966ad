/** Names and records of a DNS message (RFC 1035, section 4.1). */
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';

/** Records that are read of a message. */
export const MAX_RECORDS = 64;
/** Compressed names may point forth and back; so many pointers are followed. */
const MAX_JUMPS = 32;
const SECTIONS = ['query', 'answer', 'authority', 'additional'] as const;

/** A question or a resource record. */
export interface DnsRecord {
  readonly section: (typeof SECTIONS)[number];
  readonly name: string;
  /** Characters of the name as they were sent, dots among them, and its labels. */
  readonly nameLength: number;
  readonly labels: number;
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
  /** The whole record `[at, end)`, and its data; none for a question. */
  readonly at: number;
  readonly data: number;
  readonly length: number;
  readonly end: number;
}

/** A domain name in a message, and where the bytes after it start. */
export interface DnsName extends Pick<DnsRecord, 'name' | 'nameLength' | 'labels'> {
  readonly next: number;
}

const ROOT = { name: '<Root>', nameLength: 6, labels: 1 };

/** The domain name at `from`; undefined if it is malformed. */
export function dnsName(p: PacketView, l: Layer, from: number): DnsName | undefined {
  const labels: string[] = [];
  let at = from;
  let next = -1;
  let total = 0;
  for (let jumps = 0; jumps < MAX_JUMPS; ) {
    if (at >= l.end) {
      return undefined;
    }
    const n = p.u8(at);
    if (n === 0) {
      const found = { name: labels.join('.'), nameLength: total - 1, labels: labels.length };
      return { ...(labels.length === 0 ? ROOT : found), next: next < 0 ? at + 1 : next };
    }
    if (n >= 0xc0) {
      if (at + 2 > l.end) {
        return undefined;
      }
      next = next < 0 ? at + 2 : next;
      at = l.at + (p.u16(at) & 0x3fff);
      jumps++;
      continue;
    }
    total += n + 1;
    if (n > 63 || total > 255 || at + 1 + n > l.end) {
      return undefined;
    }
    labels.push(labelText(p.bytes(at + 1, at + 1 + n)));
    at += n + 1;
  }
  return undefined;
}

/** A label with its control characters in decimal, as master files have them (RFC 1035, section 5.1). */
function labelText(bytes: Uint8Array): string {
  const escaped = (c: string): string => `\\${String(c.charCodeAt(0)).padStart(3, '0')}`;
  return new TextDecoder().decode(bytes).replace(/\p{Cc}/gu, escaped);
}

/** The records of a message, as far as they can be read. */
export function dnsRecords(p: PacketView, l: Layer): DnsRecord[] {
  const out: DnsRecord[] = [];
  let at = l.at + 12;
  for (const [s, section] of SECTIONS.entries()) {
    for (let i = p.u16(l.at + 4 + 2 * s); i > 0 && out.length < MAX_RECORDS; i--) {
      const record = recordAt(p, l, at, section);
      if (record === undefined) {
        return out;
      }
      out.push(record);
      at = record.end;
    }
  }
  return out;
}

function recordAt(p: PacketView, l: Layer, at: number, section: DnsRecord['section']): DnsRecord | undefined {
  const n = dnsName(p, l, at);
  const question = section === 'query';
  if (n === undefined) {
    return undefined;
  }
  const data = n.next + (question ? 4 : 10);
  if (data > l.end) {
    return undefined;
  }
  const length = question ? 0 : p.u16(n.next + 8);
  const end = data + length;
  const ttl = question ? 0 : p.u32(n.next + 4);
  const { next, ...named } = n;
  return end > l.end
    ? undefined
    : { section, ...named, type: p.u16(next), class: p.u16(next + 2), ttl, at, data, length, end };
}
