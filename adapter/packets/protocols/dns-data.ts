/** What the data of DNS resource records says: as fields, and in the words of the Info column. */
import { variable } from '../declare.ts';
import { formatIpv4, formatIpv6, visible } from '../format.ts';
import type { Layer } from '../layer.ts';
import { quiet } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import type { FieldDeclaration, FieldType, Part } from '../protocol.ts';
import { type DnsRecord, dnsName } from './dns-records.ts';

export const TYPE = {
  a: 1,
  ns: 2,
  cname: 5,
  soa: 6,
  wks: 11,
  ptr: 12,
  hinfo: 13,
  mx: 15,
  txt: 16,
  aaaa: 28,
  nxt: 30,
  srv: 33,
  naptr: 35,
  kx: 36,
  dname: 39,
  opt: 41,
  nsec: 47,
  nsec3: 50,
  csync: 62,
} as const;

/** Fields of the data of records. */
function data(name: string, description: string, type: FieldType): FieldDeclaration {
  return variable(`dns.${name}`, description, type);
}

const A = data('a', 'Address', 'ipv4');
const AAAA = data('aaaa', 'AAAA Address', 'ipv6');
const NS = data('ns', 'Name Server', 'string');
const CNAME = data('cname', 'CNAME', 'string');
const PTR = data('ptr.domain_name', 'Domain Name', 'string');
const MX_PREFERENCE = data('mx.preference', 'Preference', 'uint16');
const MX_EXCHANGE = data('mx.mail_exchange', 'Mail Exchange', 'string');
const TXT_LENGTH = data('txt.length', 'TXT Length', 'uint8');
const TXT = data('txt', 'TXT', 'string');
const SRV_SERVICE = data('srv.service', 'Service', 'string');
const SRV_PROTO = data('srv.proto', 'Protocol', 'string');
const SRV_NAME = data('srv.name', 'Name', 'string');
const SRV_PRIORITY = data('srv.priority', 'Priority', 'uint16');
const SRV_WEIGHT = data('srv.weight', 'Weight', 'uint16');
const SRV_PORT = data('srv.port', 'Port', 'uint16');
const SRV_TARGET = data('srv.target', 'Target', 'string');
const SOA_MNAME = data('soa.mname', 'Primary name server', 'string');
const SOA_RNAME = data('soa.rname', "Responsible authority's mailbox", 'string');
const SOA_NUMBERS = [
  data('soa.serial_number', 'Serial Number', 'uint32'),
  data('soa.refresh_interval', 'Refresh Interval', 'uint32'),
  data('soa.retry_interval', 'Retry Interval', 'uint32'),
  data('soa.expire_limit', 'Expire limit', 'uint32'),
  data('soa.minimum_ttl', 'Minimum TTL', 'uint32'),
];
const NSEC_NEXT = data('nsec.next_domain_name', 'Next Domain Name', 'string');

export const DATA_FIELDS: readonly FieldDeclaration[] = [
  A,
  AAAA,
  NS,
  CNAME,
  PTR,
  MX_PREFERENCE,
  MX_EXCHANGE,
  TXT_LENGTH,
  TXT,
  SRV_SERVICE,
  SRV_PROTO,
  SRV_NAME,
  SRV_PRIORITY,
  SRV_WEIGHT,
  SRV_PORT,
  SRV_TARGET,
  SOA_MNAME,
  SOA_RNAME,
  ...SOA_NUMBERS,
  NSEC_NEXT,
];

/** The name in a record's data at `off`; a remark if there is none. */
function nameAt(p: PacketView, l: Layer, r: DnsRecord, off = 0): string {
  return dnsName(p, l, r.data + off)?.name ?? '<malformed>';
}

/** Fields that are a name at the data's start. */
const NAMED: Readonly<Record<number, FieldDeclaration>> = {
  [TYPE.ns]: NS,
  [TYPE.cname]: CNAME,
  [TYPE.ptr]: PTR,
  [TYPE.nsec]: NSEC_NEXT,
};

/** The fields of a record's data. */
export function dataParts(p: PacketView, l: Layer, r: DnsRecord): Part[] {
  const whole = [r.data, r.length] as const;
  const named = NAMED[r.type];
  if (named !== undefined) {
    return [quiet(named, nameAt(p, l, r), whole)];
  }
  switch (r.type) {
    case TYPE.a:
      return r.length === 4 ? [quiet(A, p.u32(r.data), whole)] : [];
    case TYPE.aaaa:
      return r.length === 16 ? [quiet(AAAA, p.bytes(r.data, r.data + 16), whole)] : [];
    case TYPE.mx:
      return r.length < 3
        ? []
        : [quiet(MX_PREFERENCE, p.u16(r.data), [r.data, 2]), quiet(MX_EXCHANGE, nameAt(p, l, r, 2), whole)];
    case TYPE.txt:
      return texts(p, r);
    case TYPE.srv:
      return r.length < 7 ? [] : srv(p, l, r);
    case TYPE.soa:
      return soa(p, l, r);
    default:
      return [];
  }
}

function texts(p: PacketView, r: DnsRecord): Part[] {
  const out: Part[] = [];
  const end = r.data + r.length;
  for (let at = r.data; at < end; ) {
    const length = Math.min(p.u8(at), end - at - 1);
    const text = new TextDecoder().decode(upToNul(p.bytes(at + 1, at + 1 + length)));
    out.push(quiet(TXT_LENGTH, length, [at, 1]), quiet(TXT, text, [at + 1, length]));
    at += length + 1;
  }
  return out;
}

/** Text ends at a NUL, whatever its length says. */
function upToNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

