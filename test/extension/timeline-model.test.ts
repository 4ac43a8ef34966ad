/** Stretches of the timeline, where keys lead, and what is said to those who cannot see it. */
import assert from 'node:assert/strict';
import type { QueryRowView, TimelineMark, TimelineRange } from '../../adapter/dap/custom.ts';
import { QUESTIONS } from '../../src/history/questions.ts';
import { FoundRows } from '../../src/timeline/found-rows.ts';
import {
  eachOnce,
  heights,
  keyTarget,
  momentAt,
  neighbourMark,
  other,
  packetAt,
  panned,
  partAt,
  plotPoints,
  revealed,
  secondsText,
  tableOf,
  turned,
  withRows,
  zoomed,
} from '../../src/timeline/timeline-model.ts';

const END = { ns: 10e9, packets: 100 };

function mark(kind: TimelineMark['kind'], packets: number): TimelineMark {
  return { kind, packets, ns: packets * 1e8, text: `${kind} ${packets}`, moment: `${packets}:1` };
}

/** Ten seconds with ten packets each, in five parts. */
const RANGE: TimelineRange = {
  axis: 'ns',
  from: 0,
  to: END.ns,
  end: END,
  here: { ns: 5e9, packets: 50 },
  inPast: false,
  bounds: [0, 2, 4, 6, 8, 10].map((s) => ({ ns: s * 1e9, packets: s * 10 })),
  lanes: {
    toGuest: [12, 0, 8, 9, 11],
    fromGuest: [8, 20, 12, 11, 9],
    drops: [0, 1, 0, 0, 2],
    interrupts: [5, 5, 5, 5, 5],
  },
  marks: [mark('saved', 5), mark('stop', 20), mark('bookmark', 40), mark('stop', 80)],
};

describe('packets of the timeline', () => {
  it('have the numbers of the capture in a replay', () => {
    assert.equal(packetAt(RANGE, 5e9), '50');
    const bounds = RANGE.bounds.map((bound) => ({ ...bound, captured: 2 * bound.packets }));
    assert.equal(packetAt({ ...RANGE, bounds }, 5e9), '100');
    assert.equal(packetAt({ ...RANGE, bounds: bounds.map((b) => ({ ...b, captured: 0 })) }, 5e9), '-');
    assert.equal(packetAt({ ...RANGE, axis: 'packets', bounds }, 50), '100');
  });

  it('are said once along an axis of which they are not the unit', () => {
    const quiet = RANGE.bounds.map((bound, i) => ({ ...bound, packets: i < 1 ? 0 : i < 4 ? 6 : 7 }));
    const labels = quiet.map(({ ns }) => packetAt({ ...RANGE, bounds: quiet }, ns));
    assert.deepEqual(labels, ['0', '6', '6', '6', '7', '7']);
    assert.deepEqual(eachOnce(labels), ['0', '6', '', '', '7', '']);
  });
});

describe('stretch of the timeline', () => {
  it('is zoomed around a place, and is all that there is at the most', () => {
    const half = zoomed({ axis: 'ns' }, 0.5, 5e9, END);
    assert.deepEqual(half, { axis: 'ns', from: 2.5e9, to: 7.5e9 });
    assert.deepEqual(zoomed(half, 0.5, 2.5e9, END), { axis: 'ns', from: 2.5e9, to: 5e9 });
    assert.deepEqual(zoomed(half, 2, 5e9, END), { axis: 'ns' });
    assert.deepEqual(zoomed({ axis: 'packets' }, 1e-9, 50, END), { axis: 'packets', from: 48, to: 52 });
  });

  it('is moved within history only', () => {
    const half = { axis: 'ns', from: 2.5e9, to: 7.5e9 } as const;
    assert.deepEqual(panned(half, 0.2, END), { axis: 'ns', from: 3.5e9, to: 8.5e9 });
    assert.deepEqual(panned(half, -1, END), { axis: 'ns', from: 0, to: 5e9 });
    assert.deepEqual(panned({ axis: 'ns' }, 1, END), { axis: 'ns' });
    assert.deepEqual(revealed(half, 9e9, END), { axis: 'ns', from: 5e9, to: 10e9 });
    assert.equal(revealed(half, 3e9, END), half);
  });

  it('is the same along the other axis', () => {
    assert.deepEqual(turned({ axis: 'ns', from: 1e9, to: 4e9 }, RANGE), { axis: 'packets', from: 10, to: 40 });
    assert.deepEqual(turned({ axis: 'packets' }, RANGE), { axis: 'ns' });
  });
});

