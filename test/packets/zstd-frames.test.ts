/** What the frames of a zstd file want, looked at before they are unpacked. */
import assert from 'node:assert/strict';
import { CaptureError } from '../../adapter/packets/types.ts';
import { Unzstd } from '../../adapter/packets/unzstd.ts';
import { ZstdFrames } from '../../adapter/packets/zstd-frames.ts';

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
/** A frame with a window, of a raw block of 2 bytes, a repeated byte, and a last block of 1 byte. */
const frame = (window: number, checksum = false): number[] => [
  ...MAGIC,
  checksum ? 4 : 0,
  window,
  ...[(2 << 3) | 0, 0, 0, 0xfd, 0x2f],
  ...[(9 << 3) | 2, 0, 0, 0x28],
  ...[(1 << 3) | 1, 0, 0, 0xb5],
  ...(checksum ? MAGIC : []),
];
const skippable = [0x5f, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, ...MAGIC];
/** Windows of 128 MB, a little more, and the largest there is. */
const [FITS, MORE, MOST] = [17 << 3, (17 << 3) | 1, 255];
/** A single segment that says how long it is, in 8 bytes: 2 GB. */
const single = [...MAGIC, 0xe0, 0, 0, 0, 0x80, 0, 0, 0, 0, 1, 0, 0];

/** Pushes bytes in pieces of `size`. */
function walk(bytes: readonly number[], size: number): void {
  const frames = new ZstdFrames();
  for (let at = 0; at < bytes.length; at += size) {
    frames.push(Uint8Array.from(bytes.slice(at, at + size)));
  }
}

describe('frames of a zstd file', () => {
  for (const size of [1, 3, 1000]) {
    it(`windows up to 128 MB pass, those of any frame above do not (pieces of ${size})`, () => {
      walk([...frame(FITS), ...skippable, ...frame(FITS, true), ...frame(0)], size);
      walk([...MAGIC, 0x20, 3, 1, 0, 0, ...frame(FITS)], size);
      for (const bad of [MORE, MOST]) {
        assert.throws(() => walk([...frame(FITS, true), ...skippable, ...frame(bad)], size), CaptureError);
      }
      assert.throws(() => walk(single, size), /^CaptureError: unpacking it takes 2,048 MB of memory, more than zstd/);
    });
  }

  it('what is no zstd is left to who unpacks it', () => {
    walk([1, 2, 3, 4, ...frame(MOST)], 5);
  });

  it('nothing of such a frame is unpacked', () => {
    const stage = new Unzstd();
    assert.throws(() => [...stage.push(Uint8Array.from(frame(MOST)))], CaptureError);
  });
});
