/** Compares what was with what would have been, call by call. */

import type { CallNotes, TracedCall } from '../inferior/call-trace.ts';
import type { TimePosition } from '../inferior/stop.ts';
import type { CallDifference, TracedPlace } from './api.ts';
import type { Image } from './image.ts';
import type { Past } from './past.ts';

/** One of two executions: what can execute it again, and where it ends. */
export interface Compared {
  readonly past: Past;
  readonly end: TimePosition;
}

/** Where two executions that are equal up to `from` differ first. */
export async function firstDifference(
  image: Image,
  from: TimePosition,
  original: Compared,
  other: Compared,
): Promise<CallDifference> {
  const trace = ({ past, end }: Compared, block: number): Promise<CallNotes> => past.calls(from, end, block);
  const [a, b] = [await trace(original, -1), await trace(other, -1)];
  const blocks = Math.min(a.sums.length, b.sums.length);
  let block = 0;
  while (block < blocks - 1 && a.sums[block] === b.sums[block]) {
    block++;
  }
  const [calls, others] = [(await trace(original, block)).calls, (await trace(other, block)).calls];
  let i = 0;
  while (i < calls.length && i < others.length && calls[i]?.sum === others[i]?.sum) {
    i++;
  }
  const place = (call: TracedCall | undefined): TracedPlace | undefined => call && placeOf(image, call);
  return { equal: block * a.perBlock + i, original: place(calls[i]), whatIf: place(others[i]) };
}

function placeOf(image: Image, { tick, probe, args }: TracedCall): TracedPlace {
  const p = image.probe(probe);
  const fn = p && image.info.functions[p.fn];
  const names = fn?.params.map((param) => param.name) ?? [];
  const text = names.map((name, i) => `${name}=${args[i] ?? '?'}`).join(', ');
  return { tick, probe, call: `${fn?.name ?? '?'} (${text})`, location: p && image.location(p) };
}
