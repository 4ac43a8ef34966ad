/** A file read through windows gives the bytes of the file, wherever one looks. */
import assert from 'node:assert/strict';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { FileSource } from '../../adapter/replay/file-source.ts';
import { tempFolder } from '../kit/temp.ts';

const SIZE = 3_000_000;
/** Longer than a window. */
const LONGEST = 400_000;

describe('a capture in a file', () => {
  const path = join(tempFolder(), 'windows.bin');
  const bytes = Uint8Array.from({ length: SIZE }, (_, i) => (i * 2654435761) >>> 24);
  before(() => writeFileSync(path, bytes));

  const equal = (got: Uint8Array, at: number, length: number): void => {
    assert.ok(Buffer.from(got).equals(bytes.subarray(at, Math.min(SIZE, at + length))), `${length} bytes at ${at}`);
  };

  it('is the same in any order of reading', () => {
    const place = fc.record({ at: fc.nat(SIZE - 1), length: fc.nat(LONGEST), run: fc.nat(30), glance: fc.boolean() });
    const source = new FileSource(path);
    fc.assert(
      fc.property(fc.array(place, { maxLength: 40 }), (places) => {
        for (const { at, length, run, glance } of places) {
          equal(source[glance ? 'glance' : 'read'](at, length), at, length);
          // Then packets in a row.
          for (let i = 0; i < run; i++) {
            const next = Math.min(SIZE - 1, at + length + i * 1500);
            equal(source.read(next, 1500), next, 1500);
          }
        }
      }),
    );
    source.close();
  });

  it('says so when it has become shorter', () => {
    const source = new FileSource(path);
    truncateSync(path, SIZE - 1000);
    assert.throws(() => source.read(SIZE - 2000, 2000), /has become shorter/);
    source.close();
  });
});
