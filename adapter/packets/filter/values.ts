/** Values of packets at work: where they come from, how they compare. */
import type { PacketView } from '../packet-view.ts';
import type { Field } from '../protocol.ts';
import type { Relation } from './ast.ts';
import { ABILITIES, type Kind, type Type } from './kinds.ts';
import type { Constant, Value } from './literals.ts';

export type { Constant, Value } from './literals.ts';

export type Matcher = (p: PacketView) => boolean;
export type Test = (value: Value, p: PacketView) => boolean;

/**
 * Makes what shows a packet's values to a test until that says true, and says whether it did. All that is needed is
 * made here, once: nothing is made for a packet.
 */
export type Bind = (test: Test) => Matcher;

/** A value of a filter that is understood. */
export interface Operand {
  readonly type: Type;
  /** True for bytes that a slice or `@` has made, which compare with more than their like. */
  readonly sliced: boolean;
  /** Whose names stand for numbers beside it. */
  readonly field?: Field;
  readonly constant?: Constant;
  /** True for a field by itself. */
  readonly plain: boolean;
  /** What messages call it. */
  readonly words: string;
  readonly bind: Bind;
  /** The same for `contains` and `matches`, which see what a protocol carries too. */
  readonly searched?: Bind;
}

export const ALWAYS: Test = () => true;

/** Kinds whose values are numbers. */
const NUMBERS: ReadonlySet<Kind> = new Set(['integer', 'boolean', 'ipv4', 'ether', 'float', 'duration', 'time']);

/** Less than 0, 0 or more, as for sorting; NaN for what cannot be ordered and differs. */
type Order = (a: Value, b: Value) => number;

/** A negative number beside an unsigned one is neither less nor more. */
const orderIntegers: Order = (a, b) =>
  typeof a === 'number' && typeof b === 'number' && !(b < 0 && a >= 0) ? a - b : Number.NaN;
const orderNumbers: Order = (a, b) => (typeof a === 'number' && typeof b === 'number' ? a - b : Number.NaN);
const orderStrings: Order = (a, b) => (a === b ? 0 : a < b ? -1 : 1);

/** How values of two operands compare. */
function orderOf(a: Type, b: Type): Order {
  if (a.kind === 'integer' && b.kind === 'integer') {
    return a.signed ? orderNumbers : orderIntegers;
  }
  if ((a.kind === b.kind && NUMBERS.has(a.kind)) || b.kind === 'boolean') {
    return orderNumbers;
  }
  if (a.kind === 'string' && b.kind === 'string') {
    return orderStrings;
  }
  return (x, y) => compareBytes(bytesOf(x, a.kind), bytesOf(y, b.kind));
}

