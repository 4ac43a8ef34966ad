/**
 * What may be assigned to what. The stack's fields have types that nothing checks while it runs: an assignment that
 * changed one would have the stack fail later, somewhere else. So it is refused, or converted as C does.
 */
import type { EngineApi, Value } from '../engine/api.ts';
import { hex } from '../packets/format.ts';
import { ExpressionError } from './expression/ast.ts';
import type { Code } from './expression/compile.ts';
import { castInteger } from './expression/helpers.ts';
import { OBJECT_ADDRESSES } from './expression/pointers.ts';

type Wanted = 'number' | 'bigint' | 'boolean' | 'string' | 'object';

const INVALID_CAST = 'Invalid cast.';

/** JavaScript for `value` as the target takes it. Throws `ExpressionError` for what it cannot hold. */
export async function fitting(engine: EngineApi, target: Code, value: Code, frame: number): Promise<string> {
  const [now, given] = await Promise.all([engine.evaluate(target.js, frame), engine.evaluate(value.js, frame)]);
  if (now.kind === 'undefined') {
    throw new ExpressionError(
      target.origin === 'element'
        ? 'Cannot access memory: the index is outside of the array.'
        : 'Left operand of assignment is not an lvalue.',
    );
  }
  switch (wantedOf(target, now)) {
    case 'number':
      return numberFrom(value.js, given, target);
    case 'bigint':
      return isNumber(given) ? `BigInt(${castInteger(64, true, value.js)})` : refuse();
    case 'boolean':
      return isNumber(given) || given.kind === 'boolean' ? `!!(${value.js})` : refuse();
    case 'string':
      return given.kind === 'string' ? value.js : refuse();
    case 'object':
      return objectFrom(value.js, given, now, target);
  }
}

/** Writes a number to guest memory, cut to its type as C does. Throws `ExpressionError`. */
export async function assignMemory(
  engine: EngineApi,
  { address, scalar }: NonNullable<Code['memory']>,
  value: Code,
  frame: number,
): Promise<void> {
  const [at, given] = await Promise.all([engine.evaluate(address, frame), engine.evaluate(value.js, frame)]);
  if (!isNumber(given) && given.kind !== 'boolean') {
    return refuse();
  }
  if (Number(at.value) >= OBJECT_ADDRESSES) {
    throw new ExpressionError(
      'Only memory of the guest is written by its address; name the variable or field instead.',
    );
  }
  const bytes = new Uint8Array(Math.max(1, scalar.bits / 8));
  const view = new DataView(bytes.buffer);
  if (scalar.float) {
    view[scalar.bits === 32 ? 'setFloat32' : 'setFloat64'](0, Number(given.value), true);
  } else {
    const whole = BigInt.asUintN(
      64,
      typeof given.value === 'number' ? BigInt(Math.trunc(given.value)) : BigInt(given.value ?? 0),
    );
    bytes.forEach((_, i) => {
      bytes[i] = Number((whole >> BigInt(8 * i)) & 0xffn);
    });
  }
  if ((await engine.memory.write(Number(at.value), bytes)) < bytes.length) {
    throw new ExpressionError(`Cannot access memory at address ${hex(Number(at.value))}`);
  }
}

function refuse(): never {
  throw new ExpressionError(INVALID_CAST);
}

function isNumber({ kind }: Value): boolean {
  return kind === 'number' || kind === 'bigint';
}

/** What the target holds: by its declaration, or by what it holds now. */
function wantedOf({ type }: Code, now: Value): Wanted {
  switch (type.kind) {
    case 'int':
    case 'uint':
    case 'number':
    case 'float':
      return 'number';
    case 'logical':
    case 'boolean':
      return 'boolean';
    case 'bigint':
    case 'string':
      return type.kind;
    case 'struct':
    case 'array':
    case 'function':
      return 'object';
    default:
      return ['number', 'bigint', 'boolean', 'string'].includes(now.kind) ? (now.kind as Wanted) : 'object';
  }
}

/** An integer element is cut to its bits, as C and a typed array do. */
function numberFrom(js: string, given: Value, { type, scalar }: Code): string {
  const zero = given.kind === 'null';
  if (!isNumber(given) && given.kind !== 'boolean' && !zero) {
    return refuse();
  }
  const number = zero ? '0' : given.kind === 'bigint' || given.kind === 'boolean' ? `Number(${js})` : js;
  if (scalar && scalar.float !== true && scalar.bits <= 32) {
    return castInteger(scalar.bits, scalar.signed, number);
  }
  const fraction = given.kind === 'number' && !Number.isInteger(given.value) && type.kind !== 'float';
  return fraction ? `Math.trunc(${number})` : number;
}

/** A pointer takes NULL, where its declaration has it, and objects of its own type. */
function objectFrom(js: string, given: Value, now: Value, { type }: Code): string {
  if (given.kind === 'null' || (given.kind === 'number' && given.value === 0 && now.kind === 'null')) {
    return 'null';
  }
  const struct = type.kind === 'struct' ? type.struct.name : '';
  const same = now.kind === 'null' ? struct === '' || given.type === struct || given.type === '' : alike(given, now);
  return ['struct', 'array', 'bytes', 'map', 'function'].includes(given.kind) && same ? js : refuse();
}

function alike(a: Value, b: Value): boolean {
  return a.kind === b.kind && (a.type === b.type || a.type === '' || b.type === '');
}
