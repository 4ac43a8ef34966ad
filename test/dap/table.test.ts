/** The table of docs/dap.md: each row names a test that there is, or says why there is no such thing here. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { capabilities } from '../../adapter/dap/requests.ts';
import { ROOT } from '../kit/paths.ts';

const page = readFileSync(join(ROOT, 'docs/dap.md'), 'utf8');

describe('the table of docs/dap.md', () => {
  const rows = page
    .slice(page.indexOf('| feature |'))
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(1)
    .map((line) => line.split('|').map((cell) => cell.trim()));

  it('names tests that there are', () => {
    assert.ok(rows.length > 40);
    for (const [, feature = '', , here = '', test = ''] of rows) {
      const [, file, title] = /^`([\w/-]+)`: (.+)$/.exec(test) ?? [];
      if (file === undefined || title === undefined) {
        assert.match(here, /^no\b/, `${feature} has no test`);
        continue;
      }
      const path = file.includes('/') ? file : `dap/${file}`;
      const source = readFileSync(join(ROOT, `test/${path}.test.ts`), 'utf8');
      const titles = [...source.matchAll(/\bit\(\s*(['"`])(.*?)\1,/g)].map((m) => m[2] ?? '');
      assert.ok(
        titles.some((one) => one.includes(title)),
        `${feature}: ${file}.test.ts has no "${title}"`,
      );
    }
  });

  it('says no to nothing that is advertised', () => {
    const refused = rows
      .filter(([, , , here = '']) => /^no\b/.test(here))
      .map(([, feature = '']) => feature.toLowerCase());
    for (const name of Object.keys(capabilities())) {
      const plain = name.replace(/^supports?|Requests?$/g, '').toLowerCase();
      assert.ok(!refused.some((feature) => feature.split(/[ ,/]+/).includes(plain)), name);
    }
  });
});
