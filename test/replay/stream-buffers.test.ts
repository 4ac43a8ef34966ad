/** Memory that streams use again. */
import assert from 'node:assert/strict';
import { StreamBuffers } from '../../adapter/replay/stream-buffers.ts';

describe('memory of streams', () => {
  it('is used again once all of it has been taken, and not before', () => {
    const buffers = new StreamBuffers();
    const first = buffers.take(5000);
    assert.equal(first.length, 5000);
    buffers.lend(4, first);
    buffers.consumed(4, 4999);
    assert.notEqual(buffers.take(5000).buffer, first.buffer);
    buffers.consumed(4, 1);
    const again = buffers.take(6000);
    assert.equal(again.buffer, first.buffer);
    assert.equal(again.length, 6000);
  });

  it('is taken in the order in which it came, socket by socket', () => {
    const buffers = new StreamBuffers();
    const [a, b, c] = [buffers.take(10), buffers.take(20), buffers.take(30)];
    buffers.lend(4, a);
    buffers.lend(4, b);
    buffers.lend(6, c);
    buffers.consumed(6, 29);
    buffers.consumed(4, 25);
    assert.equal(buffers.take(10).buffer, a.buffer);
    assert.notEqual(buffers.take(10).buffer, b.buffer);
    buffers.consumed(4, 5);
    assert.equal(buffers.take(10).buffer, b.buffer);
  });

  it('stays with a socket that is closed, and is not what others brought', () => {
    const buffers = new StreamBuffers();
    const [a, odd] = [buffers.take(10), new Uint8Array(5000)];
    buffers.lend(4, a);
    buffers.closed(4);
    buffers.consumed(4, 10);
    buffers.lend(6, odd);
    buffers.consumed(6, 5000);
    const next = buffers.take(10);
    assert.notEqual(next.buffer, a.buffer);
    assert.notEqual(next.buffer, odd.buffer);
  });
});
