/** What the debugger and the thread of the user's JavaScript say to each other. All of it can be cloned. */

/** A value of the stack; an aggregate is looked into with its handle, until the machine runs. */
export interface Aggregate {
  readonly kind: string;
  readonly type: string;
  readonly length: number;
  readonly handle: string;
}

export type PlainValue = number | bigint | boolean | string | null | undefined | Aggregate;

/** Where a breakpoint is set, and when it stops. */
export interface BreakpointOrder {
  readonly at: string;
  readonly condition?: string;
  /** The text of a function. */
  readonly stop?: string;
  readonly temporary?: boolean;
}

export type ToScript =
  | { readonly kind: 'run'; readonly code?: string; readonly file?: string; readonly quiet?: boolean }
  | { readonly kind: 'answer'; readonly id: number; readonly value?: unknown; readonly error?: string }
  | { readonly kind: 'event'; readonly name: string; readonly args: readonly unknown[] };

export type FromScript =
  | { readonly kind: 'call'; readonly id: number; readonly method: string; readonly args: readonly unknown[] }
  | { readonly kind: 'print'; readonly text: string }
  | { readonly kind: 'done'; readonly error?: string };
