/**
 * Types as text: definitions and names as C has them, from the debug info, those of registers from the register table.
 */
import type { FunctionInfo, StructInfo } from '../compiler/debug-info.ts';
import type { Value } from '../engine/api.ts';
import { hex } from '../packets/format.ts';
import type { Evaluator, Result } from './evaluator.ts';
import { scalarOf } from './expression/arithmetic.ts';
import type { Code } from './expression/compile.ts';
import { layoutOf } from './expression/layout.ts';
import { parseTypeName } from './expression/parser.ts';
import { basicName, plainType, SCALAR_TYPES, scalarName, type TypeTable } from './expression/types.ts';
import { bitRange } from './register-notation.ts';
import { findRegister, type RegisterField, type RegisterInfo } from './registers.ts';

// ---- values ----

/** `struct socket` for a C tag, `E1000State` for what C would typedef. */
export function structName(type: string): string {
  const t = plainType(type);
  return /^[a-z_][a-z0-9_]*$/.test(t) ? `struct ${t}` : t || 'struct {...}';
}

/** C-like name of the type of a value: `struct socket *`, `E1000State *`, `Uint8Array`. */
export function typeName(value: Value, code?: Code): string {
  if (code?.type.kind === 'guest') {
    return `${scalarName(code.type.to)} *`;
  }
  if (code?.type.kind === 'code') {
    return 'void (*)()';
  }
  if (code?.pointer && (value.kind === 'array' || value.kind === 'bytes')) {
    const element = pointedAt(code) ?? elementName(value);
    return code.pointer === 'array' ? `${element} (*)[${value.length ?? 0}]` : `${element} *`;
  }
  if (code?.scalar || ['int', 'uint', 'float', 'logical'].includes(code?.type.kind ?? '')) {
    return scalarName(scalarOf(code!)!);
  }
  if (value.kind === 'struct') {
    return `${structName(value.type)}${code?.contents ? '' : ' *'}`;
  }
  if (value.kind === 'null' && code?.type.kind === 'struct') {
    return `${structName(code.type.struct.name)} *`;
  }
  return plainType(value.type) || (value.kind === 'undefined' ? 'void' : value.kind);
}

/** What the type of an expression says of an array's elements. */
function pointedAt({ type }: Code): string | undefined {
  if (type.kind !== 'array') {
    return undefined;
  }
  const { element, scalar } = type;
  if (scalar) {
    return scalarName(scalar);
  }
  return element.kind === 'struct' ? structName(element.struct.name) : element.kind === 'number' ? 'number' : undefined;
}

/** `uint32_t` for an element of a Uint32Array, `struct iovec` for one of iovec[]. */
export function elementName({ type }: Value): string {
  const [, unsigned, bits] = /^(?:Big)?(Ui|I)nt(\d+)/.exec(type) ?? [];
  return bits === undefined ? structName(type.replace(/\[\]$/, '')) : `${unsigned === 'Ui' ? 'u' : ''}int${bits}_t`;
}

/** A struct's definition, a line a field with the first line of its comment. */
export function structDefinition(s: StructInfo): string {
  if (s.fields.length === 0 && s.extends !== '') {
    return s.extends;
  }
  const base = s.extends === '' ? '' : ` : ${s.extends}`;
  const fields = s.fields.map((f) => `    ${f.type || 'unknown'} ${f.name};${comment(f.doc)}\n`).join('');
  return `${structName(s.name)}${base} {\n${fields}}`;
}

/** A definition with offsets and sizes, as `ptype/o` has it. */
export function structLayout(types: TypeTable, s: StructInfo, radix: 10 | 16): string {
  const { fields, size } = layoutOf(types, s);
  const number = (n: number, width: number): string => (radix === 16 ? hex(n, 4) : String(n)).padStart(width);
  let text = `${structName(s.name)} {\n`;
  let next = 0;
  for (const f of fields) {
    text += gap(f.offset - next, 'hole');
    const offset = radix === 16 ? ` ${hex(f.offset, 4)}     ` : `${String(f.offset).padStart(7)}     `;
    text += `/*${offset} |${number(f.size, 8)} */    ${f.type || 'unknown'} ${f.name};\n`;
    next = f.offset + f.size;
  }
  const indent = ' '.repeat(31);
  text += gap(size - next, 'padding');
  return `${text}\n${indent}/* total size (bytes): ${number(size, 4)} */\n${' '.repeat(29)}}`;
}

function gap(bytes: number, what: string): string {
  return bytes > 0 ? `/* XXX ${String(bytes).padStart(2)}-byte ${what.padEnd(10)}*/\n` : '';
}

function comment(doc: string): string {
  const line = doc.split('\n')[0] ?? '';
  return line === '' ? '' : `  /* ${line} */`;
}

// ---- constants and functions ----

/** The value of a constant; one that is no single digit in hexadecimal, too. */
export function constantText(value: number | string): string {
  return typeof value === 'number' && value > 9 ? `${value} (${hex(value)})` : JSON.stringify(value);
}

/** `number (NetClientState, Uint8Array)`. */
export function signature(f: FunctionInfo): string {
  return `${plainType(f.returnType) || 'void'} (${f.params.map((p) => p.type || p.name).join(', ') || 'void'})`;
}

/** `number e1000_receive(nc: NetClientState, buf: Uint8Array)`, as `info functions` lists it. */
export function declaration(f: FunctionInfo): string {
  const params = f.params.map((p) => (p.type === '' ? p.name : `${p.name}: ${p.type}`)).join(', ');
  return `${plainType(f.returnType) || 'void'} ${f.name}(${params});`;
}

