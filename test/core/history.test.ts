/**
 * Whatever happens in a session, its recording determines it: sessions by chance are executed again and come to the
 * same. PKTGDB_HISTORY_SESSIONS says how many, PKTGDB_HISTORY_SEED where they start.
 */
import assert from 'node:assert/strict';
import { RandomMachine } from './random-session.ts';
import { Session } from './session.ts';

const SESSIONS = Number(process.env['PKTGDB_HISTORY_SESSIONS'] ?? 200);
const SEED = Number(process.env['PKTGDB_HISTORY_SEED'] ?? 1);
/** Loading the stack takes as long as many sessions, so a machine goes through some; the first one is a replay. */
const TOGETHER = 40;
/** Sessions wait for time to pass, as their guests do, so several machines go on at once. */
const AT_ONCE = 2;

describe('random sessions', function () {
  this.timeout(0);

  it(`${SESSIONS} of them, from seed ${SEED} on, are executed again to the same ticks, frames and state`, async () => {
    const seeds = Array.from({ length: Math.ceil(SESSIONS / TOGETHER) }, (_, i) => SEED + i * TOGETHER);
    const failures: string[] = [];

    /** Sessions, and their recording executed again. */
    async function compared(s: Session, seed: number, run: (machine: RandomMachine) => Promise<void>): Promise<void> {
      const machine = new RandomMachine(s);
      try {
        await run(machine);
        await s.compare();
      } catch (e) {
        const did = machine.log.join('\n  ');
        failures.push(`PKTGDB_HISTORY_SEED=${seed}:\n  ${did}\n${e instanceof Error ? e.stack : e}`);
      }
    }

    async function worker(): Promise<void> {
      const s = await Session.create();
      s.engine.internals = { hashFrames: true };
      for (let seed = seeds.shift(); seed !== undefined && failures.length === 0; seed = seeds.shift()) {
        const first = seed;
        const sessions = Math.min(TOGETHER, SEED + SESSIONS - first) - 1;
        await compared(s, first, (machine) => machine.replay(first));
        if (sessions > 0) {
          await compared(s, first, (machine) => machine.live(first + 1, sessions));
        }
      }
      await s.dispose();
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    assert.equal(failures.join('\n'), '');
  });
});
