/** Protocols of which the list says the name, once the head of a message has shown that it is theirs. */
import { type Layer, MORE, NO_MESSAGE } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, type Of, Protocol, type ProtocolDeclaration } from '../protocol.ts';

type Named = Pick<ProtocolDeclaration, 'name' | 'title' | 'column' | 'found' | 'header' | 'open'> &
  Partial<Pick<ProtocolDeclaration, 'messageLength' | 'info' | 'infoBetween'>>;

function named(declaration: Named): Protocol {
  return new Protocol({ fields: [], info: () => '', ...declaration });
}

/** Messages of a stream that `is` knows, and that are as long as `length` says, once `head` bytes are there. */
function framed(head: number, is: Of<boolean>, length: Of<number>): Of<number> {
  return (p, l) => (l.end - l.at < head ? MORE : is(p, l) ? length(p, l) : NO_MESSAGE);
}

const u16le = (p: PacketView, at: number): number => p.u8(at) | (p.u8(at + 1) << 8);
const u24le = (p: PacketView, at: number): number => u16le(p, at) | (p.u8(at + 2) << 16);
const u32le = (p: PacketView, at: number): number => u24le(p, at) + p.u8(at + 3) * 0x1000000;

const SEQUENCE = 0x30;
const INTEGER = 2;
const LDAP_NAMES: Names = {
  96: 'bindRequest',
  97: 'bindResponse',
  66: 'unbindRequest',
  99: 'searchRequest',
  100: 'searchResEntry',
  101: 'searchResDone',
  102: 'modifyRequest',
  103: 'modifyResponse',
  104: 'addRequest',
  105: 'addResponse',
  74: 'delRequest',
  107: 'delResponse',
  119: 'extendedReq',
  120: 'extendedResp',
};
const SUCCEEDS = [0x61, 0x65, 0x67, 0x69, 0x6b, 0x78];

/** Where the contents of a value of ASN.1 begin, and how long they are. */
function asn1(p: PacketView, at: number): readonly [at: number, length: number] {
  const first = p.u8(at + 1);
  const more = first & 0x80 ? first & 0x7f : 0;
  let length = more === 0 ? first : 0;
  for (let i = 0; i < Math.min(more, 4); i++) {
    length = length * 256 + p.u8(at + 2 + i);
  }
  return [at + 2 + more, length];
}

function isLdap(p: PacketView, l: Layer): boolean {
  const [inner] = asn1(p, l.at);
  return p.u8(l.at) === SEQUENCE && inner + 3 <= l.end && p.u8(inner) === INTEGER;
}

function ldapInfo(p: PacketView, l: Layer): string {
  const [id] = asn1(p, l.at);
  const [from, size] = asn1(p, id);
  const operation = from + size;
  if (size > 4 || operation + 2 > l.end) {
    return '';
  }
  const number = Array.from(p.bytes(from, operation)).reduce((n, b) => n * 256 + b, 0);
  const tag = p.u8(operation);
  const [result] = asn1(p, operation);
  const success = SUCCEEDS.includes(tag) && result + 3 <= l.end && p.u8(result + 2) === 0 ? ' success' : '';
  return `${LDAP_NAMES[tag] ?? ''}(${number})${success}`;
}

const ldap = named({
  name: 'ldap',
  title: 'Lightweight Directory Access Protocol',
  column: 'LDAP',
  found: { 'tcp.port': [389, 3268] },
  header: 7,
  messageLength: framed(6, isLdap, (p, l) => {
    const [at, length] = asn1(p, l.at);
    return at - l.at + length;
  }),
  open: isLdap,
  infoBetween: '',
  info: (p, l) => `${ldapInfo(p, l)} `,
});

const MYSQL_MAX = 0x100000;
const isMysql: Of<boolean> = (p, l) => u24le(p, l.at) > 0 && u24le(p, l.at) < MYSQL_MAX;

const mysql = named({
  name: 'mysql',
  title: 'MySQL Protocol',
  column: 'MySQL',
  found: { 'tcp.port': [3306] },
  header: 5,
  messageLength: framed(4, isMysql, (p, l) => 4 + u24le(p, l.at)),
  open: isMysql,
});

