/** What a driver got wrong about its rings, in words. */
import assert from 'node:assert/strict';
import { ringProblems } from '../../adapter/inspect/ring-problems.ts';
import { RingContents, type RingKind } from '../../adapter/inspect/rings.ts';

const BASE = 0x1000;
const [EOP, RS, DD] = [1, 8, 1];

describe('problems of rings', () => {
  const bytes = new Uint8Array(0x2000);
  const view = new DataView(bytes.buffer);
  const memory = {
    regions: [{ name: 'ram', start: 0, length: bytes.length }],
    read: (address: number, length: number): Uint8Array => bytes.slice(address, address + length),
    write: async (): Promise<number> => 0,
  };

  /** Descriptors with an address, a length and a command or status. */
  beforeEach(() => {
    bytes.fill(0);
    for (let i = 0; i < 8; i++) {
      view.setUint32(BASE + i * 16, 0x4000 + i * 0x800, true);
    }
  });

  function problems(kind: RingKind, head: number, tail: number, count = 8, enabled = true): string[] {
    const ring = { kind, base: BASE, count, head, tail, enabled, bufferSize: 2048 };
    return ringProblems(new RingContents(memory as never, ring));
  }

  it('are none in a ring as it should be, and in one that is not used yet', () => {
    assert.deepEqual(problems('rx', 2, 1), []);
    assert.deepEqual(problems('rx', 0, 0, 0, false), []);
  });

  it('name RDT past RDH: packets that nobody took', () => {
    view.setUint8(BASE + 3 * 16 + 12, DD);
    view.setUint8(BASE + 4 * 16 + 12, DD);
    assert.deepEqual(problems('rx', 2, 6), [
      'RDT is past RDH: the NIC will overwrite packets that the driver has not taken (DD is set): Rx descriptors 3, 4.',
    ]);
  });

  it('name buffers at address 0, of descriptors that the NIC has', () => {
    view.setUint32(BASE + 2 * 16, 0, true);
    assert.deepEqual(problems('rx', 2, 1), ['The buffer address is 0: Rx descriptor 2.']);
    assert.deepEqual(problems('rx', 3, 1), []);
  });

  it('name packets to send without RS', () => {
    view.setUint32(BASE + 8, (EOP << 24) | 60, true);
    view.setUint32(BASE + 16 + 8, ((EOP | RS) << 24) | 60, true);
    assert.deepEqual(problems('tx', 0, 2), [
      'RS is missing, so the NIC never says that the packet was sent (DD): Tx descriptor 0.',
    ]);
  });

  it('name a ring of one descriptor, which is one of none, and pointers outside', () => {
    assert.match(problems('rx', 0, 0, 0)[0] ?? '', /^RDLEN is 0 although RCTL.EN is set/);
    assert.deepEqual(problems('tx', 0, 8), ['TDT 8 is past the end of the ring, which has 8 descriptors.']);
    assert.deepEqual(problems('rx', 3, 3), ['RDT = RDH: the NIC has no descriptor to write a packet to.']);
  });
});
