/** The tick counter of an instrumented stack: two shared doubles, which the compiled code calls `$T`. */

/** Indices of the doubles. */
export const TICK = {
  /** Ticks so far: function entries and rounds of loops. */
  COUNT: 0,
  /** The count at which the code calls the runtime; 0 does so at once, infinity never. */
  LIMIT: 1,
} as const;

/** A counter that has counted nothing and calls nobody. */
export function createTicks(): SharedArrayBuffer {
  const ticks = new SharedArrayBuffer(2 * Float64Array.BYTES_PER_ELEMENT);
  new Float64Array(ticks)[TICK.LIMIT] = Number.POSITIVE_INFINITY;
  return ticks;
}