/** A tag and a length, which counts itself; a client's first message has no tag. */
const isPgsql: Of<boolean> = (p, l) =>
  p.u8(l.at) === 0 ? p.u32(l.at) >= 8 && p.u32(l.at) < 0x2000 : /[A-Za-z1-3]/.test(p.ascii(l.at, l.at + 1));

const pgsql = named({
  name: 'pgsql',
  title: 'PostgreSQL',
  column: 'PGSQL',
  found: { 'tcp.port': [5432] },
  header: 5,
  messageLength: framed(5, isPgsql, (p, l) => (p.u8(l.at) === 0 ? p.u32(l.at) : 1 + p.u32(l.at + 1))),
  open: isPgsql,
});

const TNS_MAX_TYPE = 19;
const isTns: Of<boolean> = (p, l) =>
  p.u16(l.at) >= 8 && p.u8(l.at + 4) >= 1 && p.u8(l.at + 4) <= TNS_MAX_TYPE && p.u16(l.at + 6) === 0;

const tns = named({
  name: 'tns',
  title: 'Transparent Network Substrate Protocol',
  column: 'TNS',
  found: { 'tcp.port': [1521] },
  header: 8,
  messageLength: framed(8, isTns, (p, l) => p.u16(l.at)),
  open: isTns,
});

const MONGO_OPCODES = [1, 1000, 2001, 2002, 2004, 2005, 2006, 2007, 2010, 2011, 2012, 2013];
const isMongo: Of<boolean> = (p, l) => u32le(p, l.at) >= 16 && MONGO_OPCODES.includes(u32le(p, l.at + 12));

const mongo = named({
  name: 'mongo',
  title: 'Mongo Wire Protocol',
  column: 'MONGO',
  found: { 'tcp.port': [27017] },
  header: 16,
  messageLength: framed(16, isMongo, (p, l) => u32le(p, l.at)),
  open: isMongo,
});

const isDiameter: Of<boolean> = (p, l) =>
  p.u8(l.at) === 1 && p.u32(l.at) % 0x1000000 >= 20 && (p.u8(l.at + 4) & 15) === 0;

const diameter = named({
  name: 'diameter',
  title: 'Diameter Protocol',
  column: 'DIAMETER',
  found: { 'tcp.port': [3868] },
  header: 20,
  messageLength: framed(20, isDiameter, (p, l) => p.u32(l.at) % 0x1000000),
  open: isDiameter,
});

const isAjp: Of<boolean> = (p, l) => [0x1234, 0x4142].includes(p.u16(l.at));

const ajp13 = named({
  name: 'ajp13',
  title: 'Apache JServ Protocol v1.3',
  column: 'AJP13',
  found: { 'tcp.port': [8009] },
  header: 4,
  messageLength: framed(4, isAjp, (p, l) => 4 + p.u16(l.at + 2)),
  open: isAjp,
});

const isSmpp: Of<boolean> = (p, l) =>
  p.u32(l.at) >= 16 && p.u32(l.at) < 0x10000 && (p.u32(l.at + 4) & 0x7fffffff) <= 0x112 && p.u32(l.at + 12) > 0;

const smpp = named({
  name: 'smpp',
  title: 'Short Message Peer to Peer',
  column: 'SMPP',
  found: { 'tcp.port': [2775] },
  header: 16,
  messageLength: framed(16, isSmpp, (p, l) => p.u32(l.at)),
  open: isSmpp,
});

const isSkinny: Of<boolean> = (p, l) => u32le(p, l.at) >= 4 && u32le(p, l.at) < 0x1000 && u32le(p, l.at + 4) <= 22;

const skinny = named({
  name: 'skinny',
  title: 'Skinny Client Control Protocol',
  column: 'SKINNY',
  found: { 'tcp.port': [2000] },
  header: 12,
  messageLength: framed(8, isSkinny, (p, l) => 8 + u32le(p, l.at)),
  open: isSkinny,
});

