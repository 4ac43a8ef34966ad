/** Decides what the values of a filter are: fields, constants of a type, functions. Throws `FilterError`. */
import { FIELDS, unknownFieldMessage } from '../fields.ts';
import type { Field, FieldScalar } from '../protocol.ts';
import { arithmetic, masked, negated } from './arithmetic.ts';
import { FilterError, type Range, type ValueNode } from './ast.ts';
import { FUNCTIONS, unknownFunction } from './functions.ts';
import { ABILITIES, BYTES, comparable, isProtocol, type Type, typeOf } from './kinds.ts';
import { constant } from './literals.ts';
import { sliceBytes } from './ranges.ts';
import { plainValue, rawOf, valuesOf, wholeOf } from './sources.ts';
import { bytesOf, type Operand } from './values.ts';

/** What a constant is to be, from what it stands beside. */
export interface Beside {
  readonly type: Type;
  readonly field?: Field;
}

/** Values of a field in the packet that somebody looks at; none if there is no such packet. */
export type Referenced = (field: Field) => readonly FieldScalar[];

/** Former names of protocols, which people still type. */
const RENAMED: Readonly<Record<string, string>> = { bootp: 'dhcp', ssl: 'tls' };

/** The field of a name, also one with a point in front, which says that it is no constant. */
export function fieldNamed(name: string): Field | undefined {
  const plain = name.startsWith('.') ? name.slice(1) : name;
  if (Object.hasOwn(FIELDS, plain) || plain in FIELDS) {
    return FIELDS[plain];
  }
  const [protocol = '', ...rest] = plain.split('.');
  const now = Object.hasOwn(RENAMED, protocol) ? RENAMED[protocol] : undefined;
  return now === undefined ? undefined : FIELDS[[now, ...rest].join('.')];
}

/** Resolves the values of one filter, and notes which fields it uses. */
export class Resolver {
  readonly used = new Set<Field>();
  readonly #referenced: Referenced;

  constructor(referenced: Referenced) {
    this.#referenced = referenced;
  }

  /** A value that is no constant. `what` says where it stands, for the message. */
  entity(node: ValueNode, what: string): Operand {
    if (isLiteral(node) && !(node.kind === 'word' && this.#isField(node.text))) {
      const unknown = node.kind === 'word' && /^\.?[A-Za-z_][\w.-]*$/.test(node.text);
      const near = unknown ? ` ${unknownFieldMessage(node.text.replace(/^\./, ''))}` : '';
      throw new FilterError(`${what} must be a field or function, not ${wordsOf(node)}.${near}`, node.span);
    }
    return this.operand(node, undefined);
  }

  /** A value; a constant becomes what it stands beside. */
  operand(node: ValueNode, beside: Beside | undefined): Operand {
    try {
      return this.#operand(node, beside);
    } catch (error) {
      throw error instanceof FilterError ? error.blame(node.span) : error;
    }
  }

  #isField(name: string): boolean {
    return name.startsWith('.') || fieldNamed(name) !== undefined;
  }

