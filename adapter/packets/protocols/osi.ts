/** The ISO's network layer, by its first byte: ES-IS (ISO 9542) and IS-IS (ISO 10589, RFC 1195). */
import { hex, hexBytes } from '../format.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, Protocol } from '../protocol.ts';
import { SAP_OSI, sapKey } from './link-keys.ts';

const ESIS = 0x82;
const ISIS = 0x83;
const SYSTEM = 6;

export const osi: Protocol = new Protocol({
  name: 'osi',
  title: 'OSI',
  column: 'ISO',
  found: { ethertype: [sapKey(SAP_OSI), 0x00fe] },
  header: 1,
  measure: (p, l) => {
    l.body = l.at;
    l.key = p.u8(l.at);
  },
  carries: 'osi.nlpid',
  line: null,
  fields: [],
  info: (p, l) => `Unknown NLPID (${hex(p.u8(l.at), 2)})`,
});

/** An identifier with points: `1921.6800.1001.00-00`; `circuit` and `fragment` are the bytes behind the system's. */
function idText(p: PacketView, at: number, length: number): string {
  const pairs = [0, 2, 4].map((i) => hexBytes(p.bytes(at + i, at + i + 2), '')).join('.');
  const rest = length > SYSTEM ? `.${hexBytes(p.bytes(at + 6, at + 7), '')}` : '';
  return `${pairs}${rest}${length > SYSTEM + 1 ? `-${hexBytes(p.bytes(at + 7, at + 8), '')}` : ''}`;
}

/** Types of IS-IS: the column's word, the first words of the line. */
const TYPES: Readonly<Record<number, readonly [column: string, words: string]>> = {
  15: ['HELLO', 'L1 HELLO'],
  16: ['HELLO', 'L2 HELLO'],
  17: ['HELLO', 'P2P HELLO'],
  18: ['LSP', 'L1 LSP'],
  20: ['LSP', 'L2 LSP'],
  24: ['CSNP', 'L1 CSNP'],
  25: ['CSNP', 'L2 CSNP'],
  26: ['PSNP', 'L1 PSNP'],
  27: ['PSNP', 'L2 PSNP'],
};
/** Bytes of the headers of these. */
const LENGTHS: Readonly<Record<string, number>> = { HELLO: 19, LSP: 27, CSNP: 33, PSNP: 17 };

function typeOf(p: PacketView, l: Layer): readonly [column: string, words: string] | undefined {
  return TYPES[p.u8(l.at + 4) & 31];
}

function isisInfo(p: PacketView, l: Layer): string {
  const [kind, words] = typeOf(p, l) ?? ['', ''];
  const id = (off: number, length: number): string => idText(p, l.at + off, length);
  switch (kind) {
    case 'HELLO':
      return `${words}, System-ID: ${id(9, SYSTEM)}`;
    case 'LSP': {
      const life = String(p.u16(l.at + 10)).padStart(5);
      return `${words}, LSP-ID: ${id(12, 8)}, Sequence: ${hex(p.u32(l.at + 20), 8)}, Lifetime: ${life}s`;
    }
    case 'CSNP':
      return `${words}, Source-ID: ${id(10, 7)}, Start LSP-ID: ${id(17, 8)}, End LSP-ID: ${id(25, 8)}`;
    default:
      return `${words}, Source-ID: ${id(10, 7)}`;
  }
}

export const isis: Protocol = new Protocol({
  name: 'isis',
  title: 'ISO 10589 ISIS InTRA Domain Routeing Information Exchange Protocol',
  column: 'ISIS',
  chain: (p, l) => `isis:isis.${typeOf(p, l)?.[0].toLowerCase() ?? ''}`,
  found: { 'osi.nlpid': [ISIS] },
  header: 17,
  open: (p, l) => {
    const type = typeOf(p, l);
    // Identifiers of systems have six bytes, which is also said as 0.
    const usual = p.u8(l.at + 3) === 0 || p.u8(l.at + 3) === SYSTEM;
    return type !== undefined && usual && l.at + (LENGTHS[type[0]] ?? 0) <= l.end;
  },
  fields: [],
  columnOf: (p, l) => `ISIS ${typeOf(p, l)?.[0] ?? ''}`,
  info: isisInfo,
});

const ESIS_TYPES: Names = { 2: 'ES HELLO', 4: 'IS HELLO', 6: 'RD REQUEST' };

export const esis: Protocol = new Protocol({
  name: 'esis',
  title: 'ISO 9542 ESIS Routeing Information Exchange Protocol',
  column: 'ESIS',
  found: { 'osi.nlpid': [ESIS] },
  header: 8,
  open: (p, l) => p.u8(l.at + 2) === 1,
  fields: [],
  info: (p, l) => ESIS_TYPES[p.u8(l.at + 4) & 31] ?? `Unknown (${hex(p.u8(l.at + 4) & 31)})`,
});
