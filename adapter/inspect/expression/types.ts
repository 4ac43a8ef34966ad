/**
 * Types as far as expressions need them: C's scalars for casts, and what the stack's type annotations say about a
 * value.
 */

import type { DebugInfo, FunctionInfo, StructInfo, Variable } from '../../compiler/debug-info.ts';
import type { Field } from '../../packets/fields.ts';

/** A C scalar: width in bits; `bits` 1 is bool, 0 void. */
export interface ScalarType {
  readonly bits: number;
  readonly signed: boolean;
  readonly float?: boolean;
  /** As C's programmers call it, where a cast or a constant says so. */
  readonly name?: string;
}

function scalar(bits: number, signed: boolean): ScalarType {
  return { bits, signed };
}

function named(bits: number, signed: boolean): ScalarType {
  return { bits, signed, name: `${signed ? '' : 'u'}int${bits}_t` };
}

/** How gdb calls C's integer types that can be written in several ways. */
const SPELLINGS: Readonly<Record<string, string>> = {
  'short int': 'short',
  'unsigned short int': 'unsigned short',
  signed: 'int',
  'signed int': 'int',
  unsigned: 'unsigned int',
  'long int': 'long',
  'long long int': 'long long',
  'unsigned long int': 'unsigned long',
  'unsigned long long int': 'unsigned long long',
  bool: '_Bool',
};

const INTEGERS: Readonly<Record<number, string>> = { 8: 'char', 16: 'short', 32: 'int', 64: 'long' };

/** The name of a scalar type, as C's programmers or, where they gave none, C calls it. */
export function scalarName({ bits, signed, float, name }: ScalarType): string {
  if (name !== undefined) {
    return SPELLINGS[name] ?? name;
  }
  return float ? (bits === 32 ? 'float' : 'double') : `${signed ? '' : 'unsigned '}${INTEGERS[bits] ?? '_Bool'}`;
}

/** C's own name of a type that a header defines: `uint32_t` is an unsigned int. */
export function basicName(name: string): string {
  const scalar = SCALAR_TYPES.get(name);
  return !scalar || /^(?:_Bool|(?:un)?signed\b|short|int|long|char|float|double)/.test(name)
    ? (SPELLINGS[name] ?? name)
    : scalarName({
        ...scalar,
        ...(scalar.bits === 8 ? { name: scalar.signed ? 'signed char' : 'unsigned char' } : {}),
      });
}

/** C's scalar types by name (LP64, as gdb shows on x86-64), the kernel's short ones and QEMU's. */
export const SCALAR_TYPES: ReadonlyMap<string, ScalarType> = new Map([
  ['bool', scalar(1, false)],
  ['_Bool', scalar(1, false)],
  ['char', scalar(8, true)],
  ['signed char', scalar(8, true)],
  ['unsigned char', scalar(8, false)],
  ['short', scalar(16, true)],
  ['short int', scalar(16, true)],
  ['unsigned short', scalar(16, false)],
  ['unsigned short int', scalar(16, false)],
  ['int', scalar(32, true)],
  ['signed', scalar(32, true)],
  ['signed int', scalar(32, true)],
  ['unsigned', scalar(32, false)],
  ['unsigned int', scalar(32, false)],
  ['long', scalar(64, true)],
  ['long int', scalar(64, true)],
  ['long long', scalar(64, true)],
  ['long long int', scalar(64, true)],
  ['unsigned long', scalar(64, false)],
  ['unsigned long int', scalar(64, false)],
  ['unsigned long long', scalar(64, false)],
  ['unsigned long long int', scalar(64, false)],
  ['size_t', scalar(64, false)],
  ['ssize_t', scalar(64, true)],
  ['uintptr_t', scalar(64, false)],
  ['hwaddr', scalar(64, false)],
  ['dma_addr_t', scalar(64, false)],
  ['float', { bits: 32, signed: true, float: true }],
  ['double', { bits: 64, signed: true, float: true }],
  ...[8, 16, 32, 64].flatMap((bits): [string, ScalarType][] => [
    [`uint${bits}_t`, scalar(bits, false)],
    [`int${bits}_t`, scalar(bits, true)],
    [`u_int${bits}_t`, scalar(bits, false)],
    [`uint${bits}`, scalar(bits, false)],
    [`int${bits}`, scalar(bits, true)],
    [`u${bits}`, scalar(bits, false)],
    [`s${bits}`, scalar(bits, true)],
    [`__be${bits}`, scalar(bits, false)],
    [`__le${bits}`, scalar(bits, false)],
  ]),
]);

