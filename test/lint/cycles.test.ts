/**
 * Value imports form no circles: a file can be read, loaded and tested with what it imports, and not with all the
 * others. Imports of types alone do not count, as nothing is left of them in JavaScript.
 */
import assert from 'node:assert/strict';
import { imports, type Source, sources } from './sources.ts';

/** What each file imports besides types. */
function valueImports(files: readonly Source[]): Map<string, string[]> {
  return new Map(
    files.map((s) => [
      s.path,
      imports(s)
        .filter((i) => !i.typeOnly)
        .map((i) => i.target),
    ]),
  );
}

/**
 * The strongly connected components of a graph with more than one member, or with an edge to itself (Tarjan's
 * algorithm).
 */
function cycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const visit = (node: string): number => {
    const mine = index.size;
    index.set(node, mine);
    low.set(node, mine);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!graph.has(next)) {
        continue;
      }
      const reached = index.has(next) ? (stack.includes(next) ? (index.get(next) ?? mine) : mine) : visit(next);
      low.set(node, Math.min(low.get(node) ?? mine, reached));
    }
    const lowest = low.get(node) ?? mine;
    if (lowest === mine) {
      const component = stack.splice(stack.indexOf(node)).sort();
      if (component.length > 1 || graph.get(node)?.includes(node)) {
        found.push(component);
      }
    }
    return lowest;
  };
  for (const node of graph.keys()) {
    if (!index.has(node)) {
      visit(node);
    }
  }
  return found;
}

/**
 * Circles that there are for a reason, by the start of their paths; ARCHITECTURE.md says which, below "Circles of
 * imports".
 */
const JUSTIFIED: readonly (readonly string[])[] = [
  // A packet to a neighbor whose address is not known sends a solicitation, which is a packet to a neighbor.
  ['if', 'ip6_output', 'ndp_send'].map((f) => `adapter/stack/slirp/${f}.ts`),
];

describe('value imports', () => {
  it('form no circles but the justified ones', () => {
    const all = cycles(valueImports(['adapter', 'src'].flatMap(sources)));
    const wrong = all.filter((c) => !JUSTIFIED.some((j) => c.every((f) => j.some((start) => f.startsWith(start)))));
    assert.deepEqual(
      wrong.map((c) => c.join(' ')),
      [],
    );
  });

  it('are looked through for circles of every size', () => {
    const graph = new Map([
      ['a', ['b', 'node:fs']],
      ['b', ['c', 'd']],
      ['c', ['a']],
      ['d', ['e']],
      ['e', ['e', 'f']],
      ['f', ['g']],
      ['g', ['d2', 'f']],
      ['d2', []],
    ]);
    assert.deepEqual(cycles(graph), [['f', 'g'], ['e'], ['a', 'b', 'c']]);
  });
});
