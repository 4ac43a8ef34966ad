/** What the list says of a DNS message whose last record is not whole: the words are tshark 4.0.17's. */
import assert from 'node:assert/strict';
import { readCapture } from '../../adapter/packets/capture.ts';
import { walkCapture } from '../../adapter/packets/capture-walk.ts';
import { writePcap } from '../../adapter/packets/pcap.ts';
import { summary } from '../../adapter/packets/summary.ts';
import { hex } from '../kit/frames.ts';
import { tell } from './talk.ts';

const START = '1234 8180 0001 0001 0000 0000 01 61 00 0001 0001';

describe('a DNS message that is not whole', () => {
  it('has the type of its last record only if everything before the data is there', () => {
    const frames = [
      tell(53, hex(`${START} c00c 0001 0001 00000000 00`)),
      tell(53, hex(`${START} c00c 0001 0001 00000000 0004 0a`)),
    ];
    const file = writePcap(frames.map((data, i) => ({ data, tsSec: 1 + i, tsNsec: 0 })));
    const words = Array.from(walkCapture(readCapture(file)), (p) => summary(p).info);
    assert.deepEqual(words, [
      'Standard query response 0x1234 A a[Malformed Packet]',
      'Standard query response 0x1234 A a A[Malformed Packet]',
    ]);
  });
});
