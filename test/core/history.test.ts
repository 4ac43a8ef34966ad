/**
 * Whatever happens in a session, its recording determines it: sessions by chance are executed again and come to the
 * same. PKTGDB_HISTORY_SESSIONS says how many (10 by default), PKTGDB_HISTORY_SEED where they start.
 */
import assert from 'node:assert/strict';
import { RandomSession } from './random-session.ts';
import { Session } from './session.ts';

const SESSIONS = Number(process.env['PKTGDB_HISTORY_SESSIONS'] ?? 10);
const SEED = Number(process.env['PKTGDB_HISTORY_SEED'] ?? 1);
/** Sessions wait for time to pass, as their guests do, so several go on at once. */
const AT_ONCE = 6;

describe('random sessions', function () {
  this.timeout(0);

  it(`${SESSIONS} of them, from seed ${SEED} on, are executed again to the same ticks, frames and state`, async () => {
    let next = 0;
    const failures: string[] = [];
    async function worker(): Promise<void> {
      const s = await Session.create();
      s.engine.internals = { hashFrames: true };
      while (next < SESSIONS && failures.length === 0) {
        const seed = SEED + next++;
        const random = new RandomSession(s, seed);
        try {
          await random.run();
          await s.compare();
        } catch (e) {
          const did = random.log.join('\n  ');
          failures.push(`PKTGDB_HISTORY_SEED=${seed}:\n  ${did}\n${e instanceof Error ? e.stack : e}`);
        }
      }
      await s.dispose();
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    assert.equal(failures.join('\n'), '');
  });
});
