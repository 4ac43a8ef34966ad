/** Frames of guests that do everything wrong, to a network that has to stay as it is. */
import fc from 'fast-check';
import type { Random } from '../kit/random.ts';
import { anyFrame, bytes, corpus, type Happening, happenings, mutate, segments, suffer } from '../slirp/fuzz-frames.ts';
import { theme } from './theme.ts';

/** Frames of a case: enough for states to build up, few enough that all of them can end. */
const FRAMES = 500;

const frames = corpus();

function structured(r: Random): Happening[] {
  const seed = r.next(2 ** 31);
  const list = fc.sample(anyFrame, { numRuns: FRAMES, seed });
  return happenings(r, FRAMES, (_, i) => list[i]!);
}

const KINDS: readonly ((r: Random) => Happening[])[] = [
  // One after the other from somewhere, as conversations are of several.
  (r) => {
    const from = r.next(frames.length);
    return happenings(r, FRAMES, (random, i) => mutate(random, frames[(from + i) % frames.length]!));
  },
  (r) => happenings(r, FRAMES, segments()),
  (r) => happenings(r, FRAMES, bytes),
  structured,
];

export const slirp = theme<Happening>({
  unit: 'frames',
  make: (random) => random.pick(KINDS)(random),
  attempt: (all) => {
    suffer(all);
    return all.filter((one) => typeof one === 'string' && one !== 'turn').length;
  },
});
