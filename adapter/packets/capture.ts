/** Capture files: the reader for any format that is known, and the types of what it gives. */

import { type ByteSource, memorySource } from './byte-source.ts';
import { CaptureIndex } from './capture-index.ts';
import { hexBytes } from './format.ts';
import { type PacketSeen, PCAP_MAGICS, scanPcap } from './pcap.ts';
import { PCAPNG_SHB, scanPcapng } from './pcapng.ts';
import { type Capture, CaptureError } from './types.ts';

export * from './types.ts';

/**
 * Reads a capture of either format into an index; yields now and then how many bytes are done, so that the caller can
 * do something else in between. `seen` is told of each packet. A file that is damaged or cut after its first packets is
 * read up to there (`truncated`, `warnings`). Throws `CaptureError` when nothing can be had from it.
 */
export function* scanCapture(source: ByteSource, seen?: PacketSeen): Generator<number, CaptureIndex> {
  if (source.size === 0) {
    throw new CaptureError('not a capture: the file is empty; expected pcap or pcapng');
  }
  const head = source.read(0, 4);
  const magic = head.length < 4 ? -1 : new DataView(head.buffer, head.byteOffset, 4).getUint32(0, false);
  const index = new CaptureIndex(source.size);
  if (magic === PCAPNG_SHB) {
    yield* scanPcapng(source, index, seen);
  } else if (PCAP_MAGICS.has(magic)) {
    yield* scanPcap(source, index, seen);
  } else {
    const start = source.read(0, 8);
    throw new CaptureError(
      `not a capture: the file starts with ${hexBytes(start)}${guess(start)}; expected a pcap magic number ` +
        '(d4 c3 b2 a1, a1 b2 c3 d4, 4d 3c b2 a1 or a1 b2 3c 4d) or a pcapng section header (0a 0d 0d 0a)',
    );
  }
  return index;
}

/** Runs `scanCapture` to its end at once. */
export function indexCapture(source: ByteSource, seen?: PacketSeen): CaptureIndex {
  const scan = scanCapture(source, seen);
  for (;;) {
    const step = scan.next();
    if (step.done) {
      return step.value;
    }
  }
}

/** Packets that are made objects of: some hundred bytes each, and a small file may unpack to any number of them. */
const MOST_OBJECTS = 8_000_000;

/**
 * Reads a capture of either format from the bytes of a file, with all its packets as objects. See `scanCapture`; throws
 * `CaptureError` for more than `most` packets, too.
 */
export function readCapture(bytes: Uint8Array, most = MOST_OBJECTS): Capture {
  const source = memorySource(bytes);
  const index = indexCapture(source);
  if (index.count > most) {
    throw new CaptureError(
      `it has ${index.count} packets, and ${most} at most are read at once; a replay or VS Code's listing takes all`,
    );
  }
  const { format, bigEndian, interfaces, customBlocks, comments, names, truncated, warnings } = index;
  const packets = Array.from({ length: index.count }, (_, i) => index.packet(source, i));
  return { format, bigEndian, interfaces, packets, customBlocks, comments, names, truncated, warnings };
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
