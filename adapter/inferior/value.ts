/** Values of the inferior as they cross to the front ends: what `Describer` makes of them. */

/** A value of the inferior. Aggregates are handles, valid until the inferior runs again. */
export interface Value {
  readonly kind:
    | 'number'
    | 'bigint'
    | 'boolean'
    | 'string'
    | 'null'
    | 'undefined'
    | 'struct'
    | 'array'
    | 'bytes'
    | 'map'
    | 'function';
  /**
   * C-style type where known (`uint32`, `E1000State`, `Uint8Array`, `iovec[]`), from the debug info or the object's
   * class.
   */
  readonly type: string;
  /** The number, bigint, boolean or string; for a function its name. */
  readonly value?: number | bigint | boolean | string;
  /** Elements of array, bytes and map; fields of a struct. */
  readonly length?: number;
  /** For aggregates: what `children` takes. */
  readonly handle?: string;
  /**
   * A stable pseudo address of an aggregate, distinct for each object, such as 0x7f0000001040; for printing pointers as
   * gdb does.
   */
  readonly address?: number;
  /** Bits of an element for typed arrays (8, 16, 32), to pad hex. */
  readonly bits?: number;
}

export interface NamedValue {
  readonly name: string;
  readonly value: Value;
}
