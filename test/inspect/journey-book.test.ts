/** Who a packet is, where others say the same. */
import assert from 'node:assert/strict';
import type { Note } from '../../adapter/engine/api.ts';
import { Book } from '../../adapter/inspect/journey/book.ts';
import { fragments, TO_GUEST, udp } from '../kit/frames.ts';

const ETHERNET_HEADER = 14;
const TEXT = 'x'.repeat(40);

/** What a datagram is below Ethernet, by the identification of its IP header: whole, and in two fragments. */
function datagram(id: number, port = 4000): { whole: Uint8Array; parts: Uint8Array[] } {
  const whole = udp(port, 5557, TEXT, { ...TO_GUEST, id }).subarray(ETHERNET_HEADER);
  const parts = fragments(17, whole.subarray(20), 32, { ...TO_GUEST, id }).map((f) => f.subarray(ETHERNET_HEADER));
  return { whole, parts };
}

describe('the book of journeys', () => {
  let tick = 0;
  const passes = (book: Book, fn: string, layer: string, bytes: Uint8Array): void => {
    const note: Note = { place: 0, tick: ++tick, probe: 0, ns: tick, packet: { bytes, link: 'ip' }, data: null };
    book.passes(fn, layer, note);
  };

  it('fragments wait for their own datagram, whatever identification the next buffer has from the one before', () => {
    const book = new Book();
    const [first, again] = [datagram(7), datagram(8)];
    passes(book, 'ip_output', 'slirp', first.whole);
    passes(book, 'ip_fragment', 'slirp', first.whole);
    const [head, tail] = first.parts;
    for (const part of [head, tail]) {
      passes(book, 'if_output', 'slirp', part as Uint8Array);
    }
    passes(book, 'ip_frag_queue', 'guest', tail as Uint8Array);
    // The same is sent once more, from a buffer that says still that it is the first.
    passes(book, 'ip_output', 'slirp', first.whole);
    passes(book, 'ip_fragment', 'slirp', again.whole);
    passes(book, 'ip_frag_queue', 'guest', head as Uint8Array);
    passes(book, 'ip_local_deliver_finish', 'guest', first.whole);
    const ways = book.all.map(({ relation, end }) => `${relation}; ${end}`);
    assert.deepEqual(ways, [
      '; taken by ip_local_deliver_finish',
      'fragment of 1; put together to 1',
      'fragment of 1; put together to 1',
      '; taken by ip_fragment',
    ]);
  });

  it('follows no more packets than it has place for: the last ones, whose numbers stay', () => {
    const book = new Book({ most: 8 });
    for (let id = 0; id < 30; id++) {
      const { whole } = datagram(id, id);
      passes(book, 'ip_output', 'slirp', whole);
      passes(book, 'udp_queue_rcv_skb', 'guest', whole);
      assert.equal(book.all.at(-1)?.id, id + 1);
      assert.ok(book.all.length <= 8);
    }
    const { all } = book;
    assert.ok(all.length >= 6);
    assert.deepEqual(
      all.map((j) => [j.id, j.hops.length]),
      all.map((_, i) => [31 - all.length + i, 2]),
    );
    // The first one is forgotten: who says the same is another one.
    passes(book, 'udp_queue_rcv_skb', 'guest', datagram(0, 0).whole);
    assert.deepEqual([book.all.at(-1)?.id, book.all.at(-1)?.hops.length], [31, 1]);
  });

  it('keeps what a packet said in each function only if that is wanted', () => {
    for (const keepsBytes of [false, true]) {
      const book = new Book({ keepsBytes });
      const { whole } = datagram(1);
      passes(book, 'ip_output', 'slirp', whole);
      passes(book, 'udp_queue_rcv_skb', 'guest', whole);
      const [first, last] = book.all[0]?.hops ?? [];
      assert.deepEqual([first?.bytes.length, last?.bytes.length], [keepsBytes ? whole.length : 0, whole.length]);
    }
  });
});
