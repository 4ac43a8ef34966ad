/**
 * Mocha's spec reporter, which also leaves the counts in the file that PKTGDB_TEST_COUNTS names, for scripts/test.mjs, and ends a
 * run whose tests are done but left something open: a leak is a failure, not a hang.
 */
import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

/** How long what the last test closed may take to be gone. */
const GRACE_MS = 10_000;

export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      const { passes, failures } = this.stats;
      leave({ passed: passes, failed: failures });
      const leak = () => {
        const open = process.getActiveResourcesInfo().filter((r) => r !== 'Timeout');
        process.stderr.write(`the tests are done, but left open: ${open.join(', ') || 'a timer'}\n`);
        leave({ passed: passes, failed: failures + 1 });
        process.exit(1);
      };
      setTimeout(leak, GRACE_MS).unref(); // does not keep the process: it only fires if something else does
    });
  }
}

function leave(counts) {
  const file = process.env.PKTGDB_TEST_COUNTS;
  if (file) {
    writeFileSync(file, JSON.stringify(counts));
  }
}
