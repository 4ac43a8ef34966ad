/** Captures that are packed with gzip or zstd, in memory. */
import { gunzipSync } from 'node:zlib';
import { CaptureError } from '../packets/capture.ts';
import { Unzstd } from '../packets/unzstd.ts';

/** Unpacked bytes at most: an editor shows no more, and a bomb of a few kilobytes unpacks to anything. */
const MAX_UNPACKED = 512 * 2 ** 20;

/** The bytes of a capture; those of a plain one as they are. Throws `CaptureError`. */
export function unpacked(bytes: Uint8Array): Uint8Array {
  try {
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
      return gunzipSync(bytes, { maxOutputLength: MAX_UNPACKED });
    }
    if (bytes[0] === 0x28 && bytes[1] === 0xb5 && bytes[2] === 0x2f && bytes[3] === 0xfd) {
      return unzstd(bytes);
    }
    return bytes;
  } catch (error) {
    throw new CaptureError(`the capture cannot be unpacked: ${(error as Error).message}`);
  }
}

function unzstd(bytes: Uint8Array): Uint8Array {
  const stage = new Unzstd();
  const pieces: Uint8Array[] = [];
  let total = 0;
  for (const part of [stage.push(bytes), stage.end()]) {
    for (const piece of part) {
      total += piece.length;
      if (total > MAX_UNPACKED) {
        throw new Error(`it unpacks to more than ${MAX_UNPACKED} bytes`);
      }
      pieces.push(piece);
    }
  }
  return Buffer.concat(pieces, total);
}
