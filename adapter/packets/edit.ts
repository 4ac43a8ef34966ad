/** Changes fields of a packet by Wireshark's names, and puts its checksums right. */
import { checkIp, checkTransport, type TransportChecksum } from './checksum.ts';
import { FIELDS, formatField, occurrences, unknownFieldMessage } from './fields.ts';
import { parseEther, parseIpv4, parseIpv6, parseNumber } from './format.ts';
import { type LinkType, PacketView } from './packet-view.ts';
import { type Field, namedValue } from './protocol.ts';
import { TextError } from './span.ts';

/** Checksums of protocols above IP. */
const TRANSPORT: Readonly<Record<string, TransportChecksum>> = {
  tcp: { off: 16, least: 20 },
  udp: { off: 6, least: 8, optional: true },
  icmp: { off: 2, least: 4, pseudo: false },
  icmpv6: { off: 2, least: 4 },
};

/** The field's name in `$pkt.ip.ttl` or `ip.ttl`. */
export function fieldName(text: string): string {
  return text.trim().replace(/^\$pkt\./, '');
}

/**
 * The packet with another value in the first occurrence of a field, and right checksums unless `raw`. Throws
 * `TextError` for a field that is none, that the packet does not have, or that does not take the value.
 */
export function editField(bytes: Uint8Array, link: LinkType, name: string, value: string, raw: boolean): Uint8Array {
  const field = FIELDS[name];
  if (!field) {
    throw new TextError(unknownFieldMessage(name));
  }
  const out = new Uint8Array(bytes);
  const [place] = occurrences(new PacketView(out, link), field);
  if (!place) {
    throw new TextError(`The packet has no ${name}.`);
  }
  if (place.length === 0) {
    throw new TextError(`${name} is computed; it cannot be assigned.`);
  }
  write(out, link, field, place, value);
  if (!raw && !name.endsWith('.checksum')) {
    repairChecksums(out, link);
  }
  return out;
}

interface Span {
  readonly from: number;
  readonly length: number;
}

function write(out: Uint8Array, link: LinkType, field: Field, place: Span, text: string): void {
  const wrong = (): TextError => new TextError(`"${text}" is no value of ${field.name} (${field.type}).`);
  const number = numberOf(field, text);
  if (number !== undefined && place.length <= 6) {
    writeBits(out, link, field, place, number);
    return;
  }
  const bytes = bytesOf(field, text);
  if (!bytes) {
    throw wrong();
  }
  if (bytes.length !== place.length) {
    throw new TextError(`${field.name} has ${place.length} bytes here, and "${text}" has ${bytes.length}.`);
  }
  out.set(bytes, place.from);
}

/** A value as a number: also an address, a boolean or the name of a value. */
function numberOf({ names }: Field, text: string): number | undefined {
  const word = text.toLowerCase();
  const named = names && namedValue(names, text.replace(/^"(.*)"$/, '$1'));
  if (named !== undefined) {
    return named;
  }
  if (word === 'true' || word === 'false') {
    return word === 'true' ? 1 : 0;
  }
  return parseNumber(text) ?? parseIpv4(text) ?? parseEther(text);
}

function bytesOf(field: Field, text: string): Uint8Array | undefined {
  const quoted = /^"(.*)"$/s.exec(text);
  if (quoted) {
    return new TextEncoder().encode(quoted[1]);
  }
  const hex = text.replace(/[:\s.-]/g, '');
  const six = parseIpv6(text);
  if (six) {
    return six;
  }
  if (field.type === 'string') {
    return new TextEncoder().encode(text);
  }
  return /^(?:[0-9a-f]{2})+$/i.test(hex)
    ? Uint8Array.from(hex.match(/../g) ?? [], (b) => Number.parseInt(b, 16))
    : undefined;
}

/** What the field says now, as a number. */
function valueIn(out: Uint8Array, link: LinkType, field: Field, from: number): number {
  const found = occurrences(new PacketView(out, link), field).find((o) => o.from === from);
  return found === undefined ? Number.NaN : Number(found.value);
}

/**
 * Writes a number into the bits of the bytes that the field is made of: those that change its value. The lowest of
 * them says by how much (a header length counts words).
 */
function writeBits(out: Uint8Array, link: LinkType, field: Field, { from, length }: Span, wanted: number): void {
  const original = out.slice(from, from + length);
  const before = valueIn(out, link, field, from);
  const bits: { readonly at: number; readonly mask: number; readonly weight: number }[] = [];
  for (let i = 0; i < length * 8; i++) {
    const [at, mask] = [from + (i >> 3), 0x80 >> (i & 7)];
    const was = out[at] ?? 0;
    out[at] = was ^ mask;
    const changed = valueIn(out, link, field, from);
    out[at] = was;
    if (changed !== before && !Number.isNaN(changed)) {
      bits.push({ at, mask, weight: Math.abs(changed - before) });
    }
  }
  let left = wanted;
  for (const { at, mask, weight } of bits.sort((a, b) => b.weight - a.weight)) {
    const set = left >= weight;
    left -= set ? weight : 0;
    out[at] = set ? (out[at] ?? 0) | mask : (out[at] ?? 0) & ~mask;
  }
  if (left !== 0 || valueIn(out, link, field, from) !== wanted) {
    out.set(original, from);
    if (length > 2 || !tryAll(out, link, field, { from, length }, wanted)) {
      throw new TextError(`${wanted} does not fit into ${field.name}.`);
    }
  }
}

