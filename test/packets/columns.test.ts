/** Tables in shared memory, which grow where they are. */
import assert from 'node:assert/strict';
import { GrowingTable } from '../../adapter/packets/columns.ts';

const SPEC = { id: Uint32Array, at: Float64Array } as const;

describe('tables in columns', () => {
  it('grow in place: nothing is copied, and who holds the memory of a column sees what comes', () => {
    const table = new GrowingTable(SPEC, 1e6);
    const before = table.columns;
    for (let i = 0; i < 10_000; i++) {
      const row = table.append();
      table.columns.id[row] = i;
      table.columns.at[row] = i / 2;
    }
    assert.equal(table.columns.id.buffer, before.id.buffer);
    assert.equal(table.columns.at.buffer, before.at.buffer);
    assert.deepEqual([table.count, table.columns.id[9999], table.columns.at[9999]], [10_000, 9999, 4999.5]);
  });

  it('are shared with other threads as they are', () => {
    const table = new GrowingTable(SPEC, 100);
    table.append();
    const copy = structuredClone(table.columns);
    table.columns.id[0] = 7;
    assert.equal(copy.id[0], 7);
  });

  it('have no more entries than was said', () => {
    const table = new GrowingTable(SPEC, 3);
    assert.deepEqual([table.append(), table.append(), table.append()], [0, 1, 2]);
    assert.throws(() => table.append(), /the capture has more than 3 packets/);
  });
});
