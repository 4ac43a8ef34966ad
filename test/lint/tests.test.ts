/**
 * Rules of the tests themselves. They wait for events, or for conditions with a deadline: never only for time to pass.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { imports, lineOf, root, type Source, sources } from './sources.ts';

/** Where time may pass: the loops that look at something until it is so. */
const WAITS = 'test/kit/until.ts';
/** Programs that measure time. */
const MEASURES = 'test/bench/';
/** The clock of a real QEMU moves by itself alone. */
const REAL_CLOCK = 'test/machine/qtest.ts';

/** Functions that only let time pass. Those of `lab` and `Conn` move virtual clocks: they are called as methods. */
const SLEEPS = /^(?:setTimeout|sleep|delay|wait|realTime)$/;
const METHODS = /^(?:waitForTimeout|setTimeout)$/;
/** The same in the programs that tests hand to a shell or to Python. */
const IN_PROGRAMS = /\btime\.sleep\(|^\s*sleep \d/m;

/** `file:line: what` of each place where a file only lets time pass. */
function sleeps(source: Source): string[] {
  const found: string[] = [];
  const add = (node: ts.Node, what: string): void => {
    found.push(`${source.path}:${lineOf(source, node)}: ${what}`);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const called = node.expression;
      if (ts.isIdentifier(called) && SLEEPS.test(called.text)) {
        add(node, called.text);
      } else if (ts.isPropertyAccessExpression(called) && METHODS.test(called.name.text)) {
        add(node, called.name.text);
      }
    } else if (ts.isImportSpecifier(node) && (node.propertyName ?? node.name).text === 'setTimeout') {
      add(node, 'import of setTimeout');
    } else if ((ts.isStringLiteralLike(node) || ts.isTemplateHead(node)) && IN_PROGRAMS.test(node.text)) {
      add(node, 'a program that sleeps');
    } else if (ts.isIdentifier(node) && node.text === 'setTimeout' && ts.isCallExpression(node.parent)) {
      add(node, 'setTimeout as an argument');
    }
    ts.forEachChild(node, visit);
  };
  visit(source.tree);
  return found;
}

/** What the rule says of a text. */
const ofText = (text: string): number =>
  sleeps({ path: 't.ts', text, tree: ts.createSourceFile('t.ts', text, ts.ScriptTarget.Latest, true) }).length;

describe('tests', () => {
  it('never only let time pass', () => {
    const all = sources('test').filter((s) => s.path !== WAITS && !s.path.startsWith(MEASURES));
    assert.deepEqual(
      all.flatMap(sleeps).filter((place) => !place.startsWith(REAL_CLOCK)),
      [],
    );
  });

  it('read and write frames without the code that they test', () => {
    const own = ['bytes', 'decode', 'faulty-link', 'frames', 'frames6', 'random'].map((f) => `test/kit/${f}.ts`);
    const files = sources('test/kit').filter((s) => own.includes(s.path));
    assert.equal(files.length, own.length);
    assert.deepEqual(
      files.flatMap(imports).filter(({ target }) => !own.includes(target)),
      [],
    );
  });

  it('have a line in test/README.md for each folder', () => {
    const folders = readdirSync(join(root, 'test'), { withFileTypes: true }).filter((f) => f.isDirectory());
    const rows = readFileSync(join(root, 'test/README.md'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('| `') && !/^\| `[^|]*\.ts`/.test(line));
    const named = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map((m) => m[1]));
    assert.deepEqual(named.sort(), folders.map((f) => f.name).sort());
  });

  it('would be found if they slept', () => {
    for (const text of [
      'await new Promise((resolve) => setTimeout(resolve, 100));',
      "import { setTimeout as pause } from 'node:timers/promises';",
      'await sleep(10);',
      'await page.waitForTimeout(500);',
      `spawn('python3', ['-c', 'import time; ${'time'}.sleep(1)']);`,
      'await promisify(setTimeout)(5);',
    ]) {
      assert.ok(ofText(text) > 0, text);
    }
    assert.equal(ofText('lab.sleep(0.1); c.wait(5); await until(() => done, "done");'), 0);
  });
});
