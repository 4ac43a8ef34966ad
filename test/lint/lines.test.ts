/** Lines have at most 120 columns, comments and texts as well, which the formatter does not break. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './sources.ts';

const MAX_COLUMNS = 120;
const FOLDERS = ['adapter', 'src', 'scripts', 'test'];
/** Recorded, not written. */
const LEFT_OUT = 'test/vectors/';

/** Numbers of the lines of a text that are too long. */
function longLines(text: string): number[] {
  const lines = text.split('\n').map((line, i) => ({ columns: [...line].length, number: i + 1 }));
  return lines.filter(({ columns }) => columns > MAX_COLUMNS).map(({ number }) => number);
}

describe('lines', () => {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((f) => join(folder, f)),
  )
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => /\.(ts|mjs)$/.test(path) && !path.startsWith(LEFT_OUT));

  it(`have at most ${MAX_COLUMNS} columns`, () => {
    const wrong = files.flatMap((path) =>
      longLines(readFileSync(join(root, path), 'utf8')).map((line) => `${path}:${line}`),
    );
    assert.deepEqual(wrong, []);
  });

  it('are measured in characters', () => {
    assert.deepEqual(longLines(`${'ä'.repeat(120)}\n${'x'.repeat(121)}\n`), [2]);
  });
});
