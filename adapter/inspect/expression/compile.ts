/**
 * Compiles expressions to JavaScript. The output holds only names that the scope resolved, constants, members that are
 * plain identifiers, and our operators: nothing of the user's text gets through as it is. Where the debug info gives
 * the types the code is as tight as if written by hand, since conditions of breakpoints run on every packet.
 *
 * Integers are JavaScript numbers, BigInts above 2^53; arithmetic.ts says what wraps.
 */
import type { SymbolScope } from '../../engine/api.ts';
import { NIC_BAR0 } from '../../engine/guest-memory.ts';
import { FIELDS, suggestFields } from '../../packets/fields.ts';
import { FilterError } from '../../packets/filter/filter.ts';
import { needsMemory } from '../../packets/filter/remembers.ts';
import { literalMessage, parseLiteral } from '../../packets/match.ts';
import type { Span } from '../../packets/span.ts';
import { arithmetic, comparable, isNumberLike, negated, numberOf, scalarOf } from './arithmetic.ts';
import {
  type BinaryOperator,
  type Expression,
  ExpressionError,
  type NumberType,
  type TypeName,
  UnknownSymbolError,
} from './ast.ts';
import { applyFunction } from './calls.ts';
import { compileCall } from './functions.ts';
import * as js from './helpers.ts';
import { layoutOf } from './layout.ts';
import { castToPointer, memoryElement, pointerArithmetic, repeatedMemory, withAddress } from './pointers.ts';
import {
  ANY,
  FLOAT,
  INT,
  isMemberName,
  LOGICAL,
  NUMBER,
  ofScalar,
  SCALAR_TYPES,
  type ScalarType,
  STRING,
  type StaticType,
  type TypeTable,
  UINT,
} from './types.ts';

/** What `$name` stands for. */
export interface DollarValue {
  readonly js: string;
  readonly type: StaticType;
  /** False if `js` needs the program. */
  readonly constant: boolean;
  readonly scalar?: NonNullable<Code['scalar']>;
}

/** Where an expression gets its meaning from, besides the scope. */
export interface CompileContext {
  readonly types: TypeTable;
  /** Index of a NIC register in `mac_reg`, by its name in the manual. */
  register(name: string): number | undefined;
  /** Convenience variables and the value history; undefined is void. Throws `ExpressionError`. */
  dollar(name: string): DollarValue | undefined;
  /** The value of a setting, as `show` has it; undefined if there is none of the name. */
  setting?: ((name: string) => string | undefined) | undefined;
  /** The functions of the call stack from the frame on; absent where the inferior knows them. */
  readonly callers?: readonly string[];
  /** JavaScript of the arguments that make a display filter (`Runtime.filter`). Throws `FilterError`. */
  filter(text: string): string;
  /**
   * At a stop: JavaScript of what a field, or a display filter, is of the packet when those before it are known;
   * undefined if that is no question of theirs.
   */
  readonly remembered?: (what: 'field' | 'filter', text: string) => string | undefined;
}

type PointerType = StaticType & { readonly kind: 'guest' };

/** A compiled expression. */
export interface Code {
  readonly js: string;
  readonly type: StaticType;
  /** True if it can be evaluated without the program. */
  readonly constant: boolean;
  /** What an assignment through it would be written to; absent if it is no lvalue. */
  readonly lvalue?: string;
  /** A struct by value (`*so`, `iov[0]`): print shows its contents instead of its address. */
  readonly contents?: boolean;
  /** The C scalar that a cast, an element or a constant makes it. */
  readonly scalar?: ScalarType & { readonly char?: boolean };
  /** An array that stands for the address of its first element, or of its own. */
  readonly pointer?: 'element' | 'array';
  /** For messages about a missing value. */
  readonly origin?: 'field' | 'element' | 'register';
  /** The place it is an element of: what `@` extends. `pointer` is the type of an address that the object is. */
  readonly place?: { readonly object: string; readonly index: string; readonly pointer?: PointerType };
  /** Memory of the guest, or of an array, that it is read from. */
  readonly memory?: { readonly address: string; readonly scalar: ScalarType };
}

