/**
 * Whatever happens in a session, its recording determines it: sessions by chance are executed again and come to the
 * same. PKTGDB_HISTORY_SESSIONS says how many, PKTGDB_HISTORY_SEED where they start.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHUNK_HEADER_BYTES, LOG, LogReader } from '../../adapter/mailbox/recorded.ts';
import { RandomMachine } from './random-session.ts';
import { Session } from './session.ts';

const SESSIONS = Number(process.env['PKTGDB_HISTORY_SESSIONS'] ?? 200);
const SEED = Number(process.env['PKTGDB_HISTORY_SEED'] ?? 1);
/** Loading the stack takes as long as many sessions, so a machine goes through some; the first one is a replay. */
const TOGETHER = 20;
/** Sessions wait for time to pass, as their guests do, so several machines go on at once. */
const AT_ONCE = 3;

describe('random sessions', function () {
  this.timeout(60_000 + 3_000 * SESSIONS);

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
    assert.ok(failures.length === 0, failures.join('\n'));
  });

  it('halts a machine that has stopped by itself, of which nobody has heard', async () => {
    const s = await Session.create();
    try {
      await s.launch({ stopOnEntry: true });
      await s.stop();
      const stopped = once(s.engine, 'stopped');
      await s.engine.step('into');
      await stopped;
      await s.halt();
      assert.equal(s.engine.state, 'stopped');
    } finally {
      await s.dispose();
    }
  });

  it('an execution that keeps no sums says nothing of those of the recording', async () => {
    const s = await Session.create();
    const dir = mkdtempSync(join(tmpdir(), 'pktgdb-sums-'));
    const fd = openSync(join(dir, 'packets'), 'w');
    try {
      s.engine.internals = { hashFrames: true };
      await s.launch();
      await s.printed('lease of');
      await s.compare();
      const { recording } = s.engine;
      assert.ok(recording);
      const { differs } = await s.engine.reexecute(recording, { packets: { fd, at: 0, most: 100_000, begun: 0 } });
      assert.equal(differs, undefined);
    } finally {
      closeSync(fd);
      rmSync(dir, { recursive: true });
      await s.dispose();
    }
  });

  it('would show: a mismatch names the first turn that differs', async () => {
    const s = await Session.create();
    try {
      s.engine.internals = { hashFrames: true };
      await s.launch();
      await s.printed('lease of');
      s.guest('ping -c 1 -s 11 10.0.2.2; echo and on');
      await s.printed('\nand on');
      await s.compare();
      const { recording } = s.engine;
      const [memory] = recording?.chunks.map((c) => c.memory) ?? [];
      assert.ok(recording && memory);
      const typed = Buffer.from(memory).indexOf('-s 11');
      assert.ok(typed > 0);
      Buffer.from(memory).write('-s 12', typed);
      const log = new LogReader(recording);
      let turn = 0;
      while (log.at <= typed - CHUNK_HEADER_BYTES) {
        turn += log.take() === LOG.TURN ? 1 : 0;
      }
      const { differs } = await s.engine.reexecute(recording);
      assert.match(differs ?? '', new RegExp(`^turn ${turn + 1} is the first that begins otherwise: `));
    } finally {
      await s.dispose();
    }
  });
});
