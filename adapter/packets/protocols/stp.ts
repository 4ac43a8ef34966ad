/** The spanning tree protocol (IEEE 802.1D), its rapid (802.1w) and its multiple kind (802.1s). */
import { MALFORMED } from '../cut.ts';
import { bits, computed, ether, parts, uint8, uint16, uint32 } from '../declare.ts';
import { formatEther, hex } from '../format.ts';
import type { Layer } from '../layer.ts';
import { group, quiet } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import { type Declaration, type FieldDeclaration, type Names, type Part, Protocol } from '../protocol.ts';
import { OUI_CISCO, sapKey, snapKey } from './link-keys.ts';

const CONFIGURATION = 0x00;
const RAPID = 0x02;
const TOPOLOGY_CHANGE = 0x80;
const VERSIONS: Names = { 0: 'Spanning Tree', 2: 'Rapid Spanning Tree', 3: 'Multiple Spanning Tree', 4: 'SPB' };
const TYPES: Names = {
  [CONFIGURATION]: 'Configuration',
  [RAPID]: 'Rapid/Multiple Spanning Tree',
  [TOPOLOGY_CHANGE]: 'Topology Change Notification',
};
const ROLES: Names = { 0: 'Unknown', 1: 'Alternate or Backup', 2: 'Root', 3: 'Designated' };
/** Length of a configuration. */
const WHOLE = 35;

function isWhole(p: PacketView, l: Layer): boolean {
  return p.u8(l.at + 3) !== TOPOLOGY_CHANGE && l.at + WHOLE <= l.end;
}

const whole = { when: isWhole };
const rapid = { when: (p: PacketView, l: Layer) => isWhole(p, l) && p.u8(l.at + 3) === RAPID };

/** `32768/1/00:19:06:ea:b8:80`: the priority, the VLAN, the bridge. */
function bridgeWords(p: PacketView, at: number, separator: string): string {
  const n = p.u16(at);
  return [n & 0xf000, n & 0xfff, formatEther(p.mac(at + 2))].join(separator);
}

/** An identifier of a bridge: a line, and its parts as fields. */
function bridge(name: string, words: string, off: number): Declaration[] {
  const title = `${words} Bridge`.replace('Bridge Bridge', 'Bridge');
  return [
    parts((p, l) =>
      isWhole(p, l) ? [group(`${words} Identifier: ${bridgeWords(p, l.at + off, ' / ')}`, [l.at + off, 8], [])] : [],
    ),
    computed(`stp.${name}.prio`, `${title} Priority`, 'uint16', (p, l) => p.u16(l.at + off) & 0xf000, {
      ...whole,
      place: (_, l) => [l.at + off, 1],
    }),
    computed(`stp.${name}.ext`, `${title} System ID Extension`, 'uint16', (p, l) => p.u16(l.at + off) & 0xfff, {
      ...whole,
      place: (_, l) => [l.at + off, 2],
    }),
    ether(`stp.${name}.hw`, `${title} System ID`, off + 2, whole),
  ];
}

/** A time in units of a 256th of a second. */
function time(name: string, description: string, off: number): FieldDeclaration {
  return computed(name, description, 'seconds', (p, l) => p.u16(l.at + off) / 256, {
    plain: (p, l) => String(p.u16(l.at + off) / 256),
    ...whole,
    place: (_, l) => [l.at + off, 2],
    text: (p, l) => String(p.u16(l.at + off) / 256),
  });
}

function flag(name: string, description: string, mask: number, more = whole): FieldDeclaration {
  return bits(name, description, { off: 4, width: 8, mask }, { ...more, words: (p, l) => yes(p, l, mask) });
}

function yes(p: PacketView, l: Layer, mask: number): string {
  return p.u8(l.at + 4) & mask ? 'Yes' : 'No';
}

function flagWords(p: PacketView, l: Layer): string {
  const flags = p.u8(l.at + 4);
  return flags & 1 ? 'TC + ' : '';
}

