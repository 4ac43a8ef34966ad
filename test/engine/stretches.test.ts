/** Which functions ran between checkpoints. */
import assert from 'node:assert/strict';
import { CheckpointStore } from '../../adapter/engine/checkpoint-store.ts';
import type { HistorySource } from '../../adapter/engine/history-source.ts';
import type { Image } from '../../adapter/engine/image.ts';
import { mayRun, stretches } from '../../adapter/engine/stretches.ts';
import type { CheckpointRef } from '../../adapter/mailbox/checkpoint-ref.ts';

/** Functions of a program of four. */
const image = { info: { functions: ['main', 'a', 'b', 'c'].map((name) => ({ name })) } } as unknown as Image;

function checkpoint(number: number, entered?: readonly number[]): CheckpointRef {
  const ref = { number, tick: 100 * (number + 1) } as CheckpointRef;
  return entered ? { ...ref, entered: Uint8Array.from(entered) } : ref;
}

function source(store: CheckpointStore, start: number, entered?: readonly number[]): HistorySource {
  const recording = { chunks: [{ start }] };
  const oldest = start > 0 ? store.all[0] : null;
  const more = entered ? { entered: Uint8Array.from(entered) } : {};
  return { recording, oldest, checkpoints: store, ...more } as unknown as HistorySource;
}

describe('stretches between checkpoints', () => {
  it('say which functions may have run in them', () => {
    const store = new CheckpointStore([checkpoint(0, [1, 1, 0, 0]), checkpoint(1, [0, 0, 1, 0])]);
    const all = stretches(source(store, 0, [0, 0, 0, 1]));
    assert.deepEqual(
      all.map((s) => [s.tick, s.end]),
      [
        [0, 100],
        [100, 200],
        [200, Number.POSITIVE_INFINITY],
      ],
    );
    const ran = (...functions: number[]): boolean[] => all.map(mayRun(image, functions));
    assert.deepEqual(ran(1), [true, false, false]);
    assert.deepEqual(ran(2, 3), [false, true, true]);
    // It goes on at each checkpoint, and was entered before.
    assert.deepEqual(ran(0), [true, true, true]);
  });

  it('are all looked at where nothing is known of them', () => {
    const store = new CheckpointStore([checkpoint(0), checkpoint(1, [0, 0, 0, 0])]);
    assert.deepEqual(stretches(source(store, 1)).map(mayRun(image, [1])), [false, true]);
  });

  it('are joined where a checkpoint leaves', () => {
    const store = new CheckpointStore();
    for (let number = 0; number < 64; number++) {
      store.add(checkpoint(number, [0, number === 1 ? 1 : 0, 0, 0]));
    }
    const { all } = store;
    assert.ok(all.length < 64 && !all.some((c) => c.number === 1));
    assert.deepEqual(
      all.filter((c) => c.entered?.[1] === 1).map((c) => c.number),
      [all.find((c) => c.number > 1)?.number],
    );
    store.add(checkpoint(64));
    assert.ok(all.every((c) => c.entered));
  });
});
