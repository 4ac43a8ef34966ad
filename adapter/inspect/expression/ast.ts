/** Syntax trees of gdb's C-like expressions. */
import { type Span, TextError } from '../../packets/span.ts';

/**
 * An expression cannot be read or has no meaning; the message is in gdb's words. Nothing else is thrown by this folder.
 */
export class ExpressionError extends TextError {
  override name = 'ExpressionError';
}

/** A name that nothing has where the expression stands. */
export class UnknownSymbolError extends ExpressionError {
  readonly symbol: string;

  constructor(symbol: string, hint = '') {
    super(`No symbol "${symbol}" in current context.${hint}`);
    this.symbol = symbol;
  }
}

export type UnaryOperator = '+' | '-' | '!' | '~' | '*' | '&';

export type BinaryOperator =
  | '*'
  | '/'
  | '%'
  | '+'
  | '-'
  | '@'
  | '<<'
  | '>>'
  | '<'
  | '>'
  | '<='
  | '>='
  | '=='
  | '!='
  | '&'
  | '^'
  | '|'
  | '&&'
  | '||';

/** A type of a cast or `sizeof`: the words without `struct`, and how many stars follow. */
export interface TypeName {
  readonly name: string;
  readonly pointers: number;
}

/** C's type of a constant: `char` is a character's, `float` a double's and `single` a float's. */
export type NumberType = 'int' | 'uint' | 'long' | 'ulong' | 'char' | 'float' | 'single';

/** An expression, with the part of the text that it is, if it was read from one. */
export type Expression = Node & { readonly span?: Span };

type Node =
  | {
      readonly kind: 'number';
      readonly value: number | bigint;
      readonly type: NumberType;
    }
  | { readonly kind: 'string'; readonly value: string }
  /** An IPv4 address, in host byte order as in the stack. */
  | { readonly kind: 'ipv4'; readonly text: string; readonly value: number }
  | { readonly kind: 'mac'; readonly text: string }
  | { readonly kind: 'name'; readonly name: string }
  /** `$name`, without the dollar: convenience variable, register, history (`1`, empty, `$`, `$2`), `pkt`. */
  | { readonly kind: 'dollar'; readonly name: string }
  | { readonly kind: 'member'; readonly object: Expression; readonly name: string; readonly arrow: boolean }
  | { readonly kind: 'index'; readonly object: Expression; readonly index: Expression }
  | { readonly kind: 'unary'; readonly op: UnaryOperator; readonly operand: Expression }
  | { readonly kind: 'binary'; readonly op: BinaryOperator; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'conditional'; readonly test: Expression; readonly yes: Expression; readonly no: Expression }
  /** `op` is empty for a plain assignment; `x++` and `--x` are assignments of 1 with `postfix` telling the value. */
  | {
      readonly kind: 'assign';
      readonly op: BinaryOperator | '';
      readonly target: Expression;
      readonly value: Expression;
      readonly postfix: boolean;
    }
  | { readonly kind: 'comma'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'cast'; readonly type: TypeName; readonly operand: Expression }
  | { readonly kind: 'sizeof'; readonly operand: Expression | TypeName }
  /** A call of one of the `$_` functions; the name is without the dollar. */
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  /** A call of a function of the stack. */
  | { readonly kind: 'apply'; readonly name: string; readonly args: readonly Expression[] };