function holds(op: '==' | '!=' | '<' | '<=' | '>' | '>=', order: number): boolean {
  switch (op) {
    case '==':
      return order === 0;
    case '!=':
      return order !== 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}

/** What a relation asks of one pair of values. */
export type Single = '==' | '!=' | '<' | '<=' | '>' | '>=';

export function singleOf(op: Relation): Single {
  return op === '===' ? '==' : op === '!==' ? '!=' : op;
}

/** The test of a value against another one. */
export function pairTest(op: Single, a: Type, b: Type): (x: Value, y: Value) => boolean {
  const order = orderOf(a, b);
  return (x, y) => holds(op, order(x, y));
}

/** The test of a value against a constant; for numbers as short as can be. */
export function constantTest(op: Single, a: Type, { value, prefix }: Constant, b: Type): Test {
  if (prefix !== undefined) {
    return networkTest(op, value, prefix);
  }
  if (typeof value === 'number' && a.kind === b.kind && (a.kind !== 'integer' || value >= 0)) {
    return numberTest(op, value);
  }
  if (value instanceof Uint8Array && op === '==' && a.kind !== 'string') {
    return (x) => equalBytes(bytesOf(x, a.kind), value);
  }
  const test = pairTest(op, a, b);
  return (x) => test(x, value);
}

function numberTest(op: Single, c: number): Test {
  switch (op) {
    case '==':
      return (x) => x === c;
    case '!=':
      return (x) => x !== c;
    case '<':
      return (x) => (x as number) < c;
    case '<=':
      return (x) => (x as number) <= c;
    case '>':
      return (x) => (x as number) > c;
    case '>=':
      return (x) => (x as number) >= c;
  }
}

/** A comparison of the first bits of addresses. */
function networkTest(op: Single, value: Value, prefix: number): Test {
  if (typeof value === 'number') {
    const mask = prefix === 0 ? 0 : -1 << (32 - prefix);
    const net = value & mask;
    if (op === '==') {
      return (x) => ((x as number) & mask) === net;
    }
    return (x) => holds(op, (((x as number) & mask) >>> 0) - (net >>> 0));
  }
  const net = bytesOf(value, 'bytes');
  return (x) => holds(op, compareBits(bytesOf(x, 'ipv6'), net, prefix));
}

function compareBits(a: Uint8Array, b: Uint8Array, bits: number): number {
  const whole = bits >> 3;
  const rest = 8 - (bits & 7);
  for (let i = 0; i < whole; i++) {
    if (a[i] !== b[i]) {
      return (a[i] ?? 0) - (b[i] ?? 0);
    }
  }
  return rest === 8 ? 0 : ((a[whole] ?? 0) >> rest) - ((b[whole] ?? 0) >> rest);
}

/** The shorter is the lesser, as for numbers. */
function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length && a.length === b.length; i++) {
    if (a[i] !== b[i]) {
      return (a[i] ?? 0) - (b[i] ?? 0);
    }
  }
  return a.length - b.length;
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && startsAt(a, b, 0);
}

function startsAt(a: Uint8Array, b: Uint8Array, at: number): boolean {
  for (let i = 0; i < b.length; i++) {
    if (a[at + i] !== b[i]) {
      return false;
    }
  }
  return true;
}

/** Whether bytes have others somewhere in them. */
export function includesBytes(hay: Uint8Array, needle: Uint8Array): boolean {
  const first = needle[0];
  if (first === undefined) {
    return true;
  }
  const last = hay.length - needle.length;
  for (let at = hay.indexOf(first); at >= 0 && at <= last; at = hay.indexOf(first, at + 1)) {
    if (startsAt(hay, needle, at)) {
      return true;
    }
  }
  return false;
}

/** A value as the bytes that a packet has for it. */
export function bytesOf(value: Value, kind: Kind): Uint8Array {
  if (value instanceof Uint8Array) {
    return value;
  }
  if (typeof value === 'string') {
    return Uint8Array.from(value, (c) => c.charCodeAt(0) & 255);
  }
  const bytes = new Uint8Array(kind === 'ether' ? 6 : 4);
  for (let i = bytes.length - 1, rest = value; i >= 0; i--, rest = Math.floor(rest / 256)) {
    bytes[i] = rest % 256;
  }
  return bytes;
}

/** Bytes as a value of a kind that can be masked. */
export function fromBytes(bytes: Uint8Array, kind: Kind): Value {
  return kind === 'ipv4' || kind === 'ether' ? bytes.reduce((sum, b) => sum * 256 + b, 0) : bytes;
}

/** False for 0 and for bytes that are all 0. */
export function isNonzero(value: Value): boolean {
  if (typeof value === 'number') {
    return value !== 0;
  }
  for (let i = 0; i < value.length; i++) {
    if (value[i] !== 0) {
      return true;
    }
  }
  return false;
}

/** Whether one value is larger than another one of its type; here a negative number is less than others. */
export function isLarger(type: Type): (a: Value, b: Value) => boolean {
  const order = NUMBERS.has(type.kind) ? orderNumbers : orderOf(type, type);
  return (a, b) => order(a, b) > 0;
}

/** Whether values of an operand can be searched with `contains` and `matches`. */
export function isSearched({ type, sliced }: Operand): boolean {
  return sliced || ABILITIES[type.kind].searched;
}
