/** Who a packet is, where others say the same. */
import assert from 'node:assert/strict';
import type { Note } from '../../adapter/engine/api.ts';
import { Book } from '../../adapter/inspect/journey/book.ts';
import { fragments, TO_GUEST, udp } from '../kit/frames.ts';

const ETHERNET_HEADER = 14;
const TEXT = 'x'.repeat(40);

/** What a datagram is below Ethernet, by the identification of its IP header: whole, and in two fragments. */
function datagram(id: number): { whole: Uint8Array; parts: Uint8Array[] } {
  const whole = udp(4000, 5557, TEXT, { ...TO_GUEST, id }).subarray(ETHERNET_HEADER);
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
});
