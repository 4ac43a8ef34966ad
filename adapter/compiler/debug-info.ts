/** The debug info the compiler writes beside the instrumented stack: the "-g" of this toolchain. */

/**
 * A position in a source file; lines and columns count from 1. `file` is relative to `adapter/stack`, such as
 * `hw/net/e1000.ts`.
 */
export interface SourceLocation {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * A parameter, local or struct field, with its type as written in the source (empty where none was and none could be
 * inferred).
 */
export interface Variable {
  readonly name: string;
  readonly type: string;
}

/** How the bytes of a packet are kept. */
export type PacketKind = 'buf' | 'iov' | 'mbuf' | 'skb';

/** The packet that a function handles (tag `@packet`). */
export interface PacketInfo {
  readonly kind: PacketKind;
  /** The parameter or local that holds it. */
  readonly name: string;
  /** The one with its length or the number of its pieces; empty where there is none. */
  readonly extra: string;
  /** What its bytes begin with: `ethernet`, `ip`, or the local that says which. Structs know that themselves. */
  readonly link: string;
}

export interface FunctionInfo {
  readonly id: number;
  /**
   * The plain name, such as `e1000_receive_iov`; methods are `Class.method`, nested and arrow functions take the name
   * they are bound to.
   */
  readonly name: string;
  readonly file: string;
  /** First and last line of the whole function. */
  readonly line: number;
  readonly endLine: number;
  readonly params: readonly Variable[];
  readonly returnType: string;
  /** Text of the doc comment without its stars; empty if there is none. */
  readonly doc: string;
  readonly exported: boolean;
  /** There if it is a constructor: its probes cannot make it return another value. */
  readonly isConstructor?: true;
  /** `@nodebug`: compiled without probes and ticks, left out of back traces. */
  readonly nodebug: boolean;
  /** `@pure`: there only where it changes nothing, so that expressions may call it. */
  readonly pure?: true;
  /** `@packet`: there only where the function handles one. */
  readonly packet?: PacketInfo;
  /**
   * Ids of the probes inside, in source order (those of nested functions excluded). The first one is where
   * `break FUNCTION` stops.
   */
  readonly probes: readonly number[];
}

/** What a statement writes or reads: its kind, and what is known of it. */
export interface Access {
  /** A local; a field of a struct; an element of an array, map or view. */
  readonly kind: 'local' | 'field' | 'element';
  /** The local's or the field's name; of an element the field that holds the array, empty where it is not known. */
  readonly name: string;
  /** The struct that declares the field; the type of the array. Empty where it is not known. */
  readonly type: string;
  /** The element, where it is a constant. */
  readonly index?: number;
  /** JavaScript over the probe's locals (and `$G`) for the struct or array, and for the index. */
  readonly object?: string;
  readonly at?: string;
  /** The same for how many elements from there on, bytes of a `DataView`; one if it is not there. */
  readonly length?: string;
}

/**
 * `statement`: before a statement. `return`: after a return value was computed, before the function is left (an extra
 * first argument `$ret` carries it, undefined for a plain `return`). `end`: at a function's closing brace, when it is
 * reached.
 */
export type ProbeKind = 'statement' | 'return' | 'end';

export interface ProbeInfo {
  readonly id: number;
  readonly kind: ProbeKind;
  /** Index into `functions`. */
  readonly fn: number;
  readonly line: number;
  readonly column: number;
  /**
   * The locals passed to what decides at the probe, in order: parameters, then what is in scope and initialised (`this`
   * of a method first), then variables of an enclosing function, if this one refers to them.
   */
  readonly locals: readonly Variable[];
  /** What the statement writes and reads: indices into `accesses`. Not there if it is nothing. */
  readonly writes?: readonly number[];
  readonly reads?: readonly number[];
  /** Probes of the function that can be the next one. */
  readonly after?: readonly number[];
}

export interface StructInfo {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly doc: string;
  readonly kind: 'class' | 'interface' | 'type';
  /** What follows `extends`; for a type alias that is not an object type, what it stands for. */
  readonly extends: string;
  readonly fields: readonly (Variable & { readonly doc: string; readonly line: number })[];
}

/** A module-level constant or variable. `value` is there when it is a literal or a constant expression of others. */
export interface GlobalInfo {
  readonly name: string;
  readonly type: string;
  readonly file: string;
  readonly line: number;
  readonly doc: string;
  readonly value?: number | string;
}

export interface DebugInfo {
  readonly version: 1;
  /** SHA-256 over the sources, so that a recording can tell whether it belongs to this build. */
  readonly buildId: string;
  readonly files: readonly string[];
  readonly functions: readonly FunctionInfo[];
  readonly probes: readonly ProbeInfo[];
  readonly accesses: readonly Access[];
  readonly structs: readonly StructInfo[];
  readonly globals: readonly GlobalInfo[];
}