/** Where some values make it another protocol, such as a header length: looks for bytes that say what is wanted. */
function tryAll(out: Uint8Array, link: LinkType, field: Field, { from, length }: Span, wanted: number): boolean {
  const original = out.slice(from, from + length);
  const word = original.reduce((sum, b) => sum * 256 + b, 0);
  // The fewer bits change the better, so the bits of other fields stay.
  let best = -1;
  for (let other = 0; other < 256 ** length; other++) {
    if (best >= 0 && ones(other ^ word) >= ones(best ^ word)) {
      continue;
    }
    original.forEach((_, i) => {
      out[from + i] = (other >> (8 * (length - 1 - i))) & 255;
    });
    best = valueIn(out, link, field, from) === wanted ? other : best;
  }
  const kept = best < 0 ? word : best;
  original.forEach((_, i) => {
    out[from + i] = (kept >> (8 * (length - 1 - i))) & 255;
  });
  return best >= 0;
}

function ones(n: number): number {
  return n.toString(2).replaceAll('0', '').length;
}

/** Puts the checksums of a packet right, as far as its bytes are there. */
export function repairChecksums(out: Uint8Array, link: LinkType): void {
  for (const l of new PacketView(out, link).layers().filter((x) => !x.quoted)) {
    const p = new PacketView(out, link);
    const own = p.layers()[l.index];
    const kind = TRANSPORT[l.protocol.name];
    if (!own) {
      continue;
    }
    const [at, check] =
      l.protocol.name === 'ip'
        ? [l.at + 10, checkIp(p, own)]
        : kind
          ? [l.at + kind.off, checkTransport(p, own, kind)]
          : [0, undefined];
    if (check?.state === 'bad') {
      out[at] = check.right >> 8;
      out[at + 1] = check.right & 255;
    }
  }
}

/** Bytes that two packets of the same length differ in: where, and the new ones in hexadecimal. */
export function patchesBetween(before: Uint8Array, after: Uint8Array): [number, string][] {
  const patches: [number, string][] = [];
  for (let i = 0; i < after.length; i++) {
    if (before[i] !== after[i]) {
      const hex = (after[i] ?? 0).toString(16).padStart(2, '0');
      const last = patches.at(-1);
      if (last && last[0] + last[1].length / 2 === i) {
        last[1] += hex;
      } else {
        patches.push([i, hex]);
      }
    }
  }
  return patches;
}

/** What a packet is made of unless it is told: a datagram between the user network and the guest. */
const HOST = { mac: '52550a000202', ip: '0a000202' };
const GUEST = { mac: '525400123456', ip: '0a00020f' };

/**
 * A frame from `field=value ...`; `data=` is what it carries, as text in quotes or hexadecimal. What is not said is
 * that of a packet to the guest, or from it. Throws `TextError`.
 */
export function makePacket(text: string, toGuest: boolean): Uint8Array {
  const pairs = [...text.matchAll(/([\w.$]+)\s*==?\s*("(?:[^"\\]|\\.)*"|\S+)/g)].map((m) => [
    fieldName(m[1] ?? ''),
    m[2] ?? '',
  ]);
  const rest = text.replace(/([\w.$]+)\s*==?\s*("(?:[^"\\]|\\.)*"|\S+)/g, '').trim();
  if (pairs.length === 0 || rest !== '') {
    throw new TextError(`"${rest || text}" is no field=value; for example: udp.dstport=5556 data="hello"`);
  }
  const kinds = pairs.map(([name = '']) => name.slice(0, name.indexOf('.')));
  const kind = ['tcp', 'icmp', 'arp'].find((k) => kinds.includes(k)) ?? 'udp';
  const said = pairs.find(([name]) => name === 'data')?.[1] ?? '""';
  const data = /^"/.test(said)
    ? Buffer.from(JSON.parse(said) as string)
    : Buffer.from(said.replace(/^0x|:/g, ''), 'hex');
  const [from, to] = toGuest ? [HOST, GUEST] : [GUEST, HOST];
  let out = template(kind, from, to, data);
  for (const [name = '', value = ''] of pairs) {
    if (name !== 'data') {
      out = editField(out, 'ethernet', name, value, true);
    }
  }
  repairChecksums(out, 'ethernet');
  return pairs.reduce(
    (frame, [name = '', value = '']) =>
      name.endsWith('.checksum') ? editField(frame, 'ethernet', name, value, true) : frame,
    out,
  );
}

function template(kind: string, from: typeof HOST, to: typeof HOST, data: Uint8Array): Uint8Array {
  const word = (n: number): string => n.toString(16).padStart(4, '0');
  const ethernet = `${to.mac}${from.mac}`;
  if (kind === 'arp') {
    return frame(`${ethernet}0806000108000604000${1}${from.mac}${from.ip}${'0'.repeat(12)}${to.ip}`, data);
  }
  const headers: Readonly<Record<string, string>> = {
    udp: `9c409c40${word(8 + data.length)}ffff`,
    tcp: `${'9c409c400000000000000000500200000000'.padEnd(36, '0')}0000`,
    icmp: '0800000000010001',
  };
  const header = headers[kind] ?? '';
  const proto = { udp: '11', tcp: '06', icmp: '01' }[kind] ?? '11';
  const length = word(20 + header.length / 2 + data.length);
  const ip = `4500${length}0001000040${proto}0000${from.ip}${to.ip}`;
  return frame(`${ethernet}0800${ip}${header}`, data);
}

function frame(hex: string, data: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([Buffer.from(hex, 'hex'), data]));
}

/** A field's value as it is shown; for messages. */
export function shownValue(bytes: Uint8Array, link: LinkType, name: string): string {
  const field = FIELDS[name];
  const value = field?.get(new PacketView(bytes, link));
  return value === undefined ? 'absent' : formatField(name, value);
}
