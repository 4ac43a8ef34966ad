/** The picture of a ring: owners, pointers, keys. */
import assert from 'node:assert/strict';
import type { RingView } from '../../adapter/dap/custom.ts';
import { keyTarget, MAX_SEGMENTS, ringPicture, SIZE } from '../../src/views/ring-layout.ts';

function ring(states: string, head: number, tail: number): RingView {
  return {
    base: 0,
    count: states.length,
    head,
    tail,
    enabled: true,
    bufferSize: 2048,
    problems: [],
    states,
    packets: [],
  };
}

describe('picture of a ring', () => {
  it('has a segment for each descriptor, with its owner', () => {
    const { segments, totals } = ringPicture(ring('nnpf', 0, 2));
    assert.deepEqual(
      segments.map(({ state, owner, head, tail }) => [state, owner, head, tail]),
      [
        ['empty', 'nic', true, false],
        ['empty', 'nic', false, false],
        ['packet', 'driver', false, true],
        ['free', 'driver', false, false],
      ],
    );
    assert.deepEqual(
      [...totals],
      [
        ['empty', 2],
        ['packet', 1],
        ['free', 1],
      ],
    );
  });

  it("shows what waits to be sent as the NIC's and what was sent as the driver's", () => {
    const { segments } = ringPicture(ring('dwff', 1, 2));
    assert.deepEqual(
      segments.map(({ state, owner }) => [state, owner]),
      [
        ['done', 'driver'],
        ['pending', 'nic'],
        ['free', 'driver'],
        ['free', 'driver'],
      ],
    );
  });

  it('is empty without a ring', () => {
    assert.deepEqual(ringPicture(ring('', 0, 0)), { segments: [], pointers: [], totals: new Map() });
  });

  it('joins descriptors of a large ring, and shows the one that says most', () => {
    const states = `${'n'.repeat(1000)}p${'n'.repeat(3095)}`;
    const { segments } = ringPicture(ring(states, 4000, 17));
    assert.equal(segments.length, MAX_SEGMENTS);
    assert.deepEqual(
      segments.filter(({ state }) => state === 'packet').map(({ index, count }) => [index, count]),
      [[992, 16]],
    );
    assert.equal(segments.find(({ head }) => head)?.index, 4000);
    assert.equal(segments.find(({ tail }) => tail)?.index, 16);
  });

  it('keeps the labels of head and tail apart, also across the top', () => {
    for (const [head, tail] of [
      [2, 1],
      [0, 255],
      [7, 7],
      [255, 0],
    ] as const) {
      const [h, t] = ringPicture(ring('n'.repeat(256), head, tail)).pointers;
      assert.ok(Math.hypot(h!.x - t!.x, h!.y - t!.y) > 12, `head ${head}, tail ${tail}`);
    }
  });

  it('stays inside its square and draws only numbers', () => {
    for (const n of [1, 2, 8, 256]) {
      const { segments, pointers } = ringPicture(ring('n'.repeat(n), 0, n - 1));
      for (const { path } of [...segments, ...pointers]) {
        assert.doesNotMatch(path, /NaN|Infinity|e/);
        for (const number of path.match(/-?\d+(\.\d+)?/g) ?? []) {
          assert.ok(Math.abs(Number(number)) <= SIZE, path);
        }
      }
    }
  });

  it('is walked with keys', () => {
    const picture = ringPicture(ring('nnpf', 0, 2));
    const to = (key: string, from: number): number | undefined => keyTarget(key, from, picture);
    assert.deepEqual([to('ArrowRight', 3), to('ArrowLeft', 0), to('Home', 2), to('End', 0)], [0, 3, 0, 3]);
    assert.deepEqual([to('h', 3), to('t', 3), to('x', 3)], [0, 2, undefined]);
  });
});