// ---- registers ----

/** The name of a register's type: a struct of its fields, or the plain integer; `[N]` for an array. */
export function registerTypeName(r: RegisterInfo): string {
  const element = r.fields.length > 0 ? `struct ${r.name}` : `uint${r.width}_t`;
  return r.count > 1 ? `${element} [${r.count}]` : element;
}

/** A register's definition from the table: a struct of bit fields in C, reserved bits as fields without a name. */
export function registerDefinition(r: RegisterInfo): string {
  const stride = r.stride * 8 === r.width ? '' : `, every ${r.stride} bytes`;
  const access = r.access === 'none' ? 'not kept' : r.access;
  const facts = [`${hex(r.offset, 4)}${r.count > 1 ? stride : ''}`, access, `reset ${hex(r.reset)}`];
  const about = `/* ${facts.join(', ')}, 8254x manual ${r.section}: ${r.description} */`;
  if (r.fields.length === 0) {
    return `${registerTypeName(r)}  ${about}`;
  }
  const type = `uint${r.width}_t`;
  let text = `struct ${r.name} {  ${about}\n`;
  let next = 0;
  for (const f of r.fields) {
    text += reserved(type, f.lsb - next);
    text += `    ${type} ${f.name} : ${f.width};  /* ${fieldComment(f)} */\n`;
    next = f.lsb + f.width;
  }
  return `${text}${reserved(type, r.width - next)}}${r.count > 1 ? ` [${r.count}]` : ''}`;
}

function reserved(type: string, width: number): string {
  return width > 0 ? `    ${type} : ${width};\n` : '';
}

/** `bits 17:16: Buffer size (0 = 2048, ...)`. */
function fieldComment(f: RegisterField): string {
  const meanings = fieldMeanings(f);
  return `${f.width === 1 ? 'bit' : 'bits'} ${bitRange(f)}: ${f.description}${meanings === '' ? '' : ` (${meanings})`}`;
}

/** `0 = 10 Mb/s, 1 = 100 Mb/s`; empty if no value of the field has a name. */
export function fieldMeanings(f: RegisterField): string {
  return Object.entries(f.values ?? {})
    .map(([value, meaning]) => `${value} = ${meaning}`)
    .join(', ');
}

// ---- what a text means ----

/** What `ptype` and `whatis` are asked about. */
export type TypeSubject =
  | { readonly kind: 'register'; readonly register: RegisterInfo }
  | { readonly kind: 'struct'; readonly struct: StructInfo; readonly pointer: boolean }
  | { readonly kind: 'function'; readonly fn: FunctionInfo }
  /** A scalar type of C's, or a pointer to one. */
  | { readonly kind: 'scalar'; readonly name: string }
  /** An expression; `struct` is the definition of a struct's type. */
  | { readonly kind: 'value'; readonly result: Result; readonly struct: StructInfo | undefined };

/**
 * What the text names, if it is a name: a register, a type, a function. A local of that name comes first (`socket`).
 */
export function namedType(evaluator: Evaluator, text: string, frame: number): TypeSubject | undefined {
  const name = text.trim();
  const register = registerOf(evaluator, name);
  if (register) {
    return { kind: 'register', register };
  }
  if (evaluator.engine.scope(frame).local(name) !== undefined) {
    return undefined;
  }
  const scalar = scalarType(name);
  if (scalar !== undefined) {
    return { kind: 'scalar', name: scalar };
  }
  const [, tag, star] = /^(?:struct\s+)?([A-Za-z_]\w*)\s*(\*?)$/.exec(name) ?? [];
  const struct = tag === undefined ? undefined : evaluator.types.struct(tag);
  if (struct) {
    return { kind: 'struct', struct, pointer: star === '*' };
  }
  const fn = evaluator.engine.info.functions.find((f) => f.name === name);
  return fn && { kind: 'function', fn };
}

/** `unsigned int *` for `unsigned *`; undefined if the text is no scalar type. */
function scalarType(text: string): string | undefined {
  const type = /^[a-z_]/i.test(text) ? parseTypeName(text) : undefined;
  if (!type || !(SCALAR_TYPES.has(type.name) || type.name === 'void')) {
    return undefined;
  }
  return `${basicName(type.name)}${type.pointers > 0 ? ` ${'*'.repeat(type.pointers)}` : ''}`;
}

/** The register that `$NAME` is. An array has no value, so its name may be taken by a convenience variable. */
function registerOf(evaluator: Evaluator, text: string): RegisterInfo | undefined {
  const r = text.startsWith('$') ? findRegister(text.slice(1)) : undefined;
  const taken = r && r.count > 1 && evaluator.variableEntries().some(([name]) => name === r.name);
  return taken ? undefined : r;
}

/** What the text means: what it names, or its value as an expression. Throws `ExpressionError` or `EngineError`. */
export async function typeSubject(evaluator: Evaluator, text: string, frame: number): Promise<TypeSubject> {
  const named = namedType(evaluator, text, frame);
  if (named) {
    return named;
  }
  const result = await evaluator.evaluate(text, frame);
  const struct = result.value.kind === 'struct' ? structOf(evaluator, result.value.type) : undefined;
  return { kind: 'value', result, struct };
}

/** The struct that a type annotation names. */
function structOf(evaluator: Evaluator, type: string): StructInfo | undefined {
  return evaluator.types.struct(
    plainType(type)
      .replace(/^(?:struct|class|enum|union)\s+/, '')
      .replace(/\s*\*+$/, ''),
  );
}
