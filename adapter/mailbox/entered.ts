/**
 * Which functions have been entered since the last checkpoint: shared memory with a byte for each function of the debug
 * info, which the compiled code calls `$E`, behind the count of checkpoints so far.
 */

const HEADER = 4;

/** The memory for so many functions. */
export function createEntered(functions: number): SharedArrayBuffer {
  return new SharedArrayBuffer(HEADER + functions);
}

/** The byte of each function. */
export function enteredBytes(memory: SharedArrayBuffer): Uint8Array {
  return new Uint8Array(memory, HEADER);
}

/** A checkpoint was taken: what has been entered is counted anew. Returns what was before. */
export function takeEntered(memory: SharedArrayBuffer): Uint8Array {
  const bytes = enteredBytes(memory);
  const before = bytes.slice();
  bytes.fill(0);
  new Int32Array(memory, 0, 1)[0] = takenCheckpoints(memory) + 1;
  return before;
}

/** How many checkpoints there have been. */
export function takenCheckpoints(memory: SharedArrayBuffer): number {
  return new Int32Array(memory, 0, 1)[0] ?? 0;
}
