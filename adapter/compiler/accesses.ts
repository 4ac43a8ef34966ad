/**
 * What a statement writes and reads: locals, fields, elements of arrays. Calls of `@nodebug` functions, which have no
 * probes, count as what those do; other functions have probes of their own.
 */
import ts from 'typescript';
import type { Constants } from './constants.ts';
import type { Access } from './debug-info.ts';
import { docOf } from './docs.ts';
import { boundNames } from './scope.ts';
import { documented, type FunctionNode, hasBody } from './syntax.ts';
import type { TypeNames } from './types.ts';

/** Methods of the language's own objects that change what they belong to. */
const MUTATORS = new Set(
  (
    'set fill copyWithin push pop shift unshift splice sort reverse delete clear add setUint8 setUint16 setUint32 ' +
    'setInt8 setInt16 setInt32 setBigUint64 setBigInt64 setFloat32 setFloat64'
  ).split(' '),
);
/** Those that look at elements. */
const LOOKERS = /^(?:get|has|at|indexOf|includes|slice|every|some|find|map|forEach|join|getUint\d+|getInt\d+|entries)$/;

interface Found {
  readonly reads: Access[];
  readonly writes: Access[];
}

/** An access of a `@nodebug` function, whose texts are over its parameters and `this`. */
interface Effect {
  readonly write: boolean;
  readonly access: Access;
  readonly params: readonly string[];
}

/** What `@reads memory ADDRESS LENGTH` is about. */
const MEMORY = { name: 'ram', type: 'Uint8Array', object: '$G.machine?.ram' };

/** Names in a text, but not those of fields. */
const NAMES = /(?<![\w$.])[A-Za-z_][\w$]*/g;

export class Accesses {
  readonly #checker: ts.TypeChecker;
  readonly #types: TypeNames;
  readonly #constants: Constants;
  readonly #effects = new Map<ts.Node, readonly Effect[]>();

  constructor(checker: ts.TypeChecker, types: TypeNames, constants: Constants) {
    this.#checker = checker;
    this.#types = types;
    this.#constants = constants;
  }

  /** What parts of a statement do. `visible` are the names that its probe sees. */
  of(nodes: readonly (ts.Node | undefined)[], visible: ReadonlySet<string>, inlined = false): Found {
    const found: Found = { reads: [], writes: [] };
    const walk = new Walk(this, found, visible, inlined);
    for (const node of nodes) {
      if (node) {
        walk.visit(node);
      }
    }
    return found;
  }

  symbol(node: ts.Node): ts.Symbol | undefined {
    const symbol = this.#checker.getSymbolAtLocation(node);
    return symbol && symbol.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol;
  }

  declaration(node: ts.Node): ts.Declaration | undefined {
    const symbol = this.symbol(node);
    return symbol?.valueDeclaration ?? symbol?.declarations?.[0];
  }

  typeOf(node: ts.Node): string {
    return this.#types.of(node, undefined).replace(/^readonly /, '');
  }

  constant(node: ts.Expression): number | undefined {
    const v = this.#constants.evaluate(plain(node));
    return typeof v === 'number' ? v : undefined;
  }

  /** What a called function does that has no probes. */
  effects(callee: ts.Expression): readonly Effect[] {
    const name = ts.isPropertyAccessExpression(callee) ? callee.name : callee;
    const d = this.declaration(name);
    const fn = d && ts.isVariableDeclaration(d) ? d.initializer : d;
    if (!fn || !ts.isFunctionLike(fn) || !hasBody(fn as ts.FunctionLikeDeclaration) || !isNodebug(fn)) {
      return [];
    }
    const known = this.#effects.get(fn);
    if (known) {
      return known;
    }
    this.#effects.set(fn, []); // while it calls itself
    const effects = this.#effectsOf(fn as FunctionNode);
    this.#effects.set(fn, effects);
    return effects;
  }

