/** Reads display filters into syntax trees, by Wireshark's precedence: not, and, xor, or. */
import type { Span } from '../span.ts';
import {
  type Arithmetic,
  FilterError,
  type Quantifier,
  type Relation,
  type SetElement,
  type TestNode,
  type ValueNode,
} from './ast.ts';
import { type Token, tokenize } from './lexer.ts';

/** Nesting and size that are still accepted, so that no input exhausts the stack. */
const MAX_DEPTH = 200;
const MAX_NODES = 5000;

const RELATIONS: ReadonlySet<string> = new Set(['==', '!=', '===', '!==', '<', '<=', '>', '>=']);
const ADDITIVE: ReadonlySet<string> = new Set(['+', '-']);
const MULTIPLICATIVE: ReadonlySet<string> = new Set(['*', '/', '%']);
const BITWISE: ReadonlySet<string> = new Set(['&']);

/** Parses the whole of `text`; null for one that is empty, which every packet matches. Throws `FilterError`. */
export function parseFilter(text: string): TestNode | null {
  return new Parser(text).whole();
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

  whole(): TestNode | null {
    if (this.#peek().kind === 'end') {
      return null;
    }
    const test = this.#or();
    if (this.#peek().kind !== 'end') {
      throw this.#unexpected();
    }
    return test;
  }

  #peek(): Token {
    return this.#tokens[Math.min(this.#at, this.#tokens.length - 1)]!;
  }

  /** Whether an operator or its word comes next. */
  #is(text: string): boolean {
    const t = this.#peek();
    return (t.kind === 'op' || t.kind === 'keyword') && t.text === text;
  }

  #take(text: string): boolean {
    if (!this.#is(text)) {
      return false;
    }
    this.#at++;
    return true;
  }

  /** Takes one of the operators, or nothing. */
  #takeOneOf(texts: ReadonlySet<string>): string | undefined {
    const t = this.#peek();
    if ((t.kind !== 'op' && t.kind !== 'keyword') || !texts.has(t.text)) {
      return undefined;
    }
    this.#at++;
    return t.text;
  }

  #expect(text: string): void {
    if (!this.#take(text)) {
      throw this.#unexpected(`; expected "${text}"`);
    }
  }

  #unexpected(more = ''): FilterError {
    const { kind, span } = this.#peek();
    if (kind === 'end') {
      return new FilterError(`Unexpected end of filter expression${more}.`, span);
    }
    return new FilterError(`"${this.#text.slice(span.start, span.end)}" was unexpected in this context${more}.`, span);
  }

  /** From where a node starts to the last token taken. Every node made passes here. */
  #spanFrom(start: number): Span {
    if (++this.#nodes > MAX_NODES) {
      throw new FilterError('The filter is too long.');
    }
    return { start, end: this.#tokens[this.#at - 1]?.span.end ?? start };
  }

  #deeper<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH) {
      throw new FilterError('The filter is nested too deeply.', this.#peek().span);
    }
    const result = read();
    this.#depth--;
    return result;
  }

  #or(): TestNode {
    return this.#logical('||', 'or', () =>
      this.#logical('^^', 'xor', () => this.#logical('&&', 'and', () => this.#not())),
    );
  }

  #logical(op: string, kind: 'and' | 'or' | 'xor', next: () => TestNode): TestNode {
    const start = this.#peek().span.start;
    let left = next();
    while (this.#take(op)) {
      const right = next();
      left = { kind, left, right, span: this.#spanFrom(start) };
    }
    return left;
  }

  #not(): TestNode {
    const { start } = this.#peek().span;
    if (this.#take('!')) {
      const of = this.#deeper(() => this.#not());
      return { kind: 'not', of, span: this.#spanFrom(start) };
    }
    if (this.#take('(')) {
      const inner = this.#deeper(() => this.#or());
      this.#expect(')');
      return inner;
    }
    return this.#relation();
  }

  #relation(): TestNode {
    const { start } = this.#peek().span;
    const quantifier: Quantifier = this.#take('any') ? 'any' : this.#take('all') ? 'all' : undefined;
    const left = this.#value();
    const relation = this.#takeOneOf(RELATIONS) as Relation | undefined;
    if (relation !== undefined) {
      return this.#comparisons(start, quantifier, left, relation);
    }
    if (this.#take('contains')) {
      return { kind: 'contains', quantifier, left, right: this.#value(), span: this.#spanFrom(start) };
    }
    if (this.#take('matches')) {
      return { kind: 'matches', quantifier, left, right: this.#value(), span: this.#spanFrom(start) };
    }
    const negated = this.#isNotIn();
    if (this.#take('in')) {
      const of: TestNode = { kind: 'in', quantifier, left, set: this.#set(), span: this.#spanFrom(start) };
      return negated ? { kind: 'not', of, span: of.span } : of;
    }
    if (quantifier !== undefined) {
      throw this.#unexpected(`; "${quantifier}" needs a comparison`);
    }
    return { kind: 'exists', value: left, span: this.#spanFrom(start) };
  }

  /** Takes the `not` of `not in`. */
  #isNotIn(): boolean {
    const next = this.#tokens[this.#at + 1];
    if (this.#is('!') && next?.kind === 'keyword' && next.text === 'in') {
      this.#at++;
      return true;
    }
    return false;
  }

  /** `a < b < c` is `a < b and b < c`. */
  #comparisons(start: number, quantifier: Quantifier, first: ValueNode, op: Relation): TestNode {
    let left = first;
    let right = this.#value();
    let test: TestNode = { kind: 'compare', op, quantifier, left, right, span: this.#spanFrom(start) };
    for (let next = this.#takeOneOf(RELATIONS); next !== undefined; next = this.#takeOneOf(RELATIONS)) {
      left = right;
      right = this.#value();
      const span = this.#spanFrom(left.span.start);
      const more: TestNode = { kind: 'compare', op: next as Relation, quantifier, left, right, span };
      test = { kind: 'and', left: test, right: more, span: this.#spanFrom(start) };
    }
    return test;
  }

  #set(): SetElement[] {
    this.#expect('{');
    const set: SetElement[] = [];
    do {
      const from = this.#setValue();
      set.push(this.#take('..') ? { from, to: this.#setValue() } : { from });
    } while (this.#take(','));
    this.#expect('}');
    return set;
  }

  /** Values in a set are no arithmetic, but for their sign. */
  #setValue(): ValueNode {
    return this.#signed();
  }

  #value(): ValueNode {
    return this.#arithmetic(BITWISE, () =>
      this.#arithmetic(ADDITIVE, () => this.#arithmetic(MULTIPLICATIVE, () => this.#signed())),
    );
  }

  #arithmetic(ops: ReadonlySet<string>, next: () => ValueNode): ValueNode {
    const { start } = this.#peek().span;
    let left = next();
    for (let op = this.#takeOneOf(ops); op !== undefined; op = this.#takeOneOf(ops)) {
      const right = next();
      left = { kind: 'arithmetic', op: op as Arithmetic, left, right, span: this.#spanFrom(start) };
    }
    return left;
  }

  #signed(): ValueNode {
    const { start } = this.#peek().span;
    if (this.#take('-')) {
      const of = this.#postfix();
      return { kind: 'negative', of, span: this.#spanFrom(start) };
    }
    this.#take('+');
    return this.#postfix();
  }

  /** A value with its slices. */
  #postfix(): ValueNode {
    const { start } = this.#peek().span;
    let value = this.#primary();
    for (let t = this.#peek(); t.kind === 'range'; t = this.#peek()) {
      this.#at++;
      value = { kind: 'slice', of: value, ranges: t.ranges, span: this.#spanFrom(start) };
    }
    return value;
  }

  #primary(): ValueNode {
    const t = this.#peek();
    const { start } = t.span;
    switch (t.kind) {
      case 'string':
        this.#at++;
        return { kind: 'string', value: t.value, span: this.#spanFrom(start) };
      case 'char':
        this.#at++;
        return { kind: 'char', code: t.code, span: this.#spanFrom(start) };
      case 'reference': {
        this.#at++;
        const { name, layers } = t;
        return { kind: 'reference', name, ...(layers ? { layers } : {}), span: this.#spanFrom(start) };
      }
      case 'word':
        this.#at++;
        return this.#named(t.text, start);
      default:
    }
    if (this.#take('{')) {
      const inner = this.#deeper(() => this.#value());
      this.#expect('}');
      return inner;
    }
    if (this.#take('@')) {
      const field = this.#peek();
      if (field.kind !== 'word') {
        throw this.#unexpected('; "@" stands before the name of a field');
      }
      this.#at++;
      const layers = this.#layers();
      return { kind: 'raw', name: field.text, ...(layers ? { layers } : {}), span: this.#spanFrom(start) };
    }
    throw this.#unexpected();
  }

  /** A word, a field of some layers, or a function's call. */
  #named(text: string, start: number): ValueNode {
    if (this.#take('(')) {
      return this.#call(text, start);
    }
    const layers = this.#layers();
    return layers === undefined
      ? { kind: 'word', text, span: this.#spanFrom(start) }
      : { kind: 'layer', name: text, layers, span: this.#spanFrom(start) };
  }

  #layers(): (ValueNode & { kind: 'layer' })['layers'] | undefined {
    const t = this.#peek();
    if (t.kind !== 'layers') {
      return undefined;
    }
    this.#at++;
    return t.ranges;
  }

  #call(name: string, start: number): ValueNode {
    const args: ValueNode[] = [];
    if (!this.#take(')')) {
      do {
        args.push(this.#deeper(() => this.#value()));
      } while (this.#take(','));
      this.#expect(')');
    }
    return { kind: 'call', name, args, span: this.#spanFrom(start) };
  }
}
