/** The stack's shared memory, which machines that are executed one after the other use again. */
import assert from 'node:assert/strict';
import { NamedMemory } from '../../adapter/inferior/named-memory.ts';

describe('memory by name', () => {
  const made: string[] = [];
  const byName = new Map<string, ArrayBufferLike>();
  const memory = new NamedMemory(byName, (name) => void made.push(name));

  it('is used again by the next machine, in bytes that are zero', () => {
    const ram = memory.alloc('ram', 1 << 20);
    new Uint8Array(ram).set([1, 2, 3], 700_000);
    memory.restart();
    assert.equal(memory.alloc('ram', 1 << 20), ram);
    assert.ok(new Uint8Array(ram).every((byte) => byte === 0));
    assert.deepEqual(made, ['ram']);
  });

  it('is another one for each that a single machine asks for, and for another size', () => {
    const first = memory.alloc('nic', 64);
    assert.notEqual(memory.alloc('nic', 64), first);
    const last = byName.get('nic');
    memory.restart();
    assert.equal(memory.at('nic', 64), last);
    assert.notEqual(memory.alloc('nic', 64), last, 'a checkpoint has put something there');
    memory.restart();
    assert.equal(memory.alloc('ram', 4096).byteLength, 4096);
  });

  it('has names that are told, also of what is no longer the latest', () => {
    const old = memory.alloc('disk', 8);
    assert.notEqual(memory.alloc('disk', 8), old);
    assert.equal(memory.nameOf(old), 'disk');
    assert.equal(memory.nameOf(new ArrayBuffer(8)), '');
  });
});
