/** The types of display filters: what each type of field is there, and what can be done with values of it. */
import type { Field, FieldType } from '../protocol.ts';

export type Kind =
  | 'integer'
  | 'boolean'
  | 'ipv4'
  | 'ipv6'
  | 'ether'
  | 'bytes'
  | 'string'
  | 'protocol'
  | 'float'
  | 'duration'
  | 'time'
  | 'label';

/** A type: its kind, what it is called in messages, and for numbers their size. */
export interface Type {
  readonly kind: Kind;
  readonly words: string;
  /** Bytes of a value; 0 where that differs. */
  readonly size: number;
  /** The largest number. */
  readonly max: number;
  /** True for integers that may be negative. */
  readonly signed: boolean;
}

function type(kind: Kind, words: string, size = 0, max = 0, signed = false): Type {
  return { kind, words, size, max, signed };
}

function unsigned(size: number): Type {
  return type('integer', `Unsigned integer (${size} byte${size === 1 ? '' : 's'})`, size, 2 ** (8 * size) - 1);
}

/** Of a field that says only that it is there. */
const LABEL: Type = type('label', 'Label');

const TYPES: Readonly<Record<FieldType, Type>> = {
  uint8: unsigned(1),
  uint16: unsigned(2),
  uint32: unsigned(4),
  int32: type('integer', 'Signed integer (4 bytes)', 4, 2 ** 31 - 1, true),
  seconds: type('duration', 'Time offset'),
  milliseconds: type('float', 'Floating point (double-precision)'),
  time: type('time', 'Date and time'),
  ipv4: type('ipv4', 'IPv4 address', 4),
  ipv6: type('ipv6', 'IPv6 address', 16),
  ether: type('ether', 'Ethernet or other MAC address', 6),
  bytes: type('bytes', 'Byte sequence'),
  string: type('string', 'Character string'),
  boolean: type('boolean', 'Boolean'),
  protocol: type('protocol', 'Protocol'),
  none: LABEL,
};

/** What slices and raw bytes are. */
export const BYTES: Type = TYPES.bytes;
/** What `len` and `count` are. */
export const NUMBER: Type = TYPES.uint32;
/** What `string`, `upper` and `lower` are. */
export const STRING: Type = TYPES.string;

/** A point in time that Wireshark compares as a number of seconds. */
const EPOCH = 'frame.time_epoch';

export function typeOf(field: Field): Type {
  if (field.name === EPOCH) {
    return TYPES.seconds;
  }
  return field.type === 'protocol' && !isProtocol(field) ? LABEL : TYPES[field.type];
}

/** Whether a field stands for its protocol. */
export function isProtocol(field: Field): boolean {
  return field.name === field.protocol.name;
}

export interface Abilities {
  /** `==` and the like; `<` and the like go with it. */
  readonly compared: boolean;
  /** `contains` and `matches`. */
  readonly searched: boolean;
  readonly sliced: boolean;
  readonly masked: boolean;
  /** Arithmetic operators that take it. */
  readonly arithmetic: string;
  /** Whether `string` takes it. */
  readonly spelled: boolean;
}

const ADDRESS: Abilities = {
  compared: true,
  searched: false,
  sliced: true,
  masked: true,
  arithmetic: '',
  spelled: true,
};
const OCTETS: Abilities = { ...ADDRESS, searched: true, spelled: false };
const PLAIN: Abilities = { ...ADDRESS, sliced: false, masked: false, spelled: false };

export const ABILITIES: Readonly<Record<Kind, Abilities>> = {
  integer: { ...PLAIN, masked: true, arithmetic: '+-*/%', spelled: true },
  boolean: PLAIN,
  ipv4: ADDRESS,
  ipv6: ADDRESS,
  ether: { ...OCTETS, spelled: true },
  bytes: OCTETS,
  string: { ...OCTETS, masked: false },
  protocol: { ...OCTETS, masked: false },
  float: PLAIN,
  duration: { ...PLAIN, arithmetic: '+-' },
  time: PLAIN,
  label: { ...PLAIN, compared: false },
};

/** Whether values of two types can be compared with each other; slices with all that can be sliced. */
export function comparable(a: Type, b: Type, aSliced: boolean, bSliced: boolean): boolean {
  if (a.kind === b.kind) {
    return true;
  }
  if (aSliced || bSliced) {
    return (aSliced || ABILITIES[a.kind].sliced) && (bSliced || ABILITIES[b.kind].sliced);
  }
  if (a.kind === 'integer' && b.kind === 'boolean') {
    return true;
  }
  const octets = (t: Type): boolean => t.kind === 'bytes' || t.kind === 'ether';
  return octets(a) && octets(b);
}