const OPCUA = /^(HEL|ACK|ERR|RHE|MSG|OPN|CLO)[FCA]/;
const isOpcua: Of<boolean> = (p, l) => OPCUA.test(p.ascii(l.at, l.at + 4));

const opcua = named({
  name: 'opcua',
  title: 'OpcUa Binary Protocol',
  column: 'OpcUa',
  found: { 'tcp.port': [4840] },
  header: 8,
  messageLength: framed(8, isOpcua, (p, l) => u32le(p, l.at + 4)),
  open: isOpcua,
});

const isRtr: Of<boolean> = (p, l) => p.u8(l.at) <= 1 && p.u8(l.at + 1) <= 10 && p.u32(l.at + 4) >= 8;

const rpkiRtr = named({
  name: 'rpki-rtr',
  title: 'RPKI-Router Protocol',
  column: 'RPKI-RTR',
  found: { 'tcp.port': [323] },
  header: 8,
  messageLength: framed(8, isRtr, (p, l) => p.u32(l.at + 4)),
  open: isRtr,
});

const irc = named({
  name: 'irc',
  title: 'Internet Relay Chat',
  column: 'IRC',
  found: { 'tcp.port': [6667] },
  header: 2,
  open: (p, l) => /^[\x20-\x7e\r\n]{2,}/.test(p.ascii(l.at, Math.min(l.end, l.at + 8))),
});

const netflow = named({
  name: 'cflow',
  title: 'Cisco NetFlow/IPFIX',
  column: 'CFLOW',
  found: { 'udp.port': [2055, 4739, 9996] },
  header: 16,
  open: (p, l) => [1, 5, 7, 8, 9, 10].includes(p.u16(l.at)),
});

const ripng = named({
  name: 'ripng',
  title: 'RIPng',
  column: 'RIPng',
  found: { 'udp.port': [521] },
  header: 4,
  open: (p, l) => p.u8(l.at) === 1 || p.u8(l.at) === 2,
  info: (p, l) => ` Command ${p.u8(l.at) === 1 ? 'Request' : 'Response'}, Version ${p.u8(l.at + 1)}`,
});

const lisp = named({
  name: 'lisp',
  title: 'Locator/ID Separation Protocol',
  column: 'LISP',
  found: { 'udp.port': [4342] },
  header: 8,
  open: (p, l) => [1, 2, 3, 4, 5, 6, 7, 8].includes(p.u8(l.at) >> 4),
  info: (p, l) => ({ 3: 'Map-Register', 4: 'Map-Notify' })[p.u8(l.at) >> 4] ?? '',
});

const olsr = named({
  name: 'olsr',
  title: 'Optimized Link State Routing Protocol',
  column: 'OLSR v1',
  found: { 'udp.port': [698] },
  header: 16,
  open: (p, l) => p.u16(l.at) >= 4 && p.u16(l.at) <= l.wireEnd - l.at,
});

const xdmcp = named({
  name: 'xdmcp',
  title: 'X Display Manager Control Protocol',
  column: 'XDMCP',
  found: { 'udp.port': [177] },
  header: 6,
  open: (p, l) => p.u16(l.at) === 1 && p.u16(l.at + 2) >= 1 && p.u16(l.at + 2) <= 14,
});

const decnet = named({
  name: 'dec_dna',
  title: 'DEC DNA Routing Protocol',
  column: 'DEC DNA',
  found: { ethertype: [0x6003] },
  header: 3,
  open: () => true,
});

const tipc = named({
  name: 'tipc',
  title: 'Transparent Inter Process Communication(TIPC)',
  column: 'TIPC',
  found: { ethertype: [0x88ca] },
  header: 24,
  open: () => true,
});

export const NAMED: readonly Protocol[] = [
  ...[ldap, mysql, pgsql, tns, mongo, diameter, ajp13, smpp, skinny, opcua, rpkiRtr, irc],
  ...[netflow, ripng, lisp, olsr, xdmcp, decnet, tipc],
];
