/**
 * The request that code runs for, however deep and late it is called: whether it was cancelled, and whether it holds
 * the reports of stops back until it has been answered.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Stop } from '../engine/api.ts';

export interface Ongoing {
  readonly cancellation: AbortController;
  /** It set the machine going: its answer comes before the stops. */
  holdsStops: boolean;
  /** The stop that it is about. */
  readonly about: Stop | undefined;
  /** It has been answered, or takes so long that nothing waits for it: its progress is shown. */
  readonly settled: Promise<void>;
  readonly settle: () => void;
}

const storage = new AsyncLocalStorage<Ongoing>();

export function startOngoing(about: Stop | undefined): Ongoing {
  let settle = (): void => undefined;
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return { cancellation: new AbortController(), holdsStops: false, about, settled, settle };
}

/** Runs what a request does. */
export function within<T>(request: Ongoing, action: () => T): T {
  return storage.run(request, action);
}

/** The request that is being handled here; undefined outside of any. */
export function ongoing(): Ongoing | undefined {
  return storage.getStore();
}

/** True if nobody waits for the answer any more. */
export function isCancelled(): boolean {
  return ongoing()?.cancellation.signal.aborted ?? false;
}
