/** Long times, large files, and files that claim more than they have. */
import assert from 'node:assert/strict';
import type { ByteSource } from '../../adapter/packets/byte-source.ts';
import { pcapHeader, pcapPacket, writePcap } from '../../adapter/packets/pcap.ts';
import { PcapngWriter } from '../../adapter/packets/pcapng.ts';
import { join } from '../kit/frames.ts';
import { assertSums, assertWhole } from './checks.ts';
import { captureOf, timed, webPage } from './conversation.ts';
import { play } from './play.ts';

const YEAR = 365.25 * 86400;

/** Memory that is in use, in bytes. */
const used = (): number => {
  const { heapUsed, arrayBuffers, external } = process.memoryUsage();
  return heapUsed + arrayBuffers + external;
};

describe('time of a replay', () => {
  const page = webPage();
  const usual = play(captureOf(page.frames)).turns;

  /** Turns of the main loop beyond those of the same packets without the gaps. */
  const moreTurns = (secs: (i: number) => number): number => {
    const packets = page.frames.map((data, i) => ({ tsSec: secs(i), tsNsec: 0, data }));
    const r = play(writePcap(packets));
    assertSums(r);
    assert.equal(r.account.finished, true);
    assert.ok(r.endedAt / 1e9 >= secs(packets.length - 1) - secs(0), 'the gaps stay in the clock');
    return r.turns - usual;
  };

  it('a gap above a minute costs nothing: timers within it fire once', () => {
    assert.ok(moreTurns((i) => 1000 + i * 3600) < 500);
    assert.ok(moreTurns((i) => Math.floor((i * 42 * YEAR) / 3)) < 500);
    assert.ok(moreTurns((i) => (i < 5 ? 0 : 2 ** 31)) < 500);
    assert.ok(moreTurns((i) => (i < 5 ? 0 : 2 ** 32 - 1)) < 500);
  });

  it('streams survive a gap between any two packets', () => {
    for (let cut = 1; cut < page.frames.length; cut++) {
      const packets = page.frames.map((data, i) => ({ tsSec: i < cut ? 0 : 100_000, tsNsec: i * 1e6, data }));
      assertWhole(play(writePcap(packets)), 0, page);
    }
  });

  it('clocks that run backwards do not stop the replay', () => {
    const packets = page.frames.map((data, i) => ({ tsSec: 1000 - i, tsNsec: 0, data }));
    assertWhole(play(writePcap(packets)), 0, page);
  });

  it('an if_tsoffset of 2^63 seconds is only a number', () => {
    const w = new PcapngWriter();
    const plain = w.interface();
    for (const offset of [2n ** 63n - 1n, -(2n ** 63n)]) {
      const option = new Uint8Array(12);
      const view = new DataView(option.buffer);
      view.setUint16(0, 14, true);
      view.setUint16(2, 8, true);
      view.setBigInt64(4, offset, true);
      const block = join(plain.subarray(0, plain.length - 8), option, new Uint8Array(8));
      const b = new DataView(block.buffer);
      b.setUint32(4, block.length, true);
      b.setUint32(block.length - 4, block.length, true);
      const other = w.interface();
      const packets = timed(page.frames).map((p, i) => w.packet(p, i % 2));
      const r = play(join(w.section(), block, other, ...packets));
      assertSums(r);
      assert.ok(r.turns < usual + 1000, `${r.turns}`);
    }
  });
});

describe('size of a replay', () => {
  it('claims in headers cost nothing: packets of 4 GB on the wire', () => {
    const page = webPage();
    const claims = timed(page.frames).map((p) => ({ ...p, len: 0xffffffff }));
    const many = Array.from({ length: 300 }, () => claims).flat();
    const before = used();
    const r = play(writePcap(many));
    assertSums(r);
    assert.ok(used() - before < 200e6, `${used() - before} bytes`);
  });

  it('offsets above 2 GiB: packets at the end of a file of 2.5 GB', () => {
    const size = 262_144;
    const filler = pcapPacket({ tsSec: 1, tsNsec: 0, data: new Uint8Array(size) });
    const [header, count] = [pcapHeader(), 10_000];
    const page = webPage();
    const tail = captureOf(page.frames).subarray(header.length);
    const tailAt = header.length + count * filler.length;
    const read = (at: number, length: number): Uint8Array => {
      if (at < header.length) {
        return header.subarray(at, at + length);
      }
      const [bytes, from] = at < tailAt ? [filler, (at - header.length) % filler.length] : [tail, at - tailAt];
      return bytes.subarray(from, from + length);
    };
    const source: ByteSource = { size: tailAt + tail.length, read, glance: read };
    assert.ok(source.size > 2 ** 31);
    const r = play(source);
    assertWhole(r, 0, page);
    assert.deepEqual(r.account.notPlayed, { 'not IP': count });
  });
});
