/** Drivers that write anything to the NIC's registers and rings, at any time. */
import fc from 'fast-check';
import { type Op, ops, runDriver } from '../stack/random-driver.ts';
import { theme } from './theme.ts';

/** Steps of a driver at most. */
const STEPS = 600;

const drivers = fc.array(ops, { minLength: STEPS / 2, maxLength: STEPS });

export const nic = theme<Op>({
  unit: 'device steps',
  make: (random) => fc.sample(drivers, { numRuns: 1, seed: random.next(2 ** 31) })[0] ?? [],
  attempt(steps) {
    runDriver(steps);
    return steps.length;
  },
});
