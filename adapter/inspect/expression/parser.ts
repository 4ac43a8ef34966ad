/** Reads gdb's C-like expressions (C17 6.5 with gdb's `@`) by precedence climbing. */

import type { Span } from '../../packets/span.ts';
import { type BinaryOperator, type Expression, ExpressionError, type TypeName, type UnaryOperator } from './ast.ts';
import { type Token, tokenize } from './lexer.ts';
import { SCALAR_TYPES } from './types.ts';

/** Binding strength of the binary operators, as in gdb's grammar: `@` binds tighter than shifts, looser than `+`. */
const PRECEDENCE: ReadonlyMap<string, number> = new Map([
  ['||', 1],
  ['&&', 2],
  ['|', 3],
  ['^', 4],
  ['&', 5],
  ['==', 6],
  ['!=', 6],
  ['<', 7],
  ['>', 7],
  ['<=', 7],
  ['>=', 7],
  ['<<', 8],
  ['>>', 8],
  ['@', 9],
  ['+', 10],
  ['-', 10],
  ['*', 11],
  ['/', 11],
  ['%', 11],
]);
const ASSIGNMENTS = new Set(['=', '+=', '-=', '*=', '/=', '%=', '&=', '|=', '^=', '<<=', '>>=']);
const UNARY = new Set(['+', '-', '!', '~', '*', '&']);
/** What an operand may begin with: a `!` before it is a negation. */
const OPENING = new Set(['(', '!', '~', '*', '&', '{']);
const TYPE_WORDS = new Set(['unsigned', 'signed', 'long', 'short', 'int', 'char', 'const', 'struct', 'union', 'enum']);

/** Nesting and size of an expression that are still accepted, so that no input exhausts the stack. */
const MAX_DEPTH = 100;
const MAX_NODES = 1000;

const ONE: Expression = { kind: 'number', value: 1, type: 'int' };

/** The C type that `text` is, `unsigned long` or `struct socket *`; undefined if it is none. */
export function parseTypeName(text: string): TypeName | undefined {
  return new Parser(text).typeName();
}

/** Parses the whole of `text`. Throws `ExpressionError` in gdb's words. */
export function parseExpression(text: string): Expression {
  return new Parser(text).whole();
}

/**
 * Parses an expression at the start of `text` and tells where it ends: at the end or before a comma that is not part of
 * it (lists of expressions, as in `printf`).
 */
export function parseArgument(text: string): { readonly expression: Expression; readonly end: number } {
  return new Parser(text).argument();
}

