/** Makes one function of a filter's tree: closures that are all made here, so that a packet costs nothing but reads. */
import { FilterError, type SetElement, type TestNode, type ValueNode } from './ast.ts';
import { BYTES, comparable, isProtocol, STRING } from './kinds.ts';
import { compileRegex } from './regex.ts';
import { type Referenced, Resolver, requireComparable } from './resolve.ts';
import {
  ALWAYS,
  bytesOf,
  constantTest,
  includesBytes,
  isNonzero,
  isSearched,
  type Matcher,
  type Operand,
  pairTest,
  type Single,
  singleOf,
  type Test,
  type Value,
} from './values.ts';

/** The function of a filter, and the fields it looks at. */
export interface Compiled {
  readonly matches: Matcher;
  readonly fields: readonly string[];
}

/** Throws `FilterError`. */
export function compileTest(node: TestNode, referenced: Referenced): Compiled {
  const resolver = new Resolver(referenced);
  const matches = new Compiler(resolver).test(node);
  return { matches, fields: [...resolver.used].map((f) => f.name) };
}

class Compiler {
  readonly #resolver: Resolver;

  constructor(resolver: Resolver) {
    this.#resolver = resolver;
  }

  test(node: TestNode): Matcher {
    try {
      return this.#test(node);
    } catch (error) {
      throw error instanceof FilterError ? error.blame(node.span) : error;
    }
  }

  #test(node: TestNode): Matcher {
    switch (node.kind) {
      case 'and': {
        const [a, b] = [this.test(node.left), this.test(node.right)];
        return (p) => a(p) && b(p);
      }
      case 'or': {
        const [a, b] = [this.test(node.left), this.test(node.right)];
        return (p) => a(p) || b(p);
      }
      case 'xor': {
        const [a, b] = [this.test(node.left), this.test(node.right)];
        return (p) => a(p) !== b(p);
      }
      case 'not': {
        const of = this.test(node.of);
        return (p) => !of(p);
      }
      case 'exists':
        return this.#exists(node.value);
      case 'compare':
        return this.#compare(node);
      case 'contains':
        return this.#contains(node);
      case 'matches':
        return this.#matches(node);
      case 'in':
        return this.#in(node);
    }
  }

  #exists(node: ValueNode): Matcher {
    if (node.kind === 'call') {
      // The call itself may be wrong, which is worth more words.
      this.#resolver.operand(node, undefined);
      throw new FilterError('You cannot test whether a function is present; compare what it returns.');
    }
    const value = this.#resolver.operand(node, undefined);
    const { field } = value;
    if (node.kind === 'word' && field && isProtocol(field)) {
      const { protocol, same } = field;
      return same === undefined
        ? (p) => p.find(protocol) !== null
        : (p) => same.some((f) => p.find(f.protocol) !== null);
    }
    const computed = node.kind === 'arithmetic' || node.kind === 'negative';
    return value.bind(computed ? isNonzero : ALWAYS);
  }

  #compare({ op, quantifier, left: l, right: r }: TestNode & { kind: 'compare' }): Matcher {
    const left = this.#resolver.entity(l, `Left side of "${op}" expression`);
    requireCompared(left, op);
    const right = this.#resolver.operand(r, left);
    requireComparable(left, right);
    const all = quantifier === undefined ? op === '!=' || op === '===' : quantifier === 'all';
    const single = singleOf(op);
    if (right.constant) {
      const test = constantTest(single, left.type, right.constant, right.type);
      if (left.type.kind === 'integer' && !left.type.signed && (right.constant.value as number) < 0) {
        // An unsigned number does not compare with a negative one: that is so of none, and nothing speaks against all.
        return all
          ? ofAll(left, (v, p) => (v as number) >= 0 || test(v, p))
          : left.bind((v, p) => (v as number) < 0 && test(v, p));
      }
      return all ? ofAll(left, test) : left.bind(test);
    }
    return all ? ofAllPairs(left, right, single) : ofAnyPair(left, right, single);
  }

  #contains({ quantifier, left: l, right: r }: TestNode & { kind: 'contains' }): Matcher {
    const left = searchedIn(this.#resolver.entity(l, 'Left side of "contains" expression'));
    requireSearched(left, 'contains');
    if (left.type.kind === 'ether' && r.kind === 'string') {
      throw new FilterError(`${left.type.words} cannot be converted from a string.`, r.span);
    }
    // What is searched for need not be a whole address.
    const right = this.#resolver.operand(r, left.type.kind === 'ether' ? { type: BYTES } : left);
    requireComparable(left, right);
    const { kind } = left.type;
    const other = right.type.kind;
    const { constant } = right;
    if (constant) {
      const needle = constant.value;
      const test: Test =
        kind === 'string' && typeof needle === 'string'
          ? (v) => (v as string).includes(needle)
          : hasBytes(left, bytesOf(needle, other));
      return quantifier === 'all' ? ofAll(left, test) : left.bind(test);
    }
    const has = (a: Value, b: Value): boolean => includesBytes(bytesOf(a, kind), bytesOf(b, other));
    return quantifier === 'all' ? allPairs(left, right, has) : anyPair(left, right, has);
  }

  #matches({ quantifier, left: l, right }: TestNode & { kind: 'matches' }): Matcher {
    const left = searchedIn(this.#resolver.entity(l, 'Left side of "matches" expression'));
    requireSearched(left, 'matches');
    if (right.kind !== 'string') {
      throw new FilterError('Matches requires a double quoted string on the right side.', right.span);
    }
    const regex = compileRegex(right.value, right.span);
    const { kind } = left.type;
    const test: Test = (v) => regex(bytesOf(v, kind));
    return quantifier === 'all' ? ofAll(left, test) : left.bind(test);
  }

  #in({ quantifier, left: l, set }: TestNode & { kind: 'in' }): Matcher {
    const left = this.#resolver.entity(l, 'What is in a set');
    if (!left.plain) {
      throw new FilterError('Only a field may be tested for membership in a set.', l.span);
    }
    requireCompared(left, 'in');
    const tests = set.map((element) => this.#element(left, element));
    if (quantifier === 'all') {
      // All occurrences are in the same element, as Wireshark 4.0 reads it.
      const each = tests.map((test) => ofAll(left, test));
      return (p) => each.some((matches) => matches(p));
    }
    const test: Test = tests.length === 1 && tests[0] ? tests[0] : (v, p) => tests.some((t) => t(v, p));
    return left.bind(test);
  }

  #element(left: Operand, { from, to }: SetElement): Test {
    const lower = this.#bound(left, from, to === undefined ? '==' : '>=');
    if (to === undefined) {
      return lower;
    }
    const upper = this.#bound(left, to, '<=');
    return (v, p) => lower(v, p) && upper(v, p);
  }

  #bound(left: Operand, node: ValueNode, op: Single): Test {
    const bound = this.#resolver.operand(node, left);
    requireComparable(left, bound);
    if (bound.constant) {
      return constantTest(op, left.type, bound.constant, bound.type);
    }
    const holds = pairTest(op, left.type, bound.type);
    let value: Value = 0;
    const any = bound.bind((b) => holds(value, b));
    return (v, p) => {
      value = v;
      return any(p);
    };
  }
}

