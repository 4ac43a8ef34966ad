/** Values as clients see and set them: types are kept, notation too, and expressions of rows mean the rows. */
import assert from 'node:assert/strict';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { capture } from '../kit/paths.ts';
import type { TestClient } from './client.ts';
import { withAdapter } from './hooks.ts';

describe('values of a stopped machine', () => {
  let client: TestClient;
  let frameId: number;
  withAdapter((c) => {
    client = c;
  });

  beforeEach(async () => {
    const condition = '$pkt.tcp.flags.syn == 1 && $pkt.tcp.dstport == 5556';
    await client.begin({ trace: capture('02-hello.pcap') }, () =>
      client.ask('setFunctionBreakpoints', { breakpoints: [{ name: 'e1000_receive_iov', condition }] }),
    );
    await client.stoppedEvent();
    const { stackFrames } = await client.ask<DebugProtocol.StackTraceResponse>('stackTrace', { threadId: 1 });
    frameId = stackFrames[0]!.id;
  });

  const watch = (expression: string, context = 'watch'): Promise<DebugProtocol.EvaluateResponse['body']> =>
    client.ask<DebugProtocol.EvaluateResponse>('evaluate', { expression, context, frameId });
  const set = async (expression: string, value: string): Promise<string> =>
    (await client.ask<DebugProtocol.SetExpressionResponse>('setExpression', { expression, value, frameId })).value;

  it('asked for before a step are answered before the machine goes on', async () => {
    for (let round = 0; round < 10; round++) {
      const { stackFrames } = await client.ask<DebugProtocol.StackTraceResponse>('stackTrace', { threadId: 1 });
      const at = { context: 'repl', frameId: stackFrames[0]!.id };
      const from = client.received.length;
      const answers = [
        client.ask('scopes', { frameId: at.frameId }),
        client.ask('evaluate', { ...at, expression: 'p $RDH' }),
        client.ask('evaluate', { ...at, expression: 'info frame' }),
        client.ask('next', { threadId: 1 }),
      ];
      await Promise.all(answers);
      await client.stoppedEvent();
      const names = client.received
        .slice(from)
        .map((m) => ('command' in m ? m.command : (m as { event?: string }).event));
      const order = names.filter((name) => name !== 'output' && name !== 'invalidated' && name !== 'scopes');
      assert.deepEqual(order, ['evaluate', 'evaluate', 'next', 'stopped']);
    }
  });

  it('that take their time can be given up, and then the machine goes on', async () => {
    const loop = client.send('evaluate', { expression: 'while 1\nset $x = 1\nend', context: 'repl', frameId });
    const requestId = client.lastSeq;
    const step = client.ask('next', { threadId: 1 });
    await client.ask('cancel', { requestId });
    await Promise.all([loop.catch(() => undefined), step]);
    assert.equal((await client.stoppedEvent()).body.reason, 'step');
  });

  it('are set as what they hold, and the answer is what is stored', async () => {
    const reg = 'machine->nics[0]->mac_reg[0]';
    assert.equal(await set(reg, '0x1ffffffff'), '0xffffffff');
    assert.equal(await set(reg, '-1'), '0xffffffff');
    assert.equal(await set(reg, '1.7'), '0x00000001');
    assert.equal(await set(reg, 'NULL'), '0x00000000');
    assert.equal(await set('iov[0].iov_base[0]', '256'), '0x00');
    assert.equal(await set('nc->link_down', '1'), 'true');
    for (const [target, value] of [
      [reg, '"x"'],
      ['iovcnt', '"str"'],
      ['nc', '5'],
      ['nc->name', '5'],
      ['iov[0]', '1'],
      ['nc->peer', 'iov'],
    ] as const) {
      assert.equal(await client.refused('setExpression', { expression: target, value, frameId }), 'Invalid cast.');
    }
    const outside = { expression: 'machine->nics[0]->mac_reg[999999]', value: '1', frameId };
    assert.match(await client.refused('setExpression', outside), /outside of the array/);
  });

  it('keep their notation in watches, hovers and logs', async () => {
    assert.equal((await watch('$pkt.ip.src')).result, '10.0.2.2');
    assert.equal((await watch('$pkt.tcp.dstport', 'hover')).result, '5556');
    assert.equal((await watch('$pkt.udp.srcport')).result, '<not in this packet>');
    const { variablesReference } = await watch('$pkt');
    assert.deepEqual(
      (await client.children(variablesReference)).map((v) => v.name),
      ['frame', 'eth', 'ip', 'tcp'],
    );
    assert.match((await watch('nc->info')).result, /^NetClientInfo @/);
    assert.match((await watch('iov')).result, /^iovec\[1\] @/);
  });

  it('log in the same way, and a log message that fails does not stop', async () => {
    const logMessage = '{$pkt.ip.src} {nc} {ntohs} {1/0} {$nope} {iovcnt}';
    await client.ask('setFunctionBreakpoints', { breakpoints: [] });
    const { stackFrames } = await client.ask<DebugProtocol.StackTraceResponse>('stackTrace', { threadId: 1 });
    const [{ source, line }] = stackFrames as [DebugProtocol.StackFrame];
    await client.ask('setBreakpoints', { source, breakpoints: [{ line, logMessage }] });
    await client.ask('continue', { threadId: 1 });
    const { body } = await client.outputEvent('stdout', ' NetClientState ');
    assert.match(
      body.output,
      /^(?:-|10\.0\.2\.\d+) NetClientState \{.*\.\.\.\} <ntohs> <error: Division by zero> void 1\n$/,
    );
    assert.equal((await client.stoppedEvent()).body.reason, 'replay end');
  });

  it('log a packet as its list does, and what it does not have as -', async () => {
    const logMessage = '{#} {$pkt} | {$pkt.udp.srcport} | {iov} | {iov[0]}';
    await client.ask('setFunctionBreakpoints', { breakpoints: [] });
    const { stackFrames } = await client.ask<DebugProtocol.StackTraceResponse>('stackTrace', { threadId: 1 });
    const [{ source, line }] = stackFrames as [DebugProtocol.StackFrame];
    await client.ask('setBreakpoints', { source, breakpoints: [{ line, logMessage }] });
    await client.ask('continue', { threadId: 1 });
    const { body } = await client.outputEvent('stdout', ' TCP ');
    const [packet, absent, ...structs] = body.output.split(' | ');
    assert.match(packet ?? '', /^ +\S+ \d\.\d{6} 10\.0\.2\.2 → 10\.0\.2\.15 TCP \d+ \S/);
    assert.equal(absent, '-');
    assert.match(structs.join(' | '), /^\{<iovec>\} \| iovec \{iov_base = <\d+ bytes>, .*\}\n$/);
  });

  it('have rows below an operator whose expressions mean them', async () => {
    for (const expression of ['*nc', '1 ? nc : nc', 'nc']) {
      const { variablesReference } = await watch(expression);
      const rows = await client.children(variablesReference);
      const name = rows.find((v) => v.name === 'name')!;
      assert.equal((await watch(name.evaluateName!)).result, name.value, name.evaluateName!);
    }
  });

  it("are found by TypeScript's notation too", async () => {
    const length = (await watch('iov[0].iov_len')).result;
    for (const text of [
      'iov[0]!.iov_len',
      '(iov as iovec[])[0]!.iov_len',
      'iov?.[0].iov_len',
      'iov[0]!.iov_len as number',
    ]) {
      assert.equal((await watch(text, 'hover')).result, length, text);
    }
    assert.equal((await watch('iovcnt === 1 && iovcnt !== 2')).result, '1');
  });

  it('have memory references that never mean another object, read whole', async () => {
    const { memoryReference } = await watch('iov[0].iov_base');
    const ram = await watch('machine->ram');
    const args = { memoryReference: ram.memoryReference, count: 1 << 20 };
    const all = await client.ask<DebugProtocol.ReadMemoryResponse>('readMemory', args);
    assert.equal(Buffer.from(all?.data ?? '', 'base64').length, 1 << 20);
    await client.ask('next', { threadId: 1 });
    await client.stoppedEvent();
    await client.ask<DebugProtocol.EvaluateResponse>('evaluate', { expression: 'machine->ram' });
    assert.match(await client.refused('readMemory', { memoryReference, count: 4 }), /gone/);
  });

  it('tell what cannot be set', async () => {
    const rows = await client.scope('Packet');
    assert.deepEqual(rows[0]!.presentationHint?.attributes, ['readOnly']);
    const [arg] = await client.scope('Arguments');
    assert.equal(arg!.presentationHint, undefined);
  });
});

