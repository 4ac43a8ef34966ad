/** IGMP, versions 1 to 3 (RFC 1112, RFC 2236, RFC 3376). */
import { type ChecksumResult, onesSum } from '../checksum.ts';
import { checksum, computed, parts, uint8, variable } from '../declare.ts';
import { formatIpv4, hex } from '../format.ts';
import type { Layer } from '../layer.ts';
import { group, shown } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import { type Names, type Part, Protocol } from '../protocol.ts';

const QUERY = 0x11;
const REPORT_1 = 0x12;
const REPORT_2 = 0x16;
const LEAVE = 0x17;
const REPORT_3 = 0x22;
const TYPES: Names = {
  [QUERY]: 'Membership Query',
  [REPORT_1]: 'Membership Report',
  [REPORT_2]: 'Membership Report',
  [LEAVE]: 'Leave Group',
  [REPORT_3]: 'Membership Report',
};
const MODE_IS_INCLUDE = 1;
const MODE_IS_EXCLUDE = 2;
const TO_INCLUDE = 3;
const TO_EXCLUDE = 4;
const ALLOW = 5;
const BLOCK = 6;
const RECORDS: Names = {
  [MODE_IS_INCLUDE]: 'Mode Is Include',
  [MODE_IS_EXCLUDE]: 'Mode Is Exclude',
  [TO_INCLUDE]: 'Change To Include Mode',
  [TO_EXCLUDE]: 'Change To Exclude Mode',
  [ALLOW]: 'Allow New Sources',
  [BLOCK]: 'Block Old Sources',
};

function versionOf(p: PacketView, l: Layer): number {
  switch (p.u8(l.at)) {
    case QUERY:
      return l.end - l.at >= 12 ? 3 : p.u8(l.at + 1) === 0 ? 1 : 2;
    case REPORT_1:
      return 1;
    case REPORT_3:
      return 3;
    default:
      return 2;
  }
}

/** A time in tenths of a second; large ones of version 3 are floating-point numbers (RFC 3376, 4.1.1). */
function seconds(p: PacketView, l: Layer): string {
  const code = p.u8(l.at + 1);
  const tenths = versionOf(p, l) === 3 && code >= 128 ? ((code & 15) | 16) << (((code >> 4) & 7) + 3) : code;
  return (tenths / 10).toFixed(1);
}

function check(p: PacketView, l: Layer): ChecksumResult {
  const there = p.u16(l.at + 2);
  if (p.len < p.wireLength) {
    return { state: 'unchecked', right: 0 };
  }
  const sum = onesSum(p.buf, l.at, l.end, 0xffff - there);
  const right = 0xffff - (sum === 0xffff ? 0 : sum);
  return { state: right === there ? 'good' : 'bad', right };
}

const GROUP = variable('igmp.maddr', 'Multicast Address', 'ipv4');
const SOURCE = variable('igmp.saddr', 'Source Address', 'ipv4');
const SUPPRESS = variable('igmp.s', 'S', 'boolean');
const ROBUSTNESS = variable('igmp.qrv', 'QRV', 'uint8');
const INTERVAL = variable('igmp.qqic', 'QQIC', 'uint8');
const SOURCES = variable('igmp.num_src', 'Num Src', 'uint16');
const GROUPS = variable('igmp.num_grp_recs', 'Num Group Records', 'uint16');
const RECORD = variable('igmp.record_type', 'Record Type', 'uint8', { names: RECORDS });
const AUX = variable('igmp.aux_data_len', 'Aux Data Len', 'uint8');

/** A group of a version 3 report: how it changes, and which sources. */
interface GroupRecord {
  readonly at: number;
  readonly end: number;
  readonly type: number;
  readonly sources: number;
}

function records(p: PacketView, l: Layer): GroupRecord[] {
  const out: GroupRecord[] = [];
  let at = l.at + 8;
  for (let i = p.u16(l.at + 6); i > 0 && at + 8 <= l.end; i--) {
    const sources = p.u16(at + 2);
    const end = at + 8 + sources * 4 + p.u8(at + 1) * 4;
    if (end > l.end) {
      break;
    }
    out.push({ at, end, type: p.u8(at), sources });
    at = end;
  }
  return out;
}

function sourceParts(p: PacketView, from: number, count: number, end: number): Part[] {
  const out: Part[] = [];
  for (let at = from; out.length < count && at + 4 <= end; at += 4) {
    out.push(shown(SOURCE, p.u32(at), [at, 4]));
  }
  return out;
}

