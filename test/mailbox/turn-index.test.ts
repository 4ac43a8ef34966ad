/** The index of turns, which one thread writes and the other reads. */
import assert from 'node:assert/strict';
import { createTurnIndex, TurnReader, TurnWriter } from '../../adapter/mailbox/turn-index.ts';

const MS = 1e6;

/** An index with room for `max` turns, after turns that came at each millisecond and brought two packets each. */
function indexAfter(turns: number, max = 64): TurnReader {
  const memory = createTurnIndex(max);
  const writer = new TurnWriter(memory);
  for (let i = 1; i <= turns; i++) {
    writer.note(i * MS, i * 100, i, i, Math.floor(i / 2), 3 * i, 0);
  }
  return new TurnReader(memory);
}

describe('index of turns', () => {
  it('says what had happened before a time', () => {
    const index = indexAfter(10);
    assert.deepEqual(index.by('ns', [0, MS, 1.5 * MS, 4 * MS + 1, 99 * MS]), [
      [0, 0, 0, 0, 0, 0, 0],
      [MS, 0, 0, 0, 0, 0, 0],
      [1.5 * MS, 100, 1, 1, 0, 3, 0],
      [4 * MS + 1, 400, 4, 4, 2, 12, 0],
      [99 * MS, 1000, 10, 10, 5, 30, 0],
    ]);
    assert.deepEqual(index.end, [10 * MS, 1000, 10, 10, 5, 30, 0]);
  });

  it('says what had happened after so many packets, in the middle of a turn too', () => {
    assert.deepEqual(indexAfter(10).by('packets', [0, 1, 2, 7, 20]), [
      [MS, 0, 0, 0, 0, 0, 0],
      [MS, 50, 0, 1, 0, 1, 0],
      [MS, 100, 1, 1, 0, 3, 0],
      [4 * MS, 350, 3, 4, 1, 10, 0],
      [10 * MS, 1000, 10, 10, 5, 30, 0],
    ]);
  });

  it('says how far the numbers of a capture have come', () => {
    const memory = createTurnIndex();
    const writer = new TurnWriter(memory);
    for (const [i, captured] of [0, 3, 2, 0, 7].entries()) {
      writer.note((i + 1) * MS, i, i, i, 0, 0, captured);
    }
    const numbers = new TurnReader(memory).by('packets', [0, 2, 4, 6, 8]).map((totals) => totals[6]);
    assert.deepEqual(numbers, [0, 3, 3, 3, 7]);
  });

  it('knows turns that brought no packet', () => {
    const memory = createTurnIndex();
    const writer = new TurnWriter(memory);
    writer.note(MS, 10, 0, 0, 0, 1, 0);
    writer.note(2 * MS, 20, 1, 0, 0, 1, 0);
    assert.deepEqual(new TurnReader(memory).by('packets', [0, 1]), [
      [MS, 0, 0, 0, 0, 0, 0],
      [2 * MS, 20, 1, 0, 0, 1, 0],
    ]);
  });

  it('keeps nothing but the clock of turns that bring nothing', () => {
    const memory = createTurnIndex(4);
    const writer = new TurnWriter(memory);
    for (let i = 1; i <= 100; i++) {
      writer.note(i * MS, i, 1, 0, 0, 0, 0);
    }
    const index = new TurnReader(memory);
    assert.deepEqual(index.by('ns', [MS + 1]), [[MS + 1, 1, 1, 0, 0, 0, 0]]);
    assert.deepEqual(index.end, [100 * MS, 100, 1, 0, 0, 0, 0]);
  });

  it('forgets when exactly, but not how much, when it is full', () => {
    const index = indexAfter(1000, 8);
    assert.deepEqual(index.end, [1000 * MS, 100_000, 1000, 1000, 500, 3000, 0]);
    const totals = index.by(
      'packets',
      Array.from({ length: 101 }, (_, i) => i * 20),
    );
    for (const [i, [, , toGuest, fromGuest]] of totals.entries()) {
      assert.equal(toGuest + fromGuest, i * 20);
      assert.ok(Math.abs(toGuest - fromGuest) <= 1, `${toGuest} and ${fromGuest} alternate`);
    }
  });

  it('has each of a million packets in one of the parts that a picture has', () => {
    const index = indexAfter(500_000, 131_072);
    const parts = 400;
    const end = index.end[0];
    const totals = index.by(
      'ns',
      Array.from({ length: parts + 1 }, (_, i) => (i * (end + 1)) / parts),
    );
    const counts = totals.slice(1).map(([, , toGuest, fromGuest], i) => {
      const [, , toBefore, fromBefore] = totals[i] ?? [0, 0, 0, 0];
      return toGuest + fromGuest - toBefore - fromBefore;
    });
    assert.equal(
      counts.reduce((a, b) => a + b, 0),
      1_000_000,
    );
    assert.ok(Math.min(...counts) > 2400 && Math.max(...counts) < 2600, `${Math.min(...counts)}`);
  });

  it('is empty before the first turn', () => {
    const index = indexAfter(0);
    assert.deepEqual(index.end, [0, 0, 0, 0, 0, 0, 0]);
    assert.deepEqual(index.by('packets', [0]), [[0, 0, 0, 0, 0, 0, 0]]);
    assert.deepEqual(index.by('ns', [5]), [[5, 0, 0, 0, 0, 0, 0]]);
  });
});
