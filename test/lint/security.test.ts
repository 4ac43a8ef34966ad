/** SECURITY.md names tests for what it promises: they are there. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './sources.ts';

const page = readFileSync(join(root, 'SECURITY.md'), 'utf8');
const FILE = /`(test\/[\w/.-]+\.ts)`(?:: ([^|]+?)(?= \|))?/g;

describe('SECURITY.md', () => {
  it('names tests that there are, by their titles where it gives them', () => {
    const named = [...page.matchAll(FILE)];
    assert.ok(named.length > 10);
    for (const [, file = '', title] of named) {
      assert.ok(existsSync(join(root, file)), file);
      const text = title === undefined ? '' : readFileSync(join(root, file), 'utf8');
      assert.ok(title === undefined || text.includes(title), `${file}: ${title}`);
    }
  });

  it('says of each who is not trusted where that is tested', () => {
    const rows = page.split('\n').filter((line) => /^\| .*\| no\b/.test(line));
    assert.ok(rows.length > 5);
    assert.deepEqual(
      rows.filter((row) => !row.includes('`test/')),
      [],
    );
  });
});
