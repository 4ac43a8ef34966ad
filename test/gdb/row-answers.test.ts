/** The words of gdb 13, from before a program runs to its end, beside ours in a replay. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../kit/paths.ts';
import { ROW_DIFFERENCES } from './row-differences.ts';
import { ROW_LINES } from './row-lines.ts';
import { Typed } from './typed.ts';

const { version, answers } = JSON.parse(readFileSync(join(ROOT, 'test/vectors/gdb/rows.json'), 'utf8')) as {
  readonly version: string;
  readonly answers: readonly (readonly [string, string])[];
};

/** What is left of an answer without what depends on the program: numbers, addresses, arguments, files, source text. */
function shape(text: string): string {
  return text
    .replace(/^!/gm, '')
    .replace(/^(?:warning: |\[Thread debugging|Using host lib|guest is ).*\n/gm, '')
    .replace(/(reakpoint \d+ at|also set at) (?:pc )?[\w/.:]+?(?=\.?$|: file)/gm, '$1 PLACE')
    .replace(/0x[0-9a-f]+(?: <[\w+]+>)?/g, 'N')
    .replace(/^(#\d+ +)?N in /gm, '$1')
    .replace(/(?:[\w/]+\/)?[\w-]+\.(?:ts|c)\b/g, 'FILE')
    .replace(/^((?:Run till exit from )?#\d+ +|.*, )?(?:N in )?(\w+) \(.*\) at FILE/gm, '$1$2 (ARGS) at FILE')
    .replace(/^(?:main|slirp_input) (?=\(ARGS)/gm, 'CALLER ')
    .replace(/^(?:\d+|N\t\d+)\t.*$/gm, 'SOURCE')
    .replace(/^#\d+ +/gm, '#N ')
    .replace(/\d+/g, 'N')
    .trimEnd();
}

describe(`the words of ${version}`, function () {
  this.timeout(30_000);

  it('are ours too, but for those of the list, which says why', async () => {
    assert.deepEqual(
      answers.map(([line]) => line),
      ROW_LINES,
      'the recording is that of the lines',
    );
    const typed = await Typed.create();
    const wrong: unknown[] = [];
    const different = new Set<string>();
    try {
      for (const [line, theirs] of answers) {
        const ours = shape(await typed.type(line));
        const differs = ours !== shape(theirs);
        if (differs && !(line in ROW_DIFFERENCES)) {
          wrong.push({ line, gdb: shape(theirs), ours });
        }
        if (differs) {
          different.add(line);
        }
      }
    } finally {
      await typed.dispose();
    }
    assert.deepEqual(wrong, []);
    const same = Object.keys(ROW_DIFFERENCES).filter((line) => !different.has(line));
    assert.deepEqual(same, [], 'what has become the same leaves the list');
  });
});
