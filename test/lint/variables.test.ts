/** Every PKTGDB_* variable that the repository reads is in the table of CONTRIBUTING.md, and no other is. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './sources.ts';

const NAME = /\bPKTGDB_[A-Z0-9_]*[A-Z0-9]\b/g;

/** What is not the project's own text. */
const LEFT_OUT = new Set(['node_modules', 'dist', '.cache', '.git', 'vectors', 'package-lock.json']);

const TEXT = /\.(ts|mjs|json|md|css)$|^run$/;

/** This file makes a name up. */
const SELF = 'variables.test.ts';

function* files(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (LEFT_OUT.has(entry.name)) {
      continue;
    }
    if (entry.isDirectory()) {
      yield* files(path);
    } else if (TEXT.test(entry.name) && entry.name !== SELF) {
      yield path;
    }
  }
}

const names = (text: string): Set<string> => new Set(text.match(NAME));

/** The names in the first column of the table. */
function documented(contributing: string): Set<string> {
  const rows = contributing.split('\n').filter((line) => line.startsWith('| `PKTGDB_'));
  return names(rows.map((row) => row.split('|')[1]).join(' '));
}

describe('PKTGDB_* variables', () => {
  const texts = [...files(root)].map((path) => [path, readFileSync(path, 'utf8')] as const);
  const table = documented(readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8'));

  it('are all in the table', () => {
    const missing = texts.flatMap(([path, text]) =>
      [...names(text)].filter((name) => !table.has(name)).map((name) => `${path}: ${name}`),
    );
    assert.deepEqual(missing, []);
  });

  it('are in the table only if something reads them', () => {
    const used = new Set(texts.filter(([path]) => !path.endsWith('.md')).flatMap(([, text]) => [...names(text)]));
    assert.deepEqual(
      [...table].filter((name) => !used.has(name)),
      [],
    );
    assert.ok(used.has('PKTGDB_NODES'));
  });

  it('are found in text and in tables', () => {
    assert.deepEqual([...names("env['PKTGDB_A_B1'] PKTGDB_C=5 PKTGDB_* __PKTGDB_D")], ['PKTGDB_A_B1', 'PKTGDB_C']);
    assert.deepEqual([...documented('PKTGDB_A\n| `PKTGDB_B`, `PKTGDB_C` | PKTGDB_D |\n')], ['PKTGDB_B', 'PKTGDB_C']);
  });
});
