/** LLDP (IEEE 802.1AB): its TLVs; those of organisations are lines. */
import { parts, variable } from '../declare.ts';
import { formatBytes, formatEther, formatIpv4, formatIpv6, printable } from '../format.ts';
import type { Layer } from '../layer.ts';
import { group, shown } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import { type FieldDeclaration, type Names, type Part, Protocol } from '../protocol.ts';

const END = 0;
const CHASSIS = 1;
const PORT = 2;
const TTL = 3;
const PORT_DESCRIPTION = 4;
const SYSTEM_NAME = 5;
const SYSTEM_DESCRIPTION = 6;
const ORGANISATION = 127;
const TYPES: Names = {
  [END]: 'End of LLDPDU',
  [CHASSIS]: 'Chassis Id',
  [PORT]: 'Port Id',
  [TTL]: 'Time to Live',
  [PORT_DESCRIPTION]: 'Port Description',
  [SYSTEM_NAME]: 'System Name',
  [SYSTEM_DESCRIPTION]: 'System Description',
  7: 'System Capabilities',
  8: 'Management Address',
  [ORGANISATION]: 'Organization Specific',
};
const CHASSIS_KINDS: Names = {
  1: 'Chassis component',
  2: 'Interface alias',
  3: 'Port component',
  4: 'MAC address',
  5: 'Network address',
  6: 'Interface name',
  7: 'Locally assigned',
};
const PORT_KINDS: Names = {
  1: 'Interface alias',
  2: 'Port component',
  3: 'MAC address',
  4: 'Network address',
  5: 'Interface name',
  6: 'Agent circuit Id',
  7: 'Locally assigned',
};
/** What the Info column calls the kinds. */
const CHASSIS_SHORT = ['', 'CC', 'IA', 'PC', 'MA', 'NA', 'IN', 'LA'];
const PORT_SHORT = ['', 'IA', 'PC', 'MA', 'NA', 'IN', 'AC', 'LA'];

const TLV_TYPE = variable('lldp.tlv.type', 'TLV Type', 'uint16', { names: TYPES });
const TLV_LENGTH = variable('lldp.tlv.len', 'TLV Length', 'uint16');
const CHASSIS_KIND = variable('lldp.chassis.subtype', 'Chassis Id Subtype', 'uint8', { names: CHASSIS_KINDS });
const CHASSIS_ID = variable('lldp.chassis.id', 'Chassis Id', 'bytes');
const CHASSIS_MAC = variable('lldp.chassis.id.mac', 'Chassis Id', 'ether');
const CHASSIS_IP = variable('lldp.chassis.id.ip4', 'Chassis Id', 'ipv4');
const PORT_KIND = variable('lldp.port.subtype', 'Port Id Subtype', 'uint8', { names: PORT_KINDS });
const PORT_ID = variable('lldp.port.id', 'Port Id', 'string');
const PORT_MAC = variable('lldp.port.id.mac', 'Port Id', 'ether');
const PORT_IP = variable('lldp.port.id.ip4', 'Port Id', 'ipv4');
const SECONDS = variable('lldp.time_to_live', 'Seconds', 'uint16');
const PORT_WORDS = variable('lldp.port.desc', 'Port Description', 'string');
const NAME = variable('lldp.tlv.system.name', 'System Name', 'string');
const DESCRIPTION = variable('lldp.tlv.system.desc', 'System Description', 'string');
const CAPABILITIES = variable('lldp.tlv.system_cap', 'Capabilities', 'uint16', { hex: true });
const ENABLED = variable('lldp.tlv.enable_system_cap', 'Enabled Capabilities', 'uint16', { hex: true });

interface Tlv {
  readonly at: number;
  readonly type: number;
  /** Bytes behind its head of two bytes. */
  readonly length: number;
}

function tlvs(p: PacketView, l: Layer): Tlv[] {
  const out: Tlv[] = [];
  for (let at = l.at; at + 2 <= l.end; ) {
    const head = p.u16(at);
    const tlv = { at, type: head >> 9, length: head & 511 };
    if (at + 2 + tlv.length > l.end) {
      break;
    }
    out.push(tlv);
    at += 2 + tlv.length;
    if (tlv.type === END) {
      break;
    }
  }
  return out;
}

/** An identifier of a chassis or a port: its kind, its text, and the field that it is. */
function identifier(p: PacketView, { at, type, length }: Tlv): { text: string; part: Part | undefined } {
  const chassis = type === CHASSIS;
  const kind = p.u8(at + 2);
  const from = at + 3;
  const n = length - 1;
  const place = [from, n] as const;
  if (kind === (chassis ? 4 : 3) && n === 6) {
    const mac = p.mac(from);
    return { text: formatEther(mac), part: shown(chassis ? CHASSIS_MAC : PORT_MAC, mac, place) };
  }
  if (kind === (chassis ? 5 : 4) && n >= 5 && p.u8(from) === 1) {
    const address = p.u32(from + 1);
    return { text: formatIpv4(address), part: shown(chassis ? CHASSIS_IP : PORT_IP, address, [from + 1, 4]) };
  }
  if (kind === (chassis ? 5 : 4) && n >= 17 && p.u8(from) === 2) {
    return { text: formatIpv6(p.bytes(from + 1, from + 17)), part: undefined };
  }
  const text = p.ascii(from, from + n);
  const bytes = p.bytes(from, from + n);
  const part = chassis ? shown(CHASSIS_ID, bytes, place) : shown(PORT_ID, text, place);
  return { text: printable(text), part };
}

