import fc from 'fast-check';
import { programs } from './programs.ts';
import { runAll } from './run.ts';

describe('generated programs', () => {
  it('compute, print and throw the same without probes, with them, and with all of them armed', function () {
    this.timeout(120_000);
    fc.assert(
      fc.property(programs, (source) => {
        runAll(source);
      }),
      { numRuns: 300 },
    );
  });
});
