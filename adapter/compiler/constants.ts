/** Values of constant expressions: `export const RDH = 0x2810 >> 2` is 2564 in the debug info. */
import ts from 'typescript';

export type Constant = number | string;

/** Resolves constants of a program; each is evaluated once. */
export class Constants {
  readonly #checker: ts.TypeChecker;
  readonly #known = new Map<ts.Symbol, Constant | undefined>();

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker;
  }

  /** Value of an expression of literals, operators and other constants; undefined for anything else. */
  evaluate(e: ts.Expression): Constant | undefined {
    if (ts.isNumericLiteral(e)) {
      return Number(e.text);
    }
    if (ts.isStringLiteralLike(e)) {
      return e.text;
    }
    if (ts.isParenthesizedExpression(e) || ts.isAsExpression(e) || ts.isSatisfiesExpression(e)) {
      return this.evaluate(e.expression);
    }
    if (ts.isIdentifier(e)) {
      return this.#identifier(e);
    }
    if (ts.isPrefixUnaryExpression(e)) {
      const v = this.evaluate(e.operand);
      return typeof v === 'number' ? unary(e.operator, v) : undefined;
    }
    if (ts.isBinaryExpression(e)) {
      const a = this.evaluate(e.left);
      const b = a === undefined ? undefined : this.evaluate(e.right);
      return a === undefined || b === undefined ? undefined : binary(e.operatorToken.kind, a, b);
    }
    return undefined;
  }

  #identifier(e: ts.Identifier): Constant | undefined {
    let symbol = this.#checker.getSymbolAtLocation(e);
    if (symbol && symbol.flags & ts.SymbolFlags.Alias) {
      symbol = this.#checker.getAliasedSymbol(symbol);
    }
    if (!symbol) {
      return undefined;
    }
    if (!this.#known.has(symbol)) {
      this.#known.set(symbol, undefined); // a cycle has no value
      const d = symbol.valueDeclaration;
      if (d && ts.isVariableDeclaration(d) && d.initializer && ts.getCombinedNodeFlags(d) & ts.NodeFlags.Const) {
        this.#known.set(symbol, this.evaluate(d.initializer));
      }
    }
    return this.#known.get(symbol);
  }
}

function unary(operator: ts.PrefixUnaryOperator, v: number): number | undefined {
  switch (operator) {
    case ts.SyntaxKind.MinusToken:
      return -v;
    case ts.SyntaxKind.PlusToken:
      return v;
    case ts.SyntaxKind.TildeToken:
      return ~v;
    default:
      return undefined;
  }
}

function binary(operator: ts.SyntaxKind, a: Constant, b: Constant): Constant | undefined {
  if (typeof a === 'string' || typeof b === 'string') {
    return operator === ts.SyntaxKind.PlusToken ? `${a}${b}` : undefined;
  }
  switch (operator) {
    case ts.SyntaxKind.PlusToken:
      return a + b;
    case ts.SyntaxKind.MinusToken:
      return a - b;
    case ts.SyntaxKind.AsteriskToken:
      return a * b;
    case ts.SyntaxKind.SlashToken:
      return a / b;
    case ts.SyntaxKind.PercentToken:
      return a % b;
    case ts.SyntaxKind.AsteriskAsteriskToken:
      return a ** b;
    case ts.SyntaxKind.LessThanLessThanToken:
      return a << b;
    case ts.SyntaxKind.GreaterThanGreaterThanToken:
      return a >> b;
    case ts.SyntaxKind.GreaterThanGreaterThanGreaterThanToken:
      return a >>> b;
    case ts.SyntaxKind.AmpersandToken:
      return a & b;
    case ts.SyntaxKind.BarToken:
      return a | b;
    case ts.SyntaxKind.CaretToken:
      return a ^ b;
    default:
      return undefined;
  }
}
