/**
 * Waiting for what has no event: something is looked at again and again until it is so. This is the only file whose
 * code may let time pass (`test/lint/tests.test.ts`); a test that can wait for an event does.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds between two looks. */
const PERIOD = 5;

type Look<T> = () => T | Promise<T>;

/** Resolves to whether something came true within `ms`. */
export async function soon(look: Look<boolean>, ms: number, period = PERIOD): Promise<boolean> {
  for (const end = performance.now() + ms; !(await look()); await sleep(period)) {
    if (performance.now() > end) {
      return false;
    }
  }
  return true;
}

/** Resolves when something is true; rejects if it takes longer than `ms`, and says what it was. */
export async function until(look: Look<boolean>, what: string, ms = 30_000, period = PERIOD): Promise<void> {
  if (!(await soon(look, ms, period))) {
    throw new Error(`after ${ms} ms not yet: ${what}`);
  }
}

/** Resolves when a value has been the same for `ms`: that nothing more comes can be known by time alone. */
export async function quiet(look: Look<unknown>, ms: number, period = PERIOD): Promise<void> {
  let last = await look();
  let since = performance.now();
  await until(
    async () => {
      const value = await look();
      if (value !== last) {
        last = value;
        since = performance.now();
      }
      return performance.now() - since >= ms;
    },
    'quiet',
    undefined,
    period,
  );
}

/** Looks on for `ms`, whatever comes. */
export async function watch(look: Look<unknown>, ms: number): Promise<void> {
  const never = async (): Promise<boolean> => {
    await look();
    return false;
  };
  await soon(never, ms);
}

/** Lets the real clock move on, for programs whose clock it is. */
export const realTime = (ms: number): Promise<void> => sleep(ms);

/** Does something again every `ms` until there is an answer, where what is sent may be lost. */
export async function insist<T>(act: () => void, answer: Promise<T>, ms = 300): Promise<T> {
  act();
  const timer = setInterval(act, ms);
  try {
    return await answer;
  } finally {
    clearInterval(timer);
  }
}
