/** The table of docs/dap.md: each row names a test that there is, or says why there is no such thing here. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { capabilities, requestNames } from '../../adapter/dap/requests.ts';
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

describe('the requests that are answered', () => {
  /** Names of requests that tests send. */
  const sent = new Set(
    readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .flatMap((path) => [
        ...readFileSync(join(ROOT, 'test', path), 'utf8').matchAll(
          /(?:\b(?:ask|send|request)(?:<[^(]*>)?\(|[(,](?=\s*'pktgdb))\s*'([\w/]+)'/g,
        ),
      ])
      .map(([, name = '']) => name),
  );

  it('are each sent by a test', () => {
    assert.deepEqual(
      requestNames().filter((name) => !sent.has(name)),
      [],
    );
  });

  it('are all of the protocol, but for those that docs/dap.md says no to', () => {
    const types = readFileSync(join(ROOT, 'node_modules/@vscode/debugprotocol/lib/debugProtocol.d.ts'), 'utf8');
    const known = new Set(requestNames());
    const missing = [...types.matchAll(/^\tinterface (\w+)Request extends Request/gm)]
      .map(([, name = '']) => `${name[0]?.toLowerCase()}${name.slice(1)}`)
      .filter((name) => !known.has(name) && !ASKED_OF_CLIENTS.includes(name));
    assert.deepEqual(missing.sort(), ['disassemble', 'setInstructionBreakpoints', 'terminateThreads']);
  });
});

/** Requests that go the other way. */
const ASKED_OF_CLIENTS = ['runInTerminal', 'startDebugging'];
