/** The Internet checksum against RFC 1071's own words: 16-bit sums with the carries added back. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { wordsSum } from '../../adapter/inferior/words-sum.ts';
import { cksum } from '../../adapter/stack/slirp/cksum.ts';
import { m_get, m_inc } from '../../adapter/stack/slirp/mbuf.ts';
import { TestNet } from './guest.ts';

function rfc1071(bytes: Uint8Array): number {
  let sum = 0;
  bytes.forEach((b, i) => {
    sum += i % 2 === 0 ? b << 8 : b;
    sum = (sum & 0xffff) + (sum >>> 16);
  });
  return ~sum & 0xffff;
}

describe('slirp: checksums', () => {
  const { slirp, host } = new TestNet().net;

  it('are those of RFC 1071, at even offsets and of any length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 0, max: 20 }), (bytes, words) => {
        const m = m_get(slirp);
        m.m_dat.fill(0xaa);
        m.m_dat.set(bytes, words * 2);
        assert.equal(cksum(m, words * 2, bytes.length), rfc1071(bytes));
      }),
    );
  });

  for (const by of ['the host', 'the stack']) {
    describe(`by ${by}`, () => {
      before(() => {
        host.words_sum = by === 'the host' ? wordsSum : undefined;
        assert.ok(wordsSum, 'this Node has vectors');
      });
      after(() => {
        host.words_sum = wordsSum;
      });

      it('are those of RFC 1071 in packets of a thousand bytes', () => {
        const sizes = fc.uint8Array({ minLength: 200, maxLength: 1400 });
        fc.assert(
          fc.property(sizes, fc.integer({ min: 0, max: 60 }), (bytes, words) => {
            const m = m_get(slirp);
            m.m_dat.fill(0xaa);
            m.m_dat.set(bytes, words * 2);
            assert.equal(cksum(m, words * 2, bytes.length), rfc1071(bytes));
          }),
        );
      });

      it('do not overflow on the longest datagram', () => {
        for (const fill of [0x00, 0xff, 0x80]) {
          const m = m_get(slirp);
          m_inc(m, 65535);
          m.m_dat.fill(fill, m.m_data, m.m_data + 65535);
          assert.equal(cksum(m, m.m_data, 65535), rfc1071(m.m_dat.subarray(m.m_data, m.m_data + 65535)));
        }
      });

      it('are made in buffers larger than the host takes', () => {
        const m = m_get(slirp);
        m_inc(m, 200_000);
        m.m_dat.fill(0x5a, m.m_data, m.m_data + 150_000);
        assert.equal(cksum(m, m.m_data, 150_000), rfc1071(m.m_dat.subarray(m.m_data, m.m_data + 150_000)));
      });
    });
  }
});
