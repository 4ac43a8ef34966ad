/** What the timeline is drawn from. */
import assert from 'node:assert/strict';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { HistoryBody, PacketBody, TimelineBody, TimelineRange } from '../../adapter/dap/custom.ts';
import { packetNumber } from '../../adapter/packets/format.ts';
import { capture } from '../kit/paths.ts';
import type { TestClient } from './client.ts';
import { withAdapter } from './hooks.ts';

const HTTP = capture('05-http.pcap');

describe('timeline over DAP', () => {
  let client: TestClient;
  withAdapter((c) => {
    client = c;
  });

  async function range(args: object = {}): Promise<TimelineRange> {
    const body = (await client.ask('pktgdb/timeline', args)) as unknown as TimelineBody;
    assert.ok(body.range);
    return body.range;
  }

  const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);

  it('counts all frames once, along both axes, and says where the machine stands', async () => {
    await client.begin({ trace: HTTP });
    await client.stoppedEvent();
    for (const axis of ['ns', 'packets']) {
      const { lanes, end, here, bounds, inPast } = await range({ axis, buckets: 7 });
      assert.deepEqual(
        [sum(lanes.toGuest) + sum(lanes.fromGuest), here?.ns, here?.packets],
        [end.packets, end.ns, end.packets],
      );
      assert.ok(sum(lanes.toGuest) > 0 && sum(lanes.fromGuest) > 0 && sum(lanes.interrupts) > 0);
      assert.deepEqual([lanes.drops.length, bounds.length, bounds[0]?.packets, inPast], [7, 8, 0, false]);
    }
  });

  it('shows a part as if it were all', async () => {
    await client.begin({ trace: HTTP });
    await client.stoppedEvent();
    const { end } = await range();
    const part = await range({ axis: 'packets', from: 3, to: 6, buckets: 3 });
    assert.deepEqual(
      part.lanes.toGuest.map((n, i) => n + part.lanes.fromGuest[i]!),
      [1, 1, 1],
    );
    assert.deepEqual([(await range({ from: -5, to: 1e18 })).to, part.end], [end.ns, end]);
    assert.match(await client.refused('pktgdb/timeline', { axis: 'ticks' }), /There is no axis "ticks"/);
  });

  it('marks stops, bookmarks and checkpoints, and each leads there', async () => {
    await client.begin({ trace: HTTP }, () =>
      client.ask('setFunctionBreakpoints', { breakpoints: [{ name: 'tcp_input' }] }),
    );
    await client.stoppedEvent();
    for (const expression of ['bookmark syn', 'checkpoint']) {
      await client.ask('evaluate', { expression, context: 'repl' });
    }
    await client.ask('continue', { threadId: 1 });
    await client.stoppedEvent();
    const { marks } = await range();
    const named = marks.filter(({ kind }) => kind !== 'saved').map(({ kind, text }) => `${kind} ${text}`);
    assert.deepEqual(named, [
      'stop on function breakpoint',
      'checkpoint 1',
      'bookmark syn',
      'stop on function breakpoint',
    ]);
    await client.ask('pktgdb/goTo', { moment: marks.find(({ kind }) => kind === 'bookmark')!.moment });
    await client.stoppedEvent();
    const there = await range();
    const { to, marks: part } = await range({ from: 0, to: there.end.ns / 1000 });
    const beyond = part.filter(({ kind, ns }) => kind !== 'saved' && ns > to).map(({ text }) => text);
    assert.deepEqual(beyond, ['on function breakpoint'], 'keys lead to what is behind a part');
    assert.equal(there.inPast, true);
    assert.equal(there.here?.packets, marks.find(({ kind }) => kind === 'bookmark')?.packets);
    assert.deepEqual(there.marks, marks, 'what is past is no new stop');
  });

  it('says packets by the numbers that all others say', async () => {
    await client.begin({ trace: capture('02-hello.pcap') }, () =>
      client.ask('setFunctionBreakpoints', { breakpoints: [{ name: 'tcp_output', hitCondition: '5' }] }),
    );
    await client.stoppedEvent();
    const evaluate = async (expression: string): Promise<string> =>
      (await client.ask<DebugProtocol.EvaluateResponse>('evaluate', { expression, context: 'repl' })).result;
    const number = /, after packet 8 \(/;
    assert.match(await evaluate('when'), number);
    await evaluate('bookmark eight');
    assert.equal(((await client.ask('pktgdb/history')) as unknown as HistoryBody).after, 'packet 8');
    const { here, marks, bounds } = await range();
    assert.ok(here && here.packets !== here.captured, 'counted at the edge it would be another one');
    assert.equal(packetNumber(here), '8');
    assert.equal(packetNumber(marks.find(({ kind }) => kind === 'bookmark') ?? here), '8');
    assert.ok(Number(packetNumber(bounds.at(-1) ?? here)) <= 8);
    await client.ask('stepBack', { threadId: 1 });
    await client.stoppedEvent();
    const { after, moments } = (await client.ask('pktgdb/history')) as unknown as HistoryBody;
    assert.match(await evaluate('when'), new RegExp(`, after ${after}( |;|$)`));
    assert.equal(packetNumber((await range()).here ?? here), after.replace('packet ', ''));
    assert.equal(moments?.here.packets, here.packets);
  });

  it('has a packet beside it: what the machine has in its hands', async () => {
    await client.begin({ trace: HTTP }, () =>
      client.ask('setFunctionBreakpoints', { breakpoints: [{ name: 'tcp_input' }] }),
    );
    await client.stoppedEvent();
    const { packet } = (await client.ask('pktgdb/packet')) as unknown as PacketBody;
    assert.match(packet?.summary ?? '', /TCP/);
    assert.ok(packet?.lines.some(({ name }) => name === 'tcp.dstport'));
  });

  it('is not there without a recording', async () => {
    await client.begin({ trace: HTTP, recordLimit: 0 });
    await client.stoppedEvent();
    assert.deepEqual(await client.ask('pktgdb/timeline'), { recorded: false });
  });
});
