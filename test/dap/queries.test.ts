/** Questions about history over DAP. */
import assert from 'node:assert/strict';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { HistoryBody, QueryArguments, QueryBody, QueryRowView } from '../../adapter/dap/custom.ts';
import { capture } from '../kit/paths.ts';
import { fakeSession, type TestClient } from './client.ts';
import { withAdapter } from './hooks.ts';

const HTTP = capture('05-http.pcap');

describe('queries over DAP', () => {
  let client: TestClient;
  withAdapter((c) => {
    client = c;
  });

  interface RowsEvent extends DebugProtocol.Event {
    readonly body: { readonly id: number; readonly rows: readonly QueryRowView[] };
  }

  const rowsOf = (id: number): QueryRowView[] =>
    client.received
      .filter((m): m is RowsEvent => 'event' in m && m.event === 'pktgdb/queryRows')
      .flatMap(({ body }) => (body.id === id ? body.rows : []));

  const query = async (args: QueryArguments): Promise<QueryBody> =>
    (await client.ask('pktgdb/query', args)) as unknown as QueryBody;

  beforeEach(async () => {
    await client.begin({ trace: HTTP });
    await client.stoppedEvent();
  });

  it('sends rows before the answer, and each is a moment to go to', async () => {
    const calls = await query({ kind: 'calls', text: 'ip_output if $pkt.tcp.len > 0 show $pkt.tcp.len', id: 7 });
    const rows = rowsOf(7);
    assert.deepEqual(calls, { rows: rows.length, complete: true, failure: '' });
    const row = rows[1];
    assert.ok(row);
    assert.match(row.text, /^2 {2}\d+:\d+ {2}.* {2}ip_output \(.*\) <- tcp_output, \$pkt\.tcp\.len = \d+$/);
    assert.equal(row.file, 'slirp/ip_output.ts');
    await client.ask('pktgdb/goTo', { moment: `${row.tick}:${row.probe}` });
    await client.stoppedEvent();
    const { stackFrames } = await client.ask<DebugProtocol.StackTraceResponse>('stackTrace', { threadId: 1 });
    assert.equal(stackFrames[0]?.name, 'ip_output');
    const history = (await client.ask('pktgdb/history')) as unknown as HistoryBody;
    assert.equal(history.moments?.here.tick, row.tick);
  });

  it('ends at a limit, and says what is wrong with a question', async () => {
    assert.deepEqual(await query({ kind: 'packets', text: 'tcp', limit: 2 }), {
      rows: 2,
      complete: false,
      failure: '',
    });
    assert.match(await client.refused('pktgdb/query', { kind: 'calls', text: 'nosuch' }), /"nosuch" not defined/);
    assert.match(await client.refused('pktgdb/query', { kind: 'packets', text: 'tcp.nosuch' }), /tcp\.nosuch/);
    assert.match(await client.refused('pktgdb/query', { kind: 'nosuch', text: '' }), /There is no question "nosuch"/);
  });

  it('prints rows in the Debug Console, which lead to their lines', async () => {
    await client.ask('evaluate', { expression: 'packets http', context: 'repl' });
    const printed = client.received.flatMap((m) => {
      const { event, body } = m as DebugProtocol.OutputEvent;
      return event === 'output' && /HTTP/.test(body.output) ? [body] : [];
    });
    assert.equal(printed.length, 2);
    assert.ok(printed.every(({ source, line }) => source?.path?.endsWith('.ts') && (line ?? 0) > 0));
  });

  it('prints rows in VS Code, which lead to their moments', async () => {
    await client.ask('initialize', { adapterID: 'pktgdb', clientID: 'vscode' });
    await client.ask('evaluate', { expression: 'last-write $RDT', context: 'repl' });
    const [row] = rowsOf(0);
    const { body } = await client.outputEvent('stdout', 'in set_rdt ()');
    assert.equal(body.source?.path, `pktgdb-moment:/${body.source?.name}?${row?.tick}:${row?.probe}`);
    assert.equal(body.line, row?.line);
  });
});

describe('a query that takes long', () => {
  it('has a progress bar, and is cancelled by its request or its bar', async () => {
    const { client, engine, ended } = fakeSession();
    await client.begin();
    for (const by of ['requestId', 'progressId'] as const) {
      engine.query = async (_request, { progress, signal }) => {
        progress?.(1, 10);
        await new Promise((resolve) => signal?.addEventListener('abort', resolve));
        return { rows: 0, complete: false, failure: '' };
      };
      const asked = client.ask('pktgdb/query', { kind: 'packets', text: '' });
      const { body } = await client.event<DebugProtocol.ProgressStartEvent>('progressStart');
      assert.equal(body.percentage, 10);
      await client.ask('cancel', { [by]: body[by] });
      assert.equal(((await asked) as unknown as QueryBody).complete, false);
      await client.event('progressEnd');
    }
    client.input.end();
    await ended;
  });
});
