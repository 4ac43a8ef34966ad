/** What a guest prints comes in pieces of any size, and is shown line by line above the prompt. */
import assert from 'node:assert/strict';
import { WholeLines } from '../../adapter/gdb/whole-lines.ts';
import { until } from '../kit/until.ts';

describe('lines that come in pieces', () => {
  let shown: string[];
  let lines: WholeLines;
  beforeEach(() => {
    shown = [];
    lines = new WholeLines((text) => shown.push(text));
  });

  it('are shown whole', () => {
    for (const piece of ['a', 'b\nc', 'd', '\n', 'e\nf\n']) {
      lines.add(piece);
    }
    assert.deepEqual(shown, ['ab\n', 'cd\n', 'e\nf\n']);
    lines.flush();
    assert.equal(shown.length, 3);
  });

  it('are shown as far as they are there before something else is, or when no more comes', async () => {
    lines.add('login: ');
    lines.flush();
    assert.deepEqual(shown, ['login: ']);
    lines.add('/ # ');
    assert.equal(shown.length, 1);
    await until(() => shown.length > 1, 'it is shown');
    assert.deepEqual(shown, ['login: ', '/ # ']);
  });

  it('are not kept without bound', () => {
    for (let i = 0; i < 5000; i++) {
      lines.add('x');
    }
    assert.deepEqual(
      shown.map((text) => text.length),
      [4097],
    );
  });
});
