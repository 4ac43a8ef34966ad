/** Unpacking of zstd in pieces (RFC 8878). */
import assert from 'node:assert/strict';
import { Unzstd } from '../../adapter/packets/unzstd.ts';
import { unpacked } from '../../adapter/replay/unpack.ts';

const BLOCK = 128 * 1024;

/** A frame with a window of 128 KiB, of blocks that repeat one byte: four packed bytes for 128 KiB each. */
function repeated(blocks: number): Uint8Array {
  const out = Buffer.alloc(6 + 4 * blocks);
  out.writeUInt32LE(0xfd2fb528, 0);
  out[5] = 7 << 3;
  for (let i = 0; i < blocks; i++) {
    out.writeUIntLE((BLOCK << 3) | (1 << 1) | (i === blocks - 1 ? 1 : 0), 6 + 4 * i, 3);
    out[9 + 4 * i] = i;
  }
  return out;
}

describe('zstd', () => {
  it('unpacks to the same bytes however they come', () => {
    const packed = repeated(200);
    const whole = unpacked(packed);
    assert.equal(whole.length, 200 * BLOCK);
    assert.deepEqual([whole[0], whole[BLOCK], whole.at(-1)], [0, 1, 199]);
    const stage = new Unzstd();
    const pieces = [...packed].flatMap((byte) => [...stage.push(Uint8Array.of(byte))]);
    assert.ok(Buffer.concat([...pieces, ...stage.end()]).equals(whole));
  });

  it('holds back what nobody has asked for yet', () => {
    let before = 0;
    const stage = new Unzstd();
    for (const piece of stage.push(repeated(100_000))) {
      before += piece.length;
      if (before > 100 * BLOCK) {
        break;
      }
    }
    assert.equal(before, 101 * BLOCK);
  });

  it('refuses a bomb, and what is cut off', () => {
    assert.throws(() => unpacked(repeated(5000)), /^CaptureError: the capture cannot be unpacked: it unpacks to more/);
    assert.throws(() => unpacked(repeated(3).subarray(0, 12)), /the capture cannot be unpacked/);
  });
});