describe('places of the timeline', () => {
  it('are known along both axes', () => {
    assert.deepEqual(
      [0, 1e9, 5e9, 10e9, 11e9].map((ns) => Math.round(other(RANGE, ns))),
      [0, 10, 50, 100, 100],
    );
    assert.equal(other({ ...RANGE, bounds: [] }, 5), 0);
    assert.deepEqual(
      [0, 1.9e9, 2e9, 10e9].map((ns) => partAt(RANGE, ns)),
      [0, 0, 1, 4],
    );
  });

  it('are moments to go to', () => {
    assert.deepEqual([momentAt('ns', 0, END), momentAt('ns', 1.5e9, END)], ['start', 'time 1.500000000']);
    assert.deepEqual(
      [momentAt('packets', 0, END), momentAt('packets', 0.4, END), momentAt('packets', 7.6, END)],
      ['start', 'edge 1', 'edge 8'],
    );
  });

  it('end with the present', () => {
    assert.deepEqual([momentAt('ns', 10e9, END), momentAt('packets', 101, END)], ['end', 'end']);
  });

  it('are reached by keys', () => {
    const to = (key: string, place: number): unknown => {
      const target = keyTarget(key, place, RANGE);
      return typeof target === 'object' ? target.text : target;
    };
    assert.deepEqual(
      ['ArrowLeft', 'ArrowRight', 'Home', 'End', 'x'].map((key) => to(key, 5e9)),
      [3e9, 7e9, 0, 10e9, undefined],
    );
    assert.deepEqual([to('ArrowLeft', 1e9), to('ArrowRight', 9.5e9)], [0, 10e9]);
    assert.deepEqual([to('PageUp', 5e9), to('PageDown', 5e9)], ['bookmark 40', 'stop 80']);
    assert.deepEqual([to('PageUp', 1e9), to('PageDown', 9e9)], [0, 10e9]);
    assert.equal(keyTarget('ArrowRight', 7, { ...RANGE, axis: 'packets', to: 5 }), 8, 'a packet at least');
  });

  it('do not stop at checkpoints that nobody has made', () => {
    assert.equal(neighbourMark(RANGE, 1e9, -1), undefined);
  });

  it('are said without zeros', () => {
    assert.deepEqual([0, 1.5e9, 1].map(secondsText), ['0 s', '1.5 s', '0.000000001 s']);
  });
});

describe('picture of the timeline', () => {
  it('shows the most as 1, and what is there at all', () => {
    assert.deepEqual(heights([0, 1, 50, 100], 0.1), [0, 0.1, 0.5, 1]);
    assert.deepEqual(heights([0, 0], 0.1), [0, 0]);
  });

  it('is a table for those who cannot see it', () => {
    const rows = tableOf(RANGE, 2).map(({ from, to, counts }) => [from.packets, to.packets, ...counts]);
    assert.deepEqual(rows, [
      [0, 60, 20, 40, 1, 15],
      [60, 100, 20, 20, 2, 10],
    ]);
    assert.equal(tableOf(RANGE, 50).length, 5);
  });
});

describe('what queries have found', () => {
  const row = (number: number, packets: number, value?: number, series = ''): QueryRowView => ({
    number,
    packets,
    ns: packets * 1e8,
    tick: 100 * packets,
    probe: 7,
    fn: '',
    file: '',
    line: 0,
    caller: '',
    text: `row ${number}`,
    ...(value === undefined ? {} : { value: { kind: 'number', type: 'number', value }, series }),
  });

  it('is marks, or a plot for each value of that name', () => {
    const rows = new FoundRows();
    rows.add({ id: rows.begin('drop'), rows: [row(1, 10), row(2, 20)] });
    rows.add({ id: rows.begin('so->so_rcv.sb_cc'), rows: [row(1, 1, 5, 'socket 1'), row(2, 2, 6, 'socket 2')] });
    const { marks, plots } = rows.found;
    assert.deepEqual(
      marks.map(({ text, moment, packets }) => [text, moment, packets]),
      [
        ['row 1', '1000:7', 10],
        ['row 2', '2000:7', 20],
      ],
    );
    assert.deepEqual(
      plots.map(({ name, points }) => [name, points.map(({ value }) => value)]),
      [
        ['so->so_rcv.sb_cc socket 1', [5]],
        ['so->so_rcv.sb_cc socket 2', [6]],
      ],
    );
    rows.clear();
    assert.deepEqual(rows.found, { marks: [], plots: [] });
  });

  it('of the Debug Console is what was asked last', () => {
    const rows = new FoundRows();
    rows.add({ id: 0, rows: [row(1, 1)] });
    rows.add({ id: 0, rows: [row(2, 2)] });
    rows.add({ id: 0, rows: [row(1, 3)] });
    rows.add({ id: QUESTIONS.drops, rows: [row(1, 4)] });
    assert.deepEqual(
      rows.found.marks.map(({ packets }) => packets),
      [3],
    );
  });

  it('is among the marks, once a part', () => {
    const rows = [9, 41, 42, 99].map((packets) => ({ ...mark('row', packets) }));
    const { marks } = withRows(RANGE, rows);
    assert.deepEqual(
      marks.filter(({ kind }) => kind === 'row').map(({ packets }) => packets),
      [9, 41, 99],
    );
    assert.equal(neighbourMark(withRows(RANGE, rows), 0, 1)?.packets, 9);
  });

  it('is reached by keys where it lies beyond the part that is shown', () => {
    const part: TimelineRange = {
      ...RANGE,
      from: 4.5e9,
      to: 5.5e9,
      marks: RANGE.marks.filter((m) => m.packets === 40),
    };
    const rows = [97, 20, 95, 10, 30].map((packets) => mark('row', packets));
    const there = withRows(part, rows);
    assert.deepEqual(keyTarget('PageDown', 5e9, there), rows[2]);
    assert.deepEqual(neighbourMark(there, 5e9, -1)?.text, 'bookmark 40');
    assert.deepEqual(keyTarget('PageUp', 4e9, there), rows[4]);
  });

  it('is drawn with its least and greatest values, however many there are', () => {
    const points = Array.from({ length: 1000 }, (_, i) => ({
      ns: i * 1e7,
      packets: i / 10,
      value: i === 500 ? 99 : i % 3,
    }));
    const drawn = plotPoints(RANGE, { name: '', points });
    assert.ok(drawn.length <= 4 * 5 + 1);
    assert.ok(drawn.some(({ value }) => value === 99));
    const half = plotPoints({ ...RANGE, from: 5.005e9 }, { name: '', points });
    assert.deepEqual([half[0]?.ns, half[0]?.value], [5.005e9, 99], 'it begins with the value from before');
  });
});