function startOf(e: Expression): number {
  return e.span?.start ?? 0;
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;
  #nodes = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokenize(text);
  }

  whole(): Expression {
    const e = this.#comma();
    if (this.#peek().kind !== 'end') {
      throw this.#isOp(')') || this.#isOp(']')
        ? new ExpressionError('Junk after end of expression.', this.#rest())
        : this.#syntaxError();
    }
    return e;
  }

  typeName(): TypeName | undefined {
    const type = this.#typeName();
    return this.#peek().kind === 'end' ? type : undefined;
  }

  argument(): { expression: Expression; end: number } {
    const expression = this.#assignment();
    const t = this.#peek();
    if (t.kind !== 'end' && !this.#isOp(',')) {
      throw this.#syntaxError();
    }
    return { expression, end: t.at };
  }

  #peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)]!;
  }

  #isOp(text: string, ahead = 0): boolean {
    const t = this.#peek(ahead);
    return t.kind === 'op' && t.text === text;
  }

  #takeOp(text: string): boolean {
    if (this.#isOp(text)) {
      this.#at++;
      return true;
    }
    return false;
  }

  #expectOp(text: string): void {
    if (!this.#takeOp(text)) {
      throw this.#syntaxError();
    }
  }

  /** From the token that comes next to the end. */
  #rest(): Span {
    return { start: this.#peek().at, end: this.#text.length };
  }

  #syntaxError(): ExpressionError {
    const rest = this.#rest();
    return new ExpressionError(`A syntax error in expression, near \`${this.#text.slice(rest.start)}'.`, rest);
  }

  /** Counts a node, and notes that it reaches from `start` to the last token taken. Every node made passes here. */
  #made(start: number, e: Expression): Expression {
    if (++this.#nodes > MAX_NODES) {
      throw new ExpressionError('The expression is too long.');
    }
    return { ...e, span: { start, end: this.#tokens[this.#at - 1]?.end ?? start } };
  }

  #deeper<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH) {
      throw new ExpressionError('The expression is nested too deeply.');
    }
    const result = read();
    this.#depth--;
    return result;
  }

  #comma(): Expression {
    let left = this.#assignment();
    while (this.#takeOp(',')) {
      left = this.#made(startOf(left), { kind: 'comma', left, right: this.#assignment() });
    }
    return left;
  }

  #assignment(): Expression {
    return this.#deeper(() => {
      const target = this.#conditional();
      const t = this.#peek();
      if (t.kind !== 'op' || !ASSIGNMENTS.has(t.text)) {
        return target;
      }
      this.#at++;
      const op = t.text.slice(0, -1) as BinaryOperator | '';
      return this.#made(startOf(target), { kind: 'assign', op, target, value: this.#assignment(), postfix: false });
    });
  }

  #conditional(): Expression {
    const test = this.#binary(1);
    if (!this.#takeOp('?')) {
      return test;
    }
    const yes = this.#comma();
    this.#expectOp(':');
    const no = this.#deeper(() => this.#conditional());
    return this.#made(startOf(test), { kind: 'conditional', test, yes, no });
  }

  #binary(lowest: number): Expression {
    let left = this.#unary();
    for (;;) {
      const t = this.#peek();
      const strength = t.kind === 'op' ? PRECEDENCE.get(t.text) : undefined;
      if (t.kind !== 'op' || strength === undefined || strength < lowest) {
        return left;
      }
      this.#at++;
      const right = this.#binary(strength + 1);
      left = this.#made(startOf(left), { kind: 'binary', op: t.text as BinaryOperator, left, right });
    }
  }

  #unary(): Expression {
    return this.#deeper(() => {
      const t = this.#peek();
      if (t.kind === 'op' && (t.text === '++' || t.text === '--')) {
        this.#at++;
        return this.#step(t.at, this.#unary(), t.text, false);
      }
      if (t.kind === 'op' && UNARY.has(t.text)) {
        this.#at++;
        return this.#made(t.at, { kind: 'unary', op: t.text as UnaryOperator, operand: this.#unary() });
      }
      if (t.kind === 'op' && t.text === '{') {
        return this.#memoryOf(t.at);
      }
      if (t.kind === 'name' && t.text === 'sizeof') {
        this.#at++;
        return this.#sizeOf(t.at);
      }
      const type = this.#castType();
      if (type) {
        return this.#made(t.at, { kind: 'cast', type, operand: this.#unary() });
      }
      return this.#postfix();
    });
  }

  /** gdb's `{T} ADDRESS`, which is `*(T *) ADDRESS`. */
  #memoryOf(start: number): Expression {
    this.#at++;
    const type = this.#typeName();
    if (!type || !this.#takeOp('}')) {
      throw this.#syntaxError();
    }
    const operand = this.#unary();
    const cast = { kind: 'cast', type: { ...type, pointers: type.pointers + 1 }, operand } as const;
    return this.#made(start, { kind: 'unary', op: '*', operand: this.#made(start, cast) });
  }

  #step(start: number, target: Expression, op: string, postfix: boolean): Expression {
    return this.#made(start, { kind: 'assign', op: op === '++' ? '+' : '-', target, value: ONE, postfix });
  }

  #sizeOf(start: number): Expression {
    const type = this.#castType();
    return this.#made(start, { kind: 'sizeof', operand: type ?? this.#unary() });
  }

  /** A type in parentheses, if that is what comes: a known scalar type, `struct x`, or a name followed by stars. */
  #castType(): TypeName | undefined {
    const start = this.#at;
    if (this.#takeOp('(')) {
      const type = this.#typeName();
      if (type && this.#takeOp(')')) {
        return type;
      }
    }
    this.#at = start;
    return undefined;
  }

  /** A type, if one comes. */
  #typeName(): TypeName | undefined {
    const words: string[] = [];
    for (let t = this.#peek(); t.kind === 'name'; t = this.#peek()) {
      if (words.length > 0 && !TYPE_WORDS.has(words.at(-1)!)) {
        break;
      }
      words.push(t.text);
      this.#at++;
    }
    let pointers = 0;
    while (this.#takeOp('*')) {
      pointers++;
    }
    const tagged = words.some((w) => w === 'struct' || w === 'union' || w === 'enum');
    const name = words.filter((w) => !['const', 'struct', 'union', 'enum'].includes(w)).join(' ');
    const type = tagged || pointers > 0 || name === 'void' || SCALAR_TYPES.has(name);
    return name !== '' && type ? { name, pointers } : undefined;
  }

  #postfix(): Expression {
    const start = this.#peek().at;
    let e = this.#primary();
    for (;;) {
      if (this.#isOp('.') && this.#isOp('[', 1)) {
        // TypeScript's `a?.[0]`.
        this.#at++;
      }
      if (this.#takeOp('[')) {
        const index = this.#comma();
        this.#expectOp(']');
        e = this.#made(start, { kind: 'index', object: e, index });
      } else if (this.#isOp('.') || this.#isOp('->')) {
        const arrow = this.#isOp('->');
        this.#at++;
        e = this.#made(start, { kind: 'member', object: e, name: this.#memberName(), arrow });
      } else if (this.#isOp('++') || this.#isOp('--')) {
        const op = this.#isOp('++') ? '++' : '--';
        this.#at++;
        e = this.#step(start, e, op, true);
      } else if (this.#isOp('(')) {
        e = this.#call(e);
      } else if (!this.#skipTypeScript()) {
        return e;
      }
    }
  }

  /** Skips `!` behind an operand, and `as TYPE`: they say nothing about the value. */
  #skipTypeScript(): boolean {
    const next = this.#peek(1);
    if (this.#isOp('!') && (next.kind === 'end' || (next.kind === 'op' && !OPENING.has(next.text)))) {
      this.#at++;
      return true;
    }
    const t = this.#peek();
    if (t.kind !== 'name' || t.text !== 'as' || next.kind !== 'name') {
      return false;
    }
    this.#at += 2;
    while (this.#isOp('.') && this.#peek(1).kind === 'name') {
      this.#at += 2;
    }
    while (this.#isOp('[') && this.#isOp(']', 1)) {
      this.#at += 2;
    }
    return true;
  }

  #memberName(): string {
    const t = this.#peek();
    if (t.kind !== 'name') {
      throw this.#syntaxError();
    }
    this.#at++;
    return t.text;
  }

  #call(callee: Expression): Expression {
    if (callee.kind !== 'dollar' && callee.kind !== 'name') {
      throw new ExpressionError('Functions are called by their names only.', callee.span);
    }
    this.#expectOp('(');
    const args: Expression[] = [];
    if (!this.#takeOp(')')) {
      do {
        args.push(this.#assignment());
      } while (this.#takeOp(','));
      this.#expectOp(')');
    }
    return this.#made(startOf(callee), { kind: callee.kind === 'name' ? 'apply' : 'call', name: callee.name, args });
  }

  #primary(): Expression {
    const t = this.#peek();
    switch (t.kind) {
      case 'number':
        this.#at++;
        return this.#made(t.at, { kind: 'number', value: t.value, type: t.type });
      case 'string':
        this.#at++;
        return this.#made(t.at, { kind: 'string', value: this.#adjacentStrings(t.value) });
      case 'ipv4':
        this.#at++;
        return this.#made(t.at, { kind: 'ipv4', text: t.text, value: t.value });
      case 'mac':
        this.#at++;
        return this.#made(t.at, { kind: 'mac', text: t.text });
      case 'name':
        this.#at++;
        return this.#made(t.at, { kind: 'name', name: t.text });
      case 'dollar':
        this.#at++;
        return this.#made(t.at, { kind: 'dollar', name: t.text });
      default: {
        this.#expectOp('(');
        const e = this.#comma();
        this.#expectOp(')');
        return e;
      }
    }
  }

  /** `"a" "b"` is one string, as in C. */
  #adjacentStrings(first: string): string {
    let value = first;
    for (let t = this.#peek(); t.kind === 'string'; t = this.#peek()) {
      value += t.value;
      this.#at++;
    }
    return value;
  }
}