/** JavaScript's typed arrays and their elements. */
const TYPED_ARRAYS: ReadonlyMap<string, ScalarType> = new Map([
  ['Uint8Array', named(8, false)],
  ['Uint8ClampedArray', named(8, false)],
  ['Int8Array', named(8, true)],
  ['Uint16Array', named(16, false)],
  ['Int16Array', named(16, true)],
  ['Uint32Array', named(32, false)],
  ['Int32Array', named(32, true)],
  ['BigUint64Array', named(64, false)],
  ['BigInt64Array', named(64, true)],
  ['Float32Array', { bits: 32, signed: true, float: true, name: 'float' }],
  ['Float64Array', { bits: 64, signed: true, float: true, name: 'double' }],
]);

/**
 * What is known of a value before the program runs:
 * - `int`: an integer within 32 bits signed; `uint`: within 32 bits unsigned; `number`: any JavaScript number;
 *   `float`: one that divides as floating point;
 * - `logical`: the result of a comparison (a JavaScript boolean that prints as 1 or 0); `boolean`: a boolean of the
 *   stack;
 * - `field`: of a packet, undefined when the packet has none; `multi`: a field with several values (an array);
 * - `guest`: an address of guest memory, and what a cast has it point to;
 * - `code`: an address of code, and the function that it is in;
 * - `any`: not known.
 */
export type StaticType =
  | {
      readonly kind: 'int' | 'uint' | 'number' | 'float' | 'bigint' | 'logical' | 'boolean' | 'string' | 'null' | 'any';
    }
  | { readonly kind: 'field' | 'multi'; readonly field: Field }
  | { readonly kind: 'struct'; readonly struct: StructInfo }
  | { readonly kind: 'array'; readonly element: StaticType; readonly scalar?: ScalarType }
  | { readonly kind: 'guest'; readonly to: ScalarType }
  | { readonly kind: 'code'; readonly symbol: string }
  | { readonly kind: 'function'; readonly name: string };

export const ANY: StaticType = { kind: 'any' };
export const INT: StaticType = { kind: 'int' };
export const UINT: StaticType = { kind: 'uint' };
export const NUMBER: StaticType = { kind: 'number' };
export const FLOAT: StaticType = { kind: 'float' };
export const LOGICAL: StaticType = { kind: 'logical' };
export const STRING: StaticType = { kind: 'string' };

/** The static type of a C scalar. */
export function ofScalar(s: ScalarType): StaticType {
  if (s.bits === 1) {
    return LOGICAL;
  }
  if (s.float || s.bits > 32) {
    return s.float ? FLOAT : ANY;
  }
  return s.signed || s.bits < 32 ? INT : UINT;
}

/** Members that every JavaScript object has and that are no data of the stack; naming one is refused. */
const FORBIDDEN: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  ...Object.getOwnPropertyNames(Function.prototype).filter((n) => n !== 'length' && n !== 'name'),
  'prototype',
]);

/** True if `name` may be a member of a struct: an identifier, and nothing that leads out of the data. */
export function isMemberName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !FORBIDDEN.has(name);
}

/**
 * A TypeScript annotation without `readonly`, `| null`, `| undefined`, parentheses around it and array buffer
 * parameters.
 */
export function plainType(type: string): string {
  let t = type.trim();
  for (;;) {
    const before = t;
    t = t
      .replace(/\s*\|\s*(?:null|undefined)$/, '')
      .replace(/^(?:null|undefined)\s*\|\s*/, '')
      .replace(/^readonly\s+/, '')
      .replace(/^\(([^()]*)\)$/, '$1')
      .replace(/^((?:Big)?(?:Ui|I|Fl)[a-z]+\d+(?:Clamped)?Array)<.*>$/, '$1')
      .trim();
    if (t === before) {
      return t;
    }
  }
}

