/**
 * Pointers that casts make of numbers: addresses of guest memory, and those that `print` has shown for objects of the
 * stack, which lead back to them.
 */
import { NIC_BAR0, NIC_WINDOW } from '../../engine/guest-memory.ts';
import { numberOf, scalarOf } from './arithmetic.ts';
import { ExpressionError, type TypeName } from './ast.ts';
import type { Code } from './compile.ts';
import { ofScalar, SCALAR_TYPES, type ScalarType, type StaticType, type TypeTable } from './types.ts';

/** Addresses of the stack's objects begin here, far above those of guest memory. */
export const OBJECT_ADDRESSES = 0x7f0000000000;

/** JavaScript that throws what gdb says. */
function noAccess(address: string): string {
  return `(()=>{throw new Error("Cannot access memory at address 0x"+(${address}).toString(16))})()`;
}

/** JavaScript for the object at an address that `print` has shown; a struct does not begin within an array. */
export function objectAt(address: string, struct = false): string {
  const fits = struct ? 'o&&!ArrayBuffer.isView(o)' : 'o';
  return `((a)=>{const o=$R.objectAt(a);return ${fits}?o:${noAccess('a')}})(Number(${address}))`;
}

/** `(T *) EXP`. Throws `ExpressionError` for a type that nobody knows. */
export function castToPointer(type: TypeName, operand: Code, types: TypeTable): Code {
  const scalar = SCALAR_TYPES.get(type.name);
  const struct = types.struct(type.name);
  if (!scalar && !struct && type.name !== 'void') {
    throw new ExpressionError(`No struct type named ${type.name}.`);
  }
  const { constant } = operand;
  const number = operand.type.kind === 'guest' || operand.type.kind === 'bigint' || isNumber(operand);
  if (!number) {
    return castObject(operand, scalar, struct ? { kind: 'struct', struct } : operand.type);
  }
  if (struct || type.name === 'void') {
    const zero = Number(operand.js) === 0;
    const js = zero ? 'null' : objectAt(numberOf(operand), struct !== undefined);
    return { js, type: struct ? { kind: 'struct', struct } : operand.type, constant: zero && constant };
  }
  const to = { ...scalar!, name: type.name };
  return { js: `Number(${numberOf(operand)})`, type: { kind: 'guest', to }, constant };
}

/** A pointer to an object of the stack as the number that `print` shows; what is none stays what it is. */
export function withAddress(pointer: Code): Code {
  const { type, contents, constant } = pointer;
  if (constant || contents || (type.kind !== 'struct' && !pointer.pointer)) {
    return pointer;
  }
  const js = `((o)=>o===null||o===undefined?0:$R.describe(o).address)(${pointer.js})`;
  return { js, type: { kind: 'number' }, constant };
}

function isNumber(c: Code): boolean {
  return c.type.kind === 'number' || (scalarOf(c) !== undefined && !scalarOf(c)?.float);
}

/** A cast of an object, or of an array, whose bytes are then read as another type. */
function castObject(operand: Code, scalar: ScalarType | undefined, type: StaticType): Code {
  if (operand.type.kind !== 'array' || !scalar || !operand.type.scalar || operand.type.scalar.bits === scalar.bits) {
    return { js: operand.js, type, constant: operand.constant, ...(scalar ? ({ pointer: 'element' } as const) : {}) };
  }
  const size = scalar.bits / 8;
  const kind = arrayKind(scalar);
  // Words that are not aligned are copied; so nothing can be written through it.
  const js = `((o)=>new ${kind}(o.slice().buffer,0,Math.floor(o.byteLength/${size})))(${operand.js})`;
  return { js, type: { kind: 'array', element: ofScalar(scalar), scalar }, constant: false, pointer: 'element' };
}

/** The typed array whose elements are of a type. */
function arrayKind({ bits, signed, float }: ScalarType): string {
  return `${float ? 'Float' : `${bits > 32 ? 'Big' : ''}${signed ? 'Int' : 'Uint'}`}${Math.max(8, bits)}Array`;
}

/** `p[i]` and `*p` of an address of memory. */
export function memoryElement(pointer: Code, to: ScalarType, index: string): Code {
  const size = Math.max(1, to.bits / 8);
  const address = index === '0' ? pointer.js : `(${pointer.js}+${size}*Number(${index}))`;
  const method = to.float
    ? `getFloat${to.bits}`
    : `get${to.bits > 32 ? 'Big' : ''}${to.signed ? 'Int' : 'Uint'}${Math.max(8, to.bits)}`;
  const read =
    '((a)=>{' +
    `const o=${memoryAt('a')};if(!o||o.byteLength<${size})${noAccess('a')};` +
    `const v=new DataView(o.buffer,o.byteOffset,${size}).${method}(0,true);` +
    'return typeof v==="bigint"&&v<=9007199254740991n&&v>=-9007199254740991n?Number(v):v})';
  return {
    js: `${read}(${address})`,
    type: ofScalar(to),
    constant: false,
    scalar: { ...to, char: to.bits === 8 },
    memory: { address, scalar: to },
  };
}

/** JavaScript for the bytes from an address on: of RAM, of a NIC's registers, or of an array that was printed. */
function memoryAt(a: string): string {
  const registers =
    '((n)=>{const r=$G.machine.nics[n]?.mac_reg;' +
    `return r&&new Uint8Array(r.buffer,r.byteOffset,r.byteLength).subarray(${a}-${NIC_BAR0}+n*${NIC_WINDOW})})` +
    `(Math.ceil((${NIC_BAR0}-${a})/${NIC_WINDOW}))`;
  return (
    `(${a}>=${OBJECT_ADDRESSES}?$R.objectAt(${a}):${a}>=0&&${a}<$G.machine.ram.length` +
    `?$G.machine.ram.subarray(${a}):${registers})`
  );
}

/** Elements that can be looked at together. */
const MOST = 65536;

/** `*p@n`: a copy of so many elements. */
export function repeatedMemory({ address, scalar }: NonNullable<Code['memory']>, count: string): Code {
  const size = Math.max(1, scalar.bits / 8);
  const kind = arrayKind(scalar);
  const js =
    `((a,n)=>{if(!(n>0&&n<=${MOST}))throw new Error("Invalid number "+n+" of repetitions.");` +
    `const o=${memoryAt('a')};if(!o||o.byteLength<${size}*n)${noAccess('a')};` +
    `const b=new Uint8Array(${size}*n);b.set(new Uint8Array(o.buffer,o.byteOffset,b.length));` +
    `return new ${kind}(b.buffer)})(${address},Number(${count}))`;
  return { js, type: { kind: 'array', element: ofScalar(scalar), scalar }, constant: false, contents: true };
}

/** `p + n` and `p - q` of addresses of memory; undefined for anything else. */
export function pointerArithmetic(op: string, left: Code, right: Code): Code | undefined {
  if (left.type.kind !== 'guest' || (op !== '+' && op !== '-')) {
    return undefined;
  }
  const size = Math.max(1, left.type.to.bits / 8);
  const constant = left.constant && right.constant;
  if (right.type.kind === 'guest') {
    return { js: `((${left.js}-${right.js})/${size})`, type: { kind: 'number' }, constant };
  }
  return { js: `(${left.js}${op}${size}*Number(${numberOf(right)}))`, type: left.type, constant };
}