/** Code of an expression that must not change anything (hover, conditions, arguments). Throws `ExpressionError`. */
export function compile(e: Expression, scope: SymbolScope, context: CompileContext): Code {
  return new Compiler(scope, context).code(e);
}

/** Code of a condition: an expression whose truth is C's. */
export function compileCondition(e: Expression, scope: SymbolScope, context: CompileContext): string {
  return truth(compile(e, scope, context));
}

/** Code for `target op= value` as an lvalue and the new value. Throws `ExpressionError`. */
export function compileAssignment(
  e: Expression & { kind: 'assign' },
  scope: SymbolScope,
  context: CompileContext,
): { readonly target: Code; readonly lvalue: string; readonly value: Code } {
  const compiler = new Compiler(scope, context);
  const target = compiler.code(e.target);
  if (target.lvalue === undefined && !target.memory) {
    throw new ExpressionError('Left operand of assignment is not an lvalue.', e.target.span);
  }
  const value =
    e.op === '' ? compiler.code(e.value) : compiler.code({ kind: 'binary', op: e.op, left: e.target, right: e.value });
  return { target, lvalue: target.lvalue ?? '', value: { ...value, js: numberOf(value) } };
}

/** C's truth: not 0, not NULL; a field with several values is true if it has any. */
function truth(c: Code): string {
  switch (c.type.kind) {
    case 'logical':
    case 'boolean':
      return c.js;
    case 'multi':
      return `[].concat(${c.js}??[]).length>0`;
    default:
      return `!!(${c.js})`;
  }
}

const REGISTER_POINTER: PointerType = { kind: 'guest', to: { bits: 32, signed: false, name: 'uint32_t' } };
const BY_ADDRESS = new Set(['struct', 'array', 'function', 'string']);

class Compiler {
  readonly #scope: SymbolScope;
  readonly #context: CompileContext;

  constructor(scope: SymbolScope, context: CompileContext) {
    this.#scope = scope;
    this.#context = context;
  }

  /** Code of an expression. An error blames the innermost expression that it arose in. */
  code(e: Expression): Code {
    try {
      return this.#code(e);
    } catch (error) {
      throw error instanceof ExpressionError ? error.blame(e.span) : error;
    }
  }

