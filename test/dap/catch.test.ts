/** Catchpoints over DAP: exception filters with conditions, and what exceptionInfo says of a stop. */
import assert from 'node:assert/strict';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { capture } from '../kit/paths.ts';
import type { TestClient } from './client.ts';
import { withAdapter } from './hooks.ts';

describe('exception filters', () => {
  let client: TestClient;
  withAdapter((c) => {
    client = c;
  });

  function filters(...options: readonly DebugProtocol.ExceptionFilterOptions[]): () => Promise<unknown> {
    return () => client.ask('setExceptionBreakpoints', { filters: [], filterOptions: options });
  }

  async function info(): Promise<DebugProtocol.ExceptionInfoResponse['body']> {
    return client.ask<DebugProtocol.ExceptionInfoResponse>('exceptionInfo', { threadId: 1 });
  }

  it('stop a replay with reason "exception", forward and in history; exceptionInfo says what and why', async () => {
    const trace = capture('02-hello.pcap');
    await client.begin({ trace }, filters({ filterId: 'state', condition: 'slirp 5556 ESTABLISHED' }));
    const { body } = await client.stoppedEvent();
    assert.equal(body.reason, 'exception');
    assert.match(body.text ?? '', /^slirp TCP 10\.0\.2\.15:5556 to 10\.0\.2\.2:\d+ SYN_SENT -> ESTABLISHED$/);
    const { exceptionId, breakMode, description, details } = await info();
    assert.deepEqual([exceptionId, breakMode, details?.typeName], ['state', 'always', 'state slirp 5556 ESTABLISHED']);
    assert.match(description ?? '', /SYN_SENT -> ESTABLISHED\n10\.0\.2\.15 → 10\.0\.2\.2 TCP .*\[SYN, ACK\]/);
    await filters({ filterId: 'packet', condition: 'tcp.flags.fin == 1 in nic' })();
    await client.ask('continue', { threadId: 1 });
    assert.equal((await client.stoppedEvent()).body.text, 'packet in nic');
    await client.ask('reverseContinue', { threadId: 1 });
    const back = (await client.stoppedEvent()).body;
    assert.equal(back.reason, 'step', 'no packet with FIN came before');
  });

  it('are told apart from what is no filter or no condition', async () => {
    await client.ask('initialize', { adapterID: 'pktgdb' });
    const body = await client.ask<DebugProtocol.SetExceptionBreakpointsResponse>('setExceptionBreakpoints', {
      filters: ['drop', 'nosuch'],
      filterOptions: [{ filterId: 'drop', condition: 'RX_FILTR' }],
    });
    const [good, unknown, wrong] = body?.breakpoints ?? [];
    assert.equal(good?.verified, true);
    assert.match(unknown?.message ?? '', /There is no exception filter "nosuch"; there are drop, /);
    assert.match(wrong?.message ?? '', /There is no reason of a drop "RX_FILTR".*RX_FILTER/);
  });
});
