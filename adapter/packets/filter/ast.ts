/** Syntax trees of display filters, as the text says them: what a word stands for is decided in `check.ts`. */
import { type Span, TextError } from '../span.ts';

/** A filter that cannot be read or has no meaning. Nothing else is thrown by this folder. */
export class FilterError extends TextError {
  override name = 'FilterError';
}

/** `~=` is another spelling of `!==`. */
export type Relation = '==' | '!=' | '===' | '!==' | '<' | '<=' | '>' | '>=';

/** Of several occurrences all have to match, or any; without a word the operator decides. */
export type Quantifier = 'any' | 'all' | undefined;

/** `length` null is up to the end; an `end` is inclusive. Negative places count from the end. */
export interface Range {
  readonly start: number;
  readonly length?: number | null;
  readonly end?: number;
}

export type Arithmetic = '+' | '-' | '*' | '/' | '%' | '&';

/** A value: a field, a constant, or what is made of such. */
export type ValueNode = (
  | { readonly kind: 'word'; readonly text: string }
  /** One character a byte; text beyond ASCII is UTF-8. */
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'char'; readonly code: number }
  /** `${ip.src}`: a field of the packet that somebody looks at. */
  | { readonly kind: 'reference'; readonly name: string; readonly layers?: readonly Range[] }
  | { readonly kind: 'raw'; readonly name: string; readonly layers?: readonly Range[] }
  | { readonly kind: 'layer'; readonly name: string; readonly layers: readonly Range[] }
  | { readonly kind: 'slice'; readonly of: ValueNode; readonly ranges: readonly Range[] }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly ValueNode[] }
  | { readonly kind: 'negative'; readonly of: ValueNode }
  | { readonly kind: 'arithmetic'; readonly op: Arithmetic; readonly left: ValueNode; readonly right: ValueNode }
) & { readonly span: Span };

/** An element of a set: a value, or the values between two. */
export interface SetElement {
  readonly from: ValueNode;
  readonly to?: ValueNode;
}

interface Search<Kind extends string> {
  readonly kind: Kind;
  readonly quantifier: Quantifier;
  readonly left: ValueNode;
  readonly right: ValueNode;
}

/** Something that is true or false of a packet. */
export type TestNode = (
  | { readonly kind: 'and' | 'or' | 'xor'; readonly left: TestNode; readonly right: TestNode }
  | { readonly kind: 'not'; readonly of: TestNode }
  | { readonly kind: 'exists'; readonly value: ValueNode }
  | {
      readonly kind: 'compare';
      readonly op: Relation;
      readonly quantifier: Quantifier;
      readonly left: ValueNode;
      readonly right: ValueNode;
    }
  | Search<'contains'>
  | Search<'matches'>
  | {
      readonly kind: 'in';
      readonly quantifier: Quantifier;
      readonly left: ValueNode;
      readonly set: readonly SetElement[];
    }
) & { readonly span: Span };
