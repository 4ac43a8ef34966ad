/** The name service of NetBIOS over TCP/IP (RFC 1002, section 4.2). */
import { bits, parts, uint16, variable } from '../declare.ts';
import { formatIpv4, hex, printable } from '../format.ts';
import type { Layer } from '../layer.ts';
import { group, shown } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, type Part, Protocol } from '../protocol.ts';
import { netbiosName } from './netbios-name.ts';

const OPCODES: Names = {
  0: 'Name query',
  5: 'Registration',
  6: 'Release',
  7: 'WACK',
  8: 'Refresh',
  9: 'Refresh (altcode)',
  15: 'Multi-homed registration',
};
const RCODES: Names = {
  0: 'No error',
  1: 'Request was invalidly formatted',
  2: 'Problem with NBNS, cannot process name',
  3: 'Requested name does not exist',
  4: 'Unsupported request',
  5: 'Refused for policy reasons',
  6: 'Name is owned by another node',
  7: 'Name is in conflict',
};
const NB = 32;
const NBSTAT = 33;
const TYPES: Names = { 1: 'A', 2: 'NS', 10: 'NULL', [NB]: 'NB', [NBSTAT]: 'NBSTAT' };
const RESPONSE = 0x8000;
const MAX_RECORDS = 32;

const NAME = variable('nbns.name', 'Name', 'string');
const TYPE = variable('nbns.type', 'Type', 'uint16', { names: TYPES });
const CLASS = variable('nbns.class', 'Class', 'uint16', { names: { 1: 'IN' } });
const TTL = variable('nbns.ttl', 'Time to live', 'uint32');
const DATA_LENGTH = variable('nbns.data_length', 'Data length', 'uint16');
const ADDRESS = variable('nbns.addr', 'Addr', 'ipv4');

interface NbRecord {
  readonly query: boolean;
  readonly name: string;
  readonly type: number;
  readonly at: number;
  /** Where its type is. */
  readonly head: number;
  readonly end: number;
}

function records(p: PacketView, l: Layer): NbRecord[] {
  const out: NbRecord[] = [];
  let at = l.at + 12;
  for (let section = 0; section < 4; section++) {
    for (let i = p.u16(l.at + 4 + 2 * section); i > 0 && out.length < MAX_RECORDS; i--) {
      const name = netbiosName(p, l, at);
      const query = section === 0;
      if (name === undefined || name.next + (query ? 4 : 10) > l.end) {
        return out;
      }
      const end = query ? name.next + 4 : name.next + 10 + p.u16(name.next + 8);
      if (end > l.end) {
        return out;
      }
      out.push({ query, name: name.name, type: p.u16(name.next), at, head: name.next, end });
      at = end;
    }
  }
  return out;
}

const PURPOSES: Readonly<Record<string, string>> = {
  '00': 'Workstation/Redirector',
  '01': 'Browser',
  '03': 'Messenger service/Main name',
  '1b': 'Domain Master Browser',
  '1c': 'Domain Controllers',
  '1d': 'Local Master Browser',
  '1e': 'Browser Election Service',
  '20': 'Server service',
};

/** A name with what its last byte says that it is for. */
export function withPurpose(name: string): string {
  const purpose = PURPOSES[name.slice(-3, -1)];
  return purpose === undefined ? name : `${name} (${purpose})`;
}

function addressOf(p: PacketView, r: NbRecord): number | undefined {
  return !r.query && r.type === NB && r.end - r.head >= 16 ? p.u32(r.head + 12) : undefined;
}

function recordPart(p: PacketView, r: NbRecord): Part {
  const inside = [
    shown(NAME, r.query || r.type !== NB ? r.name : withPurpose(r.name), [r.at, r.head - r.at]),
    shown(TYPE, r.type, [r.head, 2]),
    shown(CLASS, p.u16(r.head + 2), [r.head + 2, 2]),
  ];
  if (!r.query) {
    inside.push(shown(TTL, p.u32(r.head + 4), [r.head + 4, 4]), shown(DATA_LENGTH, p.u16(r.head + 8), [r.head + 8, 2]));
  }
  const address = addressOf(p, r);
  if (address !== undefined) {
    inside.push(shown(ADDRESS, address, [r.head + 12, 4]));
  }
  const label = `${printable(r.name)}: type ${TYPES[r.type] ?? 'Unknown'}, class IN`;
  return group(label, [r.at, r.end - r.at], inside);
}

function opcode(p: PacketView, l: Layer): number {
  return (p.u16(l.at + 2) >> 11) & 15;
}

function info(p: PacketView, l: Layer): string {
  const flags = p.u16(l.at + 2);
  const name = OPCODES[opcode(p, l)] ?? `Unknown operation (${opcode(p, l)})`;
  const rcode = flags & 15;
  const error = flags & RESPONSE && rcode !== 0 ? `, ${RCODES[rcode] ?? `Unknown (${rcode})`}` : '';
  const all = records(p, l);
  const wanted = flags & RESPONSE ? all.filter((r) => !r.query) : all.filter((r) => r.query);
  const words = wanted.map((r) => {
    const address = addressOf(p, r);
    const type = TYPES[r.type] ?? 'Unknown';
    return flags & RESPONSE
      ? ` ${type}${address === undefined ? '' : ` ${formatIpv4(address)}`}`
      : ` ${type} ${printable(r.name)}`;
  });
  return `${name}${flags & RESPONSE ? ' response' : ''}${error}${words.join('')}`;
}

/** A bit of the flags. */
function flag(name: string, description: string, mask: number) {
  return bits(`nbns.flags.${name}`, description, { off: 2, width: 16, mask });
}

const isReply = { when: (p: PacketView, l: Layer) => (p.u16(l.at + 2) & RESPONSE) !== 0 };

export const nbns: Protocol = new Protocol({
  name: 'nbns',
  title: 'NetBIOS Name Service',
  column: 'NBNS',
  found: { 'udp.port': [137] },
  header: 12,
  fields: [
    uint16('nbns.id', 'Transaction ID', 0, { hex: true }),
    uint16('nbns.flags', 'Flags', 2, {
      hex: true,
      label: (p, l) => `Flags: ${hex(p.u16(l.at + 2), 4)}, Opcode: ${OPCODES[opcode(p, l)] ?? 'Unknown'}`,
      inside: [
        flag('response', 'Response', RESPONSE),
        bits('nbns.flags.opcode', 'Opcode', { off: 2, width: 16, mask: 0x7800 }, { names: OPCODES }),
        bits('nbns.flags.authoritative', 'Authoritative', { off: 2, width: 16, mask: 0x0400 }, isReply),
        flag('truncated', 'Truncated', 0x0200),
        flag('recdesired', 'Recursion desired', 0x0100),
        bits('nbns.flags.recavail', 'Recursion available', { off: 2, width: 16, mask: 0x0080 }, isReply),
        flag('broadcast', 'Broadcast', 0x0010),
        bits('nbns.flags.rcode', 'Reply code', { off: 2, width: 16, mask: 0x000f }, { ...isReply, names: RCODES }),
      ],
    }),
    uint16('nbns.count.queries', 'Questions', 4),
    uint16('nbns.count.answers', 'Answer RRs', 6),
    uint16('nbns.count.auth_rr', 'Authority RRs', 8),
    uint16('nbns.count.add_rr', 'Additional RRs', 10),
    parts((p, l) => records(p, l).map((r) => recordPart(p, r))),
    NAME,
    TYPE,
    CLASS,
    TTL,
    DATA_LENGTH,
    ADDRESS,
  ],
  info,
});
