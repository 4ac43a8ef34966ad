/** Cases at random: the frames of other cases, reordered, repeated, left out, with bytes changed. */
import { fixChecksums } from '../../kit/frames.ts';
import { Random } from '../../kit/random.ts';
import type { Case } from './build.ts';

/** Changes some bytes or the length of a frame; its checksums are made right again, mostly. */
export function mutate(r: Random, frame: Uint8Array): Uint8Array {
  let f = Uint8Array.from(frame);
  for (let i = r.next(3); i >= 0 && f.length > 14; i--) {
    const at = 14 + r.next(Math.min(f.length - 14, 66));
    if (at === 20 || at === 21) {
      // Fragments that come out of order end Debian's libslirp 4.7.0.
      continue;
    }
    f[at] = r.next(2) === 0 ? r.pick([0, 1, 2, 127, 128, 255, f[at]! + 1, f[at]! - 1, f[at]! ^ 16]) : r.next(256);
  }
  if (r.next(12) === 0) {
    f = f.slice(0, r.next(f.length + 1));
  }
  return r.next(8) === 0 ? f : fixChecksums(f);
}

/** A case made of another's frames. */
function shuffle(base: Case, seed: number): Case {
  const r = Random.spread(seed);
  const frames: { ms: number; data: Uint8Array }[] = [];
  let ms = 0;
  let last = 0;
  for (const f of base.frames) {
    ms += Math.max(0, f.ms - last);
    last = f.ms;
    switch (r.next(10)) {
      case 0:
        break;
      case 1:
        frames.push({ ms, data: f.data }, { ms, data: f.data });
        break;
      case 2: {
        const other = r.pick(base.frames);
        frames.push({ ms, data: other.data }, { ms, data: f.data });
        break;
      }
      case 3:
      case 4:
        frames.push({ ms, data: mutate(r, f.data) });
        break;
      case 5:
        ms += r.next(4) === 0 ? r.next(8000) : r.next(300);
        frames.push({ ms, data: f.data });
        break;
      case 6: {
        const before = frames.pop();
        frames.push({ ms: before?.ms ?? ms, data: f.data });
        if (before) {
          frames.push({ ms, data: before.data });
        }
        break;
      }
      default:
        frames.push({ ms, data: f.data });
    }
  }
  return {
    name: `random_${base.name}_${seed}`,
    opts: base.opts,
    desc: `the frames of ${base.name} mixed and changed`,
    frames,
  };
}

/**
 * One random case for each seed, from the cases in turn. Those that end Debian's libslirp 4.7.0, or that take long, are
 * left out.
 */
export function randomCases(from: readonly Case[], first: number, last: number): Case[] {
  const short = from.filter((c) => c.frames.length > 1 && c.frames.length < 400 && !c.name.includes('frag'));
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const seed = first + i;
    return shuffle(short[(seed * 7919) % short.length]!, seed);
  });
}
