/**
 * Arithmetic. Where both operands have a type of C's, so has the result (C17 6.3.1.8), and wraps. Numbers of the stack
 * have none: JavaScript's are exact up to 2^53, and become BigInts beyond.
 */
import { type BinaryOperator, ExpressionError } from './ast.ts';
import type { Code } from './compile.ts';
import * as js from './helpers.ts';
import { ANY, FLOAT, INT, NUMBER, type ScalarType, UINT } from './types.ts';

const INT_LIKE = new Set(['int', 'uint', 'logical', 'boolean']);
const NUMBER_LIKE = new Set(['int', 'uint', 'number', 'float', 'logical', 'boolean']);

const C_INT: ScalarType = { bits: 32, signed: true };
const C_UINT: ScalarType = { bits: 32, signed: false };
const C_DOUBLE: ScalarType = { bits: 64, signed: true, float: true };

export function isIntLike({ type }: Code): boolean {
  return INT_LIKE.has(type.kind);
}

export function isNumberLike({ type }: Code): boolean {
  return NUMBER_LIKE.has(type.kind);
}

/** A comparison's result as C's 1 or 0. */
export function numberOf(c: Code): string {
  return c.type.kind === 'logical' ? `(${c.js}?1:0)` : c.js;
}

/** C's type of a value; undefined for a number of the stack, and for what is no number. */
export function scalarOf({ scalar, type }: Code): ScalarType | undefined {
  if (scalar) {
    return scalar;
  }
  switch (type.kind) {
    case 'int':
    case 'logical':
    case 'boolean':
      return C_INT;
    case 'uint':
      return C_UINT;
    case 'float':
      return C_DOUBLE;
    default:
      return undefined;
  }
}

/** The type that both operands are converted to. */
function commonType(a: ScalarType, b: ScalarType): ScalarType {
  if (a.float || b.float) {
    const single = [a, b].every((s) => !s.float || s.bits === 32);
    return single ? { ...C_DOUBLE, bits: 32 } : C_DOUBLE;
  }
  const [x, y] = [promoted(a), promoted(b)];
  const bits = Math.max(x.bits, y.bits);
  const signed = [x, y].every((s) => s.signed || s.bits < bits);
  return { bits, signed };
}

/** Small types are ints in arithmetic. */
function promoted(s: ScalarType): ScalarType {
  return s.bits < 32 ? C_INT : { bits: s.bits, signed: s.signed };
}

/** The value of an operand as the common type has it: -1 is 4294967295 beside an unsigned int. */
function converted(c: Code, to: ScalarType): string {
  const from = scalarOf(c);
  const value = c.origin === 'element' || c.origin === 'register' ? js.present(c.js) : numberOf(c);
  const negative = from?.signed !== false && !/^\d+$/.test(value);
  if (to.float || to.signed || !negative) {
    return value;
  }
  return to.bits === 32 ? `(${value}>>>0)` : js.castInteger(to.bits, false, value);
}

/** A value of 32 or 64 bits. */
function integer(text: string, { bits, signed }: ScalarType): Pick<Code, 'js' | 'type' | 'scalar'> {
  if (bits > 32) {
    return { js: js.castInteger(bits, signed, text), type: ANY, scalar: { bits, signed } };
  }
  return signed ? { js: `(${text}|0)`, type: INT } : { js: `(${text}>>>0)`, type: UINT };
}

/** `* / % + - << >> & ^ |`. */
export function arithmetic(op: BinaryOperator, left: Code, right: Code): Code {
  const [l, r] = [scalarOf(left), scalarOf(right)];
  if (op === '<<' || op === '>>') {
    return shifted(op, left, right);
  }
  return l && r ? inType(op, commonType(l, r), left, right) : untyped(op, left, right);
}

function inType(op: BinaryOperator, type: ScalarType, left: Code, right: Code): Code {
  const a = converted(left, type);
  const b = converted(right, type);
  if (type.float) {
    return floating(op, type, a, b);
  }
  const wide = type.bits > 32;
  switch (op) {
    case '+':
    case '-':
      return { ...integer(wide ? js.arithmetic(op, a, b) : `${a}${op}${b}`, type), constant: false };
    case '*':
      return { ...integer(wide ? js.arithmetic(op, a, b) : `Math.imul(${a},${b})`, type), constant: false };
    case '/':
    case '%':
      return { ...integer(js.division(op, a, b), type), constant: false };
    case '&':
    case '|':
    case '^':
      return { ...integer(wide ? js.bitwise(op, a, b) : `(${a}${op}${b})`, type), constant: false };
    default:
      throw new ExpressionError(`The operator ${op} is not supported here.`);
  }
}

