/** Random sequences of register writes, frames and time: the device keeps its invariants whatever a driver does. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { e1000_load, e1000_save } from '../../adapter/stack/hw/net/e1000_vmstate.ts';
import { Oracle, type Step } from './e1000_oracle.ts';
import { bareMachine } from './harness.ts';
import { apply, ops, runDriver } from './random-driver.ts';

/**
 * A run has 30 steps on average. PKTGDB_STEPS sets the number of steps (npm test does 4,500), PKTGDB_SEED where they
 * start, so that a million can be had in pieces.
 */
const RUNS = {
  numRuns: Math.ceil(Number(process.env['PKTGDB_STEPS'] ?? 4500) / 30),
  seed: Number(process.env['PKTGDB_SEED'] ?? 1),
};

describe('e1000: random drivers', function () {
  // As long as it takes when more steps are asked for.
  this.timeout(process.env['PKTGDB_STEPS'] === undefined ? 20_000 : 0);

  it('keep the invariants, and nothing outside the rings and buffers is written', () => {
    fc.assert(fc.property(fc.array(ops, { minLength: 1, maxLength: 60 }), runDriver), RUNS);
  });

  it('a device put into the saved state of another goes on as that one', () => {
    fc.assert(
      fc.property(fc.array(ops, { minLength: 1, maxLength: 30 }), fc.array(ops, { maxLength: 30 }), (before, after) => {
        const run = (swap: boolean): unknown => {
          const m = bareMachine();
          const o = new Oracle(m);
          o.setupRings({ op: 'setup_rings' } as Step);
          for (const a of before) {
            apply(m, o, a);
          }
          if (swap) {
            const saved = JSON.parse(JSON.stringify(e1000_save(m.s)));
            // Anything else in between must leave no trace.
            m.s.mac_reg.fill(0x5a5a5a5a);
            m.s.tx.data.fill(0x5a);
            m.s.tx.size = 3;
            assert.equal(e1000_load(m.s, saved), '');
          }
          for (const a of after) {
            apply(m, o, a);
          }
          return [e1000_save(m.s), m.peer.received, m.host.now_ns];
        };
        assert.deepEqual(run(true), run(false));
      }),
      { ...RUNS, numRuns: Math.ceil(RUNS.numRuns / 5) },
    );
  });
});
