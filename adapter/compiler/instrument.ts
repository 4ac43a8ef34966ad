/**
 * Inserts probes and ticks into one source file. Positions are those of the TypeScript text, which the type-stripped
 * text shares; nothing inserted holds a newline, so every line keeps its number.
 */
import ts from 'typescript';
import type { Accesses } from './accesses.ts';
import type { Access, FunctionInfo, ProbeInfo, ProbeKind, Variable } from './debug-info.ts';
import { docOf, type Tag } from './docs.ts';
import { Edits } from './edits.ts';
import { Flow } from './flow.ts';
import { resolvePacket } from './packets.ts';
import { boundNames, type FunctionScope, referencedNames, Scope } from './scope.ts';
import {
  calls,
  classOf,
  declaredBy,
  documented,
  type FunctionNode,
  hasBody,
  hasProbe,
  hasThis,
  isExported,
  isStatic,
  isSuperCall,
  isThisParameter,
  labelsOf,
  nameOf,
  namesOf,
  ownParts,
  returnsValue,
} from './syntax.ts';
import type { TypeNames } from './types.ts';

/** Thrown for what the stack may not contain; `node` is where, or more exactly `pos`. */
export class UnsupportedError extends Error {
  readonly node: ts.Node;
  readonly pos: number | undefined;
  constructor(node: ts.Node, message: string, pos?: number) {
    super(message);
    this.node = node;
    this.pos = pos;
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The function whose body is being visited. */
interface Context extends FunctionScope {
  params: Scope | undefined;
  readonly info: Mutable<Omit<FunctionInfo, 'probes'>> & { readonly probes: number[] };
  /** The function that encloses it, if any. */
  readonly outer: Context | undefined;
  /** The tag that says which packet it handles. */
  readonly packet: Tag | undefined;
  /** Which of its probes come after which. */
  readonly flow: Flow;
}

const TICK = 'if(($T[0]+=1)>=$T[1])$tick();';
/** A function's entry: a tick, and a note that it ran. */
const entryOf = ({ id }: { readonly id: number }): string => `${TICK}$E[${id}]=1;`;

/** What the files of one program share: numbers run through all of them. */
export interface Tables {
  readonly functions: FunctionInfo[];
  readonly probes: ProbeInfo[];
  readonly accesses: AccessTable;
}

/** Accesses of all files, each once. */
export class AccessTable {
  readonly all: Access[] = [];
  readonly #numbers = new Map<string, number>();

  number(access: Access): number {
    const key = JSON.stringify(access);
    const known = this.#numbers.get(key);
    if (known !== undefined) {
      return known;
    }
    this.#numbers.set(key, this.all.length);
    return this.all.push(access) - 1;
  }
}

/** Compiles one file: adds its functions and probes to `tables` and returns the edits to apply to the stripped text. */
export function instrument(
  file: ts.SourceFile,
  path: string,
  stripped: string,
  types: TypeNames,
  accesses: Accesses,
  tables: Tables,
): Edits {
  const instrumenter = new Instrumenter(file, path, stripped, types, accesses, tables);
  const scope = new Scope(undefined, undefined);
  refuseReservedNames(file);
  for (const s of file.statements) {
    instrumenter.expressions(s, scope, undefined);
  }
  return instrumenter.edits;
}

/** `$A` and the like are the debugger's: no declaration may take or hide them. */
function refuseReservedNames(node: ts.Node): void {
  const name = (node as { name?: ts.Node }).name;
  const declares =
    ts.isVariableDeclaration(node) ||
    ts.isParameter(node) ||
    ts.isBindingElement(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isFunctionExpression(node) ||
    ts.isClassLike(node) ||
    ts.isImportSpecifier(node) ||
    ts.isNamespaceImport(node);
  if (declares && name && ts.isIdentifier(name) && name.text.startsWith('$')) {
    throw new UnsupportedError(name, `names that start with '$' are the debugger's: rename '${name.text}'`);
  }
  ts.forEachChild(node, refuseReservedNames);
}

class Instrumenter {
  readonly edits = new Edits();
  readonly #file: ts.SourceFile;
  readonly #path: string;
  readonly #stripped: string;
  readonly #types: TypeNames;
  readonly #accesses: Accesses;
  readonly #tables: Tables;

  constructor(
    file: ts.SourceFile,
    path: string,
    stripped: string,
    types: TypeNames,
    accesses: Accesses,
    tables: Tables,
  ) {
    this.#file = file;
    this.#path = path;
    this.#stripped = stripped;
    this.#types = types;
    this.#accesses = accesses;
    this.#tables = tables;
  }

  /** Walks anything that is not a statement list, looking for functions and classes. */
  expressions(node: ts.Node | undefined, scope: Scope, ctx: Context | undefined): void {
    if (!node || ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) {
      return;
    }
    if (ts.isFunctionLike(node)) {
      this.#function(node as ts.FunctionLikeDeclaration, scope, ctx);
    } else if (ts.isClassLike(node)) {
      this.#class(node, scope, ctx);
    } else {
      if (
        ts.isAwaitExpression(node) ||
        ts.isYieldExpression(node) ||
        (ts.isForOfStatement(node) && node.awaitModifier)
      ) {
        throw new UnsupportedError(node, "'await' and 'yield' cannot be used in the stack: it is synchronous");
      }
      ts.forEachChild(node, (child) => this.expressions(child, scope, ctx));
    }
  }

  // ---- functions and classes

  #class(node: ts.ClassLikeDeclaration, outer: Scope, ctx: Context | undefined): void {
    const scope = new Scope(outer, ctx);
    if (node.name) {
      scope.declare({ name: node.name.text, type: '' });
    }
    this.expressions(node.heritageClauses?.[0], outer, ctx);
    // A struct is told of as its first field is set.
    const first = node.members.find((m) => ts.isPropertyDeclaration(m) && m.initializer && !isStatic(m));
    for (const m of node.members) {
      if (ts.isClassStaticBlockDeclaration(m)) {
        throw new UnsupportedError(
          m,
          'static blocks cannot be used in the stack: initialise the field in its declaration',
        );
      }
      if (ts.isPropertyDeclaration(m)) {
        const field = new Scope(scope, ctx);
        field.declare({ name: 'this', type: node.name?.text ?? '' }, { initialised: !isStatic(m) });
        if (m === first && m.initializer) {
          this.edits.open(m.initializer.getStart(this.#file), '($born(this),');
        }
        this.expressions(m.initializer, field, ctx);
        if (m === first && m.initializer) {
          this.edits.close(this.#jsEnd(m.initializer), ')');
        }
      } else {
        this.expressions(m, scope, ctx);
      }
    }
  }

  #function(node: ts.FunctionLikeDeclaration, outer: Scope, ctx: Context | undefined): void {
    if (!hasBody(node)) {
      return; // an overload, an abstract method or a `declare`
    }
    this.#checkSupported(node);
    const scope = ts.isFunctionDeclaration(node) ? outer.atEntry() : outer;
    const inner = this.#context(node, ctx);
    this.#tables.functions.push(inner.info);
    const params = this.#parameters(node, scope, inner);
    if (ts.isBlock(node.body)) {
      this.#block(node, node.body, params, inner);
    } else {
      this.#arrowExpression(node.body, params, inner);
    }
    for (const id of inner.info.probes) {
      const after = inner.flow.after(id);
      if (after.length > 0) {
        (this.#tables.probes[id] as Mutable<ProbeInfo>).after = after;
      }
    }
    if (inner.packet) {
      this.#packet(node, inner, inner.packet);
    }
  }

  /**
   * Resolves a function's `@packet`, once its probes are there to say what can be seen; functions inside it see the
   * same packet.
   */
  #packet(node: ts.Node, ctx: Context, tag: Tag): void {
    const { functions, probes } = this.#tables;
    const seen = (info: FunctionInfo): readonly Variable[] => [
      ...info.params,
      ...info.probes.flatMap((id) => probes[id]?.locals ?? []),
    ];
    const packet = resolvePacket(tag.words, seen(ctx.info));
    if (typeof packet === 'string') {
      throw new UnsupportedError(node, packet, tag.pos);
    }
    ctx.info.packet = packet;
    for (const inner of functions.slice(ctx.info.id + 1) as Mutable<FunctionInfo>[]) {
      if (!inner.packet && seen(inner).some((v) => v.name === packet.name)) {
        inner.packet = packet;
      }
    }
  }

  #checkSupported(node: FunctionNode): void {
    if (ts.canHaveModifiers(node) && ts.getModifiers(node)?.some((m) => m.kind === ts.SyntaxKind.AsyncKeyword)) {
      throw new UnsupportedError(node, 'async functions cannot be used in the stack: it is synchronous');
    }
    if (node.asteriskToken) {
      throw new UnsupportedError(node, 'generator functions cannot be used in the stack: it is synchronous');
    }
  }

  #context(node: FunctionNode, outer: Context | undefined): Context {
    const doc = docOf(this.#file, documented(node));
    const classDoc = ts.isClassLike(node.parent) ? docOf(this.#file, node.parent) : undefined;
    const start = this.#position(node.getStart(this.#file));
    return {
      references: referencedNames(node),
      params: undefined,
      outer,
      packet: doc.packet,
      flow: new Flow(),
      info: {
        id: this.#tables.functions.length,
        name: nameOf(node),
        file: this.#path,
        line: start.line,
        endLine: this.#position(node.end - 1).line,
        params: node.parameters.filter((p) => !isThisParameter(p)).flatMap((p) => this.#variables(p)),
        returnType: this.#types.returnOf(node),
        doc: doc.text,
        exported: isExported(node),
        ...(ts.isConstructorDeclaration(node) ? { isConstructor: true as const } : {}),
        nodebug: doc.nodebug || classDoc?.nodebug === true || outer?.info.nodebug === true,
        ...(doc.pure ? { pure: true as const } : {}),
        probes: [],
      },
    };
  }

  /** Declares parameters (and `this`) and visits their default values, in which only earlier ones are certain. */
  #parameters(node: FunctionNode, outer: Scope, ctx: Context): Scope {
    let around = outer;
    if (ts.isFunctionExpression(node) && node.name) {
      around = new Scope(outer, ctx.outer);
      around.declare({ name: node.name.text, type: '' });
    }
    const scope = new Scope(around, ctx);
    ctx.params = scope;
    const names = node.parameters.map((p) => (isThisParameter(p) ? [] : this.#variables(p)));
    for (const v of names.flat()) {
      scope.declare(v, { param: true });
    }
    if (!ts.isArrowFunction(node)) {
      scope.declare({ name: 'this', type: classOf(node) }, { initialised: hasThis(node) });
    }
    for (const [i, p] of node.parameters.entries()) {
      this.expressions(p.name, scope, ctx);
      this.expressions(p.initializer, scope, ctx);
      scope.mark(
        names[i]!.map((v) => v.name),
        true,
      );
    }
    return scope;
  }

  #block(node: FunctionNode, body: ts.Block, params: Scope, ctx: Context): void {
    if (ctx.info.nodebug) {
      this.#statements(body.statements, new Scope(params, ctx), ctx);
      return;
    }
    const result = returnsValue(body) ? 'let $ret;' : '';
    this.edits.open(body.getStart(this.#file) + 1, result + entryOf(ctx.info));
    const scope = new Scope(params, ctx);
    this.#statements(body.statements, scope, ctx);
    if (node.flags & ts.NodeFlags.HasImplicitReturn) {
      const brace = body.end - 1;
      this.edits.open(brace, `;${this.#probe('end', brace, scope, ctx)}`);
    }
  }

  /** `x => e` becomes `x => {return e;}` with probes, on the same lines. */
  #arrowExpression(body: ts.Expression, params: Scope, ctx: Context): void {
    if (ctx.info.nodebug) {
      this.expressions(body, params, ctx);
      return;
    }
    const start = body.getStart(this.#file);
    const probe = this.#probe('statement', start, params, ctx, [], [body]);
    this.edits.open(start, `{let $ret;${entryOf(ctx.info)}${probe}return($ret=(`);
    this.expressions(body, params, ctx);
    this.edits.close(this.#jsEnd(body), `),${this.#returnProbe(start, params, ctx)});}`);
  }

  // ---- statements

  #statements(list: readonly ts.Statement[], scope: Scope, ctx: Context): void {
    this.#hoist(list, scope);
    for (const s of list) {
      this.#statement(s, scope, ctx);
      scope.mark(declaredBy(s), true);
      if (isSuperCall(s) && scope.parent === ctx.params) {
        ctx.params?.mark(['this'], true);
      }
    }
  }

  /** Declares the names of a block: they hide outer ones from its first statement on. */
  #hoist(list: readonly ts.Statement[], scope: Scope): void {
    for (const s of list) {
      if (ts.isVariableStatement(s)) {
        this.#declareList(s.declarationList, scope);
      } else if ((ts.isFunctionDeclaration(s) || ts.isClassDeclaration(s)) && s.name) {
        scope.declare({ name: s.name.text, type: '' });
      }
    }
  }

  #declareList(list: ts.VariableDeclarationList, scope: Scope): void {
    if (!(list.flags & ts.NodeFlags.BlockScoped)) {
      throw new UnsupportedError(list, "'var' cannot be used in the stack: use let or const");
    }
    for (const d of list.declarations) {
      for (const v of this.#variables(d)) {
        scope.declare(v);
      }
    }
  }

  #statement(s: ts.Statement, scope: Scope, ctx: Context): void {
    if (!ctx.info.nodebug && hasProbe(s)) {
      const start = s.getStart(this.#file);
      this.edits.open(start, this.#probe('statement', start, scope, ctx, [], ownParts(s)));
    }
    this.#inside(s, scope, ctx);
  }

  /** What is inside a statement whose own probe, if any, is set. The names of a block are gone in `around`. */
  #inside(s: ts.Statement, scope: Scope, ctx: Context, around = scope): void {
    if (ts.isBlock(s)) {
      const inner = new Scope(scope, ctx);
      this.#statements(s.statements, inner, ctx);
      this.edits.close(s.end - 1, this.#keep(s.statements.at(-1), inner, around, ctx));
    } else if (ts.isIfStatement(s)) {
      this.expressions(s.expression, scope, ctx);
      const ways = [s.thenStatement, ...(s.elseStatement ? [s.elseStatement] : [])];
      ctx.flow.fork(
        ways.map((way) => () => this.#body(way, '', scope, ctx)),
        ways.length === 1,
      );
    } else if (ts.isIterationStatement(s, false)) {
      this.#loop(s, scope, ctx);
    } else if (ts.isReturnStatement(s)) {
      this.#return(s, scope, ctx);
    } else if (ts.isSwitchStatement(s)) {
      this.#switch(s, scope, ctx);
    } else if (ts.isTryStatement(s)) {
      const { catchClause, finallyBlock } = s;
      ctx.flow.attempt(
        () => this.#inside(s.tryBlock, scope, ctx),
        catchClause && (() => this.#catch(catchClause, scope, ctx)),
        finallyBlock && (() => this.#inside(finallyBlock, scope, ctx)),
      );
    } else if (ts.isLabeledStatement(s)) {
      const inside = (): void => this.#inside(s.statement, scope, ctx);
      ts.isIterationStatement(s.statement, true) ? inside() : ctx.flow.labelled(labelsOf(s.statement), inside);
    } else {
      this.expressions(s, scope, ctx);
      if (ts.isBreakOrContinueStatement(s)) {
        ctx.flow.jump(ts.isBreakStatement(s) ? 'break' : 'continue', s.label?.text);
      } else if (ts.isThrowStatement(s)) {
        ctx.flow.leave();
      }
    }
  }

  /**
   * A statement after `if`, `else` or a loop's head: gets braces if it has none. `prefix` is executed each time it is
   * entered.
   */
  #body(s: ts.Statement, prefix: string, scope: Scope, ctx: Context, around = scope): void {
    if (ctx.info.nodebug) {
      this.#inside(s, scope, ctx);
      return;
    }
    const start = s.getStart(this.#file);
    if (ts.isBlock(s)) {
      this.edits.open(start + 1, prefix);
      this.#inside(s, scope, ctx, around);
      return;
    }
    this.edits.open(start, `{${prefix}`);
    this.#statement(s, scope, ctx);
    this.edits.close(s.end, `${this.#keep(s, scope, around, ctx)}}`);
  }

  /**
   * At the end of a block: something that seems to use its names, so that V8 keeps their values while the last
   * statement calls something. In front of any other statement, and where the function ends, a probe does that.
   */
  #keep(last: ts.Statement | undefined, inner: Scope, around: Scope, ctx: Context): string {
    if (ctx.info.nodebug || !last || !calls(last)) {
      return '';
    }
    const known = new Set(around.visible());
    const names = inner.visible().filter((v) => !known.has(v));
    return names.length === 0 ? '' : `;$T[0]<0&&$tick(${names.map((v) => v.name)});`;
  }

  #loop(s: ts.IterationStatement, outer: Scope, ctx: Context): void {
    const scope = new Scope(outer, ctx);
    if (ts.isForStatement(s) || ts.isForOfStatement(s) || ts.isForInStatement(s)) {
      const init = s.initializer;
      const list = init && ts.isVariableDeclarationList(init) ? init : undefined;
      if (list) {
        this.#declareList(list, scope);
      }
      if (ts.isForOfStatement(s) && s.awaitModifier) {
        throw new UnsupportedError(s, "'for await' cannot be used in the stack: it is synchronous");
      }
      this.expressions(init, scope, ctx);
      if (!ts.isForStatement(s)) {
        this.expressions(s.expression, scope, ctx);
      }
      scope.mark(list?.declarations.flatMap(namesOf) ?? [], true);
      if (ts.isForStatement(s)) {
        this.expressions(s.condition, scope, ctx);
        this.expressions(s.incrementor, scope, ctx);
      }
    } else if (ts.isWhileStatement(s) || ts.isDoStatement(s)) {
      this.expressions(s.expression, scope, ctx);
    }
    ctx.flow.loop(labelsOf(s), () => this.#body(s.statement, TICK, scope, ctx, outer));
  }

  #switch(s: ts.SwitchStatement, outer: Scope, ctx: Context): void {
    this.expressions(s.expression, outer, ctx);
    const scope = new Scope(outer, ctx);
    this.#hoist(
      s.caseBlock.clauses.flatMap((c) => [...c.statements]),
      scope,
    );
    const { clauses } = s.caseBlock;
    ctx.flow.clauses(
      clauses.map((clause) => () => this.#clause(clause, scope, ctx)),
      clauses.some(ts.isDefaultClause),
    );
  }

  #clause(clause: ts.CaseOrDefaultClause, scope: Scope, ctx: Context): void {
    if (ts.isCaseClause(clause)) {
      this.expressions(clause.expression, scope, ctx);
    }
    for (const inner of clause.statements) {
      this.#statement(inner, scope, ctx);
      scope.mark(declaredBy(inner), true);
    }
    // The next clause can be entered without having passed here.
    scope.mark(clause.statements.flatMap(declaredBy), false);
  }

  #catch(clause: ts.CatchClause, outer: Scope, ctx: Context): void {
    const scope = new Scope(outer, ctx);
    if (clause.variableDeclaration) {
      for (const v of this.#variables(clause.variableDeclaration)) {
        scope.declare(v, { initialised: true });
      }
    }
    this.#inside(clause.block, scope, ctx, outer);
  }

  #return(s: ts.ReturnStatement, scope: Scope, ctx: Context): void {
    const start = s.getStart(this.#file);
    if (ctx.info.nodebug) {
      this.expressions(s.expression, scope, ctx);
    } else if (!s.expression) {
      this.edits.open(start, this.#probe('return', start, scope, ctx, ['void 0']));
    } else {
      this.edits.open(start + 'return'.length, '($ret=(');
      this.expressions(s.expression, scope, ctx);
      this.edits.close(this.#jsEnd(s.expression), `),${this.#returnProbe(start, scope, ctx)})`);
    }
    ctx.flow.leave();
  }

  // ---- probes

  /** A probe that is a statement. If what decides there says so, the function returns the runtime's `returned`. */
  #probe(
    kind: ProbeKind,
    pos: number,
    scope: Scope,
    ctx: Context,
    first: readonly string[] = [],
    parts: readonly (ts.Node | undefined)[] = [],
  ): string {
    const { id, args } = this.#newProbe(kind, pos, scope, ctx, parts);
    const decide = `$D[${id}](${[...first, ...args]})`;
    return ctx.info.isConstructor ? `if($A[${id}])${decide};` : `if($A[${id}]&&${decide})return $R.returned;`;
  }

  /**
   * The probe of `return X`, an expression whose value is what the function returns. It is given the value of X first.
   */
  #returnProbe(pos: number, scope: Scope, ctx: Context): string {
    const { id, args } = this.#newProbe('return', pos, scope, ctx);
    const decide = `$A[${id}]&&$D[${id}](${['$ret', ...args]})`;
    return ctx.info.isConstructor ? `${decide},$ret` : `${decide}?$R.returned:$ret`;
  }

  #newProbe(
    kind: ProbeKind,
    pos: number,
    scope: Scope,
    ctx: Context,
    parts: readonly (ts.Node | undefined)[] = [],
  ): { id: number; args: string[] } {
    const { probes, accesses } = this.#tables;
    const id = probes.length;
    const locals = scope.visible();
    const { reads, writes } = this.#accesses.of(parts, new Set(locals.map((v) => v.name)));
    const numbers = (list: readonly Access[]): number[] => [...new Set(list.map((a) => accesses.number(a)))];
    probes.push({
      id,
      kind,
      fn: ctx.info.id,
      ...this.#position(pos),
      locals,
      ...(writes.length > 0 ? { writes: numbers(writes) } : {}),
      ...(reads.length > 0 ? { reads: numbers(reads) } : {}),
    });
    ctx.info.probes.push(id);
    ctx.flow.reach(id);
    return { id, args: locals.map((v) => v.name) };
  }

  // ---- positions and names

  #position(pos: number): { line: number; column: number } {
    const p = this.#file.getLineAndCharacterOfPosition(pos);
    return { line: p.line + 1, column: p.character + 1 };
  }

  /**
   * End of an expression in the stripped text: before what was a type (`x as T`), where a semicolon may have been put.
   */
  #jsEnd(e: ts.Expression): number {
    let end = e.end;
    const blank = (i: number): boolean => {
      const c = this.#stripped[i]!;
      return /\s/.test(c) || (c === ';' && this.#file.text[i] !== ';');
    };
    while (blank(end - 1)) {
      end--;
    }
    return end;
  }

  #variables(d: ts.ParameterDeclaration | ts.VariableDeclaration): Variable[] {
    return boundNames(d.name).map((id) => ({
      name: id.text,
      type: this.#types.of(id, ts.isIdentifier(d.name) ? d.type : undefined),
    }));
  }
}