const TEXTS: Readonly<Record<number, FieldDeclaration>> = {
  [PORT_DESCRIPTION]: PORT_WORDS,
  [SYSTEM_NAME]: NAME,
  [SYSTEM_DESCRIPTION]: DESCRIPTION,
};

/** What a TLV says, in words, and its fields. */
function content(p: PacketView, tlv: Tlv): { words: string; inside: Part[] } {
  const { at, type, length } = tlv;
  const name = TYPES[type] ?? `Unknown (${type})`;
  const text = TEXTS[type];
  if ((type === CHASSIS || type === PORT) && length >= 1) {
    const kind = p.u8(at + 2);
    const { text: id, part } = identifier(p, tlv);
    const kinds = type === CHASSIS ? CHASSIS_KINDS : PORT_KINDS;
    const field = type === CHASSIS ? CHASSIS_KIND : PORT_KIND;
    const words = `${type === CHASSIS ? 'Chassis' : 'Port'} Subtype = ${kinds[kind] ?? 'Reserved'}, Id: ${id}`;
    return { words, inside: [shown(field, kind, [at + 2, 1]), ...(part === undefined ? [] : [part])] };
  }
  if (type === TTL && length >= 2) {
    const seconds = p.u16(at + 2);
    return { words: `Time To Live = ${seconds} sec`, inside: [shown(SECONDS, seconds, [at + 2, 2])] };
  }
  if (text !== undefined) {
    const value = p.ascii(at + 2, at + 2 + length);
    return { words: `${name} = ${printable(value)}`, inside: [shown(text, value, [at + 2, length])] };
  }
  if (type === 7 && length >= 4) {
    const inside = [shown(CAPABILITIES, p.u16(at + 2), [at + 2, 2]), shown(ENABLED, p.u16(at + 4), [at + 4, 2])];
    return { words: 'Capabilities', inside };
  }
  return { words: type === ORGANISATION && length >= 4 ? organisation(p, tlv) : name, inside: [] };
}

function organisation(p: PacketView, { at, length }: Tlv): string {
  const oui = formatBytes(p.bytes(at + 2, at + 5));
  return `Organization Specific (${oui}), subtype ${p.u8(at + 5)}, ${length - 4} bytes`;
}

function tlvPart(p: PacketView, tlv: Tlv): Part {
  const { words, inside } = content(p, tlv);
  return group(
    words,
    [tlv.at, tlv.length + 2],
    [shown(TLV_TYPE, tlv.type, [tlv.at, 2]), shown(TLV_LENGTH, tlv.length, [tlv.at, 2]), ...inside],
  );
}

/** `MA/00:23:54:c2:57:02 IN/eth0 120 SysN=name SysD=words`. */
function info(p: PacketView, l: Layer): string {
  const words = tlvs(p, l).map((tlv) => {
    const { at, type, length } = tlv;
    const text = (): string => printable(p.ascii(at + 2, at + 2 + length));
    switch (type) {
      case CHASSIS:
      case PORT: {
        const short = (type === CHASSIS ? CHASSIS_SHORT : PORT_SHORT)[p.u8(at + 2)] ?? '';
        return length < 1 ? '' : `${short}/${identifier(p, tlv).text} `;
      }
      case TTL:
        return length < 2 ? '' : `${p.u16(at + 2)} `;
      case SYSTEM_NAME:
        return `SysN=${text()} `;
      case SYSTEM_DESCRIPTION:
        return `SysD=${text()} `;
      default:
        return '';
    }
  });
  return words.join('');
}

export const lldp: Protocol = new Protocol({
  name: 'lldp',
  title: 'Link Layer Discovery Protocol',
  column: 'LLDP',
  found: { ethertype: [0x88cc] },
  header: 4,
  measure: (p, l) => {
    const last = tlvs(p, l).at(-1);
    l.end = l.body = last?.type === END ? last.at + 2 + last.length : l.end;
  },
  fields: [
    parts((p, l) => tlvs(p, l).map((tlv) => tlvPart(p, tlv))),
    TLV_TYPE,
    TLV_LENGTH,
    CHASSIS_KIND,
    CHASSIS_ID,
    CHASSIS_MAC,
    CHASSIS_IP,
    PORT_KIND,
    PORT_ID,
    PORT_MAC,
    PORT_IP,
    SECONDS,
    PORT_WORDS,
    NAME,
    DESCRIPTION,
    CAPABILITIES,
    ENABLED,
  ],
  info,
});
