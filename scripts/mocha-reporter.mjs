/** Mocha's spec reporter, which also leaves the counts in the file that PKTGDB_TEST_COUNTS names, for scripts/test.mjs. */
import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      const { passes, failures, pending } = this.stats;
      const file = process.env.PKTGDB_TEST_COUNTS;
      if (file) {
        writeFileSync(file, JSON.stringify({ passed: passes, failed: failures, pending }));
      }
    });
  }
}
