/** Input that is not DAP: answered or logged, and the session goes on. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { encodeMessage, MessageReader } from '../../adapter/dap/transport.ts';
import { fakeSession, type TestClient } from './client.ts';

/** What a reader makes of chunks of bytes. */
function read(...chunks: (string | Buffer)[]): { messages: unknown[]; problems: string[] } {
  const messages: unknown[] = [];
  const problems: string[] = [];
  const reader = new MessageReader(
    (message) => messages.push(message),
    (problem) => problems.push(problem),
  );
  for (const chunk of chunks) {
    reader.push(Buffer.from(chunk));
  }
  return { messages, problems };
}

const PING = encodeMessage({ ping: 1 });

describe('DAP framing', () => {
  it('reads messages in whatever pieces they come', () => {
    const stream = Buffer.from(PING + encodeMessage({ text: 'äöü€' }) + PING);
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length)), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), stream.length];
        const { messages, problems } = read(...at.slice(1).map((end, i) => stream.subarray(at[i], end)));
        assert.deepEqual(messages, [{ ping: 1 }, { text: 'äöü€' }, { ping: 1 }]);
        assert.deepEqual(problems, []);
      }),
    );
  });

  it('takes further headers and any case', () => {
    assert.deepEqual(read('Content-Type: x\r\ncontent-length: 2\r\n\r\n{}').messages, [{}]);
  });

  const bad: readonly (readonly [string, string, RegExp])[] = [
    ['a body that is not JSON', 'Content-Length: 5\r\n\r\nhello', /not JSON/],
    ['an empty body', 'Content-Length: 0\r\n\r\n', /not JSON/],
    ['a length that is too small', 'Content-Length: 5\r\n\r\n{"ping": 2}', /not JSON/],
    ['a length that is too large', 'Content-Length: 40\r\n\r\n{"ping": 2}', /not JSON/],
    ['a length that is no number', 'Content-Length: many\r\n\r\n', /valid Content-Length/],
    ['a negative length', 'Content-Length: -3\r\n\r\n', /valid Content-Length/],
    ['a huge length', 'Content-Length: 99999999999\r\n\r\n', /at most/],
    ['a header without a length', 'Content-Type: x\r\n\r\n', /valid Content-Length/],
    ['a huge header', 'X'.repeat(20_000), /header of more than/],
    ['text in front of a header', 'hello', /belong to no message/],
  ];
  for (const [name, input, problem] of bad) {
    it(`goes on after ${name}`, () => {
      const { messages, problems } = read(input, PING, PING);
      assert.deepEqual(messages.at(-1), { ping: 1 });
      assert.ok(messages.length >= 1);
      assert.match(problems.join('\n'), problem);
    });
  }

  it('never throws, whatever comes', () => {
    const pieces = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
      fc.constantFrom('Content-Length: ', '\r\n\r\n', '7', '{}', PING, 'Content-Length: 2\r\n\r\n'),
    );
    fc.assert(
      fc.property(fc.array(pieces), (parts) => {
        read(...parts);
      }),
    );
  });
});

describe('DAP messages that make no sense', () => {
  let client: TestClient;
  let log: string[];
  let ended: Promise<void>;

  beforeEach(async () => {
    ({ client, log, ended } = fakeSession());
    await client.ask('initialize', { adapterID: 'pktgdb' });
  });

  afterEach(async () => {
    // The session is still alive.
    assert.ok(await client.ask('threads'));
    client.input.end();
    await ended;
  });

  for (const message of [
    5,
    null,
    'text',
    [],
    {},
    { type: 'what', seq: 1 },
    { type: 'request' },
    { type: 'request', seq: 'x' },
  ]) {
    it(`logs ${JSON.stringify(message)}`, async () => {
      client.raw(encodeMessage(message));
      await client.ask('threads');
      assert.equal(log.length, 1);
    });
  }

  it('logs what is not JSON', async () => {
    client.raw('Content-Length: 3\r\n\r\n{{{');
    await client.ask('threads');
    assert.match(log[0] ?? '', /not JSON/);
  });

  const refused: readonly (readonly [string, object | undefined, RegExp])[] = [
    ['frobnicate', {}, /unknown request: frobnicate/],
    ['constructor', {}, /unknown request/],
    ['stackTrace', undefined, /stackTrace: threadId is missing \(a number\)/],
    ['stackTrace', { threadId: '1' }, /threadId must be a number, not a string/],
    ['scopes', { frameId: {} }, /frameId must be a number, not an object/],
    ['variables', { variablesReference: null }, /variablesReference is missing/],
    ['variables', { variablesReference: 77 }, /There are no variables 77/],
    ['setBreakpoints', { source: 'x', breakpoints: [] }, /source must be an object, not a string/],
    ['setBreakpoints', { source: {}, breakpoints: 5 }, /breakpoints must be an array, not a number/],
    ['setBreakpoints', { source: {}, breakpoints: [5] }, /breakpoints\[0\] must be an object, not a number/],
    ['setFunctionBreakpoints', { breakpoints: [{}] }, /name is missing/],
    ['evaluate', { expression: 5 }, /expression must be a string, not a number/],
    ['readMemory', { memoryReference: 5 }, /memoryReference must be a string/],
    ['completions', { text: 'x' }, /column is missing/],
  ];
  for (const [command, args, message] of refused) {
    it(`refuses ${command} ${JSON.stringify(args)}`, async () => {
      assert.match(await client.refused(command, args), message);
      assert.deepEqual(log, []);
    });
  }

  it('refuses arguments that are no object', async () => {
    client.raw(encodeMessage({ seq: 1000, type: 'request', command: 'threads', arguments: [1] }));
    await client.ask('threads');
    const answer = client.received.find((m) => 'request_seq' in m && m.request_seq === 1000) as { message?: string };
    assert.match(answer.message ?? '', /arguments must be an object, not an array/);
  });

  it('refuses a path format it does not know', async () => {
    assert.match(await client.refused('initialize', { pathFormat: 'dos' }), /must be "path" or "uri", not "dos"/);
  });
});
