/** The page of a packet listing: which rows it has, and where they are. */
import assert from 'node:assert/strict';
import type { PacketRow } from '../../src/captures/messages.ts';
import { RowCache } from '../../src/captures/row-cache.ts';
import { ROW_HEIGHT, RowScroll } from '../../src/captures/row-scroll.ts';

const ROWS = 20;
const VIEW = ROWS * ROW_HEIGHT;

describe('the place of rows', () => {
  it('is that of the scroll bar, in a list that fits a page', () => {
    const scroll = new RowScroll(1000, VIEW);
    assert.deepEqual([scroll.height, scroll.scaled, scroll.page], [1000 * ROW_HEIGHT, false, ROWS]);
    assert.deepEqual(scroll.seen, [0, ROWS]);
    scroll.scrolled(30);
    assert.deepEqual([scroll.offset, scroll.seen], [30, [1, ROWS + 2]]);
  });

  it('is within the height that browsers can show, however many there are', () => {
    for (const count of [0, 1, 1_000_000, 50_000_000]) {
      const scroll = new RowScroll(count, VIEW);
      assert.ok(scroll.height <= 2 ** 24);
      scroll.scrolled(scroll.height - VIEW);
      assert.equal(scroll.seen[1], count);
      scroll.scrolled(0);
      assert.equal(scroll.seen[0], 0);
    }
  });

  it('moves just as far as a row needs to be seen whole, to any row of a long list', () => {
    const scroll = new RowScroll(50_000_000, VIEW);
    scroll.reveal(ROWS);
    assert.equal(scroll.offset, ROW_HEIGHT);
    scroll.reveal(5);
    assert.equal(scroll.offset, ROW_HEIGHT);
    scroll.reveal(0);
    assert.equal(scroll.offset, 0);
    scroll.reveal(31_234_567, true);
    const [from, to] = scroll.seen;
    assert.ok(from < 31_234_567 && to > 31_234_567 && Math.abs((from + to) / 2 - 31_234_567) < 2);
    // The scroll bar says the same with less precision, which moves nothing.
    const { offset } = scroll;
    scroll.scrolled(Math.round(scroll.scrollTop));
    assert.equal(scroll.offset, offset);
  });

  it('moves by pixels of rows with the wheel, and not beyond the ends', () => {
    const scroll = new RowScroll(50_000_000, VIEW);
    scroll.moveBy(2 * ROW_HEIGHT);
    assert.deepEqual(scroll.seen, [2, ROWS + 2]);
    scroll.moveBy(-1e12);
    assert.equal(scroll.offset, 0);
    scroll.moveBy(1e12);
    assert.equal(scroll.seen[1], 50_000_000);
  });
});

describe('the rows of a page', () => {
  const row = (i: number): PacketRow => ({
    time: '',
    source: '',
    destination: '',
    protocol: '',
    length: i,
    badness: '',
    info: '',
  });

  /** A cache of `count` rows, and what it has asked for. */
  function cache(count: number): { readonly rows: RowCache; readonly asked: (readonly [number, number])[] } {
    const asked: (readonly [number, number])[] = [];
    return { rows: new RowCache(count, (from, to) => asked.push([from, to])), asked };
  }

  const answer = ({ rows, asked }: ReturnType<typeof cache>): void => {
    for (const [from, to] of asked.splice(0)) {
      rows.add(
        from,
        Array.from({ length: to - from }, (_, i) => row(from + i)),
      );
    }
  };

  it('are asked for by pages: what is seen, then what comes next', () => {
    const c = cache(1000);
    c.rows.want(190, 210);
    assert.deepEqual(c.asked, [
      [0, 200],
      [200, 400],
      [400, 600],
    ]);
    c.rows.want(190, 210);
    assert.equal(c.asked.length, 3);
    answer(c);
    assert.deepEqual([c.rows.row(0)?.length, c.rows.row(599)?.length, c.rows.row(600)], [0, 599, undefined]);
    c.rows.want(980, 1000);
    assert.deepEqual(c.asked, [
      [800, 1000],
      [600, 800],
    ]);
  });

  it('are not asked for faster than they come', () => {
    const c = cache(1_000_000);
    for (let i = 0; i < 100; i++) {
      c.rows.want(i * 1000, i * 1000 + 20);
    }
    assert.equal(c.asked.length, 4);
    answer(c);
    c.rows.want(99_000, 99_020);
    assert.deepEqual(c.asked[0], [99_000, 99_200]);
  });

  it('may become more: those that were the last ones are asked for again', () => {
    const c = cache(250);
    c.rows.want(0, 20);
    answer(c);
    c.rows.want(230, 250);
    assert.deepEqual(c.asked, []);
    c.rows.grow(300);
    c.rows.want(230, 250);
    assert.deepEqual(c.asked, [[200, 300]]);
    c.rows.grow(5000);
    answer(c);
    assert.equal(c.rows.row(210), undefined);
    c.rows.want(230, 250);
    answer(c);
    assert.deepEqual([c.rows.row(0)?.length, c.rows.row(210)?.length, c.rows.row(399)?.length], [0, 210, 399]);
  });

  it('are forgotten when there are too many of them, those of long ago first', () => {
    const c = cache(1_000_000);
    for (let i = 0; i < 100; i++) {
      c.rows.want(i * 1000, i * 1000 + 20);
      answer(c);
    }
    assert.equal(c.rows.row(0), undefined);
    assert.equal(c.rows.row(99_000)?.length, 99_000);
  });
});
