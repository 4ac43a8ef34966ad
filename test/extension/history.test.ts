/** Moments as the extension offers and marks them. */
import assert from 'node:assert/strict';
import type { HistoryMoment } from '../../adapter/engine/api.ts';
import {
  isUriText,
  type Moments,
  momentHints,
  neighbour,
  notNow,
  pastLines,
  secondsOf,
  untilPresent,
} from '../../src/history/history-model.ts';
import { nextState } from '../../src/session/session-state.ts';

function moment(tick: number, probe: number, ns: number, packets: number): HistoryMoment {
  return { tick, probe, ns, packets, lastPacket: null };
}

const start = moment(0, -1, 0, 0);
const present = moment(5000, 7, 2.5e9, 20);

function at(tick: number, packets: number): Moments {
  return { start, here: moment(tick, 1, tick * 500_000, packets), present };
}

describe('previous and next packet', () => {
  it('count packets from where one stands', () => {
    assert.equal(neighbour(at(2000, 8), -1), 'edge 7');
    assert.equal(neighbour(at(2000, 8), 1), 'edge 9');
    assert.equal(neighbour(at(2000, 19), 1), 'edge 20');
  });

  it('lead to the beginning, and to the present while that is not shown', () => {
    assert.equal(neighbour(at(2000, 1), -1), 'start');
    assert.equal(neighbour(at(10, 0), -1), 'start');
    assert.equal(neighbour(at(4999, 20), 1), 'end');
    assert.equal(neighbour({ start, here: present, present }, 1), undefined);
    assert.equal(neighbour({ start, here: present, present }, -1), 'edge 19');
  });
});

describe('position of a moment', () => {
  it('is a time without zeros at its end', () => {
    assert.equal(secondsOf(moment(0, 0, 0, 0)), '0');
    assert.equal(secondsOf(present), '2.5');
    assert.equal(secondsOf(moment(0, 0, 10e9, 0)), '10');
    assert.equal(secondsOf(moment(0, 0, 12_345_678, 0)), '0.012345678');
  });

  it('says how far the present is', () => {
    assert.deepEqual(untilPresent(at(2000, 8)), { packets: 12, seconds: '1.5' });
  });
});

describe('completion of moments', () => {
  const hints = (typed: string): string[] =>
    momentHints(typed, at(2000, 8)).map(({ text, whole, kind }) => `${kind}:${text}${whole ? '' : '...'}`);

  it('offers all kinds before anything is typed, with what there is of each', () => {
    assert.deepEqual(hints(''), [
      'start:start',
      'end:end',
      'packet:packet ...',
      'time:time ...',
      'percent:...',
      'tick:...',
    ]);
    const ranges = momentHints('', at(2000, 8)).map(({ from, to }) => `${from}-${to}`);
    assert.deepEqual(ranges, ['-', '-', '1-20', '0-2.5', '0-100', '0-5000']);
  });

  it('takes a number for whatever it can be', () => {
    assert.deepEqual(hints('2'), ['packet:packet 2', 'time:time 2', 'percent:2%', 'tick:2']);
    assert.deepEqual(hints('20'), ['packet:packet 20', 'percent:20%', 'tick:20']);
    assert.deepEqual(hints('4000'), ['tick:4000']);
    assert.deepEqual(hints('9999'), []);
    assert.deepEqual(hints('0.5'), ['time:time 0.5', 'percent:0.5%']);
    assert.deepEqual(hints('12:3'), ['tick:12:3']);
  });

  it('completes words, and leaves what is whole as it is', () => {
    assert.deepEqual(hints('e'), ['end:end']);
    assert.deepEqual(hints('pa'), ['packet:packet ...']);
    assert.deepEqual(hints(' Packet  7 '), ['packet:packet 7']);
    assert.deepEqual(hints('time 1.25'), ['time:time 1.25']);
    assert.deepEqual(hints('50 %'), ['percent:50%']);
    assert.deepEqual(hints('yesterday'), []);
  });

  it('offers bookmarks by what their names begin with', () => {
    const offered = momentHints('ST', at(10, 0), ['stall', 'other']).map(({ kind, text }) => `${kind}:${text}`);
    assert.deepEqual(offered, ['start:start', 'bookmark:stall']);
  });

  it('offers no packet where none has passed', () => {
    const none = { start, here: start, present: moment(10, 1, 100, 0) };
    assert.deepEqual(
      momentHints('1', none).map(({ kind }) => kind),
      ['percent', 'tick'],
    );
  });
});

describe('marks of the past', () => {
  it('are at the line of each frame once, the innermost frame first', () => {
    const frames = [
      { path: 'a.ts', line: 5 },
      { path: 'b.ts', line: 7 },
      { path: 'a.ts', line: 9 },
      { path: 'a.ts', line: 5 },
      { path: 'b.ts', line: 7 },
    ];
    assert.deepEqual(
      [...pastLines(frames)],
      [
        ['a.ts', { here: [5], callers: [9] }],
        ['b.ts', { here: [], callers: [7] }],
      ],
    );
  });

  it('know a path from the URI that VS Code makes of it', () => {
    const texts = ['file:///a/b.ts', 'vscode-remote://127.0.0.1:80/a/b.ts', '/a/b.ts', 'c:\\a\\b.ts', 'C:/a/b.ts'];
    assert.deepEqual(texts.map(isUriText), [true, true, false, false, false]);
  });

  it('are none in the present', () => {
    assert.equal(pastLines([]).size, 0);
    assert.equal(notNow({ recorded: true, inPast: false, here: '', after: '' }), undefined);
  });

  it('say whether that is the past or what would have been', () => {
    const shown = { recorded: true, here: '', after: '' };
    assert.equal(notNow({ ...shown, inPast: true }), 'past');
    assert.equal(notNow({ ...shown, inPast: false, whatIf: 'packet 12' }), 'what-if');
  });
});

describe('state of a session that travels', () => {
  it('is running until it stops in the past', () => {
    for (const command of ['pktgdb/goTo', 'pktgdb/reverse', 'restartFrame', 'stepBack', 'reverseContinue']) {
      assert.equal(nextState('stopped', { type: 'response', command, success: true }), 'running', command);
      assert.equal(nextState('stopped', { type: 'response', command, success: false }), 'stopped', command);
    }
  });
});
