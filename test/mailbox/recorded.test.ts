/** The log: what the inferior's end writes, the other end reads, from any record on. */
import assert from 'node:assert/strict';
import { CHUNK_BYTES, LOG, LogReader, LogWriter, memoryChunk } from '../../adapter/mailbox/recorded.ts';

function written(texts: readonly string[], max?: number): { chunks: SharedArrayBuffer[]; places: number[] } {
  const chunks: SharedArrayBuffer[] = [];
  const log = new LogWriter((chunk) => chunks.push(chunk));
  const places = texts.map((text) => {
    const { at } = log;
    log.begin(LOG.READ_FILE, max ?? 4 + text.length).text(text);
    log.commit();
    return at;
  });
  return { chunks, places };
}

function read(log: LogReader): string[] {
  const texts: string[] = [];
  while (log.peek() !== 0) {
    log.take();
    texts.push(log.r.text());
  }
  return texts;
}

describe('the log of a machine', () => {
  const texts = Array.from({ length: 50 }, (_, i) => String.fromCharCode(65 + (i % 26)).repeat((i * 7919) % 90_000));
  const recording = (chunks: SharedArrayBuffer[]) => ({ chunks: chunks.map(memoryChunk), fd: -1 });

  it('is read from any record on, over chunks', () => {
    const { chunks, places } = written(texts);
    assert.ok(chunks.length > 1);
    for (const [i, at] of places.entries()) {
      assert.deepEqual(read(new LogReader(recording(chunks), at)), texts.slice(i));
    }
    assert.deepEqual(read(new LogReader(recording(chunks))), texts);
  });

  it('holds records that are larger than a chunk, or than was said', () => {
    const large = ['a', 'b'.repeat(CHUNK_BYTES + 5), 'c', 'd'.repeat(CHUNK_BYTES * 2), 'e'];
    assert.deepEqual(read(new LogReader(recording(written(large).chunks))), large);
    assert.deepEqual(read(new LogReader(recording(written(large, 1).chunks))), large);
    assert.deepEqual(read(new LogReader(recording(written(texts, 1).chunks))), texts);
  });

  it('grows while it is read', () => {
    const chunks: SharedArrayBuffer[] = [];
    const writer = new LogWriter((chunk) => chunks.push(chunk));
    writer.begin(LOG.READ_FILE, 8).text('one');
    writer.commit();
    const log = new LogReader(recording(chunks));
    assert.deepEqual(read(log), ['one']);
    writer.begin(LOG.READ_FILE, 8).text('two');
    assert.deepEqual(read(log), []);
    writer.commit();
    assert.deepEqual(read(log), ['two']);
  });

  it('says what is no longer there', () => {
    const { chunks, places } = written(texts);
    const late = recording(chunks.slice(1));
    assert.throws(() => new LogReader(late, places[0]), /byte 0 of the recording is no longer kept/);
    assert.throws(() => new LogReader(late).seek(1e9), /ends before byte 1000000000/);
  });
});
