/** ARCHITECTURE.md follows three flows through the code. Every function that it names is in the file that it names. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from './sources.ts';

/** `path: function, function` between back quotes. */
const STEP = /`([\w/.-]+\.ts): ([#\w]+(?:, [#\w]+)*)`/g;

interface Named {
  readonly path: string;
  readonly name: string;
}

/** The section "Three flows". */
function section(text: string): string {
  return /^## Three flows\n(.*?)^## /ms.exec(text)?.[1] ?? '';
}

function named(text: string): Named[] {
  return [...text.matchAll(STEP)].flatMap(([, path = '', names = '']) =>
    names.split(', ').map((name) => ({ path: `adapter/${path}`, name })),
  );
}

/** Functions, methods and members that hold one. */
function functionsOf(path: string): Set<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    const { name, initializer } = node as { name?: ts.Node; initializer?: ts.Node };
    const holds =
      initializer !== undefined && (ts.isArrowFunction(initializer) || ts.isFunctionExpression(initializer));
    if (name !== undefined && (ts.isFunctionLike(node) || holds)) {
      names.add(name.getText());
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, readFileSync(join(root, path), 'utf8'), ts.ScriptTarget.Latest, true));
  return names;
}

function missing(text: string): string[] {
  return named(text)
    .filter(({ path, name }) => !existsSync(join(root, path)) || !functionsOf(path).has(name))
    .map(({ path, name }) => `${path}: ${name}`);
}

describe('ARCHITECTURE.md', () => {
  const text = section(readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8'));

  it('names functions that there are', () => {
    assert.ok(named(text).length > 60);
    assert.deepEqual(missing(text), []);
  });

  it('is found out when a function or a file is gone', () => {
    const wrong = '`engine/engine.ts: setBreakpoint, gone` `engine/none.ts: setBreakpoint` `inferior/runtime.ts: tick`';
    assert.deepEqual(missing(wrong), ['adapter/engine/engine.ts: gone', 'adapter/engine/none.ts: setBreakpoint']);
  });

  it('numbers the steps of each flow', () => {
    const flows = text.split(/^### .*$/m).slice(1);
    assert.equal(flows.length, 3);
    for (const flow of flows) {
      const numbers = [...flow.matchAll(/^(\d+)\. /gm)].map(([, n]) => Number(n));
      assert.deepEqual(
        numbers,
        numbers.map((_, i) => i + 1),
      );
    }
  });
});
