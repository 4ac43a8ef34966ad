/** Globals as compiled expressions see them. */
import assert from 'node:assert/strict';
import { Globals, globalsIn } from '../../adapter/inferior/globals.ts';

describe('globals', () => {
  const globals = new Globals();
  let count = 1;
  globals.add('a.ts', { count: [() => count, (v) => (count = v as number)], LIMIT: [() => 10, null] });
  globals.add('b.ts', { LIMIT: [() => 20, null], other: [() => 'b', null] });

  it('are found in the text of an expression', () => {
    assert.deepEqual(globalsIn('$G.machine.nics[0]?.mac_reg[$G.RDH]+$G.machine.n+a.$Gx.b'), ['machine', 'RDH']);
  });

  it('that are read often have accessors of their own, a file before others, and the rest is there too', () => {
    const seen = globals.of('b.ts', ['count', 'LIMIT', 'nosuch']) as Record<string, unknown>;
    assert.deepEqual(Object.getOwnPropertyNames(seen).sort(), ['LIMIT', 'count']);
    assert.equal(seen['LIMIT'], 20);
    assert.equal(seen['other'], 'b');
    seen['count'] = 7;
    assert.equal(count, 7);
    assert.equal((globals.of('a.ts') as Record<string, unknown>)['count'], 7);
  });
});
