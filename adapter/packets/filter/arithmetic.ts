/** Arithmetic of filters. What has no result (a division by zero, an overflow) is no value. */

import type { PacketView } from '../packet-view.ts';
import { FilterError } from './ast.ts';
import { ABILITIES } from './kinds.ts';
import { type Bind, bytesOf, fromBytes, type Operand, type Test, type Value } from './values.ts';

const LEAST = -(2 ** 31);
const MOST = 2 ** 32 - 1;

type Compute = (a: number, b: number) => number;

const INTEGERS: Readonly<Record<string, Compute>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => (b === 0 ? Number.NaN : Math.trunc(a / b)),
  '%': (a, b) => (b === 0 ? Number.NaN : a % b),
};

/** `+ - * / %` of two values. */
export function arithmetic(op: string, left: Operand, right: Operand): Operand {
  const { type } = left;
  requireAbility(op, left);
  if (right.type.kind !== type.kind) {
    throw new FilterError(`${left.words} and ${right.words} are not of compatible types.`);
  }
  const compute = INTEGERS[op] ?? (() => Number.NaN);
  const bounded = type.kind === 'integer';
  const result = (a: Value, b: Value): number => {
    const r = compute(a as number, b as number);
    return bounded && !(r >= LEAST && r <= MOST) ? Number.NaN : r;
  };
  return combined(left, right, result);
}

/** `&` of two values. */
export function masked(left: Operand, right: Operand): Operand {
  const { kind } = left.type;
  if (!ABILITIES[kind].masked) {
    throw new FilterError(`A ${left.type.words} cannot be masked with &.`);
  }
  if (kind === 'integer') {
    requireSame(left, right);
    return combined(left, right, (a, b) => ((a as number) & (b as number)) >>> 0);
  }
  const other = right.type.kind;
  return combined(left, right, (a, b) => fromBytes(andBytes(bytesOf(a, kind), bytesOf(b, other)), kind));
}

function requireSame(left: Operand, right: Operand): void {
  if (right.type.kind !== left.type.kind) {
    throw new FilterError(`${left.words} and ${right.words} are not of compatible types.`);
  }
}

/** As long as the shorter of the two. */
function andBytes(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.min(a.length, b.length));
  for (let i = 0; i < out.length; i++) {
    out[i] = (a[i] ?? 0) & (b[i] ?? 0);
  }
  return out;
}

export function negated(of: Operand): Operand {
  requireAbility('-', of);
  if (of.constant) {
    if (of.type.kind === 'integer' && (of.constant.value as number) > -LEAST) {
      throw new FilterError(`${of.constant.value} is too big to be negative.`);
    }
    return computedConstant(of, -(of.constant.value as number));
  }
  const { bind } = of;
  return computed(of, (test) => bind((v, p) => test(-(v as number), p)));
}

function requireAbility(op: string, { type }: Operand): void {
  if (!ABILITIES[type.kind].arithmetic.includes(op)) {
    throw new FilterError(`A ${type.words} cannot be computed with ${op}.`);
  }
}

/** The results for all pairs of values. */
function combined(left: Operand, right: Operand, result: (a: Value, b: Value) => Value): Operand {
  if (left.constant && right.constant) {
    return computedConstant(left, result(left.constant.value, right.constant.value));
  }
  const { bind } = left;
  if (right.constant) {
    const { value } = right.constant;
    return computed(left, (test) => bind((a, p) => given(result(a, value), p, test)));
  }
  return computed(left, (test) => {
    let a: Value = 0;
    const others = right.bind((b, p) => given(result(a, b), p, test));
    return bind((v, p) => {
      a = v;
      return others(p);
    });
  });
}

function given(r: Value, p: PacketView, test: Test): boolean {
  return !Number.isNaN(r) && test(r, p);
}

function computed(of: Operand, bind: Bind): Operand {
  const { type, sliced, field } = of;
  return { type, sliced, ...(field ? { field } : {}), plain: false, words: 'the expression', bind };
}

/** Constants that are computed have their value at once; one without a value is equal to nothing. */
function computedConstant(of: Operand, value: Value): Operand {
  const none = Number.isNaN(value);
  const bind: Bind = (test) => (p) => !none && test(value, p);
  return { ...computed(of, bind), words: 'the constant', ...(none ? {} : { constant: { value } }) };
}