/** The structs, constants and functions of a program by name, from its debug info. */
export class TypeTable {
  readonly #structs = new Map<string, StructInfo>();
  readonly #constants = new Map<string, number | string | undefined>();
  readonly #functions = new Map<string, FunctionInfo>();

  constructor(info: DebugInfo) {
    for (const s of info.structs) {
      // A class and an interface of one name: the class has the fields.
      if (!this.#structs.has(s.name) || s.kind === 'class') {
        this.#structs.set(s.name, s);
      }
    }
    for (const f of info.functions) {
      if (f.pure || !this.#functions.has(f.name)) {
        this.#functions.set(f.name, f);
      }
    }
    for (const g of info.globals) {
      const known = this.#constants.has(g.name);
      this.#constants.set(g.name, known && this.#constants.get(g.name) !== g.value ? undefined : g.value);
    }
  }

  /** A function; of several of one name one that changes nothing. */
  fn(name: string): FunctionInfo | undefined {
    return this.#functions.get(name);
  }

  /** Names of the functions that expressions may call. */
  callable(): string[] {
    return [...this.#functions.values()].filter((f) => f.pure).map((f) => f.name);
  }

  struct(name: string): StructInfo | undefined {
    return this.#structs.get(name);
  }

  /** The value of a module-level constant, if it is a literal and the same wherever the name is defined. */
  constant(name: string): number | string | undefined {
    return this.#constants.get(name);
  }

  /** A field of a struct, own or inherited. */
  field(struct: StructInfo, name: string): Variable | undefined {
    return this.owner(struct, name)?.fields.find((f) => f.name === name);
  }

  /** All fields of a struct, those of its bases first. */
  allFields(struct: StructInfo, seen: ReadonlySet<string> = new Set()): readonly Variable[] {
    const base = this.#structs.get(plainType(struct.extends).replace(/<.*$/, ''));
    const inherited = base && !seen.has(base.name) ? this.allFields(base, new Set([...seen, struct.name])) : [];
    return [...inherited, ...struct.fields];
  }

  /** The struct that declares a field: itself or a base. */
  owner(struct: StructInfo, name: string): StructInfo | undefined {
    const seen = new Set<string>();
    let s: StructInfo | undefined = struct;
    while (s && !seen.has(s.name)) {
      seen.add(s.name);
      if (s.fields.some((f) => f.name === name)) {
        return s;
      }
      s = this.#structs.get(plainType(s.extends).replace(/<.*$/, ''));
    }
    return undefined;
  }

  /** True if all fields of the struct and its bases are known, so that a name that is none of them is an error. */
  complete(struct: StructInfo): boolean {
    if (struct.kind !== 'class') {
      return false;
    }
    const base = plainType(struct.extends).replace(/<.*$/, '');
    const parent = base === '' ? undefined : this.#structs.get(base);
    return base === '' || (parent !== undefined && parent !== struct && this.complete(parent));
  }

  /** What a TypeScript annotation says. */
  staticType(annotation: string): StaticType {
    return this.#parseType(annotation, 0);
  }

  #parseType(annotation: string, depth: number): StaticType {
    const t = plainType(annotation);
    if (depth > 8 || t === '') {
      return ANY;
    }
    switch (t) {
      case 'number':
        return NUMBER;
      case 'boolean':
        return { kind: 'boolean' };
      case 'string':
        return STRING;
      case 'bigint':
        return { kind: 'bigint' };
      default:
    }
    const typed = TYPED_ARRAYS.get(t);
    if (typed) {
      return { kind: 'array', element: ofScalar(typed), scalar: typed };
    }
    const element = /^([A-Za-z_]\w*|\([^()]*\))\[\]$/.exec(t) ?? /^(?:Readonly)?Array<(.*)>$/.exec(t);
    if (element) {
      return { kind: 'array', element: this.#parseType(element[1]!, depth + 1) };
    }
    const c = SCALAR_TYPES.get(t);
    if (c) {
      return ofScalar(c);
    }
    return this.#namedType(t, depth);
  }

  #namedType(name: string, depth: number): StaticType {
    const struct = this.#structs.get(name);
    if (!struct) {
      return ANY;
    }
    if (struct.kind === 'type' && struct.fields.length === 0) {
      return this.#parseType(struct.extends, depth + 1);
    }
    return { kind: 'struct', struct };
  }
}
