/** Which checkpoints are kept. */
import assert from 'node:assert/strict';
import { CheckpointStore, isKept } from '../../adapter/engine/checkpoint-store.ts';

const kept = (newest: number): number[] =>
  Array.from({ length: newest + 1 }, (_, i) => i).filter((i) => isKept(i, newest));

function storeOf(count: number): CheckpointStore {
  const store = new CheckpointStore();
  for (let number = 0; number < count; number++) {
    const bytes = new SharedArrayBuffer(8);
    const edge = new Uint8Array(0);
    const at = {
      turn: number * 10,
      tick: number * 1000,
      nowNs: 0,
      logAt: number * 100,
      frames: 0,
      frameHash: 0,
      edge,
      captured: 0,
    };
    store.add({ number, bytes, pages: [], ...at });
  }
  return store;
}

describe('the checkpoints of a run', () => {
  it('are all kept when they are new, and fewer the older they are', () => {
    assert.equal(kept(31).length, 32);
    for (const newest of [100, 1000, 10_000]) {
      const list = kept(newest);
      assert.deepEqual(
        list.slice(-32),
        Array.from({ length: 32 }, (_, i) => newest - 31 + i),
      );
      assert.ok(list.length <= 32 + 17 * Math.ceil(Math.log2(newest / 32) + 1), `${list.length} of ${newest}`);
      for (const [i, number] of list.entries()) {
        const gap = (list[i + 1] ?? newest) - number;
        assert.ok(gap <= Math.max(1, (newest - number) / 16), `${gap} after ${number} of ${newest}`);
      }
    }
  });

  it('do not come back once they have left', () => {
    for (let number = 0; number < 300; number++) {
      let was = true;
      for (let newest = number; newest < 2000; newest++) {
        assert.ok(was || !isKept(number, newest));
        was = isKept(number, newest);
      }
    }
  });

  it('are found by what is to be reached from them, and leave with the recording', () => {
    const store = storeOf(10);
    assert.equal(store.beforeTurn(35)?.number, 3);
    assert.equal(store.beforeTurn(30)?.number, 3);
    assert.equal(store.beforeTick(29_999)?.number, 9);
    assert.equal(store.beforeTick(-1), undefined);
    store.dropBefore(250);
    assert.equal(store.all[0]?.number, 3);
    assert.equal(store.beforeTurn(20), undefined);
    assert.equal(store.bytes, 7 * 8);
  });
});
