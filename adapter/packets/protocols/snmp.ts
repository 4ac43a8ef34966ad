/** SNMP (RFC 1157, RFC 3416, RFC 3412): version, community, and the PDU with the names of its bindings. */
import { parts, variable } from '../declare.ts';
import { printable } from '../format.ts';
import type { Layer } from '../layer.ts';
import { shown } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, type Part, Protocol } from '../protocol.ts';

const VERSIONS: Names = { 0: 'version-1', 1: 'v2c', 3: 'snmpv3' };
const PDUS: Names = {
  160: 'get-request',
  161: 'get-next-request',
  162: 'get-response',
  163: 'set-request',
  164: 'trap',
  165: 'getBulkRequest',
  166: 'informRequest',
  167: 'snmpV2-trap',
  168: 'report',
};
const TRAP = 0xa4;
const SEQUENCE = 0x30;
const INTEGER = 2;
const OCTETS = 4;
const OID = 6;
const MAX_BINDINGS = 64;

const VERSION = variable('snmp.version', 'version', 'uint32', { many: false, names: VERSIONS });
const COMMUNITY = variable('snmp.community', 'community', 'string', { many: false });
const REQUEST_ID = variable('snmp.request_id', 'request-id', 'uint32', { many: false });
const NAME = variable('snmp.name', 'Object Name', 'string');

/** A value of BER: its tag, and where its content is. */
interface Ber {
  readonly tag: number;
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

/** The value at `at`; undefined if it does not fit. */
function ber(p: PacketView, at: number, end: number): Ber | undefined {
  if (at + 2 > end) {
    return undefined;
  }
  const first = p.u8(at + 1);
  const n = first < 128 ? 0 : first & 127;
  if (n > 4 || at + 2 + n > end) {
    return undefined;
  }
  let length = n === 0 ? first : 0;
  for (let i = 0; i < n; i++) {
    length = length * 256 + p.u8(at + 2 + i);
  }
  const from = at + 2 + n;
  return from + length > end ? undefined : { tag: p.u8(at), at, from, to: from + length };
}

function integer(p: PacketView, b: Ber): number {
  let value = b.from < b.to && p.u8(b.from) > 127 ? -1 : 0;
  for (let i = b.from; i < b.to; i++) {
    value = value * 256 + p.u8(i);
  }
  return value;
}

/** `1.3.6.1.2.1`. */
function oid(p: PacketView, b: Ber): string {
  const out: number[] = [];
  let value = 0;
  for (let i = b.from; i < b.to; i++) {
    value = value * 128 + (p.u8(i) & 127);
    if (p.u8(i) < 128) {
      if (out.length === 0) {
        const top = Math.min(2, Math.floor(value / 40));
        out.push(top, value - top * 40);
      } else {
        out.push(value);
      }
      value = 0;
    }
  }
  return out.join('.');
}

interface Message {
  readonly version: Ber;
  readonly community: Ber | undefined;
  readonly pdu: Ber | undefined;
}

function messageOf(p: PacketView, l: Layer): Message | undefined {
  const all = ber(p, l.at, l.end);
  const version = all === undefined || all.tag !== SEQUENCE ? undefined : ber(p, all.from, all.to);
  if (all === undefined || version?.tag !== INTEGER) {
    return undefined;
  }
  if (integer(p, version) === 3) {
    return { version, community: undefined, pdu: scopedPdu(p, version.to, all.to) };
  }
  const community = ber(p, version.to, all.to);
  if (community?.tag !== OCTETS) {
    return undefined;
  }
  return { version, community, pdu: ber(p, community.to, all.to) };
}

/** The PDU of version 3 behind the header and the security parameters, if it is not encrypted. */
function scopedPdu(p: PacketView, from: number, to: number): Ber | undefined {
  const header = ber(p, from, to);
  const security = header === undefined ? undefined : ber(p, header.to, to);
  const scoped = security === undefined ? undefined : ber(p, security.to, to);
  if (scoped?.tag !== SEQUENCE) {
    return undefined;
  }
  const engine = ber(p, scoped.from, scoped.to);
  const name = engine === undefined ? undefined : ber(p, engine.to, scoped.to);
  return name === undefined ? undefined : ber(p, name.to, scoped.to);
}

/** The names of a PDU's bindings. */
function names(p: PacketView, pdu: Ber): Ber[] {
  let at = pdu.from;
  const skipped = pdu.tag === TRAP ? 5 : 3;
  for (let i = 0; i < skipped; i++) {
    at = ber(p, at, pdu.to)?.to ?? pdu.to;
  }
  const list = ber(p, at, pdu.to);
  const out: Ber[] = [];
  for (let next = list?.from ?? 0; list !== undefined && next < list.to && out.length < MAX_BINDINGS; ) {
    const binding = ber(p, next, list.to);
    const name = binding === undefined ? undefined : ber(p, binding.from, binding.to);
    if (binding === undefined || name?.tag !== OID) {
      break;
    }
    out.push(name);
    next = binding.to;
  }
  return out;
}

function snmpParts(p: PacketView, l: Layer): Part[] {
  const m = messageOf(p, l);
  if (m === undefined) {
    return [];
  }
  const out = [shown(VERSION, integer(p, m.version), place(m.version))];
  if (m.community !== undefined) {
    out.push(shown(COMMUNITY, p.ascii(m.community.from, m.community.to), place(m.community)));
  }
  const { pdu } = m;
  if (pdu !== undefined && PDUS[pdu.tag] !== undefined) {
    const id = pdu.tag === TRAP ? undefined : ber(p, pdu.from, pdu.to);
    const bindings = names(p, pdu).map((n) => shown(NAME, oid(p, n), place(n)));
    const inside = [...(id === undefined ? [] : [shown(REQUEST_ID, integer(p, id) >>> 0, place(id))]), ...bindings];
    out.push({ from: pdu.at, length: pdu.to - pdu.at, label: () => `data: ${PDUS[pdu.tag]}`, inside });
  }
  return out;
}

function place(b: Ber): readonly [from: number, length: number] {
  return [b.from, b.to - b.from];
}

export const snmp: Protocol = new Protocol({
  name: 'snmp',
  title: 'Simple Network Management Protocol',
  column: 'SNMP',
  found: { 'udp.port': [161, 162], 'tcp.port': [161, 162] },
  header: 8,
  open: (p, l) => messageOf(p, l) !== undefined,
  fields: [parts(snmpParts), VERSION, COMMUNITY, REQUEST_ID, NAME],
  info: (p, l) => {
    const pdu = messageOf(p, l)?.pdu;
    if (pdu === undefined || PDUS[pdu.tag] === undefined) {
      return 'encryptedPDU: privKey Unknown';
    }
    return [PDUS[pdu.tag], ...names(p, pdu).map((n) => printable(oid(p, n)))].join(' ');
  },
});
