/** Reading a capture takes a while: it is done in slices, between which others have their turn. */

/** Who wants to know how far reading a capture is, and may put an end to it. */
export interface Progress {
  /** `done` of `total` bytes have been read or unpacked; 0 if it is not known how many there are. */
  readonly told: (done: number, total: number) => void;
  readonly signal: AbortSignal;
}

/** Milliseconds that a slice may take. */
const SLICE_MS = 20;

/** Runs a generator that yields how many bytes of `total` are done. Rejects when the signal gives it up. */
export async function inSlices<T>(steps: Generator<number, T>, total: number, progress: Progress): Promise<T> {
  let since = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done) {
      return step.value;
    }
    if (performance.now() - since > SLICE_MS) {
      progress.told(step.value, total);
      await new Promise((resolve) => setImmediate(resolve));
      progress.signal.throwIfAborted();
      since = performance.now();
    }
  }
}