  #code(e: Expression): Code {
    switch (e.kind) {
      case 'number':
        return numberConstant(e.value, e.type);
      case 'string':
        return { js: JSON.stringify(e.value), type: STRING, constant: true };
      case 'ipv4':
        return { js: String(e.value), type: UINT, constant: true };
      case 'mac':
        return { js: String(Number.parseInt(e.text.replaceAll(':', ''), 16)), type: NUMBER, constant: true };
      case 'name':
        return this.#name(e.name);
      case 'dollar':
        return this.#dollar(e.name);
      case 'member':
        return this.#member(e);
      case 'index':
        return this.#index(this.code(e.object), this.code(e.index));
      case 'unary':
        return this.#unary(e);
      case 'binary':
        return this.#binary(e.op, e.left, e.right);
      case 'conditional':
        return this.#conditional(this.code(e.test), this.code(e.yes), this.code(e.no));
      case 'comma': {
        const left = this.code(e.left);
        const right = this.code(e.right);
        return { ...rvalueOf(right), js: `(${left.js},${right.js})`, constant: left.constant && right.constant };
      }
      case 'cast':
        return this.#cast(e.type, this.code(e.operand));
      case 'sizeof':
        return this.#sizeOf(e.operand);
      case 'call':
        if (e.name === 'pkt') {
          return this.#packetMatches(e);
        }
        return compileCall(
          e,
          e.args.map((a) => this.code(a)),
          this.#context,
        );
      case 'apply':
        return applyFunction(
          e,
          e.args.map((a) => this.code(a)),
          this.#context.types,
        );
      case 'assign':
        throw new ExpressionError(
          'An assignment is allowed only at the top of an expression of print, call or set var.',
        );
    }
  }

  #name(name: string): Code {
    const local = this.#scope.local(name);
    if (local) {
      return { js: name, type: this.#context.types.staticType(local.type), constant: false, lvalue: name };
    }
    const constant = this.#context.types.constant(name);
    if (constant !== undefined) {
      return typeof constant === 'number'
        ? numberConstant(constant, 'int')
        : { js: JSON.stringify(constant), type: STRING, constant: true };
    }
    const global = this.#scope.global(name);
    if (global) {
      const type = this.#context.types.staticType(global.type);
      return { js: `$G.${name}`, type, constant: false, lvalue: `$G.${name}` };
    }
    switch (name) {
      case 'NULL':
      case 'null':
        return { js: 'null', type: { kind: 'null' }, constant: true };
      case 'true':
      case 'false':
        return { js: name, type: { kind: 'boolean' }, constant: true };
      default:
        throw new UnknownSymbolError(name);
    }
  }

  #dollar(name: string): Code {
    if (name === 'pkt') {
      this.#requirePacket();
      return { js: '$pkt', type: ANY, constant: false };
    }
    const register = this.#context.register(name);
    if (register !== undefined) {
      return {
        js: `$G.machine.nics[0]?.mac_reg[${register}]`,
        type: UINT,
        constant: false,
        lvalue: `$G.machine.nics[0].mac_reg[${register}]`,
        scalar: { bits: 32, signed: false, name: 'uint32_t' },
        origin: 'register',
        place: { object: String(NIC_BAR0 + 4 * register), index: '0', pointer: REGISTER_POINTER },
      };
    }
    return this.#context.dollar(name) ?? { js: 'undefined', type: ANY, constant: true };
  }

  #requirePacket(): void {
    if (!this.#scope.hasPacket) {
      throw new ExpressionError('There is no $pkt here: the function does not handle a packet.');
    }
  }

  #member(e: Expression & { kind: 'member' }): Code {
    const field = packetFieldName(e);
    if (field !== undefined) {
      return this.#packetField(field);
    }
    if (!isMemberName(e.name)) {
      throw noMember(e);
    }
    let object = this.code(e.object);
    if (object.type.kind === 'array' && e.name !== 'length') {
      object = this.#index(object, numberConstant(0, 'int'));
    }
    const { type } = object;
    if (type.kind === 'struct') {
      const known = this.#context.types.field(type.struct, e.name);
      if (known) {
        const text = `${object.js}.${e.name}`;
        return { js: text, type: this.#context.types.staticType(known.type), constant: false, lvalue: text };
      }
      if (this.#context.types.complete(type.struct)) {
        throw noMember(e);
      }
    } else if (type.kind !== 'any' && !(type.kind === 'array' && e.name === 'length')) {
      throw new ExpressionError(
        `Attempt to extract a component of a value that is not a structure${e.arrow ? ' pointer' : ''}.`,
      );
    }
    return {
      js: js.member(object.js, e.name),
      type: ANY,
      constant: false,
      lvalue: `${js.memberObject(object.js, e.name)}.${e.name}`,
    };
  }

  /** `$pkt("tcp.port == 80")`: whether a display filter means the packet. */
  #packetMatches({ args, span }: Expression & { kind: 'call' }): Code {
    this.#requirePacket();
    const [text] = args;
    if (text?.kind !== 'string' || args.length !== 1) {
      throw new ExpressionError('$pkt takes a display filter in quotes: $pkt("tcp.port == 80").', span);
    }
    const made = this.#filter(text.value, text.span);
    const remembered = this.#context.remembered?.('filter', text.value);
    if (remembered !== undefined) {
      return { js: remembered, type: LOGICAL, constant: false };
    }
    return { js: `($pkt!==undefined&&$R.filter(${made})($pkt))`, type: LOGICAL, constant: false };
  }

  /** What makes a filter; an error of it is where it is in the string at `span` of the expression. */
  #filter(filter: string, span: Span | undefined): string {
    try {
      return this.#context.filter(filter);
    } catch (error) {
      if (!(error instanceof FilterError)) {
        throw error;
      }
      // With escapes in the string, places in it are not those in the filter.
      const plain = span !== undefined && span.end - span.start === filter.length + 2 && error.span;
      const inside = plain ? { start: span.start + 1 + plain.start, end: span.start + 1 + plain.end } : span;
      throw new ExpressionError(error.message, inside, error.excerpt);
    }
  }

  #packetField(name: string): Code {
    this.#requirePacket();
    const field = FIELDS[name];
    if (!field) {
      const near = suggestFields(name);
      throw new ExpressionError(
        `$pkt.${name}: no such field${near.length > 0 ? `; did you mean ${near.join(' or ')}?` : '.'}`,
      );
    }
    const type: StaticType = { kind: field.many ? 'multi' : 'field', field };
    return { js: this.#fieldCode(name), type, constant: false, origin: 'field' };
  }

  /**
   * What depends on the packets before is known at a stop, and some of it in a replay; a condition remembers those
   * that it has been shown, as a filter does that it makes only for that.
   */
  #fieldCode(name: string): string {
    if (!needsMemory(name)) {
      return fieldCode(name);
    }
    const asked = this.#context.remembered;
    const remembered = asked
      ? (asked('field', name) ?? 'undefined')
      : `($pkt&&$R.filter(${this.#context.filter(name)})($pkt),${fieldCode(name)})`;
    return `(${fieldCode(name)}??${remembered})`;
  }

  #index(object: Code, index: Code): Code {
    const number = isNumberLike(index);
    if (object.type.kind === 'array') {
      const i = number ? index.js : `Number(${index.js})`;
      const text = `${object.js}[${i}]`;
      const contents = object.type.element.kind === 'struct';
      return {
        js: text,
        type: object.type.element,
        constant: false,
        lvalue: text,
        contents,
        ...(object.type.scalar ? { scalar: object.type.scalar } : {}),
        origin: 'element',
        place: { object: object.js, index: i },
      };
    }
    if (object.type.kind === 'guest') {
      const element = memoryElement(object, object.type.to, index.js);
      return { ...element, place: { object: object.js, index: index.js, pointer: object.type } };
    }
    const bytes = object.type.kind === 'field' && object.type.field.type === 'bytes';
    if (!bytes && object.type.kind !== 'any' && object.type.kind !== 'string' && object.type.kind !== 'struct') {
      throw new ExpressionError(`cannot subscript something of type \`${typeWords(object.type)}'`);
    }
    return {
      js: js.element(object.js, index.js),
      type: ANY,
      constant: object.constant && index.constant,
      lvalue: `${object.js}[Number(${index.js})]`,
      contents: true,
      origin: 'element',
      place: { object: object.js, index: index.js },
    };
  }

  #unary(e: Expression & { kind: 'unary' }): Code {
    const operand = this.code(e.operand);
    const { constant } = operand;
    switch (e.op) {
      case '!':
        return { js: `!(${truth(operand)})`, type: LOGICAL, constant };
      case '*':
        return this.#dereference(operand);
      case '&':
        if (operand.lvalue === undefined && !operand.memory && operand.type.kind !== 'function') {
          throw new ExpressionError('Attempt to take address of value not located in memory.');
        }
        return this.#addressOf(operand);
      case '+':
        return rvalueOf(operand);
      default:
        break;
    }
    return negated(e.op, operand);
  }

  #dereference(operand: Code): Code {
    switch (operand.type.kind) {
      case 'array':
      case 'guest':
        return this.#index(operand, numberConstant(0, 'int'));
      case 'struct':
      case 'function':
        return { ...operand, contents: true };
      case 'any':
      case 'string':
        return {
          js: js.dereference(operand.js),
          type: ANY,
          constant: operand.constant,
          contents: true,
          place: { object: operand.js, index: '0' },
        };
      case 'null':
        throw new ExpressionError('Cannot access memory at address 0x0');
      case 'int':
      case 'uint': {
        // As in gdb, a number by itself is the address of an int.
        const pointer = castToPointer({ name: 'int', pointers: 1 }, operand, this.#context.types);
        return this.#index(pointer, numberConstant(0, 'int'));
      }
      default:
        throw new ExpressionError('Attempt to take contents of a non-pointer value.');
    }
  }

  /** Aggregates are their own address; `&buf[3]` is what a pointer there would reach: the rest of the array. */
  #addressOf(operand: Code): Code {
    const { type, place } = operand;
    if (place?.pointer) {
      const pointer: Code = { js: place.object, type: place.pointer, constant: operand.constant };
      return pointerArithmetic('+', pointer, { js: place.index, type: NUMBER, constant: true }) ?? pointer;
    }
    if (BY_ADDRESS.has(type.kind) || (type.kind === 'any' && !place)) {
      return { js: operand.js, type, constant: operand.constant, pointer: 'array' };
    }
    if (place) {
      const array: StaticType = { kind: 'array', element: type, ...(operand.scalar ? { scalar: operand.scalar } : {}) };
      return { js: js.arithmetic('+', place.object, place.index), type: array, constant: false, pointer: 'element' };
    }
    throw new ExpressionError('Attempt to take address of a scalar: the stack keeps them without addresses.');
  }

  #conditional(test: Code, yes: Code, no: Code): Code {
    const type = yes.type.kind === no.type.kind ? yes.type : ANY;
    const constant = test.constant && yes.constant && no.constant;
    return {
      js: `(${truth(test)}?${numberOf(yes)}:${numberOf(no)})`,
      type: type.kind === 'logical' ? INT : type,
      constant,
    };
  }

  #binary(op: BinaryOperator, l: Expression, r: Expression): Code {
    if (op === '/' && l.kind === 'ipv4' && r.kind === 'number') {
      const net = `${l.text}/${r.value}`;
      throw new ExpressionError(
        `${net} divides in C; a network is compared by a display filter: $pkt("ip.addr == ${net}").`,
        l.span && r.span && { start: l.span.start, end: r.span.end },
      );
    }
    const left = this.code(l);
    const right = this.code(r);
    const constant = left.constant && right.constant;
    switch (op) {
      case '&&':
      case '||':
        return { js: `(${truth(left)}${op}${truth(right)})`, type: LOGICAL, constant };
      case '==':
      case '!=':
        return { js: equality(op, left, right, l, r), type: LOGICAL, constant };
      case '<':
      case '>':
      case '<=':
      case '>=':
        return { js: relation(op, left, right), type: LOGICAL, constant };
      case '@':
        return this.#repeat(left, right);
      default:
        return { ...(pointerArithmetic(op, left, right) ?? arithmetic(op, left, right)), constant };
    }
  }

  #repeat(left: Code, count: Code): Code {
    if (left.memory) {
      return repeatedMemory(left.memory, numberOf(count));
    }
    if (!left.place) {
      throw new ExpressionError("Only values in memory can be extended with '@'.");
    }
    const type: StaticType =
      left.type.kind === 'any'
        ? ANY
        : { kind: 'array', element: left.type, ...(left.scalar ? { scalar: left.scalar } : {}) };
    return {
      js: js.slice(left.place.object, left.place.index, numberOf(count)),
      type,
      constant: left.constant && count.constant,
      contents: true,
    };
  }

  #cast(name: TypeName, given: Code): Code {
    const scalar = SCALAR_TYPES.get(name.name);
    if (name.pointers > 0) {
      return castToPointer(name, given, this.#context.types);
    }
    const operand = scalar && !scalar.float ? withAddress(given) : given;
    if (name.name === 'void') {
      return { js: `void(${operand.js})`, type: ANY, constant: operand.constant };
    }
    if (!scalar) {
      const struct = this.#context.types.struct(name.name);
      if (!struct) {
        throw new ExpressionError(`No struct type named ${name.name}.`);
      }
      return { js: operand.js, type: { kind: 'struct', struct }, constant: operand.constant };
    }
    const { constant } = operand;
    const char = name.name === 'char' || scalar.bits === 8;
    const as = { ...scalar, char, name: name.name };
    if (scalar.float) {
      const number = `${scalar.bits === 32 ? 'Math.fround' : 'Number'}(${numberOf(operand)})`;
      return { js: number, type: FLOAT, constant, scalar: as };
    }
    if (scalar.bits === 1) {
      return { js: truth(operand), type: { kind: 'boolean' }, constant };
    }
    if (scalar.bits > 32 || !isNumberLike(operand)) {
      return {
        js: js.castInteger(scalar.bits, scalar.signed, numberOf(operand)),
        type: ofScalar(scalar),
        constant,
        scalar: as,
      };
    }
    const pad = 32 - scalar.bits;
    const wrapped = pad === 0 ? '' : `<<${pad}`;
    const text = `(${numberOf(operand)}${wrapped}${scalar.signed ? `>>${pad}` : `>>>${pad}`})`;
    return { js: text, type: ofScalar(scalar), constant, scalar: as };
  }

  #sizeOf(operand: Expression | TypeName): Code {
    if (!('kind' in operand)) {
      const scalar = SCALAR_TYPES.get(operand.name);
      const struct = this.#context.types.struct(operand.name);
      if (operand.pointers > 0 || scalar || operand.name === 'void') {
        return numberConstant(operand.pointers > 0 ? 8 : Math.max(1, (scalar?.bits ?? 8) / 8), 'int');
      }
      if (!struct) {
        throw new ExpressionError(`No struct type named ${operand.name}.`);
      }
      return numberConstant(layoutOf(this.#context.types, struct).size, 'int');
    }
    const c = this.code(operand);
    if (c.type.kind === 'struct' || c.pointer || c.type.kind === 'guest') {
      const size = c.type.kind === 'struct' && c.contents ? layoutOf(this.#context.types, c.type.struct).size : 8;
      return numberConstant(size, 'int');
    }
    const bits = scalarOf(c)?.bits ?? (c.type.kind === 'number' ? 64 : 0);
    if (bits > 0) {
      return numberConstant(Math.max(1, bits / 8), 'int');
    }
    return { js: js.sizeOf(c.js), type: INT, constant: c.constant };
  }
}

/** The value of an lvalue, no longer one. */
function rvalueOf(c: Code): Code {
  const { js: text, type, constant } = c;
  return { js: text, type, constant };
}

/** C's types of constants, where the value does not say it. */
const CONSTANTS: Partial<Record<NumberType, ScalarType & { readonly char?: boolean }>> = {
  char: { bits: 8, signed: true, char: true, name: 'char' },
  long: { bits: 64, signed: true, name: 'long' },
  ulong: { bits: 64, signed: false, name: 'unsigned long' },
  single: { bits: 32, signed: true, float: true, name: 'float' },
};

function numberConstant(value: number | bigint, type: NumberType): Code {
  const named = CONSTANTS[type];
  const scalar = named ? { scalar: named } : {};
  if (typeof value === 'bigint') {
    return { js: `${value}n`, type: { kind: 'bigint' }, constant: true, ...scalar };
  }
  return { js: value < 0 ? `(${value})` : String(value), type: constantType(value, type), constant: true, ...scalar };
}

function constantType(value: number, type: NumberType): StaticType {
  if (type === 'float' || type === 'single') {
    return FLOAT;
  }
  if (type === 'uint' || type === 'long' || type === 'ulong') {
    return type === 'uint' ? UINT : NUMBER;
  }
  const small = Number.isInteger(value) && value >= -0x80000000 && value <= 0x7fffffff;
  return small ? INT : value > 0 && value <= 0xffffffff && Number.isInteger(value) ? UINT : NUMBER;
}

/** Code for a packet field's value. */
function fieldCode(name: string): string {
  return `($pkt&&$F[${JSON.stringify(name)}].get($pkt))`;
}

/** A member that its object does not have: the name is what is wrong. */
function noMember({ name, span }: Expression & { kind: 'member' }): ExpressionError {
  return new ExpressionError(`There is no member named ${name}.`, span && { ...span, start: span.end - name.length });
}

/** `$pkt.a.b` as the name `a.b`. */
function packetFieldName(e: Expression): string | undefined {
  const parts: string[] = [];
  let at = e;
  while (at.kind === 'member') {
    parts.unshift(at.name);
    at = at.object;
  }
  return at.kind === 'dollar' && at.name === 'pkt' ? parts.join('.') : undefined;
}

function typeWords(t: StaticType): string {
  return t.kind === 'uint' ? 'unsigned int' : t.kind === 'logical' ? 'int' : t.kind;
}

function isZero(e: Expression): boolean {
  return (e.kind === 'number' && e.value === 0) || (e.kind === 'name' && (e.name === 'NULL' || e.name === 'null'));
}

/**
 * `==` and `!=`: numbers, BigInts and booleans compare by value, NULL equals 0, a missing field equals nothing and
 * differs from nothing.
 */
function equality(op: '==' | '!=', left: Code, right: Code, l: Expression, r: Expression): string {
  const not = op === '!=' ? '!' : '';
  const literal = fieldLiteral(op, left, right) ?? fieldLiteral(op, right, left);
  if (literal !== undefined) {
    return literal;
  }
  if (left.type.kind === 'multi' || right.type.kind === 'multi') {
    return anyOf(op, left, right);
  }
  for (const [value, expression, other] of [
    [left, l, right],
    [right, r, left],
  ] as const) {
    if (expression.kind === 'mac' && other.type.kind !== 'field' && !isNumberLike(other)) {
      return `${not}${js.isMac(other.js, expression.text)}`;
    }
    if (expression.kind === 'ipv4' && other.type.kind === 'string') {
      return `(${other.js}${op}${JSON.stringify(expression.text)})`;
    }
    if (isZero(expression) && !isNumberLike(other) && other.type.kind !== 'field') {
      return `((${other.js}??0)${op}${value.type.kind === 'null' ? '0' : value.js})`;
    }
  }
  if (op === '!=' && (left.type.kind === 'field' || right.type.kind === 'field')) {
    return `((a,b)=>a!==undefined&&b!==undefined&&a!=b)(${left.js},${right.js})`;
  }
  const [a, b] = comparable(left, right);
  return `(${a}${op}${b})`;
}

function relation(op: string, left: Code, right: Code): string {
  if (left.type.kind === 'multi' || right.type.kind === 'multi') {
    return anyOf(op, left, right);
  }
  const [a, b] = comparable(left, right);
  return `(${a}${op}${b})`;
}

/** A field compared with a string constant that stands for an address or bytes: `$pkt.ipv6.src == "fec0::2"`. */
function fieldLiteral(op: '==' | '!=', field: Code, text: Code): string | undefined {
  const { type } = field;
  if ((type.kind !== 'field' && type.kind !== 'multi') || text.type.kind !== 'string' || !text.constant) {
    return undefined;
  }
  if (type.field.type === 'string') {
    return undefined;
  }
  const words = JSON.parse(text.js) as string;
  const value = parseLiteral(type.field, words);
  if (value === undefined) {
    throw new ExpressionError(literalMessage(type.field, words));
  }
  const test =
    value instanceof Uint8Array
      ? `v.length===${value.length}&&[${value.join(',')}].every((b,i)=>v[i]===b)`
      : `v===${JSON.stringify(value)}`;
  return `[].concat(${field.js}??[]).some(v=>${op === '!=' ? `!(${test})` : test})`;
}

/** A comparison with a field of several values holds if it does for any of them, as in Wireshark. */
function anyOf(op: string, left: Code, right: Code): string {
  const field = left.type.kind === 'multi' && left.js === fieldCode(left.type.field.name) ? left.type.field : undefined;
  if (field?.oneOf && right.constant && isNumberLike(right) && op !== '!=') {
    // `tcp.port` is one of two numbers: no list has to be made of them. What is missing equals no number.
    return `(${field.oneOf.map((f) => `${fieldCode(f.name)}${op}${right.js}`).join('||')})`;
  }
  const many = (c: Code): string => (c.type.kind === 'multi' ? `[].concat(${c.js}??[])` : `[${c.js}]`);
  if (right.type.kind !== 'multi') {
    return `${many(left)}.some(v=>v${op}${right.js})`;
  }
  if (left.type.kind !== 'multi') {
    return `${many(right)}.some(v=>${left.js}${op}v)`;
  }
  return `${many(left)}.some(v=>${many(right)}.some(w=>v${op}w))`;
}
