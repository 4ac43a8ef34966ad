/** The hash of a state tree: equal for equal trees, and for no others. */
import assert from 'node:assert/strict';
import { hashState } from '../../adapter/inferior/state-hash.ts';

const hash = (root: object): string => hashState(root, new Set());

describe('the hash of a state', () => {
  const bytes = Uint8Array.from({ length: 23 }, (_, i) => i * 7);

  it('does not depend on where in their buffer bytes are', () => {
    const wanted = hash({ bytes });
    for (let offset = 0; offset < 9; offset++) {
      for (const buffer of [new ArrayBuffer(40), new SharedArrayBuffer(40)]) {
        const moved = new Uint8Array(buffer, offset, bytes.length);
        moved.set(bytes);
        assert.equal(hash({ bytes: moved }), wanted, `at ${offset}`);
      }
    }
  });

  it('depends on every byte, on their number and on the order of fields', () => {
    const wanted = hash({ bytes });
    for (let i = 0; i < bytes.length; i++) {
      const other = bytes.slice();
      other[i] = 255;
      assert.notEqual(hash({ bytes: other }), wanted, `byte ${i}`);
    }
    assert.notEqual(hash({ bytes: bytes.subarray(1) }), wanted);
    assert.notEqual(hash({ a: 1, b: 2 }), hash({ b: 2, a: 1 }));
  });
});
