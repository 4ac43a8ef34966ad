/** What a user may write for a moment of history. */
import assert from 'node:assert/strict';
import type { HistoryState } from '../../adapter/engine/api.ts';
import { momentTarget } from '../../adapter/inspect/history.ts';

const at = (tick: number, packets: number) => ({ tick, probe: 3, ns: 1e9, packets, lastPacket: null });
const state = (replays: boolean): HistoryState => ({
  start: at(1000, 0),
  present: at(2000, 5),
  here: at(2000, 5),
  inPast: false,
  replays,
  checkpoints: { count: 0, bytes: 0 },
  saved: false,
  whatIf: undefined,
  bytes: 0,
});

describe('moments', () => {
  it('are ticks, times, parts and packets', () => {
    const target = (text: string) => momentTarget(state(false), text);
    assert.deepEqual(target('1500'), { tick: 1500, probe: -1 });
    assert.deepEqual(target('1500:-2'), { tick: 1500, probe: -2 });
    // As lists say it, and as `when` does.
    assert.deepEqual(target('tick 1500'), { tick: 1500, probe: -1 });
    assert.deepEqual(target('tick 1500, probe 12'), { tick: 1500, probe: 12 });
    assert.deepEqual(target('time 0.25 s'), { ns: 0.25e9 });
    assert.deepEqual(
      [target('0%'), target('25%'), target('100%')],
      ['start', { tick: 1250, probe: -1 }, { tick: 2000, probe: -1 }],
    );
    assert.deepEqual(target('packet 5'), { packets: 5 });
    assert.throws(() => target('101%'), /^EngineError: No moment "101%": tick N, TICK/);
  });

  it('are no packets that have not passed; one step further than the last leads to the present', () => {
    const refused = /^EngineError: Packet 6 has not passed the user network's edge; 5 have\.$/;
    assert.throws(() => momentTarget(state(false), 'packet 6'), refused);
    assert.deepEqual(momentTarget(state(false), 'edge 6'), { packets: 6 });
    // The engine knows which packets of a capture have passed.
    assert.deepEqual(momentTarget(state(true), 'packet 6'), { captured: 6 });
  });
});
