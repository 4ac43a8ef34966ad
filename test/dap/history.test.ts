/** Going back over DAP: as VS Code's buttons ask for it, and by the requests of the extension. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { HistoryBody } from '../../adapter/dap/custom.ts';
import { capture } from '../kit/paths.ts';
import { scattered } from '../kit/random.ts';
import { tempFolder } from '../kit/temp.ts';
import type { TestClient } from './client.ts';
import { withAdapter } from './hooks.ts';

const HTTP = capture('05-http.pcap');
const thread = { threadId: 1 };

describe('history over DAP', () => {
  let client: TestClient;
  withAdapter((c) => {
    client = c;
  });

  /** Waits for a stop; says why and where. */
  async function stop(): Promise<[reason: string, frame: string]> {
    const { reason } = (await client.stoppedEvent()).body;
    return [reason, await top()];
  }

  async function top(): Promise<string> {
    const { stackFrames } = await client.ask<DebugProtocol.StackTraceResponse>('stackTrace', thread);
    return `${stackFrames[0]?.name}:${stackFrames[0]?.line}`;
  }

  const history = async (): Promise<HistoryBody> => (await client.ask('pktgdb/history')) as unknown as HistoryBody;

  /** A replay that stops in a function, for the third time. */
  async function third(name: string): Promise<string> {
    await client.begin({ trace: HTTP }, () =>
      client.ask('setFunctionBreakpoints', { breakpoints: [{ name, hitCondition: '>= 3' }] }),
    );
    return (await stop())[1];
  }

  it('is saved with its bookmarks, and opened where it was', async () => {
    const here = await third('tcp_input');
    await client.ask('evaluate', { expression: 'bookmark syn', context: 'repl' });
    const file = join(tempFolder(), 'saved.pcapng');
    const { packets } = (await client.ask('pktgdb/saveRecording', { file })) as unknown as { packets: number };
    assert.ok(packets > 0);
    await client.ask('restart', { arguments: { trace: file } });
    const [reason, top] = await stop();
    assert.deepEqual([reason, top], ['goto', here]);
    const { bookmarks, moments } = await history();
    assert.deepEqual(bookmarks, [['syn', moments?.here]]);
    await client.ask('stepBack', thread);
    await stop();
    await client.ask('pktgdb/goTo', { moment: 'syn' });
    assert.deepEqual((await stop())[1], here);
  });

  it('is travelled to where a line was executed last', async () => {
    const here = await third('tcp_input');
    const { stackFrames } = await client.ask<DebugProtocol.StackTraceResponse>('stackTrace', thread);
    const [{ source, line } = { source: undefined, line: 0 }] = stackFrames;
    const at = (await history()).moments?.here;
    const { targets } = await client.ask<DebugProtocol.GotoTargetsResponse>('gotoTargets', { source, line });
    await client.ask('goto', { ...thread, targetId: targets[0]?.id });
    assert.deepEqual(await stop(), ['goto', here]);
    const before = (await history()).moments?.here;
    assert.ok(at && before && before.tick < at.tick);
    assert.deepEqual(
      (await client.ask<DebugProtocol.GotoTargetsResponse>('gotoTargets', { source, line: 1 })).targets,
      [],
    );
    assert.match(await client.refused('goto', { ...thread, targetId: 99 }), /no such place/);
  });

  it('is announced before the first stop', async () => {
    await third('tcp_input');
    const events = client.received.flatMap((m) => ('event' in m ? [m.event] : []));
    assert.ok(events.indexOf('capabilities') < events.indexOf('stopped'));
    const told = client.received.find((m) => 'event' in m && m.event === 'capabilities');
    assert.equal((told as DebugProtocol.CapabilitiesEvent).body.capabilities.supportsStepBack, true);
  });

  it('is not announced, and refused, where nothing is recorded', async () => {
    await client.begin({ trace: HTTP, recordLimit: 0 });
    await client.stoppedEvent();
    assert.ok(!client.received.some((m) => 'event' in m && m.event === 'capabilities'));
    assert.match(await client.refused('stepBack', thread), /history is off/);
    assert.deepEqual((await history()).recorded, false);
  });

  it('steps back and on again, and comes back to the present', async () => {
    const here = await third('tcp_input');
    await client.ask('next', thread);
    const [, next] = await stop();
    await client.ask('stepBack', thread);
    assert.deepEqual(await stop(), ['step', here]);
    assert.equal((await history()).inPast, true);
    await client.ask('next', thread);
    assert.deepEqual(await stop(), ['step', next]);
    assert.equal((await history()).inPast, false);
  });

  it('says of a what-if where that left the past, until it is over', async () => {
    await third('tcp_input');
    await client.ask('stepBack', thread);
    await stop();
    const { after, whatIf } = await history();
    assert.equal(whatIf, undefined);
    await client.ask('evaluate', { expression: 'set var $RDTR = 7', context: 'repl' });
    const changed = await history();
    assert.deepEqual([changed.inPast, changed.whatIf], [false, after]);
    await client.ask('evaluate', { expression: 'what-if off', context: 'repl' });
    await stop();
    const over = await history();
    assert.deepEqual([over.inPast, over.whatIf], [true, undefined]);
  });

  it('goes on in the present with a data breakpoint that was set in the past', async () => {
    await client.begin({ trace: capture('02-hello.pcap') }, () =>
      client.ask('setFunctionBreakpoints', { breakpoints: [{ name: 'sofcantrcvmore' }] }),
    );
    await stop();
    await client.ask('setFunctionBreakpoints', { breakpoints: [{ name: 'tcp_output' }] });
    await client.ask('reverseContinue', thread);
    await stop();
    await client.ask('setFunctionBreakpoints', { breakpoints: [] });
    const { stackFrames } = await client.ask<DebugProtocol.StackTraceResponse>('stackTrace', thread);
    const asked = { name: 'tp->t_state', frameId: stackFrames[0]?.id };
    const { dataId } = await client.ask<DebugProtocol.DataBreakpointInfoResponse>('dataBreakpointInfo', asked);
    await client.ask('setDataBreakpoints', { breakpoints: [{ dataId }] });
    await client.ask('pktgdb/goTo', { moment: 'end' });
    await stop();
    assert.equal((await history()).inPast, false);
    await client.ask('continue', thread);
    const { text } = (await client.stoppedEvent()).body;
    assert.match(text ?? '', /^tp->t_state: 4 -> 6, written by tcp_state_change /);
  });

  it('goes back to breakpoints, calls and the beginning', async () => {
    const here = await third('ip_output');
    await client.ask('setFunctionBreakpoints', { breakpoints: [{ name: 'ip_output' }] });
    await client.ask('reverseContinue', thread);
    assert.deepEqual(await stop(), ['function breakpoint', here]);
    await client.ask('pktgdb/reverse', { kind: 'out' });
    assert.match((await stop())[1], /^tcp_\w+:/);
    await client.ask('pktgdb/goTo', { moment: 'end' });
    assert.deepEqual(await stop(), ['goto', here]);
    const events = client.received.flatMap((m) => ('event' in m ? [m.event] : []));
    assert.deepEqual(events.filter((e) => e === 'continued').length, 2, 'one for each request of our own');
    await client.ask('reverseContinue', thread);
    await client.stoppedEvent();
    await client.ask('reverseContinue', thread);
    await client.stoppedEvent();
    await client.ask('reverseContinue', thread);
    assert.deepEqual((await client.stoppedEvent()).body.description, 'Paused where history begins');
    assert.match(await client.refused('pktgdb/goTo', { moment: 'yesterday' }), /No moment "yesterday"/);
  });

  it('asks at a drop who wrote a register, lands there, and comes back to a connection that is intact', async () => {
    const bytes = scattered(300_000);
    const source = createServer((c) => c.end(bytes)).listen(0, '127.0.0.1');
    const sink = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await Promise.all([once(source, 'listening'), once(sink, 'listening')]);
    const back = once(sink, 'connection').then(([c]) => buffer(c as Socket));
    const [from, to] = [source, sink].map((server) => (server.address() as AddressInfo).port);
    const repl = (expression: string) => client.ask('evaluate', { expression, context: 'repl' });
    const breakpoint = (...breakpoints: object[]) => client.ask('setFunctionBreakpoints', { breakpoints });

    await client.begin(
      {
        args: ['-netdev', 'user,id=n0', '-device', 'e1000,netdev=n0'],
        guestCommands: [`nc 10.0.2.2 ${from} > got; nc 10.0.2.2 ${to} < got`],
      },
      () => breakpoint({ name: 'e1000_receive_iov', condition: '$pkt.tcp.len > 0', hitCondition: '>= 20' }),
    );
    await stop();
    await repl('monitor set_link n0 off');
    await breakpoint({ name: 'drop' });
    await client.ask('continue', thread);
    const [, drop] = await stop();
    assert.match(drop, /^drop:/);
    await repl('last-write $RDT');
    await client.outputEvent('stdout', 'in set_rdt ()');
    await repl('goto row 1');
    const [, written] = await stop();
    assert.match(written, /^set_rdt:/);
    await client.ask('stepBack', thread);
    assert.notEqual((await stop())[1], written);
    await client.ask('stepIn', thread);
    assert.deepEqual(await stop(), ['step', written]);
    await client.ask('pktgdb/goTo', { moment: 'end' });
    assert.deepEqual(await stop(), ['goto', drop]);
    assert.equal((await history()).inPast, false);

    await repl('monitor set_link n0 on');
    await breakpoint();
    await client.ask('continue', thread);
    assert.ok((await back).equals(bytes));
    source.close();
    sink.close();
  });

  it('goes back to the entry of a frame', async () => {
    const here = await third('ip_output');
    await client.ask('stepOut', thread);
    await stop();
    const { stackFrames } = await client.ask<DebugProtocol.StackTraceResponse>('stackTrace', thread);
    const frame = stackFrames[0]!;
    await client.ask('restartFrame', { frameId: frame.id });
    const [, entry] = await stop();
    assert.match(entry, new RegExp(`^${frame.name}:`));
    assert.ok(Number(entry.split(':')[1]) < frame.line);
    await client.ask('continue', thread);
    assert.deepEqual(await stop(), ['function breakpoint', here]);
  });
});