  #operand(node: ValueNode, beside: Beside | undefined): Operand {
    switch (node.kind) {
      case 'word':
        return this.#isField(node.text) ? this.#field(node.text) : literal(node, beside);
      case 'string':
      case 'char':
        return literal(node, beside);
      case 'layer':
        return this.#field(node.name, node.layers);
      case 'raw':
        return this.#raw(node.name, node.layers);
      case 'reference':
        return this.#reference(node);
      case 'slice':
        return this.#slice(node);
      case 'call':
        return this.#call(node);
      case 'negative':
        return negated(this.operand(node.of, beside));
      case 'arithmetic':
        return this.#arithmetic(node, beside);
    }
  }

  field(name: string): Field {
    const field = fieldNamed(name);
    if (!field) {
      throw new FilterError(unknownFieldMessage(name.replace(/^\./, '')));
    }
    this.used.add(field);
    return field;
  }

  #field(name: string, layers?: readonly Range[]): Operand {
    const field = this.field(name);
    return {
      type: typeOf(field),
      sliced: false,
      field,
      plain: true,
      words: field.name,
      bind: valuesOf(field, layers),
      ...(isProtocol(field) ? { searched: wholeOf(field, layers) } : {}),
    };
  }

  #raw(name: string, layers?: readonly Range[]): Operand {
    const field = this.field(name);
    return { type: BYTES, sliced: true, plain: true, words: `@${field.name}`, bind: rawOf(field, layers) };
  }

  #reference({ name }: ValueNode & { kind: 'reference' }): Operand {
    const field = fieldNamed(name);
    if (!field) {
      throw new FilterError(unknownFieldMessage(name));
    }
    const values = this.#referenced(field).map(plainValue);
    const type = typeOf(field);
    return {
      type,
      sliced: false,
      field,
      plain: false,
      words: `\${${name}}`,
      bind: (test) => (p) => values.some((v) => test(v, p)),
    };
  }

  #slice({ of, ranges }: ValueNode & { kind: 'slice' }): Operand {
    const whole = this.entity(of, 'What is sliced');
    const { type, words, bind } = whole;
    if (!ABILITIES[type.kind].sliced) {
      throw new FilterError(`"${words}" is a ${type.words} and cannot be sliced into a sequence of bytes.`);
    }
    return {
      type: BYTES,
      sliced: true,
      plain: false,
      words: 'the slice',
      bind: (test) =>
        bind((v, p) => {
          const part = sliceBytes(bytesOf(v, type.kind), ranges);
          return part !== undefined && test(part, p);
        }),
    };
  }

  #call(node: ValueNode & { kind: 'call' }): Operand {
    const f = FUNCTIONS.get(node.name);
    if (!f) {
      throw unknownFunction(node.name, node.span);
    }
    const { length } = node.args;
    if (length < f.least) {
      throw new FilterError(`Function ${node.name} needs at least ${f.least} argument${f.least === 1 ? '' : 's'}.`);
    }
    if (length > f.most) {
      throw new FilterError(`Function ${node.name} can only accept ${f.most} argument${f.most === 1 ? '' : 's'}.`);
    }
    const [first, ...others] = node.args;
    const operands: Operand[] = [];
    if (first !== undefined) {
      operands.push(this.entity(first, `The argument of ${node.name}`));
      const [beside] = operands;
      operands.push(...others.map((arg) => this.operand(arg, beside)));
    }
    return f.call(operands);
  }

  #arithmetic(node: ValueNode & { kind: 'arithmetic' }, beside: Beside | undefined): Operand {
    if (beside === undefined && isConstant(node.left, (name) => this.#isField(name))) {
      throw new FilterError('A constant arithmetic expression on the left side is invalid.', node.left.span);
    }
    for (const { kind, span } of [node.left, node.right]) {
      if (kind === 'string' || kind === 'char') {
        throw new FilterError('A text is not a valid arithmetic operand.', span);
      }
    }
    const left = this.operand(node.left, beside);
    const right = this.operand(node.right, left.constant ? (beside ?? left) : left);
    return node.op === '&' ? masked(left, right) : arithmetic(node.op, left, right);
  }
}

function isLiteral(node: ValueNode): node is ValueNode & { kind: 'word' | 'string' | 'char' } {
  return node.kind === 'word' || node.kind === 'string' || node.kind === 'char';
}

function isConstant(node: ValueNode, isField: (name: string) => boolean): boolean {
  switch (node.kind) {
    case 'negative':
      return isConstant(node.of, isField);
    case 'arithmetic':
      return isConstant(node.left, isField) && isConstant(node.right, isField);
    default:
      return isLiteral(node) && !(node.kind === 'word' && isField(node.text));
  }
}

function literal(node: ValueNode & { kind: 'word' | 'string' | 'char' }, beside: Beside | undefined): Operand {
  if (!beside) {
    throw new FilterError(
      node.kind === 'word'
        ? unknownFieldMessage(node.text)
        : `${wordsOf(node)} is neither a field nor a protocol name.`,
    );
  }
  const c = constant(node, beside.type, beside.field);
  const { value } = c;
  return {
    type: beside.type,
    sliced: false,
    constant: c,
    plain: false,
    words: wordsOf(node),
    bind: (test) => (p) => test(value, p),
  };
}

/** How a message names a value. */
export function wordsOf(node: ValueNode): string {
  switch (node.kind) {
    case 'word':
      return node.text;
    case 'string':
      return JSON.stringify(node.value);
    case 'char':
      return `'${String.fromCharCode(node.code)}'`;
    default:
      return 'this';
  }
}

/** Refuses two values that cannot be compared. */
export function requireComparable(a: Operand, b: Operand): void {
  if (!comparable(a.type, b.type, a.sliced, b.sliced)) {
    throw new FilterError(`${a.words} and ${b.words} are not of compatible types.`);
  }
}
