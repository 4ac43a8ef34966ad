/** Makers of the usual kinds of fields, for the files of `protocols/`. */
import type { ChecksumResult } from './checksum.ts';
import { hex } from './format.ts';
import type { Layer } from './layer.ts';
import type { PacketView } from './packet-view.ts';
import type { FieldDeclaration, FieldScalar, FieldType, Names, Of, Part, PartsDeclaration } from './protocol.ts';

/** What may be said of a field beside its name, type and value. */
export interface More extends Omit<FieldDeclaration, 'name' | 'description' | 'type' | 'value' | 'direct' | 'oneOf'> {
  /** Whether a layer has the field; absent: if its bytes are there. */
  readonly when?: Of<boolean>;
}

/** Hides a field from the tree. */
export const HIDDEN: { readonly shown: (p: PacketView, l: Layer) => boolean } = { shown: () => false };

type Direct = NonNullable<FieldDeclaration['direct']>['get'];
type Reader = (p: PacketView, at: number) => number;

const U8: Reader = (p, at) => p.u8(at);
const U16: Reader = (p, at) => p.u16(at);
const U32: Reader = (p, at) => p.u32(at);
const MAC: Reader = (p, at) => p.mac(at);

/** A field of a fixed place: there if its bytes are. */
function fixed(
  name: string,
  description: string,
  type: FieldType,
  place: readonly [off: number, width: number],
  read: (p: PacketView, at: number) => FieldScalar,
  { when, ...more }: More,
  direct?: Direct,
): FieldDeclaration {
  const [off, width] = place;
  const value: Of<FieldScalar | undefined> = (p, l) =>
    l.at + off + width > l.end || (when !== undefined && !when(p, l)) ? undefined : read(p, l.at + off);
  return {
    name,
    description,
    type,
    value,
    place: (_, l) => [l.at + off, width],
    ...(direct !== undefined && when === undefined ? { direct: { bytes: off + width, get: direct } } : {}),
    ...more,
  };
}

/** A byte. */
export function uint8(name: string, description: string, off: number, more: More = {}): FieldDeclaration {
  const direct: Direct = (protocol) => (p) => {
    const l = p.find(protocol);
    return l === null || l.short ? undefined : p.u8(l.at + off);
  };
  return fixed(name, description, 'uint8', [off, 1], U8, more, direct);
}

/** A big-endian number of 16 bits. */
export function uint16(name: string, description: string, off: number, more: More = {}): FieldDeclaration {
  const direct: Direct = (protocol) => (p) => {
    const l = p.find(protocol);
    return l === null || l.short ? undefined : p.u16(l.at + off);
  };
  return fixed(name, description, 'uint16', [off, 2], U16, more, direct);
}

export function uint32(name: string, description: string, off: number, more: More = {}): FieldDeclaration {
  return long(name, description, 'uint32', off, more);
}

export function ipv4(name: string, description: string, off: number, more: More = {}): FieldDeclaration {
  return long(name, description, 'ipv4', off, more);
}

function long(name: string, description: string, type: FieldType, off: number, more: More): FieldDeclaration {
  const direct: Direct = (protocol) => (p) => {
    const l = p.find(protocol);
    return l === null || l.short ? undefined : p.u32(l.at + off);
  };
  return fixed(name, description, type, [off, 4], U32, more, direct);
}

/** A MAC address. */
export function ether(name: string, description: string, off: number, more: More = {}): FieldDeclaration {
  const direct: Direct = (protocol) => (p) => {
    const l = p.find(protocol);
    return l === null || l.short ? undefined : p.mac(l.at + off);
  };
  return fixed(name, description, 'ether', [off, 6], MAC, more, direct);
}

export function ipv6(name: string, description: string, off: number, more: More = {}): FieldDeclaration {
  return fixed(name, description, 'ipv6', [off, 16], (p, at) => p.bytes(at, at + 16), more);
}

/** Where bits are, and what is made of them. */
export interface BitsPlace {
  readonly off: number;
  readonly width: 8 | 16 | 32;
  readonly mask: number;
  /** The value is this many times the number there; 1 if absent. */
  readonly times?: number;
  /** The lowest bits of the word that the tree draws; all if absent, none for 0. */
  readonly drawn?: number;
  /** Whether it says only if any of the bits is set; if absent, one bit does so. */
  readonly flag?: boolean;
}

/** Bits of a number: `(word & mask) >> shift`; a single one is a boolean. */
export function bits(name: string, description: string, place: BitsPlace, more: More = {}): FieldDeclaration {
  const { off, width, mask, times = 1, drawn = width } = place;
  const shift = 31 - Math.clz32(mask & -mask);
  const most = mask >>> shift;
  const { flag = most === 1 } = place;
  const type = flag ? 'boolean' : most > 0xffff ? 'uint32' : most > 255 ? 'uint16' : 'uint8';
  const read = width === 8 ? U8 : width === 16 ? U16 : U32;
  const size = width / 8;
  const number: Reader = (p, at) => ((read(p, at) & mask) >>> shift) * times;
  const single = (p: PacketView, at: number): boolean => (read(p, at) & mask) !== 0;
  const direct = flag ? flagOf(off, size, mask) : numberOf(off, size, number);
  const drawing = drawn > 0 ? { bits: { off, width, mask, drawn } } : {};
  return { ...drawing, ...fixed(name, description, type, [off, size], flag ? single : number, more, direct) };
}

