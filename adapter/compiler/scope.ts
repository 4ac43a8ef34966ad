/**
 * Which names a probe may read: those certainly initialised where it stands, so that it can never meet a temporal dead
 * zone.
 */
import ts from 'typescript';
import type { Variable } from './debug-info.ts';

interface Entry {
  readonly variable: Variable;
  initialised: boolean;
  readonly param: boolean;
}

/**
 * The names declared in one block, parameter list, loop head, ...; a name hides outer ones in the whole block, also
 * before its declaration.
 */
export class Scope {
  readonly parent: Scope | undefined;
  /** The function whose parameters or body this is part of. */
  readonly fn: FunctionScope | undefined;
  readonly #names = new Map<string, Entry>();

  constructor(parent: Scope | undefined, fn: FunctionScope | undefined) {
    this.parent = parent;
    this.fn = fn;
  }

  declare(variable: Variable, options: { readonly initialised?: boolean; readonly param?: boolean } = {}): void {
    this.#names.set(variable.name, {
      variable,
      initialised: options.initialised ?? false,
      param: options.param ?? false,
    });
  }

  /** Marks names of this scope as initialised from here on (or, leaving a switch clause, as uncertain again). */
  mark(names: Iterable<string>, initialised: boolean): void {
    for (const name of names) {
      const e = this.#names.get(name);
      if (e) {
        e.initialised = initialised;
      }
    }
  }

  /**
   * The scope as a hoisted function declaration sees it: it may be called before any of the statements of the enclosing
   * function, so only what was there on entry to that function is certain.
   */
  atEntry(): Scope {
    const fn = this.fn;
    if (!this.parent || !fn || this === fn.params) {
      return this;
    }
    const copy = new Scope(this.parent.atEntry(), fn);
    for (const e of this.#names.values()) {
      copy.declare(e.variable, { initialised: false, param: e.param });
    }
    return copy;
  }

  /**
   * What a probe in this scope passes: parameters, then other locals, then outer variables that the function itself
   * uses.
   */
  visible(): Variable[] {
    const winners = new Map<string, Entry>();
    const chain: Scope[] = [];
    for (let s: Scope | undefined = this; s; s = s.parent) {
      chain.unshift(s);
      for (const [name, entry] of s.#names) {
        if (!winners.has(name)) {
          winners.set(name, entry);
        }
      }
    }
    const params: Variable[] = [];
    const locals: Variable[] = [];
    const captured: Variable[] = [];
    for (const scope of chain) {
      for (const [name, entry] of scope.#names) {
        if (winners.get(name) !== entry || !entry.initialised) {
          continue;
        }
        if (scope.fn !== this.fn) {
          if (this.fn?.references.has(name)) {
            captured.push(entry.variable);
          }
        } else if (entry.param) {
          params.push(entry.variable);
        } else {
          locals.push(entry.variable);
        }
      }
    }
    return [...params, ...locals, ...captured];
  }
}

/** A function being compiled, as its scopes see it. */
export interface FunctionScope {
  /**
   * Names its text refers to. Outer variables are passed only if they are among these: the others are not kept alive by
   * V8 either.
   */
  readonly references: ReadonlySet<string>;
  /** The scope of its parameters. */
  params: Scope | undefined;
}

/** Names (and `this`) that a function's text refers to, nested functions included. */
export function referencedNames(fn: ts.Node): Set<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node)) {
      return;
    }
    if (ts.isIdentifier(node)) {
      names.add(node.text);
    } else if (node.kind === ts.SyntaxKind.ThisKeyword) {
      names.add('this');
    } else if (ts.isPropertyAccessExpression(node)) {
      visit(node.expression);
    } else if (ts.isPropertyAssignment(node) && ts.isIdentifier(node.name)) {
      visit(node.initializer);
    } else {
      ts.forEachChild(node, visit);
    }
  };
  visit(fn);
  return names;
}

/** The identifiers that a binding name binds: one, or those of a destructuring pattern, in order. */
export function boundNames(name: ts.BindingName): ts.Identifier[] {
  if (ts.isIdentifier(name)) {
    return [name];
  }
  return name.elements.flatMap((e) => (ts.isOmittedExpression(e) ? [] : boundNames(e.name)));
}
