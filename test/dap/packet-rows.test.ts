/** Everything that is said about packets, typed in the Debug Console: in a replay and live, forward and in history. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { DATA_FILTER, PAST_ROWS, typeRows } from '../kit/packet-rows.ts';
import { capture } from '../kit/paths.ts';
import { SEED_ARGS, SEED_LISTEN, SEED_TEXT } from '../kit/seed.ts';
import type { TestClient } from './client.ts';
import { withAdapter } from './hooks.ts';

describe('packets in the Debug Console', function () {
  this.timeout(60_000);
  let client: TestClient;
  withAdapter((c) => {
    client = c;
  });

  const catchData = (): Promise<unknown> =>
    client.ask('setExceptionBreakpoints', {
      filters: [],
      filterOptions: [{ filterId: 'packet', condition: DATA_FILTER }],
    });

  async function type(expression: string): Promise<string> {
    const before = client.received.length;
    try {
      const body = await client.ask<DebugProtocol.EvaluateResponse>('evaluate', { expression, context: 'repl' });
      // What comes bit by bit is output, which is there before the answer.
      const output = client.received.slice(before).map((m) => (m as DebugProtocol.OutputEvent).body?.output ?? '');
      const text = `${output.join('')}${body?.result ?? ''}`;
      return text === '' ? '' : `${text}\n`;
    } catch (error) {
      return (error as Error).message;
    }
  }

  async function stopsAtData(): Promise<void> {
    const { body } = await client.stoppedEvent();
    assert.deepEqual([body.reason, body.text], ['exception', 'packet in nic']);
    const info = await client.ask<DebugProtocol.ExceptionInfoResponse>('exceptionInfo', { threadId: 1 });
    assert.match(info?.description ?? '', /^packet in nic\n10\.0\.2\.2 → 10\.0\.2\.15 TCP .*\[PSH, ACK\]/);
  }

  it('in a replay, forward and in history', async () => {
    await client.begin({ trace: capture('02-hello.pcap'), journey: true }, catchData);
    await stopsAtData();
    assert.match(await type('info journeys'), /^\d+ packets?, /m);
    await type('set journey off');
    await typeRows(type);
    await client.ask('continue', { threadId: 1 });
    await client.stoppedEvent();
    await client.ask('reverseContinue', { threadId: 1 });
    await stopsAtData();
    await typeRows(type);
    await typeRows(type, PAST_ROWS);
  });

  it('live, forward and in history', async () => {
    await client.begin({ args: SEED_ARGS, guestCommands: [SEED_LISTEN] }, catchData);
    const { body } = await client.outputEvent('stdout', 'hostfwd tcp 127.0.0.1:');
    await client.outputEvent('stdout', 'istening on');
    const socket = connect(Number(/127\.0\.0\.1:(\d+)/.exec(body.output)?.[1]), '127.0.0.1');
    socket.on('error', () => undefined).end(SEED_TEXT);
    await stopsAtData();
    await typeRows(type);
    await client.ask('continue', { threadId: 1 });
    await new Promise((resolve) => socket.once('close', resolve));
    await client.ask('pause', { threadId: 1 });
    await client.stoppedEvent();
    await client.ask('reverseContinue', { threadId: 1 });
    await stopsAtData();
    await typeRows(type, PAST_ROWS);
  });
});
