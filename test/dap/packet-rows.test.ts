/** Everything that is said about packets, typed in the Debug Console: in a replay and live, forward and in history. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { type Hand, haveInHands, loseData } from '../kit/packet-hands.ts';
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

  /** A program of the host's sends the data, once the guest listens. */
  async function sendsData(): Promise<Socket> {
    const { body } = await client.outputEvent('stdout', 'hostfwd tcp 127.0.0.1:');
    await client.outputEvent('stdout', 'istening on');
    const socket = connect(Number(/127\.0\.0\.1:(\d+)/.exec(body.output)?.[1]), '127.0.0.1');
    return socket.on('error', () => undefined).end(SEED_TEXT);
  }

  const catches: Hand['catches'] = async (...all) => {
    const filterOptions = all.map(([filterId, condition]) => ({ filterId, condition }));
    await client.ask('setExceptionBreakpoints', { filters: [], filterOptions });
  };

  /** What a client shows of the next stop. */
  async function stop(): Promise<string> {
    const { body } = await client.stoppedEvent();
    const info = body.reason === 'exception' ? await client.ask('exceptionInfo', { threadId: 1 }) : undefined;
    return `${body.reason} ${body.text} ${JSON.stringify(info)}`;
  }

  const hand: Hand = {
    type,
    catches,
    continue: async () => {
      await client.ask('continue', { threadId: 1 });
      return stop();
    },
    reverse: async () => {
      await client.ask('reverseContinue', { threadId: 1 });
      return stop();
    },
    goto: async (where) => {
      await type(`goto ${where}`);
      return stop();
    },
  };

  it('resets, packets put in and exceptions, in a replay', async () => {
    await client.begin({ trace: capture('foreign/lo-refused.pcap') }, () => catches(['rst', '']));
    assert.match(await stop(), /^exception TCP reset to the guest \{"exceptionId":"rst"/);
    await haveInHands(hand);
  });

  it('resets, packets put in and exceptions, live', async () => {
    await client.begin({ args: SEED_ARGS }, () =>
      catches(['packet', '!icmp && udp.dstport == 7776 in guest'], ['rst', 'if $pkt.ip.ttl > 1']),
    );
    const { body } = await client.outputEvent('stdout', 'hostfwd tcp 127.0.0.1:');
    await client.outputEvent('stdout', 'obtained from');
    await type('inject "udp.dstport=7776" at nic');
    assert.match(await stop(), /^exception packet in guest /);
    await client.ask('continue', { threadId: 1 });
    // Nobody listens there.
    connect(Number(/127\.0\.0\.1:(\d+)/.exec(body.output)?.[1]), '127.0.0.1').on('error', () => undefined);
    assert.match(await stop(), /^exception TCP reset by the guest /);
    await haveInHands(hand);
  });

  it('states and what is sent again, in a replay', async () => {
    await client.begin({ trace: capture('02-hello.pcap') }, catchData);
    await stopsAtData();
    await loseData(hand);
  });

  it('states and what is sent again, live', async () => {
    await client.begin({ args: SEED_ARGS, guestCommands: [SEED_LISTEN] }, catchData);
    await sendsData();
    await stopsAtData();
    await loseData(hand);
  });

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
    const socket = await sendsData();
    await stopsAtData();
    await typeRows(type);
    await client.ask('continue', { threadId: 1 });
    await new Promise((resolve) => socket.once('close', resolve));
    await client.ask('pause', { threadId: 1 });
    await client.stoppedEvent();
    await client.ask('reverseContinue', { threadId: 1 });
    await stopsAtData();
    await typeRows(type);
    await typeRows(type, PAST_ROWS);
  });
});
