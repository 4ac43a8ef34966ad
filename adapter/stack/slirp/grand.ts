/**
 * GLib's GRand: the Mersenne Twister MT19937 (Matsumoto, Nishimura
 * 1998), from which libslirp draws the times of router advertisements.
 */

const N = 624;
const M = 397;

/** State of a generator. */
export class GRand {
  mt: Uint32Array = new Uint32Array(N);
  mti = N;
}

/** A generator that starts from `seed` (32 bits). */
export function g_rand_new_with_seed(seed: number): GRand {
  const r = new GRand();
  r.mt[0] = seed >>> 0;
  for (let i = 1; i < N; i++) {
    const prev = r.mt[i - 1]!;
    r.mt[i] = (Math.imul(1812433253, prev ^ (prev >>> 30)) + i) >>> 0;
  }
  return r;
}

/** The next 32 random bits. */
export function g_rand_int(r: GRand): number {
  if (r.mti >= N) {
    for (let i = 0; i < N; i++) {
      const y = (r.mt[i]! & 0x80000000) | (r.mt[(i + 1) % N]! & 0x7fffffff);
      r.mt[i] = r.mt[(i + M) % N]! ^ (y >>> 1) ^ ((y & 1) !== 0 ? 0x9908b0df : 0);
    }
    r.mti = 0;
  }
  let y = r.mt[r.mti++]!;
  y ^= y >>> 11;
  y ^= (y << 7) & 0x9d2c5680;
  y ^= (y << 15) & 0xefc60000;
  y ^= y >>> 18;
  return y >>> 0;
}

/** A number from `begin` up to but not including `end`, each as likely. */
export function g_rand_int_range(r: GRand, begin: number, end: number): number {
  const dist = end - begin;
  const limit = 0x100000000 - (0x100000000 % dist);
  let random = g_rand_int(r);
  while (random >= limit) {
    random = g_rand_int(r);
  }
  return begin + (random % dist);
}
