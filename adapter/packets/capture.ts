/** Capture files: the reader for any format that is known, and the types of what it gives. */

import { hexBytes } from './format.ts';
import { PCAP_MAGICS, readPcap } from './pcap.ts';
import { PCAPNG_SHB, readPcapng } from './pcapng.ts';
import { type Capture, CaptureError } from './types.ts';

export * from './types.ts';

/**
 * Reads a capture of either format from the bytes of a file. A file that is damaged or cut after its first packets is
 * read up to there (`truncated`, `warnings`). Throws `CaptureError` when nothing can be had from it.
 */
export function readCapture(bytes: Uint8Array): Capture {
  if (bytes.length === 0) {
    throw new CaptureError('not a capture: the file is empty; expected pcap or pcapng');
  }
  const head = bytes.subarray(0, 4);
  const magic = head.length < 4 ? -1 : new DataView(head.buffer, head.byteOffset, 4).getUint32(0, false);
  if (magic === PCAPNG_SHB) {
    return readPcapng(bytes);
  }
  if (PCAP_MAGICS.has(magic)) {
    return readPcap(bytes);
  }
  throw new CaptureError(
    `not a capture: the file starts with ${hexBytes(bytes.subarray(0, 8))}${guess(bytes)}; ` +
      'expected a pcap magic number ' +
      '(d4 c3 b2 a1, a1 b2 c3 d4, 4d 3c b2 a1 or a1 b2 3c 4d) or a pcapng section header (0a 0d 0d 0a)',
  );
}

/** A remark on what a file that is no capture may be. */
function guess(b: Uint8Array): string {
  if (b[0] === 0x1f && b[1] === 0x8b) {
    return ' (gzip: unpack it first)';
  }
  if (b[0] === 0x28 && b[1] === 0xb5 && b[2] === 0x2f && b[3] === 0xfd) {
    return ' (zstd: unpack it first)';
  }
  if (b.subarray(0, 8).every((x) => x === 9 || x === 10 || x === 13 || (x >= 32 && x < 127))) {
    return ' (text)';
  }
  return '';
}