/** How many of a record's texts have something behind a NUL. */
export function strayTexts(p: PacketView, r: DnsRecord): number {
  if (r.type !== TYPE.txt || r.section === 'query') {
    return 0;
  }
  let count = 0;
  const end = r.data + r.length;
  for (let at = r.data; at < end; at += p.u8(at) + 1) {
    const bytes = p.bytes(at + 1, Math.min(end, at + 1 + p.u8(at)));
    count += Number(bytes.subarray(upToNul(bytes).length).some((b) => b !== 0));
  }
  return count;
}

function srv(p: PacketView, l: Layer, r: DnsRecord): Part[] {
  const [service = '', proto = '', ...rest] = r.name.split('.');
  const at = r.data;
  return [
    quiet(SRV_SERVICE, service, [r.at, 0]),
    quiet(SRV_PROTO, proto, [r.at, 0]),
    quiet(SRV_NAME, rest.join('.'), [r.at, 0]),
    quiet(SRV_PRIORITY, p.u16(at), [at, 2]),
    quiet(SRV_WEIGHT, p.u16(at + 2), [at + 2, 2]),
    quiet(SRV_PORT, p.u16(at + 4), [at + 4, 2]),
    quiet(SRV_TARGET, nameAt(p, l, r, 6), [at + 6, r.length - 6]),
  ];
}

function soa(p: PacketView, l: Layer, r: DnsRecord): Part[] {
  const server = dnsName(p, l, r.data);
  const mailbox = server === undefined ? undefined : dnsName(p, l, server.next);
  if (server === undefined || mailbox === undefined || mailbox.next + 20 > r.end) {
    return [];
  }
  return [
    quiet(SOA_MNAME, server.name, [r.data, server.next - r.data]),
    quiet(SOA_RNAME, mailbox.name, [server.next, mailbox.next - server.next]),
    ...SOA_NUMBERS.map((f, i) => quiet(f, p.u32(mailbox.next + 4 * i), [mailbox.next + 4 * i, 4])),
  ];
}

/** Where the bitmap of types begins in the data of the records that have one (RFC 4034, RFC 5155, RFC 7477). */
function bitmapAt(p: PacketView, l: Layer, r: DnsRecord): number {
  switch (r.type) {
    case TYPE.nsec:
      return dnsName(p, l, r.data)?.next ?? r.end;
    case TYPE.nsec3: {
      const salt = r.data + 4;
      const hash = salt < r.end ? salt + 1 + p.u8(salt) : r.end;
      return hash < r.end ? hash + 1 + p.u8(hash) : r.end;
    }
    case TYPE.csync:
      return r.data + 6;
    default:
      return r.end;
  }
}

/** The types in a record's bitmap, and the byte that has them: blocks of 256, of which trailing zeroes are not sent. */
export function typesInBitmap(p: PacketView, l: Layer, r: DnsRecord): { type: number; at: number }[] {
  const out: { type: number; at: number }[] = [];
  for (let block = bitmapAt(p, l, r); block + 2 <= r.end; block += 2 + p.u8(block + 1)) {
    const bytes = p.bytes(block + 2, Math.min(r.end, block + 2 + p.u8(block + 1)));
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      if ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) {
        out.push({ type: 256 * p.u8(block) + bit, at: block + 2 + (bit >> 3) });
      }
    }
  }
  return out;
}

/** Texts of the data, each behind its length. */
function textWords(p: PacketView, r: DnsRecord, count: number, from = 0): string {
  const out: string[] = [];
  const end = r.data + r.length;
  for (let at = r.data + from; at < end && out.length < count; at += p.u8(at) + 1) {
    out.push(visible(p.ascii(at + 1, Math.min(end, at + 1 + p.u8(at)))));
  }
  return out.join(' ');
}

/** Types whose data begins with the name that is shown, and those of which Wireshark shows the owner's name. */
const OF_NAME = new Set<number>([TYPE.ns, TYPE.cname, TYPE.ptr, TYPE.soa, TYPE.nsec, TYPE.nxt, TYPE.dname]);
const OF_OWNER = new Set([3, 4, 7, 8, 9, 10, 14, 17, 18, 19, 20, 21, 22, 23, 26, 27, 42, 49, 51, 52, 55]);

/** The data in words; empty for types of which only the name is said. */
export function dataWords(p: PacketView, l: Layer, r: DnsRecord): string {
  switch (r.type) {
    case TYPE.a:
      return r.length === 4 ? formatIpv4(p.u32(r.data)) : '';
    case TYPE.aaaa:
      return r.length === 16 ? formatIpv6(p.bytes(r.data, r.data + 16)) : '';
    case TYPE.mx:
      return r.length < 3 ? '' : `${p.u16(r.data)} ${visible(nameAt(p, l, r, 2))}`;
    case TYPE.srv:
      return r.length < 7
        ? ''
        : `${[0, 2, 4].map((off) => p.u16(r.data + off)).join(' ')} ${visible(nameAt(p, l, r, 6))}`;
    case TYPE.hinfo:
      return textWords(p, r, 2);
    case TYPE.wks:
      return r.length < 4 ? '' : formatIpv4(p.u32(r.data));
    case TYPE.kx:
      return r.length < 3 ? '' : `${p.u16(r.data)} ${visible(nameAt(p, l, r, 2))}`;
    case TYPE.naptr:
      return r.length < 5 ? '' : `${p.u16(r.data)} ${p.u16(r.data + 2)} ${textWords(p, r, 1, 4)}`;
    default:
      return OF_NAME.has(r.type) ? visible(nameAt(p, l, r)) : OF_OWNER.has(r.type) ? visible(r.name) : '';
  }
}
