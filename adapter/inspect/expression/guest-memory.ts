/** Guest RAM in expressions: `*(uint32_t *)0x101000`, and `@` for more of it. */
import type { Evaluator } from '../evaluator.ts';
import { type Expression, ExpressionError } from './ast.ts';
import { type Code, compile } from './compile.ts';
import { ANY, ofScalar, SCALAR_TYPES } from './types.ts';

/** Elements that can be looked at together. */
const MOST = 65536;

/** What reads a range of guest RAM; `address` is JavaScript for where that begins. */
export interface GuestMemory {
  readonly code: Code;
  readonly address: string;
  readonly bytes: number;
}

/** The guest RAM that an expression means; undefined where it means none. */
export function guestMemory(e: Expression, evaluator: Evaluator, frame: number): GuestMemory | undefined {
  const repeated = e.kind === 'binary' && e.op === '@';
  const place = repeated ? e.left : e;
  if (place.kind !== 'unary' || place.op !== '*' || place.operand.kind !== 'cast') {
    return undefined;
  }
  const { type, operand } = place.operand;
  const scalar = SCALAR_TYPES.get(type.name);
  const scope = evaluator.engine.scope(frame);
  const context = evaluator.context(frame);
  const address = compile(operand, scope, context);
  if (!scalar || type.pointers !== 1 || scalar.bits < 8 || !address.constant) {
    return undefined;
  }
  const bytes = scalar.bits / 8;
  const ram = '$G.machine.ram';
  if (repeated) {
    const count = Number(compile(e.right, scope, context).js);
    if (!Number.isInteger(count) || count < 1 || count > MOST) {
      throw new ExpressionError(`Invalid number ${count} of repetitions.`);
    }
    const kind = `${scalar.signed ? 'Int' : 'Uint'}${scalar.bits}Array`;
    const js = `((m,a)=>new ${kind}(m.slice(a,a+${bytes * count}).buffer))(${ram},${address.js})`;
    return { code: { js, type: ANY, constant: false }, address: address.js, bytes: bytes * count };
  }
  const parts = Array.from({ length: bytes }, (_, i) => `m[a+${i}]${i < 3 ? `<<${8 * i}` : `*${2 ** (8 * i)}`}`);
  const sum = bytes < 4 ? `(${parts.join('|')})` : `(${parts.slice(0, 3).join('|')})+${parts.slice(3).join('+')}`;
  const wrapped = scalar.signed && bytes <= 4 ? `(${sum})<<${32 - scalar.bits}>>${32 - scalar.bits}` : sum;
  const char = scalar.bits === 8;
  const read = `((m,a)=>a+${bytes}<=m.length?${wrapped}:undefined)(${ram},${address.js})`;
  const code = { js: read, type: ofScalar(scalar), constant: false, lvalue: read, scalar: { ...scalar, char } };
  return { code, address: address.js, bytes };
}
