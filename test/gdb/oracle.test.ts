/** What pktgdb prints is what gdb 13 printed for the same lines, at a stop in a C program like the fake engine's. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../kit/paths.ts';
import { DIFFERENT } from './gdb-differences.ts';
import { LINES } from './gdb-lines.ts';
import { Session } from './session.ts';

const { version, answers } = JSON.parse(readFileSync(join(ROOT, 'test/vectors/gdb/answers.json'), 'utf8')) as {
  readonly version: string;
  readonly answers: readonly (readonly [string, string])[];
};

/** The shape of an answer: without numbers of the history, addresses, symbols at them, file names and source text. */
function shape(text: string): string {
  return text
    .replace(/^!/gm, '')
    .replace(/^warning: .*\n/gm, '')
    .replace(/\$\d+ = /g, '$N = ')
    .replace(/ <\w+(?:\+\d+)?>/g, '')
    .replace(/0x[0-9a-f]{8,}(?: ".*?"(?:\.\.\.)?(?:, '.*?' <repeats \d+ times>)?)?/g, 'ADDRESS')
    .replace(/^(#\d+ +)ADDRESS in /gm, '$1')
    .replace(/util\/t\.ts|\bt\.c/g, 'FILE')
    .replace(/^(\d+)\t.*$/gm, '$1\tSOURCE')
    .trimEnd();
}

describe(`the answers of ${version}`, () => {
  it('are those to the lines of today', () => {
    assert.deepEqual(
      answers.map(([line]) => line),
      LINES,
    );
  });

  it('are ours, but for those of the list, which says why', async () => {
    const s = new Session();
    const wrong: unknown[] = [];
    const seen = new Set<string>();
    await s.run('break add');
    for (const [line, theirs] of answers) {
      const ours = shape(await s.run(line));
      if (ours !== shape(theirs)) {
        seen.add(line);
        if (!(line in DIFFERENT)) {
          wrong.push({ line, gdb: shape(theirs), ours });
        }
      }
    }
    s.gdb.dispose();
    assert.deepEqual(wrong, []);
    // What has become the same leaves the list.
    assert.deepEqual(
      Object.keys(DIFFERENT).filter((line) => !seen.has(line)),
      [],
    );
  });
});