/** An operand as searches see it. */
function searchedIn(left: Operand): Operand {
  return left.searched === undefined ? left : { ...left, bind: left.searched };
}

function requireCompared(left: Operand, op: string): void {
  if (!comparable(left.type, left.type, false, false) || left.type.kind === 'label') {
    throw new FilterError(`${left.words} (type=${left.type.words}) cannot participate in ${op} comparison.`);
  }
}

function requireSearched(left: Operand, op: string): void {
  if (!isSearched(left)) {
    const hint = op === 'matches' || left.type.kind !== STRING.kind ? `; string(${left.words}) may` : '';
    throw new FilterError(`${left.words} (type=${left.type.words}) cannot participate in ${op} comparison${hint}.`);
  }
}

function hasBytes({ type: { kind } }: Operand, needle: Uint8Array): Test {
  return (v) => includesBytes(bytesOf(v, kind), needle);
}

/** There are values, and all of them pass. */
function ofAll(left: Operand, test: Test): Matcher {
  let some = false;
  const fails = left.bind((v, p) => {
    some = true;
    return !test(v, p);
  });
  return (p) => {
    some = false;
    return !fails(p) && some;
  };
}

type Pair = (a: Value, b: Value) => boolean;

function ofAnyPair(left: Operand, right: Operand, op: Single): Matcher {
  return anyPair(left, right, pairTest(op, left.type, right.type));
}

function ofAllPairs(left: Operand, right: Operand, op: Single): Matcher {
  return allPairs(left, right, pairTest(op, left.type, right.type));
}

function anyPair(left: Operand, right: Operand, test: Pair): Matcher {
  let a: Value = 0;
  const others = right.bind((b) => test(a, b));
  return left.bind((v, p) => {
    a = v;
    return others(p);
  });
}

/** There are values on both sides, and all pairs pass. */
function allPairs(left: Operand, right: Operand, test: Pair): Matcher {
  let some = false;
  const fails = anyPair(left, right, (a, b) => {
    some = true;
    return !test(a, b);
  });
  return (p) => {
    some = false;
    return !fails(p) && some;
  };
}
