/** Copies between guest RAM and packets, and sums over packets: every alignment and length against loops over bytes. */
import assert from 'node:assert/strict';
import { MemoryMap, ram_copy_in, ram_copy_out } from '../../adapter/stack/softmmu/memory.ts';
import { copy_words, net_checksum_add, WordMemory } from '../../adapter/stack/softmmu/ram_copy.ts';

const LENGTHS = [...Array(80).keys(), 200, 1513, 1514];

function filled(bytes: Uint8Array): Uint8Array {
  return bytes.map((_, i) => (i * 131 + (i >> 7)) & 0xff);
}

describe('copies between RAM and packets', () => {
  it('move the bytes that are meant, wherever they lie', () => {
    const from = new WordMemory(2048);
    from.bytes.set(filled(from.bytes));
    const to = new WordMemory(2048);
    for (const len of LENGTHS) {
      for (let d = 0; d < 8; d++) {
        for (let s = 0; s < 8; s++) {
          to.bytes.fill(0x5a);
          copy_words(to.bytes, to.words, 32 + d, from.bytes, from.words, 64 + s, len);
          const expected = new Uint8Array(2048).fill(0x5a);
          expected.set(from.bytes.subarray(64 + s, 64 + s + len), 32 + d);
          assert.ok(Buffer.from(to.bytes).equals(expected), `${len} bytes from ${s} to ${d}`);
        }
      }
    }
  });

  it('go up to the last byte of RAM', () => {
    const m = new MemoryMap(new Uint8Array(new SharedArrayBuffer(8192)));
    const packet = filled(new Uint8Array(2048));
    // Each length three times in a row, since then it is copied in another way.
    for (const len of LENGTHS.flatMap((n) => [n, n, n])) {
      packet[3 + (len >> 1)]!++;
      ram_copy_in(m, 8192 - len, packet, 3, len);
      const back = new Uint8Array(2048);
      ram_copy_out(m, 8192 - len, back, 5, len);
      assert.deepEqual(back.subarray(5, 5 + len), packet.subarray(3, 3 + len));
    }
  });

  it('a packet in memory too long for the bounce buffer', () => {
    const m = new MemoryMap(new Uint8Array(new SharedArrayBuffer(65536)));
    const packet = filled(new Uint8Array(20000));
    ram_copy_in(m, 1, packet, 7, 16000);
    assert.deepEqual(m.ram.slice(1, 16001), packet.slice(7, 16007));
    assert.deepEqual([m.ram[0], m.ram[16001]], [0, 0]);
  });

  it('sum as RFC 1071 says', () => {
    const mem = new WordMemory(2048);
    mem.bytes.set(filled(mem.bytes));
    for (const len of LENGTHS) {
      for (let from = 0; from < 8; from++) {
        let sum = 0;
        for (let i = 0; i < len; i++) {
          sum += mem.bytes[from + i]! << ((i & 1) === 0 ? 8 : 0);
        }
        while (sum > 0xffff) {
          sum = (sum & 0xffff) + (sum >>> 16);
        }
        assert.equal(net_checksum_add(mem, from, from + len), sum, `${len} bytes from ${from}`);
      }
    }
  });
});
