/** Options of neighbour discovery (RFC 4861, section 4.6; RFC 8106). */
import { Cursor } from '../cursor.ts';
import { variable } from '../declare.ts';
import type { Layer } from '../layer.ts';
import { nameOf } from '../occurrence.ts';
import type { PacketView } from '../packet-view.ts';
import type { FieldDeclaration, Names, Part } from '../protocol.ts';

export const SOURCE_ADDRESS = 1;
export const TARGET_ADDRESS = 2;
const PREFIX = 3;
const MTU = 5;
const DNS_SERVERS = 25;
const OPTIONS: Names = {
  [SOURCE_ADDRESS]: 'Source link-layer address',
  [TARGET_ADDRESS]: 'Target link-layer address',
  [PREFIX]: 'Prefix information',
  4: 'Redirected header',
  [MTU]: 'MTU',
  7: 'Advertisement Interval',
  14: 'Nonce',
  24: 'Route Information',
  [DNS_SERVERS]: 'Recursive DNS Server',
  31: 'DNS Search List Option',
};
const MAX_OPTIONS = 64;
/** Where the options of a message begin, by its type. */
const STARTS: Readonly<Record<number, number>> = { 133: 8, 134: 16, 135: 24, 136: 24, 137: 40 };

const TYPE = variable('icmpv6.opt.type', 'Type', 'uint8', { names: OPTIONS });
const LENGTH = variable('icmpv6.opt.length', 'Length', 'uint8');
const LINK = variable('icmpv6.opt.linkaddr', 'Link-layer address', 'bytes');
const SOURCE = variable('icmpv6.opt.src_linkaddr', 'Source Link-layer address', 'bytes');
const TARGET = variable('icmpv6.opt.target_linkaddr', 'Target Link-layer address', 'bytes');
const PREFIX_LENGTH = variable('icmpv6.opt.prefix.length', 'Prefix Length', 'uint8');
const PREFIX_FLAG = variable('icmpv6.opt.prefix.flag', 'Flag', 'uint8', { hex: true });
const VALID = variable('icmpv6.opt.prefix.valid_lifetime', 'Valid Lifetime', 'uint32');
const PREFERRED = variable('icmpv6.opt.prefix.preferred_lifetime', 'Preferred Lifetime', 'uint32');
const PREFIX_ADDRESS = variable('icmpv6.opt.prefix', 'Prefix', 'ipv6');
const MTU_VALUE = variable('icmpv6.opt.mtu', 'MTU', 'uint32');
const LIFETIME = variable('icmpv6.opt.rdnss.lifetime', 'Lifetime', 'uint32');
const SERVER = variable('icmpv6.opt.rdnss', 'Recursive DNS Servers', 'ipv6');

export const OPTION_FIELDS: readonly FieldDeclaration[] = [
  TYPE,
  LENGTH,
  LINK,
  SOURCE,
  TARGET,
  PREFIX_LENGTH,
  PREFIX_FLAG,
  VALID,
  PREFERRED,
  PREFIX_ADDRESS,
  MTU_VALUE,
  LIFETIME,
  SERVER,
];

interface Option {
  readonly at: number;
  readonly type: number;
  /** In bytes. */
  readonly length: number;
}

function options(p: PacketView, l: Layer): Option[] {
  const out: Option[] = [];
  const start = STARTS[p.u8(l.at)];
  for (let at = start === undefined ? l.end : l.at + start; at + 8 <= l.end && out.length < MAX_OPTIONS; ) {
    const length = p.u8(at + 1) * 8;
    if (length === 0 || at + length > l.end) {
      break;
    }
    out.push({ at, type: p.u8(at), length });
    at += length;
  }
  return out;
}

/** The hardware address that a message tells in an option; the last one counts. */
export function linkAddress(p: PacketView, l: Layer, type: number): number | undefined {
  const o = options(p, l).findLast((x) => x.type === type);
  return o?.length === 8 ? p.mac(o.at + 2) : undefined;
}

export function optionParts(p: PacketView, l: Layer): Part[] {
  return options(p, l).map(({ at, type, length }) => {
    const c = new Cursor(p, at, at + length);
    c.number(1, TYPE);
    c.number(1, LENGTH, { label: () => `Length: ${length / 8} (${length} bytes)` });
    value(c, type);
    const label = (): string => `ICMPv6 Option (${nameOf(OPTIONS, type)})`;
    return { from: at, length, label, inside: c.parts };
  });
}

function value(c: Cursor, type: number): void {
  switch (type) {
    case SOURCE_ADDRESS:
    case TARGET_ADDRESS:
      if (c.left === 6) {
        c.bytes(6, LINK);
        c.at -= 6;
        c.bytes(6, type === SOURCE_ADDRESS ? SOURCE : TARGET);
      }
      break;
    case PREFIX:
      c.number(1, PREFIX_LENGTH);
      c.number(1, PREFIX_FLAG);
      c.number(4, VALID);
      c.number(4, PREFERRED);
      c.skip(4);
      c.bytes(16, PREFIX_ADDRESS);
      break;
    case MTU:
      c.skip(2);
      c.number(4, MTU_VALUE);
      break;
    case DNS_SERVERS:
      c.skip(2);
      c.number(4, LIFETIME);
      while (c.left >= 16) {
        c.bytes(16, SERVER);
      }
      break;
  }
}