function info(p: PacketView, l: Layer): string {
  const type = p.u8(l.at + 3);
  if (type === TOPOLOGY_CHANGE) {
    return 'Topology Change Notification';
  }
  if (!isWhole(p, l)) {
    return MALFORMED;
  }
  const version = p.u8(l.at + 2);
  const kind = type === CONFIGURATION ? 'Conf' : version === 2 ? 'RST' : version === 3 ? 'MST' : 'SPT';
  const root = bridgeWords(p, l.at + 5, '/');
  const tc = flagWords(p, l);
  return `${kind}. ${tc}Root = ${root}  Cost = ${p.u32(l.at + 13)}  Port = ${hex(p.u16(l.at + 25), 4)}`;
}

/** Where the messages of single trees begin, each of 16 bytes, behind the region's identifier and the common tree. */
const TREES = 102;
const TREE = 16;
/** Bytes that the third version's length counts without them. */
const COMMON = 64;

/** The flags of a region's trees, which mean the same as the first ones. */
function treeFlags(p: PacketView, l: Layer): Part[] {
  if (!rapid.when(p, l) || p.u8(l.at + 2) < 3 || l.at + TREES > l.end) {
    return [];
  }
  const count = Math.floor((p.u16(l.at + 36) - COMMON) / TREE);
  const there = Math.floor((l.end - l.at - TREES) / TREE);
  return Array.from({ length: Math.max(0, Math.min(count, there)) }, (_, i) => l.at + TREES + TREE * i).flatMap((at) =>
    FLAGS.map((field) => {
      const mask = field.bits?.mask ?? 0;
      const value = p.u8(at) & mask;
      return quiet(field, field.type === 'boolean' ? value !== 0 : value >> 2, [at, 1]);
    }),
  );
}

const more = { alsoInParts: true };
const FLAGS = [
  { ...flag('stp.flags.tcack', 'Topology Change Acknowledgment', 0x80), ...more },
  { ...flag('stp.flags.agreement', 'Agreement', 0x40, rapid), ...more },
  { ...flag('stp.flags.forwarding', 'Forwarding', 0x20, rapid), ...more },
  { ...flag('stp.flags.learning', 'Learning', 0x10, rapid), ...more },
  {
    ...bits('stp.flags.port_role', 'Port Role', { off: 4, width: 8, mask: 0x0c }, { ...rapid, names: ROLES }),
    ...more,
  },
  { ...flag('stp.flags.proposal', 'Proposal', 0x02, rapid), ...more },
  { ...flag('stp.flags.tc', 'Topology Change', 0x01), ...more },
];

export const stp: Protocol = new Protocol({
  name: 'stp',
  title: 'Spanning Tree Protocol',
  column: 'STP',
  found: { ethertype: [sapKey(0x42), snapKey(OUI_CISCO, 0x010b)] },
  header: 4,
  open: (p, l) => p.u16(l.at) === 0 && TYPES[p.u8(l.at + 3)] !== undefined,
  fields: [
    uint16('stp.protocol', 'Protocol Identifier', 0, { hex: true, names: { 0: 'Spanning Tree Protocol' } }),
    uint8('stp.version', 'Protocol Version Identifier', 2, { names: VERSIONS }),
    uint8('stp.type', 'BPDU Type', 3, { hex: true, names: TYPES }),
    uint8('stp.flags', 'BPDU flags', 4, {
      ...whole,
      hex: true,
      inside: FLAGS,
    }),
    parts(treeFlags),
    ...bridge('root', 'Root', 5),
    uint32('stp.root.cost', 'Root Path Cost', 13, whole),
    ...bridge('bridge', 'Bridge', 17),
    uint16('stp.port', 'Port identifier', 25, { ...whole, hex: true }),
    time('stp.msg_age', 'Message Age', 27),
    time('stp.max_age', 'Max Age', 29),
    time('stp.hello', 'Hello Time', 31),
    time('stp.forward', 'Forward Delay', 33),
    uint8('stp.version_1_length', 'Version 1 Length', 35, rapid),
  ],
  info,
});