describe('what the protocol has a word for', () => {
  let client: TestClient;
  withAdapter((c) => {
    client = c;
  });

  it('notStopped, a process, packets that a capture does not have, and noDebug', async () => {
    const trace = capture('02-hello.pcap');
    const source = { path: trace };
    let packets: DebugProtocol.Breakpoint[] = [];
    await client.begin({ trace, noDebug: true }, async () => {
      const args = { source, breakpoints: [{ line: 5000 }] };
      packets = (await client.ask<DebugProtocol.SetBreakpointsResponse>('setBreakpoints', args)).breakpoints;
    });
    assert.equal((await client.event<DebugProtocol.ProcessEvent>('process')).body.name, 'pktgdb');
    const changed = await client.event<DebugProtocol.BreakpointEvent>(
      'breakpoint',
      (e) => e.body.breakpoint.id === packets[0]!.id,
    );
    assert.equal(changed.body.breakpoint.verified, false);
    assert.match(changed.body.breakpoint.message ?? '', /^There is no packet 5000: the capture has \d+\.$/);
    assert.equal((await client.stoppedEvent()).body.reason, 'replay end');
    // Set later, it does not stop either.
    await client.ask('setFunctionBreakpoints', { breakpoints: [{ name: 'e1000_receive_iov' }] });
    await client.send('restart', {});
    assert.equal((await client.stoppedEvent()).body.reason, 'replay end');
    void client.send('continue', { threadId: 1 });
    await client.event('exited');
    await assert.rejects(() => client.send('stackTrace', { threadId: 1 }), /^Error: notStopped$/);
  });
});
