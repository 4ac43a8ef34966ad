/** Memory for received data: what is put comes out as it was, and every page is free again once all is consumed. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createMailbox, POOL_PAGE, POOL_PAGES, POOL_PLENTY } from '../../adapter/mailbox/mailbox.ts';
import { ReceivePool } from '../../adapter/mailbox/receive-pool.ts';
import { copyShared, WORD } from '../../adapter/mailbox/shared-copy.ts';

const bytes = (n: number, seed: number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => i * 31 + seed);

/** Counts the pages that can be had, by taking them. */
function freePages(pool: ReceivePool): number {
  const data = new Uint8Array(POOL_PAGE);
  let n = 0;
  while (pool.put(1, data, false)) {
    n++;
  }
  return n;
}

describe('receive pool', () => {
  it('keeps what several streams receive, copied or read into its pages, and gets all its pages back', () => {
    const step = fc.record({
      fd: fc.integer({ min: 3, max: 6 }),
      size: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: POOL_PAGE - WORD })),
      page: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { pool: memory } = createMailbox();
        const all = new Uint8Array(memory);
        const pool = new ReceivePool(memory);
        const kept: { fd: number; at: number; n: number; want: Uint8Array }[] = [];
        const total = new Map<number, number>();
        for (const { fd, size, page } of steps) {
          const want = bytes(size, kept.length);
          const reserved = page ? pool.reserve(fd) : null;
          reserved?.set(want);
          const r = pool.put(fd, reserved ? reserved.subarray(0, size) : want, false);
          if (!r) {
            reserved && pool.unreserve(reserved);
            break;
          }
          const before = total.get(fd) ?? 0;
          assert.equal(r.at % WORD, before % WORD, 'a byte of a stream keeps its place in a word');
          total.set(fd, before + r.n);
          kept.push({ fd, ...r, want });
        }
        for (const { at, n, want } of kept) {
          assert.deepEqual(all.slice(at, at + n), want.slice(0, n));
        }
        for (const [fd, n] of total) {
          pool.consumed(fd, n);
          pool.forget(fd);
        }
        // One page may be the one that is being filled.
        assert.equal(freePages(pool) >= POOL_PAGES - 1, true, 'the pages are free again');
      }),
      { numRuns: 20 },
    );
  });

  it('answers null when all is in use, and lends pages only while many are free', () => {
    const pool = new ReceivePool(createMailbox().pool);
    let lent = 0;
    while (pool.reserve(3)) {
      lent++;
    }
    assert.equal(lent, POOL_PLENTY);
    assert.equal(freePages(pool), POOL_PAGES - POOL_PLENTY);
    assert.equal(pool.put(4, bytes(10, 0), false), null);
  });
});

describe('copies into shared memory', () => {
  it('are exact at every offset', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(1024));
    for (let at = 0; at < 16; at++) {
      for (let off = 0; off < 16; off++) {
        for (const len of [0, 1, 63, 64, 65, 200]) {
          const data = bytes(300, at + off);
          shared.fill(0xee);
          copyShared(shared, at, data, off, len);
          assert.deepEqual(shared.slice(at, at + len), data.slice(off, off + len));
          assert.equal(shared[at + len], 0xee);
          assert.equal(at === 0 || shared[at - 1] === 0xee, true);
        }
      }
    }
  });
});
