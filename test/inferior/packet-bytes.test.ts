/** Where the bytes of a packet are, for each way in which the stack keeps one. */
import assert from 'node:assert/strict';
import type { PacketKind } from '../../adapter/compiler/debug-info.ts';
import { packetBytes } from '../../adapter/inferior/packet-bytes.ts';

const bytes = Uint8Array.from({ length: 100 }, (_, i) => i);

/** First byte, length and link type of a packet in `bytes`, or null. */
function found(kind: PacketKind, local: unknown, extra?: unknown, link?: unknown): unknown {
  const at = packetBytes(kind, local, extra, link);
  return at && [at.buf[at.off], at.len, at.linktype];
}

describe('bytes of packets', () => {
  it('buf: of a length, or all; what they begin with is said', () => {
    assert.deepEqual(found('buf', bytes, 60, 'ethernet'), [0, 60, 'ethernet']);
    assert.deepEqual(found('buf', bytes, undefined, 'ip'), [0, 100, 'ip']);
    assert.deepEqual(found('buf', bytes, 1000, 'ethernet'), [0, 100, 'ethernet']);
    assert.equal(found('buf', null, 5), null);
  });

  it('iov: one piece, several, none', () => {
    const piece = (from: number, n: number): object => ({ iov_base: bytes.subarray(from), iov_len: n });
    assert.deepEqual(found('iov', [piece(5, 20), piece(50, 5)], 1), [5, 20, 'ethernet']);
    assert.deepEqual(found('iov', [piece(5, 20), piece(50, 5)], 2), [5, 25, 'ethernet']);
    assert.equal(found('iov', [], 0), null);
  });

  it('mbuf: from the Ethernet header, the IP header, or the data on', () => {
    const m = { m_dat: bytes, m_data: 40, m_len: 20, m_eth: 10, m_ip: 24 };
    assert.deepEqual(found('mbuf', m), [10, 50, 'ethernet']);
    assert.deepEqual(found('mbuf', { ...m, m_eth: -1 }), [24, 36, 'ip']);
    assert.deepEqual(found('mbuf', { ...m, m_eth: -1, m_ip: -1 }), [40, 20, 'ip']);
  });

  it('skb: from the Ethernet header or the IP header on; without either there is no packet', () => {
    const skb = { head: bytes, data: 40, len: 20, mac_header: 0, network_header: 14 };
    assert.deepEqual(found('skb', skb), [0, 60, 'ethernet']);
    assert.deepEqual(found('skb', { ...skb, mac_header: -1 }), [14, 46, 'ip']);
    assert.equal(found('skb', { ...skb, mac_header: -1, network_header: -1 }), null);
  });
});
