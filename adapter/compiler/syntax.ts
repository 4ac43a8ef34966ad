/** Questions about syntax trees: names of functions, what a statement declares, where a probe belongs. */
import ts from 'typescript';
import { boundNames } from './scope.ts';

/** A function with code. */
export type FunctionNode = ts.FunctionLikeDeclaration & { readonly body: ts.Block | ts.Expression };

export function hasBody(node: ts.FunctionLikeDeclaration): node is FunctionNode {
  return (node as { body?: ts.Node }).body !== undefined;
}

/** Declarations without code, blocks (whose statements have their own) and `try` have no probe. */
export function hasProbe(s: ts.Statement): boolean {
  if (ts.isVariableStatement(s)) {
    return s.declarationList.declarations.some((d) => d.initializer);
  }
  return !(
    ts.isBlock(s) ||
    ts.isEmptyStatement(s) ||
    ts.isTryStatement(s) ||
    ts.isFunctionDeclaration(s) ||
    ts.isClassDeclaration(s) ||
    ts.isInterfaceDeclaration(s) ||
    ts.isTypeAliasDeclaration(s) ||
    (ts.isLabeledStatement(s) && ts.isBlock(s.statement))
  );
}

/** Names that are certainly initialised after a statement. */
export function declaredBy(s: ts.Statement): string[] {
  return ts.isVariableStatement(s) ? s.declarationList.declarations.flatMap(namesOf) : [];
}

export function namesOf(d: ts.VariableDeclaration): string[] {
  return boundNames(d.name).map((id) => id.text);
}

/** `super(...)`, after which a derived constructor has its `this`. */
export function isSuperCall(s: ts.Statement): boolean {
  return (
    ts.isExpressionStatement(s) &&
    ts.isCallExpression(s.expression) &&
    s.expression.expression.kind === ts.SyntaxKind.SuperKeyword
  );
}

/** What of a statement is executed between its probe and those of the statements inside it. */
export function ownParts(s: ts.Statement): (ts.Node | undefined)[] {
  if (ts.isIfStatement(s) || ts.isWhileStatement(s) || ts.isDoStatement(s)) {
    return [s.expression];
  }
  if (ts.isForStatement(s)) {
    return [s.initializer, s.condition, s.incrementor];
  }
  if (ts.isForOfStatement(s) || ts.isForInStatement(s)) {
    return [s.initializer, s.expression];
  }
  if (ts.isSwitchStatement(s)) {
    return [s.expression, ...s.caseBlock.clauses.map((c) => (ts.isCaseClause(c) ? c.expression : undefined))];
  }
  return ts.isLabeledStatement(s) ? ownParts(s.statement) : [s];
}

/** The labels right before a statement. */
export function labelsOf(s: ts.Statement): string[] {
  return ts.isLabeledStatement(s.parent) ? [s.parent.label.text, ...labelsOf(s.parent)] : [];
}

/** Does a statement call something, and go on behind it? */
export function calls(s: ts.Statement): boolean {
  const leaves = ts.isReturnStatement(s) || ts.isThrowStatement(s) || ts.isBreakOrContinueStatement(s);
  const inside = (node: ts.Node): boolean =>
    ts.isCallExpression(node) ||
    ts.isNewExpression(node) ||
    (!ts.isFunctionLike(node) && ts.forEachChild(node, inside) === true);
  return !leaves && inside(s);
}

/** True if some `return` of the function itself has a value. */
export function returnsValue(node: ts.Node): boolean {
  return (
    ts.forEachChild(node, (child): true | undefined => {
      if (ts.isFunctionLike(child) || ts.isClassLike(child)) {
        return undefined;
      }
      return (ts.isReturnStatement(child) && child.expression) || returnsValue(child) ? true : undefined;
    }) ?? false
  );
}

export function isThisParameter(p: ts.ParameterDeclaration): boolean {
  return ts.isIdentifier(p.name) && p.name.text === 'this';
}

export function isStatic(node: ts.Node): boolean {
  return (
    ts.canHaveModifiers(node) && ts.getModifiers(node)?.some((m) => m.kind === ts.SyntaxKind.StaticKeyword) === true
  );
}

/** The name of the class a method belongs to, or ''. */
export function classOf(node: ts.Node): string {
  return ts.isClassLike(node.parent) ? (node.parent.name?.text ?? '') : '';
}

/** True if `this` can be read on entry to a function that is not an arrow. */
export function hasThis(node: FunctionNode): boolean {
  if (ts.isConstructorDeclaration(node)) {
    const clauses = (node.parent as ts.ClassLikeDeclaration).heritageClauses ?? [];
    return !clauses.some((h) => h.token === ts.SyntaxKind.ExtendsKeyword);
  }
  const member = ts.isMethodDeclaration(node) || ts.isAccessor(node);
  return (member && !isStatic(node)) || node.parameters.some(isThisParameter);
}

/** The node whose doc comment and `export` are the function's: `const f = () => ...` is documented at the statement. */
export function documented(node: ts.Node): ts.Node {
  const p = node.parent;
  if (p && ts.isVariableDeclaration(p) && p.initializer === node && ts.isVariableStatement(p.parent.parent)) {
    return p.parent.parent;
  }
  if (p && (ts.isPropertyDeclaration(p) || ts.isPropertyAssignment(p)) && p.initializer === node) {
    return p;
  }
  return node;
}

export function isExported(node: ts.Node): boolean {
  const d = documented(node);
  return ts.canHaveModifiers(d) && ts.getModifiers(d)?.some((m) => m.kind === ts.SyntaxKind.ExportKeyword) === true;
}

/** `f`, `Class.method`, what an arrow function is bound to, or `<anonymous>`. */
export function nameOf(node: FunctionNode): string {
  const p = node.parent;
  const owner = ts.isClassLike(p) && p.name ? `${p.name.text}.` : '';
  if (ts.isConstructorDeclaration(node)) {
    return `${owner}constructor`;
  }
  if (node.name) {
    return owner + node.name.getText();
  }
  if (ts.isVariableDeclaration(p) || ts.isPropertyAssignment(p) || ts.isBindingElement(p) || ts.isParameter(p)) {
    return p.name.getText();
  }
  if (ts.isPropertyDeclaration(p)) {
    return `${classOf(p) ? `${classOf(p)}.` : ''}${p.name.getText()}`;
  }
  if (ts.isBinaryExpression(p) && p.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
    return p.left.getText();
  }
  return '<anonymous>';
}
