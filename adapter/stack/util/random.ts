/** The machine's pseudo random numbers: seeded by the host, so that a recording repeats them. */
import { machine } from '../softmmu/machine.ts';

/** Seeds the generator; called once by `main`. */
export function qemu_random_seed(seed: number): void {
  machine.random.x = seed >>> 0 || 0x9e3779b9;
}

/**
 * The next 32 random bits (stands for `qemu_guest_getrandom`). Not for secrets.
 * @nodebug
 */
export function qemu_random_u32(): number {
  let x = machine.random.x;
  x ^= x << 13;
  x ^= x >>> 17;
  x ^= x << 5;
  machine.random.x = x >>> 0;
  return machine.random.x;
}
