import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { memorySource } from '../../adapter/packets/byte-source.ts';
import { readCapture } from '../../adapter/packets/capture.ts';
import { type PacketToWrite, writePcap } from '../../adapter/packets/pcap.ts';
import { finish, prepareCapture, prepareCaptures } from '../../adapter/replay/prepare.ts';
import { capture } from '../kit/paths.ts';

describe('merging captures', () => {
  it('gives the packets of all in the order of their times, as one capture has them', () => {
    const bytes = readFileSync(capture('02-hello.pcap'));
    const { packets } = readCapture(bytes);
    const every = (n: number, of: number): Uint8Array =>
      writePcap(packets.filter((_, i) => i % of === n) as readonly PacketToWrite[]);
    const parts = [every(2, 3), every(0, 3), every(1, 3)].map(memorySource);
    const merged = finish(prepareCaptures(parts));
    const whole = finish(prepareCapture(memorySource(bytes)));
    assert.equal(merged.index.count, packets.length);
    for (const [i, p] of packets.entries()) {
      assert.deepEqual(Buffer.from(merged.index.bytes(merged.source, i)), Buffer.from(p.data), `packet ${i + 1}`);
      assert.equal(merged.index.secondsOf(i), whole.index.secondsOf(i));
    }
    assert.equal(merged.analysis.connections.count, whole.analysis.connections.count);
    assert.equal(merged.analysis.hosts.hosts.length, whole.analysis.hosts.hosts.length);
  });

  it('says which capture a warning is about', () => {
    const bytes = readFileSync(capture('02-hello.pcap'));
    const merged = finish(prepareCaptures([memorySource(bytes), memorySource(bytes.subarray(0, 700))]));
    assert.match(merged.warnings.join(), /^capture 2 of 2: truncated capture/);
    assert.equal(merged.index.count, 18);
  });
});