/** A bit by its byte alone, which is the shortest way to it. */
function flagOf(off: number, size: number, mask: number): Direct {
  const byte = size - 1 - ((31 - Math.clz32(mask)) >> 3);
  const bit = mask >>> ((size - 1 - byte) * 8);
  return (protocol) => (p) => {
    const l = p.find(protocol);
    return l === null || l.short ? undefined : (p.u8(l.at + off + byte) & bit) !== 0;
  };
}

function numberOf(off: number, _size: number, read: Reader): Direct {
  return (protocol) => (p) => {
    const l = p.find(protocol);
    return l === null || l.short ? undefined : read(p, l.at + off);
  };
}

/** A field whose value a function finds. */
export function computed(
  name: string,
  description: string,
  type: FieldType,
  value: Of<FieldScalar | undefined>,
  { when, ...more }: More = {},
): FieldDeclaration {
  const guarded: Of<FieldScalar | undefined> = when ? (p, l) => (when(p, l) ? value(p, l) : undefined) : value;
  return { name, description, type, value: guarded, ...more };
}

/** A field that occurs in parts. */
export function variable(
  name: string,
  description: string,
  type: FieldType,
  more: VariableMore = {},
): FieldDeclaration {
  return { name, description, type, many: true, ...more };
}

/** What may be said of a field that occurs in parts. */
export type VariableMore = Pick<FieldDeclaration, 'hex' | 'names' | 'many'>;

/** Both of two fields of fixed places: `ip.addr` is `ip.src` and `ip.dst`. */
export function either(name: string, description: string, a: FieldDeclaration, b: FieldDeclaration): FieldDeclaration {
  const direct: Direct = (protocol) => (p) => {
    const l = p.find(protocol);
    const x = l === null ? undefined : a.value?.(p, l);
    const y = l === null ? undefined : b.value?.(p, l);
    return x === undefined || y === undefined ? (x ?? y) : [x, y];
  };
  const bytes = Math.max(a.direct?.bytes ?? Number.POSITIVE_INFINITY, b.direct?.bytes ?? Number.POSITIVE_INFINITY);
  const both = { name, description, type: a.type, hex: a.hex ?? false, many: true, oneOf: [a, b] };
  return { ...both, direct: { bytes, get: direct } };
}

/** What a function finds by walking through the bytes. */
export function parts(find: Of<readonly Part[]>): PartsDeclaration {
  return { parts: find };
}

/** A field that says only that it is there, as an expert does. */
export function expertField(name: string, description: string): FieldDeclaration {
  const value: Of<FieldScalar | undefined> = (p, l) =>
    l.protocol.declaration.experts?.(p, l).some((e) => e.field?.name === name) ? true : undefined;
  return { name, description, type: 'none', value, ...HIDDEN };
}

/** States of a checksum, numbered as Wireshark does. */
const CHECKSUM_STATES = { bad: 0, good: 1, unchecked: 2 } as const;
const CHECKSUM_NAMES: Names = { 0: 'Bad', 1: 'Good', 2: 'Unverified', 3: 'Not present' };
const NOT_PRESENT = 3;

/** What may be said of a checksum. */
export interface ChecksumKind {
  /** True if it is checked also where nobody has asked for it. */
  readonly always?: boolean;
  /** True if 0 says that there is none. */
  readonly optional?: boolean;
}

/** A checksum of 16 bits at `off`, with its verdict below it. */
export function checksum(
  name: string,
  description: string,
  off: number,
  check: Of<ChecksumResult>,
  kind: ChecksumKind = {},
): FieldDeclaration {
  const { always = false, optional = false } = kind;
  const absent: Of<boolean> = (p, l) => optional && p.u16(l.at + off) === 0;
  const verdict = (r: ChecksumResult): string =>
    r.state === 'good' ? '[correct]' : r.state === 'bad' ? `incorrect, should be ${hex(r.right, 4)}` : '[unverified]';
  const status: Of<number> = (p, l) =>
    always || p.checksums ? CHECKSUM_STATES[check(p, l).state] : absent(p, l) ? NOT_PRESENT : CHECKSUM_STATES.unchecked;
  const state: Of<string> = (p, l) => CHECKSUM_NAMES[status(p, l)] ?? '';
  return uint16(name, description, off, {
    hex: true,
    label: (p, l) => `${description}: ${hex(p.u16(l.at + off), 4)} ${verdict(check(p, l))}`,
    inside: [
      computed(`${name}.status`, 'Checksum Status', 'uint8', status, {
        place: (_, l) => [l.at + off, 0],
        label: (p, l) => `[Checksum Status: ${state(p, l)}]`,
        text: state,
      }),
    ],
  });
}

/** A line that says where a layer ends in the middle. */
export function malformedPart(p: PacketView, what: string, from: number): Part {
  return {
    name: '_ws.malformed',
    from,
    length: Math.max(0, p.limit - from),
    label: () => `[Malformed Packet: ${what}]`,
    text: () => what,
  };
}