function recordPart(p: PacketView, { at, end, type, sources }: GroupRecord): Part {
  const label = `Group Record : ${formatIpv4(p.u32(at + 4))}  ${RECORDS[type] ?? 'Unknown'}`;
  return group(
    label,
    [at, end - at],
    [
      shown(RECORD, type, [at, 1]),
      shown(AUX, p.u8(at + 1), [at + 1, 1]),
      shown(SOURCES, sources, [at + 2, 2]),
      shown(GROUP, p.u32(at + 4), [at + 4, 4]),
      ...sourceParts(p, at + 8, sources, end),
    ],
  );
}

function rest(p: PacketView, l: Layer): Part[] {
  if (p.u8(l.at) === REPORT_3) {
    return [shown(GROUPS, p.u16(l.at + 6), [l.at + 6, 2]), ...records(p, l).map((r) => recordPart(p, r))];
  }
  const out = [shown(GROUP, p.u32(l.at + 4), [l.at + 4, 4])];
  if (versionOf(p, l) === 3) {
    const at = l.at + 8;
    const suppress = (p.u8(at) & 8) !== 0;
    out.push(
      shown(SUPPRESS, suppress, [at, 1]),
      shown(ROBUSTNESS, p.u8(at) & 7, [at, 1]),
      shown(INTERVAL, p.u8(at + 1), [at + 1, 1]),
      shown(SOURCES, p.u16(at + 2), [at + 2, 2]),
      ...sourceParts(p, at + 4, p.u16(at + 2), l.end),
    );
  }
  return out;
}

function recordWords(p: PacketView, { at, type, sources }: GroupRecord): string {
  const address = formatIpv4(p.u32(at + 4));
  const list = Array.from({ length: sources }, (_, i) => formatIpv4(p.u32(at + 8 + 4 * i))).join(', ');
  switch (type) {
    case MODE_IS_INCLUDE:
    case TO_INCLUDE:
      return sources === 0 ? `Leave group ${address}` : `Join group ${address} for source {${list}}`;
    case MODE_IS_EXCLUDE:
    case TO_EXCLUDE:
      return sources === 0
        ? `Join group ${address} for any sources`
        : `Join group ${address}, not for source {${list}}`;
    case ALLOW:
      return `Group ${address}, new source {${list}}`;
    case BLOCK:
      return `Group ${address}, block source {${list}}`;
    default:
      return `Group ${address}`;
  }
}

function info(p: PacketView, l: Layer): string {
  const type = p.u8(l.at);
  const name = TYPES[type] ?? 'Unknown Type';
  if (type === REPORT_3) {
    return [name, ...records(p, l).map((r) => recordWords(p, r))].join(' / ');
  }
  const address = formatIpv4(p.u32(l.at + 4));
  if (type === QUERY) {
    const list = rest(p, l).flatMap((x) => (x.field === SOURCE ? formatIpv4(Number(x.value)) : []));
    const which = p.u32(l.at + 4) === 0 ? 'general' : `specific for group ${address}`;
    return `${name}, ${which}${list.length > 0 ? `, source {${list.join(', ')}}` : ''}`;
  }
  if (type === REPORT_1) {
    return name;
  }
  return TYPES[type] === undefined ? `${name}:${hex(type, 2)}` : `${name}${type === LEAVE ? '' : ' group'} ${address}`;
}

export const igmp: Protocol = new Protocol({
  name: 'igmp',
  title: 'Internet Group Management Protocol',
  column: 'IGMP',
  chain: 'igmp:igmp',
  found: { 'ip.proto': [2] },
  header: 8,
  open: (p, l) => TYPES[p.u8(l.at)] !== undefined,
  fields: [
    computed('igmp.version', 'IGMP Version', 'uint8', versionOf),
    uint8('igmp.type', 'Type', 0, { hex: true, names: TYPES }),
    uint8('igmp.max_resp', 'Max Resp Time', 1, {
      when: (p, l) => p.u8(l.at) !== REPORT_3 && versionOf(p, l) > 1,
      label: (p, l) => `Max Resp Time: ${seconds(p, l)} sec (${hex(p.u8(l.at + 1), 2)})`,
    }),
    checksum('igmp.checksum', 'Checksum', 2, check, { always: true }),
    parts(rest),
    GROUPS,
    RECORD,
    AUX,
    SOURCES,
    GROUP,
    SUPPRESS,
    ROBUSTNESS,
    INTERVAL,
    SOURCE,
  ],
  columnOf: (p, l) => `IGMPv${versionOf(p, l)}`,
  info,
});
