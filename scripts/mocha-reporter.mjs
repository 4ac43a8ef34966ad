/**
 * Mocha's spec reporter, which also leaves the counts and what failed in the file that PKTGDB_TEST_COUNTS names, for
 * scripts/test.mjs, and ends a run whose tests are done but left something open: a leak is a failure, not a hang.
 */
import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

/** How long what the last test closed may take to be gone. */
const GRACE_MS = 10_000;
/** How much is shown of the error of a try that is followed by another one, in characters. */
const MOST_OF_AN_ERROR = 20_000;

export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const again = [];
    runner.on('retry', (test, error) => {
      again.push(`${test.fullTitle()}: ${firstLine(error)}`);
      // Mocha itself shows nothing of a try that is followed by another one.
      process.stdout.write(`failed at first: ${String(error?.stack ?? error).slice(0, MOST_OF_AN_ERROR)}\n`);
    });
    runner.once('end', () => {
      const { passes, failures } = this.stats;
      const which = this.failures.map((test) => `${test.fullTitle()}: ${firstLine(test.err)}`);
      leave({ passed: passes, failed: failures, which, again });
      const leak = () => {
        const open = new Set(process.getActiveResourcesInfo().filter((r) => r !== 'Timeout'));
        process._getActiveHandles().forEach((handle) => void process.stderr.write(`left open: ${described(handle)}\n`));
        const what = `the tests are done, but left open: ${[...open].join(', ') || 'a timer'}`;
        process.stderr.write(`${what}\n`);
        if (again.length > 0) {
          // A try that was given up closes nothing: that is told, but fails nothing by itself.
          leave({ passed: passes, failed: failures, which, again: [...again, what] });
          process.exit(failures > 0 ? 1 : 0);
        }
        leave({ passed: passes, failed: failures + 1, which: [...which, what], again });
        process.exit(1);
      };
      setTimeout(leak, GRACE_MS).unref(); // does not keep the process: it only fires if something else does
    });
  }
}

/** What a handle is, as far as it says: Node has no public way to what keeps a process. */
function described(handle) {
  const { localAddress, localPort, remoteAddress, remotePort, spawnargs, fd } = handle;
  const ends = localPort
    ? `${localAddress}:${localPort} - ${remoteAddress}:${remotePort}`
    : (spawnargs?.join(' ') ?? '');
  return `${handle.constructor?.name ?? typeof handle} ${ends} ${fd ?? ''}`.trim();
}

const firstLine = (error) => String(error?.message ?? error).split('\n', 1)[0];

function leave(counts) {
  const file = process.env.PKTGDB_TEST_COUNTS;
  if (file) {
    writeFileSync(file, JSON.stringify(counts));
  }
}