function floating(op: BinaryOperator, type: ScalarType, a: string, b: string): Code {
  if (!'+-*/'.includes(op)) {
    throw new ExpressionError('Integer-only operation on floating point number.');
  }
  const text = `(${a}${op}${b})`;
  return type.bits === 32
    ? { js: `Math.fround${text}`, type: FLOAT, constant: false, scalar: type }
    : { js: text, type: FLOAT, constant: false };
}

/** Where a number of the stack takes part. */
function untyped(op: BinaryOperator, left: Code, right: Code): Code {
  const a = numberOf(left);
  const b = numberOf(right);
  const numbers = isNumberLike(left) && isNumberLike(right);
  if (numbers && (left.type.kind === 'float' || right.type.kind === 'float') && '+-*/'.includes(op)) {
    return { js: `(${a}${op}${b})`, type: FLOAT, constant: false };
  }
  switch (op) {
    case '+':
    case '-': {
      if (numbers) {
        return { js: `(${a}${op}${b})`, type: NUMBER, constant: false };
      }
      const type = op === '+' && left.type.kind === 'array' ? left.type : ANY;
      return { js: js.arithmetic(op, a, b), type, constant: false, ...(left.pointer ? { pointer: left.pointer } : {}) };
    }
    case '*':
      return { js: js.arithmetic(op, a, b), type: ANY, constant: false };
    case '/':
    case '%':
      return { js: js.division(op, a, b), type: numbers ? NUMBER : ANY, constant: false };
    case '&':
    case '|':
    case '^':
      return { js: js.bitwise(op, a, b), type: ANY, constant: false };
    default:
      throw new ExpressionError(`The operator ${op} is not supported here.`);
  }
}

/** A shift has the type of its left operand; one by more bits than that has leaves nothing, or the sign. */
function shifted(op: '<<' | '>>', left: Code, right: Code): Code {
  const scalar = scalarOf(left);
  if (scalar?.float || scalarOf(right)?.float) {
    throw new ExpressionError('Integer-only operation on floating point number.');
  }
  if (!scalar) {
    return { js: js.shift(op, numberOf(left), numberOf(right)), type: ANY, constant: false };
  }
  const type = promoted(scalar);
  const a = converted(left, type);
  const b = numberOf(right);
  if (type.bits > 32) {
    return { ...integer(js.wideShift(op, type.bits, a, b), type), constant: false };
  }
  const count = Number(right.js);
  if (count >= 0 && count < 32) {
    const text = op === '>>' && !type.signed ? `${a}>>>${count}` : `${a}${op}${count}`;
    return {
      js: type.signed || op === '>>' ? `(${text})` : `(${text}>>>0)`,
      type: type.signed ? INT : UINT,
      constant: false,
    };
  }
  return { ...integer(js.narrowShift(op, type.signed, a, b), type), constant: false };
}

/** `-x` and `~x`. */
export function negated(op: '-' | '~', operand: Code): Code {
  const { constant } = operand;
  const scalar = scalarOf(operand);
  if (!scalar) {
    return { js: js.negate(op, numberOf(operand)), type: ANY, constant };
  }
  if (scalar.float) {
    if (op === '~') {
      throw new ExpressionError('Argument to complement operation not an integer, boolean.');
    }
    return { js: `(-${operand.js})`, type: FLOAT, constant, ...(scalar.bits === 32 ? { scalar } : {}) };
  }
  const type = promoted(scalar);
  const value = converted(operand, type);
  return { ...integer(type.bits > 32 ? js.negate(op, value) : `${op}${value}`, type), constant };
}

/** Both sides of a comparison, as C converts them. */
export function comparable(left: Code, right: Code): readonly [string, string] {
  const [l, r] = [scalarOf(left), scalarOf(right)];
  const type = l && r && commonType(l, r);
  if (!type || type.float || type.signed) {
    return [left.js, right.js];
  }
  return [left, right].map((c) => (scalarOf(c)?.signed ? converted(c, type) : c.js)) as [string, string];
}