  #effectsOf(fn: FunctionNode): Effect[] {
    const params = fn.parameters.map((p) => (ts.isIdentifier(p.name) ? p.name.text : ''));
    const { reads, writes } = this.of([fn.body], new Set(params), true);
    const doc = docOf(fn.getSourceFile(), documented(fn));
    const effects = (list: readonly Access[], told: readonly (readonly string[])[], write: boolean): Effect[] =>
      [...list.filter((a) => a.kind !== 'local'), ...told.map(tagged)].map((access) => ({ write, access, params }));
    const all = [...effects(reads, doc.reads, false), ...effects(writes, doc.writes, true)];
    return [...new Map(all.map((e) => [JSON.stringify(e), e])).values()];
  }
}

/** What a tag says: `memory addr len`, `buf off len`. */
function tagged([array = '', at = '0', length = '1']: readonly string[]): Access {
  const which = array === 'memory' ? MEMORY : { name: '', type: '', object: array };
  return { kind: 'element', ...which, at, length };
}

function isNodebug(fn: ts.Node): boolean {
  const file = fn.getSourceFile();
  return docOf(file, documented(fn)).nodebug || (ts.isClassLike(fn.parent) && docOf(file, fn.parent).nodebug);
}

/** Without parentheses, `!` and `as`. */
function plain(e: ts.Expression): ts.Expression {
  while (
    ts.isParenthesizedExpression(e) ||
    ts.isNonNullExpression(e) ||
    ts.isAsExpression(e) ||
    ts.isSatisfiesExpression(e)
  ) {
    e = e.expression;
  }
  return e;
}

function isAssignment(kind: ts.SyntaxKind): boolean {
  return kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
}

/** True for what a module declares outside of functions. */
function isTopLevel(d: ts.Declaration): boolean {
  const statement = ts.isVariableDeclaration(d) ? d.parent.parent : d;
  return !ts.isSourceFile(statement) && ts.isSourceFile(statement.parent);
}

/** Walks a statement. Functions inside have probes of their own. */
class Walk {
  readonly #all: Accesses;
  readonly #found: Found;
  readonly #visible: ReadonlySet<string>;
  /** It is what a statement calls: constants of its own stand for what they were made of. */
  readonly #inlined: boolean;

  constructor(all: Accesses, found: Found, visible: ReadonlySet<string>, inlined: boolean) {
    this.#all = all;
    this.#found = found;
    this.#visible = visible;
    this.#inlined = inlined;
  }

  #add(write: boolean, access: Access): void {
    (write ? this.#found.writes : this.#found.reads).push(access);
  }

  visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) || ts.isClassLike(node) || ts.isTypeNode(node)) {
      return;
    }
    if (ts.isBinaryExpression(node) && isAssignment(node.operatorToken.kind)) {
      this.#target(node.left, node.operatorToken.kind !== ts.SyntaxKind.EqualsToken);
      this.visit(node.right);
    } else if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) {
      const changes = node.operator === ts.SyntaxKind.PlusPlusToken || node.operator === ts.SyntaxKind.MinusMinusToken;
      changes ? this.#target(node.operand, true) : this.visit(node.operand);
    } else if (ts.isDeleteExpression(node)) {
      this.#target(node.expression, false);
    } else if (ts.isVariableDeclaration(node)) {
      this.#declared(node);
    } else if (ts.isCallExpression(node)) {
      this.#call(node);
    } else if (ts.isPropertyAccessExpression(node)) {
      this.#add(false, this.#field(node));
      this.visit(node.expression);
    } else if (ts.isElementAccessExpression(node)) {
      this.#add(false, this.#element(node.expression, node.argumentExpression));
      this.visit(node.expression);
      this.visit(node.argumentExpression);
    } else if (ts.isIdentifier(node)) {
      if (this.#visible.has(node.text)) {
        this.#add(false, { kind: 'local', name: node.text, type: '' });
      }
    } else if (ts.isPropertyAssignment(node)) {
      this.visit(node.initializer);
    } else {
      ts.forEachChild(node, this.visit);
    }
  };

  #declared(node: ts.VariableDeclaration): void {
    for (const id of boundNames(node.name)) {
      this.#add(true, { kind: 'local', name: id.text, type: '' });
      const p = id.parent;
      if (ts.isBindingElement(p) && ts.isObjectBindingPattern(p.parent)) {
        const name = (p.propertyName ?? p.name).getText();
        this.#add(false, { kind: 'field', name, type: '' });
      }
    }
    if (node.initializer) {
      this.visit(node.initializer);
    }
  }

  /** The left side of an assignment. */
  #target(e: ts.Expression, reads: boolean): void {
    const node = plain(e);
    if (ts.isIdentifier(node)) {
      const access: Access = { kind: 'local', name: node.text, type: '' };
      this.#add(true, access);
      if (reads) {
        this.#add(false, access);
      }
    } else if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) {
      const access = ts.isPropertyAccessExpression(node)
        ? this.#field(node)
        : this.#element(node.expression, node.argumentExpression);
      this.#add(true, access);
      if (reads) {
        this.#add(false, access);
      }
      this.visit(node.expression);
      if (ts.isElementAccessExpression(node)) {
        this.visit(node.argumentExpression);
      }
    } else {
      ts.forEachChild(node, (child) => {
        if (ts.isExpression(child)) {
          this.#target(ts.isSpreadElement(child) ? child.expression : child, false);
        } else if (ts.isPropertyAssignment(child)) {
          this.#target(child.initializer, false);
        } else if (ts.isShorthandPropertyAssignment(child)) {
          this.#target(child.name, false);
        }
      });
    }
  }

  #call(node: ts.CallExpression): void {
    const callee = plain(node.expression);
    for (const effect of this.#all.effects(callee)) {
      this.#add(effect.write, this.#here(effect, callee, node.arguments));
    }
    if (ts.isPropertyAccessExpression(callee)) {
      this.#method(callee, node.arguments);
      this.visit(callee.expression);
    } else {
      this.visit(callee);
    }
    node.arguments.forEach(this.visit);
  }

  /** A call of a method of an array, map or view. */
  #method(callee: ts.PropertyAccessExpression, args: readonly ts.Expression[]): void {
    const name = callee.name.text;
    const write = MUTATORS.has(name);
    if (!write && !LOOKERS.test(name)) {
      return;
    }
    const d = this.#all.declaration(callee.name);
    if (d?.getSourceFile().fileName.startsWith('/stack/')) {
      return; // one of our own classes
    }
    this.#add(write, { ...this.#element(callee.expression, undefined), ...this.#part(name, args) });
    const [from] = args;
    if (name === 'set' && from && ts.isCallExpression(from) && ts.isPropertyAccessExpression(from.expression)) {
      const { name: made, expression: source } = from.expression;
      if (made.text === 'subarray') {
        this.#add(false, { ...this.#element(source, undefined), ...this.#part('subarray', from.arguments) });
      }
    }
    if (write) {
      const length: Access = {
        kind: 'field',
        name: /^(?:add|clear|delete|set)$/.test(name) ? 'size' : 'length',
        type: '',
      };
      this.#add(true, length);
    }
  }

  /** Which elements a method is about, where its arguments say so. */
  #part(name: string, args: readonly ts.Expression[]): Pick<Access, 'at' | 'length'> {
    const [first, second] = args.map((arg) => this.#text(arg));
    const bits = Number(/^[gs]et\D+(\d+)$/.exec(name)?.[1] ?? 0);
    if (bits > 0 && first !== undefined) {
      return { at: first, length: String(bits / 8) };
    }
    const range = (name === 'subarray' || name === 'slice') && first !== undefined && second !== undefined;
    return range ? { at: first, length: `(${second}-${first})` } : {};
  }

  /** What a `@nodebug` function does, with the arguments that it is given. */
  #here({ access, params }: Effect, callee: ts.Expression, args: readonly ts.Expression[]): Access {
    const { object, at, length, ...rest } = access;
    const given = object === undefined ? undefined : args[params.indexOf(object)];
    const known = access.kind === 'element' && given ? this.#element(given, undefined) : {};
    const constant = at === undefined ? undefined : this.#constantOf(args[params.indexOf(at)]);
    const places = this.#placed({ object, at: constant === undefined ? at : undefined, length }, (name) => {
      const node = name === 'this' && ts.isPropertyAccessExpression(callee) ? callee.expression : undefined;
      const arg = node ?? args[params.indexOf(name)];
      return arg && this.#text(arg);
    });
    const index = constant === undefined ? {} : length === undefined ? { index: constant } : { at: String(constant) };
    return { ...rest, ...known, ...places, ...index };
  }

  #constantOf(e: ts.Expression | undefined): number | undefined {
    return e && this.#all.constant(e);
  }

  /** Texts with other ones for the names in them; without those that cannot be said. */
  #placed(
    { object, at, length }: { object: string | undefined; at: string | undefined; length: string | undefined },
    textOf: (name: string) => string | undefined,
  ): Pick<Access, 'object' | 'at' | 'length'> {
    const said = (text: string | undefined): string | undefined => {
      let all = true;
      const out = text?.replaceAll(NAMES, (name) => {
        const own = textOf(name);
        all &&= own !== undefined;
        return own ?? '';
      });
      return all ? out : undefined;
    };
    const [o, a, l] = [said(object), said(at), said(length)];
    const part =
      length === undefined ? a !== undefined && { at: a } : l !== undefined && { ...(a && { at: a }), length: l };
    return { ...(o === undefined ? {} : { object: o }), ...(part || {}) };
  }

  #field(node: ts.PropertyAccessExpression): Access {
    const owner = this.#all.declaration(node.name)?.parent;
    const type = owner && (ts.isClassLike(owner) || ts.isInterfaceDeclaration(owner)) ? (owner.name?.text ?? '') : '';
    const object = this.#text(node.expression);
    return { kind: 'field', name: node.name.text, type, ...(object === undefined ? {} : { object }) };
  }

  #element(array: ts.Expression, index: ts.Expression | undefined): Access {
    const object = this.#text(array);
    const value = index && this.#all.constant(index);
    const at = index && value === undefined ? this.#text(index) : undefined;
    return {
      kind: 'element',
      name: this.#holder(plain(array)),
      type: this.#all.typeOf(plain(array)),
      ...(value === undefined ? {} : { index: value }),
      ...(object === undefined ? {} : { object }),
      ...(at === undefined ? {} : { at }),
    };
  }

  /** The field that holds an array, also where a constant stands for it. */
  #holder(array: ts.Expression): string {
    if (ts.isPropertyAccessExpression(array)) {
      return array.name.text;
    }
    const d = ts.isIdentifier(array) ? this.#all.declaration(array) : undefined;
    if (!d || !(ts.getCombinedNodeFlags(d) & ts.NodeFlags.Const)) {
      return '';
    }
    if (ts.isBindingElement(d) && ts.isObjectBindingPattern(d.parent)) {
      return (d.propertyName ?? d.name).getText();
    }
    return ts.isVariableDeclaration(d) && d.initializer ? this.#holder(plain(d.initializer)) : '';
  }

  /** JavaScript over the names that the probe sees, `$G` before those of modules; undefined where it takes more. */
  #text(e: ts.Expression): string | undefined {
    const node = plain(e);
    if (ts.isIdentifier(node)) {
      if (this.#visible.has(node.text)) {
        return node.text;
      }
      const d = this.#all.declaration(node);
      if (d && isTopLevel(d)) {
        return `$G.${node.text}`;
      }
      const made = this.#inlined && d && ts.isVariableDeclaration(d) && ts.getCombinedNodeFlags(d) & ts.NodeFlags.Const;
      return made && d.initializer ? this.#text(d.initializer) : undefined;
    }
    if (node.kind === ts.SyntaxKind.ThisKeyword) {
      return 'this';
    }
    if (ts.isNumericLiteral(node)) {
      return node.text;
    }
    if (ts.isPropertyAccessExpression(node)) {
      const object = this.#text(node.expression);
      return object === undefined ? undefined : `${object}?.${node.name.text}`;
    }
    if (ts.isElementAccessExpression(node)) {
      const object = this.#text(node.expression);
      const index = this.#text(node.argumentExpression);
      return object === undefined || index === undefined ? undefined : `${object}?.[${index}]`;
    }
    if (ts.isBinaryExpression(node) && !isAssignment(node.operatorToken.kind)) {
      const [left, right] = [this.#text(node.left), this.#text(node.right)];
      const op = node.operatorToken.getText();
      return left === undefined || right === undefined || op.length > 3 ? undefined : `(${left}${op}${right})`;
    }
    return undefined;
  }
}
