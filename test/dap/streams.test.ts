/** A client that does not read what it is sent. */
import assert from 'node:assert/strict';
import { PassThrough, Writable } from 'node:stream';
import { connectStreams } from '../../adapter/dap/streams.ts';
import { encodeMessage, MessageReader } from '../../adapter/dap/transport.ts';

const TEXT = 'x'.repeat(100_000);
const BOUND = 8 << 20;

describe('a client of DAP that does not read', () => {
  let send: (message: object) => void;
  let input: PassThrough;
  let received: { readonly event?: string; readonly body?: { readonly output: string }; readonly seq: number }[];
  let output: Writable;
  /** Lets the client read all that has been written. */
  let read: () => void;
  let requests: number;

  beforeEach(() => {
    input = new PassThrough();
    received = [];
    requests = 0;
    const reader = new MessageReader(
      (message) => received.push(message as (typeof received)[number]),
      (problem) => assert.fail(problem),
    );
    let reading = false;
    let waiting: (() => void) | undefined;
    output = new Writable({
      write(chunk: Buffer, _encoding, done) {
        const take = (): void => {
          reader.push(chunk);
          done();
        };
        waiting = take;
        if (reading) {
          take();
        }
      },
    });
    read = () => {
      reading = true;
      waiting?.();
    };
    const endpoint = {
      receive: () => requests++,
      onDidSendMessage: (listener: (message: object) => void) => {
        send = listener;
      },
      malformed: (problem: string) => assert.fail(problem),
      clientClosed: () => undefined,
    };
    connectStreams(endpoint, input, output, (text) => assert.fail(text));
  });

  const outputEvent = (seq: number): object => ({ seq, type: 'event', event: 'output', body: { output: TEXT } });

  it('costs no more than some megabytes, hears how much was left out, and hears what comes then', async () => {
    for (let seq = 1; seq <= 1000; seq++) {
      send(outputEvent(seq));
    }
    assert.ok(output.writableLength < BOUND + 2 * TEXT.length, `${output.writableLength} bytes`);
    send({ seq: 1001, type: 'response', request_seq: 1, success: true, command: 'threads' });
    const drained = new Promise((resolve) => output.once('drain', resolve));
    read();
    await drained;
    send(outputEvent(1002));
    await new Promise((resolve) => output.write('', resolve));
    const outputs = received.filter((m) => m.event === 'output').map((m) => m.body?.output ?? '');
    const kept = outputs.filter((text) => text === TEXT).length - 1;
    const lost = 1000 - kept;
    assert.equal(
      outputs.at(-2),
      `[${lost} outputs of ${lost * TEXT.length} bytes were left out: the client did not read]\n`,
    );
    assert.equal(outputs.at(-1), TEXT);
    const seqs = received.map((m) => m.seq);
    assert.deepEqual(seqs.length, new Set(seqs).size);
    assert.ok(seqs.includes(1001));
  });

  it('is asked to wait with its requests until it has read their answers', async () => {
    const answer = 'y'.repeat(1 << 20);
    for (let i = 0; i < 100; i++) {
      send({ seq: i, type: 'response', request_seq: i, success: true, command: 'readMemory', body: answer });
    }
    const request = encodeMessage({ seq: 1, type: 'request', command: 'threads' });
    input.write(request);
    input.write(request);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(requests, 1);
    assert.equal(input.isPaused(), true);
    read();
    await new Promise((resolve) => input.once('resume', resolve));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(requests, 2);
    assert.equal(received.length, 100);
  });
});
